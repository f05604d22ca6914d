package form

import (
	"errors"
	"fmt"
	"slices"
)

// ErrNoOrder reports a field or a value that restrict_wins cannot compare.
var ErrNoOrder = errors.New("form: field or value has no order of restriction")

// Order says how one value relates to another under restrict_wins.
type Order int

// The results of Compare.
const (
	Incomparable Order = iota
	Equal
	MorePermissive
	MoreRestrictive
)

// ranking is the declared order of a list: level by choice, choices by level, and the most restrictive choice.
type ranking struct {
	rank   map[string]int
	levels [][]string // choices of equal rank, most permissive first
	bottom string
}

// newRanking checks that the declared ranks make every two choices have one meet.
func newRanking(choices []Choice) (ranking, error) {
	byRank := map[int][]string{}
	for _, c := range choices {
		if c.Rank != nil {
			byRank[*c.Rank] = append(byRank[*c.Rank], c.Name)
		}
	}
	ranks := make([]int, 0, len(byRank))
	for r := range byRank {
		ranks = append(ranks, r)
	}
	slices.Sort(ranks)
	o := ranking{rank: map[string]int{}}
	for level, r := range ranks {
		o.levels = append(o.levels, byRank[r])
		for _, name := range byRank[r] {
			o.rank[name] = level
		}
	}
	return o, o.check()
}

func (o *ranking) check() error {
	last := len(o.levels) - 1
	if last < 0 || len(o.levels[last]) != 1 {
		return errors.New("restrict_wins needs exactly one choice of the highest rank, the most restrictive")
	}
	o.bottom = o.levels[last][0]
	for i := range last {
		// Two choices of one rank meet in the next rank; were that two again, the result would depend on the order of merging.
		if len(o.levels[i]) > 1 && len(o.levels[i+1]) > 1 {
			return errors.New("choices of equal rank must be followed by a rank with a single choice")
		}
	}
	return nil
}

// compare relates a to b: MoreRestrictive means that a allows less. Names without rank are above the bottom only.
func (o *ranking) compare(a, b string) Order {
	if a == b {
		return Equal
	}
	if a == o.bottom {
		return MoreRestrictive
	}
	if b == o.bottom {
		return MorePermissive
	}
	ra, okA := o.rank[a]
	rb, okB := o.rank[b]
	switch {
	case !okA || !okB || ra == rb:
		return Incomparable
	case ra > rb:
		return MoreRestrictive
	default:
		return MorePermissive
	}
}

func (o *ranking) meet(a, b string) string {
	switch o.compare(a, b) {
	case Equal, MoreRestrictive:
		return a
	case MorePermissive:
		return b
	}
	ra, okA := o.rank[a]
	_, okB := o.rank[b]
	if okA && okB {
		return o.levels[ra+1][0] // a single choice, by check
	}
	return o.bottom
}

// Meet returns the most permissive value that allows nothing which a or b forbids. It is commutative, associative and
// idempotent, also for choices that this bundle does not hold: they are comparable with the most restrictive one only.
func Meet(f *Field, a, b any) (any, error) {
	switch x := a.(type) {
	case string:
		y, ok := b.(string)
		if ok && f.ranked() {
			return f.order.meet(x, y), nil
		}
	case []string:
		y, ok := b.([]string)
		if ok && f.inclusive() {
			return intersect(x, y), nil
		}
	}
	return nil, fmt.Errorf("%w: %s", ErrNoOrder, f.Path)
}

// Compare tells whether a allows more or less than b.
func Compare(f *Field, a, b any) (Order, error) {
	switch x := a.(type) {
	case string:
		y, ok := b.(string)
		if ok && f.ranked() {
			return f.order.compare(x, y), nil
		}
	case []string:
		y, ok := b.([]string)
		if ok && f.inclusive() {
			return inclusion(x, y), nil
		}
	}
	return Incomparable, fmt.Errorf("%w: %s", ErrNoOrder, f.Path)
}

// Higher tells whether a ranks above b: which of two siblings under keep_both is shown until a person has chosen, where the
// list declares ranks (a level of risk). Without ranks it is false.
func Higher(f *Field, a, b any) bool {
	rankA, okA := f.rank(a)
	rankB, okB := f.rank(b)
	return okA && okB && rankA > rankB
}

// Gravest reports whether value is the choice of the highest rank in a keep_both field: what cannot wait, such as a danger to
// life. A field without ranks, or with one for all, knows no such choice.
func Gravest(f *Field, value any) bool {
	own, ok := f.rank(value)
	if !ok || f.Merge != KeepBoth {
		return false
	}
	above := false
	for _, c := range f.Choices {
		if c.Rank == nil {
			continue
		}
		if *c.Rank > own {
			return false
		}
		above = above || *c.Rank < own
	}
	return above
}

func (f *Field) rank(value any) (int, bool) {
	name, ok := value.(string)
	if !ok {
		return 0, false
	}
	c, ok := f.Choice(name)
	if !ok || c.Rank == nil {
		return 0, false
	}
	return *c.Rank, true
}

func (f *Field) ranked() bool    { return f.Merge == RestrictWins && f.Type == TypeSelectOne }
func (f *Field) inclusive() bool { return f.Merge == RestrictWins && f.Type == TypeSelectMultiple }

func intersect(a, b []string) []string {
	both := []string{}
	for _, name := range a {
		if slices.Contains(b, name) {
			both = append(both, name)
		}
	}
	return CanonicalSet(both)
}

func inclusion(a, b []string) Order {
	common := len(intersect(a, b))
	inB, inA := common == len(CanonicalSet(a)), common == len(CanonicalSet(b))
	switch {
	case inA && inB:
		return Equal
	case inB:
		return MoreRestrictive
	case inA:
		return MorePermissive
	default:
		return Incomparable
	}
}
