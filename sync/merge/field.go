package merge

import (
	"cmp"
	"slices"

	"escale/schema"
	"escale/sync/causal"
)

// Mark says what became of a write.
type Mark uint8

// The marks.
const (
	Shown      Mark = iota // takes part in what is shown
	Superseded             // a later edit had seen it
	Loser                  // concurrent with what is shown, and overruled by the policy
	Violation              // a write after the first one of a write_once field
	Lifted                 // a restriction that a Widen named and had seen
	NotLifted              // allows more than a restriction in force: it did not widen
	Resolved               // a sibling that a person decided about; the Resolve says why
	Unfit                  // an operation that the field's policy does not know; without effect
)

// Write is one operation on a field, and what became of it.
type Write struct {
	Value  any
	Author schema.Device
	Time   causal.Time
	Dot    causal.Dot // local to this replica; two replicas agree on all but this
	Kind   OpKind
	Mark   Mark
	Why    string
	Lifts  []Lift
}

// Field is one merged field.
type Field struct {
	Path   string
	Policy Policy
	// Value is what is shown. set_union and append show []string, counter int64. In a conflict it is provisional.
	Value any
	// Siblings are the writes that stand. keep_both and write_once: more than one is a conflict; equal values appear once.
	// lww: the winner. restrict_wins: every restriction in force. Other policies: none.
	Siblings   []Write
	Conflict   bool // a person has to choose among the siblings
	Review     bool // restrict_wins: somebody allowed more than what is shown, and nobody who has seen it has written since
	Violations int  // write_once: writes after the first
	Unfit      int  // operations without effect

	rule Rule
	view view
}

// History returns every operation on the field ever made, oldest first by hybrid time, author and content, with what
// became of each. It is worked out on each call.
func (f *Field) History() []Write {
	marks := make([]Mark, len(f.view.edits))
	settle(f.view, f.rule, marks)
	return f.view.edits.marked(marks)
}

// marked returns all edits with their marks. Edits of the same content are alike on every replica but for their marks.
func (es edits) marked(marks []Mark) []Write {
	order := make([]int, len(es))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int {
		return cmp.Or(compareEdits(es[a], es[b]), cmp.Compare(marks[a], marks[b]))
	})
	out := make([]Write, len(order))
	for n, i := range order {
		out[n] = es[i].write(marks[i])
	}
	return out
}

func (e edit) write(m Mark) Write {
	op := e.op()
	return Write{
		Value: op.Value, Author: e.delta.Author, Time: e.delta.Time, Dot: e.delta.Dot,
		Kind: op.Kind, Mark: m, Why: op.Why, Lifts: op.Lifts,
	}
}

func (es edits) writes(at []int) []Write {
	out := make([]Write, len(at))
	for n, i := range at {
		out[n] = es[i].write(Shown)
	}
	return out
}

// outcome is what a policy makes of the edits of a field.
type outcome struct {
	value      any
	siblings   []int
	conflict   bool
	review     bool
	violations int
	unfit      int
}

// settle applies the field's policy. If marks is not nil, it also says what became of each edit.
func settle(v view, r Rule, marks []Mark) outcome {
	switch r.Policy {
	case WriteOnce:
		return settleWriteOnce(v, r, marks)
	case LWW:
		return settleLWW(v, r, marks)
	case SetUnion:
		return settleSetUnion(v, marks)
	case Appending:
		return settleAppend(v, marks)
	case Counter:
		return settleCounter(v, marks)
	case RestrictWins:
		return settleRestrictWins(v, r, marks)
	default:
		return settleKeepBoth(v, r, marks)
	}
}

func (f *Field) settle() {
	slices.SortStableFunc(f.view.edits, compareEdits)
	o := settle(f.view, f.rule, nil)
	f.Value, f.Siblings = o.value, f.view.writes(o.siblings)
	f.Conflict, f.Review, f.Violations, f.Unfit = o.conflict, o.review, o.violations, o.unfit
}
