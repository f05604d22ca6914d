package serve

import (
	"context"
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"escale/crypto/invite"
	"escale/crypto/key"
	"escale/schema"
	"escale/store/hubsqlite"
	"escale/sync/hub"
	"escale/sync/hubhttp"
)

// Options are what an opened hub is given from outside.
type Options struct {
	Clock func() time.Time
	Rand  io.Reader
	// Beside opens the folder although another process serves it: to look only.
	Beside bool
}

// Hub is an opened hub.
type Hub struct {
	*hub.Hub
	Pin key.TLSPublic

	dir    string
	key    key.TLSPrivate
	store  *hubsqlite.Store
	unlock func() error
}

// Open opens the hub in a folder, verifies its ledger, and keeps the folder for this process.
func Open(ctx context.Context, dir string, o Options) (h *Hub, err error) {
	k, err := readKey(dir)
	if err != nil {
		return nil, err
	}
	h = &Hub{Pin: k.Public(), dir: dir, key: k}
	defer func() {
		if err != nil {
			err = errors.Join(err, h.release())
			h = nil
		}
	}()
	h.unlock, err = lock(filepath.Join(dir, lockFile))
	beside := o.Beside && errors.Is(err, ErrInUse)
	if err != nil && !beside {
		return h, err
	}
	if h.store, err = openStore(ctx, dir); err != nil {
		return h, err
	}
	var store hub.Store = h.store
	if beside {
		store = looking{h.store}
	}
	h.Hub, err = hub.Open(ctx, store, hub.Options{Clock: o.Clock, Rand: o.Rand, Key: k, Joining: joining})
	return h, err
}

func openStore(ctx context.Context, dir string) (*hubsqlite.Store, error) {
	path := filepath.Join(dir, DataFile)
	if _, err := os.Stat(path); err != nil {
		return nil, missing(err) // else opening would make an empty one
	}
	return hubsqlite.Open(ctx, path)
}

// looking is a store that another process writes: what this one knows of the ledger may be a moment old, and must not be
// written over what that one knows.
type looking struct{ *hubsqlite.Store }

// Update refuses.
func (looking) Update(context.Context, func(hub.Tx) error) error { return ErrInUse }

func joining(request []byte) (schema.Device, error) {
	r, err := invite.DecodeRequest(request)
	if err != nil {
		return schema.Device{}, err
	}
	return r.Device, nil
}

// Handler returns the handler of the exchange, for the pinned channel.
func (h *Hub) Handler(o hubhttp.Options) http.Handler { return hubhttp.New(h.Hub, o) }

// Close writes what is still in memory and gives the folder free.
func (h *Hub) Close(ctx context.Context) error {
	var err error
	if h.unlock != nil {
		err = h.Hub.Close(ctx)
	}
	return errors.Join(err, h.release())
}

func (h *Hub) release() error {
	var errs []error
	if h.store != nil {
		errs = append(errs, h.store.Close())
	}
	if h.unlock != nil {
		errs = append(errs, h.unlock())
	}
	return errors.Join(errs...)
}
