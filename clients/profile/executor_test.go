package profile_test

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"testing"

	"escale/clients/profile"
	"escale/crypto/ledger"
	"escale/sync/replica"
	"escale/sync/wire"
)

// TestExecutorDiesAtAnyCall cuts the line of whoever makes the first epochs at each of its calls.
func TestExecutorDiesAtAnyCall(t *testing.T) {
	t.Parallel()
	for k := 1; k < 40; k += 3 {
		o := newOrg(t, "calais")
		a, b := o.ask("one", "social_worker", "calais"), o.ask("two", "social_worker", "calais")
		o.approveAll()
		finished := false
		for _, l := range []*laptop{a, b} {
			cut := o.line(l.p)
			at := func(call int, _ string) error {
				if call == k {
					return errCut
				}
				return nil
			}
			if cut.before = at; k%2 == 0 {
				cut.before, cut.after = nil, at
			}
			_, err := l.run(cut)
			finished = err == nil
			l.reopen()
		}
		for range 3 {
			a.sync()
			b.sync()
		}
		x := a.create(a.admin(), opOf("lww", "read by both"))
		a.sync()
		b.sync()
		if got := b.state(x).Fields["lww"].Value; got != "read by both" {
			t.Fatalf("cut at %d: reads %v", k, got)
		}
		ok(t, a.p.Close())
		ok(t, b.p.Close())
		if finished {
			break
		}
	}
}

// TestExecutorLosesTheRace lets the ledger move on while a result is on its way.
func TestExecutorLosesTheRace(t *testing.T) {
	t.Parallel()
	o, a, b := calais(t)
	c := o.ask("third", "social_worker", "calais")
	o.approveAll()
	raced := false
	for _, l := range []*laptop{a, b, c} {
		slow := o.line(l.p)
		slow.before = func(_ int, name string) error {
			if name == "append" && !raced {
				raced = true
				o.ask("fourth", "volunteer", "calais")
				o.approveAll()
			}
			return nil
		}
		rep, err := l.run(slow)
		if err != nil || !rep.Synced {
			t.Fatalf("%s: %v %+v", l.name, err, rep)
		}
	}
	if !raced {
		t.Fatal("nobody carried out an order")
	}
	for range 2 {
		a.sync()
		b.sync()
		c.sync()
	}
	x := a.create(a.admin(), opOf("lww", "read by all"))
	a.sync()
	c.sync()
	c.part(x)
}

// TestOneLostWrapKeepsNoOtherKey: a hub that lost one wrap still serves the others.
func TestOneLostWrapKeepsNoOtherKey(t *testing.T) {
	t.Parallel()
	o, a, b := calais(t)
	late := o.ask("late", "social_worker", "calais")
	o.approveAll()
	a.sync()
	b.sync()
	var lost []byte
	poor := o.line(late.p)
	poor.replies = func(r any) {
		got, is := r.(*wire.Blobs)
		if is && lost == nil && len(got.Blobs) > 3 {
			lost = got.Blobs[1]
		}
		for i := 0; is && i < len(got.Blobs); i++ {
			if bytes.Equal(got.Blobs[i], lost) {
				got.Blobs[i] = []byte{}
			}
		}
	}
	rep, err := late.run(poor)
	if !errors.Is(err, profile.ErrBlob) || rep.Synced || lost == nil {
		t.Fatalf("%v %+v", err, rep)
	}
	read := 0
	for _, s := range late.p.Log().State().Scopes() {
		if late.p.Reads(s.ID) {
			read++
		}
	}
	if read < 3 {
		t.Errorf("%d scopes are readable", read)
	}
	late.sync()
}

// link puts an order of the boss into the ledger.
func (o *org) link(bodies ...ledger.Body) {
	o.t.Helper()
	must[replica.Report](o.t)(o.desk.Sync(context.Background()))
	ok(o.t, profile.Exchange{Profile: o.boss, Blobs: o.line(o.boss)}.Link(context.Background(), o.order(o.boss, bodies...)))
}

// TestAnotherMadeTheEpoch: a key that was made for an order that officers gave to somebody else opens and seals nothing.
func TestAnotherMadeTheEpoch(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	o := newOrg(t, "calais")
	a, b := o.ask("one", "social_worker", "calais"), o.ask("two", "social_worker", "calais")
	o.approveAll()
	var scope ledger.Scope
	for _, s := range o.boss.Log().State().Scopes() {
		if e, pending := s.Pending(); pending && slices.Contains(e.Grantees, a.keys.Device) && slices.Contains(e.Grantees, b.keys.Device) {
			scope = *s
		}
	}
	first, _ := scope.Pending()
	dying, other := a, b
	if first.Executor == b.keys.Device {
		dying, other = b, a
	}
	cut := o.line(dying.p)
	cut.before = func(_ int, name string) error {
		if name == "append" {
			return errCut
		}
		return nil
	}
	if _, err := dying.run(cut); !errors.Is(err, errCut) {
		t.Fatalf("%v", err)
	}
	o.link(&ledger.OpenEpoch{Scope: scope.ID, Number: 1, Grantees: first.Grantees, Executor: other.keys.Device, Voids: &first.Order})
	for range 2 {
		if rep, err := other.run(o.line(other.p)); err != nil {
			t.Fatalf("%v %+v", err, rep)
		}
	}
	if !other.p.Reads(scope.ID) {
		t.Fatal("the order was not carried out")
	}
	page := must[wire.LedgerPage](t)(o.hub.Ledger(ctx, wire.LedgerRead{From: dying.p.LedgerHead().Height + 1}))
	ok(t, dying.p.Follow(ctx, page.Entries))
	if dying.p.Reads(scope.ID) {
		t.Error("takes its own key for that of the ledger")
	}
	dying.sync()
	other.sync()
	x := dying.create(scope.ID, opOf("lww", "sealed to the right key"))
	dying.sync()
	other.sync()
	other.part(x)
}

// TestRevokedGranteeStopsNoOtherOrder: an order that cannot be carried out any more waits for officers; others are.
func TestRevokedGranteeStopsNoOtherOrder(t *testing.T) {
	t.Parallel()
	o, a, b := calais(t)
	gone := o.ask("gone", "social_worker", "calais")
	o.approveAll()
	o.link(&ledger.Revoke{Device: gone.keys.Device, Heads: []ledger.StreamHead{}})
	late := o.ask("late", "social_worker", "calais")
	o.approveAll()
	x := a.create(a.admin(), opOf("lww", "goes on"))
	a.sync()
	b.sync()
	a.sync()
	late.sync()
	late.part(x)
}
