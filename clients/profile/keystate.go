package profile

import (
	"context"
	"slices"

	"escale/crypto/envelope"
	"escale/crypto/ledger"
	"escale/schema"
	"escale/store/agentdb"
	"escale/sync/causal"
)

// KeysLeft counts, for scopes that this device reads, the objects of older change-sets at the hub that no key pack carries
// to the newest epoch, once for each change-set. A scope whose packs this device had no need to fetch is left out.
func (p *Profile) KeysLeft(ctx context.Context) (map[schema.Scope]int, error) {
	out := map[schema.Scope]int{}
	if p.log == nil {
		return nil, ErrNotEnrolled
	}
	left := p.leftBehind()
	err := p.db.Update(ctx, func(tx *agentdb.Tx) error {
		for _, sc := range p.log.State().Scopes() {
			cur, ok := sc.Current()
			if _, held := p.epochKey(sc.ID, cur); !ok || !held || !p.holdsPacks(&cur) {
				continue
			}
			n, err := p.objectsLeft(tx, sc.ID, cur.Number, left[sc.ID])
			if err != nil {
				return err
			}
			out[sc.ID] = n
		}
		return nil
	})
	return out, err
}

func (p *Profile) holdsPacks(cur *ledger.Epoch) bool {
	return !slices.ContainsFunc(cur.Packs, func(l ledger.LinkedPack) bool { r, here := p.packNamed(l.Pack); return !here || !r.whole })
}

func (p *Profile) objectsLeft(tx *agentdb.Tx, scope schema.Scope, newest uint32, older []causal.Set) (n int, err error) {
	c, err := p.carriageOf(tx, scope)
	if err != nil {
		return 0, err
	}
	older = slices.DeleteFunc(slices.Clone(older), func(id causal.Set) bool {
		at, ok := c[envelope.NameOf(p.sets[id].hash)]
		return ok && at.epoch == newest
	})
	err = tx.SetKeys(older, func(k agentdb.SetKeys) error { n += len(k.Objects) / 16; return nil })
	return n, err
}
