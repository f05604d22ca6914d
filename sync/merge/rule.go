package merge

import (
	"errors"
	"fmt"
)

// Policy says how concurrent edits of one field are merged.
type Policy string

// The policies, by the names that forms use.
const (
	WriteOnce    Policy = "write_once"
	LWW          Policy = "lww"
	KeepBoth     Policy = "keep_both"
	SetUnion     Policy = "set_union"
	Appending    Policy = "append"
	Counter      Policy = "counter"
	RestrictWins Policy = "restrict_wins"
)

// ErrPolicy reports a name that is no policy.
var ErrPolicy = errors.New("unknown merge policy")

// ParsePolicy returns the policy of a name.
func ParsePolicy(name string) (Policy, error) {
	if p := Policy(name); p.known() {
		return p, nil
	}
	return "", fmt.Errorf("%w: %q", ErrPolicy, name)
}

func (p Policy) known() bool {
	switch p {
	case WriteOnce, LWW, KeepBoth, SetUnion, Appending, Counter, RestrictWins:
		return true
	}
	return false
}

// Exclusive reports whether concurrent edits of a field may have to wait for a person.
func (p Policy) Exclusive() bool { return p == WriteOnce || p == KeepBoth }

// Rule is what the form declares about one field.
type Rule struct {
	Policy Policy
	// Meet returns, for restrict_wins, the most permissive value that allows nothing which a or b forbids; nil if the two
	// cannot be compared. It is never given nil. Without it, restrict_wins is treated as keep_both and reported.
	Meet func(a, b any) any
	// Equal reports whether two values, nil among them, are the same to a person: an equivalence. Without it, values are
	// equal if they are identical.
	Equal func(a, b any) bool
	// Higher reports, for keep_both, whether a is to be shown rather than b while nobody has chosen (a higher risk).
	// Without it, the later one is shown.
	Higher func(a, b any) bool
}

// Rules finds the rule of a field by its path, instance ids included.
type Rules func(path string) (Rule, bool)

// of returns the rule to merge by, and whether the form declares one that can be followed.
func (rules Rules) of(path string) (Rule, bool) {
	r, ok := rules(path)
	if !ok || !r.Policy.known() || r.Policy == RestrictWins && r.Meet == nil {
		r.Policy, ok = KeepBoth, false
	}
	return r, ok
}

func (r Rule) equal(a, b any) bool {
	if r.Equal != nil {
		return r.Equal(a, b)
	}
	return compareValues(a, b) == 0
}

// narrows reports whether a forbids something that b allows.
func (r Rule) narrows(a, b any) bool {
	both, alone := r.Meet(a, b), r.Meet(b, b)
	return both == nil || alone == nil || !r.equal(both, alone)
}
