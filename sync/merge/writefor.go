package merge

import (
	"errors"
	"fmt"
	"slices"
)

// Errors that callers decide by.
var (
	ErrWidening  = errors.New("the new value allows more than what is in force: that needs a new, explicit consent")
	ErrWriteOnce = errors.New("the field is written once and has a value")
	ErrValue     = errors.New("the value does not suit the field")
)

// How says what a person means by a new value, beyond the value itself.
type How struct {
	Why     string // the reason; in a conflict it makes the write a Resolve
	Widen   bool   // restrict_wins: the person consented anew, having seen what is in force
	Correct bool   // write_once: to be recorded beside the first value, as a violation that everybody sees
}

// WriteFor returns the operations that turn a person's new value into a write of the field as the person saw it; none if
// nothing changes. A field that was never written is a Field with its path only.
//
// What the value means depends on the policy: the whole new value, except for append (the new entry, or several) and
// counter (what is to be added). It fails with ErrValue, ErrWriteOnce or ErrWidening.
func WriteFor(rule Rule, old Field, value any, how How) ([]Op, error) {
	if !validValue(value) {
		return nil, fmt.Errorf("%w: %s", ErrValue, old.Path)
	}
	rule, _ = Rules(func(string) (Rule, bool) { return rule, true }).of(old.Path)
	w := writing{rule: rule, old: old, value: value, how: how}
	switch rule.Policy {
	case WriteOnce:
		return w.once()
	case LWW, KeepBoth:
		return w.register(), nil
	case SetUnion:
		return w.set()
	case Appending:
		return w.entries()
	case Counter:
		return w.increment()
	default:
		return w.restrict()
	}
}

type writing struct {
	rule  Rule
	old   Field
	value any
	how   How
}

func (w *writing) op(kind OpKind, value any) Op {
	return Op{Kind: kind, Path: w.old.Path, Value: value, Why: w.how.Why}
}

func (w *writing) unsuited() error { return fmt.Errorf("%w: %s", ErrValue, w.old.Path) }

// same reports whether the field already shows the value and waits for nobody.
func (w *writing) same() bool {
	if len(w.old.Siblings) == 0 {
		return w.value == nil
	}
	return !w.old.Conflict && w.rule.equal(w.old.Value, w.value)
}

func (w *writing) register() []Op {
	if w.same() {
		return nil
	}
	if w.old.Conflict && w.how.Why != "" {
		return []Op{w.op(Resolve, w.value)}
	}
	return []Op{w.op(Set, w.value)}
}

// once refuses a second value. In a conflict a person may choose one of the siblings, and nothing else.
func (w *writing) once() ([]Op, error) {
	chosen := slices.ContainsFunc(w.old.Siblings, func(s Write) bool { return w.rule.equal(s.Value, w.value) })
	switch {
	case w.same():
		return nil, nil
	case len(w.old.Siblings) == 0:
		return []Op{w.op(Set, w.value)}, nil
	case w.old.Conflict && chosen:
		return []Op{w.op(Resolve, w.value)}, nil
	case w.how.Correct:
		return []Op{w.op(Set, w.value)}, nil
	}
	return nil, fmt.Errorf("%w: %s", ErrWriteOnce, w.old.Path)
}

// set removes only what was shown and is no longer wanted, so that whatever others add meanwhile stays.
func (w *writing) set() ([]Op, error) {
	wanted, ok := elements(w.value)
	if !ok {
		return nil, w.unsuited()
	}
	shown, _ := elements(w.old.Value)
	var ops []Op
	if gone := without(shown, wanted); len(gone) > 0 {
		ops = append(ops, w.op(Remove, gone))
	}
	if added := without(wanted, shown); len(added) > 0 {
		ops = append(ops, w.op(Add, added))
	}
	return ops, nil
}

func without(list, other []string) []string {
	return slices.DeleteFunc(sortedSet(list), func(s string) bool { return slices.Contains(other, s) })
}

func (w *writing) entries() ([]Op, error) {
	list, ok := elements(w.value)
	if !ok {
		return nil, w.unsuited()
	}
	var ops []Op
	for _, entry := range list {
		if entry != "" {
			ops = append(ops, w.op(Append, entry))
		}
	}
	return ops, nil
}

// increment writes nothing for a zero, except as the first amount: "none" is an answer too.
func (w *writing) increment() ([]Op, error) {
	if w.value == nil {
		return nil, nil
	}
	n, ok := w.value.(int64)
	if !ok {
		return nil, w.unsuited()
	}
	if n == 0 && w.old.Value != nil {
		return nil, nil
	}
	return []Op{w.op(Increment, n)}, nil
}

// restrict widens only on purpose, and then names every restriction in force that stands in the way. An emptied list
// means that nothing is allowed; any other value cannot be emptied, because what was refused must stay readable.
func (w *writing) restrict() ([]Op, error) {
	if w.value == nil {
		if len(w.old.Siblings) == 0 {
			return nil, nil
		}
		if _, list := w.old.Value.([]string); !list {
			return nil, w.unsuited()
		}
		w.value = []string{}
	}
	var against []Lift
	for _, s := range w.old.Siblings {
		if w.rule.narrows(s.Value, w.value) {
			against = append(against, Lift{Author: s.Author, Time: s.Time})
		}
	}
	switch {
	case len(against) > 0 && !w.how.Widen:
		return nil, fmt.Errorf("%w: %s", ErrWidening, w.old.Path)
	case len(against) > 0:
		return w.widen(against), nil
	case w.same() && !w.old.Review:
		return nil, nil
	}
	return []Op{w.op(Set, w.value)}, nil
}

// widen spreads the lifts over as many operations as their bound asks for.
func (w *writing) widen(lifts []Lift) []Op {
	var ops []Op
	for some := range slices.Chunk(lifts, MaxLifts) {
		op := w.op(Widen, w.value)
		op.Lifts = some
		ops = append(ops, op)
	}
	return ops
}
