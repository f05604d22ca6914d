package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"escale/schema/pack"
)

// loadLimit ends a load test that hangs.
const loadLimit = 2 * time.Hour

// size says how much a load test moves.
type size struct {
	devices int
	sets    int // change-sets of all devices together
	deltas  int // of one change-set
}

func (s size) total() int { return s.sets * s.deltas }

// check refuses what could not be dealt out.
func (s size) check() error {
	if s.devices < 1 || s.deltas < 1 || s.sets < s.devices {
		return fmt.Errorf("%d devices, %d change-sets, %d deltas in each: every device needs at least one of each", s.devices, s.sets, s.deltas)
	}
	return nil
}

// load is one load test: many devices that push and pull at once, and then a newcomer who reads everything.
type load struct {
	*bench
	size    size
	program string // escale-hub
	stderr  io.Writer

	rig     *rig
	authors []*author
	fresh   *laptop // the newcomer; its store is not made before it is asked to read
	sealed  int64   // bytes of sealed parts that were accepted
	cold    time.Duration
	signed  int64 // bytes of whole change-sets that were accepted
}

// runLoad measures one hub under the load of many devices.
func runLoad(ctx context.Context, set settings, source *pack.Source, dir string, out *result, stderr io.Writer) error {
	if err := set.size.check(); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, loadLimit)
	defer cancel()
	l := &load{bench: &bench{ctx: ctx, dir: dir, source: source, out: out}, size: set.size, program: set.program, stderr: stderr}
	begun := time.Now()
	if err := l.found(); err != nil {
		return fmt.Errorf("enrol the devices: %w", err)
	}
	if err := l.say("%d devices enrolled in %.0f s", l.size.devices, time.Since(begun).Seconds()); err != nil {
		return err
	}
	if err := l.withHub(l.crowd, l.newcomer); err != nil {
		return err
	}
	if err := l.disk(); err != nil {
		return err
	}
	return l.ratioOfRows()
}

func (l *load) say(format string, args ...any) error {
	_, err := fmt.Fprintf(l.stderr, "load: "+format+"\n", args...)
	return err
}

// withHub runs escale-hub in a process of its own while the steps run, and ends it as an operator does.
func (l *load) withHub(steps ...func(*program) error) (err error) {
	p, err := startProgram(l.ctx, l.program, l.rig.hubDir())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, p.stop()) }()
	l.rig.hub.addr = p.addr
	for _, step := range steps {
		if err := step(p); err != nil {
			return err
		}
	}
	return nil
}

// diskTarget is how much the hub may take for each byte that was sealed.
const diskTarget = 1.5

// disk weighs the hub's folder after the hub has ended, which folds its journal in.
func (l *load) disk() error {
	total := int64(0)
	err := filepath.WalkDir(l.rig.hubDir(), func(_ string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() || d.Name() == programLog {
			return err
		}
		info, err := d.Info()
		if err == nil {
			total += info.Size()
		}
		return err
	})
	if err != nil {
		return err
	}
	l.out.tell("load_disk", float64(total)/(1<<20), "MiB on the hub's disk at the end")
	l.out.add("load_disk_per_sealed", float64(total)/float64(l.sealed), "B on the hub's disk for each byte of sealed parts", atMost(diskTarget))
	l.out.tell("load_disk_per_signed", float64(total)/float64(l.signed), "B on the hub's disk for each byte of change-sets")
	return nil
}
