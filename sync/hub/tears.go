package hub

import (
	"context"
	"sync"

	"escale/schema"
	"escale/sync/wire"
)

// tears remembers the scopes in whose logs change-sets are missing: a disk or somebody took rows away. Of such a scope the
// hub says no digest that anybody could have, so that every device that holds what is missing offers it again.
type tears struct {
	mu     sync.Mutex
	scopes map[schema.Scope]bool
}

func (t *tears) has(s schema.Scope) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.scopes[s]
}

func (t *tears) count() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.scopes)
}

func (t *tears) replace(all []schema.Scope) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.scopes = map[schema.Scope]bool{}
	for _, s := range all {
		t.scopes[s] = true
	}
}

// noteTears compares counters with rows.
func (h *Hub) noteTears(ctx context.Context) error {
	var torn []schema.Scope
	err := h.store.View(ctx, func(tx Tx) (err error) { torn, err = tx.Torn(); return err })
	if err == nil {
		h.tears.replace(torn)
	}
	return err
}

// setAside makes room for change-sets whose bytes are lost or are no longer what was signed: nobody can be served them,
// and whoever holds them gives them back. Nothing that could still be verified is ever removed.
func (h *Hub) setAside(ctx context.Context, scope schema.Scope, ids []int64) error {
	if len(ids) == 0 {
		return nil
	}
	h.writing.Lock()
	defer h.writing.Unlock()
	err := h.store.Update(ctx, func(tx Tx) error {
		row, err := tx.LockScope(scope)
		if err != nil {
			return err
		}
		for _, id := range ids {
			if err := tx.SetAside(id); err != nil {
				return err
			}
		}
		return tx.MendTips(row.ID)
	})
	if err != nil {
		return err
	}
	h.digests.forget(scope)
	return h.noteTears(ctx)
}

// unbroken returns the tips of a device's own streams in a torn scope, each cut back to where nothing is missing before
// it: so a device that may only write there learns what to offer again.
func unbroken(tx Tx, row ScopeRow, dev schema.Device) ([]wire.Tip, error) {
	have := map[schema.Stream]map[uint64]schema.Hash{}
	err := tx.Log(row.ID, 0, func(e LogEntry) (bool, error) {
		if e.Device == dev {
			if have[e.Stream] == nil {
				have[e.Stream] = map[uint64]schema.Hash{}
			}
			have[e.Stream][e.At.Seq] = e.Hash
		}
		return true, nil
	})
	var out []wire.Tip
	for stream, sets := range have {
		n := uint64(0)
		for !sets[n+1].IsZero() {
			n++
		}
		if n > 0 {
			out = append(out, wire.Tip{Stream: stream, Seq: n, Set: sets[n]})
		}
	}
	return out, err
}

// mended looks again at scopes that got back what was lost.
func (h *Hub) mended(ctx context.Context, scopes map[schema.Scope]bool) error {
	if len(scopes) == 0 {
		return nil
	}
	for s := range scopes {
		h.digests.forget(s)
	}
	return h.noteTears(ctx)
}
