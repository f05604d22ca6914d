package ledger

import (
	"fmt"
	"slices"

	"escale/crypto/key"
	"escale/schema"
)

// EpochResult links the epoch that an order asked for: its public key and the wraps of its private key.
type EpochResult struct {
	_      struct{} `cbor:",toarray"`
	Order  schema.Order
	Scope  schema.Scope
	Number uint32
	Public key.EpochKEM
	Wraps  schema.Hash // of the WrapList
}

// GrantResult links the wraps for further readers of an epoch.
type GrantResult struct {
	_      struct{} `cbor:",toarray"`
	Order  schema.Order
	Scope  schema.Scope
	Number uint32
	Wraps  schema.Hash
}

// Confirm says that the keys of a key pack open: a pack that carries epoch Number over to a later one.
type Confirm struct {
	_        struct{} `cbor:",toarray"`
	Scope    schema.Scope
	Number   uint32 // the epoch that is left behind
	Pack     schema.Hash
	Cut      schema.Hash // what the pack covers
	Complete bool        // everything of the cut that is not erased
}

// Kind returns ResultEpoch.
func (*EpochResult) Kind() ResultKind { return ResultEpoch }

// Kind returns ResultGrant.
func (*GrantResult) Kind() ResultKind { return ResultGrant }

// Kind returns ResultConfirm.
func (*Confirm) Kind() ResultKind { return ResultConfirm }

func (r *EpochResult) check() error {
	if r.Order.IsZero() || r.Scope.IsZero() || r.Number == 0 || r.Public.IsZero() || r.Wraps.IsZero() {
		return fmt.Errorf("%w: an epoch's result with a part missing", ErrInvalid)
	}
	return nil
}

func (r *EpochResult) apply(s *State, e event) error {
	old, err := s.scopeOf(r.Scope)
	if err != nil {
		return err
	}
	sc := old.clone()
	i := slices.IndexFunc(sc.Epochs, func(ep Epoch) bool { return ep.Order == r.Order && ep.Number == r.Number })
	if i < 0 {
		return fmt.Errorf("%w: no order for epoch %d", ErrUnknown, r.Number)
	}
	ep := &sc.Epochs[i]
	switch {
	case ep.Status == Void:
		return fmt.Errorf("%w: the order for epoch %d is void", ErrNotPermitted, r.Number)
	case ep.Status != Ordered:
		return fmt.Errorf("%w: the order for epoch %d", ErrUsed, r.Number)
	case ep.Executor != e.signer:
		return fmt.Errorf("%w: not the executor of the order", ErrNotPermitted)
	}
	if err := s.mayRead(r.Scope, ep.Grantees); err != nil {
		return err
	}
	if err := s.takeKey(digest(labelKey, r.Public[:]), e.signer); err != nil {
		return err
	}
	ep.Status, ep.Public, ep.LinkedAt = Open, r.Public, e.height
	ep.Wraps = []schema.Hash{r.Wraps}
	s.scopes.put(sc.ID, sc)
	return nil
}

func (r *GrantResult) check() error {
	if r.Order.IsZero() || r.Scope.IsZero() || r.Number == 0 || r.Wraps.IsZero() {
		return fmt.Errorf("%w: a grant's result with a part missing", ErrInvalid)
	}
	return nil
}

func (r *GrantResult) apply(s *State, e event) error {
	sc, ep, err := s.change(r.Scope, r.Number)
	if err != nil {
		return err
	}
	i := ep.grant(r.Order)
	if i < 0 {
		return fmt.Errorf("%w: no order for this grant", ErrUnknown)
	}
	ep.Grants = slices.Clone(ep.Grants)
	g := &ep.Grants[i]
	switch {
	case g.LinkedAt != 0:
		return fmt.Errorf("%w: the order for this grant", ErrUsed)
	case g.Executor != e.signer:
		return fmt.Errorf("%w: not the executor of the order", ErrNotPermitted)
	case ep.Status == Destroyed:
		return fmt.Errorf("%w: epoch %d is destroyed", ErrNotPermitted, r.Number)
	}
	if err := s.mayReceive(r.Scope, g.Grantees, g.Until); err != nil {
		return err
	}
	g.Wraps, g.LinkedAt = r.Wraps, e.height
	ep.Wraps = append(slices.Clip(ep.Wraps), r.Wraps)
	s.scopes.put(sc.ID, sc)
	return nil
}

func (r *Confirm) check() error {
	if r.Scope.IsZero() || r.Number == 0 || r.Pack.IsZero() || r.Cut.IsZero() {
		return fmt.Errorf("%w: a confirmation with a part missing", ErrInvalid)
	}
	return nil
}

func (r *Confirm) apply(s *State, e event) error {
	sc, ep, err := s.change(r.Scope, r.Number)
	if err != nil {
		return err
	}
	cur, ok := sc.Current()
	if !ok || cur.Number <= r.Number {
		return fmt.Errorf("%w: epoch %d has no successor", ErrNotPermitted, r.Number)
	}
	next, ok := sc.Epoch(r.Number + 1)
	if !ok {
		return fmt.Errorf("%w: epoch %d", ErrUnknown, r.Number+1)
	}
	second := slices.Contains(s.standingReaders(&cur), e.signer) && e.signer != next.Executor
	if !second && !s.isCustodian(e.signer) {
		return fmt.Errorf("%w: only a second reader or a custodian confirms", ErrNotPermitted)
	}
	ep.Confirms = append(slices.Clip(ep.Confirms), Confirmation{Confirm: *r, Device: e.signer, Height: e.height})
	s.scopes.put(sc.ID, sc)
	return nil
}
