package profile_test

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"testing"
	"time"

	"escale/clients/profile"
	"escale/crypto/envelope"
	"escale/crypto/ledger"
	"escale/crypto/seal"
	"escale/schema"
	"escale/sync/admit"
	"escale/sync/wire"
)

// TestAwayDuringTwoRotations: a laptop that wrote under the first epoch while there were two more loses nothing, reads on,
// and who never held the first epoch reads what it wrote.
func TestAwayDuringTwoRotations(t *testing.T) {
	t.Parallel()
	o, a, b := calais(t)
	away := o.ask("away", "social_worker", "calais")
	o.approveAll()
	s := a.admin()
	x := a.create(s, opOf("lww", "before"))
	settle(away, a, b)
	o.ahead.Add(int64(time.Minute)) // the hub hears from the others once more, so the order does not go to whoever is away
	settle(a, b)
	y := away.create(s, opOf("lww", "on the beach"))
	away.edit(x, opOf("lww", "edited on the beach"))
	for range 2 {
		if plan := o.rotate(s); plan[0].Executor == away.keys.Device {
			t.Fatal("the order went to the laptop that is away")
		}
		settle(a, b)
		a.edit(x, opOf("keep_both", fmt.Sprint("in town ", o.scopeState(s).Epochs)))
		settle(a, b)
	}
	away.reopen()
	away.edit(y, opOf("lww", "still there"))
	if rep := away.sync(); !rep.Synced || rep.Quarantined != 0 || rep.Pushed == 0 {
		t.Fatalf("%+v", rep)
	}
	settle(a, b, away)
	away.reopen() // what it read while the newest key was still on its way lies on the disk
	for _, l := range []*laptop{a, b, away} {
		l.mustRead(x, "edited on the beach")
		l.mustRead(y, "still there")
	}
	late := o.ask("late", "social_worker", "calais")
	o.approveAll()
	settle(a, b, away, late)
	late.mustRead(y, "still there")
	sc := o.scopeState(s)
	if cur, _ := sc.Current(); cur.Number != 3 || len(cur.Packs) != 2 || len(sc.Unconfirmed()) != 0 {
		t.Fatalf("epoch %d, %d packs, unconfirmed %v", cur.Number, len(cur.Packs), sc.Unconfirmed())
	}
}

// TestWhatComesUnderAClosedEpoch is set aside by everybody, opens nothing for nobody, and counts once officers accept it.
func TestWhatComesUnderAClosedEpoch(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	o, a, b := calais(t)
	away := o.ask("away", "social_worker", "calais")
	o.approveAll()
	s := a.admin()
	x := a.create(s, opOf("lww", "before"))
	settle(away, a, b)
	away.edit(x, opOf("lww", "too late"))
	y := away.create(s, opOf("lww", "a new one, too late"))
	o.rotate(s)
	settle(a, b)
	plan := o.endAll(s, false)
	if len(plan) != 1 || len(plan[0].Silent) != 1 || plan[0].Silent[0] != away.keys.Device {
		t.Fatalf("who is not heard from: %+v", plan)
	}
	settle(a, b)
	a.mustRead(x, "before")
	if rep := away.sync(); rep.Quarantined == 0 || !rep.Synced {
		t.Fatalf("%+v", rep)
	}
	settle(a, b, away)
	for _, l := range []*laptop{a, b, away} {
		l.reopen()
		l.mustRead(x, "before")
		if got := l.p.Quarantined(); len(got) != 1 || got[0].Reason != string(admit.ClosedEpoch) {
			t.Fatalf("%s: %+v", l.name, got)
		}
	}
	q := must[wire.Quarantine](t)(o.hub.Quarantined(ctx, o.keys.Device))
	if len(q.Sets) != 1 || q.Sets[0].Device != away.keys.Device {
		t.Fatalf("%+v", q)
	}
	ok(t, o.desk.Accept(ctx, []schema.Hash{q.Sets[0].Set}))
	settle(a, b, away)
	late := o.ask("late", "social_worker", "calais")
	o.approveAll()
	settle(a, b, away, late)
	if plan := o.endAll(s, true); len(plan) != 1 || plan[0].Refused != "" || plan[0].Aside != 0 || len(plan[0].Silent) != 0 {
		t.Fatalf("%+v", plan)
	}
	settle(a, b, away, late)
	fresh := o.ask("fresh", "social_worker", "calais")
	o.approveAll()
	settle(a, b, away, late, fresh)
	for _, l := range []*laptop{a, b, away, late, fresh} {
		l.reopen()
		l.mustRead(x, "too late")
		l.mustRead(y, "a new one, too late")
	}
}

// TestRotationDiesAtAnyCall cuts the line of the executor, or of who confirms, before or after each of its calls, and goes
// on from what lies on the disk at that moment.
func TestRotationDiesAtAnyCall(t *testing.T) {
	t.Parallel()
	for who := range 2 {
		for k, died := 1, true; died; k += 3 {
			t.Run(fmt.Sprint(who, "/", k), func(t *testing.T) { died = dieInRotation(t, who, k) })
		}
	}
}

func dieInRotation(t *testing.T, who, k int) (died bool) {
	o, a, b := calais(t)
	s := a.admin()
	x := a.create(s, opOf("lww", "before"))
	settle(a, b)
	o.rotate(s)
	o.scopeState(s)
	p, _ := o.scopeState(s).Pending()
	ls := []*laptop{a, b}
	if b.keys.Device == p.Executor {
		ls = []*laptop{b, a}
	}
	for i, l := range ls {
		if i != who {
			l.sync()
			continue
		}
		cut := o.line(l.p)
		at := func(call int, _ string) error {
			if call < k {
				return nil
			}
			died = true
			return errCut // and at each call after it
		}
		if cut.before = at; k%2 == 1 {
			cut.before, cut.after = nil, at
		}
		_, err := l.run(cut)
		if died != (err != nil) {
			t.Fatalf("call %d: %v", k, err)
		}
		ls[i] = l.image(fmt.Sprint("image", k)).wake()
		ok(t, l.p.Close())
	}
	settle(ls...)
	settled(t, o, s, k)
	c := o.ask("third", "social_worker", "calais")
	o.approveAll()
	settle(append(ls, c)...)
	c.mustRead(x, "before")
	return died
}

func settled(t *testing.T, o *org, s schema.Scope, k int) {
	t.Helper()
	sc := o.scopeState(s)
	cur, _ := sc.Current()
	if _, pending := sc.Pending(); pending || cur.Number != 2 || len(cur.Packs) == 0 || len(sc.Unconfirmed()) != 0 {
		t.Fatalf("cut at %d: epoch %d, pending %v, %d packs, unconfirmed %v", k, cur.Number, pending, len(cur.Packs), sc.Unconfirmed())
	}
	linked := 0
	for _, e := range sc.Epochs {
		if e.LinkedAt != 0 {
			linked++
		}
	}
	if linked != 2 {
		t.Fatalf("cut at %d: %d linked epochs", k, linked)
	}
}

// TestTwoExecuteOneOrder: a copied laptop carries out the same order with a key of its own. One wins by the ledger; what
// the other made opens nothing and seals nothing.
func TestTwoExecuteOneOrder(t *testing.T) {
	t.Parallel()
	o, a, b := calais(t)
	s := a.admin()
	x := a.create(s, opOf("lww", "before"))
	settle(a, b)
	o.rotate(s)
	p, _ := o.scopeState(s).Pending()
	first, other := a, b
	if p.Executor == b.keys.Device {
		first, other = b, a
	}
	twin := first.image("twin").wake()
	slow := o.line(first.p)
	slow.before = func(_ int, name string) error {
		if name == "append" {
			slow.before = nil
			twin.sync() // links its own result first
		}
		return nil
	}
	_, err := first.run(slow)
	if err != nil {
		t.Logf("the loser: %v", err) // told that the order was carried out already
	}
	settle(first, twin, other)
	settled(t, o, s, 0)
	for _, l := range []*laptop{first, twin, other} {
		l.reopen()
		l.edit(x, opOf("lww", "by "+l.name))
		settle(l, first, twin, other)
		for _, r := range []*laptop{first, twin, other} {
			r.mustRead(x, "by "+l.name)
			if q := r.p.Quarantined(); len(q) != 0 {
				t.Fatalf("%s: %+v", r.name, q)
			}
		}
	}
}

// TestPackOfGarbage: a reader announces a pack with keys that open nothing. Nobody confirms it, the old epoch cannot be
// destroyed, and the next good pack is confirmed.
func TestPackOfGarbage(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	o, a, b := calais(t)
	s := a.admin()
	a.create(s, opOf("lww", "before"))
	settle(a, b)
	o.rotate(s)
	p, _ := o.scopeState(s).Pending()
	evil, honest := a, b
	if p.Executor == b.keys.Device {
		evil, honest = b, a
	}
	evil.sync()
	cur, _ := o.scopeState(s).Current()
	good := cur.Packs[0]
	name := o.garbage(t, evil, &cur, good.Pack)
	x := profile.Exchange{Profile: evil.p, Blobs: o.line(evil.p)}
	ok(t, x.Link(ctx, ledger.Results{&ledger.KeyPack{Scope: s, Number: 2, Pack: name, Cut: good.Cut}}))
	if _, err := honest.run(o.line(honest.p)); !errors.Is(err, profile.ErrPackWrong) {
		t.Fatalf("garbage: %v", err)
	}
	if sc := o.scopeState(s); len(sc.Unconfirmed()) != 1 {
		t.Fatal("garbage was confirmed")
	}
}

// garbage makes a pack of the same names as a good one, with other keys.
func (o *org) garbage(t *testing.T, by *laptop, cur *ledger.Epoch, like schema.Hash) schema.Hash {
	t.Helper()
	ctx := context.Background()
	get := func(h schema.Hash) []byte {
		return must[wire.Blobs](t)(o.hub.GetBlobs(ctx, by.keys.Device, wire.BlobNames{Names: []schema.Hash{h}})).Blobs[0]
	}
	m := must[*envelope.KeyPack](t)(envelope.ParseKeyPack(get(like)))
	_, sets, err := envelope.ParseSegment(get(m.Segments[0].Blob))
	ok(t, err)
	keys := make([]byte, int(m.Segments[0].Entries)*envelope.SecretSize)
	must[int](t)(rand.Read(keys))
	session, header, err := seal.NewSession(cur.Public, seal.EpochName{Org: m.Org, Scope: m.Scope, Number: m.Epoch}, by.keys.Device)
	ok(t, err)
	seg := must[[]byte](t)(session.SealSegment(rand.Reader, 0, sets, keys))
	bad := *m
	bad.Session, bad.Segments = header, []envelope.SegmentRef{{Blob: envelope.BlobID(seg), Sets: m.Segments[0].Sets, Entries: m.Segments[0].Entries}}
	b := must[[]byte](t)(bad.Encode())
	ok(t, o.hub.PutBlobs(ctx, by.keys.Device, wire.Blobs{Blobs: [][]byte{seg, b}}))
	return envelope.BlobID(b)
}

// TestReadBeforeTheNewKeyIsHere: what was opened with an old key, while the newest was still to be fetched, lies on the disk.
func TestReadBeforeTheNewKeyIsHere(t *testing.T) {
	t.Parallel()
	o, a, b := calais(t)
	away := o.ask("away", "social_worker", "calais")
	o.approveAll()
	s := a.admin()
	settle(away, a, b)
	x := a.create(s, opOf("lww", "under the old key"))
	settle(a, b)
	o.rotate(s)
	settle(a, b)
	away.sync()
	away.reopen()
	away.mustRead(x, "under the old key")
}
