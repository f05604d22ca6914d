package dpo

import (
	"context"
	"fmt"
	"io"
	"slices"
	"time"

	"escale/clients/profile"
	"escale/crypto/ledger"
	"escale/schema"
	"escale/schema/canon"
	"escale/schema/pack"
)

// Plan is what an organisation shall be, before any hub knows it. It holds every random name, so that founding can be
// interrupted and repeated.
type Plan struct {
	_         struct{} `cbor:",toarray"`
	Name      string
	Genesis   []byte
	Directory schema.Scope
	Roster    schema.Scope
	Sites     []PlannedSite
	Scopes    []PlannedScope
}

// PlannedSite is a site and its opaque name.
type PlannedSite struct {
	_      struct{} `cbor:",toarray"`
	Code   string
	Bundle string
	ID     ledger.Site
}

// PlannedScope is a scope and its opaque name.
type PlannedScope struct {
	_    struct{} `cbor:",toarray"`
	ID   schema.Scope
	Name schema.ScopeName
}

// NewPlan draws everything random of a new organisation. The first card is the founder's.
func NewPlan(rand io.Reader, now time.Time, name string, threshold uint, cards []Card, sites []string, source *pack.Source) (*Plan, error) {
	p := &Plan{Name: name, Sites: []PlannedSite{}, Scopes: []PlannedScope{}}
	var err error
	if p.Directory, err = schema.NewScope(rand); err != nil {
		return nil, err
	}
	if p.Roster, err = schema.NewScope(rand); err != nil {
		return nil, err
	}
	own := []schema.Scope{p.Directory, p.Roster}
	g := ledger.Genesis{Suite: schema.Suite, Time: now.Unix(), Threshold: threshold, Custody: []byte{}}
	if _, err := io.ReadFull(rand, g.Nonce[:]); err != nil {
		return nil, fmt.Errorf("draw a nonce: %w", err)
	}
	slices.SortFunc(own, func(a, b schema.Scope) int { return slices.Compare(a[:], b[:]) })
	for _, c := range cards {
		g.Officers = append(g.Officers, ledger.Officer{Member: c.Member, Device: c.Device, Key: c.Officer})
		g.Devices = append(g.Devices, ledger.DeviceEntry{Device: c.Device, Member: c.Member, Keys: c.Keys, Role: "dpo",
			Sites: []ledger.Site{}, Read: own, Write: []schema.Scope{}})
	}
	if p.Genesis, err = g.Encode(); err != nil {
		return nil, err
	}
	for _, code := range sites {
		if err := p.planSite(rand, code, source); err != nil {
			return nil, err
		}
	}
	return p, nil
}

// planSite plans a site with one scope for each record kind and compartment that its forms use.
func (p *Plan) planSite(rand io.Reader, code string, source *pack.Source) error {
	b, err := source.BundleOf(code)
	if err != nil {
		return fmt.Errorf("site %q: %w", code, err)
	}
	s := PlannedSite{Code: code, Bundle: b.Name}
	if _, err := io.ReadFull(rand, s.ID[:]); err != nil {
		return fmt.Errorf("draw a site: %w", err)
	}
	p.Sites = append(p.Sites, s)
	planned := map[schema.ScopeName]bool{}
	for _, f := range b.Forms {
		for _, c := range f.Compartments() {
			name := schema.ScopeName{Site: code, Kind: f.RecordKind, Compartment: schema.Compartment(c)}
			if planned[name] {
				continue
			}
			planned[name] = true
			id, err := schema.NewScope(rand)
			if err != nil {
				return err
			}
			p.Scopes = append(p.Scopes, PlannedScope{ID: id, Name: name})
		}
	}
	return nil
}

// Encode returns the plan's bytes, to be kept sealed.
func (p *Plan) Encode() ([]byte, error) { return canon.Encode(p) }

// DecodePlan reads what Encode wrote.
func DecodePlan(b []byte) (*Plan, error) {
	var p Plan
	if err := canon.Decode(b, &p); err != nil {
		return nil, fmt.Errorf("the plan of the organisation: %w", err)
	}
	return &p, nil
}

// Found brings the organisation to the hub, as far as it is not there: genesis, scopes, directory, forms.
func (d *Desk) Found(ctx context.Context, plan *Plan, hub ledger.HubEntry, source *pack.Source) error {
	if d.p.Log() == nil {
		if err := d.p.Follow(ctx, [][]byte{plan.Genesis}); err != nil {
			return err
		}
	}
	if _, err := d.hub.Found(ctx, plan.Genesis); err != nil {
		return fmt.Errorf("found: %w", err)
	}
	if _, err := d.Sync(ctx); err != nil {
		return err
	}
	if err := d.propose(ctx, d.foundingBodies(plan, hub)...); err != nil {
		return err
	}
	if _, err := d.Sync(ctx); err != nil {
		return err
	}
	if err := d.fillDirectory(ctx, plan); err != nil {
		return err
	}
	if err := d.Publish(ctx, source); err != nil {
		return err
	}
	_, err := d.Sync(ctx)
	return err
}

func (d *Desk) foundingBodies(plan *Plan, hub ledger.HubEntry) (out []ledger.Body) {
	state := d.p.Log().State()
	if now, ok := state.Hub(); !ok || now.Address != hub.Address || !slices.Equal(now.Pins, hub.Pins) {
		out = append(out, &hub)
	}
	if _, ok := state.Scope(plan.Directory); ok {
		return out
	}
	ids := []schema.Scope{plan.Directory, plan.Roster}
	for _, s := range plan.Scopes {
		ids = append(ids, s.ID)
	}
	slices.SortFunc(ids, func(a, b schema.Scope) int { return slices.Compare(a[:], b[:]) })
	out = append(out, &ledger.Scopes{IDs: ids}, &ledger.Settings{Entries: []ledger.Setting{
		{Key: profile.SettingDirectory, Text: plan.Directory.String()}, {Key: profile.SettingRoster, Text: plan.Roster.String()}}})
	grantees := d.officersDevices()
	for _, s := range []schema.Scope{plan.Directory, plan.Roster} {
		out = append(out, &ledger.OpenEpoch{Scope: s, Number: 1, Grantees: grantees, Executor: d.p.Keys.Device})
	}
	return out
}

func (d *Desk) officersDevices() (out []schema.Device) {
	for _, o := range d.p.Log().State().Officers() {
		out = append(out, o.Device)
	}
	return sortedDevices(out)
}

func sortedDevices(ds []schema.Device) []schema.Device {
	slices.SortFunc(ds, func(a, b schema.Device) int { return slices.Compare(a[:], b[:]) })
	return slices.Compact(ds)
}

// fillDirectory writes what the opaque names stand for, as far as it is not written.
func (d *Desk) fillDirectory(ctx context.Context, plan *Plan) error {
	known := d.p.Directory()
	var facts []profile.Fact
	if known.Name == "" {
		facts = append(facts, profile.NameFact(plan.Name))
	}
	for _, s := range plan.Sites {
		if _, ok := known.Sites[s.Code]; !ok {
			facts = append(facts, profile.SiteFact(s.Code, s.Bundle, s.ID))
		}
	}
	for _, s := range plan.Scopes {
		if _, ok := known.Scopes[s.ID]; !ok {
			facts = append(facts, profile.ScopeFact(s.ID, s.Name))
		}
	}
	if len(facts) == 0 {
		return nil
	}
	return d.p.SaveFacts(ctx, plan.Directory, facts)
}
