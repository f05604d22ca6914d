package profile

import (
	"context"
	"errors"
	"fmt"

	"escale/crypto/ledger"
	"escale/schema"
	"escale/store/agentdb"
	"escale/sync/admit"
	"escale/sync/causal"
	"escale/sync/changeset"
)

// metaJudged names the row that holds the ledger height up to which verdicts were computed.
const metaJudged = "judged"

// judgeAgain repeats admission for what the entries since the last judgement may have changed. It notes how far it came in
// the transaction that stores the verdicts, so that one that broke off is repeated when the profile is opened.
func (p *Profile) judgeAgain(ctx context.Context) error {
	if p.log == nil {
		return nil
	}
	due := false
	for _, e := range p.log.Entries(p.judged + 1) {
		changes, err := changesVerdicts(e)
		if err != nil {
			return err
		}
		due = due || changes
	}
	if due {
		return p.judgeAll(ctx)
	}
	p.judged = p.log.Head().Height
	return nil
}

// uncover notes that a change-set may be one that a revocation or a cut names, and came after those that it covers: what
// waits for it is judged from the start once more.
func (p *Profile) uncover(tx *agentdb.Tx, set *changeset.Set, v admit.Verdict) error {
	if !v.Admitted() || p.judged == 0 {
		return nil
	}
	state := p.log.State()
	d, ok := state.Device(set.Header.Device)
	ended := ok && d.RevokedAt != 0
	if sc, ok := state.Scope(set.Header.Scope); ok && !ended {
		e, ok := sc.Epoch(set.Header.Epoch)
		ended = ok && e.ClosedAt != 0
	}
	if !ended {
		return nil
	}
	p.judged = 0
	return tx.PutMeta(metaJudged, bytesOf(0))
}

// changesVerdicts reports whether an entry may change what counts of that which is stored.
func changesVerdicts(entry []byte) (bool, error) {
	link, _, err := ledger.DecodeLink(entry)
	if err != nil || link.Kind != ledger.PayloadOrder {
		return false, err
	}
	signed, err := link.Order()
	if err != nil {
		return false, err
	}
	o, err := signed.Content()
	if err != nil {
		return false, err
	}
	for _, b := range o.Bodies {
		switch b.Kind {
		case ledger.KindRevoke, ledger.KindCloseEpoch, ledger.KindDestroyEpoch, ledger.KindAccept, ledger.KindHeal:
			return true, nil
		}
	}
	return false, nil
}

// judgeAll repeats admission for what does not count, for what revoked devices wrote, and for what lies under epochs that
// officers closed.
func (p *Profile) judgeAll(ctx context.Context) error {
	changed := map[causal.Set]string{}
	state, head := p.log.State(), p.log.Head().Height
	asked := p.inQuestion(state)
	for id, info := range p.sets {
		s := p.streams[info.stream]
		if info.state == agentdb.Writing || info.verdict == "" && !asked(s, info.epoch) {
			continue
		}
		v, err := admit.Decide(state, p.facts(id, info, s), chains{p})
		if errors.Is(err, admit.ErrNoCut) {
			continue // what was judged before stays
		}
		if err != nil {
			return err
		}
		if string(v.Reason) != info.verdict {
			changed[id] = string(v.Reason)
		}
	}
	err := p.update(ctx, func(tx *agentdb.Tx) error {
		for id, verdict := range changed {
			if err := tx.SetVerdict(id, verdict); err != nil {
				return err
			}
			info := p.sets[id]
			info.verdict = verdict
			p.sets[id] = info
		}
		return tx.PutMeta(metaJudged, bytesOf(head))
	})
	if err == nil {
		p.judged = head
	}
	return err
}

// inQuestion tells whose change-sets may have ceased to count.
func (p *Profile) inQuestion(state *ledger.State) func(agentdb.Stream, uint32) bool {
	closed := map[epochID]bool{}
	for _, sc := range state.Scopes() {
		for _, e := range sc.Epochs {
			if e.ClosedAt != 0 {
				closed[epochID{sc.ID, e.Number}] = true
			}
		}
	}
	revoked := map[schema.Device]bool{}
	for _, s := range p.streams {
		d, ok := state.Device(s.Device)
		revoked[s.Device] = !ok || d.RevokedAt != 0
	}
	return func(s agentdb.Stream, epoch uint32) bool { return revoked[s.Device] || closed[epochID{s.Scope, epoch}] }
}

// loadJudged reads how far verdicts go. A store of an earlier release is judged from the start once.
func (p *Profile) loadJudged(tx *agentdb.Tx) error {
	p.judged = 0
	b, err := tx.Meta(metaJudged)
	if errors.Is(err, agentdb.ErrNotFound) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("judged: %w", err)
	}
	p.judged = number(b)
	return nil
}
