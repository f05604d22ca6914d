package replica

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"

	"escale/schema"
	"escale/sync/wire"
)

// Repair says what was given back in one scope, in objects: the parts of records that the change-sets touch.
type Repair struct {
	Scope schema.Scope
	Here  int // were missing here and were fetched again
	There int // were missing at the hub and were given to it again
}

// Bounds of looking for what differs in one scope. A hub that answers at random makes every range differ: it is left at
// the second bound, and the digests, which alone decide, still differ.
const (
	maxCompare = 48   // messages
	maxPending = 1024 // ranges that wait to be looked into
	maxFetches = 64   // messages
)

// ErrTooDifferent reports two sides that share too little for ranges to find it.
var ErrTooDifferent = errors.New("this laptop and the hub hold too different change-sets to be compared piece by piece")

// difference is what one side holds and the other does not.
type difference struct{ here, there []schema.Hash }

// mend looks for what the scopes whose digests differ differ in, and exchanges it: it fetches what is missing here, and
// offers what is missing at the hub the way in which everything is offered. Nothing is taken that does not verify. A scope
// that cannot be mended is a fault, and the others go on.
func (r *Replica) mend(ctx context.Context, reply *wire.SyncReply, rep *Report) (moved bool, fault, err error) {
	scopes, err := r.differing(ctx, reply)
	if err != nil {
		return false, nil, err
	}
	for i, s := range scopes {
		if !slices.ContainsFunc(reply.Scopes, func(x wire.ScopeState) bool { return x.Scope == s }) {
			continue // the hub does not know yet that this device reads it
		}
		r.progress(StepRepair, i, len(scopes))
		did, err := r.mendScope(ctx, s, rep)
		if ctx.Err() != nil || errors.Is(err, errLine) {
			return moved, fault, err
		}
		moved, fault = moved || did, errors.Join(fault, err)
	}
	return moved, fault, nil
}

// errLine marks a failure of the line or of the store, after which there is no going on.
var errLine = errors.New("repair")

func (r *Replica) mendScope(ctx context.Context, scope schema.Scope, rep *Report) (moved bool, err error) {
	held, err := r.store.Held(ctx, scope)
	if err != nil {
		return false, fmt.Errorf("%w: %w", errLine, err)
	}
	diff, err := r.compare(ctx, scope, held, rep)
	if err != nil {
		return false, err
	}
	out := Repair{Scope: scope}
	back, fault := r.takeBack(ctx, scope, diff.here, rep)
	given, err := r.giveBack(ctx, diff.there, rep)
	if err = errors.Join(fault, err); errors.Is(err, errLine) {
		return false, err
	}
	var count error
	if out.Here, count = r.store.Objects(ctx, back); count == nil {
		out.There, count = r.store.Objects(ctx, given)
	}
	if count != nil {
		return false, fmt.Errorf("%w: %w", errLine, count)
	}
	if out.Here+out.There > 0 {
		rep.note(out)
	}
	return len(back)+len(given) > 0, err
}

// note adds to what the report says of a scope already.
func (rep *Report) note(more Repair) {
	for i := range rep.Repairs {
		if r := &rep.Repairs[i]; r.Scope == more.Scope {
			r.Here, r.There = r.Here+more.Here, r.There+more.There
			return
		}
	}
	rep.Repairs = append(rep.Repairs, more)
}

// compare goes down into the ranges whose fingerprints differ until the hub lists them.
func (r *Replica) compare(ctx context.Context, scope schema.Scope, held []schema.Hash, rep *Report) (diff difference, err error) {
	pending := [][]byte{{}}
	for trips := 0; len(pending) > 0; trips++ {
		if trips >= maxCompare || len(pending) > maxPending {
			return diff, ErrTooDifferent
		}
		n := min(len(pending), wire.MaxRanges)
		deeper, err := r.compareSome(ctx, scope, pending[:n], held, &diff, rep)
		if err != nil {
			return diff, err
		}
		pending = append(pending[n:], deeper...)
	}
	return diff, nil
}

func (r *Replica) compareSome(ctx context.Context, scope schema.Scope, prefixes [][]byte, held []schema.Hash, diff *difference, rep *Report) (deeper [][]byte, err error) {
	rep.RoundTrips++
	reply, err := r.transport.Ranges(ctx, wire.RangesAsk{Scope: scope, Prefixes: prefixes})
	if err != nil {
		return nil, fmt.Errorf("%w: compare with the hub: %w", errLine, err)
	}
	if len(reply.Ranges) != len(prefixes) {
		return nil, fmt.Errorf("%w: %d answers about %d ranges", ErrDiverged, len(reply.Ranges), len(prefixes))
	}
	ours := wire.NewSurveyor(prefixes)
	for _, h := range held {
		ours.Add(h)
	}
	for i, prefix := range prefixes {
		theirs := &reply.Ranges[i]
		if err := theirs.Check(prefix); err != nil {
			return nil, fmt.Errorf("%w: %w", ErrDiverged, err)
		}
		if theirs.Count <= wire.MaxListed {
			diff.list(inside(held, prefix), theirs.Sets)
			continue
		}
		if len(prefix) == len(schema.Hash{})-1 {
			return nil, fmt.Errorf("%w: %d change-sets under one hash", ErrDiverged, theirs.Count)
		}
		sums := ours.Inside(i)
		for b := range wire.FanOut {
			if !bytes.Equal(theirs.Sum(b), sums[b*len(theirs.Sum(b)):(b+1)*len(theirs.Sum(b))]) {
				deeper = append(deeper, append(slices.Clip(slices.Clone(prefix)), byte(b)))
			}
		}
	}
	return deeper, nil
}

// inside returns the part of sorted hashes that begins with a prefix.
func inside(sorted []schema.Hash, prefix []byte) []schema.Hash {
	from, _ := slices.BinarySearchFunc(sorted, prefix, func(h schema.Hash, p []byte) int { return bytes.Compare(h[:], p) })
	to := from
	for to < len(sorted) && bytes.HasPrefix(sorted[to][:], prefix) {
		to++
	}
	return sorted[from:to]
}

// list merges two sorted lists.
func (d *difference) list(ours, theirs []schema.Hash) {
	for len(ours) > 0 || len(theirs) > 0 {
		switch {
		case len(theirs) == 0 || len(ours) > 0 && bytes.Compare(ours[0][:], theirs[0][:]) < 0:
			d.there, ours = append(d.there, ours[0]), ours[1:]
		case len(ours) == 0 || ours[0] != theirs[0]:
			d.here, theirs = append(d.here, theirs[0]), theirs[1:]
		default:
			ours, theirs = ours[1:], theirs[1:]
		}
	}
}

// takeBack fetches what is missing here. The hub may cut a page: what did not come is asked for again while that brings
// something.
func (r *Replica) takeBack(ctx context.Context, scope schema.Scope, missing []schema.Hash, rep *Report) (back []schema.Hash, fault error) {
	for fetches := 0; len(missing) > 0 && fetches < maxFetches; fetches++ {
		n := min(len(missing), wire.MaxMissing)
		rep.RoundTrips++
		reply, err := r.transport.Fetch(ctx, wire.FetchAsk{Scope: scope, Sets: missing[:n]})
		if err != nil {
			return back, fmt.Errorf("%w: fetch what is missing: %w", errLine, err)
		}
		took, err := r.store.TakeBack(ctx, scope, reply.Sets)
		if ctx.Err() != nil {
			return back, fmt.Errorf("%w: %w", errLine, ctx.Err())
		}
		if err != nil {
			rep.catch(err)
		}
		back, fault = append(back, took...), errors.Join(fault, err)
		left := without(missing, took)
		if len(left) == len(missing) {
			break // nobody can give it back now
		}
		missing = left
	}
	return back, fault
}

// without returns the hashes that are not among the others.
func without(all, others []schema.Hash) []schema.Hash {
	gone := make(map[schema.Hash]bool, len(others))
	for _, h := range others {
		gone[h] = true
	}
	return slices.DeleteFunc(slices.Clone(all), func(h schema.Hash) bool { return gone[h] })
}

// giveBack offers what the hub does not name. It returns what the hub lacked indeed and took: one that hides what it holds
// gets nothing.
func (r *Replica) giveBack(ctx context.Context, missing []schema.Hash, rep *Report) (given []schema.Hash, err error) {
	if len(missing) == 0 {
		return nil, nil
	}
	if err := r.store.Offer(ctx, missing); err != nil {
		return nil, fmt.Errorf("%w: %w", errLine, err)
	}
	clear(r.taken)
	if _, err := r.push(ctx, rep); err != nil {
		return nil, fmt.Errorf("%w: %w", errLine, err)
	}
	for _, h := range missing {
		if r.taken[h] {
			given = append(given, h)
		}
	}
	return given, nil
}
