package profile_test

import (
	"context"
	"testing"

	"escale/crypto/ledger"
	"escale/schema"
	"escale/sync/changeset"
	"escale/sync/merge"
)

// made adds the creation of an object to what a forger writes.
func (f *forger) made(t *testing.T, n byte) schema.Object {
	t.Helper()
	seed := schema.ObjectSeed{n}
	x := schema.ObjectOf(f.header.Stream(), seed)
	f.add(t, changeset.Delta{Create: true, Seed: seed, Sealed: f.seal(t, x, packed(t, merge.Payload{Form: "note", Ops: []merge.Op{opOf("lww", "v")}}))})
	return x
}

// TestWhatDoesNotCountIsNotShown: officers revoke a stolen laptop without naming a head; what it wrote counted, and is not
// shown any more, here as at the hub.
func TestWhatDoesNotCountIsNotShown(t *testing.T) {
	t.Parallel()
	o, a, b := calais(t)
	x := a.create(a.admin(), opOf("lww", "by a"))
	a.sync()
	b.sync()
	b.edit(x, opOf("lww", "by the thief"))
	b.sync()
	a.sync()
	if got := a.state(x).Fields["lww"].Value; got != "by the thief" {
		t.Fatalf("reads %v before the revocation", got)
	}
	o.link(&ledger.Revoke{Device: b.keys.Device, Heads: []ledger.StreamHead{}})
	a.sync()
	for _, when := range []string{"then", "after a restart"} {
		if got := a.state(x).Fields["lww"].Value; got != "by a" {
			t.Errorf("%s: reads %v", when, got)
		}
		a.reopen()
	}
}

// TestNothingIsSeenThatWaitsToBeOpened: between two change-sets that are shown lies one that cannot be read. Who edits then
// has seen what lies before it, and nothing after.
func TestNothingIsSeenThatWaitsToBeOpened(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	_, a, b := calais(t)
	f := forge(t, b, a.admin())
	x := f.made(t, 1)
	one := f.push(t)
	f.after(t, one)
	f.made(t, 2)
	f.draft.Wrap[0] ^= 1
	f.after(t, f.push(t))
	f.made(t, 3)
	f.push(t)
	a.sync()
	a.edit(x, opOf("lww", "answer"))
	ok(t, a.p.CloseOpenSets(ctx))
	waits, err := a.p.Unsent(ctx)
	if err != nil || len(waits) != 1 {
		t.Fatalf("%v %v", waits, err)
	}
	set := must[*changeset.Set](t)(changeset.Parse(must[[]byte](t)(a.p.SetBytes(ctx, waits[0].Set))))
	if heads := set.Header.Heads; len(heads) != 1 || heads[0].Set != one.Hash {
		t.Errorf("cites %+v, has seen %v", heads, one.Hash)
	}
}

// TestAChainWithoutGapsIsAskedFor: a device signs a number that is not the next one. However it came here, it gets no place.
func TestAChainWithoutGapsIsAskedFor(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	_, a, b := calais(t)
	f := forge(t, b, a.admin())
	f.made(t, 1)
	one := f.closed(t)
	ok(t, a.p.ReceiveSet(ctx, one.Raw))
	f.after(t, one)
	f.header.Seq++
	f.open(t)
	f.made(t, 2)
	if err := a.p.ReceiveSet(ctx, f.closed(t).Raw); err == nil {
		t.Error("number 3 was taken after number 1")
	}
	f.after(t, one)
	f.made(t, 2)
	ok(t, a.p.ReceiveSet(ctx, f.closed(t).Raw))
}

// TestEveryLateHeadProvesWhatWasSeen: an edit arrives before the two that it has seen.
func TestEveryLateHeadProvesWhatWasSeen(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	_, a, b := calais(t)
	x := a.create(a.admin(), opOf("lww", "v"))
	a.sync()
	b.sync()
	edited := func(value string, seen ...*changeset.Set) *changeset.Set {
		f := forge(t, b, a.admin())
		d := changeset.Delta{Object: x, Tags: anyTag, Sealed: f.seal(t, x, packed(t, merge.Payload{Ops: []merge.Op{opOf("kept", value)}}))}
		for i, s := range seen {
			f.header.Heads = append(f.header.Heads, changeset.Head{Stream: s.Header.Stream(), Seq: s.Header.Seq, Set: s.Hash})
			d.Heads = append(d.Heads, uint32(i))
		}
		f.add(t, d)
		return f.closed(t)
	}
	one, two := edited("one"), edited("two")
	for _, set := range []*changeset.Set{edited("both", one, two), one, two} {
		ok(t, a.p.ReceiveSet(ctx, set.Raw))
	}
	if s := a.state(x).Fields["kept"]; len(s.Siblings) != 1 || s.Value != "both" {
		t.Errorf("%v of %d siblings", s.Value, len(s.Siblings))
	}
}

// TestWhoSawOneTwinSawBoth: a copy is made while a change-set is open, so both copies sign the same save. An answer to it is
// an answer, whichever of the two a laptop keeps.
func TestWhoSawOneTwinSawBoth(t *testing.T) {
	t.Parallel()
	_, a, b := calais(t)
	x := a.create(a.admin(), opOf("lww", "v"))
	a.sync()
	a.edit(x, opOf("kept", "question"))
	c := a.image("copy").wake()
	a.edit(x, opOf("count", int64(100)))
	c.edit(x, opOf("kept", "answer"))
	for range 3 {
		for _, l := range []*laptop{a, c, b} {
			l.sync()
		}
	}
	for _, l := range []*laptop{a, b, c} {
		if s := l.state(x).Fields["kept"]; len(s.Siblings) != 1 || s.Value != "answer" {
			t.Errorf("%s: %v of %d siblings", l.name, s.Value, len(s.Siblings))
		}
	}
}
