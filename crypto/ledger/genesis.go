package ledger

import (
	"fmt"

	"escale/crypto/key"
	"escale/schema"
	"escale/schema/canon"
)

// Officer is one of those whose signatures make an order.
type Officer struct {
	_      struct{} `cbor:",toarray"`
	Member schema.Member
	Device schema.Device // where the officer's key lies; when it is revoked, the key counts no more
	Key    key.OfficerPublic
}

// Genesis founds an organisation. It is not signed: whoever joins pins its hash.
type Genesis struct {
	_         struct{} `cbor:",toarray"`
	Suite     uint
	Nonce     [16]byte
	Time      int64 // unix seconds
	Threshold uint  // officers that make an order: a majority
	Officers  []Officer
	Custody   []byte // the custody key, or nothing
	Devices   []DeviceEntry
}

// Encode checks g and returns its bytes, entry 0 of the log.
func (g *Genesis) Encode() ([]byte, error) {
	if err := g.check(); err != nil {
		return nil, err
	}
	b, err := canon.Encode(g)
	if err != nil {
		return nil, err
	}
	return b, atMost("bytes of genesis", len(b), schema.MaxLedgerEntry)
}

// DecodeGenesis reads entry 0.
func DecodeGenesis(b []byte) (*Genesis, error) {
	if err := atMost("bytes of genesis", len(b), schema.MaxLedgerEntry); err != nil {
		return nil, err
	}
	var g Genesis
	if err := canon.Decode(b, &g); err != nil {
		return nil, fmt.Errorf("genesis: %w", err)
	}
	return &g, g.check()
}

func (g *Genesis) check() error {
	n := uint(len(g.Officers))
	switch {
	case g.Suite != schema.Suite:
		return fmt.Errorf("%w: suite %d", ErrUnknownKind, g.Suite)
	case g.Time < 0:
		return fmt.Errorf("%w: genesis of a negative time", ErrInvalid)
	case n > MaxOfficers:
		return fmt.Errorf("%w: %d officers, at most %d", ErrBound, n, MaxOfficers)
	case g.Threshold < 1 || g.Threshold > n || 2*g.Threshold <= n:
		return fmt.Errorf("%w: threshold %d of %d officers is no majority", ErrInvalid, g.Threshold, n)
	case len(g.Custody) != 0 && len(g.Custody) != key.KEMPublicSize:
		return fmt.Errorf("%w: custody key of %d bytes", ErrInvalid, len(g.Custody))
	}
	return g.checkPeople()
}

func (g *Genesis) checkPeople() error {
	owner := make(map[schema.Device]schema.Member, len(g.Devices))
	for i := range g.Devices {
		if err := g.Devices[i].check(); err != nil {
			return fmt.Errorf("founding device %d: %w", i, err)
		}
		owner[g.Devices[i].Device] = g.Devices[i].Member
	}
	members := make(map[schema.Member]struct{}, len(g.Officers))
	for i, o := range g.Officers {
		if err := given("officer's key", o.Key); err != nil {
			return fmt.Errorf("officer %d: %w", i, err)
		}
		if owner[o.Device] != o.Member || o.Member.IsZero() {
			return fmt.Errorf("%w: officer %d has no device", ErrInvalid, i)
		}
		members[o.Member] = struct{}{}
	}
	if len(members) != len(g.Officers) {
		return fmt.Errorf("%w: one member is two officers", ErrInvalid)
	}
	for i := range g.Devices {
		if _, ok := members[g.Devices[i].Member]; !ok {
			return fmt.Errorf("%w: founding device %d is no officer's", ErrInvalid, i)
		}
	}
	return nil
}

// found fills an empty state. Uniqueness of keys and devices is refused here, by what enrols any device.
func (g *Genesis) found(s *State) error {
	for i, o := range g.Officers {
		s.members.put(o.Member, &Member{Member: o.Member})
		if err := s.takeKey(digest(labelKey, o.Key[:]), o.Device); err != nil {
			return fmt.Errorf("officer %d: %w", i, err)
		}
	}
	for i := range g.Devices {
		if err := g.Devices[i].enrol(s, 0); err != nil {
			return fmt.Errorf("founding device %d: %w", i, err)
		}
	}
	if len(g.Custody) != 0 {
		var k key.CustodyKEM
		if err := k.UnmarshalBinary(g.Custody); err != nil {
			return fmt.Errorf("genesis: %w", err)
		}
		s.custodyKey = &k
	}
	return nil
}
