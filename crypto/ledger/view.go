package ledger

import (
	"maps"
	"slices"

	"escale/crypto/key"
	"escale/schema"
)

// Org returns the organisation.
func (s *State) Org() schema.Org { return s.org }

// Head returns the head that the state belongs to.
func (s *State) Head() Head { return s.head }

// Genesis returns entry 0.
func (s *State) Genesis() Genesis { return s.genesis }

// Threshold returns how many officers make an order.
func (s *State) Threshold() uint { return s.genesis.Threshold }

// Officers returns all officers, also one whose device is revoked.
func (s *State) Officers() []Officer { return s.genesis.Officers }

// OfficerStands reports whether an officer's signature counts.
func (s *State) OfficerStands(k key.OfficerPublic) bool { return s.standingOfficer(k) }

// IsOfficersDevice reports whether a device may link orders.
func (s *State) IsOfficersDevice(id schema.Device) bool { return s.isOfficersDevice(id) }

// Member returns a member.
func (s *State) Member(id schema.Member) (*Member, bool) { return s.members.get(id) }

// Members returns all members, sorted by id.
func (s *State) Members() []*Member {
	return slices.SortedFunc(maps.Values(s.members.kept), func(a, b *Member) int { return compareIDs(a.Member, b.Member) })
}

// Device returns a device, also a revoked one.
func (s *State) Device(id schema.Device) (*Device, bool) { return s.devices.get(id) }

// DeviceByTLS returns the device that shows a channel key.
func (s *State) DeviceByTLS(k key.TLSPublic) (*Device, bool) {
	id, ok := s.tls.get(k)
	if !ok {
		return nil, false
	}
	return s.devices.get(id)
}

// Devices returns all devices, also revoked ones, sorted by id.
func (s *State) Devices() []*Device {
	return slices.SortedFunc(maps.Values(s.devices.kept), func(a, b *Device) int { return compareIDs(a.ID, b.ID) })
}

// Scope returns a scope.
func (s *State) Scope(id schema.Scope) (*Scope, bool) { return s.scopes.get(id) }

// Scopes returns all scopes, sorted by id.
func (s *State) Scopes() []*Scope {
	return slices.SortedFunc(maps.Values(s.scopes.kept), func(a, b *Scope) int { return compareIDs(a.ID, b.ID) })
}

// CurrentEpoch returns the newest linked epoch of a scope: the only one to seal to.
func (s *State) CurrentEpoch(id schema.Scope) (Epoch, bool) {
	sc, ok := s.scopes.get(id)
	if !ok {
		return Epoch{}, false
	}
	return sc.Current()
}

// OrderUsed returns the height at which an order was linked.
func (s *State) OrderUsed(id schema.Order) (uint64, bool) { return s.orders.get(id) }

// Accepted returns the height at which officers accepted a quarantined change-set.
func (s *State) Accepted(set schema.Hash) (uint64, bool) { return s.accepted.get(set) }

// Erased returns the height at which officers erased an object.
func (s *State) Erased(o schema.Object) (uint64, bool) { return s.erased.get(o) }

// ErasedObjects returns all erased objects, sorted.
func (s *State) ErasedObjects() []schema.Object {
	return slices.SortedFunc(maps.Keys(s.erased.kept), compareIDs)
}

// Setting returns one signed rule.
func (s *State) Setting(name string) (Setting, bool) { return s.settings.get(name) }

// Settings returns all signed rules, sorted by key.
func (s *State) Settings() (out []Setting) {
	for _, k := range slices.Sorted(maps.Keys(s.settings.kept)) {
		out = append(out, s.settings.kept[k])
	}
	return out
}

// Hub returns the hub's address and pins.
func (s *State) Hub() (HubEntry, bool) {
	if s.hub == nil {
		return HubEntry{}, false
	}
	return *s.hub, true
}

// CustodyKey returns the recovery key, a grantee of every epoch.
func (s *State) CustodyKey() (key.CustodyKEM, bool) {
	if s.custodyKey == nil {
		return key.CustodyKEM{}, false
	}
	return *s.custodyKey, true
}

// Custody returns who holds the shares of the recovery key.
func (s *State) Custody() (Custody, bool) {
	if s.custody == nil {
		return Custody{}, false
	}
	return *s.custody, true
}

// FormPacks returns the published form packs, oldest first.
func (s *State) FormPacks() []PublishedPack { return s.packs }

// FormPack returns the newest form pack.
func (s *State) FormPack() (PublishedPack, bool) {
	if len(s.packs) == 0 {
		return PublishedPack{}, false
	}
	return s.packs[len(s.packs)-1], true
}

// Horizon returns the newest confirmed backup.
func (s *State) Horizon() (Horizon, bool) {
	if s.horizon == nil {
		return Horizon{}, false
	}
	return *s.horizon, true
}

// Heals returns the healed forks.
func (s *State) Heals() []Healed { return s.heals }

// Attestations returns who destroyed which keys.
func (s *State) Attestations() []Attestation { return s.attests }
