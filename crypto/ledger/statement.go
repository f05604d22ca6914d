package ledger

import (
	"fmt"
	"slices"

	"escale/crypto/key"
	"escale/schema"
)

// KEMSuccessor replaces the device's own KEM key.
type KEMSuccessor struct {
	_      struct{} `cbor:",toarray"`
	Device schema.Device
	KEM    key.DeviceKEM
}

// Attest says that a device destroyed keys, as an order asked.
type Attest struct {
	_         struct{} `cbor:",toarray"`
	Device    schema.Device
	Order     schema.Order
	Destroyed []schema.Hash
}

// Horizon says that a backup of the hub was read back: what lies below it need not be kept to be offered again.
type Horizon struct {
	_        struct{} `cbor:",toarray"`
	HubEpoch [8]byte
	Digest   schema.Hash
	Number   uint64
	Time     int64 // unix seconds
}

// Kind returns ResultKEMSuccessor.
func (*KEMSuccessor) Kind() ResultKind { return ResultKEMSuccessor }

// Kind returns ResultAttest.
func (*Attest) Kind() ResultKind { return ResultAttest }

// Kind returns ResultHorizon.
func (*Horizon) Kind() ResultKind { return ResultHorizon }

func (r *KEMSuccessor) check() error {
	if r.Device.IsZero() || r.KEM.IsZero() {
		return fmt.Errorf("%w: a KEM successor without device or key", ErrInvalid)
	}
	return nil
}

func (r *KEMSuccessor) apply(s *State, e event) error {
	if r.Device != e.signer {
		return fmt.Errorf("%w: a device replaces only its own KEM key", ErrNotPermitted)
	}
	old, err := s.standing(r.Device)
	if err != nil {
		return err
	}
	if err := s.takeKey(digest(labelKey, r.KEM[:]), r.Device); err != nil {
		return err
	}
	d := *old
	d.Former = append(slices.Clip(d.Former), FormerKEM{KEM: d.Keys.KEM, Until: e.height})
	d.Keys.KEM = r.KEM
	s.devices.put(d.ID, &d)
	return nil
}

func (r *Attest) check() error {
	if r.Device.IsZero() || r.Order.IsZero() {
		return fmt.Errorf("%w: an attestation without device or order", ErrInvalid)
	}
	return some("destroyed keys", r.Destroyed, MaxDestroyed)
}

func (r *Attest) apply(s *State, e event) error {
	if r.Device != e.signer {
		return fmt.Errorf("%w: a device attests only for itself", ErrNotPermitted)
	}
	if _, ok := s.orders.get(r.Order); !ok {
		return fmt.Errorf("%w: order %s", ErrUnknown, r.Order)
	}
	s.attests = append(s.attests, Attestation{Attest: *r, Height: e.height})
	return nil
}

func (r *Horizon) check() error {
	if err := notNegative("time of a backup", r.Time); err != nil {
		return err
	}
	return given("digest of a backup", r.Digest)
}

func (r *Horizon) apply(s *State, e event) error {
	if !s.isOfficersDevice(e.signer) {
		return fmt.Errorf("%w: the horizon is an officer's", ErrNotPermitted)
	}
	if h := s.horizon; h != nil && h.HubEpoch == r.HubEpoch && h.Number > r.Number {
		return fmt.Errorf("%w: the horizon never goes back", ErrNotPermitted)
	}
	s.horizon = r
	return nil
}

// KeyHash is what an attestation calls a public key.
func KeyHash(public []byte) schema.Hash { return digest(labelKey, public) }

// Attested reports whether a device stated that it destroyed an epoch's private key.
func (s *State) Attested(id schema.Device, public key.EpochKEM) bool {
	want := KeyHash(public[:])
	return slices.ContainsFunc(s.attests, func(a Attestation) bool {
		return a.Device == id && slices.Contains(a.Destroyed, want)
	})
}
