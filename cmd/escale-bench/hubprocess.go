package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime/metrics"
	"strconv"
	"strings"
	"time"
)

// serveForMemory serves a hub until the input ends; it prints where, and at the end the peak of its memory in MiB.
func serveForMemory(ctx context.Context, dir string, stdin io.Reader, stdout io.Writer) error {
	b := &bench{ctx: ctx}
	h, err := b.serve(dir)
	if err != nil {
		return err
	}
	watch := newWatch()
	if _, err := fmt.Fprintln(stdout, h.addr); err != nil {
		return errors.Join(err, h.close(ctx))
	}
	if _, err := io.Copy(io.Discard, stdin); err != nil {
		return errors.Join(err, h.close(ctx))
	}
	peak := watch.end()
	if err := h.close(ctx); err != nil {
		return err
	}
	_, err = fmt.Fprintln(stdout, float64(peak)/(1<<20))
	return err
}

// watch looks at the memory of this process: at the system's own peak where it tells one, and otherwise every few
// milliseconds at what the Go runtime has mapped.
type watch struct {
	stop chan struct{}
	peak chan uint64
}

func newWatch() *watch {
	w := &watch{stop: make(chan struct{}), peak: make(chan uint64, 1)}
	go w.run()
	return w
}

func (w *watch) run() {
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	most := mapped()
	for {
		select {
		case <-tick.C:
			most = max(most, mapped())
		case <-w.stop:
			w.peak <- most
			return
		}
	}
}

// end returns the peak in bytes.
func (w *watch) end() uint64 {
	close(w.stop)
	seen := <-w.peak
	if peak, ok := resident(); ok {
		return peak
	}
	return seen
}

func mapped() uint64 {
	s := []metrics.Sample{{Name: "/memory/classes/total:bytes"}, {Name: "/memory/classes/heap/released:bytes"}}
	metrics.Read(s)
	return s[0].Value.Uint64() - s[1].Value.Uint64()
}

// resident reads the peak of the resident set, where the system keeps one in /proc.
func resident() (peak uint64, ok bool) {
	f, err := os.Open("/proc/self/status")
	if err != nil {
		return 0, false
	}
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		if text, found := strings.CutPrefix(lines.Text(), "VmHWM:"); found {
			kib, err := strconv.ParseUint(strings.TrimSpace(strings.TrimSuffix(text, "kB")), 10, 64)
			peak, ok = kib<<10, err == nil
		}
	}
	return peak, ok && errors.Join(lines.Err(), f.Close()) == nil
}
