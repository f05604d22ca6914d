package merge

import (
	"slices"

	"escale/schema"
	"escale/sync/causal"
)

// Existence says whether a record still exists.
type Existence uint8

// The answers.
const (
	Alive    Existence = 0
	Deleted  Existence = 1 // a deletion had seen every edit
	Question Existence = 2 // deleted, but there are edits that the deletion had not seen: a person decides
)

// Edited names one delta that a deletion had not seen, and the paths that it wrote.
type Edited struct {
	Author schema.Device
	Time   causal.Time
	Dot    causal.Dot
	Paths  []string
}

// State is one part of a record after merging.
type State struct {
	Fields  map[string]*Field
	Exists  Existence
	Unseen  []Edited // of a Question: what a deletion had not seen, oldest first
	Endings []Write  // every deletion and restoration, oldest first
	Unknown []string // paths without a rule that can be followed, in order; they are merged as keep_both
}

// Merge joins the deltas of one part of a record. The deltas may come in any order and more than once; the part may
// consist of several objects. Every change-set must be known to the history.
func Merge(h *causal.History, deltas []Delta, rules Rules) State {
	once := distinctDeltas(deltas)
	total := 0
	for _, d := range once {
		total += len(d.Ops)
	}
	g := grouping{
		h: h, rules: rules, state: State{Fields: make(map[string]*Field, total)},
		fields: make([]Field, 0, total), slots: make([]edit, 0, total),
	}
	for _, d := range once {
		g.take(d)
	}
	for i := range g.fields {
		g.fields[i].settle()
	}
	slices.Sort(g.state.Unknown)
	g.state.settleExistence(h, once, g.endings)
	return g.state
}

func distinctDeltas(deltas []Delta) []*Delta {
	out := make([]*Delta, 0, len(deltas))
	if len(deltas) == 1 {
		return append(out, &deltas[0])
	}
	known := make(map[causal.Dot]struct{}, len(deltas))
	for i := range deltas {
		if _, again := known[deltas[i].Dot]; !again {
			known[deltas[i].Dot] = struct{}{}
			out = append(out, &deltas[i])
		}
	}
	return out
}

// grouping sorts operations by field. Fields and first edits lie in two arrays that never grow, because as a rule a part
// has one delta and many fields.
type grouping struct {
	h       *causal.History
	rules   Rules
	state   State
	fields  []Field
	slots   []edit
	endings edits
}

func (g *grouping) take(d *Delta) {
	for pos := range d.Ops {
		op, e := &d.Ops[pos], edit{d, pos}
		if op.Path == Exists {
			g.endings = append(g.endings, e)
			continue
		}
		if f, ok := g.state.Fields[op.Path]; ok {
			f.view.edits = append(f.view.edits, e)
			continue
		}
		g.open(op.Path, e)
	}
}

func (g *grouping) open(path string, e edit) {
	rule, ok := g.rules.of(path)
	if !ok {
		g.state.Unknown = append(g.state.Unknown, path)
	}
	n := len(g.slots)
	g.slots = append(g.slots, e)
	g.fields = append(g.fields, Field{
		Path: path, Policy: rule.Policy, rule: rule, view: view{g.h, g.slots[n : n+1 : n+1]},
	})
	g.state.Fields[path] = &g.fields[n]
}
