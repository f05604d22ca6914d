package hub

import (
	"context"
	"fmt"

	"escale/crypto/ledger"
	"escale/schema"
)

// destroy drops what lies beside the ledger for the epochs that the entries destroy: wraps, lists of wraps, and key packs
// that those epochs open. What was dropped is not taken again from anybody.
func (h *Hub) destroy(ctx context.Context, state *ledger.State, entries [][]byte) error {
	var gone []*ledger.DestroyEpoch
	for _, e := range entries {
		err := eachBody(e, func(b ledger.Body) error {
			if d, ok := b.(*ledger.DestroyEpoch); ok {
				gone = append(gone, d)
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	if len(gone) == 0 {
		return nil
	}
	err := h.store.Update(ctx, func(tx Tx) error {
		for _, d := range gone {
			if err := forgetEpoch(tx, state, d.Scope, d.Number); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("forget a destroyed epoch: %w", err)
	}
	return h.store.Scrub(ctx)
}

func forgetEpoch(tx Tx, state *ledger.State, scope schema.Scope, number uint32) error {
	sc, ok := state.Scope(scope)
	if !ok {
		return nil
	}
	e, ok := sc.Epoch(number)
	if !ok || e.DestroyedAt == 0 {
		return nil
	}
	for _, list := range e.Wraps {
		if err := dropWraps(tx, list); err != nil {
			return err
		}
	}
	for _, p := range e.Packs {
		if err := dropPack(tx, p.Pack); err != nil {
			return err
		}
	}
	return nil
}

// dropWraps drops a list last: where it breaks off, the next attempt still knows what it names. A blob under that name
// that is no list names nothing.
func dropWraps(tx Tx, list schema.Hash) error {
	b, found, err := tx.Blob(list)
	if err != nil {
		return err
	}
	if w, err := ledger.DecodeWrapList(b); found && err == nil {
		for _, e := range w.Entries {
			if err := tx.DropBlob(e.Wrap); err != nil {
				return err
			}
		}
	}
	return tx.DropBlob(list)
}

func dropPack(tx Tx, name schema.Hash) error {
	manifest, err := keyPack(tx, name)
	if err == nil && manifest != nil {
		for i := range manifest.Segments {
			if err := tx.DropBlob(manifest.Segments[i].Blob); err != nil {
				return err
			}
		}
	}
	return tx.DropBlob(name)
}
