package simtest_test

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"escale/clients/profile"
	"escale/schema"
	"escale/store/agentdb"
	"escale/sync/causal"
	"escale/sync/merge"
)

// draft is an edit before it is saved.
type draft struct {
	edit
	seed *schema.ObjectSeed
	page page
}

func (w *world) name() string {
	return fmt.Sprintf("e%d", len(w.model.all)+len(w.model.refused)+1)
}

// create begins a new record in the scopes that the laptop may write: an anchor and, now and then, further parts of it in
// other scopes, all in one save.
func (w *world) create(l *laptop) (ds []draft) {
	var scopes []schema.Scope
	for _, s := range w.scopes {
		if _, write := l.may(s); write {
			scopes = append(scopes, s)
		}
	}
	if len(scopes) == 0 {
		return nil
	}
	w.rng.Shuffle(len(scopes), func(i, j int) { scopes[i], scopes[j] = scopes[j], scopes[i] })
	parts := 1
	if w.rng.IntN(3) == 0 {
		parts = 1 + w.rng.IntN(len(scopes))
	}
	for nth, scope := range scopes[:parts] {
		seed, id, err := l.p.NewObject(scope)
		ok(w.t, err)
		x := thing{id, scope, id}
		if nth > 0 {
			x.record = ds[0].thing.id
		}
		d := draft{seed: &seed, edit: edit{name: fmt.Sprintf("%s.%d", w.name(), nth), thing: x, saw: map[string]bool{}}}
		w.write(&d, merge.State{Fields: map[string]*merge.Field{}})
		ds = append(ds, d)
	}
	return ds
}

// open draws a record that is here and shows it.
func (w *world) open(l *laptop) (page, bool) {
	for _, i := range w.rng.Perm(len(w.things)) {
		if _, write := l.may(w.things[i].scope); !write {
			continue
		}
		if g, here := l.look(w.things[i]); here {
			return g, true
		}
	}
	return page{}, false
}

// change begins an edit of what a page shows.
func (w *world) change(g page, nth int) draft {
	d := draft{page: g, edit: edit{name: fmt.Sprintf("%s.%d", w.name(), nth), thing: g.thing, saw: g.shown}}
	if g.state.Exists != merge.Alive && w.rng.IntN(3) == 0 {
		d.ops = []merge.Op{{Kind: merge.Restore, Path: merge.Exists, Why: d.name}}
		return d
	}
	if w.rng.IntN(20) == 0 {
		d.ops = []merge.Op{{Kind: merge.Delete, Path: merge.Exists, Why: d.name}}
		return d
	}
	w.write(&d, g.state)
	return d
}

// write draws one to three operations; somebody who sees a conflict often decides it.
func (w *world) write(d *draft, shown merge.State) {
	conflicts := merge.Conflicts(shown)
	for range 1 + w.rng.IntN(3) {
		path := paths[w.rng.IntN(len(paths))]
		if w.rng.IntN(5) == 0 {
			path = repeated(path, w.rng.IntN(2))
		}
		if len(conflicts) > 0 && w.rng.IntN(2) == 0 {
			path = conflicts[w.rng.IntN(len(conflicts))].Path
		}
		op := w.operation(path, shown.Fields[path])
		op.Path, op.Why = path, d.name
		d.ops = append(d.ops, op)
	}
}

// operation draws what somebody does to a field as it is shown; old is nil where nobody wrote it yet.
func (w *world) operation(path string, old *merge.Field) merge.Op {
	path = fieldOf(path)
	op := merge.Op{Kind: merge.Set, Value: w.value(path)}
	some := w.rng.IntN(4)
	switch path[0] {
	case 'w', 'k':
		if old != nil && old.Conflict && some > 0 {
			op.Kind = merge.Resolve
			if some > 1 {
				op.Value = old.Siblings[w.rng.IntN(len(old.Siblings))].Value
			}
		}
	case 's':
		op.Kind = []merge.OpKind{merge.Set, merge.Remove, merge.Add, merge.Add}[some]
	case 'a':
		op.Kind = merge.Append
	case 'c':
		if some > 0 {
			op.Kind = merge.Increment
		}
	case 'r':
		if old == nil || some > 1 {
			break
		}
		op.Kind = merge.Widen
		for _, s := range old.Siblings {
			if lift := (merge.Lift{Author: s.Author, Time: s.Time}); w.rng.IntN(3) > 0 && !slices.Contains(op.Lifts, lift) {
				op.Lifts = append(op.Lifts, lift)
			}
		}
	}
	return op
}

// value draws a value; a few are drawn often, so that people also agree.
func (w *world) value(path string) any {
	switch {
	case path[0] == 'c' || path == "k2":
		return int64(w.rng.IntN(9) - 2)
	case path[0] == 's' || path == "r1":
		out := []string{}
		for _, e := range elements {
			if w.rng.IntN(2) == 0 {
				out = append(out, e)
			}
		}
		return out
	case path == "r2":
		return append(ladder, "other")[min(3, w.rng.IntN(8)%5)]
	case path[0] == 'l' && w.rng.IntN(6) == 0:
		return nil
	}
	return fmt.Sprintf("word %d", w.rng.IntN(6))
}

// save gives drafts to the profile in one save. Where it refuses, none of them may ever be seen. Where the power goes in
// its middle, nobody knows before the laptop runs again.
func (w *world) save(l *laptop, ds []draft) bool {
	w.t.Helper()
	edits := make([]profile.Edit, len(ds))
	for i := range ds {
		edits[i] = profileEdit(&ds[i])
		edits[i].Pack = l.pack()
	}
	at, err := l.p.Save(context.Background(), edits)
	dead := l.disk.Dead()
	if err != nil && !dead && !errors.Is(err, errDry) && !errors.Is(err, agentdb.ErrFull) {
		w.t.Fatalf("%s: save: %v", l.name, err)
	}
	for i := range ds {
		switch {
		case err == nil:
			w.acknowledge(l, &ds[i], at)
		case !dead:
			w.model.refused[ds[i].name] = true
		}
	}
	if dead {
		l.powerCut()
	}
	if dead && err != nil {
		w.wonder(l, ds)
	}
	return err == nil
}

func profileEdit(d *draft) profile.Edit {
	e := profile.Edit{Scope: d.thing.scope, Seed: d.seed, Object: d.thing.id, View: d.page.view, Payload: merge.Payload{Ops: d.ops}}
	if d.seed != nil {
		e.Payload.Form = "invented"
		if d.thing.record != d.thing.id {
			e.Payload.Record = d.thing.record
		}
		return e
	}
	for _, op := range d.ops {
		if !slices.ContainsFunc(e.Tags, func(t profile.TagOf) bool { return t.Path == op.Path }) {
			e.Tags = append(e.Tags, profile.TagOf{Path: op.Path, Class: classOf(op.Path)})
		}
	}
	return e
}

// acknowledge tells the model of an edit that was saved.
func (w *world) acknowledge(l *laptop, d *draft, at causal.Time) *edit {
	e := d.edit
	e.author, e.at = l.m.keys.Device, at
	w.model.acknowledge(&e)
	l.holds[e.name] = true
	if d.seed != nil {
		w.things = append(w.things, e.thing)
	}
	if !l.disk.Dead() {
		l.noteSet(&e)
	}
	w.note("    %s on %s: %s", e.name, w.label(e.thing), describe(e.ops))
	return &e
}

// wonder finds out what became of a save that the power cut short: all of it is there, or nothing.
func (w *world) wonder(l *laptop, ds []draft) {
	w.t.Helper()
	found, readable := 0, 0
	for i := range ds {
		if !l.p.Reads(ds[i].thing.scope) {
			continue
		}
		readable++
		if g, here := l.look(ds[i].thing); here && g.shown[ds[i].name] {
			found++
		}
	}
	if found != 0 && found != readable {
		w.t.Errorf("%s: a power cut left %d of %d edits of one save", l.name, found, readable)
	}
	for i := range ds {
		switch {
		case found > 0:
			w.acknowledge(l, &ds[i], 0).unsure = true
		case readable > 0:
			w.model.refused[ds[i].name] = true
		default: // sealed to this laptop: whoever reads the scope will tell
			e := w.acknowledge(l, &ds[i], 0)
			e.unsure = true
			delete(l.holds, e.name)
		}
	}
}

// label names an object by its number, which is the same in every run of a seed.
func (w *world) label(x thing) string {
	return fmt.Sprintf("record %d", slices.Index(w.things, x)+1)
}

func describe(ops []merge.Op) (out string) {
	for _, o := range ops {
		out += fmt.Sprintf(" %d %s=%v", o.Kind, o.Path, o.Value)
	}
	return out
}
