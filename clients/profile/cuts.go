package profile

import (
	"context"
	"errors"
	"fmt"

	"escale/crypto/envelope"
	"escale/schema"
	"escale/store/agentdb"
	"escale/sync/admit"
	"escale/sync/wire"
)

// readCut returns the heads of a cut, if it is here.
func (p *Profile) readCut(tx *agentdb.Tx, name schema.Hash) ([]schema.Hash, bool, error) {
	if heads, ok := p.cuts[name]; ok {
		return heads, true, nil
	}
	b, err := tx.Blob(name)
	if errors.Is(err, agentdb.ErrNotFound) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, err
	}
	tips, err := admit.ParseCut(b)
	if err != nil {
		return nil, false, fmt.Errorf("%w: %w", agentdb.ErrDamaged, err)
	}
	heads := make([]schema.Hash, len(tips))
	for i, t := range tips {
		heads[i] = t.Set
	}
	p.cuts[name] = heads
	return heads, true, nil
}

// wantedCuts returns the cuts that decide what counts here, and those of packs that this device is to confirm.
func (x Exchange) wantedCuts() (out []schema.Hash) {
	for _, sc := range x.log.State().Scopes() {
		cur, ok := sc.Current()
		if !ok {
			continue
		}
		if len(x.toConfirm(sc, &cur)) > 0 {
			out = append(out, cur.Packs[len(cur.Packs)-1].Cut)
		}
		for _, e := range sc.Epochs {
			if e.ClosedAt != 0 && x.holdsOf(sc.ID) {
				out = append(out, e.Cut)
			}
		}
	}
	return out
}

// holdsOf reports whether change-sets of a scope are here.
func (p *Profile) holdsOf(scope schema.Scope) bool {
	for _, s := range p.streams {
		if s.Scope == scope {
			return true
		}
	}
	return false
}

// loadCuts reads the cuts of closed epochs that are here.
func (p *Profile) loadCuts(tx *agentdb.Tx) error {
	p.cuts = map[schema.Hash][]schema.Hash{}
	if p.log == nil {
		return nil
	}
	for _, sc := range p.log.State().Scopes() {
		for _, e := range sc.Epochs {
			if e.ClosedAt == 0 {
				continue
			}
			if _, _, err := p.readCut(tx, e.Cut); err != nil {
				return err
			}
		}
	}
	return nil
}

// takeCuts fetches the cuts that are missing, and judges again what they decide. They are kept beside what this device
// itself put to the hub, so that a hub that lost them gets them again.
func (x Exchange) takeCuts(ctx context.Context) (took bool, failed error) {
	for _, name := range x.wantedCuts() {
		if _, here := x.cuts[name]; here {
			continue
		}
		did, err := x.takeCut(ctx, name)
		took, failed = took || did, errors.Join(failed, err)
	}
	if took {
		failed = errors.Join(failed, x.judgeAll(ctx))
	}
	return took, failed
}

func (x Exchange) takeCut(ctx context.Context, name schema.Hash) (took bool, err error) {
	here := false
	err = x.update(ctx, func(tx *agentdb.Tx) error { _, here, err = x.readCut(tx, name); return err })
	if err != nil || here {
		return here, err
	}
	got, err := x.getBlobs(ctx, wire.BlobNames{Names: []schema.Hash{name}})
	if err != nil {
		return false, err
	}
	if envelope.BlobID(got[0]) != name {
		return false, fmt.Errorf("%w: cut %v", ErrBlob, name)
	}
	return true, x.update(ctx, func(tx *agentdb.Tx) error {
		if err := tx.PutBlob(name, got[0]); err != nil {
			return err
		}
		_, _, err := x.readCut(tx, name)
		return err
	})
}
