package hub

import (
	"context"
	"errors"
	"fmt"

	"escale/crypto/ledger"
	"escale/schema"
	"escale/sync/changeset"
)

// thinned returns a change-set without the deltas of erased objects, each of which leaves its hash, and the names of the
// attachment chunks that go with them. It is the same change-set where nothing of it was erased.
func thinned(state *ledger.State, set *changeset.Set) (*changeset.Set, []schema.Hash, error) {
	gone := func(o schema.Object) bool { _, ok := state.Erased(o); return ok }
	var chunks []schema.Hash
	touched := false
	for i := range set.Deltas {
		if d := &set.Deltas[i]; !d.Erased && gone(d.Object) {
			touched, chunks = true, append(chunks, d.Chunks...)
		}
	}
	if !touched {
		return set, nil, nil
	}
	raw, err := set.Erase(gone)
	if err != nil {
		return nil, nil, err
	}
	if set, err = changeset.Parse(raw); err != nil {
		return nil, nil, fmt.Errorf("an erased change-set: %w", err)
	}
	lighten(set)
	return set, chunks, nil
}

// erase drops what is stored of objects that the entries erase, scope by scope, and half-received change-sets, which may
// hold more of it. What comes later is thinned before it is stored. Reports whether anything was ordered.
func (h *Hub) erase(ctx context.Context, state *ledger.State, entries [][]byte) (ordered bool, err error) {
	for _, e := range entries {
		err := eachBody(e, func(b ledger.Body) error { ordered = ordered || b.Kind() == ledger.KindErase; return nil })
		if err != nil {
			return false, err
		}
	}
	if !ordered {
		return false, nil
	}
	var names map[int64]schema.Scope
	if err := h.store.View(ctx, func(tx Tx) error { names, err = scopeNames(tx); return err }); err != nil {
		return true, err
	}
	for _, s := range names {
		if err := h.store.Update(ctx, func(tx Tx) error { return h.eraseIn(tx, state, s) }); err != nil {
			return true, fmt.Errorf("erase: %w", err)
		}
	}
	err = h.store.Update(ctx, func(tx Tx) error {
		for _, d := range state.Devices() {
			if err := tx.PrunePartials(d.ID, 0); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return true, err
	}
	return true, h.store.Scrub(ctx)
}

// eraseIn thins the change-sets of one scope, and weighs the scope again if there were any.
func (h *Hub) eraseIn(tx Tx, state *ledger.State, scope schema.Scope) error {
	row, err := tx.LockScope(scope)
	if err != nil {
		return err
	}
	changed := false
	err = tx.Log(row.ID, 0, func(e LogEntry) (bool, error) {
		did, err := eraseSet(tx, state, e.ID)
		changed = changed || did
		return true, err
	})
	if err != nil || !changed {
		return err
	}
	return reweigh(tx, row, h.opts.Clock().UnixMilli())
}

func eraseSet(tx Tx, state *ledger.State, id int64) (bool, error) {
	raw, err := tx.Raw(id)
	if errors.Is(err, ErrLost) {
		return false, nil // it is thinned when it comes back
	}
	if err != nil {
		return false, err
	}
	set, err := changeset.Parse(raw)
	if err != nil {
		return false, fmt.Errorf("stored change-set: %w", err)
	}
	thin, chunks, err := thinned(state, set)
	if err != nil || thin == set {
		return false, err
	}
	for _, c := range chunks {
		if err := tx.DropBlob(c); err != nil {
			return false, err
		}
	}
	return true, tx.ThinSet(id, thin.Raw)
}

// thin takes out of a change-set that is to be stored what officers erased: nobody brings it back.
func (t *taker) thin(c *candidate) error {
	set, chunks, err := thinned(t.state, c.set)
	if err != nil {
		return err
	}
	for _, name := range chunks {
		if err := t.tx.DropBlob(name); err != nil {
			return err
		}
	}
	c.set = set
	return nil
}
