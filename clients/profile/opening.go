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

// openKeys recovers a change-set's secret. One that was validly signed but sealed wrongly opens to nothing; it stays
// stored, and everything else goes on.
func (p *Profile) openKeys(tx *agentdb.Tx, set *changeset.Set) (*seal.ChangeSet, error) {
	h := &set.Header
	session, ok := p.sessions[h.Session]
	if !ok {
		priv, held := p.heldKey(h.Scope, h.Epoch)
		if !held {
			return nil, errNotYet
		}
		header, err := tx.SessionHeader(h.Session)
		if errors.Is(err, agentdb.ErrNotFound) {
			return nil, errNotYet
		}
		if err != nil {
			return nil, err
		}
		if session, err = seal.OpenSession(priv, p.Keys.Org, header); err != nil {
			return nil, unreadable(err)
		}
		p.sessions[h.Session] = session
	}
	keys, err := session.OpenChangeSet(placeOf(h), set.Wrap)
	return keys, unreadable(err)
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

// OpenWaiting tries again to open what a key, a form bundle or a session header was missing for. What this device wrote
// while it could not read the scope is opened once it may.
func (p *Profile) OpenWaiting(ctx context.Context) error {
	var ids []causal.Set
	for id, info := range p.sets {
		if info.state == agentdb.Writing || info.opened == agentdb.Done {
			continue
		}
		if _, held := p.heldKey(p.streams[info.stream].Scope, info.epoch); held {
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
