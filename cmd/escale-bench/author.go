package main

import (
	"crypto/rand"
	"fmt"
	"time"

	"escale/clients/profile"
	"escale/crypto/envelope"
	"escale/crypto/key"
	"escale/crypto/ledger"
	"escale/crypto/seal"
	"escale/schema"
	"escale/schema/form"
	"escale/schema/pack"
	"escale/sync/causal"
	"escale/sync/changeset"
	"escale/sync/merge"
	"escale/sync/shorthand"
	"escale/sync/wire"
)

// author is a device that writes one scope: what it seals opens, what it signs verifies, as from a laptop. Only its store
// and its forms are left out, so that many fit into one process.
type author struct {
	*writer
	session *seal.Session
	words   *words
	scope   schema.Scope
	reads   bool

	drawn  int
	recent []made // a ring of objects that it may edit
	cursor wire.Cursor
}

// made is an object that an author made, and what its fields are called in clear.
type made struct {
	object schema.Object
	tags   []schema.Tag
}

const (
	recentObjects = 256
	poolSize      = 512
)

// words are payloads, compressed and padded, of records that were invented for one site.
type words struct {
	pack    schema.Pack
	records [][]byte
	edits   []phrase
	paths   []string // that edits write
	classes []changeset.Class
}

// phrase is an edit of one field.
type phrase struct {
	padded []byte
	field  int // of paths
}

// inventWords draws records of the one-compartment form and prepares what is the same for every device.
func (b *bench) inventWords(bundle *pack.Bundle, name schema.Pack) (*words, error) {
	d, err := b.draw(plainForm, plainPart, poolSize)
	if err != nil {
		return nil, err
	}
	scribe, err := shorthand.NewScribe(bundle)
	if err != nil {
		return nil, err
	}
	w := &words{pack: name}
	at := causal.Next(0, time.Now())
	for _, typed := range d.values {
		answers, err := d.form.Generate(typed, form.Sources{Random: rand.Reader, Now: time.Now(), Member: "invented", Site: site})
		if err != nil {
			return nil, err
		}
		ops, err := operations(d.form, d.form.Split(answers)[plainPart])
		if err != nil {
			return nil, err
		}
		at++
		whole, err := scribe.Pack(&merge.Payload{Time: at, Form: d.form.ID, Ops: ops})
		if err != nil {
			return nil, err
		}
		w.records = append(w.records, whole)
		if err := w.edit(scribe, d.form, ops, at); err != nil {
			return nil, err
		}
	}
	return w, nil
}

// edit prepares edits of single fields from the operations of a record.
func (w *words) edit(scribe *shorthand.Scribe, f *form.Form, ops []merge.Op, at causal.Time) error {
	for _, op := range ops {
		fd, ok := f.Lookup(op.Path)
		if op.Kind != merge.Set || !ok {
			continue
		}
		p, err := merge.ParsePolicy(string(fd.Merge))
		if err != nil {
			return err
		}
		field := w.fieldOf(op.Path, p)
		padded, err := scribe.Pack(&merge.Payload{Time: at + 1, Ops: []merge.Op{op}})
		if err != nil {
			return err
		}
		w.edits = append(w.edits, phrase{padded, field})
	}
	return nil
}

func (w *words) fieldOf(path string, p merge.Policy) int {
	for i, have := range w.paths {
		if have == path {
			return i
		}
	}
	class := changeset.Mergeable
	if p.Exclusive() {
		class = changeset.Exclusive
	}
	w.paths, w.classes = append(w.paths, path), append(w.classes, class)
	return len(w.paths) - 1
}

// newAuthor begins a stream of an enrolled device.
func (r *rig) newAuthor(keys profile.Keys, scope schema.Scope, w *words, log *ledger.Log) (*author, error) {
	epoch, ok := log.State().CurrentEpoch(scope)
	if !ok {
		return nil, fmt.Errorf("scope %v has no epoch", scope)
	}
	sign, err := key.SignFromSeed(keys.Sign)
	if err != nil {
		return nil, err
	}
	a := &author{writer: &writer{keys: keys, sign: sign, pin: r.hub.Pin}, words: w, scope: scope, cursor: wire.Cursor{Scope: scope}}
	name := seal.EpochName{Org: keys.Org, Scope: scope, Number: epoch.Number}
	if a.session, a.writer.session, err = seal.NewSession(epoch.Public, name, keys.Device); err != nil {
		return nil, err
	}
	a.head = changeset.Header{Org: keys.Org, Device: keys.Device, Scope: scope, Ledger: log.Head().Hash, Epoch: epoch.Number,
		Session: envelope.SessionID(a.writer.session), Pack: w.pack}
	a.head.Incarnation, err = schema.NewIncarnation(rand.Reader)
	return a, err
}

// next seals, signs and chains a change-set: new records and edits of earlier ones in turn.
func (a *author) next(deltas int) (*changeset.Set, error) {
	d := changeset.Draft{Header: a.head}
	d.Header.Seq++
	if d.Header.Seq == 1 {
		d.Session = a.writer.session
	}
	if err := fill(d.Header.Salt[:]); err != nil {
		return nil, err
	}
	var keys *seal.ChangeSet
	var err error
	place := seal.Place{Stream: d.Header.Stream(), Seq: d.Header.Seq, Pack: d.Header.Pack, Salt: d.Header.Salt}
	if keys, d.Wrap, err = a.session.NewChangeSet(rand.Reader, place); err != nil {
		return nil, err
	}
	for i := range deltas {
		a.drawn++
		delta, err := a.delta(keys, place.Stream, uint32(i))
		if err != nil {
			return nil, err
		}
		b, err := changeset.EncodeDelta(delta)
		if err != nil {
			return nil, err
		}
		d.Deltas = append(d.Deltas, b)
	}
	set, err := d.Close(a.sign)
	if err == nil {
		a.head.Seq, a.head.Prev = set.Header.Seq, set.Hash
	}
	return set, err
}

func (a *author) delta(keys *seal.ChangeSet, stream schema.Stream, index uint32) (*changeset.Delta, error) {
	if index%2 == 0 {
		return a.create(keys, stream, index)
	}
	m := a.recent[a.drawn*7919%len(a.recent)]
	entry, err := keys.Entry(m.object)
	if err != nil {
		return nil, err
	}
	p := a.words.edits[a.drawn%len(a.words.edits)]
	d := &changeset.Delta{Object: m.object, Tags: []changeset.Tagged{{Tag: m.tags[p.field], Class: a.words.classes[p.field]}}}
	d.Own = changeset.Own{Count: index} // it was shown what was written just before
	d.Sealed, err = entry.Seal(index, p.padded)
	return d, err
}

func (a *author) create(keys *seal.ChangeSet, stream schema.Stream, index uint32) (*changeset.Delta, error) {
	d := &changeset.Delta{Create: true}
	if err := fill(d.Seed[:]); err != nil {
		return nil, err
	}
	d.Object = schema.ObjectOf(stream, d.Seed)
	entry, err := keys.Entry(d.Object)
	if err != nil {
		return nil, err
	}
	tagger, err := entry.Tagger()
	if err != nil {
		return nil, err
	}
	m := made{object: d.Object}
	for _, path := range a.words.paths {
		m.tags = append(m.tags, tagger.Tag(path))
	}
	if len(a.recent) < recentObjects {
		a.recent = append(a.recent, m)
	} else {
		a.recent[a.drawn/2%recentObjects] = m
	}
	d.Sealed, err = entry.Seal(index, a.words.records[a.drawn%len(a.words.records)])
	return d, err
}
