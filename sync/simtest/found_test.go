package simtest_test

import (
	"context"
	"errors"
	"testing"

	"escale/clients/profile"
	"escale/schema"
	"escale/store/agentdb"
	"escale/sync/merge"
)

// TestFound replays in a few steps what drawn lives once found.
func TestFound(t *testing.T) {
	b := newBase(t)
	for _, f := range []struct {
		name string
		play func(*world)
	}{
		{"a capture laptop carries others' work", carriesForOthers},
		{"a capture laptop has unsent work and the hub lost its beginning", lostBeginning},
		{"three copies sign the same saves", threeCopies},
		{"a change-set is carried to a laptop without a ledger", carriedTooEarly},
		{"a value in conflict is written again", writtenAgain},
		{"the disk is too full to close a change-set", tooFullToClose},
		{"a laptop comes back after ten years", backAfterYears},
		{"only a carrier who cannot read holds the work of a lost laptop", carriedForTheLost},
		{"an empty hub is filled from laptops", filledAgain},
		{"a restored hub lacks forms that only the officer keeps", formsLost},
	} {
		t.Run(f.name, func(t *testing.T) {
			w := newWorld(t, b, 1)
			for _, m := range b.members {
				if m.name == "lead-1" || m.name == "lead-2" || m.name == "outreach" {
					w.wake(m)
				}
			}
			w.scopes = []schema.Scope{must[schema.Scope](t)(w.laptops[0].p.Directory().ScopeOf(scopeNames[0]))}
			f.play(w)
			w.quiet()
			w.check()
			w.end()
		})
	}
}

// begun creates a record on a laptop.
func (w *world) begun(l *laptop) thing {
	w.t.Helper()
	ds := w.create(l)
	if len(ds) == 0 || !w.save(l, ds[:1]) {
		w.t.Fatalf("%s cannot create", l.name)
	}
	return ds[0].thing
}

// wrote edits a record as a laptop shows it.
func (w *world) wrote(l *laptop, x thing, ops ...merge.Op) {
	w.t.Helper()
	g, here := l.look(x)
	if !here {
		w.t.Fatalf("%s does not show the record", l.name)
	}
	d := draft{page: g, edit: edit{name: w.name(), thing: x, saw: g.shown, ops: ops}}
	for i := range d.ops {
		d.ops[i].Why = d.name
	}
	w.save(l, []draft{d})
}

func carriesForOthers(w *world) {
	lead, outreach := w.laptops[0], w.laptops[2]
	w.begun(lead)
	w.doPack(lead)
	w.doDeliver(outreach)
	w.doSync(outreach)
}

func lostBeginning(w *world) {
	outreach := w.laptops[2]
	w.backupHub()
	w.begun(outreach)
	w.doSync(outreach)
	w.begun(outreach)
	w.restoreHub(w.backups[0], false)
	w.doSync(outreach)
}

func threeCopies(w *world) {
	one := w.laptops[0]
	x := w.begun(one)
	w.doSync(one)
	before := one.clone("before")
	w.wrote(one, x, merge.Op{Kind: merge.Increment, Path: "c1", Value: int64(5)})
	w.wrote(before, x, merge.Op{Kind: merge.Increment, Path: "c1", Value: int64(70)})
	one.clone("after")
	w.wrote(one, x, merge.Op{Kind: merge.Increment, Path: "c1", Value: int64(300)})
}

func carriedTooEarly(w *world) {
	lead := w.laptops[0]
	w.begun(lead)
	w.doPack(lead)
	blank := w.newLaptop(member{"blank", "outreach", must[profile.Keys](w.t)(profile.NewKeys(drawing(1, 9), false))}, nil)
	if err := blank.p.ReceiveSet(context.Background(), w.bag[0].raw); !errors.Is(err, profile.ErrNotEnrolled) {
		w.t.Errorf("a laptop without a ledger says %v", err)
	}
	ok(w.t, blank.p.Close())
	ok(w.t, blank.disk.Close())
}

// tooFullToClose: what was shown while an open change-set could not be closed was seen nevertheless.
func tooFullToClose(w *world) {
	outreach := w.laptops[2]
	x := w.begun(outreach)
	w.wrote(outreach, x, merge.Op{Kind: merge.Set, Path: "k1", Value: "this"})
	outreach.disk.Fill(1)
	if err := outreach.p.CloseOpenSets(context.Background()); !errors.Is(err, agentdb.ErrFull) {
		w.t.Fatalf("a full disk lets a change-set be closed: %v", err)
	}
	outreach.rand.left = 0 // whatever is tried now fails, and memory is read again
	w.save(outreach, []draft{{edit: edit{name: w.name(), thing: x, saw: map[string]bool{}, ops: []merge.Op{{Kind: merge.Set, Path: "l1", Why: "x"}}}}})
	outreach.rand.left = -1
	g, _ := outreach.look(x)
	outreach.disk.Empty()
	d := draft{page: g, edit: edit{name: w.name(), thing: x, saw: g.shown}}
	d.ops = []merge.Op{{Kind: merge.Set, Path: "k1", Value: "that", Why: d.name}}
	w.save(outreach, []draft{d})
}

// backAfterYears: a deletion stands however late others hear of it, and what one of them wrote meanwhile is a question.
func backAfterYears(w *world) {
	one, two := w.laptops[0], w.laptops[1]
	gone, worked := w.begun(one), w.begun(one)
	w.doSync(one)
	w.doSync(two)
	w.doSync(w.laptops[2])
	w.wrote(one, gone, merge.Op{Kind: merge.Delete, Path: merge.Exists})
	w.wrote(one, worked, merge.Op{Kind: merge.Delete, Path: merge.Exists})
	w.doSync(one)
	w.now = w.now.AddDate(10, 0, 0)
	w.wrote(two, worked, merge.Op{Kind: merge.Set, Path: "l1", Value: "seen yesterday"})
	w.doSync(two)
	w.doSync(one)
	for x, want := range map[thing]merge.Existence{gone: merge.Deleted, worked: merge.Question} {
		for _, l := range []*laptop{one, two} {
			if g, _ := l.look(x); g.state.Exists != want {
				w.t.Errorf("%s says %d of a deleted record, want %d", l.name, g.state.Exists, want)
			}
		}
	}
}

// carriedForTheLost: what was taken over by hand is offered to the hub, by whoever took it.
func carriedForTheLost(w *world) {
	lost, outreach := w.laptops[0], w.laptops[2]
	w.begun(lost)
	w.doPack(lost)
	for range w.bag {
		w.doDeliver(outreach)
	}
	if !w.doLose(lost) {
		w.t.Fatal("nobody can be spared")
	}
	if w.doSync(outreach); len(w.hubHolds) == 0 {
		w.t.Error("the hub was not brought what was carried")
	}
}

// filledAgain: a hub that knows nothing gets everything back, also what only its last copy still holds.
func filledAgain(w *world) {
	one, two := w.laptops[0], w.laptops[1]
	x := w.begun(one)
	w.doSync(one)
	w.doSync(two)
	w.wrote(two, x, merge.Op{Kind: merge.Set, Path: "k1", Value: "this"})
	w.doSync(two)
	w.replaceHub()
	w.doSync(w.officer)
	w.doSync(two)
}

// formsLost: another laptop brings a restored hub its ledger and its log back before the officer comes. The officer then
// sees no difference, and is the only one to have kept the new forms for everybody.
func formsLost(w *world) {
	one := w.laptops[0]
	w.backupHub()
	if !w.doPublish(nil) {
		w.t.Fatal("the officer cannot publish")
	}
	w.doSync(w.officer)
	w.doSync(one)
	w.ledgerLost = true
	w.restoreHub(w.backups[0], false)
	w.doSync(one)
}

func writtenAgain(w *world) {
	one, two := w.laptops[0], w.laptops[1]
	x := w.begun(one)
	w.doSync(one)
	w.doSync(two)
	g, _ := one.look(x)
	for _, text := range []string{"this", "that"} {
		d := draft{page: g, edit: edit{name: w.name(), thing: x, saw: g.shown}}
		d.ops = []merge.Op{{Kind: merge.Set, Path: "k1", Value: text, Why: d.name}}
		w.save(one, []draft{d})
	}
	w.now = w.now.Add(3e12)
	w.wrote(two, x, merge.Op{Kind: merge.Set, Path: "k1", Value: "this"})
}
