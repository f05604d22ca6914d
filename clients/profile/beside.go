package profile

import (
	"context"
	"errors"
	"fmt"

	"escale/crypto/envelope"
	"escale/schema"
	"escale/store/agentdb"
	"escale/sync/replica"
	"escale/sync/wire"
)

// metaBeside says that another hub database may lack what this device put beside the ledger.
const metaBeside = "offer blobs"

// Bounds of one message of blobs.
const (
	maxBlobs     = 256
	maxBlobBytes = wire.MaxBody / 2
)

// PutBeside keeps blobs here and puts them to the hub, so that they can be put again to a hub that lost them.
func (x Exchange) PutBeside(ctx context.Context, blobs [][]byte) error {
	err := x.db.Update(ctx, func(tx *agentdb.Tx) error {
		for _, b := range blobs {
			if err := tx.PutBlob(envelope.BlobID(b), b); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	return x.putBlobs(ctx, blobs)
}

func (x Exchange) putBlobs(ctx context.Context, blobs [][]byte) error {
	for len(blobs) > 0 {
		n, size := 0, 0
		for n < len(blobs) && n < maxBlobs && (n == 0 || size+len(blobs[n]) <= maxBlobBytes) {
			size += len(blobs[n])
			n++
		}
		if err := x.Blobs.PutBlobs(ctx, wire.Blobs{Blobs: blobs[:n]}); err != nil {
			return fmt.Errorf("put beside the ledger: %w", err)
		}
		blobs = blobs[n:]
	}
	return nil
}

// PutAgain puts those blobs to the hub that it lacks and that this device once put there.
func (x Exchange) PutAgain(ctx context.Context, lacking []schema.Hash) error {
	if len(lacking) > wire.MaxLacks {
		return fmt.Errorf("%w: the hub lacks %d blobs at once", replica.ErrDiverged, len(lacking))
	}
	var kept [][]byte
	err := x.db.Update(ctx, func(tx *agentdb.Tx) error {
		for _, name := range lacking {
			b, err := tx.Blob(name)
			if errors.Is(err, agentdb.ErrNotFound) {
				continue
			}
			if err != nil {
				return err
			}
			kept = append(kept, b)
		}
		return nil
	})
	if err != nil {
		return err
	}
	return x.putBlobs(ctx, kept)
}

// offerBlobs puts everything again to a hub that may have lost it.
func (x Exchange) offerBlobs(ctx context.Context) (bool, error) {
	var due bool
	err := x.db.Update(ctx, func(tx *agentdb.Tx) error {
		b, err := tx.Meta(metaBeside)
		if errors.Is(err, agentdb.ErrNotFound) {
			return nil
		}
		due = number(b) != 0
		return err
	})
	if err != nil || !due {
		return false, err
	}
	var after schema.Hash
	for {
		var blobs [][]byte
		err := x.db.Update(ctx, func(tx *agentdb.Tx) (err error) {
			after, blobs, err = tx.Blobs(after, maxBlobs)
			return err
		})
		if err != nil {
			return false, err
		}
		if len(blobs) == 0 {
			break
		}
		if err := x.putBlobs(ctx, blobs); err != nil {
			return false, err
		}
	}
	if err := x.offerPacks(ctx); err != nil {
		return false, err
	}
	return true, x.db.Update(ctx, func(tx *agentdb.Tx) error { return tx.PutMeta(metaBeside, bytesOf(0)) })
}

func (x Exchange) offerPacks(ctx context.Context) error {
	for _, r := range x.packs {
		if !r.whole || !x.linked(r) {
			continue
		}
		m, err := envelope.ParseKeyPack(r.made)
		if err != nil {
			return fmt.Errorf("%w: %w", agentdb.ErrDamaged, err)
		}
		if err := x.putPack(ctx, &r, m); err != nil {
			return err
		}
	}
	return nil
}

// PutBack puts what lies beside the ledger to a hub that lost it together with entries of its ledger: it takes no entry
// that closes an epoch before it holds the cut.
func (x Exchange) PutBack(ctx context.Context) error {
	err := x.db.Update(ctx, func(tx *agentdb.Tx) error { return tx.PutMeta(metaBeside, bytesOf(1)) })
	if err != nil {
		return err
	}
	_, err = x.offerBlobs(ctx)
	return err
}
