package merge

import (
	"bytes"
	"cmp"
	"slices"

	"escale/sync/causal"
)

// edit is one operation of one delta.
type edit struct {
	delta *Delta
	pos   int
}

func (e edit) op() *Op { return &e.delta.Ops[e.pos] }

// edits are the operations of one field, in the order of compareEdits.
type edits []edit

// view answers what the author of one edit had seen of the others.
type view struct {
	h *causal.History
	edits
}

// saw reports whether the author of edit i can prove to have seen edit j.
func (v view) saw(i, j int) bool {
	a, b := v.edits[i], v.edits[j]
	if a.delta == b.delta {
		return a.pos > b.pos
	}
	return sawDelta(v.h, a.delta, b.delta)
}

// sawDelta adds to the history that a delta sees nothing of its own change-set from itself on. A context that claims
// otherwise would let two deltas hide each other.
func sawDelta(h *causal.History, a, b *Delta) bool {
	if a.Dot.Set == b.Dot.Set && a.Dot.Index <= b.Dot.Index {
		return false
	}
	return h.Saw(a.Context, b.Dot)
}

// unseen returns those of the edits at the given positions that none of the others has seen, in order. Later edits are
// asked first: as a rule the next one has seen its predecessor.
func (v view) unseen(among []int) []int {
	var out []int
	for n, i := range among {
		if !v.seenByAny(i, among[n+1:]) && !v.seenByAny(i, among[:n]) {
			out = append(out, i)
		}
	}
	return out
}

func (v view) seenByAny(i int, others []int) bool {
	for _, j := range others {
		if v.saw(j, i) {
			return true
		}
	}
	return false
}

// sawAny reports whether edit i has seen one of the others.
func (v view) sawAny(i int, others []int) bool {
	for _, j := range others {
		if j != i && v.saw(i, j) {
			return true
		}
	}
	return false
}

// pick returns the positions of the edits whose kind is wanted.
func (es edits) pick(want func(*Op) bool) []int {
	out := make([]int, 0, len(es))
	for i := range es {
		if want(es[i].op()) {
			out = append(out, i)
		}
	}
	return out
}

// compareEdits orders by time, author and content, and last by positions that are the same on every replica: never by
// the number that this replica gave a change-set.
func compareEdits(a, b edit) int {
	if a.delta.Time != b.delta.Time {
		return cmp.Compare(a.delta.Time, b.delta.Time)
	}
	if c := bytes.Compare(a.delta.Author[:], b.delta.Author[:]); c != 0 {
		return c
	}
	x, y := a.op(), b.op()
	return cmp.Or(
		compareValues(x.Value, y.Value),
		cmp.Compare(x.Kind, y.Kind),
		cmp.Compare(x.Why, y.Why),
		slices.CompareFunc(x.Lifts, y.Lifts, compareLifts),
		cmp.Compare(a.pos, b.pos),
		cmp.Compare(a.delta.Dot.Index, b.delta.Dot.Index),
	)
}

func compareLifts(a, b Lift) int {
	return cmp.Or(bytes.Compare(a.Author[:], b.Author[:]), cmp.Compare(a.Time, b.Time))
}
