package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// What becomes of a mutant.
const (
	caught   = "caught"
	survived = "survived"
	unclear  = "unclear" // an error of the list, or of the tree as it stands
)

// verdict says what became of one mutant.
type verdict struct {
	Mutant  string  `json:"mutant"`
	File    string  `json:"file"`
	Result  string  `json:"result"`
	By      string  `json:"by,omitempty"` // folder and test
	Timeout bool    `json:"timeout,omitempty"`
	Error   string  `json:"error,omitempty"`
	Seconds float64 `json:"seconds"`
}

// runner tries mutants of one tree, one at a time.
type runner struct {
	root  string // of the module
	work  string // a folder for overlays
	limit time.Duration
	seeds int
	whole map[step]whole
}

// whole is how the unbroken tree does in one step.
type whole struct {
	passes bool
	took   time.Duration
}

// try breaks the tree and runs the steps until one notices.
func (r *runner) try(ctx context.Context, m *mutant, steps []step) verdict {
	start := time.Now()
	v := verdict{Mutant: m.Name, File: m.File, Result: survived}
	if err := r.judge(ctx, m, steps, &v); err != nil {
		v.Result, v.Error = unclear, err.Error()
	}
	v.Seconds = time.Since(start).Seconds()
	return v
}

func (r *runner) judge(ctx context.Context, m *mutant, steps []step, v *verdict) error {
	overlay, err := r.overlay(m)
	if err != nil {
		return err
	}
	build := r.command(ctx, "build", "-overlay", overlay, "./"+path.Dir(m.File))
	if said, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("%w: it does not compile: %w: %s", errList, err, firstLine(said))
	}
	for _, s := range steps {
		o, err := r.test(ctx, s, "-overlay", overlay)
		switch {
		case err != nil:
			return err
		case o.passed:
			continue
		}
		if err := r.excused(ctx, s, o); err != nil {
			return err
		}
		v.Result, v.By, v.Timeout = caught, strings.TrimSpace(s.folder+" "+o.test), o.timeout
		return nil
	}
	return nil
}

// excused refuses a failure that is not the mutant's doing.
func (r *runner) excused(ctx context.Context, s step, o outcome) error {
	w, err := r.unbroken(ctx, s)
	switch {
	case err != nil:
		return err
	case !w.passes:
		return fmt.Errorf("the unbroken tree fails in %s too", s)
	case o.timeout && w.took > r.limit/3:
		return fmt.Errorf("%s ran into %v, of which the unbroken tree alone takes %v", s, r.limit, w.took)
	}
	return nil
}

// unbroken runs a step without a break, once, and measures it.
func (r *runner) unbroken(ctx context.Context, s step) (whole, error) {
	if w, known := r.whole[s]; known {
		return w, nil
	}
	start := time.Now()
	o, err := r.test(ctx, s, "-count=1")
	if err != nil {
		return whole{}, err
	}
	w := whole{o.passed, time.Since(start)}
	r.whole[s] = w
	return w, nil
}

// overlay writes the broken file and what the go command reads to find it.
func (r *runner) overlay(m *mutant) (string, error) {
	b, err := m.broken(r.root)
	if err != nil {
		return "", err
	}
	file, list := filepath.Join(r.work, "broken.go"), filepath.Join(r.work, "overlay.json")
	real := filepath.Join(r.root, filepath.FromSlash(m.File))
	j, err := json.Marshal(map[string]any{"Replace": map[string]string{real: file}})
	if err != nil {
		return "", err
	}
	return list, errors.Join(os.WriteFile(file, b, 0o600), os.WriteFile(list, j, 0o600))
}

func (r *runner) command(ctx context.Context, args ...string) *exec.Cmd {
	c := exec.CommandContext(ctx, "go", args...)
	c.Dir = r.root
	// A failing property is neither made smaller nor written into the tree; the same is drawn for each mutant.
	c.Env = append(os.Environ(), "SEEDS="+strconv.Itoa(r.seeds), "SEED=", "RAPID_SEED=1", "RAPID_NOFAILFILE=true", "RAPID_SHRINKTIME=1ms")
	c.Cancel = func() error { return c.Process.Signal(os.Interrupt) }
	c.WaitDelay = 5 * time.Second
	return c
}

// outcome is what one run of tests said.
type outcome struct {
	passed  bool
	timeout bool
	test    string // the first that failed
}

// test runs one step; an error is a run that tells nothing.
func (r *runner) test(ctx context.Context, s step, extra ...string) (outcome, error) {
	args := append([]string{"test", "-json", "-failfast", "-vet=off", "-timeout", r.limit.String()}, extra...)
	switch but, skips := strings.CutPrefix(s.filter, "!"); {
	case skips:
		args = append(args, "-skip", but)
	case s.filter != "":
		args = append(args, "-run", s.filter)
	}
	var said, complained bytes.Buffer
	c := r.command(ctx, append(args, "./"+s.folder)...)
	c.Stdout, c.Stderr = &said, &complained
	err := c.Run()
	if ctx.Err() != nil {
		return outcome{}, ctx.Err()
	}
	o, events := read(&said)
	var exit *exec.ExitError
	switch {
	case err == nil && o.passed:
		return o, nil
	case err != nil && !errors.As(err, &exit):
		return o, fmt.Errorf("go test: %w", err)
	case events.unbuilt:
		return o, fmt.Errorf("%w: the tests of %s do not compile", errList, s.folder)
	case events.ran == 0:
		return o, fmt.Errorf("%w: %s runs no test: %s", errList, s, firstLine(complained.Bytes()))
	}
	o.passed = false
	return o, nil
}

func firstLine(b []byte) string {
	for line := range strings.SplitSeq(string(b), "\n") {
		if line != "" && !strings.HasPrefix(line, "#") {
			return line
		}
	}
	return ""
}
