package ledger

import (
	"fmt"
	"slices"

	"escale/crypto/key"
	"escale/schema"
)

// Custody names the recovery key and those who hold its shares.
type Custody struct {
	_           struct{} `cbor:",toarray"`
	Key         key.CustodyKEM
	Shares      uint // n
	Threshold   uint // k
	Commitments []schema.Hash
	Custodians  []schema.Device // holder of the share with the same index
}

// BundleRef is one bundle of a form pack. What ID stands for lies in the sealed directory.
type BundleRef struct {
	_    struct{} `cbor:",toarray"`
	ID   [8]byte
	Hash schema.Hash // of the sealed blob
	Pack schema.Pack
}

// FormPack publishes a version of the organisation's forms.
type FormPack struct {
	_       struct{} `cbor:",toarray"`
	Version uint64   // above every earlier one
	Bundles []BundleRef
}

// Erase orders that objects be dropped and never taken back.
type Erase struct {
	_       struct{} `cbor:",toarray"`
	Objects []schema.Object
}

// Accept lets one quarantined change-set count.
type Accept struct {
	_   struct{} `cbor:",toarray"`
	Set schema.Hash
}

// HubEntry says where the hub is and which channel keys it may show.
type HubEntry struct {
	_       struct{} `cbor:",toarray"`
	Address string
	Pins    []key.TLSPublic
}

// Setting is one signed rule of the organisation: a number (seconds for a time) or a text.
type Setting struct {
	_      struct{} `cbor:",toarray"`
	Key    string
	Number int64
	Text   string
}

// Settings sets each named key; others stay. Entries are sorted by key.
type Settings struct {
	_       struct{} `cbor:",toarray"`
	Entries []Setting
}

// Heal ends a fork: it names the heads of both histories and the one that is continued, which must be this log's. What
// shall stand of the other history (its revocations first of all) follows as further bodies of the same order.
type Heal struct {
	_     struct{} `cbor:",toarray"`
	Heads [2]Head
	Write Head
}

// Kind returns KindCustody.
func (*Custody) Kind() Kind { return KindCustody }

// Kind returns KindFormPack.
func (*FormPack) Kind() Kind { return KindFormPack }

// Kind returns KindErase.
func (*Erase) Kind() Kind { return KindErase }

// Kind returns KindAccept.
func (*Accept) Kind() Kind { return KindAccept }

// Kind returns KindHub.
func (*HubEntry) Kind() Kind { return KindHub }

// Kind returns KindSettings.
func (*Settings) Kind() Kind { return KindSettings }

// Kind returns KindHeal.
func (*Heal) Kind() Kind { return KindHeal }

func (b *Custody) check() error {
	n := uint(len(b.Custodians))
	if b.Key.IsZero() || b.Threshold < 1 || b.Threshold > b.Shares || n != b.Shares || uint(len(b.Commitments)) != n {
		return fmt.Errorf("%w: custody of %d of %d shares with %d custodians", ErrInvalid, b.Threshold, b.Shares, n)
	}
	if err := distinct("share commitments", b.Commitments, MaxShares); err != nil {
		return err
	}
	return distinct("custodians", b.Custodians, MaxShares)
}

func (b *Custody) apply(s *State, _ event) error {
	for _, id := range b.Custodians {
		if _, err := s.standing(id); err != nil {
			return err
		}
	}
	s.custody, s.custodyKey = b, &b.Key
	return nil
}

func (b *FormPack) check() error {
	ids := make([][8]byte, 0, len(b.Bundles))
	for _, r := range b.Bundles {
		if r.Hash.IsZero() || r.Pack.IsZero() {
			return fmt.Errorf("%w: a bundle without hash or name", ErrInvalid)
		}
		ids = append(ids, r.ID)
	}
	return some("bundles", ids, MaxBundles)
}

func (b *FormPack) apply(s *State, e event) error {
	if n := len(s.packs); n > 0 && s.packs[n-1].Version >= b.Version {
		return fmt.Errorf("%w: form pack %d after %d", ErrNotPermitted, b.Version, s.packs[n-1].Version)
	}
	s.packs = append(s.packs, PublishedPack{FormPack: *b, Height: e.height})
	return nil
}

func (b *Erase) check() error {
	if slices.ContainsFunc(b.Objects, schema.Object.IsZero) {
		return fmt.Errorf("%w: an object without name", ErrInvalid)
	}
	return some("objects", b.Objects, MaxObjects)
}

func (b *Erase) apply(s *State, e event) error {
	for _, o := range b.Objects {
		if _, ok := s.erased.get(o); !ok {
			s.erased.put(o, e.height)
		}
	}
	return nil
}

func (b *Accept) check() error { return given("change-set to accept", b.Set) }

func (b *Accept) apply(s *State, e event) error {
	if _, ok := s.accepted.get(b.Set); !ok {
		s.accepted.put(b.Set, e.height)
	}
	return nil
}

func (b *HubEntry) check() error {
	if b.Address == "" {
		return fmt.Errorf("%w: a hub without address", ErrInvalid)
	}
	if err := atMost("bytes of the hub's address", len(b.Address), MaxAddress); err != nil {
		return err
	}
	if slices.ContainsFunc(b.Pins, key.TLSPublic.IsZero) {
		return fmt.Errorf("%w: an empty pin", ErrInvalid)
	}
	return some("pins", b.Pins, MaxPins)
}

func (b *HubEntry) apply(s *State, _ event) error {
	s.hub = b
	return nil
}

func (b *Settings) check() error {
	if len(b.Entries) == 0 {
		return fmt.Errorf("%w: no settings", ErrInvalid)
	}
	if err := atMost("settings", len(b.Entries), MaxSettings); err != nil {
		return err
	}
	for i, e := range b.Entries {
		if e.Key == "" || i > 0 && b.Entries[i-1].Key >= e.Key {
			return fmt.Errorf("%w: settings not sorted by key", ErrInvalid)
		}
		if err := atMost("bytes of a setting's key", len(e.Key), MaxSettingKey); err != nil {
			return err
		}
		if err := atMost("bytes of a setting's text", len(e.Text), MaxSettingText); err != nil {
			return err
		}
	}
	return nil
}

func (b *Settings) apply(s *State, _ event) error {
	for _, e := range b.Entries {
		s.settings.put(e.Key, e)
	}
	return nil
}

func (b *Heal) check() error {
	if b.Heads[0] == b.Heads[1] || b.Write != b.Heads[0] && b.Write != b.Heads[1] {
		return fmt.Errorf("%w: healing names two heads and one of them to write to", ErrInvalid)
	}
	return nil
}

func (b *Heal) apply(s *State, e event) error {
	for _, h := range b.Heads {
		ours, ok := e.hashAt(h.Height)
		if mine := ok && ours == h.Hash; mine != (h == b.Write) {
			return fmt.Errorf("%w: this log must hold the head to write to, and not the other", ErrNotPermitted)
		}
	}
	s.heals = append(s.heals, Healed{Heal: *b, Height: e.height})
	return nil
}
