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

// Beside returns, for each delta that was ever a parallel update, those beside which it was made: neither had seen the
// other, and they write no field in common. Later edits that saw both change nothing about that.
func Beside(h *causal.History, deltas []Delta) map[causal.Dot][]causal.Dot {
	once := distinctDeltas(deltas)
	out := map[causal.Dot][]causal.Dot{}
	for i, a := range once {
		for _, b := range once[i+1:] {
			if !a.sharesField(b) && !sawDelta(h, a, b) && !sawDelta(h, b, a) {
				out[a.Dot] = append(out[a.Dot], b.Dot)
				out[b.Dot] = append(out[b.Dot], a.Dot)
			}
		}
	}
	return out
}

// sharesField reports whether two deltas write the same field. Whether a record exists concerns all of its fields.
func (d *Delta) sharesField(o *Delta) bool {
	for i := range d.Ops {
		for j := range o.Ops {
			p, q := d.Ops[i].Path, o.Ops[j].Path
			if p == q || p == Exists || q == Exists {
				return true
			}
		}
	}
	return false
}
