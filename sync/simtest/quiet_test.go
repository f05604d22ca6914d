package simtest_test

import (
	"context"
	"fmt"
	"maps"
	"reflect"
	"slices"

	"escale/schema"
	"escale/store/agentdb"
	"escale/sync/hub"
	"escale/sync/merge"
)

// maxQuiet bounds how often everybody exchanges until nothing changes.
const maxQuiet = 8

// quiet lets everybody exchange until nobody has anything to say.
func (w *world) quiet() {
	w.t.Helper()
	if w.newcomer {
		for _, l := range w.laptops {
			l.skew = 0 // an executor whose clock is years ahead takes every order for expired
		}
		w.wakeRest() // whoever is asked to wrap keys for the newcomer has to come back
	}
	for round := range maxQuiet {
		still := true
		for _, l := range w.everybody() {
			rep, err := l.exchange(l.line(nil))
			if w.troubled(l, err); w.forked {
				return
			}
			if (err != nil || !rep.Synced) && (!w.ledgerLost || round > maxQuiet/2) {
				w.t.Fatalf("%s: exchange %d at the end: %v, synced %v, differing %v", l.name, round+1, err, rep.Synced, rep.Differ)
			}
			still = still && err == nil && rep.RoundTrips == 1
		}
		if still {
			return
		}
	}
	w.t.Fatalf("after %d rounds there is still something to exchange", maxQuiet)
}

// wakeRest opens the enrolled laptops that slept so far.
func (w *world) wakeRest() {
	for _, m := range w.base.members {
		if !slices.ContainsFunc(w.laptops, func(l *laptop) bool { return l.m.keys.Device == m.keys.Device }) {
			w.wake(m)
		}
	}
}

// check compares everything with the model.
func (w *world) check() {
	w.t.Helper()
	ctx := context.Background()
	for _, l := range w.everybody() {
		v, err := l.p.Verify(ctx, nil)
		if err != nil || v.Open != 0 {
			w.t.Errorf("%s does not verify: %v, %d open", l.name, err, v.Open)
		}
		w.checkAside(l)
		if s, err := l.p.Summary(ctx); err != nil || s.Unsent > 0 {
			w.t.Errorf("%s: %d unsent, %v", l.name, s.Unsent, err)
		}
	}
	rep := must[hub.Report](w.t)(w.hub.Verify(ctx, func(int64, int64) {}))
	if !rep.OK() {
		w.t.Errorf("the hub does not verify: %+v", rep.Faults)
	}
	sure := w.sure()
	for _, x := range w.things {
		w.checkThing(x, sure)
	}
}

// checkAside finds what a laptop set aside or could not open: nothing but what was crafted to end there.
func (w *world) checkAside(l *laptop) {
	w.t.Helper()
	for _, q := range l.p.Quarantined() {
		if !w.crafted(w.aside, q.Set) {
			w.t.Errorf("%s set a change-set of %v aside: %s", l.name, q.Device, q.Reason)
		}
	}
	ok(w.t, l.db.Update(context.Background(), func(tx *agentdb.Tx) error {
		streams, err := tx.Streams()
		if err != nil {
			return err
		}
		return tx.WaitingSets(func(s agentdb.Set) error {
			i := slices.IndexFunc(streams, func(x agentdb.Stream) bool { return x.ID == s.Stream })
			if l.p.Reads(streams[i].Scope) && !w.crafted(w.unread, s.Hash) && !w.crafted(w.aside, s.Hash) {
				w.t.Errorf("%s holds a change-set that it cannot open", l.name)
			}
			return nil
		})
	}))
}

func (w *world) crafted(list map[schema.Scope][]schema.Hash, set schema.Hash) bool {
	for _, sets := range list {
		if slices.Contains(sets, set) {
			return true
		}
	}
	return false
}

// sure lists the edits that must be there: those of which some place that was never thrown away holds a copy.
func (w *world) sure() held {
	out := maps.Clone(w.hubHolds)
	for _, l := range w.laptops {
		maps.Copy(out, l.holds)
	}
	return out
}

// checkForked looks at each laptop by itself, where a fork of the ledger keeps them from agreeing until officers heal it:
// nothing that lay on a laptop is gone, and it shows what follows from what it holds.
func (w *world) checkForked() {
	w.t.Helper()
	for _, l := range w.laptops {
		if v, err := l.p.Verify(context.Background(), nil); err != nil || v.Open != 0 {
			w.t.Errorf("%s does not verify: %v, %d open", l.name, err, v.Open)
		}
		for _, x := range w.things {
			if read, _ := l.may(x.scope); !read || !l.p.Reads(x.scope) {
				continue
			}
			if here := w.present(l, x); w.checkComplete(l, x, here, l.holds) && len(here) > 0 {
				w.compare(l, x, here)
			}
		}
	}
}

// checkThing compares one object on every laptop that may read it with what the model derives.
func (w *world) checkThing(x thing, sure held) {
	w.t.Helper()
	var reference []*edit
	readers := 0
	for _, l := range w.laptops {
		if read, _ := l.may(x.scope); !read {
			continue
		}
		here := w.present(l, x)
		if readers++; readers == 1 {
			reference = here
			w.checkComplete(l, x, here, sure)
		} else if !slices.Equal(here, reference) {
			w.t.Errorf("%s has %v of %s, another reader %v", l.name, names(here), w.label(x), names(reference))
			continue
		}
		if len(here) > 0 {
			w.compare(l, x, here)
		}
	}
	if readers == 0 {
		w.t.Errorf("nobody reads %s", w.label(x))
	}
}

func names(list []*edit) (out []string) {
	for _, e := range list {
		out = append(out, e.name)
	}
	return out
}

// present returns the model's edits that a laptop holds of an object, each once and as it was acknowledged.
func (w *world) present(l *laptop, x thing) (out []*edit) {
	w.t.Helper()
	g, here := l.look(x)
	if !here {
		return nil
	}
	deltas := must[[]merge.Delta](w.t)(l.p.Deltas(g.part))
	once := map[string]bool{}
	for _, d := range deltas {
		e := w.model.all[nameOf(d)]
		if e != nil && e.unsure && e.at == 0 {
			e.at = d.Time
		}
		switch {
		case e == nil:
			w.t.Errorf("%s shows %s, which was never acknowledged", l.name, nameOf(d))
			continue
		case once[e.name]:
			w.t.Errorf("%s shows %s twice", l.name, e.name)
		case e.thing != x || e.author != d.Author || e.at != d.Time || !sameOps(e.ops, d.Ops):
			w.t.Errorf("%s shows %s otherwise than it was acknowledged", l.name, e.name)
		}
		once[e.name] = true
	}
	for _, e := range w.model.edits[x.id] {
		if once[e.name] {
			out = append(out, e)
		}
	}
	return out
}

func sameOps(a, b []merge.Op) bool {
	return slices.EqualFunc(a, b, func(x, y merge.Op) bool {
		return x.Kind == y.Kind && x.Path == y.Path && x.Why == y.Why && compareValues(x.Value, y.Value) == 0 && slices.Equal(x.Lifts, y.Lifts)
	})
}

// checkComplete fails for each edit that must be there and is not.
func (w *world) checkComplete(l *laptop, x thing, here []*edit, sure held) (complete bool) {
	w.t.Helper()
	complete = true
	for _, e := range w.model.edits[x.id] {
		if sure[e.name] && !slices.Contains(here, e) {
			w.t.Errorf("%s lacks %s of %s, which was acknowledged", l.name, e.name, w.label(x))
			complete = false
		}
	}
	return complete
}

// compare compares what a laptop shows of an object with what must be visible.
func (w *world) compare(l *laptop, x thing, edits []*edit) {
	w.t.Helper()
	g, _ := l.look(x)
	if want := existence(edits); g.state.Exists != want {
		w.t.Errorf("%s says %d of %s, want %d", l.name, g.state.Exists, w.label(x), want)
	}
	var conflicts []string
	for _, path := range allPaths() {
		f, shown := g.state.Fields[path]
		if len(factsOf(edits, path)) == 0 {
			if shown {
				w.t.Errorf("%s shows %s of %s, which nobody wrote", l.name, path, w.label(x))
			}
			continue
		}
		if !shown {
			w.t.Errorf("%s does not show %s of %s", l.name, path, w.label(x))
			continue
		}
		want := field(edits, path)
		if difference := want.unlike(f); difference != "" {
			w.t.Errorf("%s, %s of %s: %s", l.name, path, w.label(x), difference)
		}
		if want.conflict {
			conflicts = append(conflicts, path)
		}
	}
	var queue []string
	for _, c := range merge.Conflicts(g.state) {
		queue = append(queue, c.Path)
	}
	slices.Sort(conflicts)
	if !slices.Equal(queue, conflicts) {
		w.t.Errorf("%s asks about %v of %s, want %v", l.name, queue, w.label(x), conflicts)
	}
}

// unlike says how a merged field differs from what must be visible.
func (v *visible) unlike(f *merge.Field) string {
	if !v.open && compareValues(v.value, f.Value) != 0 && !(emptyList(v.value) && emptyList(f.Value)) {
		return fmt.Sprintf("shows %v, want %v", f.Value, v.value)
	}
	var siblings []any
	for _, s := range f.Siblings {
		if !slices.ContainsFunc(siblings, func(x any) bool { return compareValues(x, s.Value) == 0 }) {
			siblings = append(siblings, s.Value)
		}
	}
	slices.SortFunc(siblings, compareValues)
	slices.SortFunc(v.siblings, compareValues)
	switch {
	case len(v.siblings)+len(siblings) > 0 && !reflect.DeepEqual(siblings, v.siblings):
		return fmt.Sprintf("siblings %v, want %v", siblings, v.siblings)
	case f.Conflict != v.conflict:
		return fmt.Sprintf("conflict %v, want %v", f.Conflict, v.conflict)
	case f.Review != v.review && !v.open:
		return fmt.Sprintf("review %v, want %v", f.Review, v.review)
	case f.Violations != v.violations || f.Unfit != 0:
		return fmt.Sprintf("%d violations and %d unfit, want %d and none", f.Violations, f.Unfit, v.violations)
	case len(f.History()) != v.writes:
		return fmt.Sprintf("%d writes in its history, want %d", len(f.History()), v.writes)
	}
	return ""
}

func emptyList(v any) bool {
	list, is := v.([]string)
	return v == nil || is && len(list) == 0
}
