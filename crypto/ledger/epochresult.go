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

// KeyPack says that its device re-wrapped the keys under everything older to epoch Number. Who can read the pack is named
// by its own form, which lies beside the ledger.
type KeyPack struct {
	_      struct{} `cbor:",toarray"`
	Scope  schema.Scope
	Number uint32 // the newest epoch: the one that opens the pack
	Pack   schema.Hash
	Cut    schema.Hash // of the change-sets that its writer held
}

// Kind returns ResultEpoch.
func (*EpochResult) Kind() ResultKind { return ResultEpoch }

// Kind returns ResultGrant.
func (*GrantResult) Kind() ResultKind { return ResultGrant }

// Kind returns ResultConfirm.
func (*Confirm) Kind() ResultKind { return ResultConfirm }

// Kind returns ResultKeyPack.
func (*KeyPack) Kind() ResultKind { return ResultKeyPack }

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
	i := slices.IndexFunc(cur.Packs, func(p LinkedPack) bool { return p.Pack == r.Pack })
	if i < 0 {
		return fmt.Errorf("%w: no such key pack to epoch %d", ErrUnknown, cur.Number)
	}
	second := s.handles(&cur, e.signer) && e.signer != cur.Packs[i].Device
	if !second {
		return fmt.Errorf("%w: only a second reader or a custodian confirms", ErrNotPermitted)
	}
	if ep.confirmed(*r, cur.Number) {
		return fmt.Errorf("%w: the confirmation", ErrUsed)
	}
	ep.Confirms = append(slices.Clip(ep.Confirms), Confirmation{Confirm: *r, To: cur.Number, Device: e.signer, Height: e.height})
	s.scopes.put(sc.ID, sc)
	return nil
}

// handles reports whether a device may work with an epoch's keys: one of its readers, or who holds a share of custody's.
func (s *State) handles(ep *Epoch, id schema.Device) bool {
	return slices.Contains(s.standingReaders(ep), id) || s.isCustodian(id)
}

func (r *KeyPack) check() error {
	if r.Scope.IsZero() || r.Number < 2 || r.Pack.IsZero() || r.Cut.IsZero() {
		return fmt.Errorf("%w: a key pack with a part missing", ErrInvalid)
	}
	return nil
}

func (r *KeyPack) apply(s *State, e event) error {
	sc, ep, err := s.change(r.Scope, r.Number)
	if err != nil {
		return err
	}
	if cur, ok := sc.Current(); !ok || cur.Number != r.Number {
		return fmt.Errorf("%w: a key pack to epoch %d, which is not the newest", ErrNotPermitted, r.Number)
	}
	if !s.handles(ep, e.signer) {
		return fmt.Errorf("%w: only a reader or a custodian writes a key pack", ErrNotPermitted)
	}
	if slices.ContainsFunc(ep.Packs, func(p LinkedPack) bool { return p.Pack == r.Pack }) {
		return fmt.Errorf("%w: the key pack", ErrUsed)
	}
	if err := atMost("key packs of one epoch", len(ep.Packs)+1, MaxKeyPacks); err != nil {
		return err
	}
	ep.Packs = append(slices.Clip(ep.Packs), LinkedPack{KeyPack: *r, Device: e.signer, Height: e.height})
	s.scopes.put(sc.ID, sc)
	return nil
}
