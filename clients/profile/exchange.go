package profile

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"escale/crypto/ledger"
	"escale/schema"
	"escale/store/agentdb"
	"escale/sync/admit"
	"escale/sync/causal"
	"escale/sync/replica"
	"escale/sync/wire"
)

// Blobs carries what lies beside the ledger, and new ledger entries.
type Blobs interface {
	PutBlobs(ctx context.Context, blobs wire.Blobs) error
	GetBlobs(ctx context.Context, names wire.BlobNames) (wire.Blobs, error)
	CheckPack(ctx context.Context, ask wire.PackCheck) (wire.PackChecked, error)
	Append(ctx context.Context, add wire.LedgerAppend) (wire.Head, error)
	Ledger(ctx context.Context, ask wire.LedgerRead) (wire.LedgerPage, error)
}

// Exchange is a profile as sync/replica sees it.
type Exchange struct {
	*Profile
	Blobs Blobs
}

var _ replica.Store = Exchange{}

// LedgerHead returns the newest ledger entry that this laptop holds.
func (p *Profile) LedgerHead() wire.Head {
	if p.log == nil {
		return wire.Head{}
	}
	h := p.log.Head()
	return wire.Head{Height: h.Height, Hash: h.Hash}
}

// LedgerEntries returns the stored entries from a height on.
func (p *Profile) LedgerEntries(from uint64) [][]byte { return p.log.Entries(from) }

// HoldsEntry reports whether the entry at a height is the one with this hash.
func (p *Profile) HoldsEntry(height uint64, hash schema.Hash) bool {
	own, ok := p.log.HashAt(height)
	return ok && own == hash
}

// Follow verifies and stores ledger entries, the genesis first. Change-sets that are open were opened under an older head;
// they are closed before the head moves. What verifies is kept, also when a later entry does not.
func (p *Profile) Follow(ctx context.Context, entries [][]byte) error {
	if err := p.CloseOpenSets(ctx); err != nil {
		return err
	}
	var refused error
	err := p.update(ctx, func(tx *agentdb.Tx) error {
		for _, e := range entries {
			before := p.LedgerHead()
			if refused = p.follow(e); refused != nil {
				return nil
			}
			head := p.LedgerHead()
			if head == before {
				continue // it was here
			}
			p.directoryRead = false
			if err := tx.AddLedger(head.Height, e); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("ledger: %w", err)
	}
	if p.log == nil {
		return refused
	}
	if err := p.judgeAgain(ctx); err != nil {
		return errors.Join(refused, err)
	}
	return errors.Join(refused, p.erase(ctx))
}

func (p *Profile) follow(entry []byte) (err error) {
	if p.log == nil {
		p.log, err = ledger.New(p.Keys.Org, entry)
	} else {
		err = p.log.Follow(entry)
	}
	if err != nil {
		return fmt.Errorf("ledger: %w", err)
	}
	return nil
}

func (p *Profile) facts(id causal.Set, info setInfo, stream agentdb.Stream) admit.Facts {
	f := admit.Facts{Set: info.hash, Stream: stream.Name, Device: stream.Device, Scope: stream.Scope, Seq: info.seq, Epoch: info.epoch, Cited: info.height}
	if parent := p.history.Parent(id); parent != 0 {
		before := p.sets[parent].height
		f.Before = &before
	}
	return f
}

// HubEpoch returns the hub database that this laptop last agreed with.
func (p *Profile) HubEpoch() wire.HubEpoch { return p.hub }

// Local returns what this laptop holds of each scope that it may pull, the directory's first, because without it the others
// do not open; and the tips of its own streams in scopes that it may only write.
func (p *Profile) Local(context.Context) (scopes []wire.ScopeState, own []wire.Tip, err error) {
	if p.log == nil || !p.served() {
		return nil, nil, nil
	}
	tips, mine := map[schema.Scope][]wire.Tip{}, map[schema.Scope][]wire.Tip{}
	for id, s := range p.streams {
		of := p.closedTips(id)
		tips[s.Scope] = append(tips[s.Scope], of...)
		if s.Own { // what is carried for others is not this device's to compare
			mine[s.Scope] = append(mine[s.Scope], of...)
		}
	}
	state, head := p.log.State(), p.log.Head().Hash
	readable := admit.Readable(state, p.Keys.Device)
	if first, ok := p.ScopeSetting(SettingDirectory); ok {
		slices.SortStableFunc(readable, func(a, b schema.Scope) int { return cmp.Compare(rank(a, first), rank(b, first)) })
	}
	for _, scope := range readable {
		c := p.cursors[scope]
		scopes = append(scopes, p.unsaid(wire.ScopeState{Scope: scope, Number: c.Number, Running: c.Running, Digest: wire.Digest(head, tips[scope])}))
	}
	for _, scope := range admit.WriteOnly(state, p.Keys.Device) {
		for _, t := range mine[scope] {
			if _, ok := p.elsewhere[t.Stream]; !ok {
				own = append(own, t)
			}
		}
	}
	for _, list := range p.elsewhere {
		own = append(own, list...)
	}
	return scopes, own, nil
}

func rank(s, first schema.Scope) int {
	if s == first {
		return 0
	}
	return 1
}

// closedTips returns the newest change-set of each branch of a stream; a branch whose newest is open ends before it.
func (p *Profile) closedTips(id causal.Stream) (out []wire.Tip) {
	for _, set := range p.history.Tips(id) {
		if p.sets[set].state == agentdb.Writing {
			set = p.history.Parent(set)
		}
		if info, ok := p.sets[set]; ok {
			out = append(out, wire.Tip{Stream: p.streams[id].Name, Seq: info.seq, Set: info.hash})
		}
	}
	return out
}

// Unsent returns the closed change-sets that are not known to be at the hub, the urgent ones first and a predecessor before
// its successor.
func (p *Profile) Unsent(ctx context.Context) (out []replica.Offer, err error) {
	var sets []agentdb.Set
	var urgency map[causal.Set]int
	err = p.db.Update(ctx, func(tx *agentdb.Tx) error {
		if err := tx.UnsentSets(func(s agentdb.Set) error { sets = append(sets, s); return nil }); err != nil {
			return err
		}
		urgency, err = tx.Urgency()
		return err
	})
	for _, s := range urgentFirst(sets, urgency) {
		stream := p.streams[s.Stream]
		out = append(out, replica.Offer{Tip: wire.Tip{Stream: stream.Name, Seq: s.Seq, Set: s.Hash}, Scope: stream.Scope})
	}
	return out, err
}

// SetBytes returns a closed change-set as it was signed.
func (p *Profile) SetBytes(ctx context.Context, set schema.Hash) (raw []byte, err error) {
	err = p.db.Update(ctx, func(tx *agentdb.Tx) error {
		raw, err = tx.Raw(p.byHash[set])
		if errors.Is(err, agentdb.ErrNotFound) {
			return fmt.Errorf("%w: bytes of change-set %v", agentdb.ErrDamaged, set)
		}
		return err
	})
	return raw, err
}

// Sent notes that the hub acknowledged change-sets as durable.
func (p *Profile) Sent(ctx context.Context, sets []schema.Hash) error {
	if len(sets) == 0 {
		return nil
	}
	return p.update(ctx, func(tx *agentdb.Tx) error {
		for _, h := range sets {
			id, ok := p.byHash[h]
			if !ok {
				continue
			}
			if err := tx.MarkAtHub(id); err != nil {
				return err
			}
			p.markAtHub(id)
		}
		return nil
	})
}

// OfferAgain notes that the hub's database is another one: everything is offered and read again.
func (p *Profile) OfferAgain(ctx context.Context, hub wire.HubEpoch) error {
	err := p.update(ctx, func(tx *agentdb.Tx) error {
		if err := errors.Join(tx.MarkAllUnsent(), tx.PutMeta(metaBeside, bytesOf(1))); err != nil {
			return err
		}
		return tx.PutMeta(metaHub, hub[:])
	})
	if err != nil {
		return err
	}
	p.hub, p.cursors = hub, map[schema.Scope]wire.Cursor{}
	for id, info := range p.sets {
		if info.state == agentdb.AtHub {
			info.state = agentdb.Ready
			p.sets[id] = info
		}
	}
	return nil
}

// Restart begins a new incarnation: the hub holds work of this device that is not here, so the database was restored from
// an older image or is a copy of another's.
func (p *Profile) Restart(ctx context.Context) error {
	if err := p.CloseOpenSets(ctx); err != nil {
		return err
	}
	return p.update(ctx, p.newIncarnation)
}

// ResetCursor reads a scope's log from its start, because the hub's log is another one than before, and offers again what
// this laptop holds of it.
func (p *Profile) ResetCursor(ctx context.Context, scope schema.Scope) error {
	c := wire.Cursor{Scope: scope}
	err := p.update(ctx, func(tx *agentdb.Tx) error {
		if err := errors.Join(tx.MarkScopeUnsent(scope), tx.PutMeta(metaBeside, bytesOf(1))); err != nil {
			return err
		}
		return tx.PutCursor(c)
	})
	if err != nil {
		return err
	}
	p.cursors[scope] = c
	for id, info := range p.sets {
		if info.state == agentdb.AtHub && p.streams[info.stream].Scope == scope {
			info.state = agentdb.Ready
			p.sets[id] = info
		}
	}
	return nil
}

// Agreed keeps when both sides' digests last matched, by the hub's clock.
func (p *Profile) Agreed(ctx context.Context, hubTime int64) error {
	err := p.db.Update(ctx, func(tx *agentdb.Tx) error {
		return errors.Join(tx.PutMeta(metaAgreed, bytesOf(uint64(hubTime))), tx.PutArrival(hubTime))
	})
	if err != nil {
		return err
	}
	return p.Compared(ctx, hubTime, p.comparedScopes(), nil)
}

// Summary is what a status line needs of the store.
type Summary struct {
	Sets        int
	Unsent      int
	Waiting     int
	Quarantined int
	AgreedAt    int64 // Unix milliseconds of the hub's clock; 0 = never
}

// Summary counts what the store holds.
func (p *Profile) Summary(ctx context.Context) (s Summary, err error) {
	for _, info := range p.sets {
		s.Sets++
		if info.state != agentdb.AtHub {
			s.Unsent++
		}
		if info.opened == agentdb.Waiting {
			s.Waiting++
		}
		if info.verdict != "" {
			s.Quarantined++
		}
	}
	err = p.db.Update(ctx, func(tx *agentdb.Tx) error {
		b, err := tx.Meta(metaAgreed)
		if errors.Is(err, agentdb.ErrNotFound) {
			return nil
		}
		s.AgreedAt = int64(number(b))
		return err
	})
	return s, err
}
