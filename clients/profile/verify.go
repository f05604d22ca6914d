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

// What Verify finds broken. The file itself is reported as agentdb.ErrDamaged.
var (
	ErrLedgerBroken = errors.New("the stored ledger does not verify")
	ErrSetBroken    = errors.New("a stored change-set does not verify")
)

// Verified counts what a verification checked.
type Verified struct {
	Entries    int // of the ledger
	ChangeSets int
	Deltas     int
	Signatures int
	Open       int // change-sets that are still being written: signed when they are closed
}

// Verify checks again everything that is held here: the file, the ledger from its genesis on, each change-set's form, hash,
// signature, place in its chain and admission. Progress may be nil.
func (p *Profile) Verify(ctx context.Context, progress func(done, total int)) (v Verified, err error) {
	if progress == nil {
		progress = func(int, int) {}
	}
	var at schema.Scope
	err = p.db.Update(ctx, func(tx *agentdb.Tx) error {
		if err := tx.Check(); err != nil {
			return err
		}
		log, err := p.verifyLedger(tx, &v)
		if err != nil || log == nil {
			return err
		}
		var rows []agentdb.Set
		if err := tx.Sets(func(s agentdb.Set) error { rows = append(rows, s); return nil }); err != nil {
			return err
		}
		for i := range rows {
			at = p.streams[rows[i].Stream].Scope
			if err := p.verifySet(tx, log, &rows[i], &v); err != nil {
				return err
			}
			progress(i+1, len(rows))
		}
		return nil
	})
	if errors.Is(err, ErrSetBroken) { // the next exchange fetches it again
		err = errors.Join(err, p.doubt(ctx, at, true))
	}
	return v, err
}

func (p *Profile) verifyLedger(tx *agentdb.Tx, v *Verified) (*ledger.Log, error) {
	entries, err := tx.Ledger()
	if err != nil || len(entries) == 0 {
		return nil, err
	}
	log, err := ledger.Replay(p.Keys.Org, entries)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrLedgerBroken, err)
	}
	if err := log.Check(p.log.Head()); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrLedgerBroken, err)
	}
	v.Entries, v.Signatures = len(entries), len(entries)-1 // the genesis is named by its hash
	return log, nil
}

func (p *Profile) verifySet(tx *agentdb.Tx, log *ledger.Log, row *agentdb.Set, v *Verified) error {
	if row.State == agentdb.Writing {
		v.Open++
		return nil
	}
	broken := func(err error) error {
		return fmt.Errorf("%w: number %d of stream %v: %w", ErrSetBroken, row.Seq, p.streams[row.Stream].Name, err)
	}
	raw, err := tx.Raw(row.ID)
	if err != nil {
		return broken(err)
	}
	set, err := changeset.Parse(raw)
	if err != nil {
		return broken(err)
	}
	if set.Hash != row.Hash || set.Header.Stream() != p.streams[row.Stream].Name || set.Header.Seq != row.Seq {
		return broken(changeset.ErrParts)
	}
	before, err := p.verifyPlace(set, row)
	if err != nil {
		return broken(err)
	}
	verdict, err := admit.Judge(log, set, before, chains{p})
	if errors.Is(err, admit.ErrNoCut) {
		verdict.Reason, err = admit.Reason(row.Verdict), nil // cannot be told
	}
	if err != nil {
		return broken(err)
	}
	if string(verdict.Reason) != row.Verdict {
		return broken(fmt.Errorf("admission says %q, the store %q", verdict.Reason, row.Verdict))
	}
	v.ChangeSets++
	v.Signatures++
	v.Deltas += len(set.Deltas)
	return nil
}

// verifyPlace compares what a change-set says of its predecessor with the stored chain.
func (p *Profile) verifyPlace(set *changeset.Set, row *agentdb.Set) (*uint64, error) {
	var none causal.Set
	if set.Header.Prev.IsZero() != (row.Parent == none) {
		return nil, ErrGap
	}
	if row.Parent == none {
		return nil, nil
	}
	parent, before, err := p.predecessor(&set.Header)
	if err == nil && parent != row.Parent {
		err = ErrGap
	}
	return before, err
}
