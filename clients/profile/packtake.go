package profile

import (
	"context"
	"errors"
	"fmt"

	"escale/crypto/envelope"
	"escale/crypto/ledger"
	"escale/schema"
	"escale/store/agentdb"
	"escale/sync/causal"
	"escale/sync/wire"
)

// takePacks fetches the key packs that this device needs: it lacks an older epoch's key, it is to write further packs, or
// nobody has confirmed the pack yet. A pack that the hub does not serve is reported, and the others are taken.
func (x Exchange) takePacks(ctx context.Context) (took bool, failed error) {
	var left map[schema.Scope][]causal.Set
	for _, sc := range x.log.State().Scopes() {
		cur, ok := sc.Current()
		if !ok || len(cur.Packs) == 0 {
			continue
		}
		if _, held := x.epochKey(sc.ID, cur); !held {
			continue
		}
		if left == nil {
			left = x.leftBehind()
		}
		if !x.needsPacks(sc, &cur, left[sc.ID]) {
			continue
		}
		for i := range cur.Packs {
			did, err := x.takePack(ctx, &cur.Packs[i])
			took, failed = took || did, errors.Join(failed, err)
		}
	}
	return took, failed
}

func (x Exchange) needsPacks(sc *ledger.Scope, cur *ledger.Epoch, left []causal.Set) bool {
	if x.packDuty(sc, cur) || len(x.toConfirm(sc, cur)) > 0 {
		return true
	}
	for _, id := range left {
		if _, held := x.heldKey(sc.ID, x.sets[id].epoch); !held {
			return true
		}
	}
	return false
}

// takePack fetches one pack, segment by segment; what is here already is not fetched again.
func (x Exchange) takePack(ctx context.Context, l *ledger.LinkedPack) (bool, error) {
	r, here := x.packNamed(l.Pack)
	if here && r.whole {
		return false, nil
	}
	if !here {
		var err error
		if r, err = x.takeManifest(ctx, l); err != nil {
			return false, err
		}
	}
	m, err := envelope.ParseKeyPack(r.made)
	if err != nil {
		return false, fmt.Errorf("%w: %w", agentdb.ErrDamaged, err)
	}
	var have uint32
	err = x.db.Update(ctx, func(tx *agentdb.Tx) (err error) { have, err = tx.CountSegments(r.id); return err })
	for err == nil && int(have) < len(m.Segments) {
		have, err = x.takeSegments(ctx, &r, m, have)
	}
	if err != nil {
		return false, err
	}
	return true, x.update(ctx, func(tx *agentdb.Tx) error {
		if err := tx.FinishPack(agentdb.Pack{ID: r.id, Name: r.name, Manifest: r.made}); err != nil {
			return err
		}
		return x.loadPacks(tx)
	})
}

func (x Exchange) takeManifest(ctx context.Context, l *ledger.LinkedPack) (r packRow, err error) {
	blobs, err := x.fetchBlobs(ctx, wire.BlobNames{Names: []schema.Hash{l.Pack}})
	if err != nil {
		return r, err
	}
	m, err := envelope.ParseKeyPack(blobs[0])
	if err != nil {
		return r, err
	}
	if m.Org != x.Keys.Org || m.Scope != l.Scope || m.Epoch != l.Number || m.Cut != l.Cut {
		return r, fmt.Errorf("%w: key pack %v is not what its link says", ErrBlob, l.Pack)
	}
	r = packRow{name: l.Pack, scope: l.Scope, epoch: l.Number, made: blobs[0]}
	err = x.update(ctx, func(tx *agentdb.Tx) (err error) {
		if r.id, err = tx.AddPack(agentdb.Pack{Name: l.Pack, Scope: l.Scope, Epoch: l.Number, Manifest: blobs[0]}); err != nil {
			return err
		}
		return x.loadPacks(tx)
	})
	return r, err
}

func (x Exchange) takeSegments(ctx context.Context, r *packRow, m *envelope.KeyPack, have uint32) (uint32, error) {
	var ask wire.BlobNames
	for i := int(have); i < len(m.Segments) && len(ask.Names) < segmentsAtOnce; i++ {
		ask.Names = append(ask.Names, m.Segments[i].Blob)
	}
	blobs, err := x.fetchBlobs(ctx, ask)
	if err != nil {
		return have, err
	}
	return have + uint32(len(blobs)), x.update(ctx, func(tx *agentdb.Tx) error {
		for i, b := range blobs {
			at := have + uint32(i)
			if err := checkSegment(&m.Segments[at], b); err != nil {
				return err
			}
			if err := tx.PutSegment(r.id, at, b); err != nil {
				return err
			}
		}
		return nil
	})
}

func checkSegment(ref *envelope.SegmentRef, b []byte) error {
	_, sets, err := envelope.ParseSegment(b)
	if err != nil {
		return err
	}
	entries := 0
	for i := range sets {
		entries += len(sets[i].Objects)
	}
	if len(sets) != int(ref.Sets) || entries != int(ref.Entries) {
		return fmt.Errorf("%w: a segment of a key pack holds another number of keys than its manifest says", ErrBlob)
	}
	return nil
}
