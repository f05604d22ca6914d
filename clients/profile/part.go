package profile

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"

	"escale/crypto/seal"
	"escale/schema"
	"escale/schema/canon"
	"escale/store/agentdb"
	"escale/sync/causal"
	"escale/sync/changeset"
	"escale/sync/merge"
)

// Part is everything that this laptop opened of one object.
type Part struct {
	_      struct{} `cbor:",toarray"`
	Object schema.Object
	Scope  schema.Scope
	Record schema.Record // the anchor's object
	Form   string
	Parts  []schema.Compartment // of an anchor: the parts that the form always makes
	Tagger []byte               // empty until the creating delta was opened
	Deltas []PartDelta

	settled bool // its record and scope lie on the disk and do not change any more
}

// PartDelta is one opened delta.
type PartDelta struct {
	_       struct{} `cbor:",toarray"`
	Set     causal.Set
	Index   uint32
	Context []uint64      // pairs of change-set and count
	Pending []schema.Hash // heads that were not here when it was opened
	Pack    schema.Pack
	Payload []byte
}

// Created reports whether the creating delta is here; without it a part cannot be placed.
func (t *Part) Created() bool { return len(t.Tagger) > 0 }

func contextOf(c causal.Context) []uint64 {
	out := make([]uint64, 0, 2*len(c))
	for _, s := range c {
		out = append(out, uint64(s.Set), uint64(s.Count))
	}
	return out
}

func (t *Part) tags(paths []TagOf) ([]changeset.Tagged, error) {
	if !t.Created() {
		return nil, fmt.Errorf("%w: object %v was not created here yet", ErrNotPermitted, t.Object)
	}
	tagger, err := seal.TaggerFromSecret(t.Tagger)
	if err != nil {
		return nil, err
	}
	out := make([]changeset.Tagged, 0, len(paths))
	for _, f := range paths {
		tag := tagger.Tag(f.Path)
		if f.Path == merge.Exists {
			tag = changeset.TagExists
		}
		out = append(out, changeset.Tagged{Tag: tag, Class: f.Class})
	}
	return out, nil
}

// partFor returns the part that an edit belongs to.
func (p *Profile) partFor(tx *agentdb.Tx, e *Edit) (*Part, error) {
	if e.Seed == nil {
		part, err := p.loadPart(tx, e.Object)
		if err != nil {
			return nil, err
		}
		if part.Scope != e.Scope {
			return nil, fmt.Errorf("%w: object %v lies in another scope", ErrNotPermitted, e.Object)
		}
		return part, nil
	}
	record := e.Payload.Record
	if record.IsZero() {
		record = e.Object
	}
	return &Part{Object: e.Object, Scope: e.Scope, Record: record, Form: e.Payload.Form, Parts: e.Payload.Parts}, nil
}

// loadPart returns a copy that the caller may change; it counts once keepPart and the transaction succeeded.
func (p *Profile) loadPart(tx *agentdb.Tx, o schema.Object) (*Part, error) {
	if part := p.unsealed[o]; part != nil {
		return part.copy(), nil
	}
	if part, ok := p.sitting[o]; ok {
		return part.copy(), nil
	}
	row, err := tx.Part(o)
	if err != nil {
		return nil, err
	}
	return p.openPart(row)
}

// inMemory reports whether a part was opened further in this sitting than the disk knows.
func (p *Profile) inMemory(o schema.Object) bool {
	_, sitting := p.sitting[o]
	return sitting || p.unsealed[o] != nil
}

func (t *Part) copy() *Part {
	c := *t
	c.Deltas = slices.Clone(t.Deltas)
	return &c
}

func (p *Profile) openPart(row agentdb.Part) (*Part, error) {
	b, err := p.keys.storage.Open("part", row.Object[:], row.Sealed)
	if err != nil {
		return nil, fmt.Errorf("%w: stored part %v", err, row.Object)
	}
	var part Part
	if err := canon.DecodeLoose(b, &part); err != nil {
		return nil, fmt.Errorf("%w: stored part %v: %w", agentdb.ErrDamaged, row.Object, err)
	}
	part.settled = part.Created()
	return &part, nil
}

// keepPart stores what was opened: on the disk, sealed, if this device may read the scope; otherwise in memory only.
func (p *Profile) keepPart(tx *agentdb.Tx, part *Part) error {
	if !p.mayKeep(part) {
		p.unsealed[part.Object] = part
		return nil
	}
	row, err := p.prepareRow(part)
	if err != nil {
		return err
	}
	if err := row.seal(); err != nil {
		return err
	}
	return putRows(tx, []partRow{row})
}

// putRows writes sealed rows.
func putRows(tx *agentdb.Tx, rows []partRow) error {
	var fresh, again []agentdb.Part
	for i := range rows {
		if rows[i].of.settled {
			again = append(again, rows[i].Part)
		} else {
			fresh = append(fresh, rows[i].Part)
		}
	}
	return errors.Join(tx.PutParts(fresh), tx.ResealParts(again))
}

// partRow is the row of a part that is about to be sealed.
type partRow struct {
	agentdb.Part
	of   *Part
	once func(name, plain []byte) ([]byte, error)
	key  func(schema.Record) []byte
}

// prepareRow begins the row of a part whose scope this device reads. What it changes and draws goes in turn.
func (p *Profile) prepareRow(part *Part) (row partRow, err error) {
	if p.sitting[part.Object] != nil || p.unsealed[part.Object] != nil {
		p.unsealed[part.Object] = nil // its key came during this sitting
	}
	if p.directory != nil && part.Scope == p.directory.Scope {
		p.directoryRead = false
	}
	row = partRow{Part: agentdb.Part{Object: part.Object, Scope: part.Scope}, of: part, key: p.recordKey}
	row.once, err = p.keys.storage.Prepare("part")
	return row, err
}

// seal does what takes time, and may run beside others.
func (r *partRow) seal() error {
	b, err := canon.Encode(r.of)
	if err != nil {
		return err
	}
	r.Record = r.key(r.of.Record)
	r.Sealed, err = r.once(r.Object[:], b)
	return err
}

// mayKeep reports whether an opened part may lie on the disk: this device reads its scope, or holds the keys of the epochs
// under which all of it was written while the newest one is not here yet.
func (p *Profile) mayKeep(part *Part) bool {
	if p.Reads(part.Scope) {
		return true
	}
	return !slices.ContainsFunc(part.Deltas, func(d PartDelta) bool {
		_, held := p.heldKey(part.Scope, p.sets[d.Set].epoch)
		return !held
	})
}

// recordKey is what the store calls a record: whoever takes the disk cannot look a known record up.
func (p *Profile) recordKey(r schema.Record) []byte {
	m := hmac.New(sha256.New, p.Keys.Storage)
	m.Write([]byte("escale/v1/record-key\x00"))
	m.Write(r[:])
	return m.Sum(nil)[:16]
}

// PartsOf returns the parts of a record that this laptop opened.
func (p *Profile) PartsOf(ctx context.Context, r schema.Record) ([]*Part, error) {
	var out []*Part
	err := p.db.Update(ctx, func(tx *agentdb.Tx) error {
		return tx.PartsOf(p.recordKey(r), func(row agentdb.Part) error {
			if _, ok := p.sitting[row.Object]; ok {
				return nil // opened further since
			}
			part, err := p.openPart(row)
			if err != nil {
				return err
			}
			out = append(out, part)
			return nil
		})
	})
	for _, part := range p.sitting {
		if part.Record == r {
			out = append(out, part)
		}
	}
	return out, err
}

// Parts calls f for every part that this laptop opened, those of the sitting included.
func (p *Profile) Parts(ctx context.Context, f func(*Part) error) error {
	err := p.db.Update(ctx, func(tx *agentdb.Tx) error {
		return tx.Parts(func(row agentdb.Part) error {
			if _, ok := p.sitting[row.Object]; ok {
				return nil // opened further since
			}
			part, err := p.openPart(row)
			if err != nil {
				return err
			}
			return f(part)
		})
	})
	if err != nil {
		return err
	}
	for _, part := range p.sitting {
		if err := f(part); err != nil {
			return err
		}
	}
	return nil
}

// Deltas returns a part's edits that count, ready to merge.
func (p *Profile) Deltas(part *Part) ([]merge.Delta, error) {
	out := make([]merge.Delta, 0, len(part.Deltas))
	for i := range part.Deltas {
		d := &part.Deltas[i]
		info, ok := p.sets[d.Set]
		if !ok || info.verdict != "" || p.streams[info.stream].Scope != part.Scope {
			continue // a delta of another scope was written by somebody who need not be allowed to write here
		}
		payload, err := merge.DecodePayload(d.Payload)
		if err != nil {
			return nil, fmt.Errorf("stored delta: %w", err)
		}
		out = append(out, merge.Delta{Dot: causal.Dot{Set: d.Set, Index: d.Index}, Context: p.contextFrom(d),
			Author: p.streams[info.stream].Device, Time: payload.Time, Ops: payload.Ops})
	}
	return p.withoutTwins(part, out), nil
}

func (p *Profile) contextFrom(d *PartDelta) causal.Context {
	out := make(causal.Context, 0, len(d.Context)/2+len(d.Pending))
	for i := 0; i+1 < len(d.Context); i += 2 {
		out = append(out, causal.Seen{Set: causal.Set(d.Context[i]), Count: uint32(d.Context[i+1])})
	}
	for _, h := range d.Pending {
		if set, ok := p.byHash[h]; ok {
			out = append(out, causal.Seen{Set: set, Count: causal.All})
		}
	}
	return out
}

// View returns what can be proved seen by somebody to whom this part is shown now: of each stream that edited it, the
// newest change-set up to which everything was opened and counts.
func (p *Profile) View(part *Part) causal.Context {
	streams := map[causal.Stream]bool{}
	hidden := map[causal.Set]bool{}
	for i := range part.Deltas {
		if info, ok := p.sets[part.Deltas[i].Set]; ok && info.verdict != "" {
			hidden[part.Deltas[i].Set] = true // not shown: if officers accept it, nobody has seen past it
		}
	}
	var out causal.Context
	for i := range part.Deltas {
		info, ok := p.sets[part.Deltas[i].Set]
		if !ok || streams[info.stream] {
			continue
		}
		streams[info.stream] = true
		for _, tip := range p.history.Tips(info.stream) {
			if s, ok := p.seenUpTo(part, tip, hidden); ok {
				out = append(out, s)
			}
		}
	}
	return out
}

// seenUpTo steps back from a tip to the newest change-set below which none waits to be opened or is hidden.
func (p *Profile) seenUpTo(part *Part, tip causal.Set, hidden map[causal.Set]bool) (causal.Seen, bool) {
	at := tip
	for _, sets := range []map[causal.Set]bool{p.waiting, hidden} {
		for set := range sets {
			if p.history.Follows(at, set) {
				at = p.history.Parent(set)
			}
		}
	}
	if at == 0 {
		return causal.Seen{}, false
	}
	info := p.sets[at]
	if info.state != agentdb.Writing {
		return causal.Seen{Set: at, Count: causal.All}, true
	}
	if o, ok := p.open[p.streams[info.stream].Scope]; ok && o.id == at {
		return causal.Seen{Set: at, Count: o.count}, o.count > 0
	}
	// It is written to no more, but could not be closed yet: a full disk refuses even that. What is shown of it was seen.
	if count := part.shownOf(at); count > 0 {
		return causal.Seen{Set: at, Count: count}, true
	}
	at = p.history.Parent(at)
	return causal.Seen{Set: at, Count: causal.All}, at != 0
}

// shownOf returns how many of a change-set's deltas lie before or at the last one that this part holds.
func (t *Part) shownOf(set causal.Set) (count uint32) {
	for i := range t.Deltas {
		if t.Deltas[i].Set == set {
			count = max(count, t.Deltas[i].Index+1)
		}
	}
	return count
}
