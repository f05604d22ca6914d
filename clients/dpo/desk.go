// Package dpo holds the officers' use cases: founding an organisation, inviting and approving, orders and their
// signatures, publishing forms.
//
// Every step can be repeated: it looks at what the ledger says and does what is missing. An officer signs orders and
// links them; she cannot read what the scopes hold.
package dpo

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"escale/clients/profile"
	"escale/crypto/ledger"
	"escale/sync/replica"
	"escale/sync/wire"
)

// Errors that callers decide by.
var (
	ErrNotOfficer = errors.New("this profile is not an officer's")
	ErrWaits      = errors.New("the order waits for more officers' signatures")
	ErrUnfounded  = errors.New("the organisation is not at the hub yet")
)

// orderLife is how long an order may wait for signatures.
const orderLife = 14 * 24 * time.Hour

// Hub is what an officer needs of the hub beside the exchange.
type Hub interface {
	replica.Transport
	profile.Blobs
	Found(ctx context.Context, genesis []byte) (wire.Head, error)
	Requests(ctx context.Context) (wire.Requests, error)
	PutOrder(ctx context.Context, o wire.PendingOrder) error
	Orders(ctx context.Context) (wire.PendingOrders, error)
	Keys(ctx context.Context) (wire.KeyReport, error)
	Traces(ctx context.Context, ask wire.TraceAsk) (wire.Traces, error)
}

// Desk is an officer at work.
type Desk struct {
	p   *profile.Profile
	hub Hub
}

// New returns an officer's desk.
func New(p *profile.Profile, hub Hub) (*Desk, error) {
	if _, ok := p.Officer(); !ok {
		return nil, ErrNotOfficer
	}
	return &Desk{p, hub}, nil
}

func (d *Desk) exchange() profile.Exchange { return profile.Exchange{Profile: d.p, Blobs: d.hub} }

// Sync exchanges with the hub, so that what follows decides on what is true now.
func (d *Desk) Sync(ctx context.Context) (replica.Report, error) {
	return replica.New(d.exchange(), d.hub, nil).Run(ctx)
}

// propose signs an order with this officer's key. With enough signatures it is linked at once; otherwise it waits at the
// hub, and ErrWaits is returned.
func (d *Desk) propose(ctx context.Context, bodies ...ledger.Body) error {
	if len(bodies) == 0 {
		return nil
	}
	head := d.p.Log().Head()
	o, err := ledger.NewOrder(d.p.Rand(), d.p.Keys.Org, d.p.Now().Add(orderLife).Unix(), head, bodies...)
	if err != nil {
		return err
	}
	waiting, err := d.waiting(ctx, o)
	if err != nil {
		return err
	}
	switch {
	case waiting == nil:
		return d.sign(ctx, o)
	case waiting.Mine:
		return ErrWaits
	}
	return d.sign(ctx, waiting.signed)
}

// waiting returns the order of the same content that waits already, or nil: a step that is repeated, or that two officers
// take, proposes nothing twice.
func (d *Desk) waiting(ctx context.Context, o *ledger.SignedOrder) (*Pending, error) {
	if d.p.Log().State().Threshold() <= 1 {
		return nil, nil
	}
	wanted, err := o.Content()
	if err != nil {
		return nil, err
	}
	pending, err := d.Orders(ctx)
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(pending, func(p Pending) bool {
		return slices.EqualFunc(p.Order.Bodies, wanted.Bodies, func(a, b ledger.RawBody) bool {
			return a.Kind == b.Kind && bytes.Equal(a.Bytes, b.Bytes)
		})
	})
	if i < 0 {
		return nil, nil
	}
	return &pending[i], nil
}

func (d *Desk) sign(ctx context.Context, o *ledger.SignedOrder) error {
	key, _ := d.p.Officer()
	if err := o.Sign(key); err != nil {
		return err
	}
	err := o.Verify(d.p.Log().State())
	if errors.Is(err, ledger.ErrThreshold) {
		b, err := o.Encode()
		if err != nil {
			return err
		}
		if err := d.hub.PutOrder(ctx, wire.PendingOrder{Order: b}); err != nil {
			return fmt.Errorf("leave the order at the hub: %w", err)
		}
		return ErrWaits
	}
	if err != nil {
		return err
	}
	return d.exchange().Link(ctx, o)
}

// Pending is an order that waits for signatures.
type Pending struct {
	Order      *ledger.Order
	Signatures int
	Needed     uint
	Mine       bool // this officer signed it already

	signed *ledger.SignedOrder
}

// Orders lists the orders that wait.
func (d *Desk) Orders(ctx context.Context) ([]Pending, error) {
	reply, err := d.hub.Orders(ctx)
	if err != nil {
		return nil, err
	}
	state := d.p.Log().State()
	key, _ := d.p.Officer()
	var out []Pending
	for _, b := range reply.Orders {
		s, o, ok := readOrder(b)
		if !ok {
			continue // the hub is not to be believed: nonsense of its own must not hide the officers' orders
		}
		if _, used := state.OrderUsed(o.ID); used {
			continue
		}
		p := Pending{Order: o, Signatures: len(s.Signatures), Needed: state.Threshold(), signed: s}
		for _, sig := range s.Signatures {
			p.Mine = p.Mine || sig.Officer == key.Public()
		}
		out = append(out, p)
	}
	return out, nil
}

func readOrder(b []byte) (*ledger.SignedOrder, *ledger.Order, bool) {
	s, err := ledger.DecodeSignedOrder(b)
	if err != nil {
		return nil, nil, false
	}
	o, err := s.Content()
	return s, o, err == nil
}

// Sign adds this officer's signature to an order that waits, and links it when it has enough.
func (d *Desk) Sign(ctx context.Context, p Pending) error { return d.sign(ctx, p.signed) }
