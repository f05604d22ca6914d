package hub

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"escale/crypto/ledger"
	"escale/schema"
	"escale/sync/admit"
	"escale/sync/changeset"
)

// catchUp judges again what the entries since the last judgement may have changed.
func (h *Hub) catchUp(ctx context.Context) error {
	h.writing.Lock()
	defer h.writing.Unlock()
	return h.catchUpLocked(ctx)
}

// catchUpLocked goes scope by scope, each in its own transaction, and notes the ledger's height last: if it breaks off,
// the next start does it again.
func (h *Hub) catchUpLocked(ctx context.Context) error {
	if h.log == nil {
		return nil
	}
	state, err := h.state()
	if err != nil {
		return err
	}
	entries := h.log.Entries(h.judged + 1)
	erased, err := h.erase(ctx, state, entries)
	if err != nil {
		return err
	}
	touched, err := h.touched(ctx, entries)
	if err != nil || len(touched) == 0 && !erased {
		return err
	}
	for _, s := range touched {
		err := h.store.Update(ctx, func(tx Tx) error {
			row, err := tx.LockScope(s)
			if err != nil {
				return err
			}
			return rejudge(tx, state, row, h.opts.Clock().UnixMilli())
		})
		if err != nil {
			return fmt.Errorf("judge again: %w", err)
		}
	}
	if err := h.destroy(ctx, state, entries); err != nil {
		return err
	}
	id := h.id
	id.Judged = state.Head().Height
	if err := h.store.Update(ctx, func(tx Tx) error { return tx.PutIdentity(id) }); err != nil {
		return err
	}
	h.judged = id.Judged
	return nil
}

// touched returns the scopes in which entries may change what counts.
func (h *Hub) touched(ctx context.Context, entries [][]byte) (out []schema.Scope, err error) {
	err = h.store.View(ctx, func(tx Tx) error {
		names, err := scopeNames(tx)
		if err != nil {
			return err
		}
		for _, e := range entries {
			err := eachBody(e, func(b ledger.Body) error {
				more, err := touchedBy(tx, b, names)
				out = append(out, more...)
				return err
			})
			if err != nil {
				return err
			}
		}
		return nil
	})
	slices.SortFunc(out, func(a, b schema.Scope) int { return slices.Compare(a[:], b[:]) })
	return slices.Compact(out), err
}

func scopeNames(tx Tx) (map[int64]schema.Scope, error) {
	rows, err := tx.Scopes()
	names := make(map[int64]schema.Scope, len(rows))
	for _, r := range rows {
		names[r.ID] = r.Scope
	}
	return names, err
}

func touchedBy(tx Tx, b ledger.Body, names map[int64]schema.Scope) (out []schema.Scope, err error) {
	switch b := b.(type) {
	case *ledger.CloseEpoch:
		return []schema.Scope{b.Scope}, nil
	case *ledger.DestroyEpoch:
		return []schema.Scope{b.Scope}, nil
	case *ledger.Accept:
		row, found, err := tx.FindSet(b.Set)
		if err != nil || !found {
			return nil, err
		}
		return []schema.Scope{names[row.Scope]}, nil
	case *ledger.Revoke:
		tips, err := tx.TipsOf(b.Device)
		for _, t := range tips {
			out = append(out, t.Scope)
		}
		return out, err
	}
	return nil, nil
}

// rejudge marks each change-set of a scope as the ledger's state now says, and weighs the scope again if a mark changed.
func rejudge(tx Tx, state *ledger.State, row ScopeRow, now int64) error {
	changed, aside := false, false
	chains := &chains{tx: tx}
	err := tx.Log(row.ID, 0, func(e LogEntry) (bool, error) {
		verdict, err := admit.Decide(state, factsOf(e, row.Scope), chains)
		if errors.Is(err, admit.ErrNoCut) {
			aside = aside || e.Reason != ""
			return true, nil // what was judged before stays
		}
		aside = aside || verdict.Reason != ""
		if err != nil || string(verdict.Reason) == e.Reason {
			return true, err
		}
		changed = true
		return true, tx.MarkSet(e.ID, string(verdict.Reason))
	})
	if err != nil || !changed {
		return err
	}
	if !aside {
		row.AsideSince = 0
	} else if row.AsideSince == 0 {
		row.AsideSince = now
	}
	return reweigh(tx, row, now)
}

func factsOf(e LogEntry, scope schema.Scope) admit.Facts {
	f := admit.Facts{
		Set: e.Hash, Stream: e.Stream, Device: e.Device, Scope: scope, Seq: e.At.Seq, Epoch: e.Epoch, Cited: e.Cited,
	}
	if e.At.Seq > 1 {
		f.Before = &e.Before
	}
	return f
}

// reweigh computes a scope's frontier from its change-sets alone.
func reweigh(tx Tx, row ScopeRow, now int64) error {
	if err := tx.ClearFrontier(row.ID); err != nil {
		return err
	}
	row.Conflicts = 0
	w := weigher{tx: tx, chains: &chains{tx: tx}, scope: &row}
	err := tx.Log(row.ID, 0, func(e LogEntry) (bool, error) {
		if e.Reason != "" {
			return true, w.arrived(e.SetRow)
		}
		raw, err := tx.Raw(e.ID)
		if err != nil {
			return false, err
		}
		set, err := changeset.Parse(raw)
		if err != nil {
			return false, fmt.Errorf("stored change-set: %w", err)
		}
		lighten(set)
		if err := w.weigh(e.SetRow, set); err != nil {
			return false, err
		}
		return true, w.arrived(e.SetRow)
	})
	if err != nil {
		return err
	}
	row.date(now)
	return tx.PutScope(row)
}
