package hub_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"path/filepath"
	"runtime"
	"sync"
	"testing"

	"escale/schema"
	"escale/store/hubsqlite"
	"escale/sync/changeset"
	"escale/sync/hub"
	"escale/sync/wire"
)

// gated is a store whose next update waits until it is let through, and that fails to keep one change-set.
type gated struct {
	hub.Store
	entered, through chan struct{}
	poison           schema.Hash
	panics           bool

	mu      sync.Mutex
	updates int
}

var errPoison = errors.New("invented failure of the disk")

func (g *gated) Update(ctx context.Context, f func(hub.Tx) error) error {
	g.mu.Lock()
	g.updates++
	entered, through := g.entered, g.through
	g.entered = nil
	g.mu.Unlock()
	if entered != nil {
		close(entered)
		<-through
	}
	return g.Store.Update(ctx, func(tx hub.Tx) error { return f(&poisoned{tx, g}) })
}

type poisoned struct {
	hub.Tx
	g *gated
}

func (p *poisoned) AddSet(row hub.SetRow, raw []byte) (int64, error) {
	switch {
	case row.Hash != p.g.poison:
		return p.Tx.AddSet(row, raw)
	case p.g.panics:
		panic("invented")
	}
	return 0, errPoison
}

// crowded opens a hub on a gated store, lets one push into the writer, and queues others behind it before it goes on.
func crowded(t *testing.T, g *gated, o *organisation, first *changeset.Set, rest ...*changeset.Set) (errs []error, replies []wire.PushReply) {
	t.Helper()
	s := o.serve(t)
	store := must[*hubsqlite.Store](t)(hubsqlite.Open(ctx, filepath.Join(t.TempDir(), "gated.db")))
	t.Cleanup(func() {
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	})
	if err := hub.Init(ctx, store, o.log.Org(), rand.Reader); err != nil {
		t.Fatal(err)
	}
	g.Store = store
	s.Hub = must[*hub.Hub](t)(hub.Open(ctx, g, hub.Options{Clock: s.clock, Rand: rand.Reader, Key: o.boss.tls}))
	must[wire.Head](t)(s.Found(ctx, o.boss.tls.Public(), o.genesis))
	s.catchUp()
	errs, replies = make([]error, len(rest)), make([]wire.PushReply, len(rest))
	g.entered, g.through, g.updates = make(chan struct{}), make(chan struct{}), 0
	entered := g.entered
	var all sync.WaitGroup
	all.Go(func() { s.pushBody(frames(t, first)) })
	<-entered
	for i, set := range rest {
		body := frames(t, set)
		all.Go(func() {
			defer func() {
				if v := recover(); v != nil {
					errs[i] = errors.New("panicked")
				}
			}()
			replies[i], errs[i] = s.Push(ctx, o.boss.id(), bytes.NewReader(body))
		})
	}
	for s.QueuedForTest() < len(rest) {
		runtime.Gosched()
	}
	close(g.through)
	all.Wait()
	updates := g.updates
	s.sound() // writes, too
	g.updates = updates
	return errs, replies
}

func crowd(t *testing.T) (o *organisation, first *changeset.Set, rest []*changeset.Set) {
	o = newOrganisation(t, 5, 1)
	for i := range 4 {
		rest = append(rest, o.writer(o.people[i], o.scopes[0]).next(nil, create(uint64(i))))
	}
	return o, rest[0], rest[1:]
}

func TestPushesThatWaitTogetherBecomeDurableTogether(t *testing.T) {
	o, first, rest := crowd(t)
	g := &gated{}
	errs, replies := crowded(t, g, o, first, rest...)
	for i := range rest {
		if errs[i] != nil || replies[i].Results[0].Status != wire.Accepted {
			t.Errorf("%d: %+v %v", i, replies[i], errs[i])
		}
	}
	if g.updates != 2 {
		t.Errorf("%d transactions, want one for the first and one for the others", g.updates)
	}
}

func TestOnePushThatTheStoreRefusesFailsNoOther(t *testing.T) {
	o, first, rest := crowd(t)
	errs, replies := crowded(t, &gated{poison: rest[1].Hash}, o, first, rest...)
	for i := range rest {
		switch failed := i == 1; {
		case failed && (errs[i] == nil || len(replies[i].Results) > 0):
			t.Errorf("what was not kept is answered for: %+v %v", replies[i], errs[i])
		case !failed && (errs[i] != nil || replies[i].Results[0].Status != wire.Accepted):
			t.Errorf("%d: %+v %v", i, replies[i], errs[i])
		}
	}
}

func TestPanicInACommitLeavesNobodyWaiting(t *testing.T) {
	o, first, rest := crowd(t)
	errs, replies := crowded(t, &gated{poison: rest[1].Hash, panics: true}, o, first, rest...)
	for i := range rest {
		if errs[i] == nil && replies[i].Results[0].Status != wire.Accepted {
			t.Errorf("%d: %+v", i, replies[i])
		}
	}
	if errs[1] == nil {
		t.Error("what was not kept is answered for")
	}
}

// TestAPushAloneThatCannotBeCommittedIsNotAcknowledged: nobody else shares its commit, so nothing is tried a second time.
func TestAPushAloneThatCannotBeCommittedIsNotAcknowledged(t *testing.T) {
	o, first, rest := crowd(t)
	errs, replies := crowded(t, &gated{poison: rest[0].Hash}, o, first, rest[0])
	if errs[0] == nil || len(replies[0].Results) > 0 {
		t.Errorf("what was not kept is answered for: %+v %v", replies[0], errs[0])
	}
}
