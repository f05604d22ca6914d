package profile_test

import (
	"context"
	"errors"
	"testing"

	"escale/schema"
	"escale/sync/changeset"
	"escale/sync/replica"
	"escale/sync/wire"
)

// closedSet creates a record in a scope and returns the change-set in which it travels.
func (l *laptop) closedSet(scope schema.Scope) wire.Item {
	l.o.t.Helper()
	ctx := context.Background()
	l.create(scope, opOf("kept", "v"))
	ok(l.o.t, l.p.CloseOpenSets(ctx))
	waits, err := l.p.Unsent(ctx)
	ok(l.o.t, err)
	last := waits[len(waits)-1].Set
	return wire.Item{Set: last, Raw: must[[]byte](l.o.t)(l.p.SetBytes(ctx, last))}
}

// TestAPageHoldsWhatItSays: a change-set under another's name, or in another scope's log, stops the page, and the cursor
// does not move past it.
func TestAPageHoldsWhatItSays(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	_, a, b := calais(t)
	one, two := a.closedSet(a.admin()), a.closedSet(a.admin())
	social := b.scope("calais", "case", "social")
	before := b.cursor(b.admin())
	for what, page := range map[string]wire.ScopePage{
		"another's name":      {Scope: b.admin(), Items: []wire.Item{{Set: two.Set, Raw: one.Raw}}},
		"another scope's log": {Scope: social, Items: []wire.Item{one}},
	} {
		if err := b.p.Receive(ctx, page); !errors.Is(err, changeset.ErrParts) {
			t.Errorf("%s: %v", what, err)
		}
	}
	if err := b.p.Receive(ctx, wire.ScopePage{Scope: b.admin(), Items: []wire.Item{two}}); err == nil {
		t.Error("a change-set whose predecessor is missing was taken")
	}
	if after := b.cursor(b.admin()); after != before {
		t.Errorf("the cursor moved from %d to %d", before.Number, after.Number)
	}
	// What comes before the one that stops the page is kept, and the cursor stands behind it.
	if err := b.p.Receive(ctx, wire.ScopePage{Scope: b.admin(), Items: []wire.Item{one, {Set: schema.Hash{9}, Raw: two.Raw}}}); err == nil {
		t.Error("another's name was taken")
	}
	if after := b.cursor(b.admin()); after.Number != before.Number+1 {
		t.Errorf("the cursor moved from %d to %d", before.Number, after.Number)
	}
	ok(t, b.p.Receive(ctx, wire.ScopePage{Scope: b.admin(), Items: []wire.Item{two}}))
	if after := b.cursor(b.admin()); after.Number != before.Number+2 {
		t.Errorf("the cursor moved from %d to %d", before.Number, after.Number)
	}
}

// TestOwnWorkThatIsNotHereIsMissed: the hub answers with the hash alone of what this device wrote. Where that is not here,
// the laptop was restored or copied, and must not go on under its old numbers.
func TestOwnWorkThatIsNotHereIsMissed(t *testing.T) {
	t.Parallel()
	_, a, _ := calais(t)
	page := wire.ScopePage{Scope: a.admin(), Items: []wire.Item{{Set: schema.Hash{1}, Raw: []byte{}}}}
	if err := a.p.Receive(context.Background(), page); !errors.Is(err, replica.ErrRestored) {
		t.Errorf("%v", err)
	}
}

// TestDifferentSavesOfTwoCopiesAreBothKept: they stand at the same place of the same stream, on two branches.
func TestDifferentSavesOfTwoCopiesAreBothKept(t *testing.T) {
	t.Parallel()
	_, a, b := calais(t)
	x := a.create(a.admin(), opOf("count", int64(1)))
	a.sync()
	c := a.image("copy").wake()
	a.edit(x, opOf("count", int64(100)))
	c.edit(x, opOf("count", int64(1000)))
	for range 3 {
		for _, l := range []*laptop{a, c, b} {
			l.sync()
		}
	}
	for _, l := range []*laptop{a, b, c} {
		if got := l.state(x).Fields["count"].Value; got != int64(1101) {
			t.Errorf("%s counts %v", l.name, got)
		}
	}
}
