package profile

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"

	"escale/crypto/ledger"
	"escale/schema"
	"escale/schema/canon"
	"escale/store/agentdb"
	"escale/sync/admit"
	"escale/sync/causal"
	"escale/sync/wire"
)

// metaOwn names the row that holds the tips of own streams that the hub holds and this laptop does not.
const metaOwn = "own elsewhere"

// NoteOwn compares what the hub holds of this device's streams in scopes that it may only write with what is here. What
// was acknowledged and is not there is offered again. What is there and not here was written by a copy of this laptop, or
// before it was restored from an older image: it cannot be read back, is remembered as the hub's, and a stream of which
// that is so is not written to any more.
func (p *Profile) NoteOwn(ctx context.Context, tips []wire.Tip) error {
	if p.log == nil || !p.served() {
		return nil
	}
	theirs := map[schema.Stream][]wire.Tip{}
	for _, t := range tips {
		theirs[t.Stream] = append(theirs[t.Stream], t)
	}
	next := map[schema.Stream][]wire.Tip{}
	offer := map[schema.Scope]bool{}
	for name, list := range theirs {
		slices.SortFunc(list, func(a, b wire.Tip) int { return bytes.Compare(a.Set[:], b.Set[:]) })
		if slices.ContainsFunc(list, func(t wire.Tip) bool { _, here := p.byHash[t.Set]; return !here }) {
			next[name] = list
		}
	}
	own := p.ownStreams(p.log.State())
	for id, s := range own {
		list, foreign := next[s.Name]
		switch {
		case foreign:
			offer[s.Scope] = offer[s.Scope] || !slices.Equal(list, p.elsewhere[s.Name])
		case p.lost(id, theirs[s.Name]):
			offer[s.Scope] = true
		}
	}
	return p.keepOwn(ctx, next, offer)
}

// ownStreams returns this device's streams in scopes that it may only write.
func (p *Profile) ownStreams(state *ledger.State) map[causal.Stream]agentdb.Stream {
	only := admit.WriteOnly(state, p.Keys.Device)
	out := map[causal.Stream]agentdb.Stream{}
	for id, s := range p.streams {
		if s.Own && slices.Contains(only, s.Scope) {
			out[id] = s
		}
	}
	return out
}

// lost reports whether the hub acknowledged something of a stream and does not hold it. What was written since and is not
// sent yet follows on it, and the hub would not take it.
func (p *Profile) lost(id causal.Stream, theirs []wire.Tip) bool {
	return slices.ContainsFunc(p.history.Tips(id), func(at causal.Set) bool {
		for at != 0 && p.sets[at].state != agentdb.AtHub {
			at = p.history.Parent(at)
		}
		return at != 0 && !slices.ContainsFunc(theirs, func(t wire.Tip) bool {
			held, here := p.byHash[t.Set]
			return here && p.history.Follows(held, at)
		})
	})
}

func (p *Profile) keepOwn(ctx context.Context, next map[schema.Stream][]wire.Tip, offer map[schema.Scope]bool) error {
	same := len(next) == len(p.elsewhere)
	restart := false
	for name, list := range next {
		same = same && slices.Equal(list, p.elsewhere[name])
		id, here := p.byName[name]
		restart = restart || here && name == schema.StreamOf(p.Keys.Device, p.inc, p.streams[id].Scope)
	}
	if same && len(offer) == 0 {
		return nil
	}
	for scope := range offer {
		if err := p.ResetCursor(ctx, scope); err != nil {
			return err
		}
	}
	if restart {
		if err := p.Restart(ctx); err != nil {
			return err
		}
	}
	flat := []wire.Tip{}
	for _, list := range next {
		flat = append(flat, list...)
	}
	b, err := canon.Encode(flat)
	if err != nil {
		return err
	}
	if err := p.update(ctx, func(tx *agentdb.Tx) error { return tx.PutMeta(metaOwn, b) }); err != nil {
		return err
	}
	p.elsewhere = next
	return nil
}

func (p *Profile) loadOwn(tx *agentdb.Tx) error {
	p.elsewhere = map[schema.Stream][]wire.Tip{}
	b, err := tx.Meta(metaOwn)
	if errors.Is(err, agentdb.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	var flat []wire.Tip
	if err := canon.Decode(b, &flat); err != nil {
		return fmt.Errorf("%w: tips of own streams: %w", agentdb.ErrDamaged, err)
	}
	for _, t := range flat {
		p.elsewhere[t.Stream] = append(p.elsewhere[t.Stream], t)
	}
	return nil
}
