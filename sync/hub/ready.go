package hub

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
)

// leastRoom is the room that a hub which calls itself ready must have: a few pushes, once in the journal and once in the file.
const leastRoom = 16 * maxBatchBytes

// watched is a store that remembers whether its last writing failed for want of room or of permission. Free space alone does
// not tell: a quota, a bound on the file, a disk that went read-only do not show in it.
type watched struct {
	Store
	failed atomic.Bool
}

// Update runs f in one transaction and notes how that ended.
func (w *watched) Update(ctx context.Context, f func(Tx) error) error {
	err := w.Store.Update(ctx, f)
	switch {
	case err == nil:
		w.failed.Store(false)
	case errors.Is(err, ErrFull), errors.Is(err, ErrReadOnly):
		w.failed.Store(true)
	}
	return err
}

// probe writes what is there already, durably, so that a store that can write again is noticed before somebody pushes.
func (w *watched) probe(ctx context.Context) error {
	return w.Update(ctx, func(tx Tx) error {
		id, exists, err := tx.Identity()
		if err != nil || !exists {
			return err
		}
		return tx.PutIdentity(id)
	})
}

// Ready reports whether the hub can take pushes: it has its genesis, its store answers, there is room, and if the last writing
// failed a new one does not.
func (h *Hub) Ready(ctx context.Context) error {
	if _, err := h.state(); err != nil {
		return err
	}
	if err := h.store.View(ctx, func(tx Tx) error { _, _, err := tx.Identity(); return err }); err != nil {
		return refusal(err)
	}
	room, err := h.store.Room(ctx)
	if err == nil && room < leastRoom {
		err = fmt.Errorf("%w: %d bytes left", ErrFull, room)
	}
	if err == nil && h.store.failed.Load() {
		err = h.store.probe(ctx)
	}
	return refusal(err)
}
