package hub_test

import (
	"context"
	"crypto/rand"
	"errors"
	"path/filepath"
	"sync/atomic"
	"testing"

	"escale/store/hubsqlite"
	"escale/sync/hub"
	"escale/sync/wire"
)

// cramped is a store on a disk that fills up, whether the disk tells or not.
type cramped struct {
	hub.Store
	full atomic.Bool
	room atomic.Int64
}

func (c *cramped) Update(ctx context.Context, f func(hub.Tx) error) error {
	if c.full.Load() {
		return hub.ErrFull
	}
	return c.Store.Update(ctx, f)
}

func (c *cramped) Room(context.Context) (int64, error) { return c.room.Load(), nil }

// TestAHubThatCannotWriteIsNotReady takes room and permission to write from a hub, one by one, and gives them back.
func TestAHubThatCannotWriteIsNotReady(t *testing.T) {
	o := newOrganisation(t, 3, 1)
	s := o.serve(t)
	store := must[*hubsqlite.Store](t)(hubsqlite.Open(ctx, filepath.Join(t.TempDir(), "cramped.db")))
	t.Cleanup(func() { _ = store.Close() })
	if err := hub.Init(ctx, store, o.log.Org(), rand.Reader); err != nil {
		t.Fatal(err)
	}
	if room, err := store.Room(ctx); err != nil || room <= 0 {
		t.Fatalf("the disk under this test has room for %d bytes: %v", room, err)
	}
	c := &cramped{Store: store}
	c.room.Store(1 << 40)
	h := must[*hub.Hub](t)(hub.Open(ctx, c, hub.Options{Clock: s.clock, Rand: rand.Reader, Key: o.boss.tls}))
	ready := func(want string) {
		t.Helper()
		got := ""
		var refused *hub.Error
		if err := h.Ready(ctx); errors.As(err, &refused) {
			got = refused.Code
		} else if err != nil {
			t.Fatalf("untyped: %v", err)
		}
		if got != want {
			t.Fatalf("ready says %q, want %q", got, want)
		}
	}
	ready(wire.CodeNotReady)
	must[wire.Head](t)(h.Found(ctx, o.boss.tls.Public(), o.genesis))
	ready("")
	c.room.Store(100 << 10)
	ready(wire.CodeFull)
	c.room.Store(1 << 40)
	ready("")
	c.full.Store(true) // a quota: the disk itself has room
	ready("")
	if err := h.PutBlobs(ctx, o.boss.id(), wire.Blobs{Blobs: [][]byte{{1}}}); err == nil {
		t.Fatal("something was stored without room")
	}
	ready(wire.CodeFull)
	c.full.Store(false)
	ready("")
}
