package profile

import (
	"context"
	"errors"
	"fmt"
	"io"

	"encoding/binary"

	"escale/crypto/seal"
	"escale/schema"
	"escale/schema/canon"
	"escale/store/agentdb"
	"escale/sync/causal"
	"escale/sync/changeset"
	"escale/sync/merge"
)

// How large an open change-set grows.
const (
	maxOpenSize = schema.MaxChangeSet - changeset.Overhead // heads included
	maxOpen     = 1000                                     // deltas
	deltaCost   = 8                                        // bytes that a delta costs beside its own
)

// Edit is one delta to be: a new object, or a change to one.
type Edit struct {
	Scope   schema.Scope
	Seed    *schema.ObjectSeed // of a new object; nil for a change
	Object  schema.Object      // of a change
	Pack    schema.Pack
	Payload merge.Payload // its Time is set by Save
	Tags    []TagOf       // of a change
	View    causal.Context
	Urgent  bool // leaves before everything else that waits
}

// TagOf is a field that a change touches.
type TagOf struct {
	Path  string
	Class changeset.Class
}

// openSet is the change-set that this process writes in one scope.
type openSet struct {
	id     causal.Set
	stream causal.Stream
	draft  draft
	keys   *seal.ChangeSet
	heads  map[schema.Hash]uint32
	count  uint32
	size   int
}

// draft is what is durable of an open change-set beside its deltas.
type draft struct {
	_       struct{} `cbor:",toarray"`
	Header  changeset.Header
	Session []byte
	Wrap    []byte
}

// NewObject draws the seed of a new object in a scope and returns it with the object's name.
func (p *Profile) NewObject(scope schema.Scope) (seed schema.ObjectSeed, o schema.Object, err error) {
	if _, err := io.ReadFull(p.opts.Rand, seed[:]); err != nil {
		return seed, o, fmt.Errorf("draw an object: %w", err)
	}
	return seed, schema.ObjectOf(schema.StreamOf(p.Keys.Device, p.inc, scope), seed), nil
}

// Secret is a small secret that Keep stores under a name.
type Secret struct {
	Name  string
	Value []byte
}

// Save seals edits and makes them durable together, in one transaction, and with them what to keep beside. When it
// returns nil they are saved.
func (p *Profile) Save(ctx context.Context, edits []Edit, beside ...Secret) (causal.Time, error) {
	if err := p.settle(ctx); err != nil {
		return 0, err
	}
	if err := p.Standing(); err != nil {
		return 0, err
	}
	at := causal.Next(p.last, p.opts.Clock())
	for i := range edits {
		if err := p.checkWrite(edits[i].Scope); err != nil {
			return 0, err
		}
	}
	if err := p.makeRoom(ctx, edits); err != nil {
		return 0, err
	}
	p.saves++
	err := p.saveAll(ctx, edits, beside, at)
	if errors.Is(err, errNoRoom) { // beside what was open already; that is closed now
		err = p.saveAll(ctx, edits, beside, at)
	}
	if errors.Is(err, errNoRoom) {
		err = fmt.Errorf("%w: its parts of one scope do not fit into one change-set", ErrTooLarge)
	}
	if err != nil {
		return 0, err
	}
	p.last = max(p.last, at)
	return at, nil
}

// errNoRoom says that a change-set would grow over a bound.
var errNoRoom = errors.New("no room in the open change-set")

func (p *Profile) saveAll(ctx context.Context, edits []Edit, beside []Secret, at causal.Time) error {
	// What memory holds of a failed transaction is not on the disk; the next save starts new change-sets.
	return p.update(ctx, func(tx *agentdb.Tx) error {
		for i := range edits {
			edits[i].Payload.Time = at
			if err := p.saveOne(tx, &edits[i]); err != nil {
				return err
			}
		}
		for _, s := range beside {
			if err := p.keep(tx, s); err != nil {
				return err
			}
		}
		return errors.Join(p.keepClock(tx), tx.PutMeta(metaTime, bytesOf(uint64(at))))
	})
}

func (p *Profile) checkWrite(scope schema.Scope) error {
	self, err := p.Self()
	if err != nil {
		return err
	}
	terms := self.Now()
	for _, list := range [][]schema.Scope{terms.Write, terms.Read} {
		for _, s := range list {
			if s == scope {
				if _, ok := p.log.State().CurrentEpoch(scope); !ok {
					return &ClosedScopeError{p.directory.Scopes[scope]}
				}
				return nil
			}
		}
	}
	return fmt.Errorf("%w: %s", ErrNotPermitted, p.directory.Scopes[scope])
}

// makeRoom closes an open change-set that is full, or that was opened under another ledger head, form bundle or epoch.
func (p *Profile) makeRoom(ctx context.Context, edits []Edit) error {
	for i := range edits {
		o, ok := p.open[edits[i].Scope]
		if !ok {
			continue
		}
		full := o.size >= maxOpenSize-schema.MaxSealed || o.count >= maxOpen || len(o.draft.Header.Heads) >= schema.MaxHeads/2
		if full || o.draft.Header.Ledger != p.log.Head().Hash || o.draft.Header.Pack != edits[i].Pack {
			if err := p.CloseOpenSets(ctx); err != nil {
				return err
			}
		}
	}
	return nil
}

// saveOne seals one edit into the open change-set of its scope.
func (p *Profile) saveOne(tx *agentdb.Tx, e *Edit) error {
	o, isNew, err := p.openSetFor(tx, e)
	if err != nil {
		return err
	}
	if e.Seed != nil {
		e.Object = schema.ObjectOf(o.draft.Header.Stream(), *e.Seed)
	}
	plain, err := e.Payload.Encode()
	if err != nil {
		return err
	}
	part, err := p.partFor(tx, e)
	if err != nil {
		return err
	}
	body, grown, err := p.sealDelta(o, e, part)
	if err != nil {
		return err
	}
	if o.size+len(body)+deltaCost > maxOpenSize || o.count >= maxOpen {
		return errNoRoom
	}
	if isNew || grown {
		b, err := canon.Encode(o.draft)
		if err != nil {
			return err
		}
		if err := tx.PutDraft(o.id, b, isNew); err != nil {
			return err
		}
	}
	if err := tx.PutDelta(o.id, o.count, body); err != nil {
		return err
	}
	if err := tx.PutOutgoing(p.outgoing(o.id, e)); err != nil {
		return err
	}
	part.Deltas = append(part.Deltas, PartDelta{Set: o.id, Index: o.count, Context: contextOf(e.View), Pack: e.Pack, Payload: plain})
	o.count++
	o.size += len(body) + deltaCost
	return p.keepPart(tx, part)
}

// sealDelta encodes and seals one delta; grown says that the header's list of heads grew.
func (p *Profile) sealDelta(o *openSet, e *Edit, part *Part) (body []byte, grown bool, err error) {
	scribe, ok, err := p.scribe(e.Pack)
	if err != nil || !ok {
		return nil, false, errors.Join(err, fmt.Errorf("form bundle %v is not on this laptop", e.Pack))
	}
	padded, err := scribe.Pack(&e.Payload)
	if err != nil {
		return nil, false, fmt.Errorf("%w: %w", ErrTooLarge, err)
	}
	if len(padded)+64 > schema.MaxSealed {
		return nil, false, fmt.Errorf("%w: %d bytes, at most %d", ErrTooLarge, len(padded), schema.MaxSealed)
	}
	entry, err := o.keys.Entry(e.Object)
	if err != nil {
		return nil, false, err
	}
	d := changeset.Delta{Object: e.Object}
	if e.Seed != nil {
		d.Create, d.Seed = true, *e.Seed
		t, err := entry.Tagger()
		if err != nil {
			return nil, false, err
		}
		part.Tagger = t.Secret()
	} else {
		if d.Tags, err = part.tags(e.Tags); err != nil {
			return nil, false, err
		}
		grown = p.cite(o, &d, e.View)
	}
	if d.Sealed, err = entry.Seal(o.count, padded); err != nil {
		return nil, false, err
	}
	body, err = changeset.EncodeDelta(&d)
	return body, grown, err
}

// cite turns what was seen into a delta's clear context: own predecessors by how far back they lie, others by a head
// that the header lists. What does not fit the bounds counts as unseen.
func (p *Profile) cite(o *openSet, d *changeset.Delta, view causal.Context) (grown bool) {
	for _, s := range view {
		info := p.sets[s.Set]
		if p.history.Follows(o.id, s.Set) { // one's own branch; a clone's branch of the same stream is cited like others'
			count := s.Count
			if count == causal.All {
				count = info.deltas
			}
			d.Own = changeset.Own{Back: o.draft.Header.Seq - info.seq, Count: count}
			continue
		}
		if s.Count < info.deltas {
			info = p.sets[p.history.Parent(s.Set)] // it was open when it was shown: only what lies before was seen entirely
		}
		if info.hash.IsZero() {
			continue
		}
		i, ok := o.heads[info.hash]
		if !ok && (len(o.heads) >= schema.MaxHeads || len(d.Heads) >= schema.MaxSeen-2) {
			continue
		}
		if !ok {
			i = uint32(len(o.draft.Header.Heads))
			o.heads[info.hash] = i
			o.size += changeset.HeadSize
			o.draft.Header.Heads = append(o.draft.Header.Heads, changeset.Head{Stream: p.streams[info.stream].Name, Seq: info.seq, Set: info.hash})
			grown = true
		}
		if len(d.Heads) < schema.MaxSeen-2 {
			d.Heads = append(d.Heads, i)
		}
	}
	return grown
}

// openSetFor returns the open change-set of a scope, opening one if there is none.
func (p *Profile) openSetFor(tx *agentdb.Tx, e *Edit) (*openSet, bool, error) {
	if o, ok := p.open[e.Scope]; ok {
		if o.draft.Header.Pack != e.Pack {
			return nil, false, fmt.Errorf("%w: edits of one save were made with different form bundles", ErrNotPermitted)
		}
		return o, false, nil
	}
	epoch, ok := p.log.State().CurrentEpoch(e.Scope)
	if !ok {
		return nil, false, &ClosedScopeError{p.directory.Scopes[e.Scope]}
	}
	session, header, err := p.sessionFor(tx, e.Scope, epoch)
	if err != nil {
		return nil, false, err
	}
	o := &openSet{heads: map[schema.Hash]uint32{}, size: len(header)}
	if o.stream, err = p.streamFor(tx, schema.StreamOf(p.Keys.Device, p.inc, e.Scope), e.Scope, p.Keys.Device); err != nil {
		return nil, false, err
	}
	h := changeset.Header{Suite: schema.Suite, Org: p.Keys.Org, Device: p.Keys.Device, Incarnation: p.inc, Scope: e.Scope, Seq: 1,
		Ledger: p.log.Head().Hash, Pack: e.Pack, Epoch: epoch.Number, Session: session.ID, Heads: []changeset.Head{}}
	parent := p.tips[o.stream]
	if p.sets[parent].state == agentdb.Writing && parent != 0 {
		return nil, false, fmt.Errorf("%w: its stream has a change-set that is not closed", agentdb.ErrDamaged)
	}
	if parent != 0 {
		h.Seq, h.Prev = p.sets[parent].seq+1, p.sets[parent].hash
	}
	if _, err := io.ReadFull(p.opts.Rand, h.Salt[:]); err != nil {
		return nil, false, fmt.Errorf("draw a salt: %w", err)
	}
	o.draft = draft{Header: h, Session: header}
	o.keys, o.draft.Wrap, err = session.NewChangeSet(p.opts.Rand, placeOf(&h))
	if err != nil {
		return nil, false, err
	}
	row := agentdb.Set{Stream: o.stream, Seq: h.Seq, Parent: parent, State: agentdb.Writing, Opened: agentdb.Done, Height: p.log.Head().Height, Epoch: epoch.Number}
	if !p.Reads(e.Scope) {
		row.Opened = agentdb.Sealed
	}
	if o.id, err = tx.AddSet(row, nil); err != nil {
		return nil, false, err
	}
	row.ID = o.id
	p.noteSet(row)
	p.open[e.Scope] = o
	return o, true, nil
}

func (p *Profile) streamFor(tx *agentdb.Tx, name schema.Stream, scope schema.Scope, device schema.Device) (causal.Stream, error) {
	if id, ok := p.byName[name]; ok {
		return id, nil
	}
	s := agentdb.Stream{Name: name, Scope: scope, Device: device, Own: device == p.Keys.Device}
	var err error
	if s.ID, err = tx.AddStream(s); err != nil {
		return 0, err
	}
	p.noteStream(s)
	return s.ID, nil
}

// CloseOpenSets closes and signs every open change-set, those of an earlier process included.
func (p *Profile) CloseOpenSets(ctx context.Context) error {
	if err := p.settle(ctx); err != nil {
		return err
	}
	if err := p.closeAll(ctx); err != nil {
		p.stale = true // whether they are closed on the disk is read before the next save
		return fmt.Errorf("close change-sets: %w", err)
	}
	return nil
}

func (p *Profile) closeAll(ctx context.Context) error {
	var sets []agentdb.Set
	err := p.db.Update(ctx, func(tx *agentdb.Tx) error {
		if err := tx.OpenSets(func(s agentdb.Set) error { sets = append(sets, s); return nil }); err != nil {
			return err
		}
		for i := range sets {
			if err := p.closeOne(tx, &sets[i]); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	p.open = map[schema.Scope]*openSet{}
	for _, s := range sets {
		info := p.sets[s.ID]
		info.hash, info.state, info.deltas = s.Hash, agentdb.Ready, s.Deltas
		p.sets[s.ID] = info
		p.byHash[s.Hash] = s.ID
	}
	return nil
}

func (p *Profile) closeOne(tx *agentdb.Tx, s *agentdb.Set) error {
	b, deltas, err := tx.Draft(s.ID)
	if err != nil {
		return err
	}
	var d draft
	if err := canon.Decode(b, &d); err != nil {
		return fmt.Errorf("%w: open change-set: %w", agentdb.ErrDamaged, err)
	}
	c := changeset.Draft{Header: d.Header, Session: d.Session, Wrap: d.Wrap, Deltas: deltas}
	set, err := c.Close(p.keys.sign)
	if err != nil {
		return err
	}
	s.Hash, s.Deltas = set.Hash, uint32(len(deltas))
	if err := keepSetKeys(tx, s.ID, set); err != nil {
		return err
	}
	return tx.CloseSet(s.ID, set.Hash, s.Deltas, set.Raw)
}

func placeOf(h *changeset.Header) seal.Place {
	return seal.Place{Stream: h.Stream(), Seq: h.Seq, Pack: h.Pack, Salt: h.Salt}
}

func bytesOf(v uint64) []byte { return binary.BigEndian.AppendUint64(nil, v) }

func number(b []byte) uint64 {
	if len(b) != 8 {
		return 0
	}
	return binary.BigEndian.Uint64(b)
}
