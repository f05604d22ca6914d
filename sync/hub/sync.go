package hub

import (
	"context"
	"errors"
	"sync"

	"escale/crypto/key"
	"escale/crypto/ledger"
	"escale/schema"
	"escale/sync/admit"
	"escale/sync/wire"
)

// Sync opens an exchange. Where both sides hold the same, the answer is one bit and the time.
func (h *Hub) Sync(ctx context.Context, dev schema.Device, ask wire.SyncAsk) (wire.SyncReply, error) {
	state, err := h.known(dev)
	if err != nil {
		return wire.SyncReply{}, err
	}
	clock := h.opts.Clock()
	now := clock.UnixMilli()
	sig, err := h.opts.Key.Sign(key.ContextTime, wire.TimeMessage(h.id.Org, dev, now))
	if err != nil {
		return wire.SyncReply{}, refusal(err)
	}
	out := wire.SyncReply{HubEpoch: h.id.Epoch, Time: now, TimeSig: sig, Scopes: []wire.ScopeState{}, Own: []wire.Tip{}, Lacks: []schema.Hash{}}
	scopes, own := []wire.ScopeState{}, []wire.Tip{}
	if admit.Served(state, dev, clock.Unix()) {
		out.Lacks = h.lacks.list()
		if scopes, own, err = h.holdings(ctx, state, dev); err != nil {
			return wire.SyncReply{}, refusal(err)
		}
	}
	head := headOf(state.Head())
	if wire.StateHash(h.id.Epoch, head.Hash, scopes, own) == ask.State {
		out.Same = true
		h.contacts.agreed(dev, head.Height, clock)
	} else {
		out.Head, out.Scopes, out.Own = &head, scopes, own
	}
	return out, h.noteContact(ctx)
}

// noteContact writes contacts that are due; a full disk is no reason to keep a device from reading.
func (h *Hub) noteContact(ctx context.Context) error {
	err := h.keepContacts(ctx, false)
	if errors.Is(err, ErrFull) || errors.Is(err, ErrReadOnly) {
		return nil
	}
	return refusal(err)
}

// holdings returns what the hub holds of the scopes that a device may read, and the tips of the device's own streams in
// the scopes that it may only write.
func (h *Hub) holdings(ctx context.Context, state *ledger.State, dev schema.Device) ([]wire.ScopeState, []wire.Tip, error) {
	scopes, own := []wire.ScopeState{}, []wire.Tip{}
	head := state.Head().Hash
	err := h.store.View(ctx, func(tx Tx) error {
		rows, err := rowsByScope(tx)
		if err != nil {
			return err
		}
		for _, s := range admit.Readable(state, dev) {
			row := rows[s]
			digest, err := h.digestOf(tx, s, row, head)
			if err != nil {
				return err
			}
			scopes = append(scopes, wire.ScopeState{Scope: s, Number: row.Number, Running: row.Running, Digest: digest})
		}
		own, err = h.ownTips(tx, state, dev, rows)
		return err
	})
	return scopes, own, err
}

// digestOf returns the digest of a scope; of a torn one, none that anybody could have.
func (h *Hub) digestOf(tx Tx, s schema.Scope, row ScopeRow, head schema.Hash) (schema.Hash, error) {
	if h.tears.has(s) {
		return schema.Hash{}, nil
	}
	return h.digests.of(tx, s, row, head)
}

func rowsByScope(tx Tx) (map[schema.Scope]ScopeRow, error) {
	rows, err := tx.Scopes()
	if err != nil {
		return nil, err
	}
	out := make(map[schema.Scope]ScopeRow, len(rows))
	for _, r := range rows {
		out[r.Scope] = r
	}
	return out, nil
}

func (h *Hub) ownTips(tx Tx, state *ledger.State, dev schema.Device, rows map[schema.Scope]ScopeRow) ([]wire.Tip, error) {
	out := []wire.Tip{}
	only := map[schema.Scope]bool{}
	for _, s := range admit.WriteOnly(state, dev) {
		only[s] = true
	}
	if len(only) == 0 {
		return out, nil
	}
	tips, err := tx.TipsOf(dev)
	for _, t := range tips {
		if only[t.Scope] && !h.tears.has(t.Scope) {
			out = append(out, t.Tip)
		}
	}
	for s := range only {
		if err != nil || !h.tears.has(s) {
			continue
		}
		var rest []wire.Tip
		rest, err = unbroken(tx, rows[s], dev)
		out = append(out, rest...)
	}
	return out, err
}

// digests remembers the digest of each scope at its newest number and one ledger head.
type digests struct {
	mu   sync.Mutex
	kept map[schema.Scope]digest
}

type digest struct {
	number uint64
	ledger schema.Hash
	sum    schema.Hash
}

func (d *digests) of(tx Tx, scope schema.Scope, row ScopeRow, head schema.Hash) (schema.Hash, error) {
	d.mu.Lock()
	have, ok := d.kept[scope]
	d.mu.Unlock()
	if ok && have.number == row.Number && have.ledger == head {
		return have.sum, nil
	}
	var tips []wire.Tip
	if row.Number > 0 {
		var err error
		if tips, err = tx.Tips(row.ID); err != nil {
			return schema.Hash{}, err
		}
	}
	sum := wire.Digest(head, tips)
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.kept == nil {
		d.kept = map[schema.Scope]digest{}
	}
	d.kept[scope] = digest{number: row.Number, ledger: head, sum: sum}
	return sum, nil
}

func (d *digests) forget(scope schema.Scope) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.kept, scope)
}

// Offsets says how much of each offered change-set is durable here.
func (h *Hub) Offsets(ctx context.Context, dev schema.Device, ask wire.Offers) (wire.Offsets, error) {
	if _, err := h.known(dev); err != nil {
		return wire.Offsets{}, err
	}
	if len(ask.Sets) > wire.MaxRefs {
		return wire.Offsets{}, refuse(wire.CodeBound, "%d change-sets offered, at most %d", len(ask.Sets), wire.MaxRefs)
	}
	out := wire.Offsets{Offsets: make([]uint64, len(ask.Sets))}
	err := h.store.View(ctx, func(tx Tx) error {
		here, err := wholeSets(tx, ask.Sets)
		if err != nil {
			return err
		}
		for i, t := range ask.Sets {
			if here[t.Set] {
				out.Offsets[i] = wire.Whole
				continue
			}
			if out.Offsets[i], err = tx.PartialSize(PartialKey{t.Stream, t.Seq, t.Set}); err != nil {
				return err
			}
		}
		return nil
	})
	return out, refusal(err)
}

func wholeSets(tx Tx, tips []wire.Tip) (map[schema.Hash]bool, error) {
	names := make([]schema.Hash, len(tips))
	for i, t := range tips {
		names[i] = t.Set
	}
	rows, err := tx.FindSets(names)
	here := make(map[schema.Hash]bool, len(rows))
	for _, r := range rows {
		here[r.Hash] = true
	}
	return here, err
}
