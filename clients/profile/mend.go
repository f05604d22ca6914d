package profile

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"

	"escale/schema"
	"escale/schema/canon"
	"escale/store/agentdb"
	"escale/sync/admit"
	"escale/sync/causal"
	"escale/sync/changeset"
	"escale/sync/wire"
)

// metaDoubts names the row that holds the scopes in which a check found change-sets broken. Of these no digest is said that
// the hub could have, until what is broken was fetched again.
const metaDoubts = "doubts"

// Held returns the change-sets of a scope that are here and still are what was signed. What is not counts as missing: the
// hub is asked for it again.
func (p *Profile) Held(ctx context.Context, scope schema.Scope) (out []schema.Hash, err error) {
	broken := 0
	err = p.db.Update(ctx, func(tx *agentdb.Tx) error {
		for _, id := range p.closedIn(scope) {
			good, err := p.genuine(tx, id)
			if err != nil {
				return err
			}
			if good {
				out = append(out, p.sets[id].hash)
			} else {
				broken++
			}
		}
		return nil
	})
	if err == nil {
		err = p.doubt(ctx, scope, broken > 0)
	}
	slices.SortFunc(out, func(a, b schema.Hash) int { return bytes.Compare(a[:], b[:]) })
	return out, err
}

// closedIn returns the closed change-sets of a scope in the order in which they were stored.
func (p *Profile) closedIn(scope schema.Scope) (out []causal.Set) {
	for id, info := range p.sets {
		if info.state != agentdb.Writing && p.streams[info.stream].Scope == scope {
			out = append(out, id)
		}
	}
	slices.Sort(out)
	return out
}

// genuine reports whether a row's bytes are the change-set that it names, validly signed.
func (p *Profile) genuine(tx *agentdb.Tx, id causal.Set) (bool, error) {
	raw, err := tx.Raw(id)
	if errors.Is(err, agentdb.ErrNotFound) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	info := p.sets[id]
	set, err := changeset.Parse(raw)
	if err != nil || set.Hash != info.hash || set.Header.Seq != info.seq || set.Header.Stream() != p.streams[info.stream].Name {
		return false, nil
	}
	_, err = admit.Examine(p.log, set)
	return err == nil, nil
}

// doubt remembers that a scope holds broken change-sets, or that it does not any more.
func (p *Profile) doubt(ctx context.Context, scope schema.Scope, yes bool) error {
	if p.doubts[scope] == yes {
		return nil
	}
	next := []schema.Scope{}
	for s := range p.doubts {
		if s != scope {
			next = append(next, s)
		}
	}
	if yes {
		next = append(next, scope)
	}
	b, err := canon.Encode(next)
	if err != nil {
		return err
	}
	if err := p.db.Update(ctx, func(tx *agentdb.Tx) error { return tx.PutMeta(metaDoubts, b) }); err != nil {
		return err
	}
	p.doubts = map[schema.Scope]bool{}
	for _, s := range next {
		p.doubts[s] = true
	}
	return nil
}

func (p *Profile) loadDoubts(tx *agentdb.Tx) error {
	p.doubts = map[schema.Scope]bool{}
	b, err := tx.Meta(metaDoubts)
	if errors.Is(err, agentdb.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	var list []schema.Scope
	if err := canon.Decode(b, &list); err != nil {
		return fmt.Errorf("%w: doubts: %w", agentdb.ErrDamaged, err)
	}
	for _, s := range list {
		p.doubts[s] = true
	}
	return nil
}

// TakeBack stores change-sets that were missing here. Each takes the number that it had in this store, because what was
// opened of records names it by that number. Memory is read again afterwards: branches are told by the order of numbers.
// One that does not verify is left out and told.
func (p *Profile) TakeBack(ctx context.Context, scope schema.Scope, raws [][]byte) (took []schema.Hash, err error) {
	var fault error
	work := newInbox(p)
	defer work.wait()
	own := false
	err = p.update(ctx, func(tx *agentdb.Tx) error {
		r := returning{inbox: work, tx: tx, scope: scope}
		if err := r.prepare(); err != nil {
			return err
		}
		for _, raw := range raws {
			set, refused := r.verify(raw)
			if refused != nil {
				fault = errors.Join(fault, refused)
				continue
			}
			if err := r.take(set); err != nil {
				return err
			}
			took = append(took, set.Hash)
			own = own || set.Header.Device == p.Keys.Device && set.Header.Incarnation == p.inc
		}
		return work.flush(tx)
	})
	if err != nil {
		return nil, err
	}
	p.stale = true
	if err := p.settle(ctx); err != nil {
		return took, err
	}
	if own { // the hub knows later work of this incarnation than was here: what is written next must not branch from it
		fault = errors.Join(fault, p.Restart(ctx))
	}
	return took, errors.Join(fault, p.judgeAll(ctx))
}

// returning is one transaction that takes change-sets back.
type returning struct {
	*inbox
	tx      *agentdb.Tx
	scope   schema.Scope
	broken  map[place]causal.Set               // rows whose bytes are not what they name
	parents map[schema.Hash]causal.Set         // numbers that stored successors give to who precedes them
	ghosts  map[causal.Set]map[placeInSet]bool // numbers without a row that opened records name
}

// placeInSet is which delta of which object.
type placeInSet struct {
	object schema.Object
	index  uint32
}

func (r *returning) prepare() error {
	r.broken, r.parents, r.ghosts = map[place]causal.Set{}, map[schema.Hash]causal.Set{}, map[causal.Set]map[placeInSet]bool{}
	for _, id := range r.p.closedIn(r.scope) {
		good, err := r.p.genuine(r.tx, id)
		if err != nil {
			return err
		}
		info := r.p.sets[id]
		if !good {
			r.broken[place{stream: info.stream, seq: info.seq}] = id
			continue
		}
		parent, err := r.tx.ParentOf(id)
		if err != nil {
			return err
		}
		if _, here := r.p.sets[parent]; parent == 0 || here {
			continue
		}
		if err := r.noteParent(id, parent); err != nil {
			return err
		}
	}
	return r.findGhosts()
}

func (r *returning) noteParent(id, parent causal.Set) error {
	raw, err := r.tx.Raw(id)
	if err != nil {
		return err
	}
	set, err := changeset.Parse(raw)
	if err == nil {
		r.parents[set.Header.Prev] = parent
	}
	return err
}

// findGhosts looks for change-sets that opened records name and that have no row.
func (r *returning) findGhosts() error {
	return r.tx.PartsIn(r.scope, func(row agentdb.Part) error {
		part, err := r.p.openPart(row)
		if err != nil {
			return err
		}
		for i := range part.Deltas {
			d := &part.Deltas[i]
			if _, here := r.p.sets[d.Set]; here {
				continue
			}
			if r.ghosts[d.Set] == nil {
				r.ghosts[d.Set] = map[placeInSet]bool{}
			}
			r.ghosts[d.Set][placeInSet{part.Object, d.Index}] = true
		}
		return nil
	})
}

// verify refuses what is not genuine, has no place, or is here already.
func (r *returning) verify(raw []byte) (*changeset.Set, error) {
	set, err := changeset.Parse(raw)
	if err != nil {
		return nil, err
	}
	if set.Header.Scope != r.scope {
		return nil, fmt.Errorf("%w: of another scope", changeset.ErrParts)
	}
	if _, err := admit.Examine(r.p.log, set); err != nil {
		return nil, err
	}
	if id, here := r.p.byHash[set.Hash]; here && !r.isBroken(id) {
		return nil, fmt.Errorf("%w: it is here", changeset.ErrParts)
	}
	_, _, err = r.p.predecessor(&set.Header)
	return set, err
}

func (r *returning) isBroken(id causal.Set) bool {
	info := r.p.sets[id]
	broken, ok := r.broken[place{stream: info.stream, seq: info.seq}]
	return ok && broken == id
}

func (r *returning) take(set *changeset.Set) error {
	if id := r.number(set); id != 0 {
		if err := r.clear(id); err != nil {
			return err
		}
		r.as = map[schema.Hash]causal.Set{set.Hash: id}
	}
	return r.store(r.tx, set, agentdb.AtHub)
}

// number is the one that a change-set had here, or zero.
func (r *returning) number(set *changeset.Set) causal.Set {
	if stream, known := r.p.byName[set.Header.Stream()]; known {
		if id, broken := r.broken[place{stream: stream, seq: set.Header.Seq}]; broken {
			return id
		}
	}
	if id, named := r.parents[set.Hash]; named {
		return id
	}
	var found []causal.Set
	for id, deltas := range r.ghosts {
		if holdsAll(set, deltas) {
			found = append(found, id)
		}
	}
	if len(found) == 0 {
		return 0
	}
	id := slices.Min(found) // of two that touched the same, the earlier comes first
	delete(r.ghosts, id)
	return id
}

func holdsAll(set *changeset.Set, deltas map[placeInSet]bool) bool {
	for d := range deltas {
		if int(d.index) >= len(set.Deltas) || set.Deltas[d.index].Object != d.object {
			return false
		}
	}
	return true
}

// clear makes a number free: of the row that is broken, or of what is left of one.
func (r *returning) clear(id causal.Set) error {
	if info, here := r.p.sets[id]; here {
		delete(r.p.byHash, info.hash)
		delete(r.p.sets, id)
	}
	return r.tx.DropSet(id)
}

// Offer makes change-sets wait to be sent again.
func (p *Profile) Offer(ctx context.Context, sets []schema.Hash) error {
	return p.update(ctx, func(tx *agentdb.Tx) error {
		for _, h := range sets {
			id, here := p.byHash[h]
			if !here {
				continue
			}
			if err := tx.MarkUnsent(id); err != nil {
				return err
			}
			info := p.sets[id]
			info.state = agentdb.Ready
			p.sets[id] = info
		}
		return nil
	})
}

// Objects counts the objects that change-sets touch.
func (p *Profile) Objects(ctx context.Context, sets []schema.Hash) (int, error) {
	objects := map[schema.Object]bool{}
	for _, h := range sets {
		raw, err := p.SetBytes(ctx, h)
		if err != nil {
			return 0, err
		}
		set, err := changeset.Parse(raw)
		if err != nil {
			return 0, err
		}
		for i := range set.Deltas {
			if !set.Deltas[i].Erased {
				objects[set.Deltas[i].Object] = true
			}
		}
	}
	return len(objects), nil
}

// unsaid is the digest of a scope in which something is broken here: no hub has it.
func (p *Profile) unsaid(s wire.ScopeState) wire.ScopeState {
	if p.doubts[s.Scope] {
		s.Digest = schema.Hash{0xff}
	}
	return s
}
