package profile

import (
	"context"
	"errors"
	"fmt"

	"escale/crypto/seal"
	"escale/schema"
	"escale/store/agentdb"
	"escale/sync/causal"
	"escale/sync/wire"
)

// update runs one transaction that changes memory as well. Where it fails, memory may hold what the disk does not: it is
// read again before anything else is written, now or, where the disk refuses even that, at the next attempt.
func (p *Profile) update(ctx context.Context, f func(*agentdb.Tx) error) error {
	if err := p.settle(ctx); err != nil {
		return err
	}
	clear(p.unsealed)
	err := p.db.Update(ctx, f)
	if err == nil {
		for o, part := range p.unsealed {
			if p.sitting[o] = part; part == nil {
				delete(p.sitting, o)
			}
		}
		return nil
	}
	p.stale = true
	// The caller may have given up; memory must be right nevertheless.
	return errors.Join(err, p.settle(context.WithoutCancel(ctx)))
}

// settle brings memory back to what the disk holds, if a transaction failed since. What is open then is closed: nobody
// knows any more what was written under its secret.
func (p *Profile) settle(ctx context.Context) error {
	if !p.stale {
		return nil
	}
	before := *p
	p.forget()
	if err := p.db.Update(ctx, p.loadChanging); err != nil {
		*p = before // what can be shown stays; nothing is written before this succeeds
		return fmt.Errorf("read the store again: %w", err)
	}
	if err := p.closeAll(ctx); err != nil {
		return fmt.Errorf("close change-sets: %w", err)
	}
	p.stale = false
	return nil
}

// forget drops what load reads. What this sitting opened of capture-only scopes lies nowhere else and stays.
func (p *Profile) forget() {
	p.sets, p.byHash = map[causal.Set]setInfo{}, map[schema.Hash]causal.Set{}
	p.streams, p.byName = map[causal.Stream]agentdb.Stream{}, map[schema.Stream]causal.Stream{}
	p.tips, p.history, p.waiting = map[causal.Stream]causal.Set{}, causal.History{}, map[causal.Set]bool{}
	p.forked = map[causal.Stream]bool{}
	p.open, p.sessions = map[schema.Scope]*openSet{}, map[schema.Hash]*seal.Session{}
	p.epochs, p.cursors = map[epochID]seal.EpochPrivate{}, map[schema.Scope]wire.Cursor{}
	p.elsewhere = map[schema.Stream][]wire.Tip{}
	p.unsealed = map[schema.Object]*Part{}
	p.directoryRead = false
}

// loadChanging reads what transactions change. The ledger is verified again only if memory is not what the disk holds.
func (p *Profile) loadChanging(tx *agentdb.Tx) error {
	for _, step := range []func(*agentdb.Tx) error{p.loadMeta, p.loadOwn, p.loadLedger, p.loadHistory, p.loadEpochs, p.loadPacks, p.loadCuts, p.loadJudged, p.loadErased} {
		if err := step(tx); err != nil {
			return err
		}
	}
	return nil
}
