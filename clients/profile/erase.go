package profile

import (
	"context"
	"errors"
	"fmt"

	"escale/crypto/ledger"
	"escale/schema"
	"escale/store/agentdb"
	"escale/sync/changeset"
)

// metaErased names the row that holds the ledger height up to which erasures were carried out here.
const metaErased = "erased"

// loadErased reads how far erasures were carried out.
func (p *Profile) loadErased(tx *agentdb.Tx) error {
	p.erased = 0
	b, err := tx.Meta(metaErased)
	if errors.Is(err, agentdb.ErrNotFound) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("erased: %w", err)
	}
	p.erased = number(b)
	return nil
}

// erase carries out the erasures of the entries since the last time: every stored change-set loses the deltas of erased
// objects, each of which leaves its hash, and what was opened of them is forgotten. Then the journal is emptied, and only
// then it is noted how far this came: what broke off in between is repeated by the next attempt.
func (p *Profile) erase(ctx context.Context) error {
	if p.log == nil || p.erased == p.log.Head().Height {
		return nil
	}
	state, head := p.log.State(), p.log.Head().Height
	var gone []schema.Object
	for _, o := range state.ErasedObjects() {
		if at, _ := state.Erased(o); at > p.erased {
			gone = append(gone, o)
		}
	}
	if len(gone) == 0 {
		p.erased = head
		return nil
	}
	err := p.update(ctx, func(tx *agentdb.Tx) error {
		for _, o := range gone {
			if err := p.eraseObject(tx, state, o); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("erase: %w", err)
	}
	if err := p.db.Scrub(ctx); err != nil {
		return err
	}
	err = p.update(ctx, func(tx *agentdb.Tx) error { return tx.PutMeta(metaErased, bytesOf(head)) })
	if err == nil {
		p.erased, p.segment = head, nil
	}
	return err
}

func (p *Profile) eraseObject(tx *agentdb.Tx, state *ledger.State, o schema.Object) error {
	sets, err := tx.Touching(o)
	if err != nil {
		return err
	}
	for _, id := range sets {
		raw, err := tx.Raw(id)
		if err != nil {
			return err
		}
		set, err := changeset.Parse(raw)
		if err != nil {
			return fmt.Errorf("%w: %w", agentdb.ErrDamaged, err)
		}
		thin, err := thinned(state, set)
		if err != nil {
			return err
		}
		if thin == set {
			continue
		}
		if err := errors.Join(tx.ThinSet(id, thin.Raw), keepSetKeys(tx, id, thin)); err != nil {
			return err
		}
	}
	p.unsealed[o] = nil
	return tx.DropPart(o)
}

// thinned returns a change-set without the deltas of erased objects; the same one where there are none.
func thinned(state *ledger.State, set *changeset.Set) (*changeset.Set, error) {
	gone := func(o schema.Object) bool { _, ok := state.Erased(o); return ok }
	touched := false
	for i := range set.Deltas {
		touched = touched || !set.Deltas[i].Erased && gone(set.Deltas[i].Object)
	}
	if !touched {
		return set, nil
	}
	raw, err := set.Erase(gone)
	if err != nil {
		return nil, err
	}
	thin, err := changeset.Parse(raw)
	if err != nil {
		return nil, fmt.Errorf("an erased change-set: %w", err)
	}
	return thin, nil
}

// Erased reports whether officers erased an object.
func (p *Profile) Erased(o schema.Object) bool {
	if p.log == nil {
		return false
	}
	_, gone := p.log.State().Erased(o)
	return gone
}
