package main

import (
	"io"
	"time"

	"escale/cmd/escale/term"
)

// How long something lasts before progress is told, and how often it is told then.
const (
	progressAfter  = time.Second
	progressEvery  = 300 * time.Millisecond
	progressSparse = 5 * time.Second // where nobody watches a terminal
)

// progress tells how far something is, once it lasts.
type progress struct {
	w       io.Writer
	clock   func() time.Time
	started time.Time
	last    time.Time
	live    bool // a terminal: the line is rewritten
	drawn   bool
}

func (p *program) newProgress() *progress {
	return &progress{w: p.stderr, clock: p.clock, started: p.clock(), live: term.Interactive(p.stderr)}
}

// tell shows a sentence, if it is time to.
func (g *progress) tell(sentence func() string) {
	now := g.clock()
	every := progressSparse
	if g.live {
		every = progressEvery
	}
	if now.Sub(g.started) < progressAfter || now.Sub(g.last) < every {
		return
	}
	g.last, g.drawn = now, true
	s := sentence() + "\n"
	if g.live {
		s = "\r\x1b[K" + s[:len(s)-1]
	}
	if _, err := io.WriteString(g.w, s); err != nil {
		return // progress is a courtesy
	}
}

// end clears the line.
func (g *progress) end() {
	if g.live && g.drawn {
		if _, err := io.WriteString(g.w, "\r\x1b[K"); err != nil {
			return
		}
	}
}
