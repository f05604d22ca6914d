package profile

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"escale/crypto/seal"
	"escale/schema"
	"escale/store/agentdb"
	"escale/sync/causal"
	"escale/sync/changeset"
	"escale/sync/merge"
	"escale/sync/shorthand"
)

// entrySource gives the entry keys of one change-set.
type entrySource interface {
	Entry(schema.Object) (*seal.Entry, error)
}

// openKeys finds what opens a change-set: its own secret, or the key pack that carries its entry keys. One that was
// validly signed but sealed wrongly opens to nothing; it stays stored, and everything else goes on.
func (p *Profile) openKeys(tx *agentdb.Tx, set *changeset.Set) (entrySource, error) {
	h := &set.Header
	session, err := p.sessionOf(tx, h.Scope, h.Epoch, h.Session)
	if errors.Is(err, errNoKey) {
		return p.openCarried(tx, set)
	}
	if err != nil {
		return nil, unreadable(err)
	}
	keys, err := session.OpenChangeSet(placeOf(h), set.Wrap)
	if err != nil {
		return nil, unreadable(err)
	}
	return keys, nil
}

func (p *Profile) openCarried(tx *agentdb.Tx, set *changeset.Set) (entrySource, error) {
	c, err := p.carriageOf(tx, set.Header.Scope)
	if err != nil {
		return nil, err
	}
	keys, err := p.carriedKeys(tx, c, set.Hash)
	if errors.Is(err, errNoKey) || err == nil && len(keys) == 0 {
		return nil, errNotYet
	}
	if err != nil {
		return nil, unreadable(err)
	}
	return carriedSet{p.Keys.Org, &set.Header, keys}, nil
}

// carriedSet opens the deltas of one change-set with the entry keys of a key pack.
type carriedSet struct {
	org    schema.Org
	header *changeset.Header
	keys   entryKeys
}

// Entry returns the key of one object's deltas.
func (c carriedSet) Entry(o schema.Object) (*seal.Entry, error) {
	k, ok := c.keys[o]
	if !ok {
		return nil, errNotYet
	}
	return seal.RestoreEntry(c.org, c.header.Scope, placeOf(c.header), o, k)
}

// heldKey returns the private key of an epoch by its number.
func (p *Profile) heldKey(scope schema.Scope, number uint32) (seal.EpochPrivate, bool) {
	sc, ok := p.log.State().Scope(scope)
	if !ok {
		return seal.EpochPrivate{}, false
	}
	e, ok := sc.Epoch(number)
	if !ok {
		return seal.EpochPrivate{}, false
	}
	return p.epochKey(scope, e)
}

// sealedWrongly are the faults that only its author can have made.
var sealedWrongly = []error{seal.ErrWrongKey, seal.ErrDamaged, seal.ErrBomb, shorthand.ErrMalformed, merge.ErrPayload}

// unreadable turns a failure to open what was validly signed into waiting: it is kept, shown as unread, and tried again.
func unreadable(err error) error {
	if slices.ContainsFunc(sealedWrongly, func(kind error) bool { return errors.Is(err, kind) }) {
		return fmt.Errorf("%w: %w", errNotYet, err)
	}
	return err
}

// enter adds an opened delta to its part.
func (w *inbox) enter(tx *agentdb.Tx, id causal.Set, set *changeset.Set, index uint32, o *openedDelta) error {
	d := &set.Deltas[index]
	part, err := w.part(tx, d.Object, set.Header.Scope)
	if err != nil {
		return err
	}
	if d.Create {
		if err := part.begin(set.Header.Scope, o.entry, o.payload); err != nil {
			return err
		}
	}
	row := PartDelta{Set: id, Index: index, Pack: set.Header.Pack, Payload: o.plain, Pending: []schema.Hash{}}
	w.p.resolve(&row, set, d)
	if !slices.ContainsFunc(part.Deltas, func(x PartDelta) bool { return x.Set == id && x.Index == index }) {
		part.Deltas = append(part.Deltas, row)
	}
	if o.payload.Time > w.p.last {
		w.p.last = causal.Observe(w.p.last, o.payload.Time, w.p.opts.Clock())
	}
	return nil
}

// begin fills in what only the creating delta says.
func (t *Part) begin(scope schema.Scope, entry *seal.Entry, payload *merge.Payload) error {
	tagger, err := entry.Tagger()
	if err != nil {
		return err
	}
	record := payload.Record
	if record.IsZero() {
		record = t.Object
	}
	t.settled = t.settled && t.Record == record && t.Scope == scope
	t.Tagger, t.Form, t.Parts, t.Record, t.Scope = tagger.Secret(), payload.Form, payload.Parts, record, scope
	return nil
}

// resolve turns a delta's clear context into the numbers of this store.
func (p *Profile) resolve(row *PartDelta, set *changeset.Set, d *changeset.Delta) {
	if d.Own.Count > 0 {
		at := row.Set
		for back := d.Own.Back; back > 0 && at != 0; back-- {
			at = p.history.Parent(at)
		}
		if at != 0 {
			row.Context = append(row.Context, uint64(at), uint64(d.Own.Count))
		}
	}
	for _, i := range d.Heads {
		head := set.Header.Heads[i].Set
		if at, ok := p.byHash[head]; ok {
			row.Context = append(row.Context, uint64(at), uint64(causal.All))
		} else {
			row.Pending = append(row.Pending, head)
		}
	}
	if row.Context == nil {
		row.Context = []uint64{}
	}
}

// mayOpen reports whether something is here that could open change-sets under an epoch: its key, or key packs.
func (p *Profile) mayOpen(scope schema.Scope, epoch uint32) bool {
	if _, held := p.heldKey(scope, epoch); held {
		return true
	}
	for _, r := range p.packs {
		if r.scope == scope && r.whole && r.epoch > epoch {
			return true
		}
	}
	return false
}

// OpenWaiting tries again to open what a key, a form bundle or a session header was missing for. What this device wrote
// while it could not read the scope is opened once it may.
func (p *Profile) OpenWaiting(ctx context.Context) error {
	if err := p.judgeAgain(ctx); err != nil {
		return err
	}
	var ids []causal.Set
	for id, info := range p.sets {
		if info.state == agentdb.Writing || info.opened == agentdb.Done {
			continue
		}
		if p.mayOpen(p.streams[info.stream].Scope, info.epoch) {
			ids = append(ids, id)
		}
	}
	if len(ids) == 0 {
		return nil
	}
	slices.Sort(ids)
	for len(ids) > 0 {
		n, deltas := 0, 0
		for n < len(ids) && deltas < maxOpening {
			deltas += int(p.sets[ids[n]].deltas)
			n++
		}
		if err := p.openThese(ctx, ids[:n]); err != nil {
			return err
		}
		ids = ids[n:]
	}
	return nil
}

// maxOpening bounds how many deltas are opened in one transaction: their parts are in memory until it ends.
const maxOpening = 16 << 10

func (p *Profile) openThese(ctx context.Context, ids []causal.Set) error {
	w := newInbox(p)
	defer w.wait()
	return p.update(ctx, func(tx *agentdb.Tx) error {
		for _, id := range ids {
			raw, err := tx.Raw(id)
			if err != nil {
				return err
			}
			set, err := changeset.Parse(raw)
			if err != nil {
				return fmt.Errorf("%w: %w", agentdb.ErrDamaged, err)
			}
			if err := w.open(tx, id, set); err != nil {
				return err
			}
		}
		return w.flush(tx)
	})
}
