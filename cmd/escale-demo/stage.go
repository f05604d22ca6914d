package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"time"
)

// Exit codes of escale that the story meets.
const (
	exitDone        = 0
	exitDecide      = 3
	exitUnreachable = 5
)

// stage is everything that the story plays on: folders, programs, processes.
type stage struct {
	ctx     context.Context
	dir     string // of this run
	bin     string // where escale, escale-hub and the recorder lie
	pack    string
	verbose io.Writer
	line    *line
	hub     *hubProcess
}

func (s *stage) path(parts ...string) string {
	return filepath.Join(append([]string{s.dir}, parts...)...)
}

// demoPassphrase is the passphrase of everybody in the story.
const demoPassphrase = "deux phares et une marée"

// passphrase writes it to the file that every command reads.
func (s *stage) passphrase() error {
	return os.WriteFile(s.path("passphrase"), []byte(demoPassphrase+"\n"), 0o600)
}

// command runs escale in a home and decodes what it says; want lists the exit codes that fit the story.
func (s *stage) command(home string, profile int, stdin io.Reader, out any, want []int, args ...string) error {
	_, err := s.exit(home, profile, stdin, out, want, args...)
	return err
}

func (s *stage) exit(home string, profile int, stdin io.Reader, out any, want []int, args ...string) (int, error) {
	full := append([]string{"--home", home, "--profile", strconv.Itoa(profile), "--passphrase-file", s.path("passphrase"), "--lang", "en", "--json"}, args...)
	cmd := exec.CommandContext(s.ctx, filepath.Join(s.bin, "escale"), full...)
	var stdout, stderr bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = stdin, &stdout, &stderr
	cmd.Env = append(os.Environ(), "ESCALE_HOME=", "ESCALE_PASSPHRASE_FILE=")
	started := time.Now()
	err := cmd.Run()
	var failed *exec.ExitError
	if err != nil && !errors.As(err, &failed) {
		return -1, fmt.Errorf("escale %v: %w", args, err)
	}
	code := cmd.ProcessState.ExitCode()
	if _, err := fmt.Fprintf(s.verbose, "%6.2fs  exit %d  %s  escale %v\n", time.Since(started).Seconds(), code, filepath.Base(home), args); err != nil {
		return code, err
	}
	for _, w := range want {
		if code != w {
			continue
		}
		if out == nil || code == exitUnreachable {
			return code, nil
		}
		if err := json.Unmarshal(stdout.Bytes(), out); err != nil {
			return code, fmt.Errorf("escale %v: its answer: %w", args, err)
		}
		return code, nil
	}
	return code, fmt.Errorf("escale %v: exit code %d, want %v: %s%s", args, code, want, bytes.TrimSpace(stderr.Bytes()), bytes.TrimSpace(stdout.Bytes()))
}

// hubProcess is the hub, run by the recorder.
type hubProcess struct {
	cmd  *exec.Cmd
	log  *os.File
	done chan error
}

// startHub starts the hub and points the line to where it listens.
func (s *stage) startHub() error {
	log, err := os.OpenFile(s.path("hub.log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	cmd := exec.Command(filepath.Join(s.bin, "escale-demo-recorder"), "--data", s.path("hub"), "--bodies", s.path("bodies"))
	cmd.Stderr = log
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	h := &hubProcess{cmd: cmd, log: log, done: make(chan error, 1)}
	var ready struct{ Listen string }
	first, err := bufio.NewReader(out).ReadBytes('\n')
	if err == nil {
		err = json.Unmarshal(first, &ready)
	}
	go func() { h.done <- cmd.Wait() }()
	if err != nil {
		return errors.Join(fmt.Errorf("the hub did not start, see hub.log: %w", err), h.stop(syscall.SIGKILL))
	}
	s.line.to(ready.Listen)
	s.hub = h
	return nil
}

// stop ends the hub with a signal and waits for it. Being killed is no error here: the story does it.
func (h *hubProcess) stop(sig os.Signal) error {
	if err := h.cmd.Process.Signal(sig); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	err := <-h.done
	h.done <- err // for whoever asks again
	if sig == syscall.SIGKILL {
		err = nil
	}
	return errors.Join(err, ignoreClosed(h.log.Close()))
}

func ignoreClosed(err error) error {
	if errors.Is(err, os.ErrClosed) {
		return nil
	}
	return err
}
