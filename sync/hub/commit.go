package hub

import (
	"errors"
	"slices"

	"escale/crypto/ledger"
	"escale/schema"
	"escale/sync/admit"
	"escale/sync/changeset"
	"escale/sync/wire"
)

// taker takes change-sets in, within one transaction.
type taker struct {
	tx     Tx
	state  *ledger.State
	now    int64 // Unix milliseconds by the hub's clock
	chains *chains
	scopes map[schema.Scope]*ScopeRow
	stale  map[schema.Scope]bool // scopes whose marks a late revocation head may have changed

	torn   func(schema.Scope) bool
	tears  map[schema.Scope]*tear
	mended map[schema.Scope]bool // scopes that got back what was lost
}

func newTaker(tx Tx, state *ledger.State, now int64, torn func(schema.Scope) bool) *taker {
	return &taker{
		tx: tx, state: state, now: now, chains: &chains{tx: tx},
		scopes: map[schema.Scope]*ScopeRow{}, stale: map[schema.Scope]bool{},
		torn: torn, tears: map[schema.Scope]*tear{}, mended: map[schema.Scope]bool{},
	}
}

// close writes what the taker changed in scopes, and judges again what a change-set that came late has uncovered.
func (t *taker) close() error {
	for _, row := range t.scopes {
		row.date(t.now)
		if err := t.tx.PutScope(*row); err != nil {
			return err
		}
	}
	for s := range t.mended {
		if err := reweigh(t.tx, *t.scopes[s], t.now); err != nil {
			return err
		}
	}
	for s := range t.stale {
		if err := rejudge(t.tx, t.state, *t.scopes[s], t.now); err != nil {
			return err
		}
	}
	return nil
}

func (t *taker) scope(s schema.Scope) (*ScopeRow, error) {
	if row, ok := t.scopes[s]; ok {
		return row, nil
	}
	row, err := t.tx.LockScope(s)
	if err != nil {
		return nil, err
	}
	t.scopes[s] = &row
	return &row, nil
}

func (t *taker) take(c *candidate) error {
	c.mended = false
	c.reason = ""
	prev, ok, err := t.place(c)
	if err != nil || !ok {
		return err
	}
	if prev != nil {
		c.facts.Before = &prev.Cited
	}
	verdict, err := admit.Decide(t.state, c.facts, t.chains)
	if err != nil && !errors.Is(err, admit.ErrNoCut) { // judged again once the cut is here
		return err
	}
	if err := t.thin(c); err != nil {
		return err
	}
	row, err := t.insert(c, prev, verdict)
	if err != nil {
		return err
	}
	if c.resumed {
		h := &c.set.Header
		if err := t.tx.DropPartial(PartialKey{Stream: h.Stream(), Seq: h.Seq, Set: c.set.Hash}); err != nil {
			return err
		}
	}
	c.status = wire.Accepted
	if !verdict.Admitted() {
		c.status, c.reason = wire.Quarantined, string(verdict.Reason)
		if scope := t.scopes[c.facts.Scope]; scope.AsideSince == 0 {
			scope.AsideSince = t.now
		}
	}
	return t.weigh(row, c)
}

// weigh enters the change-set into its scope's frontier.
func (t *taker) weigh(row SetRow, c *candidate) error {
	scope := t.scopes[c.facts.Scope]
	w := weigher{tx: t.tx, chains: t.chains, scope: scope}
	if row.Reason == "" {
		if err := w.weigh(row, c.set); err != nil {
			return err
		}
	}
	if err := w.arrived(row); err != nil {
		return err
	}
	return t.uncover(c)
}

// uncover notes that a change-set is the one that a revocation or a cut names, and came after those that it covers.
func (t *taker) uncover(c *candidate) error {
	d, ok := t.state.Device(c.facts.Device)
	if ok && d.RevokedAt != 0 {
		if head, named := d.HeadOf(c.facts.Stream); named && head.Hash == c.facts.Set {
			t.stale[c.facts.Scope] = true
		}
	}
	sc, ok := t.state.Scope(c.facts.Scope)
	if !ok {
		return nil
	}
	for _, e := range sc.Epochs {
		if e.ClosedAt == 0 {
			continue
		}
		heads, _, err := t.chains.Cut(e.Cut)
		if err != nil {
			return err
		}
		for _, h := range heads {
			if h == c.facts.Set {
				t.stale[c.facts.Scope] = true
			}
		}
	}
	return nil
}

// place finds the predecessor; ok is false if the change-set gets no place, and the candidate then says why.
func (t *taker) place(c *candidate) (prev *SetRow, ok bool, err error) {
	_, found, err := t.tx.FindSet(c.set.Hash)
	if err != nil || found {
		c.status = wire.Duplicate
		return nil, false, err
	}
	h := &c.set.Header
	if h.Seq == 1 {
		return nil, true, nil
	}
	row, found, err := t.tx.FindSet(h.Prev)
	if err != nil {
		return nil, false, err
	}
	if !found {
		c.status = wire.Gap
		return nil, false, nil
	}
	stream, known, err := t.tx.FindStream(h.Stream())
	if err != nil {
		return nil, false, err
	}
	if !known || row.At.Stream != stream.ID || row.At.Seq != h.Seq-1 {
		c.status, c.reason = wire.Refused, reasonChain
		return nil, false, nil
	}
	return &row, true, nil
}

// insert gives the change-set its branch, its number and its running hash.
func (t *taker) insert(c *candidate, prev *SetRow, verdict admit.Verdict) (SetRow, error) {
	h := &c.set.Header
	scope, err := t.scope(h.Scope)
	if err != nil {
		return SetRow{}, err
	}
	row := SetRow{Hash: c.set.Hash, Scope: scope.ID, Epoch: h.Epoch, Cited: c.facts.Cited, Reason: string(verdict.Reason)}
	if prev != nil {
		row.Before = prev.Cited
	}
	var hole *lost
	if t.torn(h.Scope) {
		if hole, err = t.lostPlace(h, c.set.Hash, prev, scope); err != nil {
			return row, err
		}
	}
	if hole != nil {
		c.mended = true
		at, within, err := t.lineOf(h, prev, hole.next, scope)
		if err != nil {
			return row, err
		}
		if row.At = at; within {
			return t.refill(row, hole, c.set.Raw, scope)
		}
	}
	return t.extend(row, hole, c, prev, scope)
}

// extend adds the change-set at the end of a branch; and at the end of the log, unless the log lost just this one.
func (t *taker) extend(row SetRow, hole *lost, c *candidate, prev *SetRow, scope *ScopeRow) (_ SetRow, err error) {
	var branch Branch
	if row.At, branch, err = t.branch(&c.set.Header, prev, scope); err != nil {
		return row, err
	}
	if hole != nil {
		row, err = t.refill(row, hole, c.set.Raw, scope)
	} else {
		scope.Number++
		scope.Running = wire.RunningHash(scope.Running, c.set.Hash)
		row.Number, row.Running = scope.Number, scope.Running
		row.ID, err = t.tx.AddSet(row, c.set.Raw)
	}
	if err != nil {
		return row, err
	}
	branch.Tip = row.ID
	return row, t.chains.put(row.At.Stream, row.At.Branch, branch)
}

// branch continues the branch whose tip is the predecessor, or starts one: a stream forks when a laptop was cloned.
func (t *taker) branch(h *changeset.Header, prev *SetRow, scope *ScopeRow) (At, Branch, error) {
	stream, found, err := t.tx.FindStream(h.Stream())
	if err != nil {
		return At{}, Branch{}, err
	}
	if !found {
		stream.ID, err = t.tx.AddStream(StreamRow{Stream: h.Stream(), Device: h.Device, Scope: scope.ID})
		if err != nil {
			return At{}, Branch{}, err
		}
	}
	lines, err := t.chains.branches(stream.ID)
	if err != nil {
		return At{}, Branch{}, err
	}
	at := At{Stream: stream.ID, Branch: uint32(len(lines)), Seq: h.Seq}
	switch {
	case prev != nil && lines[prev.At.Branch].Tip == prev.ID:
		at.Branch = prev.At.Branch
		return at, lines[at.Branch], nil
	case prev != nil && emptied(lines, prev) >= 0:
		at.Branch = uint32(emptied(lines, prev))
		return at, lines[at.Branch], nil
	case prev != nil:
		return at, Branch{Parent: prev.At.Branch, From: prev.At.Seq}, nil
	}
	return at, Branch{Parent: at.Branch}, nil
}

// emptied returns the branch that left its parent after a change-set and lost all that it had, or -1.
func emptied(lines []Branch, prev *SetRow) int {
	return slices.IndexFunc(lines, func(b Branch) bool { return b.Tip == prev.ID })
}

var errChain = errors.New("stored chain is broken")
