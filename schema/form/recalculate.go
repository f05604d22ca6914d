package form

import (
	"math"
)

// everything evaluates all computations once, in order.
func (s *Session) everything() {
	s.root.each(func(e *entry) {
		if e.part.item.Type == TypeRepeat && e.id == "" {
			e.id = s.firstID()
		}
	})
	changed := map[int]bool{}
	for i := range s.form.computations {
		s.run(i, s.root, changed)
	}
	s.settleCounts(changed)
}

// computeInside evaluates the computations of the parts of a new instance, for that instance alone.
func (s *Session) computeInside(e *entry) {
	changed := map[int]bool{}
	for i, c := range s.form.computations {
		if e.part.above(c.part) {
			s.run(i, e, changed)
		}
	}
}

// spread evaluates what reads the parts that changed, and what reads those that change by it. The order of the computations
// makes one pass enough; only counted repeats, which make new questions, can need another.
func (s *Session) spread(changed map[int]bool) {
	due := make([]bool, len(s.form.computations))
	mark := func(part int) {
		for _, i := range s.form.readers[part] {
			due[i] = true
		}
	}
	for part := range changed {
		mark(part)
	}
	grown := map[int]bool{}
	for i := range s.form.computations {
		if !due[i] {
			continue
		}
		now := map[int]bool{}
		s.run(i, s.root, now)
		for part := range now {
			mark(part)
			if s.form.computations[i].what == computesCount {
				grown[part] = true
			}
		}
	}
	s.settleCounts(grown)
}

// settleCounts goes on when repeats grew: what was computed before them may read what is inside them now.
func (s *Session) settleCounts(grown map[int]bool) {
	if len(grown) > 0 && s.depth < maxSettle {
		s.depth++
		s.spread(grown)
		s.depth--
	}
}

// maxSettle bounds how often repeats may make each other grow after one answer.
const maxSettle = 8

// run evaluates one computation for all its entries below from, and notes the parts that changed.
func (s *Session) run(i int, from *entry, changed map[int]bool) {
	c := s.form.computations[i]
	if s.frozen && c.what != computesRelevance {
		return
	}
	switch c.what {
	case computesRelevance:
		for _, e := range from.of(c.part) {
			s.runRelevance(e, c, changed)
		}
	case computesCount:
		s.runCount(c, from, changed)
	case computesValue:
		for _, e := range from.of(c.part) {
			if text, known := s.compute(e, c.value); known && text != e.node.Value {
				e.node.Value = text
				changed[c.part.index] = true
			}
		}
	}
}

func (s *Session) runRelevance(e *entry, c computation, changed map[int]bool) {
	e.own = s.test(e, c.value)
	if e.settle() {
		e.each(func(x *entry) { changed[x.part.index] = true })
	}
}

// runCount makes as many instances as the form asks for. Those beyond are kept, but not shown: a number typed wrong for a
// moment loses nothing.
func (s *Session) runCount(c computation, from *entry, changed map[int]bool) {
	parents := []*entry{}
	if c.part.parent.above(from.part) && from.part != c.part.parent {
		parents = append(parents, from.parent)
	} else {
		parents = append(parents, from.of(c.part.parent)...)
	}
	for _, parent := range parents {
		if s.resize(parent, c) {
			c.part.each(func(p *part) { changed[p.index] = true })
		}
	}
}

func (s *Session) resize(parent *entry, c computation) bool {
	wanted, err := c.value.Number(s.context(parent))
	if err != nil || math.IsNaN(wanted) || wanted < 0 {
		wanted = 0
	}
	n := int(math.Min(wanted, MaxInstances))
	changed := false
	for len(parent.slots[c.part.slot]) < n && s.entries < maxEntries {
		s.grow(parent, c.part.slot)
		changed = true
	}
	for i, e := range parent.slots[c.part.slot] {
		if excess := i >= n; excess != e.excess {
			e.excess = excess
			e.settle()
			changed = true
		}
	}
	return changed
}
