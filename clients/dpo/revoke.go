package dpo

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"escale/clients/profile"
	"escale/crypto/ledger"
	"escale/schema"
	"escale/sync/wire"
)

// Errors of revoking.
var (
	ErrNoDevice = errors.New("the organisation has no such device")
	ErrRevoked  = errors.New("the device was revoked before")
	ErrNobody   = errors.New("the site has no devices of its own")
)

// FormRevocation names the roster's record that says why a device was revoked; officers only read it.
const FormRevocation = "roster_revocation"

// Revocation is what revoking devices comes to.
type Revocation struct {
	Devices   []wire.DeviceTrace // where each of their streams ends, by the hub's word
	Rotations []Rotation         // of every scope whose newest key one of them holds
	Kept      []schema.Device    // of a site: those that work elsewhere too, and stay
	Unread    []schema.Scope     // of which nobody else holds a key: what lies there takes custody
}

// PlanRevocation says what revoking devices would order.
func (d *Desk) PlanRevocation(ctx context.Context, devices []schema.Device) (*Revocation, error) {
	state := d.p.Log().State()
	for _, id := range devices {
		dev, ok := state.Device(id)
		if !ok {
			return nil, fmt.Errorf("%w: %s", ErrNoDevice, id)
		}
		if dev.RevokedAt != 0 {
			return nil, fmt.Errorf("%w: %s", ErrRevoked, id)
		}
	}
	traces, err := d.hub.Traces(ctx, wire.TraceAsk{Devices: devices})
	if err != nil {
		return nil, err
	}
	if err := tracesOf(traces.Devices, devices); err != nil {
		return nil, err
	}
	r := &Revocation{Devices: traces.Devices}
	r.Rotations, err = d.planRotation(ctx, d.staff(devices), func(sc *ledger.Scope) bool { return holdsKey(sc, devices) })
	for _, x := range r.Rotations {
		if x.Why == NoReaders {
			r.Unread = append(r.Unread, x.Scope)
		}
	}
	return r, err
}

// tracesOf refuses an answer about other devices than those that were asked about.
func tracesOf(traces []wire.DeviceTrace, devices []schema.Device) error {
	for _, id := range devices {
		if !slices.ContainsFunc(traces, func(t wire.DeviceTrace) bool { return t.Device == id }) {
			return fmt.Errorf("%w: %s: the hub says nothing of it", ErrNoDevice, id)
		}
	}
	if len(traces) != len(devices) {
		return fmt.Errorf("%w: the hub answers for %d devices of %d", ErrNoDevice, len(traces), len(devices))
	}
	return nil
}

// holdsKey reports whether one of the devices holds a scope's newest key, or is named by the order for the next one.
func holdsKey(sc *ledger.Scope, devices []schema.Device) bool {
	var names []schema.Device
	if cur, ok := sc.Current(); ok {
		names = cur.Grantees
		for _, g := range cur.Grants { // a temporary one, and one that is being carried out, too
			names = slices.Concat(names, g.Grantees)
		}
	}
	if p, ok := sc.Pending(); ok {
		names = slices.Concat(names, p.Grantees, []schema.Device{p.Executor})
	}
	return slices.ContainsFunc(names, func(id schema.Device) bool { return slices.Contains(devices, id) })
}

// PlanSuspension says what closing a site would order: every device that works at this site only is revoked.
func (d *Desk) PlanSuspension(ctx context.Context, site string) (*Revocation, error) {
	id, ok := d.p.Directory().Sites[site]
	if !ok {
		return nil, fmt.Errorf("%w: %q", ErrUnknownSite, site)
	}
	state := d.p.Log().State()
	var gone, kept []schema.Device
	for _, dev := range state.Devices() {
		at := dev.Now().Sites
		if dev.RevokedAt != 0 || !slices.Contains(at, id) {
			continue
		}
		if len(at) > 1 || state.IsOfficersDevice(dev.ID) {
			kept = append(kept, dev.ID)
		} else {
			gone = append(gone, dev.ID)
		}
	}
	if len(gone) == 0 {
		return nil, fmt.Errorf("%w: %q", ErrNobody, site)
	}
	r, err := d.PlanRevocation(ctx, gone)
	if err == nil {
		r.Kept = kept
	}
	return r, err
}

// Revoke ends devices and orders the keys renewed that they hold, in one order. Their streams end where the hub says that
// they end: what comes later, or beside that, is set aside. What a copy of a laptop wrote beside its longest line, and
// counts now, goes on counting.
func (d *Desk) Revoke(ctx context.Context, r *Revocation, reason string) error {
	var bodies, accepts []ledger.Body
	var facts []profile.Fact
	for _, t := range r.Devices {
		body := &ledger.Revoke{Device: t.Device, Heads: []ledger.StreamHead{}}
		for _, h := range t.Heads {
			body.Heads = append(body.Heads, ledger.StreamHead{Stream: h.Stream, Seq: h.Seq, Hash: h.Set})
		}
		bodies = append(bodies, body)
		for _, set := range t.Beside {
			accepts = append(accepts, &ledger.Accept{Set: set})
		}
		facts = append(facts, profile.Fact{Form: FormRevocation, Fields: [][2]string{{"device", t.Device.String()}, {"reason", reason}, {"officer", d.p.Keys.Member.String()}}})
	}
	bodies = append(bodies, accepts...)
	for _, x := range r.Rotations {
		if x.Why == Rotated {
			bodies = append(bodies, &ledger.OpenEpoch{Scope: x.Scope, Number: x.To, Grantees: x.Grantees, Executor: x.Executor, Voids: x.Voids})
		}
	}
	if roster, ok := d.p.ScopeSetting(profile.SettingRoster); ok {
		if err := d.p.SaveFacts(ctx, roster, facts); err != nil {
			return err
		}
	}
	return d.proposeAndSync(ctx, bodies)
}

// Reasons returns why devices were revoked, as far as a profile reads the roster.
func Reasons(ctx context.Context, p *profile.Profile) (map[schema.Device]string, error) {
	out := map[schema.Device]string{}
	roster, ok := p.ScopeSetting(profile.SettingRoster)
	if !ok {
		return out, nil
	}
	err := p.Facts(ctx, roster, func(form string, f map[string]string) error {
		var id schema.Device
		if form == FormRevocation && id.UnmarshalText([]byte(f["device"])) == nil {
			out[id] = f["reason"]
		}
		return nil
	})
	return out, err
}
