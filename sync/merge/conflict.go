package merge

import (
	"slices"
	"strings"

	"escale/sync/causal"
)

// Conflict is one field that waits for a person.
type Conflict struct {
	Path     string
	Policy   Policy
	Siblings []Write
}

// Conflicts lists the fields that wait for a person, by path.
func Conflicts(s State) []Conflict {
	var out []Conflict
	for path, f := range s.Fields {
		if f.Conflict {
			out = append(out, Conflict{Path: path, Policy: f.Policy, Siblings: f.Siblings})
		}
	}
	slices.SortFunc(out, func(a, b Conflict) int { return strings.Compare(a.Path, b.Path) })
	return out
}

// Parallel counts the parallel updates: pairs of deltas that nobody has seen past and that write no field in common. They
// are merged and ask nobody.
func Parallel(h *causal.History, deltas []Delta) int {
	once := distinctDeltas(deltas)
	var frontier []*Delta
	for _, d := range once {
		if !slices.ContainsFunc(once, func(o *Delta) bool { return o != d && sawDelta(h, o, d) }) {
			frontier = append(frontier, d)
		}
	}
	pairs := 0
	for i, a := range frontier {
		for _, b := range frontier[i+1:] {
			if !a.sharesField(b) {
				pairs++
			}
		}
	}
	return pairs
}

func (d *Delta) sharesField(o *Delta) bool {
	for i := range d.Ops {
		for j := range o.Ops {
			if d.Ops[i].Path == o.Ops[j].Path {
				return true
			}
		}
	}
	return false
}
