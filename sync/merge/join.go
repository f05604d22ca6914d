package merge

import (
	"slices"
	"strings"
)

// Joined is one field of several records that have the same key.
type Joined struct {
	Path   string
	Policy Policy
	Total  any      // counter: the sum over the records; else nil
	Each   []*Field // the field in each record, in the order given; nil where the record lacks it
	Differ bool     // the records show different values: they stand beside each other, and nobody has to choose
}

// JoinKey returns the value by which a record is joined with others: the text that its key field shows, if there is one,
// nobody has to choose it, and the record was not deleted.
func JoinKey(s State, path string) (string, bool) {
	f, ok := s.Fields[path]
	if !ok || f.Conflict || s.Exists == Deleted {
		return "", false
	}
	key, ok := f.Value.(string)
	return key, ok && key != ""
}

// Join sets records with the same key side by side, each merged for itself: counters add, everything else stands beside
// each other. Deleted records take no part. The fields come by path.
func Join(records []State) []Joined {
	byPath := map[string]*Joined{}
	for n, s := range records {
		if s.Exists == Deleted {
			continue
		}
		for path, f := range s.Fields {
			j := byPath[path]
			if j == nil {
				j = &Joined{Path: path, Policy: f.Policy, Each: make([]*Field, len(records))}
				byPath[path] = j
			}
			j.Each[n] = f
		}
	}
	out := make([]Joined, 0, len(byPath))
	for _, j := range byPath {
		j.settle()
		out = append(out, *j)
	}
	slices.SortFunc(out, func(a, b Joined) int { return strings.Compare(a.Path, b.Path) })
	return out
}

func (j *Joined) settle() {
	var first *Field
	var all edits
	var v view
	for _, f := range j.Each {
		if f == nil {
			continue
		}
		if first == nil {
			first, v = f, f.view
		}
		j.Differ = j.Differ || !f.rule.equal(first.Value, f.Value)
		all = append(all, f.view.edits...)
	}
	if j.Policy == Counter {
		v.edits = all
		j.Total, j.Differ = settleCounter(v, nil).value, false
	}
}
