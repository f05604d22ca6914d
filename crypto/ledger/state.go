package ledger

import (
	"bytes"
	"fmt"
	"slices"

	"escale/crypto/key"
	"escale/schema"
)

// State is what a log says at its head. A State that Log.State returned never changes and is safe for concurrent use;
// what its methods return must not be changed by the caller.
type State struct {
	org     schema.Org
	head    Head
	genesis Genesis

	members  table[schema.Member, *Member]
	devices  table[schema.Device, *Device]
	tls      table[key.TLSPublic, schema.Device]
	keys     table[schema.Hash, schema.Device] // every public key ever used, by its hash
	scopes   table[schema.Scope, *Scope]
	orders   table[schema.Order, uint64]
	accepted table[schema.Hash, uint64]
	erased   table[schema.Object, uint64]
	settings table[string, Setting]

	facts
	saved facts // what facts were before the entry that is being tried
}

// facts are the parts of the state that are no tables. Slices only grow, so that a copy is a snapshot.
type facts struct {
	hub        *HubEntry
	custody    *Custody
	custodyKey *key.CustodyKEM
	horizon    *Horizon
	packs      []PublishedPack
	heals      []Healed
	attests    []Attestation
}

// PublishedPack is a form pack and the height of its entry.
type PublishedPack struct {
	FormPack
	Height uint64
}

// Healed is a healed fork and the height of its entry.
type Healed struct {
	Heal
	Height uint64
}

// Attestation is a device's word that it destroyed keys, and the height of its entry.
type Attestation struct {
	Attest
	Height uint64
}

// event is the entry that is being applied.
type event struct {
	height     uint64
	signer     schema.Device
	order      schema.Order // of an order
	signatures int          // officers that signed it
	hashAt     func(uint64) (schema.Hash, bool)
}

func newState(org schema.Org, g *Genesis) *State {
	return &State{
		org: org, genesis: *g,
		members: newTable[schema.Member, *Member](), devices: newTable[schema.Device, *Device](),
		tls: newTable[key.TLSPublic, schema.Device](), keys: newTable[schema.Hash, schema.Device](),
		scopes: newTable[schema.Scope, *Scope](), orders: newTable[schema.Order, uint64](),
		accepted: newTable[schema.Hash, uint64](), erased: newTable[schema.Object, uint64](),
		settings: newTable[string, Setting](),
	}
}

func (s *State) tables() []changeable {
	return []changeable{
		&s.members, &s.devices, &s.tls, &s.keys, &s.scopes, &s.orders, &s.accepted, &s.erased, &s.settings,
	}
}

func (s *State) commit(head Head) {
	for _, t := range s.tables() {
		t.commit()
	}
	s.head, s.saved = head, s.facts
}

func (s *State) drop() {
	for _, t := range s.tables() {
		t.drop()
	}
	s.facts = s.saved
}

func (s *State) clone() *State {
	return &State{
		org: s.org, head: s.head, genesis: s.genesis,
		members: s.members.clone(), devices: s.devices.clone(), tls: s.tls.clone(), keys: s.keys.clone(),
		scopes: s.scopes.clone(), orders: s.orders.clone(), accepted: s.accepted.clone(), erased: s.erased.clone(),
		settings: s.settings.clone(), facts: s.facts, saved: s.facts,
	}
}

// takeKey records a public key as used; no key serves twice, in whatever role.
func (s *State) takeKey(h schema.Hash, by schema.Device) error {
	if _, ok := s.keys.get(h); ok {
		return fmt.Errorf("%w: a public key of device %s", ErrUsed, by)
	}
	s.keys.put(h, by)
	return nil
}

// standing returns a device that is enrolled and not revoked.
func (s *State) standing(id schema.Device) (*Device, error) {
	d, ok := s.devices.get(id)
	if !ok {
		return nil, fmt.Errorf("%w: device %s", ErrUnknown, id)
	}
	if d.RevokedAt != 0 {
		return nil, fmt.Errorf("%w: device %s is revoked", ErrNotPermitted, id)
	}
	return d, nil
}

func (s *State) scopeOf(id schema.Scope) (*Scope, error) {
	sc, ok := s.scopes.get(id)
	if !ok {
		return nil, fmt.Errorf("%w: scope %s", ErrUnknown, id)
	}
	return sc, nil
}

// change returns a copy of a scope, to be put back, and its linked epoch of that number inside the copy.
func (s *State) change(id schema.Scope, number uint32) (*Scope, *Epoch, error) {
	old, err := s.scopeOf(id)
	if err != nil {
		return nil, nil, err
	}
	i := old.linked(number)
	if i < 0 {
		return nil, nil, fmt.Errorf("%w: epoch %d of scope %s", ErrUnknown, number, id)
	}
	sc := old.clone()
	return sc, &sc.Epochs[i], nil
}

func (s *State) standingReaders(e *Epoch) (out []schema.Device) {
	for _, id := range e.Readers() {
		if _, err := s.standing(id); err == nil {
			out = append(out, id)
		}
	}
	return out
}

func (s *State) isCustodian(id schema.Device) bool {
	return s.custody != nil && slices.Contains(s.custody.Custodians, id)
}

func (s *State) standingOfficer(k key.OfficerPublic) bool {
	i := slices.IndexFunc(s.genesis.Officers, func(o Officer) bool { return o.Key == k })
	if i < 0 {
		return false
	}
	_, err := s.standing(s.genesis.Officers[i].Device)
	return err == nil
}

func (s *State) standingOfficers() (n int) {
	for _, o := range s.genesis.Officers {
		if s.standingOfficer(o.Key) {
			n++
		}
	}
	return n
}

// isOfficersDevice reports whether a device that stands belongs to an officer, be it the founding one or a later one.
func (s *State) isOfficersDevice(id schema.Device) bool {
	d, err := s.standing(id)
	return err == nil && slices.ContainsFunc(s.genesis.Officers, func(o Officer) bool { return o.Member == d.Member })
}

func compareIDs[T ~[16]byte](a, b T) int {
	x, y := [16]byte(a), [16]byte(b)
	return bytes.Compare(x[:], y[:])
}
