package ledger

import (
	"fmt"
	"slices"

	"escale/schema"
)

// Scopes opens scopes. Each stays closed to writing until its first epoch is linked.
type Scopes struct {
	_   struct{} `cbor:",toarray"`
	IDs []schema.Scope
}

// OpenEpoch orders the next epoch of a scope: who shall hold its private key, and which one device makes it.
type OpenEpoch struct {
	_        struct{} `cbor:",toarray"`
	Scope    schema.Scope
	Number   uint32 // one more than the newest linked epoch
	Grantees []schema.Device
	Executor schema.Device
	Voids    *schema.Order // the unfinished order for this scope that it replaces
}

// Grant adds readers to an epoch that is linked.
type Grant struct {
	_        struct{} `cbor:",toarray"`
	Scope    schema.Scope
	Number   uint32
	Grantees []schema.Device
	Executor schema.Device
	Until    int64 // unix seconds; 0 = standing. A temporary grant takes two officers and no standing right to read
}

// CloseEpoch ends an epoch: under it only ancestors of the cut count.
type CloseEpoch struct {
	_      struct{} `cbor:",toarray"`
	Scope  schema.Scope
	Number uint32
	Cut    schema.Hash
}

// DestroyEpoch orders that the keys of a closed epoch be destroyed.
type DestroyEpoch struct {
	_           struct{} `cbor:",toarray"`
	Scope       schema.Scope
	Number      uint32
	Unaccounted []schema.Device // whose unsent work is given up
}

// Kind returns KindScopes.
func (*Scopes) Kind() Kind { return KindScopes }

// Kind returns KindOpenEpoch.
func (*OpenEpoch) Kind() Kind { return KindOpenEpoch }

// Kind returns KindGrant.
func (*Grant) Kind() Kind { return KindGrant }

// Kind returns KindCloseEpoch.
func (*CloseEpoch) Kind() Kind { return KindCloseEpoch }

// Kind returns KindDestroyEpoch.
func (*DestroyEpoch) Kind() Kind { return KindDestroyEpoch }

func (b *Scopes) check() error {
	if slices.ContainsFunc(b.IDs, schema.Scope.IsZero) {
		return fmt.Errorf("%w: a scope without name", ErrInvalid)
	}
	return some("scopes", b.IDs, MaxScopes)
}

func (b *Scopes) apply(s *State, e event) error {
	for _, id := range b.IDs {
		if _, ok := s.scopes.get(id); ok {
			return fmt.Errorf("%w: scope %s", ErrUsed, id)
		}
		s.scopes.put(id, &Scope{ID: id, OpenedAt: e.height})
	}
	return nil
}

func (b *OpenEpoch) check() error {
	if b.Scope.IsZero() || b.Number == 0 || b.Executor.IsZero() {
		return fmt.Errorf("%w: an epoch without scope, number or executor", ErrInvalid)
	}
	return some("grantees", b.Grantees, MaxGrantees)
}

func (b *OpenEpoch) apply(s *State, e event) error {
	old, err := s.scopeOf(b.Scope)
	if err != nil {
		return err
	}
	last := uint32(0)
	if cur, ok := old.Current(); ok {
		last = cur.Number
	}
	if b.Number != last+1 {
		return fmt.Errorf("%w: epoch %d after epoch %d", ErrNotPermitted, b.Number, last)
	}
	sc := old.clone()
	if err := b.void(sc, e.order); err != nil {
		return err
	}
	if err := s.mayExecute(sc, b); err != nil {
		return err
	}
	if err := s.mayRead(b.Scope, b.Grantees); err != nil {
		return err
	}
	sc.Epochs = append(sc.Epochs, Epoch{
		Number: b.Number, Order: e.order, Grantees: b.Grantees, Executor: b.Executor, OrderedAt: e.height,
	})
	s.scopes.put(sc.ID, sc)
	return nil
}

// void replaces the unfinished order of the scope, which must be named exactly: neither forgotten nor guessed.
func (b *OpenEpoch) void(sc *Scope, own schema.Order) error {
	i := sc.pending()
	switch {
	case i < 0 && b.Voids == nil:
		return nil
	case i < 0:
		return fmt.Errorf("%w: no unfinished order to void", ErrNotPermitted)
	case b.Voids == nil || *b.Voids != sc.Epochs[i].Order || *b.Voids == own:
		return fmt.Errorf("%w: an unfinished order must be voided by name", ErrNotPermitted)
	}
	sc.Epochs[i].Status = Void
	return nil
}

// mayExecute: a current reader; for a new scope one of its first readers; where no reader is left, a custodian.
func (s *State) mayExecute(sc *Scope, b *OpenEpoch) error {
	if _, err := s.standing(b.Executor); err != nil {
		return err
	}
	cur, ok := sc.Current()
	if !ok {
		if !slices.Contains(b.Grantees, b.Executor) {
			return fmt.Errorf("%w: executor of a first epoch is none of its grantees", ErrNotPermitted)
		}
		return nil
	}
	readers := s.standingReaders(&cur)
	if slices.Contains(readers, b.Executor) || len(readers) == 0 && s.isCustodian(b.Executor) {
		return nil
	}
	return fmt.Errorf("%w: executor is no reader of the scope", ErrNotPermitted)
}

// mayRead reports the first device that stands no more or was never allowed to be granted the scope.
func (s *State) mayRead(scope schema.Scope, grantees []schema.Device) error {
	for _, id := range grantees {
		d, err := s.standing(id)
		if err != nil {
			return err
		}
		if !slices.Contains(d.Now().Read, scope) {
			return fmt.Errorf("%w: device %s may not read scope %s", ErrNotPermitted, id, scope)
		}
	}
	return nil
}

func (b *Grant) check() error {
	if b.Scope.IsZero() || b.Number == 0 || b.Executor.IsZero() {
		return fmt.Errorf("%w: a grant without scope, number or executor", ErrInvalid)
	}
	if err := notNegative("end of a grant", b.Until); err != nil {
		return err
	}
	return some("grantees", b.Grantees, MaxGrantees)
}

func (b *Grant) apply(s *State, e event) error {
	sc, ep, err := s.change(b.Scope, b.Number)
	if err != nil {
		return err
	}
	if ep.Status == Destroyed {
		return fmt.Errorf("%w: epoch %d is destroyed", ErrNotPermitted, b.Number)
	}
	if err := b.permitted(s, ep, e); err != nil {
		return err
	}
	ep.Grants = append(slices.Clip(ep.Grants), EpochGrant{
		Order: e.order, Grantees: b.Grantees, Executor: b.Executor, Until: b.Until, OrderedAt: e.height,
	})
	s.scopes.put(sc.ID, sc)
	return nil
}

func (b *Grant) permitted(s *State, ep *Epoch, e event) error {
	if ep.grant(e.order) >= 0 {
		return fmt.Errorf("%w: one order grants one epoch twice", ErrInvalid)
	}
	if _, err := s.standing(b.Executor); err != nil {
		return err
	}
	readers := s.standingReaders(ep)
	if !slices.Contains(readers, b.Executor) && (len(readers) > 0 || !s.isCustodian(b.Executor)) {
		return fmt.Errorf("%w: executor is no reader of the epoch", ErrNotPermitted)
	}
	if b.Until != 0 && e.signatures < 2 {
		return fmt.Errorf("%w: a temporary grant takes two officers", ErrThreshold)
	}
	return s.mayReceive(b.Scope, b.Grantees, b.Until)
}

// mayReceive: a standing grant needs the right to read in the device's terms, a temporary one only a device that stands.
func (s *State) mayReceive(scope schema.Scope, grantees []schema.Device, until int64) error {
	if until == 0 {
		return s.mayRead(scope, grantees)
	}
	for _, id := range grantees {
		if _, err := s.standing(id); err != nil {
			return err
		}
	}
	return nil
}

func (b *CloseEpoch) check() error {
	if b.Scope.IsZero() || b.Number == 0 || b.Cut.IsZero() {
		return fmt.Errorf("%w: closing without scope, number or cut", ErrInvalid)
	}
	return nil
}

func (b *CloseEpoch) apply(s *State, e event) error {
	sc, ep, err := s.change(b.Scope, b.Number)
	if err != nil {
		return err
	}
	if ep.Status != Open {
		return fmt.Errorf("%w: epoch %d is %s", ErrNotPermitted, b.Number, ep.Status)
	}
	if cur, ok := sc.Current(); !ok || cur.Number <= b.Number {
		return fmt.Errorf("%w: the newest epoch cannot be closed before the next is linked", ErrNotPermitted)
	}
	ep.Status, ep.ClosedAt, ep.Cut = Closed, e.height, b.Cut
	s.scopes.put(sc.ID, sc)
	return nil
}

func (b *DestroyEpoch) check() error {
	if b.Scope.IsZero() || b.Number == 0 {
		return fmt.Errorf("%w: destroying without scope or number", ErrInvalid)
	}
	return distinct("devices not accounted for", b.Unaccounted, MaxGrantees)
}

func (b *DestroyEpoch) apply(s *State, e event) error {
	sc, ep, err := s.change(b.Scope, b.Number)
	if err != nil {
		return err
	}
	if ep.Status != Closed {
		return fmt.Errorf("%w: epoch %d is %s, not closed", ErrNotPermitted, b.Number, ep.Status)
	}
	if _, ok := sc.Carried(b.Number); !ok {
		return fmt.Errorf("%w: no confirmed key pack over the cut of epoch %d", ErrNotPermitted, b.Number)
	}
	for _, id := range b.Unaccounted {
		if _, ok := s.devices.get(id); !ok {
			return fmt.Errorf("%w: device %s", ErrUnknown, id)
		}
	}
	ep.Status, ep.DestroyedAt, ep.Unaccounted, ep.Destroyer = Destroyed, e.height, b.Unaccounted, e.order
	s.scopes.put(sc.ID, sc)
	return nil
}
