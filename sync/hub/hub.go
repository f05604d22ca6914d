package hub

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"escale/crypto/key"
	"escale/crypto/ledger"
	"escale/schema"
	"escale/sync/wire"
)

// Options are what a hub is given from outside.
type Options struct {
	Clock func() time.Time
	Rand  io.Reader
	Key   key.TLSPrivate // signs the time
	// Joining reads which device a request to join is for; nil if requests are opaque here.
	Joining func(request []byte) (schema.Device, error)
}

// Hub reconciles for one organisation. It is safe for concurrent use.
type Hub struct {
	store *watched
	opts  Options
	id    Identity // as it was opened

	writing sync.Mutex // one writer at a time: the ledger stands still while change-sets are judged and numbered
	queue   queue      // of batches that wait for that
	judged  uint64     // ledger height up to which stored change-sets were judged

	mu  sync.RWMutex
	log *ledger.Log // nil before genesis

	digests  digests
	contacts contacts
	lacks    lacks
	tears    tears
}

// Init makes an empty store the hub of an organisation, with a new hub epoch. It refuses a store that has a hub already.
func Init(ctx context.Context, store Store, org schema.Org, rand io.Reader) error {
	epoch, err := drawEpoch(rand)
	if err != nil {
		return err
	}
	return store.Update(ctx, func(tx Tx) error {
		_, exists, err := tx.Identity()
		if err != nil {
			return err
		}
		if exists {
			return fmt.Errorf("hub: %w", ErrTaken)
		}
		return tx.PutIdentity(Identity{Org: org, Epoch: epoch})
	})
}

// Renew gives a restored store a new hub epoch, so that every device offers again whatever it holds.
func Renew(ctx context.Context, store Store, rand io.Reader) error {
	epoch, err := drawEpoch(rand)
	if err != nil {
		return err
	}
	return store.Update(ctx, func(tx Tx) error {
		id, exists, err := tx.Identity()
		if err != nil {
			return err
		}
		if !exists {
			return errNoHub
		}
		id.Epoch = epoch
		return tx.PutIdentity(id)
	})
}

var errNoHub = errors.New("this store has no hub; make one first")

func drawEpoch(rand io.Reader) (e wire.HubEpoch, err error) {
	if _, err := io.ReadFull(rand, e[:]); err != nil {
		return e, fmt.Errorf("draw a hub epoch: %w", err)
	}
	return e, nil
}

// Open reads the ledger, verifies all of it, and judges again what was stored before the ledger's newest entries.
func Open(ctx context.Context, store Store, opts Options) (*Hub, error) {
	h := &Hub{store: &watched{Store: store}, opts: opts}
	var entries [][]byte
	err := store.View(ctx, func(tx Tx) error {
		id, exists, err := tx.Identity()
		if err != nil {
			return err
		}
		if !exists {
			return errNoHub
		}
		h.id, h.judged = id, id.Judged
		return tx.Entries(0, func(e []byte) error { entries = append(entries, e); return nil })
	})
	if err != nil {
		return nil, fmt.Errorf("open hub: %w", err)
	}
	if len(entries) > 0 {
		if h.log, err = ledger.Replay(h.id.Org, entries); err != nil {
			return nil, fmt.Errorf("open hub: stored ledger: %w", err)
		}
		h.log.State() // made now: later readers only read it
	}
	if err := errors.Join(h.contacts.load(ctx, store), h.noteTears(ctx)); err != nil {
		return nil, fmt.Errorf("open hub: %w", err)
	}
	return h, h.catchUp(ctx)
}

// Org returns the organisation.
func (h *Hub) Org() schema.Org { return h.id.Org }

// Epoch returns the hub epoch.
func (h *Hub) Epoch() wire.HubEpoch { return h.id.Epoch }

// state returns what the ledger says now.
func (h *Hub) state() (*ledger.State, error) {
	h.mu.RLock()
	defer h.mu.RUnlock()
	if h.log == nil {
		return nil, refuse(wire.CodeNotReady, "this hub waits for its organisation's genesis")
	}
	return h.log.State(), nil
}

// Lookup returns the device that shows a channel key, if it was ever enrolled. One that is revoked comes in to learn it
// and to hand over what it has not sent; every other call refuses it.
func (h *Hub) Lookup(client key.TLSPublic) (schema.Device, bool) {
	state, err := h.state()
	if err != nil {
		return schema.Device{}, false
	}
	d, ok := state.DeviceByTLS(client)
	if !ok {
		return schema.Device{}, false
	}
	return d.ID, true
}

// member refuses a device that is not enrolled, was revoked since the channel was opened, or whose contract has ended.
func (h *Hub) member(dev schema.Device) (*ledger.State, error) {
	state, err := h.known(dev)
	if err != nil {
		return nil, err
	}
	d, _ := state.Device(dev)
	switch {
	case d.RevokedAt != 0:
		return nil, refuse(wire.CodeNotMember, "this device is not enrolled, or no longer")
	case d.EndedAt(h.opts.Clock().Unix()):
		return nil, refuse(wire.CodeEnded, "the contract of this device's member has ended")
	}
	return state, nil
}

// known refuses a device that was never enrolled. One that is served no more still hands over what it wrote.
func (h *Hub) known(dev schema.Device) (*ledger.State, error) {
	state, err := h.state()
	if err != nil {
		return nil, err
	}
	if _, ok := state.Device(dev); !ok {
		return nil, refuse(wire.CodeNotMember, "this device is not enrolled")
	}
	h.contacts.saw(dev, h.opts.Clock())
	return state, nil
}

func headOf(h ledger.Head) wire.Head { return wire.Head{Height: h.Height, Hash: h.Hash} }
