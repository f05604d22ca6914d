package hub

import (
	"context"

	"escale/crypto/envelope"
	"escale/schema"
	"escale/sync/wire"
)

// Join keeps a request for the officers and says whether its device is enrolled yet. The hub cannot verify the request:
// only officers know the invitation's secret.
func (h *Hub) Join(ctx context.Context, ask wire.JoinRequest) (wire.JoinReply, error) {
	state, err := h.state()
	if err != nil {
		return wire.JoinReply{}, err
	}
	if n := len(ask.Request); n == 0 || n > wire.MaxJoin {
		return wire.JoinReply{}, refuse(wire.CodeBound, "request of %d bytes, at least 1 and at most %d", n, wire.MaxJoin)
	}
	dev, known, err := h.joining(ask.Request)
	if err != nil {
		return wire.JoinReply{}, err
	}
	if known {
		if _, enrolled := state.Device(dev); enrolled {
			return wire.JoinReply{Enrolled: true}, nil
		}
	}
	return wire.JoinReply{}, refusal(h.store.Update(ctx, func(tx Tx) error { return keepRequest(tx, ask.Request) }))
}

func (h *Hub) joining(request []byte) (dev schema.Device, known bool, err error) {
	if h.opts.Joining == nil {
		return dev, false, nil
	}
	dev, err = h.opts.Joining(request)
	if err != nil {
		return dev, false, &Error{Code: wire.CodeMalformed, Detail: "request to join", cause: err}
	}
	return dev, true, nil
}

func keepRequest(tx Tx, request []byte) error {
	n, err := tx.CountRequests()
	if err != nil {
		return err
	}
	if n >= wire.MaxPending {
		return refuse(wire.CodeBound, "%d requests to join wait already, at most %d", n, wire.MaxPending)
	}
	return tx.PutRequest(envelope.BlobID(request), request)
}

// Requests returns to an officer's device the requests whose device is not enrolled, and forgets the others.
func (h *Hub) Requests(ctx context.Context, dev schema.Device) (wire.Requests, error) {
	state, err := h.member(dev)
	if err != nil {
		return wire.Requests{}, err
	}
	if !state.IsOfficersDevice(dev) {
		return wire.Requests{}, refuse(wire.CodeNotYours, "requests to join are for officers")
	}
	var all [][]byte
	err = h.store.View(ctx, func(tx Tx) error { all, err = tx.Requests(); return err })
	if err != nil {
		return wire.Requests{}, refusal(err)
	}
	out := wire.Requests{Requests: [][]byte{}}
	var done []schema.Hash
	for _, r := range all {
		if d, known, err := h.joining(r); err == nil && known {
			if _, enrolled := state.Device(d); enrolled {
				done = append(done, envelope.BlobID(r))
				continue
			}
		}
		out.Requests = append(out.Requests, r)
	}
	return out, refusal(h.forget(ctx, done))
}

func (h *Hub) forget(ctx context.Context, done []schema.Hash) error {
	if len(done) == 0 {
		return nil
	}
	return h.store.Update(ctx, func(tx Tx) error {
		for _, name := range done {
			if err := tx.DropRequest(name); err != nil {
				return err
			}
		}
		return nil
	})
}
