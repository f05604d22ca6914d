package admit

import (
	"errors"
	"fmt"
	"slices"

	"escale/crypto/ledger"
	"escale/schema"
	"escale/sync/changeset"
)

// What makes a change-set occupy no place.
var (
	// ErrUnknownLedger: it cites a head that is not in the log; fetch the entries and judge again.
	ErrUnknownLedger = errors.New("cites a ledger head that is not here")
	ErrUnknownDevice = errors.New("device is not in the ledger")
	ErrSignature     = errors.New("signature of the change-set does not verify")
	ErrForeign       = errors.New("change-set of another organisation")
	// ErrErased: parts are missing although officers erased nothing, so the whole change-set must be fetched elsewhere.
	ErrErased = errors.New("parts are missing that nobody ordered to erase")
	// ErrNoCut comes with a verdict that holds only until the cut of a closed epoch is here: what was judged before stays.
	ErrNoCut = errors.New("the cut of a closed epoch is not here")
)

// Facts are all that a judgement needs of a change-set, so that it can be repeated without its bytes.
type Facts struct {
	Set    schema.Hash
	Stream schema.Stream
	Device schema.Device
	Scope  schema.Scope
	Seq    uint64
	Epoch  uint32
	Cited  uint64  // height of the ledger head that it cites
	Before *uint64 // height that its predecessor in the stream cites; nil for the first
}

// Chains answers what only a holder of the change-sets can: how they follow one another, and what a cut holds.
type Chains interface {
	// Covers reports whether set is the head or comes before it on the same branch. A head that is not here covers nothing.
	Covers(head, set schema.Hash) (bool, error)
	// Cut returns the heads that the cut with this hash lists; ok is false while the cut is not here.
	Cut(hash schema.Hash) (heads []schema.Hash, ok bool, err error)
}

// Examine proves that a change-set is genuine: of this organisation, by an enrolled device, citing a known head.
func Examine(log *ledger.Log, set *changeset.Set) (Facts, error) {
	h := &set.Header
	state := log.State()
	if h.Org != state.Org() {
		return Facts{}, ErrForeign
	}
	cited, ok := log.HeightOf(h.Ledger)
	if !ok {
		return Facts{}, ErrUnknownLedger
	}
	d, ok := state.Device(h.Device)
	if !ok {
		return Facts{}, fmt.Errorf("%w: %s", ErrUnknownDevice, h.Device)
	}
	if err := set.Verify(state.Org(), d.Keys.Sign); err != nil {
		return Facts{}, fmt.Errorf("%w: %w", ErrSignature, err)
	}
	if err := whole(state, set); err != nil {
		return Facts{}, err
	}
	return Facts{
		Set: set.Hash, Stream: h.Stream(), Device: h.Device, Scope: h.Scope, Seq: h.Seq, Epoch: h.Epoch, Cited: cited,
	}, nil
}

// whole refuses holes that no order explains: else whoever carries a change-set could thin it out on the way.
func whole(state *ledger.State, set *changeset.Set) error {
	gone := !set.Wrapped() || slices.ContainsFunc(set.Deltas, func(d changeset.Delta) bool { return d.Erased })
	if gone && len(state.ErasedObjects()) == 0 {
		return ErrErased
	}
	return nil
}

// Judge proves a change-set genuine and decides whether it counts. Before is the height of the ledger head that its
// predecessor in the stream cites, nil for the first.
func Judge(log *ledger.Log, set *changeset.Set, before *uint64, chains Chains) (Verdict, error) {
	f, err := Examine(log, set)
	if err != nil {
		return Verdict{}, err
	}
	f.Before = before
	return Decide(log.State(), f, chains)
}

// Decide judges a genuine change-set by what the ledger says now. Officers may accept what is quarantined; what lies
// outside the cut of a destroyed epoch they can only have accepted before.
func Decide(state *ledger.State, f Facts, chains Chains) (Verdict, error) {
	reason, err := reasonOf(state, f, chains)
	if reason == Counts || err != nil && !errors.Is(err, ErrNoCut) {
		return Verdict{reason}, err
	}
	at, accepted := state.Accepted(f.Set)
	if accepted && inTime(state, f, at) {
		return Verdict{}, nil
	}
	return Verdict{reason}, err
}

func inTime(state *ledger.State, f Facts, accepted uint64) bool {
	sc, ok := state.Scope(f.Scope)
	if !ok {
		return true
	}
	e, ok := sc.Epoch(f.Epoch)
	return !ok || e.DestroyedAt == 0 || accepted < e.DestroyedAt
}

func reasonOf(state *ledger.State, f Facts, chains Chains) (Reason, error) {
	if f.Before != nil && f.Cited < *f.Before {
		return LedgerWentBack, nil
	}
	d, ok := state.Device(f.Device)
	if !ok {
		return Counts, fmt.Errorf("%w: %s", ErrUnknownDevice, f.Device)
	}
	terms, ok := d.TermsAt(f.Cited)
	if !ok || !slices.Contains(terms.Write, f.Scope) && !slices.Contains(terms.Read, f.Scope) {
		return NotPermitted, nil
	}
	if r, err := revoked(d, f, chains); r != Counts || err != nil {
		return r, err
	}
	return epochOf(state, f, chains)
}

func revoked(d *ledger.Device, f Facts, chains Chains) (Reason, error) {
	if d.RevokedAt == 0 {
		return Counts, nil
	}
	head, ok := d.HeadOf(f.Stream)
	if !ok || f.Seq > head.Seq {
		return Revoked, nil
	}
	covered, err := chains.Covers(head.Hash, f.Set)
	if err != nil || !covered {
		return Revoked, err
	}
	return Counts, nil
}

func epochOf(state *ledger.State, f Facts, chains Chains) (Reason, error) {
	sc, ok := state.Scope(f.Scope)
	if !ok {
		return ClosedScope, nil
	}
	e, ok := sc.EpochAt(f.Cited)
	switch {
	case !ok:
		return ClosedScope, nil
	case e.Number != f.Epoch:
		return WrongEpoch, nil
	case e.ClosedAt == 0:
		return Counts, nil
	}
	inside, err := insideCut(e.Cut, f.Set, chains)
	switch {
	case inside:
		return Counts, nil
	case err != nil && !errors.Is(err, ErrNoCut):
		return Counts, err
	case e.DestroyedAt != 0:
		return DestroyedEpoch, err
	}
	return ClosedEpoch, err
}

func insideCut(cut, set schema.Hash, chains Chains) (bool, error) {
	heads, ok, err := chains.Cut(cut)
	if err != nil {
		return false, err
	}
	if !ok {
		return false, ErrNoCut
	}
	for _, h := range heads {
		if covered, err := chains.Covers(h, set); covered || err != nil {
			return covered, err
		}
	}
	return false, nil
}
