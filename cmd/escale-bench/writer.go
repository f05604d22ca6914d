package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"io"

	"escale/clients/hubclient"
	"escale/clients/profile"
	"escale/crypto/envelope"
	"escale/crypto/key"
	"escale/crypto/ledger"
	"escale/schema"
	"escale/sync/changeset"
	"escale/sync/wire"
)

// writer makes change-sets of one stream whose sealed parts are random bytes of the size of real ones: nobody who may not
// read them can tell the difference, the hub least of all.
type writer struct {
	keys    profile.Keys
	sign    key.SignPrivate
	head    changeset.Header
	session []byte
	pin     key.TLSPublic
	hub     *hubclient.Client
}

// newWriter returns the writer of an enrolled device in one scope.
func (r *rig) newWriter(keys profile.Keys, scope schema.Scope) (*writer, error) {
	w := &writer{keys: keys, pin: r.hub.Pin}
	var err error
	if w.sign, err = key.SignFromSeed(keys.Sign); err != nil {
		return nil, err
	}
	if err := w.reach(r.hub.addr); err != nil {
		return nil, err
	}
	log := r.boss.p.Log()
	epoch, ok := log.State().CurrentEpoch(scope)
	if !ok {
		return nil, fmt.Errorf("scope %v has no epoch", scope)
	}
	return w, w.begin(scope, epoch, log)
}

// reach makes the writer speak to the hub at an address.
func (w *writer) reach(addr string) error {
	tls, err := key.TLSFromSeed(w.keys.TLS)
	if err != nil {
		return err
	}
	w.hub, err = hubclient.New(addr, tls, []key.TLSPublic{w.pin}, hubclient.Options{Org: w.keys.Org, Device: w.keys.Device})
	return err
}

func (w *writer) begin(scope schema.Scope, epoch ledger.Epoch, log *ledger.Log) (err error) {
	s := envelope.Session{Suite: schema.Suite, KEM: key.KEM, Scope: scope, Epoch: epoch.Number, Device: w.keys.Device,
		Enc: make([]byte, envelope.EncapsulatedSize), Confirm: make([]byte, envelope.ConfirmSize)}
	for _, b := range [][]byte{s.Enc, s.Confirm} {
		if _, err := rand.Read(b); err != nil {
			return err
		}
	}
	if w.session, err = s.Encode(); err != nil {
		return err
	}
	w.head = changeset.Header{Org: w.keys.Org, Device: w.keys.Device, Scope: scope, Ledger: log.Head().Hash,
		Epoch: epoch.Number, Session: envelope.SessionID(w.session)}
	w.head.Incarnation, err = schema.NewIncarnation(rand.Reader)
	return err
}

// next makes the stream's next change-set.
func (w *writer) next(deltas []changeset.Delta) (*changeset.Set, error) {
	d := changeset.Draft{Header: w.head, Wrap: make([]byte, envelope.WrapSize)}
	d.Header.Seq++
	if d.Header.Seq == 1 {
		d.Session = w.session
	}
	if _, err := rand.Read(d.Wrap); err != nil {
		return nil, err
	}
	if _, err := rand.Read(d.Header.Salt[:]); err != nil {
		return nil, err
	}
	for i := range deltas {
		b, err := changeset.EncodeDelta(&deltas[i])
		if err != nil {
			return nil, err
		}
		d.Deltas = append(d.Deltas, b)
	}
	set, err := d.Close(w.sign)
	if err != nil {
		return nil, err
	}
	w.head.Seq, w.head.Prev = set.Header.Seq, set.Hash
	return set, nil
}

// push sends change-sets in one body and insists that all of them count.
func (w *writer) push(ctx context.Context, sets ...*changeset.Set) error {
	reply, err := w.hub.Push(ctx, func(body io.Writer) error {
		for _, s := range sets {
			o := wire.Opening{Stream: s.Header.Stream(), Seq: s.Header.Seq, Set: s.Hash, Total: uint64(len(s.Raw))}
			if err := wire.WriteSet(body, o, s.Raw); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	for _, res := range reply.Results {
		if res.Status != wire.Accepted {
			return fmt.Errorf("the hub did not accept a change-set: status %d %s", res.Status, res.Reason)
		}
	}
	if len(reply.Results) != len(sets) {
		return fmt.Errorf("%d answers to %d change-sets", len(reply.Results), len(sets))
	}
	return nil
}

// created returns deltas that create objects, with sealed parts of a size.
func created(n, sealed int) ([]changeset.Delta, error) {
	out := make([]changeset.Delta, n)
	for i := range out {
		out[i] = changeset.Delta{Create: true, Sealed: make([]byte, sealed)}
		if err := fill(out[i].Seed[:], out[i].Sealed); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// edited returns deltas that edit one field each, of objects that nobody edited before.
func edited(n, sealed int) ([]changeset.Delta, error) {
	out := make([]changeset.Delta, n)
	for i := range out {
		out[i] = changeset.Delta{Sealed: make([]byte, sealed), Tags: make([]changeset.Tagged, 1)}
		out[i].Tags[0].Class = changeset.Exclusive
		if err := fill(out[i].Object[:], out[i].Tags[0].Tag[:], out[i].Sealed); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// mixed returns edits and new objects in turn.
func mixed(n, sealed int) ([]changeset.Delta, error) {
	out, err := created(n, sealed)
	if err != nil {
		return nil, err
	}
	edits, err := edited(n/2, sealed)
	for i := range edits {
		out[2*i+1] = edits[i]
	}
	return out, err
}

func fill(bs ...[]byte) error {
	for _, b := range bs {
		if _, err := rand.Read(b); err != nil {
			return err
		}
	}
	return nil
}
