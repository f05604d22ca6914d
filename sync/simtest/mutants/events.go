package main

import (
	"encoding/json"
	"io"
	"strings"
)

// event is one line of go test -json.
type event struct {
	Action      string
	Test        string
	Output      string
	FailedBuild string
}

// seen is what a run of tests was, beside its outcome.
type seen struct {
	ran     int
	unbuilt bool
}

// read gathers what a run said. A test that passed although its process then failed does not pass.
func read(r io.Reader) (o outcome, s seen) {
	o.passed = true
	var running []string
	for d := json.NewDecoder(r); ; {
		var e event
		if d.Decode(&e) != nil { // the end, or the process died in mid-line: its exit code tells
			break
		}
		switch e.Action {
		case "run":
			s.ran++
			running = append(running, e.Test)
		case "fail":
			o.passed = false
			s.unbuilt = s.unbuilt || e.FailedBuild != ""
			if o.test == "" {
				o.test = e.Test
			}
		case "output":
			o.timeout = o.timeout || strings.HasPrefix(e.Output, "panic: test timed out after")
		}
	}
	if !o.passed && o.test == "" && len(running) > 0 {
		o.test = running[len(running)-1] // the process died in it
	}
	return o, s
}
