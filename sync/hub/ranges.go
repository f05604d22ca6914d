package hub

import (
	"context"
	"errors"
	"slices"

	"escale/crypto/ledger"
	"escale/schema"
	"escale/sync/admit"
	"escale/sync/changeset"
	"escale/sync/wire"
)

// Ranges tells what is held of some ranges of a scope, so that a device whose digest differs finds the change-sets in
// which. One question costs one pass over the names of the scope's change-sets and a bounded memory.
func (h *Hub) Ranges(ctx context.Context, dev schema.Device, ask wire.RangesAsk) (wire.RangesReply, error) {
	state, err := h.member(dev)
	if err != nil {
		return wire.RangesReply{}, err
	}
	if err := mayRead(state, dev, ask.Scope); err != nil {
		return wire.RangesReply{}, err
	}
	if err := wire.CheckPrefixes(ask.Prefixes); err != nil {
		return wire.RangesReply{}, &Error{Code: wire.CodeBound, Detail: err.Error(), cause: err}
	}
	if slices.ContainsFunc(ask.Prefixes, func(p []byte) bool { return len(p) == 0 }) {
		h.contacts.mismatch(dev) // whoever asks about everything found the digests different
	}
	s := wire.NewSurveyor(ask.Prefixes)
	err = h.store.View(ctx, func(tx Tx) error {
		rows, err := rowsByScope(tx)
		if err != nil || rows[ask.Scope].ID == 0 {
			return err
		}
		return tx.Hashes(rows[ask.Scope].ID, func(set schema.Hash) error { s.Add(set); return nil })
	})
	if err != nil {
		return wire.RangesReply{}, refusal(err)
	}
	return wire.RangesReply{Ranges: s.Ranges()}, nil
}

func mayRead(state *ledger.State, dev schema.Device, scope schema.Scope) error {
	if !slices.Contains(admit.Readable(state, dev), scope) {
		return refuse(wire.CodeNotYours, "scope %s is not granted to this device", scope)
	}
	return nil
}

// Fetch hands out change-sets by name. What it finds to be no longer what was signed it sets aside, for others to give
// back.
func (h *Hub) Fetch(ctx context.Context, dev schema.Device, ask wire.FetchAsk) (wire.FetchReply, error) {
	state, err := h.member(dev)
	if err != nil {
		return wire.FetchReply{}, err
	}
	if err := mayRead(state, dev, ask.Scope); err != nil {
		return wire.FetchReply{}, err
	}
	if len(ask.Sets) > wire.MaxMissing {
		return wire.FetchReply{}, refuse(wire.CodeBound, "%d change-sets asked for, at most %d", len(ask.Sets), wire.MaxMissing)
	}
	h.mu.RLock()
	log := h.log
	h.mu.RUnlock()
	f := fetcher{log: log, reply: wire.FetchReply{Sets: [][]byte{}}}
	err = h.store.View(ctx, func(tx Tx) error { return f.read(tx, ask) })
	if err != nil {
		return wire.FetchReply{}, refusal(err)
	}
	h.contacts.repaired(dev, len(f.reply.Sets))
	return f.reply, refusal(h.setAside(ctx, ask.Scope, f.broken))
}

type fetcher struct {
	log    *ledger.Log
	reply  wire.FetchReply
	broken []int64
	used   int
}

func (f *fetcher) read(tx Tx, ask wire.FetchAsk) error {
	scopes, err := rowsByScope(tx)
	if err != nil {
		return err
	}
	rows, err := tx.FindSets(ask.Sets)
	if err != nil {
		return err
	}
	slices.SortFunc(rows, func(a, b SetRow) int { return int(int64(a.Number) - int64(b.Number)) })
	for _, row := range rows {
		if row.Scope != scopes[ask.Scope].ID {
			continue
		}
		if more, err := f.take(tx, row); err != nil || !more {
			return err
		}
	}
	return nil
}

func (f *fetcher) take(tx Tx, row SetRow) (more bool, err error) {
	raw, err := tx.Raw(row.ID)
	if err != nil && !errors.Is(err, ErrLost) {
		return false, err
	}
	if err != nil || !f.genuine(raw, row.Hash) {
		f.broken = append(f.broken, row.ID)
		return true, nil
	}
	if f.used > 0 && f.used+len(raw) > wire.MaxPullPage {
		return false, nil
	}
	f.used += len(raw) + itemCost
	f.reply.Sets = append(f.reply.Sets, raw)
	return true, nil
}

// genuine reports whether bytes are still the change-set that was taken once.
func (f *fetcher) genuine(raw []byte, hash schema.Hash) bool {
	set, err := changeset.Parse(raw)
	if err != nil || set.Hash != hash {
		return false
	}
	_, err = admit.Examine(f.log, set)
	return !errors.Is(err, admit.ErrSignature)
}
