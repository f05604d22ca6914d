package hub

import (
	"errors"

	"escale/sync/admit"
	"escale/sync/changeset"
	"escale/sync/wire"
)

// candidate is a genuine change-set that waits for its commit, and then what became of it.
type candidate struct {
	at      int // position of its result
	set     *changeset.Set
	facts   admit.Facts
	resumed bool

	status wire.Status
	reason string
	mended bool // it filled a hole that the store had lost it from
}

// newCandidate forgets the sealed parts: they are in the raw bytes, and a queue should not hold them twice.
func newCandidate(at int, set *changeset.Set, facts admit.Facts, resumed bool) *candidate {
	lighten(set)
	return &candidate{at: at, set: set, facts: facts, resumed: resumed}
}

func lighten(set *changeset.Set) {
	for i := range set.Deltas {
		set.Deltas[i].Sealed = nil
	}
	set.Session, set.Wrap = nil, nil
}

// examine proves a change-set genuine; any status but Accepted is final.
func (h *Hub) examine(set *changeset.Set) (wire.Status, string, admit.Facts) {
	h.mu.RLock()
	log := h.log
	facts, err := admit.Examine(log, set)
	h.mu.RUnlock()
	switch {
	case err == nil:
		return wire.Accepted, "", facts
	case errors.Is(err, admit.ErrUnknownLedger):
		return wire.NeedLedger, "", facts
	case errors.Is(err, admit.ErrUnknownDevice):
		return wire.Refused, reasonDev, facts
	case errors.Is(err, admit.ErrForeign):
		return wire.Refused, reasonOrg, facts
	case errors.Is(err, admit.ErrErased):
		return wire.Refused, reasonHoles, facts
	}
	return wire.Refused, reasonSig, facts
}
