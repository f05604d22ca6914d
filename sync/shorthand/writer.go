package shorthand

import (
	"slices"

	"escale/sync/causal"
	"escale/sync/merge"
)

// writer writes one payload: what is numbered goes into the bits, what people typed into the prose.
type writer struct {
	bitWriter
	prose []byte
	today int64 // day of the payload's time: most dates are near it
}

// Bytes that are set aside for a payload: few need more.
const (
	usualHead  = 96
	usualProse = 512
	usualOps   = 32
)

// The two halves of a time.
const (
	clockBits = 44 // milliseconds: enough until the year 2527
	countBits = 16
)

// Write returns the payload in short. It fails if the lexicon has no words for it.
func (l *Lexicon) Write(p *merge.Payload) (head, prose []byte, ok bool) {
	w := &writer{bitWriter: bitWriter{b: make([]byte, 0, usualHead)}, prose: make([]byte, 0, usualProse)}
	i, ok := l.sheetOf(p)
	if !ok || !w.time(p.Time) {
		return nil, nil, false
	}
	s := l.forms[i]
	w.bit(p.Form != "")
	w.bits(uint64(i), width(len(l.forms)))
	if p.Form != "" && !w.header(s, p) {
		return nil, nil, false
	}
	w.number(uint64(len(p.Ops)), 2)
	at := place{}
	for i := range p.Ops {
		if at, ok = w.op(s, at, &p.Ops[i]); !ok {
			return nil, nil, false
		}
	}
	return w.b, w.prose, true
}

// sheetOf finds the form that a payload creates a part of, or one that knows all fields of an edit.
func (l *Lexicon) sheetOf(p *merge.Payload) (int, bool) {
	if p.Form != "" {
		i, ok := l.byID[p.Form]
		return i, ok
	}
	i := slices.IndexFunc(l.forms, func(s *sheet) bool {
		return !slices.ContainsFunc(p.Ops, func(o merge.Op) bool { _, known := s.byPath[pathOf(o.Path)]; return !known })
	})
	return i, i >= 0
}

func pathOf(answer string) string {
	path, _ := template(answer)
	return path
}

func (w *writer) time(t causal.Time) bool {
	clock := uint64(t) >> countBits
	if clock >= 1<<clockBits {
		return false
	}
	w.today = today(clock)
	w.bits(clock, clockBits)
	w.number(uint64(t)&(1<<countBits-1), 0)
	return true
}

func today(clock uint64) int64 { return int64(clock / 1000 / secondsPerDay) }

func (w *writer) header(s *sheet, p *merge.Payload) bool {
	w.bit(p.Record.IsZero())
	if !p.Record.IsZero() {
		for _, c := range p.Record {
			w.bits(uint64(c), 8)
		}
		return true
	}
	w.number(uint64(len(p.Parts)), 1)
	for _, c := range p.Parts {
		i := slices.Index(s.compartments, string(c))
		if i < 0 {
			return false
		}
		w.bits(uint64(i), width(len(s.compartments)))
	}
	return true
}

// place is where the last operation was: the next one is mostly the next field, in the same instance of a repeat.
type place struct {
	next      int
	begun     bool
	instances []string
}

func (w *writer) op(s *sheet, at place, o *merge.Op) (place, bool) {
	path, instances := template(o.Path)
	i, ok := s.byPath[path]
	if !ok {
		return at, false
	}
	if at.begun {
		w.signed(int64(i-at.next), 0)
	} else {
		w.bits(uint64(i), width(len(s.fields)+1))
	}
	w.bit(o.Kind != merge.Set)
	if o.Kind != merge.Set {
		w.bits(uint64(o.Kind), 4)
	}
	if i == len(s.fields) {
		w.reason(o)
		return place{next: i + 1, begun: true}, o.Value == nil
	}
	e := &s.fields[i]
	w.instances(at.instances, instances)
	ok = w.value(e, o.Value)
	w.reason(o)
	return place{i + 1, true, instances}, ok
}

// instances writes the ids of the repeat instances where they differ from those before.
func (w *writer) instances(before, now []string) {
	for i, id := range now {
		same := i < len(before) && before[i] == id
		w.bit(same)
		if !same {
			for _, c := range []byte(id) {
				w.bits(uint64(hexValue(c)), 4)
			}
		}
	}
}

func hexValue(c byte) byte {
	if c >= 'a' {
		return c - 'a' + 10
	}
	return c - '0'
}

// reason writes why, and what a Widen lifts.
func (w *writer) reason(o *merge.Op) {
	w.bit(o.Why != "" || len(o.Lifts) > 0)
	if o.Why == "" && len(o.Lifts) == 0 {
		return
	}
	w.text(o.Why)
	w.number(uint64(len(o.Lifts)), 0)
	for _, l := range o.Lifts {
		for _, c := range l.Author {
			w.bits(uint64(c), 8)
		}
		w.bits(uint64(l.Time), 64)
	}
}
