package simtest_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"maps"
	"slices"
	"time"

	"escale/crypto/envelope"
	"escale/schema"
	"escale/store/agentdb"
	"escale/sync/changeset"
	"escale/sync/hub"
	"escale/sync/wire"
)

// doPowerCut lets a laptop's power go while nobody uses it.
func (w *world) doPowerCut(l *laptop) bool { l.powerCut(); return true }

// doCutSave lets the power go at one of the writes of a save, or shortly after.
func (w *world) doCutSave(l *laptop) bool {
	ds := w.work(l)
	if len(ds) == 0 {
		return false
	}
	l.disk.CutAfter(1 + w.rng.IntN(30))
	w.save(l, ds)
	l.disk.KeepOn()
	return true
}

// doCutExchange lets the laptop's power go somewhere in an exchange.
func (w *world) doCutExchange(l *laptop) bool {
	l.disk.CutAfter(1 + w.rng.IntN(1<<w.rng.IntN(9)))
	rep, err := l.exchange(l.line(nil))
	dead := l.disk.Dead()
	w.note("    %v, power cut %v", err, dead)
	switch {
	case err == nil && rep.Synced:
		w.agreed(l) // it was told so before the power went
	case !dead && !w.ledgerLost:
		w.t.Fatalf("%s: an exchange ends with %v, synced %v", l.name, err, rep.Synced)
	case !dead:
		w.troubled(l, err)
	}
	l.disk.KeepOn()
	if dead {
		l.powerCut()
	}
	return true
}

// doCutHub lets the hub's power go somewhere in an exchange.
func (w *world) doCutHub(l *laptop) bool {
	before := w.hubDisk
	before.CutAfter(1 + w.rng.IntN(1<<w.rng.IntN(8)))
	rep, err := l.exchange(l.line(nil))
	w.note("    %v", err)
	switch {
	case err == nil && rep.Synced:
		w.agreed(l)
	case !errors.Is(err, errLine) && !w.ledgerLost:
		w.t.Fatalf("%s: the hub's power goes, and the exchange ends with %v", l.name, err)
	default:
		w.troubled(l, err)
	}
	if w.hubDisk == before {
		before.KeepOn()
	}
	return true
}

// doFull fills a laptop's disk. Saves are refused by name or succeed, exchanges end in the same error or succeed; with
// space again everything goes on.
func (w *world) doFull(l *laptop) bool {
	l.disk.Fill(int64(w.rng.IntN(40_000)))
	for range 1 + w.rng.IntN(4) {
		if ds := w.work(l); len(ds) > 0 {
			w.save(l, ds)
		}
	}
	rep, err := l.exchange(l.line(nil))
	w.note("    %v", err)
	switch {
	case err == nil && rep.Synced:
		w.agreed(l)
	case !errors.Is(err, agentdb.ErrFull) && !w.ledgerLost:
		w.t.Fatalf("%s: an exchange on a full disk ends with %v", l.name, err)
	default:
		w.troubled(l, err)
	}
	l.disk.Empty()
	if ds := w.work(l); len(ds) > 0 && !w.save(l, ds) {
		w.t.Fatalf("%s refuses a save after there is space again", l.name)
	}
	return true
}

// doFullHub fills the hub's disk during an exchange.
func (w *world) doFullHub(l *laptop) bool {
	w.hubDisk.Fill(int64(w.rng.IntN(30_000)))
	rep, err := l.exchange(l.line(nil))
	w.hubDisk.Empty()
	w.note("    %v", err)
	var refusal *hub.Error
	switch {
	case err == nil && rep.Synced:
		w.agreed(l)
	case errors.As(err, &refusal) && refusal.Code == wire.CodeFull:
	case !w.ledgerLost:
		w.t.Fatalf("%s: the hub's disk is full, and the exchange ends with %v", l.name, err)
	default:
		w.troubled(l, err)
	}
	return true
}

// doReplaceHub puts an empty hub in the place of the old one: all that it will ever know lies on laptops.
func (w *world) doReplaceHub(*laptop) bool {
	w.replaceHub()
	w.ledgerLost = w.ledgerLost || w.ledgerGrew()
	w.doSync(w.officer)
	return true
}

// doLose takes a laptop away for good, with all that lay only on it.
func (w *world) doLose(l *laptop) bool {
	others := slices.DeleteFunc(slices.Clone(w.laptops), func(x *laptop) bool { return x == l })
	if len(others) < 2 || !slices.ContainsFunc(others, func(x *laptop) bool { return x.m.role == "protection_lead" && x.m.name != "newcomer" }) {
		return false
	}
	ok(w.t, l.p.Close())
	ok(w.t, l.disk.Close())
	w.laptops = others
	return true
}

// doMonths lets nothing happen for a long time.
func (w *world) doMonths(*laptop) bool {
	w.now = w.now.Add(time.Duration(40+w.rng.IntN(400)) * 24 * time.Hour)
	return true
}

// barred reports whether a laptop's role may not read a scope.
func (l *laptop) barred(s schema.Scope) bool {
	roles, known := reads[l.w.base.named[s]]
	return known && !slices.Contains(roles, l.m.role)
}

// doAskBeyond asks the hub for scopes that the laptop's role may not read, as a changed program would.
func (w *world) doAskBeyond(l *laptop) bool {
	asked := false
	for _, s := range w.scopes {
		if !l.barred(s) {
			continue
		}
		asked = true
		ctx, dev := context.Background(), l.line(nil).device()
		for _, own := range []bool{false, true} {
			reply, err := w.hub.Pull(ctx, dev, wire.PullAsk{Cursors: []wire.Cursor{{Scope: s}}, Own: own})
			w.denied(l, len(reply.Scopes), err)
		}
		ranges, err := w.hub.Ranges(ctx, dev, wire.RangesAsk{Scope: s, Prefixes: [][]byte{{}}})
		w.denied(l, len(ranges.Ranges), err)
		sets, err := w.hub.Fetch(ctx, dev, wire.FetchAsk{Scope: s, Sets: slices.Collect(maps.Keys(w.inSets))})
		w.denied(l, len(sets.Sets), err)
	}
	return asked
}

// denied fails unless the hub refused what a laptop asked for, and gave nothing of it.
func (w *world) denied(l *laptop, got int, err error) {
	w.t.Helper()
	var refusal *hub.Error
	right := errors.As(err, &refusal) && (refusal.Code == wire.CodeNotYours || w.ledgerLost && refusal.Code == wire.CodeNotMember)
	if !right || got > 0 {
		w.t.Errorf("%s asks for a scope beyond its role and gets %d answers, %v", l.name, got, err)
	}
}

// officerReady opens the officer's laptop and exchanges. Officers do nothing while a restored hub lacks what others linked.
func (w *world) officerReady() bool {
	if w.ledgerLost {
		return false
	}
	w.summonOfficer()
	rep, err := w.desk.Sync(context.Background())
	if err != nil || !rep.Synced {
		w.t.Fatalf("the officer's exchange ends with %v", err)
	}
	return true
}

// doPublish publishes another version of the forms. Whoever did not exchange since goes on writing with the old one.
func (w *world) doPublish(*laptop) bool {
	if w.published >= 3 || !w.officerReady() {
		return false
	}
	w.published++
	ok(w.t, w.desk.Publish(context.Background(), w.base.packs[w.published%len(w.base.packs)]))
	return true
}

// doCraft pushes a change-set that a reader's device signed and that does not count (sealed under an epoch that never was)
// or that nobody can open. It keeps its place in the chain, and everything else goes on.
func (w *world) doCraft(l *laptop) bool {
	i := slices.IndexFunc(w.scopes, func(s schema.Scope) bool { return l.p.Reads(s) })
	if i < 0 || w.ledgerLost {
		return false
	}
	scope, counts := w.scopes[i], w.rng.IntN(2) == 0
	set := w.craft(l, scope, counts)
	push := func(out io.Writer) error {
		return wire.WriteSet(out, wire.Opening{Stream: set.Header.Stream(), Seq: 1, Set: set.Hash, Total: uint64(len(set.Raw))}, set.Raw)
	}
	var body bytes.Buffer
	ok(w.t, push(&body))
	reply, err := w.hub.Push(context.Background(), l.line(nil).device(), &body)
	ok(w.t, err)
	want, list := wire.Quarantined, w.aside
	if counts {
		want, list = wire.Accepted, w.unread
	}
	if len(reply.Results) != 1 || reply.Results[0].Status != want {
		w.t.Fatalf("a crafted change-set is %+v, want %v", reply.Results, want)
	}
	w.bag = append(w.bag, parcel{set.Raw, set.Hash, scope})
	list[scope] = append(list[scope], set.Hash)
	return true
}

// craft makes a change-set whose one delta is noise.
func (w *world) craft(l *laptop, scope schema.Scope, counts bool) *changeset.Set {
	w.t.Helper()
	noise := func(n int) []byte {
		b := make([]byte, n)
		_, err := io.ReadFull(l.rand, b)
		ok(w.t, err)
		return b
	}
	epoch, _ := l.p.Log().State().CurrentEpoch(scope)
	h := changeset.Header{Suite: schema.Suite, Org: l.m.keys.Org, Device: l.m.keys.Device, Scope: scope, Seq: 1,
		Ledger: l.p.Log().Head().Hash, Epoch: epoch.Number, Session: schema.Hash(noise(32))}
	copy(h.Incarnation[:], noise(len(h.Incarnation)))
	copy(h.Salt[:], noise(len(h.Salt)))
	if !counts {
		h.Epoch += 7
	}
	d := changeset.Delta{Create: true, Sealed: noise(96)}
	copy(d.Seed[:], noise(len(d.Seed)))
	d.Object = schema.ObjectOf(h.Stream(), d.Seed)
	delta := must[[]byte](w.t)(changeset.EncodeDelta(&d))
	c := changeset.Draft{Header: h, Wrap: noise(envelope.WrapSize), Deltas: [][]byte{delta}}
	return must[*changeset.Set](w.t)(c.Close(l.p.SignKey()))
}
