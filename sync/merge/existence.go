package merge

import (
	"cmp"
	"slices"

	"escale/sync/causal"
)

// settleExistence decides whether the record still exists, from the deletions and restorations.
func (s *State) settleExistence(h *causal.History, deltas []*Delta, endings edits) {
	if len(endings) == 0 {
		return
	}
	slices.SortStableFunc(endings, compareEdits)
	v := view{h, endings}
	frontier := v.unseen(endings.pick(func(*Op) bool { return true }))
	marks := make([]Mark, len(endings))
	fill(marks, Superseded)
	for _, i := range frontier {
		marks[i] = Shown
	}
	s.Endings = endings.marked(marks)
	s.judge(v, deltas, frontier)
}

// judge asks each deletion that nobody has seen past what it had not seen. One that had seen everything deletes.
func (s *State) judge(v view, deltas []*Delta, frontier []int) {
	unseen := map[*Delta]bool{}
	for _, i := range frontier {
		if v.edits[i].op().Kind != Delete {
			continue
		}
		missed := v.missedBy(v.edits[i], deltas)
		if len(missed) == 0 {
			s.Exists = Deleted
			return
		}
		for _, d := range missed {
			unseen[d] = true
		}
	}
	if len(unseen) > 0 {
		s.Exists, s.Unseen = Question, listEdited(unseen)
	}
}

// missedBy returns the deltas that do more than delete and that a deletion had not seen. What its own delta writes was
// there when it deleted.
func (v view) missedBy(e edit, deltas []*Delta) []*Delta {
	var out []*Delta
	for _, d := range deltas {
		keeps := slices.ContainsFunc(d.Ops, func(o Op) bool { return o.Kind != Delete })
		if keeps && d != e.delta && !sawDelta(v.h, e.delta, d) {
			out = append(out, d)
		}
	}
	return out
}

func listEdited(deltas map[*Delta]bool) []Edited {
	out := make([]Edited, 0, len(deltas))
	for d := range deltas {
		paths := make([]string, 0, len(d.Ops))
		for i := range d.Ops {
			paths = append(paths, d.Ops[i].Path)
		}
		out = append(out, Edited{Author: d.Author, Time: d.Time, Dot: d.Dot, Paths: sortedSet(paths)})
	}
	slices.SortFunc(out, func(a, b Edited) int {
		return cmp.Or(cmp.Compare(a.Time, b.Time), slices.Compare(a.Author[:], b.Author[:]),
			slices.Compare(a.Paths, b.Paths), cmp.Compare(a.Dot.Index, b.Dot.Index), cmp.Compare(a.Dot.Set, b.Dot.Set))
	})
	return out
}
