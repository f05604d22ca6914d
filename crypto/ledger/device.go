package ledger

import (
	"fmt"
	"slices"

	"escale/crypto/key"
	"escale/schema"
)

// Site is the opaque name of a site; what it stands for lies in the sealed directory.
type Site = [8]byte

// Member enters a person, pseudonymous, or replaces what is sealed beside one.
type Member struct {
	_      struct{} `cbor:",toarray"`
	Member schema.Member
	Sealed []byte // for officers' eyes, or nothing
}

// DeviceKeys are the public keys that a laptop made for itself.
type DeviceKeys struct {
	_    struct{} `cbor:",toarray"`
	Sign key.SignPublic
	KEM  key.DeviceKEM
	TLS  key.TLSPublic
}

// DeviceEntry enrols a laptop. For one that is enrolled already, with the same member and keys, it sets new terms.
type DeviceEntry struct {
	_            struct{} `cbor:",toarray"`
	Device       schema.Device
	Member       schema.Member
	Keys         DeviceKeys
	Role         string
	Sites        []Site
	Read         []schema.Scope // scopes whose private key it may be granted
	Write        []schema.Scope
	LeaseSeconds int64
	ContractEnd  int64 // unix seconds; 0 = none
}

// StreamHead is the last change-set of a stream that counts.
type StreamHead struct {
	_      struct{} `cbor:",toarray"`
	Stream schema.Stream
	Seq    uint64
	Hash   schema.Hash
}

// Revoke ends a device. Of its streams only ancestors of the named heads count; a stream that is not named counts not
// at all.
type Revoke struct {
	_      struct{} `cbor:",toarray"`
	Device schema.Device
	Heads  []StreamHead
}

// Kind returns KindMember.
func (*Member) Kind() Kind { return KindMember }

// Kind returns KindDevice.
func (*DeviceEntry) Kind() Kind { return KindDevice }

// Kind returns KindRevoke.
func (*Revoke) Kind() Kind { return KindRevoke }

func (b *Member) check() error {
	if err := given("member", b.Member); err != nil {
		return err
	}
	return atMost("bytes sealed beside a member", len(b.Sealed), MaxSealedName)
}

func (b *Member) apply(s *State, _ event) error {
	s.members.put(b.Member, b)
	return nil
}

// Check reports keys that were never set.
func (k *DeviceKeys) Check() error {
	if k.Sign.IsZero() || k.KEM.IsZero() || k.TLS.IsZero() {
		return fmt.Errorf("%w: a device without all its keys", ErrInvalid)
	}
	return nil
}

func (b *DeviceEntry) check() error {
	if b.Device.IsZero() || b.Member.IsZero() || b.Role == "" {
		return fmt.Errorf("%w: a device entry without device, member or role", ErrInvalid)
	}
	if err := b.Keys.Check(); err != nil {
		return err
	}
	if err := atMost("bytes of a role", len(b.Role), MaxRole); err != nil {
		return err
	}
	if err := distinct("sites of a device", b.Sites, MaxSites); err != nil {
		return err
	}
	if err := distinct("scopes to read", b.Read, MaxScopes); err != nil {
		return err
	}
	if err := distinct("scopes to write", b.Write, MaxScopes); err != nil {
		return err
	}
	if err := notNegative("lease", b.LeaseSeconds); err != nil {
		return err
	}
	return notNegative("contract end", b.ContractEnd)
}

func (b *DeviceEntry) apply(s *State, e event) error {
	if _, ok := s.members.get(b.Member); !ok {
		return fmt.Errorf("%w: member %s", ErrUnknown, b.Member)
	}
	if old, ok := s.devices.get(b.Device); ok {
		return b.renew(s, old, e.height)
	}
	return b.enrol(s, e.height)
}

func (b *DeviceEntry) terms(height uint64) Terms {
	return Terms{
		Height: height, Role: b.Role, Sites: b.Sites, Read: b.Read, Write: b.Write,
		LeaseSeconds: b.LeaseSeconds, ContractEnd: b.ContractEnd,
	}
}

func (b *DeviceEntry) enrol(s *State, height uint64) error {
	if _, ok := s.devices.get(b.Device); ok {
		return fmt.Errorf("%w: device %s", ErrUsed, b.Device)
	}
	for _, k := range [][]byte{b.Keys.Sign[:], b.Keys.TLS[:], b.Keys.KEM[:]} {
		if err := s.takeKey(digest(labelKey, k), b.Device); err != nil {
			return err
		}
	}
	s.tls.put(b.Keys.TLS, b.Device)
	s.devices.put(b.Device, &Device{
		ID: b.Device, Member: b.Member, Keys: b.Keys, EnrolledAt: height,
		Terms: []Terms{b.terms(height)},
	})
	return nil
}

// renew sets new terms. A KEM key that the device has since replaced is no reason to refuse them; the newest one stays.
func (b *DeviceEntry) renew(s *State, old *Device, height uint64) error {
	owner, known := s.keys.get(digest(labelKey, b.Keys.KEM[:]))
	switch {
	case old.RevokedAt != 0:
		return fmt.Errorf("%w: device %s is revoked", ErrNotPermitted, b.Device)
	case old.Member != b.Member || old.Keys.Sign != b.Keys.Sign || old.Keys.TLS != b.Keys.TLS || !known || owner != b.Device:
		return fmt.Errorf("%w: device %s is enrolled with another member or other keys", ErrUsed, b.Device)
	}
	d := *old
	d.Terms = append(slices.Clip(d.Terms), b.terms(height))
	s.devices.put(d.ID, &d)
	return nil
}

func (b *Revoke) check() error {
	if err := given("device", b.Device); err != nil {
		return err
	}
	streams := make([]schema.Stream, 0, len(b.Heads))
	for _, h := range b.Heads {
		if h.Seq == 0 || h.Hash.IsZero() {
			return fmt.Errorf("%w: a stream's head without sequence or hash", ErrInvalid)
		}
		streams = append(streams, h.Stream)
	}
	return distinct("streams of a revocation", streams, MaxStreamHeads)
}

func (b *Revoke) apply(s *State, e event) error {
	old, err := s.standing(b.Device)
	if err != nil {
		return err
	}
	d := *old
	d.RevokedAt, d.Heads = e.height, b.Heads
	s.devices.put(d.ID, &d)
	if n := s.standingOfficers(); uint(n) < s.genesis.Threshold {
		return fmt.Errorf("%w: %d officers would be left, the threshold is %d", ErrNotPermitted, n, s.genesis.Threshold)
	}
	return nil
}
