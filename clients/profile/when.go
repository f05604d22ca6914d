package profile

import (
	"context"
	"time"

	"escale/crypto/ledger"
	"escale/store/agentdb"
	"escale/sync/causal"
)

// Bounds say between which moments a change-set was written, by clocks other than its author's. A zero moment is unknown.
type Bounds struct {
	After  time.Time // when the ledger entry that it cites was linked, by that link's signer
	Before time.Time // when this laptop knew it to be at the hub, by the hub's clock
}

// Bounds returns what is known beside an author's clock.
func (p *Profile) Bounds(ctx context.Context, set causal.Set) (b Bounds, err error) {
	info, ok := p.sets[set]
	if !ok {
		return b, nil
	}
	b.After = p.linkedAt(info.height)
	err = p.db.Update(ctx, func(tx *agentdb.Tx) error {
		at, err := tx.Arrival(set)
		if at != 0 {
			b.Before = time.UnixMilli(at).UTC()
		}
		return err
	})
	return b, err
}

func (p *Profile) linkedAt(height uint64) time.Time {
	if height == 0 || p.log == nil || height > p.log.Head().Height {
		return time.Time{}
	}
	link, _, err := ledger.DecodeLink(p.log.Entries(height)[0])
	if err != nil {
		return time.Time{} // it was verified when it came; of its time nothing is said
	}
	return time.UnixMilli(link.Time).UTC()
}

// NewestSet returns the number of the newest change-set here: what comes later has a higher one.
func (p *Profile) NewestSet() (newest causal.Set) {
	for id := range p.sets {
		newest = max(newest, id)
	}
	return newest
}
