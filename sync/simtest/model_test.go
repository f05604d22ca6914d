package simtest_test

import (
	"bytes"
	"cmp"
	"slices"
	"strings"

	"escale/schema"
	"escale/sync/causal"
	"escale/sync/merge"
)

// edit is one acknowledged edit with all that its author's screen showed when it was begun.
type edit struct {
	name   string
	thing  thing
	author schema.Device
	at     causal.Time
	ops    []merge.Op
	saw    map[string]bool
	unsure bool // the power went before anybody was told: its time, and sometimes whether it exists, is seen later
}

// model keeps every acknowledged edit, and the names of edits that were refused.
type model struct {
	edits   map[schema.Object][]*edit
	all     map[string]*edit
	refused map[string]bool
}

func newModel() *model {
	return &model{edits: map[schema.Object][]*edit{}, all: map[string]*edit{}, refused: map[string]bool{}}
}

func (m *model) acknowledge(e *edit) {
	m.all[e.name] = e
	m.edits[e.thing.id] = append(m.edits[e.thing.id], e)
}

// fact is one operation of one edit.
type fact struct {
	*edit
	pos int
}

func (f fact) op() merge.Op { return f.ops[f.pos] }

// saw reports whether the author of a had seen b.
func saw(a, b fact) bool {
	if a.edit == b.edit {
		return a.pos > b.pos
	}
	return a.edit.saw[b.name]
}

func anySaw(list []fact, b fact) bool {
	return slices.ContainsFunc(list, func(a fact) bool { return saw(a, b) })
}

// last returns those that none of the others has seen, first those that have seen none of the others.
func last(list []fact) []fact {
	return filter(list, func(f fact) bool { return !anySaw(list, f) })
}

func first(list []fact) []fact {
	return filter(list, func(f fact) bool { return !slices.ContainsFunc(list, func(b fact) bool { return saw(f, b) }) })
}

func filter(list []fact, keep func(fact) bool) (out []fact) {
	for _, f := range list {
		if keep(f) {
			out = append(out, f)
		}
	}
	return out
}

// factsOf lists the operations on one field of the edits that exist, in the order of time, author and value.
func factsOf(edits []*edit, path string) (out []fact) {
	for _, e := range edits {
		for i := range e.ops {
			if e.ops[i].Path == path {
				out = append(out, fact{e, i})
			}
		}
	}
	slices.SortStableFunc(out, func(a, b fact) int {
		return cmp.Or(cmp.Compare(a.at, b.at), bytes.Compare(a.author[:], b.author[:]), compareValues(a.op().Value, b.op().Value))
	})
	return out
}

// compareValues orders nothing, whole numbers, texts, lists.
func compareValues(a, b any) int {
	kind := func(v any) int {
		switch v.(type) {
		case int64:
			return 1
		case string:
			return 2
		case []string:
			return 3
		}
		return 0
	}
	if c := cmp.Compare(kind(a), kind(b)); c != 0 {
		return c
	}
	switch x := a.(type) {
	case int64:
		return cmp.Compare(x, b.(int64))
	case string:
		return strings.Compare(x, b.(string))
	case []string:
		return slices.Compare(x, b.([]string))
	}
	return 0
}

// visible is what must be visible of one field.
type visible struct {
	value      any
	open       bool // the written rules leave the value open
	siblings   []any
	conflict   bool
	review     bool
	violations int
	writes     int
}

// field derives what must be visible of a field from the edits that exist.
func field(edits []*edit, path string) visible {
	fs := factsOf(edits, path)
	v := visible{writes: len(fs)}
	path = fieldOf(path)
	switch path[0] {
	case 'w':
		v.writeOnce(fs)
	case 'l':
		f := last(fs)
		v.value = f[len(f)-1].op().Value
		v.siblings = []any{v.value}
	case 'k':
		v.keepBoth(path, fs)
	case 's':
		v.set(fs)
	case 'a':
		list := []string{}
		for _, f := range fs {
			list = append(list, f.op().Value.(string))
		}
		v.value = list
	case 'c':
		v.counter(fs)
	case 'r':
		v.consent(path, fs)
	}
	return v
}

func distinct(list []fact) (out []any) {
	for _, f := range list {
		if !slices.ContainsFunc(out, func(v any) bool { return compareValues(v, f.op().Value) == 0 }) {
			out = append(out, f.op().Value)
		}
	}
	return out
}

// writeOnce: the first writes stand; several are settled by a choice of one that was seen.
func (v *visible) writeOnce(fs []fact) {
	firsts := filter(first(fs), func(f fact) bool { return f.op().Kind == merge.Set })
	choices := filter(fs, func(c fact) bool {
		return c.op().Kind == merge.Resolve && slices.ContainsFunc(firsts, func(f fact) bool {
			return saw(c, f) && compareValues(c.op().Value, f.op().Value) == 0
		})
	})
	stand := append(last(choices), filter(firsts, func(f fact) bool { return !anySaw(choices, f) })...)
	v.siblings = distinct(stand)
	v.conflict = len(v.siblings) > 1
	v.violations = len(fs) - len(firsts) - len(choices)
	if v.open = v.conflict; !v.open {
		v.value = v.siblings[0]
	}
}

// keepBoth: whatever nobody has seen past stands.
func (v *visible) keepBoth(path string, fs []fact) {
	stand := last(fs)
	v.siblings = distinct(stand)
	v.conflict = len(v.siblings) > 1
	v.value = stand[len(stand)-1].op().Value
	if path != "k2" {
		return
	}
	for _, f := range stand {
		if f.op().Value.(int64) > v.value.(int64) {
			v.value = f.op().Value
		}
	}
}

// set: an element stands if some addition brought it that no removal had seen.
func (v *visible) set(fs []fact) {
	list := []string{}
	for _, e := range elements {
		adds := filter(fs, func(f fact) bool { return f.op().Kind != merge.Remove && slices.Contains(f.op().Value.([]string), e) })
		removals := filter(fs, func(f fact) bool {
			return f.op().Kind == merge.Set || f.op().Kind == merge.Remove && slices.Contains(f.op().Value.([]string), e)
		})
		if slices.ContainsFunc(adds, func(f fact) bool { return !anySaw(removals, f) }) {
			list = append(list, e)
		}
	}
	slices.Sort(list)
	v.value = list
}

// counter: every increment counts once, unless somebody who saw it wrote the whole anew.
func (v *visible) counter(fs []fact) {
	sets := filter(fs, func(f fact) bool { return f.op().Kind == merge.Set })
	sum := int64(0)
	for _, f := range fs {
		if !anySaw(sets, f) {
			sum += f.op().Value.(int64)
		}
	}
	v.value = sum
}

// consent: every write stays in force unless a widening names it and had seen it.
func (v *visible) consent(path string, fs []fact) {
	force := filter(fs, func(f fact) bool {
		return !slices.ContainsFunc(fs, func(w fact) bool {
			return w.op().Kind == merge.Widen && saw(w, f) && slices.Contains(w.op().Lifts, merge.Lift{Author: f.author, Time: f.at})
		})
	})
	meet := meetOf(path)
	v.siblings = distinct(force)
	v.value = force[0].op().Value
	for _, a := range force {
		for _, b := range force {
			v.conflict = v.conflict || meet(a.op().Value, b.op().Value) == nil
		}
		if !v.conflict {
			v.value = meet(v.value, a.op().Value)
		}
	}
	if v.open = v.conflict; v.conflict {
		return
	}
	for _, f := range last(fs) { // the last word that somebody spoke
		v.review = v.review || compareValues(meet(v.value, f.op().Value), f.op().Value) != 0
	}
}

// existence derives whether a record still exists.
func existence(edits []*edit) merge.Existence {
	deletions := filter(last(factsOf(edits, merge.Exists)), func(f fact) bool { return f.op().Kind == merge.Delete })
	if len(deletions) == 0 {
		return merge.Alive
	}
	for _, d := range deletions {
		missed := slices.ContainsFunc(edits, func(e *edit) bool { return doesMore(e) && !d.saw[e.name] })
		if !missed {
			return merge.Deleted
		}
	}
	return merge.Question
}

// doesMore reports whether an edit does more than delete.
func doesMore(e *edit) bool {
	return len(e.ops) == 0 || slices.ContainsFunc(e.ops, func(o merge.Op) bool { return o.Kind != merge.Delete })
}
