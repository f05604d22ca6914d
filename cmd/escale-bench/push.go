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
	"escale/sync/wire"
)

// sealedSize is what the sealed part of a short edit, or of a small part of a record, takes: padded to 128 B, and the tag.
const sealedSize = 128 + 16

// push compares durable pushes of change-sets of n deltas with bare inserts of the same rows. Half of the change-sets
// are new objects, for which the hub writes no row of the frontier, half are edits, for which it writes one each.
func (b *bench) push(n int, least float64) (err error) {
	r, err := b.newRig("push", site)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.close()) }()
	w, err := r.scribe()
	if err != nil {
		return err
	}
	defer w.hub.Close()
	name := fmt.Sprintf("push_%d", n)
	worst := 0.0
	for _, kind := range []struct {
		name string
		make func(n, sealed int) ([]changeset.Delta, error)
	}{{"edits", edited}, {"new", created}} {
		c := contest{b: b, w: w, n: n, deltas: kind.make}
		rows, blobs, err := c.run(name + "_" + kind.name)
		if err != nil {
			return err
		}
		b.out.tell(name+"_"+kind.name, rows, "× bare rows")
		b.out.tell(name+"_"+kind.name+"_naive", blobs, "× one bare row per delta")
		if worst == 0 || rows < worst {
			worst = rows
		}
	}
	b.out.add(name, worst, "× bare rows (the lower of both)", atLeast(least))
	return nil
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
	each := max(4, 200/c.n) // change-sets of one side of one round
	if err := c.prepare(2 * each * (pushWarm + pushRounds)); err != nil {
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
	at := 0 // of our next change-set: they follow one another
	ours := func(int) error {
		for range each {
			if err := c.w.push(c.b.ctx, c.sets[at]); err != nil {
				return err
			}
			at++
		}
		return nil
	}
	slower, err := interleave(time.Now, pushWarm, pushRounds, ours, every(each, func(i int) error { return hub.Add(c.b.ctx, &c.rows[i]) }))
	if err != nil {
		return 0, 0, err
	}
	naive, err := interleave(time.Now, pushWarm, pushRounds, ours, every(each, func(i int) error { return plain.Add(c.b.ctx, c.blobs[i]) }))
	if err != nil {
		return 0, 0, err
	}
	return 1 / slower, 1 / naive, nil
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
