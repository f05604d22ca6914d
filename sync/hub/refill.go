package hub

import (
	"fmt"
	"slices"

	"escale/schema"
	"escale/sync/changeset"
	"escale/sync/wire"
)

// maxHoles bounds how many missing numbers of a scope one transaction looks at.
const maxHoles = 4096

// tear is what one transaction knows of a torn scope.
type tear struct {
	holes []uint64 // missing numbers, ascending
}

// lost is the place that a change-set had before the store lost it.
type lost struct {
	number uint64
	before schema.Hash // running hash of the number before
	next   *SetRow     // stored change-set that follows it in its stream; nil if there is none
	fits   bool        // the running hashes after it prove the number; or nothing after it can
}

// tear prepares a torn scope once in a transaction. A log that lost its end goes on from what is left of it: cursors that
// point beyond no longer fit, and are answered from the start.
func (t *taker) tear(scope *ScopeRow) (*tear, error) {
	if have, ok := t.tears[scope.Scope]; ok {
		return have, nil
	}
	if err := t.tx.DropOrphans(); err != nil {
		return nil, err
	}
	if err := t.tx.MendTips(scope.ID); err != nil {
		return nil, err
	}
	holes, err := t.tx.Holes(scope.ID, maxHoles)
	if err != nil {
		return nil, err
	}
	out := &tear{holes: holes}
	t.tears[scope.Scope] = out
	return out, t.shorten(out, scope)
}

func (t *taker) shorten(torn *tear, scope *ScopeRow) (err error) {
	n, end := len(torn.holes), scope.Number
	for n > 0 && torn.holes[n-1] == end {
		n--
		end--
	}
	if scope.Number-end < 2 {
		return nil // one alone can be put back where it was
	}
	torn.holes, scope.Number, scope.Running = torn.holes[:n], end, schema.Hash{}
	t.mended[scope.Scope] = true
	if end > 0 {
		scope.Running, err = t.runningAt(scope, end)
	}
	return err
}

func (t *taker) runningAt(scope *ScopeRow, number uint64) (schema.Hash, error) {
	if number == 0 {
		return schema.Hash{}, nil
	}
	running, found, err := t.tx.RunningAt(scope.ID, number)
	if err == nil && !found {
		err = fmt.Errorf("%w: number %d", errChain, number)
	}
	return running, err
}

// lostPlace finds where in its torn scope a change-set was; nil if it was never there, and belongs at the end.
func (t *taker) lostPlace(h *changeset.Header, set schema.Hash, prev *SetRow, scope *ScopeRow) (*lost, error) {
	torn, err := t.tear(scope)
	if err != nil || len(torn.holes) == 0 {
		return nil, err
	}
	out := &lost{}
	if out.next, err = t.successor(h, set, scope); err != nil {
		return nil, err
	}
	low, high := uint64(0), scope.Number+1
	if prev != nil {
		low = prev.Number
	}
	if out.next != nil {
		high = out.next.Number
	}
	var loose *lost
	for i, n := range torn.holes {
		if n <= low || n >= high || i > 0 && torn.holes[i-1] == n-1 {
			continue
		}
		one := &lost{number: n, next: out.next}
		if one.before, err = t.runningAt(scope, n-1); err != nil {
			return nil, err
		}
		alone := i+1 == len(torn.holes) || torn.holes[i+1] != n+1
		if one.fits = !alone; alone {
			if one.fits, err = t.fits(scope, n, wire.RunningHash(one.before, set)); err != nil || one.fits {
				return one, err
			}
		}
		if loose == nil && (one.fits || one.next != nil) {
			loose = one
		}
	}
	return loose, nil
}

// fits reports whether a running hash is the one from which what follows was computed.
func (t *taker) fits(scope *ScopeRow, number uint64, running schema.Hash) (ok bool, err error) {
	if number == scope.Number {
		return running == scope.Running, nil
	}
	err = t.tx.Log(scope.ID, number, func(e LogEntry) (bool, error) {
		ok = e.Number == number+1 && wire.RunningHash(running, e.Hash) == e.Running
		return false, nil
	})
	return ok, err
}

// successor returns a stored change-set that names this one as its predecessor.
func (t *taker) successor(h *changeset.Header, set schema.Hash, scope *ScopeRow) (*SetRow, error) {
	stream, known, err := t.tx.FindStream(h.Stream())
	if err != nil || !known {
		return nil, err
	}
	rows, err := t.tx.SetsAt(scope.ID, stream.ID, h.Seq+1)
	for i := range rows {
		raw, err := t.tx.Raw(rows[i].ID)
		if err != nil {
			return nil, err
		}
		next, err := changeset.Parse(raw)
		if err == nil && next.Header.Prev == set {
			return &rows[i], nil
		}
	}
	return nil, err
}

// refill puts a change-set back into its place.
func (t *taker) refill(row SetRow, at *lost, raw []byte, scope *ScopeRow) (SetRow, error) {
	row.Number, row.Running = at.number, wire.RunningHash(at.before, row.Hash)
	var err error
	if row.ID, err = t.tx.AddSet(row, raw); err != nil {
		return row, err
	}
	torn := t.tears[scope.Scope]
	torn.holes = slices.DeleteFunc(torn.holes, func(n uint64) bool { return n == at.number })
	t.mended[scope.Scope] = true
	if at.fits {
		return row, nil
	}
	return row, t.runAgain(row, scope)
}

// runAgain computes the running hashes after a change-set again: what was lost came back in another order than it had.
func (t *taker) runAgain(from SetRow, scope *ScopeRow) error {
	running, number := from.Running, from.Number
	err := t.tx.Log(scope.ID, from.Number, func(e LogEntry) (bool, error) {
		if e.Number != number+1 {
			return false, nil // the next hole
		}
		number, running = e.Number, wire.RunningHash(running, e.Hash)
		return true, t.tx.PutRunning(e.ID, running)
	})
	if number == scope.Number {
		scope.Running = running
	}
	return err
}

// lineOf is the place of a change-set that lay within a branch, before others that are still here. What has none here after
// it extends its branch like any other.
func (t *taker) lineOf(h *changeset.Header, prev, next *SetRow, scope *ScopeRow) (at At, within bool, err error) {
	stream, known, err := t.tx.FindStream(h.Stream())
	if err != nil || !known {
		return at, false, err
	}
	lines, err := t.chains.branches(stream.ID)
	if err != nil {
		return at, false, err
	}
	at = At{Stream: stream.ID, Seq: h.Seq}
	switch {
	case next != nil && int(next.At.Branch) >= len(lines):
		return at, false, fmt.Errorf("%w: no branch %d", errChain, next.At.Branch)
	case next != nil:
		at.Branch = next.At.Branch
		if b := lines[at.Branch]; b.Parent != at.Branch && b.From == h.Seq {
			at.Branch = b.Parent
		}
		return at, true, nil
	case prev != nil && lines[prev.At.Branch].Tip == prev.ID:
		return at, false, nil
	case prev != nil:
		at.Branch = prev.At.Branch
	}
	if len(lines) == 0 {
		return at, false, nil
	}
	// The one after it is lost as well: it was on this branch if the branch lacks this very number.
	rows, err := t.tx.SetsAt(scope.ID, stream.ID, h.Seq)
	here := slices.ContainsFunc(rows, func(r SetRow) bool { return r.At.Branch == at.Branch })
	return at, !here, err
}
