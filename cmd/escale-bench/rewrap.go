package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"syscall"

	"escale/clients/profile"
	"escale/crypto/key"
	"escale/crypto/seal"
	"escale/schema"
	"escale/store/agentdb"
	"escale/sync/causal"
	"escale/sync/wire"
)

// How much is re-wrapped: a million entries in change-sets of a few, a new sitting every so many change-sets.
const (
	rewrapSets     = 250_000
	rewrapPerSet   = 4
	rewrapSitting  = 50
	rewrapBatch    = 5_000
	rewrapBytesMax = 80
	rewrapMicroMax = 5
)

// rewrap measures what a rotation costs its executor: bytes and processor time for each entry key that is carried over to
// the new epoch. The change-sets are made as the program makes them, save that no sealed body is stored: a rotation that
// read one would fail.
func (b *bench) rewrap() error {
	return b.onLaptop("rewrap", func(l *laptop) error {
		scope, err := l.p.Directory().ScopeOf(schema.ScopeName{Site: site, Kind: "case", Compartment: "admin"})
		if err != nil {
			return err
		}
		if err := l.rotate(scope); err != nil {
			return err
		}
		if err := errors.Join(l.close(), l.fillWithoutBodies(scope), l.unlock()); err != nil {
			return err
		}
		return b.weighRewrap(l)
	})
}

// rotate makes the scope's second epoch while nothing is under the first.
func (l *laptop) rotate(scope schema.Scope) error {
	ctx, desk := l.r.b.ctx, l.r.desk
	if _, err := desk.Sync(ctx); err != nil {
		return err
	}
	plan, err := desk.PlanRotation(ctx, []schema.Scope{scope})
	if err != nil {
		return err
	}
	return errors.Join(desk.Rotate(ctx, plan), settle(l))
}

func (b *bench) weighRewrap(l *laptop) error {
	blobs := &counted{Blobs: l.hub}
	before, err := processorTime()
	if err != nil {
		return err
	}
	if err := (profile.Exchange{Profile: l.p, Blobs: blobs}).Drain(b.ctx); err != nil {
		return err
	}
	after, err := processorTime()
	if err != nil {
		return err
	}
	const entries = rewrapSets * rewrapPerSet
	left, err := l.p.KeysLeft(b.ctx)
	if err != nil {
		return err
	}
	for _, n := range left {
		if n > 0 {
			return fmt.Errorf("%d entries were left behind", n)
		}
	}
	b.out.add("rewrap_bytes", float64(blobs.bytes)/entries, fmt.Sprintf("bytes for each of %d entries", entries), atMost(rewrapBytesMax))
	b.out.add("rewrap_cpu", (after-before)*1e6/entries, "µs of processor time for each entry", atMost(rewrapMicroMax))
	b.out.tell("rewrap_largest", float64(blobs.largest), "bytes of the largest piece in memory")
	b.out.tell("rewrap_bodies", 0, "sealed bodies stored, so none was read")
	return nil
}

// counted is a hub that counts what is put beside its ledger and keeps none of it.
type counted struct {
	profile.Blobs
	bytes, largest int
}

// PutBlobs counts.
func (c *counted) PutBlobs(_ context.Context, blobs wire.Blobs) error {
	for _, b := range blobs.Blobs {
		c.bytes += len(b)
		c.largest = max(c.largest, len(b))
	}
	return nil
}

// CheckPack finds everything complete: the hub was not given the change-sets.
func (c *counted) CheckPack(context.Context, wire.PackCheck) (wire.PackChecked, error) {
	return wire.PackChecked{Number: ^uint64(0)}, nil
}

// processorTime returns the seconds that this process has used.
func processorTime() (float64, error) {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0, fmt.Errorf("processor time: %w", err)
	}
	return float64(u.Utime.Sec+u.Stime.Sec) + float64(u.Utime.Usec+u.Stime.Usec)/1e6, nil
}

// bodiless makes change-sets under a scope's first epoch.
type bodiless struct {
	l       *laptop
	name    seal.EpochName
	public  key.EpochKEM
	stream  schema.Stream
	row     causal.Stream
	session *seal.Session
	parent  causal.Set
	seq     uint64
}

// fillWithoutBodies stores change-sets whose bytes are nowhere.
func (l *laptop) fillWithoutBodies(scope schema.Scope) (err error) {
	inc, err := schema.NewIncarnation(rand.Reader)
	if err != nil {
		return err
	}
	sc, _ := l.r.boss.p.Log().State().Scope(scope)
	first, _ := sc.Epoch(1)
	m := &bodiless{l: l, name: seal.EpochName{Org: l.keys.Org, Scope: scope, Number: 1}, public: first.Public,
		stream: schema.StreamOf(l.keys.Device, inc, scope)}
	db, err := agentdb.Open(l.r.b.ctx, l.path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	err = db.Update(l.r.b.ctx, func(tx *agentdb.Tx) error {
		m.row, err = tx.AddStream(agentdb.Stream{Name: m.stream, Scope: scope, Device: l.keys.Device, Own: true})
		return err
	})
	for n := 0; err == nil && n < rewrapSets; n += rewrapBatch {
		err = db.Update(l.r.b.ctx, m.batch)
	}
	return err
}

func (m *bodiless) batch(tx *agentdb.Tx) error {
	for range rewrapBatch {
		if err := m.one(tx); err != nil {
			return err
		}
	}
	return nil
}

func (m *bodiless) one(tx *agentdb.Tx) error {
	if m.seq%rewrapSitting == 0 {
		s, header, err := seal.NewSession(m.public, m.name, m.l.keys.Device)
		if err != nil {
			return err
		}
		m.session = s
		if err := tx.PutSession(agentdb.Session{ID: s.ID, Scope: m.name.Scope, Epoch: 1, Header: header}); err != nil {
			return err
		}
	}
	m.seq++
	at := seal.Place{Stream: m.stream, Seq: m.seq}
	var hash schema.Hash
	objects := make([]byte, 16*rewrapPerSet)
	if err := errors.Join(fill(at.Salt[:]), fill(hash[:]), fill(objects)); err != nil {
		return err
	}
	_, wrap, err := m.session.NewChangeSet(rand.Reader, at)
	if err != nil {
		return err
	}
	m.parent, err = tx.AddSet(agentdb.Set{Stream: m.row, Seq: m.seq, Parent: m.parent, Hash: hash, State: agentdb.AtHub, Opened: agentdb.Done,
		Epoch: 1, Deltas: rewrapPerSet}, nil)
	if err != nil {
		return err
	}
	head := append(append(append(append([]byte{}, m.session.ID[:]...), at.Salt[:]...), at.Pack[:]...), wrap...)
	return tx.PutSetKeys(agentdb.SetKeys{Set: m.parent, Head: head, Objects: objects})
}
