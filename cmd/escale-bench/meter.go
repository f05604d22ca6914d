package main

import (
	"context"
	"fmt"
	"io"

	"escale/clients/hubclient"
	"escale/clients/profile"
	"escale/sync/replica"
	"escale/sync/wire"
)

// traffic counts the bytes of bodies.
type traffic struct{ sent, received, requests int64 }

func (t traffic) plus(o traffic) traffic {
	return traffic{t.sent + o.sent, t.received + o.received, t.requests + o.requests}
}

// meter is a hub whose pushes are counted apart from all other exchanges.
type meter struct {
	*hubclient.Client
	pushes traffic
}

// Push counts what one push moves.
func (m *meter) Push(ctx context.Context, write func(io.Writer) error) (wire.PushReply, error) {
	before := m.total()
	reply, err := m.Client.Push(ctx, write)
	after := m.total()
	m.pushes = m.pushes.plus(traffic{after.sent - before.sent, after.received - before.received, after.requests - before.requests})
	return reply, err
}

func (m *meter) total() traffic {
	s := m.Stats()
	return traffic{s.BodySent, s.BodyReceived, s.Requests}
}

// sync exchanges until both sides hold the same.
func (l *laptop) sync() (replica.Report, error) {
	return replica.New(profile.Exchange{Profile: l.p, Blobs: l.hub}, l.hub, nil).Run(l.r.b.ctx)
}

// meteredSync exchanges and returns what the pushes moved, and what everything else did.
func (l *laptop) meteredSync() (rep replica.Report, pushes, others traffic, err error) {
	m := &meter{Client: l.hub}
	before := m.total()
	rep, err = replica.New(profile.Exchange{Profile: l.p, Blobs: l.hub}, m, nil).Run(l.r.b.ctx)
	if err != nil {
		return rep, pushes, others, err
	}
	if !rep.Synced {
		return rep, pushes, others, fmt.Errorf("not synced: %+v", rep)
	}
	after := m.total()
	others = traffic{after.sent - before.sent - m.pushes.sent, after.received - before.received - m.pushes.received, after.requests - before.requests - m.pushes.requests}
	return rep, m.pushes, others, nil
}

// settle exchanges until nobody has anything to do.
func settle(laptops ...*laptop) error {
	for range 2 {
		for _, l := range laptops {
			if _, err := l.sync(); err != nil {
				return err
			}
		}
	}
	return nil
}
