package main

import (
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"escale/clients/profile"
	"escale/schema"
	"escale/store/bare"
	"escale/sync/changeset"
	"escale/sync/replica"
	"escale/sync/wire"
)

// sealedSize is what the sealed part of a short edit, or of a small part of a record, takes: padded to 128 B, and the tag.
const sealedSize = 128 + 16

// push compares durable pushes of change-sets of n deltas, in bodies as an exchange sends them, with bare inserts of the
// same rows, one durable transaction for each change-set. What counts is a change-set as a day's work leaves it: every other
// delta makes an object, for which the hub writes no row of the frontier, and every other is an edit, for which it writes
// one. The pure kinds are held to the same target.
func (b *bench) push(n int, least float64) error {
	name := fmt.Sprintf("push_%d", n)
	for _, kind := range []struct {
		name   string
		deltas func(n, sealed int) ([]changeset.Delta, error)
		target target
	}{{name, mixed, atLeast(least)}, {name + "_edits", edited, atLeast(least)}, {name + "_new", created, atLeast(least)}} {
		rows, blobs, err := b.contest(kind.name, n, kind.deltas)
		if err != nil {
			return err
		}
		b.out.add(kind.name, rows, "× bare rows", kind.target)
		b.out.tell(kind.name+"_naive", blobs, "× one bare row per delta")
	}
	return nil
}

// contest founds an organisation for one comparison, so that all files begin empty and grow alike.
func (b *bench) contest(name string, n int, deltas func(n, sealed int) ([]changeset.Delta, error)) (rows, blobs float64, err error) {
	r, err := b.newRig(name, site)
	if err != nil {
		return 0, 0, err
	}
	defer func() { err = errors.Join(err, r.close()) }()
	w, err := r.scribe()
	if err != nil {
		return 0, 0, err
	}
	defer w.hub.Close()
	c := contest{b: b, w: w, n: n, deltas: deltas}
	return c.run(name)
}

// scribe enrols a device that writes one scope.
func (r *rig) scribe() (*writer, error) {
	keys, err := profile.NewKeys(rand.Reader, false)
	if err != nil {
		return nil, err
	}
	keys.Org = r.boss.keys.Org
	one := within("service", schema.Anchor)
	if err := r.enrol(terms{role: role, read: one, write: one}, keys); err != nil {
		return nil, err
	}
	l, err := r.laptop("scribe", keys)
	if err != nil {
		return nil, err
	}
	if err := errors.Join(settle(l), l.close()); err != nil { // makes the epoch
		return nil, err
	}
	if _, err := r.desk.Sync(r.b.ctx); err != nil {
		return nil, err
	}
	scope, err := r.scopeOf(one)
	if err != nil {
		return nil, err
	}
	return r.newWriter(keys, scope)
}

func (r *rig) scopeOf(is func(schema.ScopeName) bool) (schema.Scope, error) {
	for id, n := range r.boss.p.Directory().Scopes {
		if is(n) {
			return id, nil
		}
	}
	return schema.Scope{}, profile.ErrUnknownScope
}

// contest is one comparison of pushes with bare rows.
type contest struct {
	b      *bench
	w      *writer
	n      int
	deltas func(n, sealed int) ([]changeset.Delta, error)

	sets  []*changeset.Set
	rows  []bare.Set
	blobs [][][]byte
}

const (
	pushWarm   = 2
	pushRounds = 15
)

// run returns the ratios of the rates: ours to that of the same rows, and to that of one row for each delta.
func (c *contest) run(name string) (rows, blobs float64, err error) {
	each := max(8, 200/c.n) // change-sets of one side of one round
	if err := c.prepare(each * (pushWarm + pushRounds)); err != nil {
		return 0, 0, err
	}
	hub, err := bare.OpenHub(c.b.ctx, filepath.Join(c.b.dir, name+"-bare.db"))
	if err != nil {
		return 0, 0, err
	}
	defer func() { err = errors.Join(err, hub.Close()) }()
	plain, err := bare.OpenRows(c.b.ctx, filepath.Join(c.b.dir, name+"-naive.db"))
	if err != nil {
		return 0, 0, err
	}
	defer func() { err = errors.Join(err, plain.Close()) }()
	took, err := inTurn(time.Now, pushWarm, pushRounds,
		func(round int) error { return c.bodies(c.sets[round*each : (round+1)*each]) },
		every(each, func(i int) error { return hub.Add(c.b.ctx, &c.rows[i]) }),
		every(each, func(i int) error { return plain.Add(c.b.ctx, c.blobs[i]) }))
	if err != nil {
		return 0, 0, err
	}
	if rows, err = ofRounds(took[1], took[0]); err != nil {
		return 0, 0, err
	}
	blobs, err = ofRounds(took[2], took[0])
	return rows, blobs, err
}

// bodies pushes change-sets as an exchange does: several in one body, which the hub commits in groups.
func (c *contest) bodies(sets []*changeset.Set) error {
	for len(sets) > 0 {
		n, size := 0, 0
		for n < len(sets) && size < replica.BatchSize {
			size += len(sets[n].Raw)
			n++
		}
		if err := c.w.push(c.b.ctx, sets[:n]...); err != nil {
			return err
		}
		sets = sets[n:]
	}
	return nil
}

// every does a round's share of the work.
func every(each int, do func(i int) error) side {
	return func(round int) error {
		for i := round * each; i < (round+1)*each; i++ {
			if err := do(i); err != nil {
				return err
			}
		}
		return nil
	}
}

// prepare makes change-sets, and the rows that a hub keeps of them.
func (c *contest) prepare(count int) error {
	running := schema.Hash{}
	for i := range count {
		deltas, err := c.deltas(c.n, sealedSize)
		if err != nil {
			return err
		}
		set, err := c.w.next(deltas)
		if err != nil {
			return err
		}
		running = wire.RunningHash(running, set.Hash)
		c.sets = append(c.sets, set)
		c.rows = append(c.rows, bare.Set{Hash: set.Hash, Running: running, Seq: int64(set.Header.Seq), Raw: set.Raw, Cells: cells(i, deltas)})
		blobs := make([][]byte, len(deltas))
		for k := range deltas {
			blobs[k] = deltas[k].Sealed
		}
		c.blobs = append(c.blobs, blobs)
	}
	return nil
}

// cells are the rows of the frontier after edits that nobody contests: object and tag, and one dot of six short numbers.
func cells(set int, deltas []changeset.Delta) (out []bare.Cell) {
	for i := range deltas {
		for _, t := range deltas[i].Tags {
			cell := bare.Cell{Key: append(deltas[i].Object[:], t.Tag[:]...)}
			for _, n := range []uint64{uint64(set), uint64(i), uint64(t.Class), 1, 0, uint64(set)} {
				cell.Dots = binary.AppendUvarint(cell.Dots, n)
			}
			out = append(out, cell)
		}
	}
	return out
}
