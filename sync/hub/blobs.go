package hub

import (
	"context"
	"slices"
	"sync"

	"escale/crypto/envelope"
	"escale/schema"
	"escale/sync/wire"
)

// PutBlobs keeps blobs under the hash of their bytes.
func (h *Hub) PutBlobs(ctx context.Context, dev schema.Device, ask wire.Blobs) error {
	if _, err := h.member(dev); err != nil {
		return err
	}
	if len(ask.Blobs) > wire.MaxRefs {
		return refuse(wire.CodeBound, "%d blobs, at most %d", len(ask.Blobs), wire.MaxRefs)
	}
	for i, b := range ask.Blobs {
		if len(b) == 0 || len(b) > schema.MaxBlob {
			return refuse(wire.CodeBound, "blob %d of %d bytes, at least 1 and at most %d", i, len(b), schema.MaxBlob)
		}
	}
	names := make([]schema.Hash, len(ask.Blobs))
	err := h.store.Update(ctx, func(tx Tx) error {
		for i, b := range ask.Blobs {
			names[i] = envelope.BlobID(b)
			if err := tx.PutBlob(names[i], b); err != nil {
				return err
			}
		}
		return nil
	})
	if err == nil {
		h.lacks.came(names)
	}
	return refusal(err)
}

// maxBlobs leaves room in one body for the encoding.
const maxBlobs = wire.MaxBody - (1 << 20)

// GetBlobs returns blobs in the order asked for, an empty one for each that is not here.
func (h *Hub) GetBlobs(ctx context.Context, dev schema.Device, ask wire.BlobNames) (wire.Blobs, error) {
	if _, err := h.member(dev); err != nil {
		return wire.Blobs{}, err
	}
	if len(ask.Names) > wire.MaxRefs {
		return wire.Blobs{}, refuse(wire.CodeBound, "%d blobs, at most %d", len(ask.Names), wire.MaxRefs)
	}
	out := wire.Blobs{Blobs: make([][]byte, len(ask.Names))}
	err := h.store.View(ctx, func(tx Tx) error { return readBlobs(tx, ask.Names, out.Blobs) })
	for i, b := range out.Blobs {
		if err == nil && len(b) == 0 {
			h.lacks.missed(ask.Names[i])
		}
	}
	return out, refusal(err)
}

// lacks remembers which blobs were asked for in vain, the newest few. A hub that was restored unnoticed cannot know what it
// held; who asks tells it, and it asks everybody.
type lacks struct {
	mu    sync.Mutex
	names []schema.Hash
}

func (l *lacks) missed(name schema.Hash) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if slices.Contains(l.names, name) {
		return
	}
	if len(l.names) == wire.MaxLacks {
		l.names = l.names[1:]
	}
	l.names = append(l.names, name)
}

func (l *lacks) came(names []schema.Hash) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.names = slices.DeleteFunc(l.names, func(n schema.Hash) bool { return slices.Contains(names, n) })
}

func (l *lacks) list() []schema.Hash {
	l.mu.Lock()
	defer l.mu.Unlock()
	return append([]schema.Hash{}, l.names...)
}

// readBlobs refuses by size before it reads: what was asked for must not decide how much memory is used.
func readBlobs(tx Tx, names []schema.Hash, out [][]byte) error {
	total := int64(0)
	for i, name := range names {
		out[i] = []byte{}
		size, found, err := tx.BlobSize(name)
		if err != nil {
			return err
		}
		if !found {
			continue
		}
		if total += size; total > maxBlobs {
			return refuse(wire.CodeBound, "blobs of more than %d bytes at once: ask for fewer", maxBlobs)
		}
		if out[i], _, err = tx.Blob(name); err != nil {
			return err
		}
	}
	return nil
}
