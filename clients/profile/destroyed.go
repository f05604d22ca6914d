package profile

import (
	"context"
	"errors"
	"slices"

	"escale/crypto/ledger"
	"escale/schema"
	"escale/store/agentdb"
)

// forgetDestroyed deletes what this device holds of destroyed epochs: their keys, the keys of sessions under them, the
// packs that they open, and the wraps that it made. The file's pages are overwritten and the journal is emptied; then it
// attests the deletion, in one entry.
func (x Exchange) forgetDestroyed(ctx context.Context) (bool, error) {
	var gone []epochID
	for _, sc := range x.log.State().Scopes() {
		for _, e := range sc.Epochs {
			if e.DestroyedAt != 0 && x.holds(sc.ID, &e) {
				gone = append(gone, epochID{sc.ID, e.Number})
			}
		}
	}
	if len(gone) > 0 {
		if err := x.OpenWaiting(ctx); err != nil { // the last moment at which its key can
			return false, err
		}
		if err := x.update(ctx, func(tx *agentdb.Tx) error { return x.dropEpochs(tx, gone) }); err != nil {
			return false, err
		}
	}
	attested, err := x.attest(ctx)
	return len(gone) > 0 || attested, err
}

// holds reports whether anything of a destroyed epoch is here.
func (p *Profile) holds(scope schema.Scope, e *ledger.Epoch) bool {
	if _, ok := p.epochs[epochID{scope, e.Number}]; ok {
		return true
	}
	for _, r := range p.packs {
		if r.scope == scope && r.epoch == e.Number {
			return true
		}
	}
	return false
}

func (p *Profile) dropEpochs(tx *agentdb.Tx, gone []epochID) error {
	for _, id := range gone {
		if err := tx.DropEpoch(id.scope, id.number); err != nil {
			return err
		}
		for _, r := range p.packs {
			if r.scope == id.scope && r.epoch == id.number {
				if err := tx.DropPack(r.id); err != nil {
					return err
				}
			}
		}
		if err := p.dropWraps(tx, id); err != nil {
			return err
		}
		delete(p.epochs, id)
		for name, s := range p.sessions {
			if s.Name.Scope == id.scope && s.Name.Number == id.number {
				delete(p.sessions, name)
			}
		}
	}
	return p.loadPacks(tx)
}

// dropWraps forgets the wraps of an epoch that this device made and would offer again.
func (p *Profile) dropWraps(tx *agentdb.Tx, id epochID) error {
	sc, ok := p.log.State().Scope(id.scope)
	if !ok {
		return nil
	}
	e, _ := sc.Epoch(id.number)
	for _, name := range e.Wraps {
		b, err := tx.Blob(name)
		if errors.Is(err, agentdb.ErrNotFound) {
			continue
		}
		if err != nil {
			return err
		}
		list, err := ledger.DecodeWrapList(b)
		if err != nil {
			return err
		}
		for _, w := range list.Entries {
			if err := tx.DropBlob(w.Wrap); err != nil {
				return err
			}
		}
		if err := tx.DropBlob(name); err != nil {
			return err
		}
	}
	return nil
}

// attest states for each order that destroyed epochs which of their keys this device held and deleted.
func (x Exchange) attest(ctx context.Context) (bool, error) {
	state := x.log.State()
	self, err := x.Self()
	if err != nil || self.RevokedAt != 0 {
		return false, err
	}
	byOrder := map[schema.Order][]schema.Hash{}
	var orders []schema.Order
	for _, sc := range state.Scopes() {
		for _, e := range sc.Epochs {
			if e.DestroyedAt == 0 || !slices.Contains(e.Readers(), x.Keys.Device) || state.Attested(x.Keys.Device, e.Public) {
				continue
			}
			if byOrder[e.Destroyer] == nil {
				orders = append(orders, e.Destroyer)
			}
			byOrder[e.Destroyer] = append(byOrder[e.Destroyer], ledger.KeyHash(e.Public[:]))
		}
	}
	var results ledger.Results
	for _, o := range orders {
		for keys := range slices.Chunk(byOrder[o], ledger.MaxDestroyed) {
			results = append(results, &ledger.Attest{Device: x.Keys.Device, Order: o, Destroyed: keys})
		}
	}
	if len(results) == 0 {
		return false, nil
	}
	if err := x.db.Scrub(ctx); err != nil { // an attempt may have broken off between the deletion and this
		return false, err
	}
	return true, x.link(ctx, results)
}
