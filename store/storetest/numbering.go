package storetest

import (
	"context"
	"errors"
	"sync"
	"testing"

	"escale/schema"
	"escale/sync/hub"
	"escale/sync/wire"
)

// numbering: many writers at once leave no gap, and a reader who sees a number sees all below it.
func numbering(t *testing.T, b *bench) {
	const writers, each = 8, 25
	var wg sync.WaitGroup
	failed := make(chan error, 2*writers)
	for w := range writers {
		wg.Go(func() {
			for i := 1; i <= each; i++ {
				err := b.store.Update(context.Background(), func(tx hub.Tx) error {
					_, err := addSet(tx, scopeA, byte(w+1), i, []byte{1})
					return err
				})
				if err != nil {
					failed <- err
					return
				}
			}
		})
	}
	for range 20 {
		if err := b.store.View(context.Background(), noGap); err != nil {
			t.Fatal(err)
		}
	}
	wg.Wait()
	close(failed)
	for err := range failed {
		t.Fatal(err)
	}
	b.view(func(tx hub.Tx) error {
		rows, err := tx.Scopes()
		if len(rows) != 1 || rows[0].Number != writers*each {
			t.Errorf("%+v", rows)
		}
		return errors.Join(err, noGap(tx))
	})
}

func noGap(tx hub.Tx) error {
	rows, err := tx.Scopes()
	if err != nil || len(rows) == 0 {
		return err
	}
	next, running := uint64(1), schema.Hash{}
	err = tx.Log(rows[0].ID, 0, func(e hub.LogEntry) (bool, error) {
		running = wire.RunningHash(running, e.Hash)
		if e.Number != next || e.Running != running {
			return false, errors.New("a number is missing")
		}
		next++
		return true, nil
	})
	if err == nil && (next != rows[0].Number+1 || running != rows[0].Running) {
		err = errors.New("the counter does not match the log")
	}
	return err
}
