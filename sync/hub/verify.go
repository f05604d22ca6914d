package hub

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"

	"escale/schema"
	"escale/sync/admit"
	"escale/sync/changeset"
	"escale/sync/wire"
)

// maxFaults bounds how many faults a report lists; it counts all.
const maxFaults = 1000

// Fault is one thing that does not hold.
type Fault struct {
	Scope  schema.Scope
	Number uint64 // of the change-set in the scope's log; 0 for the scope as a whole
	Check  string
}

// Report is the outcome of a verification.
type Report struct {
	Scopes     int64
	ChangeSets int64
	Entries    uint64 // of the ledger
	Count      int64  // faults found
	Faults     []Fault
}

// OK reports whether everything holds.
func (r *Report) OK() bool { return r.Count == 0 }

func (r *Report) fault(scope schema.Scope, number uint64, format string, args ...any) {
	r.Count++
	if len(r.Faults) < maxFaults {
		r.Faults = append(r.Faults, Fault{Scope: scope, Number: number, Check: fmt.Sprintf(format, args...)})
	}
}

// Verify checks again every signature, chain, running hash, mark, tip and frontier. The ledger was verified when the hub
// was opened. It calls progress with the change-sets that are done and their total. Nobody can push meanwhile.
func (h *Hub) Verify(ctx context.Context, progress func(done, total int64)) (Report, error) {
	h.writing.Lock()
	defer h.writing.Unlock()
	var rows []ScopeRow
	err := h.store.View(ctx, func(tx Tx) (err error) { rows, err = tx.Scopes(); return err })
	if err != nil {
		return Report{}, refusal(err)
	}
	r := Report{Scopes: int64(len(rows)), Faults: []Fault{}}
	total := int64(0)
	for _, row := range rows {
		total += int64(row.Number)
	}
	if h.log != nil {
		r.Entries = h.log.Head().Height + 1
	}
	for _, row := range rows {
		v := verifier{hub: h, report: &r, row: row, progress: func() { progress(r.ChangeSets, total) }}
		if err := v.scope(ctx); err != nil {
			return r, refusal(err)
		}
	}
	return r, nil
}

// verifier checks one scope.
type verifier struct {
	hub      *Hub
	report   *Report
	row      ScopeRow
	progress func()

	number  uint64
	running schema.Hash
	tips    map[branchName]wire.Tip
}

type branchName struct {
	stream int64
	branch uint32
}

func (v *verifier) scope(ctx context.Context) error {
	v.tips = map[branchName]wire.Tip{}
	if err := v.hub.store.View(ctx, v.log); err != nil {
		return err
	}
	return v.frontier(ctx)
}

func (v *verifier) log(tx Tx) error {
	chains := &chains{tx: tx}
	err := tx.Log(v.row.ID, 0, func(e LogEntry) (bool, error) {
		v.report.ChangeSets++
		v.progress()
		v.place(e)
		return true, v.set(tx, e, chains)
	})
	if err != nil {
		return err
	}
	if v.number != v.row.Number || v.running != v.row.Running {
		v.report.fault(v.row.Scope, 0, "log ends at %d, its counter says %d", v.number, v.row.Number)
	}
	return v.digest(tx)
}

func (v *verifier) place(e LogEntry) {
	v.number++
	v.running = wire.RunningHash(v.running, e.Hash)
	if e.Number != v.number {
		v.report.fault(v.row.Scope, e.Number, "number %d is missing", v.number)
		v.number = e.Number
	}
	if e.Running != v.running {
		v.report.fault(v.row.Scope, e.Number, "running hash")
		v.running = e.Running
	}
	v.tips[branchName{e.At.Stream, e.At.Branch}] = wire.Tip{Stream: e.Stream, Seq: e.At.Seq, Set: e.Hash}
}

func (v *verifier) set(tx Tx, e LogEntry, chains *chains) error {
	raw, err := tx.Raw(e.ID)
	if errors.Is(err, ErrLost) {
		v.report.fault(v.row.Scope, e.Number, "%v", ErrLost)
		return nil
	}
	if err != nil {
		return err
	}
	set, err := changeset.Parse(raw)
	if err != nil {
		v.report.fault(v.row.Scope, e.Number, "%v", err)
		return nil
	}
	facts, err := admit.Examine(v.hub.log, set)
	if err != nil {
		v.report.fault(v.row.Scope, e.Number, "%v", err)
		return nil
	}
	if set.Hash != e.Hash || facts.Stream != e.Stream || facts.Seq != e.At.Seq || facts.Scope != v.row.Scope || facts.Cited != e.Cited {
		v.report.fault(v.row.Scope, e.Number, "stored row does not describe its change-set")
		return nil
	}
	if err := v.chain(tx, e, set); err != nil {
		return err
	}
	verdict, err := admit.Decide(v.hub.log.State(), factsOf(e, v.row.Scope), chains)
	if errors.Is(err, admit.ErrNoCut) {
		verdict.Reason, err = admit.Reason(e.Reason), nil // cannot be told
	}
	if err == nil && string(verdict.Reason) != e.Reason {
		v.report.fault(v.row.Scope, e.Number, "marked %q, is %q", e.Reason, verdict.Reason)
	}
	return err
}

func (v *verifier) chain(tx Tx, e LogEntry, set *changeset.Set) error {
	if set.Header.Seq == 1 {
		return nil
	}
	prev, found, err := tx.FindSet(set.Header.Prev)
	if err != nil {
		return err
	}
	if !found || prev.At.Stream != e.At.Stream || prev.At.Seq+1 != e.At.Seq || prev.Cited != e.Before || prev.Number >= e.Number {
		v.report.fault(v.row.Scope, e.Number, "predecessor")
	}
	return nil
}

// digest compares the digest over the stored tips with that over the log.
func (v *verifier) digest(tx Tx) error {
	stored, err := tx.Tips(v.row.ID)
	if err != nil {
		return err
	}
	tips := make([]wire.Tip, 0, len(v.tips))
	for _, t := range v.tips {
		tips = append(tips, t)
	}
	if wire.Digest(schema.Hash{}, stored) != wire.Digest(schema.Hash{}, tips) {
		v.report.fault(v.row.Scope, 0, "digest over the tips of its branches")
	}
	return nil
}

// errRollBack ends a transaction whose work was only wanted for comparison.
var errRollBack = errors.New("roll back")

// frontier weighs the scope again and compares; then it takes that back, so that a fault stays to be looked at.
func (v *verifier) frontier(ctx context.Context) error {
	err := v.hub.store.Update(ctx, func(tx Tx) error {
		before, err := frontierHash(tx, v.row.ID)
		if err != nil {
			return err
		}
		if err := reweigh(tx, v.row, 0); err != nil {
			return err
		}
		after, err := frontierHash(tx, v.row.ID)
		if err != nil {
			return err
		}
		again, err := tx.LockScope(v.row.Scope)
		if err != nil {
			return err
		}
		if before != after || again.Conflicts != v.row.Conflicts {
			v.report.fault(v.row.Scope, 0, "frontier")
		}
		return errRollBack
	})
	if errors.Is(err, errRollBack) {
		return nil
	}
	return err
}

func frontierHash(tx Tx, scope int64) (out schema.Hash, err error) {
	h := sha256.New()
	err = tx.EachDot(scope, func(d Dot) error {
		h.Write(d.Object[:])
		h.Write(d.Tag[:])
		h.Write([]byte{byte(d.Class)})
		h.Write(binary.BigEndian.AppendUint64(nil, uint64(d.Set)))
		h.Write(binary.BigEndian.AppendUint32(nil, d.Index))
		return nil
	})
	h.Sum(out[:0])
	return out, err
}
