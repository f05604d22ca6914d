package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// programLog is where the hub's log goes: it says why the hub failed, if it does.
const programLog = "load.log"

// program is escale-hub in a process of its own.
type program struct {
	cmd  *exec.Cmd
	log  *os.File
	addr string
	ops  string
}

// startProgram serves a hub's folder on any free port of this machine.
func startProgram(ctx context.Context, path, dir string) (p *program, err error) {
	p = &program{cmd: exec.CommandContext(ctx, filepath.Clean(path), "--lang=en", "--json", "--data", dir, "serve", "--listen", "127.0.0.1:0")}
	p.cmd.Cancel = func() error { return p.cmd.Process.Signal(os.Interrupt) }
	p.cmd.WaitDelay = time.Minute
	if p.log, err = os.Create(filepath.Join(dir, programLog)); err != nil {
		return nil, err
	}
	p.cmd.Stderr = p.log
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		return nil, errors.Join(err, p.log.Close())
	}
	if err := p.cmd.Start(); err != nil {
		return nil, errors.Join(fmt.Errorf("start the hub: %w", err), p.log.Close())
	}
	var ready struct{ Listen, Ops string }
	if err := json.NewDecoder(out).Decode(&ready); err != nil {
		return nil, errors.Join(fmt.Errorf("the hub did not say where it serves: %w", err), p.stop())
	}
	p.addr, p.ops = ready.Listen, ready.Ops
	return p, nil
}

// stop ends the hub as an operator does and waits until it has closed its store.
func (p *program) stop() error {
	err := p.cmd.Process.Signal(os.Interrupt)
	if errors.Is(err, os.ErrProcessDone) {
		err = nil
	}
	return errors.Join(err, p.cmd.Wait(), p.log.Close())
}

// memory returns the hub's resident set in MiB, as its own metrics tell it.
func (p *program) memory(ctx context.Context) (mib float64, err error) {
	ask, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+p.ops+"/metrics", nil)
	if err != nil {
		return 0, err
	}
	reply, err := http.DefaultClient.Do(ask)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, reply.Body.Close()) }()
	return metric(reply.Body, "process_resident_memory_bytes")
}

var errNoMetric = errors.New("the hub does not tell its memory on this system")

func metric(r io.Reader, name string) (float64, error) {
	for lines := bufio.NewScanner(r); lines.Scan(); {
		if text, found := strings.CutPrefix(lines.Text(), name+" "); found {
			v, err := strconv.ParseFloat(text, 64)
			return v / (1 << 20), err
		}
	}
	return 0, errNoMetric
}

// gauge looks at the hub's memory every quarter of a second.
type gauge struct {
	stop chan struct{}
	most chan float64
}

func (p *program) watch(ctx context.Context) *gauge {
	g := &gauge{stop: make(chan struct{}), most: make(chan float64, 1)}
	go func() {
		tick := time.NewTicker(250 * time.Millisecond)
		defer tick.Stop()
		most := 0.0
		for {
			if v, err := p.memory(ctx); err == nil { // where the system tells nothing, nothing is printed
				most = max(most, v)
			}
			select {
			case <-tick.C:
			case <-g.stop:
				g.most <- most
				return
			}
		}
	}()
	return g
}

// end returns the highest value seen, in MiB; 0 if the system tells none.
func (g *gauge) end() float64 {
	close(g.stop)
	return <-g.most
}
