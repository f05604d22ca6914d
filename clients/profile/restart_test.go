package profile_test

import (
	"context"
	"crypto/rand"
	"path/filepath"
	"testing"
	"time"

	"escale/clients/profile"
	"escale/schema"
	"escale/store/agentdb"
	"escale/sync/merge"
	"escale/sync/wire"
)

func (l *laptop) cursor(scope schema.Scope) wire.ScopeState {
	l.o.t.Helper()
	scopes, _, err := l.p.Local(context.Background())
	ok(l.o.t, err)
	for _, s := range scopes {
		if s.Scope == scope {
			return s
		}
	}
	l.o.t.Fatalf("%s does not read %v", l.name, scope)
	return wire.ScopeState{}
}

// TestARestartGoesOnWhereTheLastPageEnded: cursor and rows are one transaction, so neither is ahead of the other.
func TestARestartGoesOnWhereTheLastPageEnded(t *testing.T) {
	t.Parallel()
	_, a, b := calais(t)
	for range 3 {
		a.create(a.admin(), opOf("kept", "v"))
		a.sync()
		b.sync()
	}
	before := b.cursor(b.admin())
	if before.Number == 0 {
		t.Fatal("nothing was read")
	}
	b.reopen()
	if after := b.cursor(b.admin()); after != before {
		t.Errorf("read up to %d, after the restart up to %d", before.Number, after.Number)
	}
	if rep := b.sync(); rep.Pulled != 0 || rep.RoundTrips != 1 {
		t.Errorf("read again: %+v", rep)
	}
}

// TestTimeGoesOnOverARestart: the battery is empty, the clock starts in 2000, and what is written then is still newer.
func TestTimeGoesOnOverARestart(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	_, a, _ := calais(t)
	save := func() uint64 {
		seed, _, err := a.p.NewObject(a.admin())
		ok(t, err)
		at, err := a.p.Save(ctx, []profile.Edit{{Scope: a.admin(), Seed: &seed, Payload: merge.Payload{Form: "note", Ops: []merge.Op{opOf("kept", "v")}}}})
		ok(t, err)
		return uint64(at)
	}
	before := save()
	ok(t, a.p.Close())
	db := must[*agentdb.DB](t)(agentdb.Open(ctx, filepath.Join(a.dir(), "store")))
	old := func() time.Time { return time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC) }
	a.p = must[*profile.Profile](t)(profile.Open(ctx, db, a.keys, profile.Options{Clock: old, Rand: rand.Reader}))
	if after := save(); after <= before {
		t.Errorf("a save at %d comes before the one at %d", after, before)
	}
	ok(t, a.p.Close())
}

// TestWhatCameByHandIsStillBroughtToTheHub: nobody may wipe the laptop that carried it before the hub has it.
func TestWhatCameByHandIsStillBroughtToTheHub(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	_, a, b := calais(t)
	a.create(a.admin(), opOf("kept", "v"))
	ok(t, a.p.CloseOpenSets(ctx))
	waits, err := a.p.Unsent(ctx)
	if err != nil || len(waits) != 1 {
		t.Fatalf("%v %v", waits, err)
	}
	ok(t, b.p.ReceiveSet(ctx, must[[]byte](t)(a.p.SetBytes(ctx, waits[0].Set))))
	carried, err := b.p.Unsent(ctx)
	if err != nil || len(carried) != 1 || carried[0].Set != waits[0].Set {
		t.Errorf("the carrier offers %v (%v)", carried, err)
	}
	if sum := must[profile.Summary](t)(b.p.Summary(ctx)); sum.Unsent != 1 {
		t.Errorf("the carrier says that %d wait", sum.Unsent)
	}
	if rep := b.sync(); rep.Pushed != 1 {
		t.Errorf("%+v", rep)
	}
}
