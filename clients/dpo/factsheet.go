package dpo

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"escale/crypto/ledger"
	"escale/schema"
	"escale/schema/form"
	"escale/sync/wire"
)

// IdentityCompartment is the one whose parts say who somebody is: one for each person with a name.
const IdentityCompartment = schema.Compartment("identity")

// FactSheet says what a device held: by the ledger what it could open, by the hub's word how much that is. Nothing of it
// needs a key to what the scopes hold.
type FactSheet struct {
	Device  schema.Device
	Member  schema.Member
	Role    string
	Sites   []string
	Revoked bool
	Handed  bool // it got its revocation and handed over what it had left, by the hub's word
	Trace   wire.DeviceTrace
	LocksOn time.Time // without a contact; zero: never
	Scopes  []ScopeSheet
	Records map[string]uint64 // by kind, at most, as far as it could open any part of them
	People  uint64            // whose identity it could open, at most
}

// ScopeSheet is what a device held of one scope.
type ScopeSheet struct {
	Scope   schema.Scope
	Name    schema.ScopeName
	Purpose form.Text
	Article string // of the GDPR, for a special category; empty if it is none
	Reads   bool   // it holds keys: whoever has its passphrase opens it. Else it only wrote, and cannot read that once locked
	Epochs  []uint32
	Newest  uint32
	State   KeyState
	Objects uint64 // parts of records in the scope now: at most so many were on the device
	Sets    uint64
}

// KeyState says how far a device's keys reach.
type KeyState string

// How far a device's keys reach.
const (
	KeyNone    KeyState = "none"    // it never held one
	KeyNewest  KeyState = "newest"  // it opens what is written now
	KeyOrdered KeyState = "ordered" // the same, until the next key is made, which is ordered
	KeyOlder   KeyState = "older"   // it opens only what was written before the keys were renewed
)

// Lost makes the fact sheet of a device.
func (d *Desk) Lost(ctx context.Context, id schema.Device) (*FactSheet, error) {
	state := d.p.Log().State()
	dev, ok := state.Device(id)
	if !ok {
		return nil, fmt.Errorf("%w: %s", ErrNoDevice, id)
	}
	traces, err := d.hub.Traces(ctx, wire.TraceAsk{Devices: []schema.Device{id}})
	if err != nil {
		return nil, err
	}
	if err := tracesOf(traces.Devices, []schema.Device{id}); err != nil {
		return nil, err
	}
	terms := dev.Now()
	f := &FactSheet{Device: id, Member: dev.Member, Role: terms.Role, Sites: d.siteCodes(terms.Sites), Revoked: dev.RevokedAt != 0,
		Trace: traces.Devices[0], Records: map[string]uint64{}}
	f.Handed = f.Revoked && f.Trace.Agreed >= dev.RevokedAt
	f.LocksOn = locksOn(&terms, f.Trace.Last)
	for _, c := range traces.Scopes {
		if sc, ok := state.Scope(c.Scope); ok {
			f.add(d.scopeSheet(sc, dev, c), d.p.Directory().Scope)
		}
	}
	slices.SortFunc(f.Scopes, func(a, b ScopeSheet) int { return cmp.Compare(a.Name.String(), b.Name.String()) })
	f.count()
	return f, nil
}

func locksOn(t *ledger.Terms, last int64) (at time.Time) {
	if t.LeaseSeconds > 0 && last > 0 {
		at = time.UnixMilli(last).Add(time.Duration(t.LeaseSeconds) * time.Second)
	}
	if end := time.Unix(t.ContractEnd, 0); t.ContractEnd > 0 && (at.IsZero() || end.Before(at)) {
		at = end
	}
	return at
}

func (d *Desk) scopeSheet(sc *ledger.Scope, dev *ledger.Device, c wire.ScopeCount) ScopeSheet {
	s := ScopeSheet{Scope: sc.ID, Name: d.p.Directory().Scopes[sc.ID], State: KeyNone, Epochs: []uint32{}, Objects: c.Objects, Sets: c.Sets}
	for _, e := range sc.Epochs {
		if e.LinkedAt == 0 {
			continue
		}
		s.Newest = e.Number
		if e.DestroyedAt == 0 && heldBy(&e, dev.ID) {
			s.Epochs = append(s.Epochs, e.Number)
		}
	}
	s.Reads = len(s.Epochs) > 0
	if s.Reads {
		s.State = KeyOlder
		if slices.Contains(s.Epochs, s.Newest) {
			s.State = KeyNewest
			if p, ok := sc.Pending(); ok && !slices.Contains(p.Grantees, dev.ID) {
				s.State = KeyOrdered
			}
		}
	}
	if t, err := d.tables(); err == nil { // before forms are published there is nothing to call a compartment
		for _, one := range t.Compartments {
			if one.Name == string(s.Name.Compartment) {
				s.Purpose, s.Article = one.Purpose, one.Article9
			}
		}
	}
	return s
}

// heldBy reports whether an epoch's key was wrapped to a device; a temporary grant that has run out counts, because what was
// given cannot be called back.
func heldBy(e *ledger.Epoch, id schema.Device) bool {
	return slices.Contains(e.Grantees, id) || slices.ContainsFunc(e.Grants, func(g ledger.EpochGrant) bool {
		return g.LinkedAt != 0 && slices.Contains(g.Grantees, id)
	})
}

// add leaves out the organisation's own directory, which says what sites and forms there are and nothing of people.
func (f *FactSheet) add(s ScopeSheet, directory schema.Scope) {
	if s.Scope != directory {
		f.Scopes = append(f.Scopes, s)
	}
}

// count takes, for each kind and site, the compartment with most parts: a record has at most one part in each.
func (f *FactSheet) count() {
	most := map[[2]string]uint64{}
	for _, s := range f.Scopes {
		if !s.Reads {
			continue
		}
		at := [2]string{s.Name.Site, s.Name.Kind}
		most[at] = max(most[at], s.Objects)
		if s.Name.Compartment == IdentityCompartment {
			f.People += s.Objects
		}
	}
	for at, n := range most {
		f.Records[at[1]] += n
	}
}
