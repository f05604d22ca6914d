package agentdb_test

import (
	"context"
	"errors"
	"path/filepath"
	"testing"

	"escale/schema"
	"escale/store/agentdb"
	"escale/sync/causal"
)

// TestTheQueueEmptiesAsWorkIsAcknowledged counts saves once however many change-sets hold their pieces.
func TestTheQueueEmptiesAsWorkIsAcknowledged(t *testing.T) {
	ctx := context.Background()
	db, err := agentdb.Open(ctx, filepath.Join(t.TempDir(), "db"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	}()
	check := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	check(db.Update(ctx, func(tx *agentdb.Tx) error {
		stream, err := tx.AddStream(agentdb.Stream{Name: schema.Stream{1}, Own: true})
		check(err)
		for i := range 2 {
			id, err := tx.AddSet(agentdb.Set{Stream: stream, Seq: uint64(i + 1), Hash: schema.Hash{byte(i + 1)}, State: agentdb.Ready}, []byte("sealed"))
			check(err)
			check(tx.PutOutgoing(agentdb.Outgoing{Set: id, Save: 1, At: 600_000 * int64(2-i), Urgent: i}))
		}
		return nil
	}))
	count := func(want agentdb.Queue) {
		t.Helper()
		check(db.Update(ctx, func(tx *agentdb.Tx) error {
			q, err := tx.Queue()
			if q != want {
				t.Errorf("queue %+v, want %+v", q, want)
			}
			return err
		}))
	}
	agreed := func(set causal.Set, at int64) {
		t.Helper()
		check(db.Update(ctx, func(tx *agentdb.Tx) error {
			got, err := tx.Arrival(set)
			if got != at {
				t.Errorf("change-set %d was there at %d, want %d", set, got, at)
			}
			return err
		}))
	}
	count(agentdb.Queue{Saves: 1, Sets: 2, Bytes: 12, Oldest: 600_000})
	check(db.Update(ctx, func(tx *agentdb.Tx) error { return errors.Join(tx.MarkAtHub(1), tx.PutArrival(5000)) }))
	count(agentdb.Queue{Saves: 1, Sets: 1, Bytes: 6, Oldest: 600_000})
	agreed(1, 5000)
	agreed(2, 0)
	check(db.Update(ctx, func(tx *agentdb.Tx) error { return errors.Join(tx.MarkAtHub(2), tx.PutArrival(9000)) }))
	count(agentdb.Queue{})
	agreed(1, 5000)
	agreed(2, 9000)
}
