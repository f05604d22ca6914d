package profile

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"escale/crypto/envelope"
	"escale/crypto/ledger"
	"escale/crypto/seal"
	"escale/schema"
	"escale/store/agentdb"
	"escale/sync/admit"
	"escale/sync/causal"
	"escale/sync/wire"
)

// ErrPackIncomplete reports a key pack that, as the hub says, lacks change-sets which were read from that hub.
var ErrPackIncomplete = errors.New("the hub finds a key pack incomplete")

// packPatience is how long the other readers wait for the first pack after a rotation before they write it themselves. A
// clock decides here who does the work, and nothing else: two packs do no harm.
const packPatience = 24 * time.Hour

// writePacks re-wraps what is still under older epochs of the scopes for which this device is to do it, and announces all
// packs in one entry. Anything it leaves half-done is taken up, or dropped and begun again, by the next attempt.
func (x Exchange) writePacks(ctx context.Context) (bool, error) { return x.writeSome(ctx, x.packDuty) }

// Drain re-wraps whatever this device can, also where another device is to do it.
func (x Exchange) Drain(ctx context.Context) error {
	_, err := x.writeSome(ctx, func(*ledger.Scope, *ledger.Epoch) bool { return true })
	return err
}

func (x Exchange) writeSome(ctx context.Context, duty func(*ledger.Scope, *ledger.Epoch) bool) (bool, error) {
	left := x.leftBehind()
	var results ledger.Results
	var failed error
	for _, sc := range x.log.State().Scopes() {
		cur, ok := sc.Current()
		if !ok || cur.Number < 2 || len(results) == ledger.MaxResults/8 || !x.handles(sc.ID, &cur) || !duty(sc, &cur) {
			continue
		}
		r, err := x.packScope(ctx, sc.ID, &cur, left[sc.ID])
		failed = errors.Join(failed, err)
		if r != nil {
			results = append(results, r)
		}
	}
	if len(results) == 0 {
		return false, failed
	}
	return true, errors.Join(failed, x.link(ctx, results))
}

// handles reports whether this device is a standing reader of an epoch and holds its key.
func (x Exchange) handles(scope schema.Scope, e *ledger.Epoch) bool {
	self, err := x.Self()
	_, held := x.epochKey(scope, *e)
	return err == nil && held && self.RevokedAt == 0 && slices.Contains(e.Readers(), x.Keys.Device)
}

// packDuty: the executor of the newest epoch; where it stands no more, the first reader that does; and anybody where the
// first pack is long overdue.
func (x Exchange) packDuty(_ *ledger.Scope, cur *ledger.Epoch) bool {
	state := x.log.State()
	stands := func(id schema.Device) bool { d, ok := state.Device(id); return ok && d.RevokedAt == 0 }
	readers := slices.DeleteFunc(cur.Readers(), func(id schema.Device) bool { return !stands(id) })
	switch {
	case cur.Executor == x.Keys.Device:
		return true
	case !slices.Contains(readers, cur.Executor) && len(readers) > 0 && readers[0] == x.Keys.Device:
		return true
	}
	return len(cur.Packs) == 0 && x.opts.Clock().Sub(x.LinkedAt(cur.LinkedAt)) > packPatience
}

// LinkedAt returns the time that an entry of the ledger states, by the clock of the device that linked it.
func (p *Profile) LinkedAt(height uint64) time.Time {
	entries := p.log.Entries(height)
	if len(entries) == 0 || height == 0 {
		return p.opts.Clock()
	}
	link, _, err := ledger.DecodeLink(entries[0])
	if err != nil {
		return p.opts.Clock() // the log verified it: cannot be
	}
	return time.UnixMilli(link.Time)
}

// packScope writes one scope's pack, or takes up the one that an interrupted attempt finished. It returns what is to be
// linked; nil where nothing is due, or where this device cannot open all that is.
func (x Exchange) packScope(ctx context.Context, scope schema.Scope, cur *ledger.Epoch, left []causal.Set) (ledger.Result, error) {
	draft, err := x.takeUp(ctx, scope, cur)
	if err != nil {
		return nil, err
	}
	if draft == nil {
		if draft, err = x.newPack(ctx, scope, cur, left); draft == nil || err != nil {
			return nil, err
		}
	}
	m, err := envelope.ParseKeyPack(draft.made)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", agentdb.ErrDamaged, err)
	}
	if err := x.publish(ctx, draft, m); err != nil {
		return nil, err
	}
	r := &ledger.KeyPack{Scope: scope, Number: cur.Number, Pack: draft.name, Cut: m.Cut}
	return r, x.wouldLink(ledger.Results{r})
}

// takeUp returns the finished pack of an interrupted attempt, and drops unfinished ones.
func (x Exchange) takeUp(ctx context.Context, scope schema.Scope, cur *ledger.Epoch) (*packRow, error) {
	var found *packRow
	var drop []int64
	for _, r := range x.packs {
		switch {
		case r.scope != scope || x.linked(r):
		case r.whole && r.epoch == cur.Number:
			found = &r
		case !x.announced(r):
			drop = append(drop, r.id)
		}
	}
	return found, x.dropPacks(ctx, drop)
}

// announced reports whether a pack that is being fetched is named by the ledger.
func (x Exchange) announced(r packRow) bool { return !r.name.IsZero() && !r.whole }

func (x Exchange) dropPacks(ctx context.Context, ids []int64) error {
	if len(ids) == 0 {
		return nil
	}
	return x.update(ctx, func(tx *agentdb.Tx) error {
		for _, id := range ids {
			if err := tx.DropPack(id); err != nil {
				return err
			}
		}
		return x.loadPacks(tx)
	})
}

// newPack re-wraps the older change-sets of a scope that no pack to its newest epoch carries; nil where there is none and
// the first pack was written.
func (x Exchange) newPack(ctx context.Context, scope schema.Scope, cur *ledger.Epoch, left []causal.Set) (*packRow, error) {
	w := packWriter{x: x, scope: scope, cur: cur}
	due, err := w.begin(ctx, left)
	if err != nil || !due {
		return nil, err
	}
	err = w.writeAll(ctx)
	if err == nil {
		err = w.finish(ctx)
	}
	if errors.Is(err, errNoKey) {
		return nil, x.dropPacks(ctx, []int64{w.row.id}) // another reader can open it all
	}
	return &w.row, err
}

// packWriter writes one pack in bounded segments, each in a transaction of its own.
type packWriter struct {
	x        Exchange
	scope    schema.Scope
	cur      *ledger.Epoch
	sets     []causal.Set
	row      packRow
	manifest *envelope.KeyPack
	session  *seal.Session
}

func (w *packWriter) begin(ctx context.Context, left []causal.Set) (due bool, err error) {
	err = w.x.update(ctx, func(tx *agentdb.Tx) error {
		c, err := w.x.carriageOf(tx, w.scope)
		if err != nil {
			return err
		}
		for _, id := range left {
			if at, ok := c[envelope.NameOf(w.x.sets[id].hash)]; !ok || at.epoch < w.cur.Number {
				w.sets = append(w.sets, id)
			}
		}
		if due = len(w.sets) > 0 || len(w.cur.Packs) == 0; !due {
			return nil
		}
		w.row = packRow{scope: w.scope, epoch: w.cur.Number}
		w.row.id, err = tx.AddPack(agentdb.Pack{Scope: w.scope, Epoch: w.cur.Number})
		return err
	})
	if err != nil || !due {
		return due, err
	}
	name := seal.EpochName{Org: w.x.Keys.Org, Scope: w.scope, Number: w.cur.Number}
	var header []byte
	if w.session, header, err = seal.NewSession(w.cur.Public, name, w.x.Keys.Device); err != nil {
		return true, err
	}
	before := schema.Hash{}
	if n := len(w.cur.Packs); n > 0 {
		before = w.cur.Packs[n-1].Pack
	}
	w.manifest = envelope.NewKeyPack(w.x.Keys.Org, w.scope, w.cur.Number, schema.Hash{}, before, header)
	return true, nil
}

// writeAll fills segments until nothing is left.
func (w *packWriter) writeAll(ctx context.Context) error {
	for rest := w.sets; len(rest) > 0; {
		err := w.x.update(ctx, func(tx *agentdb.Tx) error {
			n, err := w.writeSegment(tx, rest)
			rest = rest[n:]
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// writeSegment writes one segment over as many change-sets as it holds, and says how many these are.
func (w *packWriter) writeSegment(tx *agentdb.Tx, rest []causal.Set) (int, error) {
	from, err := w.x.carriageOf(tx, w.scope)
	if err != nil {
		return 0, err
	}
	source := rewrapper{p: w.x.Profile, tx: tx, scope: w.scope, from: from}
	var sets []envelope.PackedSet
	var keys []byte
	for n := 0; n < len(rest) && len(sets) < envelope.MaxPackEntries; {
		rows, err := setKeys(tx, rest[n:min(n+keyBatch, len(rest))])
		if err != nil {
			return 0, err
		}
		for _, row := range rows {
			objects, of, err := source.keys(row)
			if unopenable(err) {
				objects, of, err = nil, nil, nil // named without objects: accounted for
			}
			if err != nil {
				return 0, err
			}
			if len(sets) == envelope.MaxPackEntries || len(keys)/envelope.SecretSize+len(objects) > envelope.MaxPackEntries {
				return len(sets), w.put(tx, sets, keys)
			}
			sets = append(sets, envelope.PackedSet{Set: envelope.NameOf(w.x.sets[row.Set].hash), Objects: objects})
			keys = append(keys, of...)
		}
		n += len(rows)
	}
	return len(sets), w.put(tx, sets, keys)
}

// keyBatch is how many change-sets are read at once.
const keyBatch = 512

func setKeys(tx *agentdb.Tx, ids []causal.Set) (out []agentdb.SetKeys, err error) {
	err = tx.SetKeys(ids, func(k agentdb.SetKeys) error { out = append(out, k); return nil })
	if err == nil && len(out) != len(ids) {
		err = fmt.Errorf("%w: keys of %d change-sets", agentdb.ErrDamaged, len(ids)-len(out))
	}
	return out, err
}

func (w *packWriter) put(tx *agentdb.Tx, sets []envelope.PackedSet, keys []byte) error {
	index := uint32(len(w.manifest.Segments))
	if index == envelope.MaxPackSegments {
		return fmt.Errorf("%w: segments of one key pack", ErrTooLarge)
	}
	b, err := w.session.SealSegment(w.x.opts.Rand, index, sets, keys)
	if err != nil {
		return err
	}
	w.manifest.Segments = append(w.manifest.Segments, envelope.SegmentRef{
		Blob: envelope.BlobID(b), Sets: uint32(len(sets)), Entries: uint32(len(keys) / envelope.SecretSize)})
	return tx.PutSegment(w.row.id, index, b)
}

// finish makes the pack durable under its name, with the cut that it covers. From here on an interrupted attempt is taken up.
func (w *packWriter) finish(ctx context.Context) error {
	return w.x.update(ctx, func(tx *agentdb.Tx) error {
		cut, name, err := admit.EncodeCut(w.x.cutOf(w.scope))
		if err != nil {
			return err
		}
		w.manifest.Cut = name
		if w.row.made, err = w.manifest.Encode(); err != nil {
			return err
		}
		w.row.name, w.row.whole = envelope.BlobID(w.row.made), true
		if err := tx.PutBlob(name, cut); err != nil {
			return err
		}
		if err := tx.FinishPack(agentdb.Pack{ID: w.row.id, Name: w.row.name, Manifest: w.row.made}); err != nil {
			return err
		}
		return w.x.loadPacks(tx)
	})
}

// cutOf returns the tips of a scope's branches, as far as they are at the hub.
func (p *Profile) cutOf(scope schema.Scope) (out []wire.Tip) {
	for id, s := range p.streams {
		if s.Scope != scope {
			continue
		}
		for _, at := range p.history.Tips(id) {
			for at != 0 && p.sets[at].state != agentdb.AtHub {
				at = p.history.Parent(at)
			}
			if info, ok := p.sets[at]; ok {
				out = append(out, wire.Tip{Stream: s.Name, Seq: info.seq, Set: info.hash})
			}
		}
	}
	slices.SortFunc(out, func(a, b wire.Tip) int { return slices.Compare(a.Set[:], b.Set[:]) })
	return slices.Compact(out)
}

// publish puts cut, segments and manifest beside the ledger, and asks the hub whether the pack is complete up to what was
// read from it.
func (x Exchange) publish(ctx context.Context, r *packRow, m *envelope.KeyPack) error {
	if err := x.putPack(ctx, r, m); err != nil {
		return err
	}
	got, err := x.Blobs.CheckPack(ctx, wire.PackCheck{Pack: r.name})
	if err != nil {
		return fmt.Errorf("check a key pack: %w", err)
	}
	if got.Missing == 0 || got.Number >= x.cursors[r.scope].Number {
		return nil
	}
	// It is dropped: with what came since, the next attempt may be complete.
	err = x.dropPacks(ctx, []int64{r.id})
	return errors.Join(fmt.Errorf("%w: scope %v, up to number %d of %d", ErrPackIncomplete, r.scope, got.Number, x.cursors[r.scope].Number), err)
}

// putPack puts a pack that is here to the hub, a bounded number of segments at a time.
func (x Exchange) putPack(ctx context.Context, r *packRow, m *envelope.KeyPack) error {
	var cut []byte
	err := x.db.Update(ctx, func(tx *agentdb.Tx) (err error) { cut, err = tx.Blob(m.Cut); return err })
	if err != nil && !errors.Is(err, agentdb.ErrNotFound) {
		return err
	}
	for from := 0; from < len(m.Segments); from += segmentsAtOnce {
		var blobs [][]byte
		err := x.db.Update(ctx, func(tx *agentdb.Tx) error {
			for i := from; i < min(from+segmentsAtOnce, len(m.Segments)); i++ {
				b, err := tx.Segment(r.id, uint32(i))
				if err != nil {
					return err
				}
				blobs = append(blobs, b)
			}
			return nil
		})
		if err != nil {
			return err
		}
		if err := x.putBlobs(ctx, blobs); err != nil {
			return err
		}
	}
	last := [][]byte{r.made}
	if cut != nil { // who fetched the pack did not always need its cut
		last = append(last, cut)
	}
	return x.putBlobs(ctx, last)
}

// segmentsAtOnce bounds how many segments are in memory, and in one message.
const segmentsAtOnce = 8
