package profile

import (
	"context"
	"errors"
	"fmt"

	"escale/schema"
	"escale/store/agentdb"
	"escale/sync/admit"
	"escale/sync/causal"
	"escale/sync/changeset"
	"escale/sync/replica"
	"escale/sync/wire"
)

// ErrGap reports a change-set whose predecessor is not here.
var ErrGap = errors.New("a change-set's predecessor is missing")

// errNotYet says that a key, a form bundle or a session header is missing.
var errNotYet = errors.New("cannot be opened yet")

// Receive stores the change-sets of one page of a scope's log and opens what it may, and moves the cursor, in one
// transaction. A change-set that is not genuine stops the page: a hub that serves one is not to be believed. What came
// before it is kept.
func (p *Profile) Receive(ctx context.Context, page wire.ScopePage) error {
	taken, err := p.receive(ctx, page)
	if err == nil || taken == 0 || ctx.Err() != nil {
		return err
	}
	page.Items = page.Items[:taken]
	_, again := p.receive(ctx, page)
	return errors.Join(err, again)
}

// receive takes a page whole or not at all, and says how many of its items were good.
func (p *Profile) receive(ctx context.Context, page wire.ScopePage) (taken int, err error) {
	cursor := p.cursors[page.Scope]
	cursor.Scope = page.Scope
	work := newInbox(p)
	defer work.wait()
	err = p.update(ctx, func(tx *agentdb.Tx) error {
		for i := range page.Items {
			work.at = i
			if err := work.take(tx, page.Scope, &page.Items[i]); err != nil {
				return err
			}
			taken++
			cursor.Number++
			cursor.Running = wire.RunningHash(cursor.Running, page.Items[i].Set)
		}
		if err := work.flush(tx); err != nil {
			taken = work.failed
			return err
		}
		return tx.PutCursor(cursor)
	})
	if err == nil {
		p.cursors[page.Scope] = cursor
	}
	return taken, err
}

// ReceiveSet stores one change-set that did not come from the hub's log. Own work of this very incarnation that is not
// here was written by a copy of this laptop: what is written next goes into streams of its own.
func (p *Profile) ReceiveSet(ctx context.Context, raw []byte) error {
	if p.log == nil { // nothing can be judged before the genesis is here
		return ErrNotEnrolled
	}
	set, err := changeset.Parse(raw)
	if err != nil {
		return err
	}
	if _, here := p.byHash[set.Hash]; here {
		return nil
	}
	work := newInbox(p)
	defer work.wait()
	err = p.update(ctx, func(tx *agentdb.Tx) error {
		if err := work.store(tx, set, agentdb.Ready); err != nil {
			return err
		}
		return work.flush(tx)
	})
	if err == nil && set.Header.Device == p.Keys.Device && set.Header.Incarnation == p.inc {
		err = p.Restart(ctx)
	}
	return err
}

func (w *inbox) take(tx *agentdb.Tx, scope schema.Scope, item *wire.Item) error {
	if id, ok := w.p.byHash[item.Set]; ok {
		w.p.markAtHub(id)
		return tx.MarkAtHub(id)
	}
	if len(item.Raw) == 0 {
		return replica.ErrRestored
	}
	set, err := changeset.Parse(item.Raw)
	if err != nil {
		return err
	}
	if set.Hash != item.Set || set.Header.Scope != scope {
		return fmt.Errorf("%w: the hub named it otherwise", changeset.ErrParts)
	}
	return w.store(tx, set, agentdb.AtHub)
}

func (w *inbox) store(tx *agentdb.Tx, set *changeset.Set, state agentdb.State) error {
	p, h := w.p, &set.Header
	if _, ok := p.byHash[set.Hash]; ok {
		return nil
	}
	parent, before, err := p.predecessor(h)
	if err != nil {
		return err
	}
	verdict, err := admit.Judge(p.log, set, before, chains{p})
	if err != nil && !errors.Is(err, admit.ErrNoCut) { // judged again once the cut is here
		return fmt.Errorf("change-set %d of device %v: %w", h.Seq, h.Device, err)
	}
	if set, err = thinned(p.log.State(), set); err != nil { // whoever offers it: it comes back without what was erased
		return err
	}
	h = &set.Header
	height, _ := p.log.HeightOf(h.Ledger)
	row := agentdb.Set{Seq: h.Seq, Parent: parent, Hash: set.Hash, State: state, Opened: agentdb.Waiting, Height: height,
		Epoch: h.Epoch, Deltas: h.Count, Verdict: string(verdict.Reason)}
	if row.Stream, err = p.streamFor(tx, h.Stream(), h.Scope, h.Device); err != nil {
		return err
	}
	if row.ID, err = tx.AddSetAs(w.as[set.Hash], row, set.Raw); err != nil {
		return err
	}
	p.noteSet(row)
	if err := p.uncover(tx, set, verdict); err != nil {
		return err
	}
	if err := keepSetKeys(tx, row.ID, set); err != nil {
		return err
	}
	if len(set.Session) > 0 {
		if err := tx.PutSession(agentdb.Session{ID: h.Session, Scope: h.Scope, Epoch: h.Epoch, Header: set.Session}); err != nil {
			return err
		}
	}
	return w.open(tx, row.ID, set)
}

// predecessor returns the change-set that h follows, and the ledger height that it cites.
func (p *Profile) predecessor(h *changeset.Header) (causal.Set, *uint64, error) {
	if h.Prev.IsZero() {
		return 0, nil, nil
	}
	parent, ok := p.byHash[h.Prev]
	if !ok {
		return 0, nil, fmt.Errorf("%w: %d of device %v", ErrGap, h.Seq, h.Device)
	}
	info := p.sets[parent]
	if p.streams[info.stream].Name != h.Stream() || info.seq+1 != h.Seq {
		return 0, nil, fmt.Errorf("%w: it does not follow its predecessor", changeset.ErrMalformed)
	}
	return parent, &info.height, nil
}

func (p *Profile) markAtHub(id causal.Set) {
	info := p.sets[id]
	info.state = agentdb.AtHub
	p.sets[id] = info
}

// chains answers admission's questions from this store.
type chains struct{ p *Profile }

// Covers reports whether set is the head or comes before it. A change-set that is just arriving is covered by a stored head
// only if it is that head.
func (c chains) Covers(head, set schema.Hash) (bool, error) {
	if head == set { // it is judged before it is stored
		return true, nil
	}
	h, ok := c.p.byHash[head]
	s, known := c.p.byHash[set]
	return ok && known && c.p.history.Follows(h, s), nil
}

// Cut returns the heads of a cut that was fetched (takeCuts).
func (c chains) Cut(name schema.Hash) ([]schema.Hash, bool, error) {
	heads, ok := c.p.cuts[name]
	return heads, ok, nil
}
