package simtest_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"time"

	"escale/clients/profile"
	"escale/crypto/key"
	"escale/crypto/ledger"
	"escale/schema/canon"
	"escale/sync/admit"
	"escale/sync/changeset"
	"escale/sync/hub"
	"escale/sync/replica"
	"escale/sync/wire"
)

// Bounds of a world: few records, so that people meet in them.
const (
	maxLaptops = 7
	maxThings  = 5
)

// event is something that may happen. It reports whether it could.
type event struct {
	name   string
	weight int
	happen func(*world, *laptop) bool
}

func events() []event {
	return []event{
		{"create", 6, (*world).doCreate}, {"edit", 34, (*world).doEdit}, {"open page", 8, (*world).doOpen}, {"save page", 14, (*world).doSavePage},
		{"save fails", 3, (*world).doFailSave}, {"sync", 14, (*world).doSync}, {"troubled sync", 16, (*world).doTroubled},
		{"clock", 4, (*world).doClock}, {"kill", 4, (*world).doKill}, {"lock", 2, (*world).doLock}, {"image", 6, (*world).doImage},
		{"restore", 8, (*world).doRestore}, {"clone", 3, (*world).doClone}, {"hub backup", 3, (*world).doBackup},
		{"hub restored", 4, (*world).doRestoreHub}, {"hub killed", 2, (*world).doCrashHub}, {"parcel packed", 5, (*world).doPack},
		{"parcel delivered", 10, (*world).doDeliver}, {"late call", 10, (*world).doLate}, {"newcomer", 1, (*world).doNewcomer},
		{"power cut", 2, (*world).doPowerCut}, {"power cut in a save", 6, (*world).doCutSave},
		{"power cut in an exchange", 6, (*world).doCutExchange}, {"hub's power cut in an exchange", 6, (*world).doCutHub},
		{"disk full", 4, (*world).doFull}, {"hub's disk full", 4, (*world).doFullHub}, {"hub replaced", 1, (*world).doReplaceHub},
		{"laptop lost", 1, (*world).doLose}, {"months pass", 1, (*world).doMonths}, {"asks beyond its role", 3, (*world).doAskBeyond},
		{"forms published", 1, (*world).doPublish}, {"set that does not count", 2, (*world).doCraft},
	}
}

// step lets one drawn event happen; one that cannot happen now leaves its turn to another.
func (w *world) step() {
	w.t.Helper()
	for range 20 {
		e, l := draw(w.rng, events()), w.laptops[w.rng.IntN(len(w.laptops))]
		w.note("%s: %s", l.name, e.name)
		if e.happen(w, l) {
			w.now = w.now.Add(time.Duration(w.rng.IntN(90)) * time.Minute)
			w.done[e.name]++
			return
		}
		w.story.lines = w.story.lines[:len(w.story.lines)-1]
	}
}

// draw draws an event by its weight.
func draw(rng *rand.Rand, list []event) event {
	total := 0
	for _, e := range list {
		total += e.weight
	}
	n := rng.IntN(total)
	for _, e := range list {
		if n -= e.weight; n < 0 {
			return e
		}
	}
	return list[0]
}

// settleIn gives everybody a first record to meet in.
func (w *world) settleIn() {
	w.t.Helper()
	for range 1 + w.rng.IntN(2) {
		if ds := w.create(w.laptops[0]); len(ds) > 0 {
			w.save(w.laptops[0], ds)
		}
	}
	for _, l := range w.laptops {
		w.doSync(l)
	}
}

func (w *world) doCreate(l *laptop) bool {
	if len(w.things) >= maxThings {
		return false
	}
	ds := w.create(l)
	return len(ds) > 0 && w.save(l, ds)
}

// doEdit edits one to three records in one save; now and then the same one twice.
func (w *world) doEdit(l *laptop) bool {
	ds := w.edits(l)
	return len(ds) > 0 && w.save(l, ds)
}

func (w *world) edits(l *laptop) (ds []draft) {
	for nth := range 1 + w.rng.IntN(2)*w.rng.IntN(3) {
		if g, here := w.open(l); here {
			ds = append(ds, w.change(g, nth))
		}
	}
	return ds
}

// work draws something to save: a new record, if there are few, or edits.
func (w *world) work(l *laptop) []draft {
	if len(w.things) < maxThings && w.rng.IntN(2) == 0 {
		return w.create(l)
	}
	return w.edits(l)
}

func (w *world) doOpen(l *laptop) bool {
	g, here := w.open(l)
	if here {
		l.pages = append(l.pages, g)
		w.note("    %s", w.label(g.thing))
	}
	return here
}

// doSavePage saves an edit of a page that was opened some time ago. The page stays open.
func (w *world) doSavePage(l *laptop) bool {
	if len(l.pages) == 0 {
		return false
	}
	return w.save(l, []draft{w.change(l.pages[w.rng.IntN(len(l.pages))], 0)})
}

// doFailSave lets a save fail in its middle.
func (w *world) doFailSave(l *laptop) bool {
	ds := w.work(l)
	if len(ds) == 0 {
		return false
	}
	l.rand.left = w.rng.IntN(4)
	w.save(l, ds)
	l.rand.left = -1
	return true
}

func (w *world) doSync(l *laptop) bool {
	rep, err := l.exchange(l.line(nil))
	switch {
	case err == nil && rep.Synced:
		w.agreed(l)
	case !w.ledgerLost:
		w.t.Fatalf("%s: an untroubled exchange ends with %v, synced %v", l.name, err, rep.Synced)
	default:
		w.troubled(l, err)
	}
	return true
}

// agreed notes what both sides hold after an exchange that said "synced".
func (w *world) agreed(l *laptop) {
	maps.Copy(w.hubHolds, l.holds)
	pulled := admit.Readable(l.p.Log().State(), l.m.keys.Device) // granted and linked: it has them, if only sealed
	for name := range w.hubHolds {
		if e := w.model.all[name]; e != nil {
			if slices.Contains(pulled, e.thing.scope) {
				l.holds[name] = true
			}
		}
	}
}

// doTroubled exchanges over a line that breaks, or with a process that is killed.
func (w *world) doTroubled(l *laptop) bool {
	f := &fault{what: troubles[w.rng.IntN(len(troubles))], call: 1 + w.rng.IntN(6), part: w.rng.Float64()}
	rep, err := l.exchange(l.line(f))
	w.note("    %s at call %d: %v", f.what, f.call, err)
	dead := l.image != nil
	if dead {
		l.kill(l.image)
	}
	switch {
	case err == nil && rep.Synced && !dead:
		w.agreed(l)
	case err != nil && !errors.Is(err, errLine) && !w.ledgerLost && (f.what != bentAnswer && f.what != cutAnswer || !typed(err)):
		w.t.Fatalf("%s: %s ends with %v", l.name, f.what, err)
	case err != nil:
		w.troubled(l, err)
	}
	return f.done
}

// typed reports whether an error is one by which a caller can decide.
func typed(err error) bool {
	var refusal *hub.Error
	return errors.As(err, &refusal) || slices.ContainsFunc([]error{
		replica.ErrDiverged, replica.ErrRefused, replica.ErrRestored, canon.ErrFormat, changeset.ErrMalformed, changeset.ErrBound,
		changeset.ErrParts, changeset.ErrForeign, admit.ErrSignature, admit.ErrUnknownDevice, admit.ErrUnknownLedger, ledger.ErrInvalid,
		key.ErrSignature, ledger.ErrNotExtending, ledger.ErrRollback, ledger.ErrFork, ledger.ErrForeign, profile.ErrGap, profile.ErrBlob, wire.ErrMoved,
	}, func(known error) bool { return errors.Is(err, known) })
}

// troubled notes an error that may come. A fork of the ledger ends the seed: a hub forgot what an executor had linked, and
// a copy of that laptop carried the order out once more. Only officers heal that, and there are none in a simulation.
func (w *world) troubled(l *laptop, err error) {
	if err != nil {
		w.note("    %s: %v", l.name, err)
	}
	w.forked = w.forked || w.ledgerLost && errors.Is(err, ledger.ErrFork)
}

// doClock sets a clock years off, or some hours back, or right.
func (w *world) doClock(l *laptop) bool {
	year := 365 * 24 * time.Hour
	l.skew = []time.Duration{0, -3 * time.Hour, 20 * time.Minute, 4 * year, -9 * year, 70 * year, -50 * year}[w.rng.IntN(7)]
	w.note("    off by %v", l.skew)
	return true
}

func (w *world) doKill(l *laptop) bool { l.kill(l.disk.AfterKill()); return true }

// doLock closes the profile and unlocks it again.
func (w *world) doLock(l *laptop) bool {
	ok(w.t, l.p.Close())
	l.open()
	return true
}

func (w *world) doImage(l *laptop) bool { l.takeImage(); return true }

func (w *world) doRestore(l *laptop) bool {
	if len(l.kept) == 0 {
		return false
	}
	i := w.rng.IntN(len(l.kept))
	w.note("    from image %d", i+1)
	l.restore(l.kept[i])
	return true
}

func (w *world) doClone(l *laptop) bool {
	if len(w.laptops) >= maxLaptops {
		return false
	}
	w.copies++
	c := l.clone(fmt.Sprintf("%s-copy-%d", l.name, w.copies))
	w.note("    as %s", c.name)
	return true
}

func (w *world) doBackup(*laptop) bool { w.backupHub(); return true }

func (w *world) doRestoreHub(*laptop) bool {
	if len(w.backups) == 0 {
		return false
	}
	i, announced := w.rng.IntN(len(w.backups)), w.rng.IntN(2) == 0
	w.note("    from backup %d, announced %v", i+1, announced)
	w.restoreHub(w.backups[i], announced)
	w.ledgerLost = w.ledgerLost || w.ledgerGrew()
	return true
}

// ledgerGrew reports whether the ledger has entries that not everybody was given at the beginning.
func (w *world) ledgerGrew() bool { return w.newcomer || w.published > 0 }

func (w *world) doCrashHub(*laptop) bool { w.crashHub(w.hubDisk.AfterKill()); return true }

// doPack lets somebody take a laptop's unsent work along.
func (w *world) doPack(l *laptop) bool {
	ctx := context.Background()
	ok(w.t, l.p.CloseOpenSets(ctx))
	offers := must[[]replica.Offer](w.t)(l.p.Unsent(ctx))
	for _, o := range offers {
		l.namesIn(o.Set)
		w.bag = append(w.bag, parcel{must[[]byte](w.t)(l.p.SetBytes(ctx, o.Set)), o.Set, o.Scope})
	}
	return len(offers) > 0
}

// doDeliver gives one or several carried change-sets to a laptop, and keeps them: they may come again.
func (w *world) doDeliver(l *laptop) bool {
	if len(w.bag) == 0 {
		return false
	}
	from := w.rng.IntN(len(w.bag))
	for _, p := range w.bag[from:min(len(w.bag), from+1+w.rng.IntN(4))] {
		err := l.p.ReceiveSet(context.Background(), p.raw)
		early := errors.Is(err, profile.ErrNotEnrolled) && l.p.Log() == nil
		strange := errors.Is(err, admit.ErrUnknownLedger) // written under a ledger that is not here yet
		if err != nil && !early && !strange && !errors.Is(err, profile.ErrGap) {
			w.t.Fatalf("%s: a carried change-set: %v", l.name, err)
		}
		if err == nil {
			l.holds.add(w.inSets[p.set])
		}
	}
	return true
}

func (w *world) doLate(*laptop) bool {
	if len(w.late) == 0 {
		return false
	}
	w.late[w.rng.IntN(len(w.late))]()
	if w.hubDisk.Dead() {
		w.cutHub()
	}
	return true
}

// doNewcomer lets the officer enrol one more reader: the ledger grows, and keys have to be wrapped.
func (w *world) doNewcomer(*laptop) bool {
	if w.newcomer || !w.officerReady() {
		return false
	}
	w.newcomer = true
	l := w.join(w.desk, "newcomer", "protection_lead", drawing(w.streams, 3))
	w.approve(w.desk)
	w.laptops = append(w.laptops, l)
	return true
}

func (h held) add(names []string) {
	for _, name := range names {
		h[name] = true
	}
}
