package profile

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"

	"escale/crypto/envelope"
	"escale/crypto/ledger"
	"escale/crypto/seal"
	"escale/schema"
	"escale/store/agentdb"
	"escale/sync/admit"
	"escale/sync/causal"
	"escale/sync/changeset"
)

// ErrPackWrong reports a key pack whose keys are not those of the change-sets that it names, or that carries what officers
// erased.
var ErrPackWrong = errors.New("a key pack does not hold what it says")

// confirmPacks checks key packs that others wrote, key by key, and states in one entry which of them are right and
// complete.
func (x Exchange) confirmPacks(ctx context.Context) (bool, error) {
	var results ledger.Results
	var failed error
	var bySet map[schema.Scope][]causal.Set
	for _, sc := range x.log.State().Scopes() {
		cur, ok := sc.Current()
		if !ok || len(results) >= ledger.MaxResults/8 {
			continue
		}
		due := x.toConfirm(sc, &cur)
		if len(due) == 0 {
			continue
		}
		if bySet == nil {
			bySet = x.leftBehind()
		}
		rs, err := x.confirmScope(ctx, sc, &cur, due, bySet[sc.ID])
		failed = errors.Join(failed, err)
		results = append(results, rs...)
	}
	if len(results) == 0 {
		return false, failed
	}
	return true, errors.Join(failed, x.link(ctx, results))
}

// toConfirm returns the older epochs of a scope for which this device should confirm the newest pack: another reader wrote
// it, and nobody confirmed it yet over the cut that counts.
func (x Exchange) toConfirm(sc *ledger.Scope, cur *ledger.Epoch) (out []uint32) {
	if len(cur.Packs) == 0 || !x.handles(sc.ID, cur) {
		return nil
	}
	newest := cur.Packs[len(cur.Packs)-1]
	if newest.Device == x.Keys.Device {
		return nil
	}
	for _, e := range sc.Epochs {
		if e.LinkedAt == 0 || e.Number >= cur.Number || e.DestroyedAt != 0 {
			continue
		}
		c, ok := sc.Carried(e.Number)
		if !ok || e.ClosedAt == 0 && c.Pack != newest.Pack {
			out = append(out, e.Number)
		}
	}
	return out
}

// confirmScope confirms the newest pack of a scope for the epochs that are due; none while not all of it is here.
func (x Exchange) confirmScope(ctx context.Context, sc *ledger.Scope, cur *ledger.Epoch, due []uint32, older []causal.Set) (ledger.Results, error) {
	newest := cur.Packs[len(cur.Packs)-1]
	var out ledger.Results
	err := x.update(ctx, func(tx *agentdb.Tx) error {
		v := packVerifier{x: x, tx: tx, sc: sc, cur: cur, good: map[causal.Set]bool{}}
		whole, err := v.chain(newest.Pack)
		if err != nil || !whole {
			return err
		}
		for _, n := range due {
			e, _ := sc.Epoch(n)
			cut := newest.Cut
			if e.ClosedAt != 0 {
				cut = e.Cut
			}
			complete, err := v.complete(n, cut, older)
			if err != nil {
				return err
			}
			if complete {
				out = append(out, &ledger.Confirm{Scope: sc.ID, Number: n, Pack: newest.Pack, Cut: cut, Complete: true})
			}
		}
		return nil
	})
	return out, err
}

// packVerifier checks one pack and those that it adds to.
type packVerifier struct {
	x      Exchange
	tx     *agentdb.Tx
	sc     *ledger.Scope
	cur    *ledger.Epoch
	source rewrapper
	names  map[envelope.SetName]causal.Set
	good   map[causal.Set]bool // change-sets whose keys are all there and right
}

// chain checks every segment of a pack and of those before it. It answers false while one of them is not here.
func (v *packVerifier) chain(name schema.Hash) (bool, error) {
	p := v.x.Profile
	from, err := p.carriageTo(v.tx, v.sc.ID, v.cur.Number-1)
	if err != nil {
		return false, err
	}
	v.source = rewrapper{p: p, tx: v.tx, scope: v.sc.ID, from: from}
	v.names = map[envelope.SetName]causal.Set{}
	for id, info := range p.sets {
		if p.streams[info.stream].Scope == v.sc.ID && info.state != agentdb.Writing {
			v.names[envelope.NameOf(info.hash)] = id
		}
	}
	for !name.IsZero() {
		if !slices.ContainsFunc(v.cur.Packs, func(l ledger.LinkedPack) bool { return l.Pack == name }) {
			return false, fmt.Errorf("%w: it adds to one that the ledger does not name", ErrPackWrong)
		}
		r, here := p.packNamed(name)
		if !here || !r.whole {
			return false, nil
		}
		m, err := envelope.ParseKeyPack(r.made)
		if err != nil {
			return false, fmt.Errorf("%w: %w", agentdb.ErrDamaged, err)
		}
		if err := v.pack(r, m); err != nil {
			return false, err
		}
		name = m.Before
	}
	return true, nil
}

func (v *packVerifier) pack(r packRow, m *envelope.KeyPack) error {
	session, err := v.x.packSession(r)
	if err != nil {
		return fmt.Errorf("%w: its session: %w", ErrPackWrong, err)
	}
	for i := range m.Segments {
		b, err := v.tx.Segment(r.id, uint32(i))
		if err != nil {
			return err
		}
		seg, sets, err := envelope.ParseSegment(b)
		if err != nil {
			return fmt.Errorf("%w: %w", ErrPackWrong, err)
		}
		keys, err := session.OpenSegment(uint32(i), seg)
		if err != nil {
			return fmt.Errorf("%w: segment %d: %w", ErrPackWrong, i, err)
		}
		if err := v.segment(sets, keys); err != nil {
			return fmt.Errorf("segment %d: %w", i, err)
		}
	}
	return nil
}

// segment compares the keys of one segment with those that this device derives for itself.
func (v *packVerifier) segment(sets []envelope.PackedSet, keys []byte) error {
	given := map[causal.Set]entryKeys{}
	var ids []causal.Set
	for i := range sets {
		of := entryKeys{}
		for _, o := range sets[i].Objects {
			if _, gone := v.x.log.State().Erased(o); gone {
				return fmt.Errorf("%w: it carries what officers erased", ErrPackWrong)
			}
			of[o], keys = keys[:envelope.SecretSize], keys[envelope.SecretSize:]
		}
		if id, here := v.names[sets[i].Set]; here {
			given[id] = of
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	for len(ids) > 0 {
		n := min(len(ids), keyBatch)
		rows, err := setKeys(v.tx, ids[:n])
		if err != nil {
			return err
		}
		for _, row := range rows {
			if err := v.set(row, given[row.Set]); err != nil {
				return err
			}
		}
		ids = ids[n:]
	}
	return nil
}

// set checks what a pack gives for one change-set. Where this device has no key of its own to compare with, the given ones
// must open the change-set's deltas.
func (v *packVerifier) set(row agentdb.SetKeys, given entryKeys) error {
	objects, keys, err := v.source.keys(row)
	switch {
	case unopenable(err):
		v.good[row.Set] = true // whatever is given opens nothing
		return nil
	case errors.Is(err, errNoKey):
		return v.opens(row, given)
	case err != nil:
		return err
	}
	for i, o := range objects {
		of, ok := given[o]
		if !ok {
			return nil // incomplete
		}
		if !bytes.Equal(of, keys[i*envelope.SecretSize:(i+1)*envelope.SecretSize]) {
			return fmt.Errorf("%w: a wrong key", ErrPackWrong)
		}
	}
	v.good[row.Set] = true
	return nil
}

func (v *packVerifier) opens(row agentdb.SetKeys, given entryKeys) error {
	raw, err := v.tx.Raw(row.Set)
	if err != nil {
		return err
	}
	set, err := changeset.Parse(raw)
	if err != nil {
		return fmt.Errorf("%w: %w", agentdb.ErrDamaged, err)
	}
	complete := len(given) > 0
	for i := range set.Deltas {
		d := &set.Deltas[i]
		if _, gone := v.x.log.State().Erased(d.Object); d.Erased || gone {
			continue
		}
		key, ok := given[d.Object]
		if !ok {
			complete = false
			continue
		}
		e, err := seal.RestoreEntry(v.x.Keys.Org, v.sc.ID, placeOf(&set.Header), d.Object, key)
		if err != nil {
			return err
		}
		if _, err := e.Open(uint32(i), d.Sealed); err != nil {
			return fmt.Errorf("%w: a key that opens nothing", ErrPackWrong)
		}
	}
	v.good[row.Set] = v.good[row.Set] || complete
	return nil
}

// complete reports whether the pack carries everything of a cut under epochs up to a number, and what officers accepted
// beside it.
func (v *packVerifier) complete(number uint32, cut schema.Hash, older []causal.Set) (bool, error) {
	p := v.x.Profile
	heads, here, err := p.readCut(v.tx, cut)
	if err != nil || !here {
		return false, err
	}
	for _, h := range heads {
		if _, known := p.byHash[h]; !known {
			return false, nil // not all of it was read from the hub yet
		}
	}
	covers := chains{p}
	for _, id := range older {
		info := p.sets[id]
		if info.epoch > number || v.good[id] {
			continue
		}
		_, needed := p.log.State().Accepted(info.hash)
		for _, h := range heads {
			if needed {
				break
			}
			if needed, err = covers.Covers(h, info.hash); err != nil {
				return false, err
			}
		}
		if needed {
			return false, nil
		}
	}
	return true, nil
}

var _ admit.Chains = chains{}
