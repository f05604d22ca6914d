package main

import (
	"bufio"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"

	"escale/clients/profile"
	"escale/schema"
	"escale/sync/changeset"
)

// Fifty devices push at once; so much is stored before.
const (
	pushers      = 50
	memoryFew    = 1_000
	memoryMany   = 50_000
	memoryTarget = 1.1
	memoryRuns   = 3 // of each; the median counts
)

// What each device pushes: large change-sets of few records, so that the load fills memory and hardly adds records.
const (
	loadSets   = 2
	loadDeltas = 10
	loadSealed = 24 << 10
)

// hubMemory compares the peak of a hub's memory under the same load with few and with many records stored. The hub runs
// in a process of its own.
func (b *bench) hubMemory() error {
	few, err := b.peaks("few", memoryFew)
	if err != nil {
		return err
	}
	many, err := b.peaks("many", memoryMany)
	if err != nil {
		return err
	}
	b.out.tell("hub_memory_few", few, fmt.Sprintf("MiB at the peak, %d devices pushing, %d records stored", pushers, memoryFew))
	b.out.tell("hub_memory_many", many, fmt.Sprintf("MiB at the peak, %d devices pushing, %d records stored", pushers, memoryMany))
	b.out.add("hub_memory", many/few, "× as much with the many as with the few", atMost(memoryTarget))
	return nil
}

// peaks fills a hub, and puts it under load several times.
func (b *bench) peaks(name string, records int) (float64, error) {
	dir, crowd, err := b.filled(name, records)
	if err != nil {
		return 0, err
	}
	var peaks []float64
	for range memoryRuns {
		peak, err := b.underLoad(dir, crowd)
		if err != nil {
			return 0, err
		}
		peaks = append(peaks, peak)
	}
	return median(peaks)
}

// filled returns the folder of a hub that holds records, and a crowd that may push to it.
func (b *bench) filled(name string, records int) (dir string, crowd []*writer, err error) {
	r, err := b.newRig(name, site)
	if err != nil {
		return "", nil, err
	}
	defer func() { err = errors.Join(err, r.close()) }()
	w, err := r.scribe()
	if err != nil {
		return "", nil, err
	}
	if err := w.store(b.ctx, records); err != nil {
		return "", nil, err
	}
	crowd, err = r.crowd(w.head.Scope)
	return r.hubDir(), crowd, err
}

func (w *writer) store(ctx context.Context, records int) error {
	for range records / 1000 {
		deltas, err := created(1000, sealedSize)
		if err != nil {
			return err
		}
		set, err := w.next(deltas)
		if err != nil {
			return err
		}
		if err := w.push(ctx, set); err != nil {
			return err
		}
	}
	w.hub.Close()
	return nil
}

// crowd enrols the devices that push at once.
func (r *rig) crowd(scope schema.Scope) ([]*writer, error) {
	keys := make([]profile.Keys, pushers)
	for i := range keys {
		var err error
		if keys[i], err = profile.NewKeys(rand.Reader, false); err != nil {
			return nil, err
		}
		keys[i].Org = r.boss.keys.Org
	}
	if err := r.enrol(terms{role: "outreach", read: none, write: all}, keys...); err != nil {
		return nil, err
	}
	out := make([]*writer, len(keys))
	for i := range keys {
		var err error
		if out[i], err = r.newWriter(keys[i], scope); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// underLoad starts the hub in a process of its own and lets the crowd push.
func (b *bench) underLoad(dir string, crowd []*writer) (peak float64, err error) {
	sets := make([][]*changeset.Set, len(crowd))
	for i, w := range crowd {
		for range loadSets {
			deltas, err := created(loadDeltas, loadSealed)
			if err != nil {
				return 0, err
			}
			set, err := w.next(deltas)
			if err != nil {
				return 0, err
			}
			sets[i] = append(sets[i], set)
		}
	}
	h, err := startHub(b.ctx, dir)
	if err != nil {
		return 0, err
	}
	err = pushAll(b.ctx, h.addr, crowd, sets)
	peak, stopErr := h.stop()
	return peak, errors.Join(err, stopErr)
}

func pushAll(ctx context.Context, addr string, crowd []*writer, sets [][]*changeset.Set) error {
	errs := make([]error, len(crowd))
	var all sync.WaitGroup
	for i, w := range crowd {
		if err := w.reach(addr); err != nil {
			return err
		}
		all.Go(func() {
			errs[i] = w.push(ctx, sets[i]...)
			w.hub.Close()
		})
	}
	all.Wait()
	return errors.Join(errs...)
}

// hubProcess is this program, serving a hub and nothing else.
type hubProcess struct {
	cmd  *exec.Cmd
	in   io.Closer
	out  *bufio.Reader
	addr string
}

func startHub(ctx context.Context, dir string) (*hubProcess, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	h := &hubProcess{cmd: exec.CommandContext(ctx, filepath.Clean(self), "-hub", dir)}
	h.cmd.Stderr = os.Stderr
	in, err := h.cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := h.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	h.in, h.out = in, bufio.NewReader(out)
	if err := h.cmd.Start(); err != nil {
		return nil, err
	}
	h.addr, err = h.line()
	return h, err
}

func (h *hubProcess) line() (string, error) {
	s, err := h.out.ReadString('\n')
	return strings.TrimSpace(s), err
}

// stop ends the process and returns its peak in MiB.
func (h *hubProcess) stop() (float64, error) {
	if err := h.in.Close(); err != nil {
		return 0, err
	}
	text, err := h.line()
	if err != nil {
		return 0, errors.Join(err, h.cmd.Wait())
	}
	peak, err := strconv.ParseFloat(text, 64)
	return peak, errors.Join(err, h.cmd.Wait())
}
