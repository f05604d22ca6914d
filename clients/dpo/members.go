package dpo

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"escale/clients/profile"
	"escale/crypto/invite"
	"escale/crypto/ledger"
	"escale/schema"
	"escale/schema/pack"
)

// Errors of approving.
var (
	ErrUnknownRole = errors.New("the form pack knows no such role")
	ErrUnknownSite = errors.New("the organisation has no such site")
	ErrSpent       = errors.New("the invitation was used for another device")
)

// invitationLife is how long an invitation may be used.
const invitationLife = 7 * 24 * time.Hour

// Records of the roster: officers' devices only read it.
const (
	formInvitation = "roster_invitation"
	formSpent      = "roster_invitation_spent" // which device was approved with it
)

// AllSites stands for every site of the organisation.
const AllSites = "*"

// Invite makes an invitation for a role at sites, and notes it in the roster, so that any officer can approve.
func (d *Desk) Invite(ctx context.Context, role string, sites []string, name string) (*invite.Invitation, error) {
	if err := d.checkInvitation(role, sites); err != nil {
		return nil, err
	}
	hub, ok := d.p.Log().State().Hub()
	if !ok {
		return nil, ErrUnfounded
	}
	v := &invite.Invitation{Org: d.p.Keys.Org, Head: d.p.Log().Head(), Address: hub.Address, Pins: hub.Pins, Role: role, Sites: sites,
		Expires: d.p.Now().Add(invitationLife).Unix()}
	var err error
	if v.ID, err = invite.NewID(d.p.Rand()); err != nil {
		return nil, err
	}
	if v.Secret, err = invite.NewSecret(d.p.Rand()); err != nil {
		return nil, err
	}
	code, err := v.Code()
	if err != nil {
		return nil, err
	}
	roster, ok := d.p.ScopeSetting(profile.SettingRoster)
	if !ok {
		return nil, ErrUnfounded
	}
	fact := profile.Fact{Form: formInvitation, Fields: [][2]string{{"invitation", v.ID.String()}, {"code", code}, {"name", name}}}
	if err := d.p.SaveFacts(ctx, roster, []profile.Fact{fact}); err != nil {
		return nil, err
	}
	_, err = d.Sync(ctx)
	return v, err
}

func (d *Desk) checkInvitation(role string, sites []string) error {
	tables, err := d.tables()
	if err != nil {
		return err
	}
	if _, ok := tables.Role(role); !ok {
		return fmt.Errorf("%w: %q", ErrUnknownRole, role)
	}
	for _, s := range sites {
		if _, ok := d.p.Directory().Sites[s]; !ok && s != AllSites {
			return fmt.Errorf("%w: %q", ErrUnknownSite, s)
		}
	}
	return nil
}

// tables returns the rules of the newest form pack: those of headquarters, which hold everything.
func (d *Desk) tables() (*pack.Tables, error) {
	k, ok := d.p.Directory().Bundles[pack.Headquarters]
	if !ok {
		return nil, ErrUnfounded
	}
	b, ok := d.p.Bundle(k.Pack)
	if !ok {
		return nil, ErrUnfounded
	}
	return &b.Tables, nil
}

// Request is a laptop's wish to join, with the invitation that it answers.
type Request struct {
	Request    *invite.Request
	Invitation *invite.Invitation
	Name       string
	Spent      bool // another device was approved with this invitation
	Shared     bool // another request that waits answers it too
}

// Requests lists the requests that wait for a decision. One that nobody's invitation proves is left out, and counted.
func (d *Desk) Requests(ctx context.Context) (out []Request, unproved int, err error) {
	reply, err := d.hub.Requests(ctx)
	if err != nil {
		return nil, 0, err
	}
	invitations, err := d.invitations(ctx)
	if err != nil {
		return nil, 0, err
	}
	for _, b := range reply.Requests {
		r, err := invite.DecodeRequest(b)
		if err != nil {
			unproved++
			continue
		}
		v, ok := invitations[r.Invitation.String()]
		if !ok || v.invitation == nil || r.Org != d.p.Keys.Org || r.Verify(v.invitation.Secret) != nil {
			unproved++
			continue
		}
		if _, known := d.p.Log().State().Device(r.Device); !known {
			spent := slices.ContainsFunc(v.spentOn, func(device string) bool { return device != r.Device.String() })
			out = append(out, Request{Request: r, Invitation: v.invitation, Name: v.name, Spent: spent})
		}
	}
	markShared(out)
	return out, unproved, nil
}

// invited is an invitation as the roster has it.
type invited struct {
	invitation *invite.Invitation
	name       string
	spentOn    []string // devices
}

// invitations reads the roster. Expiry counts from the joiner's clock when the code is used, so it is not checked here.
func (d *Desk) invitations(ctx context.Context) (map[string]*invited, error) {
	out := map[string]*invited{}
	roster, ok := d.p.ScopeSetting(profile.SettingRoster)
	if !ok {
		return out, nil
	}
	at := func(id string) *invited {
		if out[id] == nil {
			out[id] = &invited{}
		}
		return out[id]
	}
	err := d.p.Facts(ctx, roster, func(form string, f map[string]string) error {
		switch form {
		case formInvitation:
			v, err := invite.Parse(f["code"], time.Time{})
			if err != nil {
				return fmt.Errorf("roster: %w", err)
			}
			i := at(v.ID.String())
			i.invitation, i.name = v, f["name"]
		case formSpent:
			i := at(f["invitation"])
			i.spentOn = append(i.spentOn, f["device"])
		}
		return nil
	})
	return out, err
}

// spentFact notes for which device an invitation was used: its secret counts once, and no clock or hub is asked.
func spentFact(r *invite.Request) profile.Fact {
	return profile.Fact{Form: formSpent, Fields: [][2]string{{"invitation", r.Invitation.String()}, {"device", r.Device.String()}}}
}

// markShared marks the requests that answer the same invitation: it was made for one of them at most.
func markShared(requests []Request) {
	n := map[invite.ID]int{}
	for _, r := range requests {
		n[r.Invitation.ID]++
	}
	for i := range requests {
		requests[i].Shared = n[requests[i].Invitation.ID] > 1
	}
}

// checkSpent refuses a second device for one invitation.
func checkSpent(requests []Request) error {
	seen := map[invite.ID]bool{}
	for _, r := range requests {
		if r.Spent || seen[r.Invitation.ID] {
			return ErrSpent
		}
		seen[r.Invitation.ID] = true
	}
	return nil
}

// Approve enrols devices and orders the keys that their roles call for, in one order. An invitation counts for one device:
// a second one is refused with ErrSpent, and then nobody is enrolled.
func (d *Desk) Approve(ctx context.Context, requests []Request) error {
	if err := checkSpent(requests); err != nil {
		return err
	}
	if err := d.approve(ctx, requests); err != nil {
		return err
	}
	_, err := d.Sync(ctx) // carries out the grants of the directory, which this device reads
	return err
}

func (d *Desk) approve(ctx context.Context, requests []Request) error {
	var bodies []ledger.Body
	var facts []profile.Fact
	readers := map[schema.Scope][]schema.Device{}
	for _, r := range requests {
		entry, err := d.entry(r)
		if err != nil {
			return err
		}
		bodies = append(bodies, &ledger.Member{Member: r.Request.Member, Sealed: []byte{}}, entry)
		facts = append(facts, profile.MemberFact(r.Request.Member, r.Name), spentFact(r.Request))
		for _, s := range entry.Read {
			readers[s] = append(readers[s], entry.Device)
		}
	}
	bodies = append(bodies, d.grants(readers)...)
	if roster, ok := d.p.ScopeSetting(profile.SettingRoster); ok && len(facts) > 0 {
		if err := d.p.SaveFacts(ctx, roster, facts); err != nil {
			return err
		}
	}
	return d.propose(ctx, bodies...)
}

// entry is what the ledger says of a device: which scopes its role may read and write at its sites.
func (d *Desk) entry(r Request) (*ledger.DeviceEntry, error) {
	tables, err := d.tables()
	if err != nil {
		return nil, err
	}
	role, ok := tables.Role(r.Invitation.Role)
	if !ok {
		return nil, fmt.Errorf("%w: %q", ErrUnknownRole, r.Invitation.Role)
	}
	dir := d.p.Directory()
	e := &ledger.DeviceEntry{Device: r.Request.Device, Member: r.Request.Member, Keys: r.Request.Keys, Role: role.Name,
		LeaseSeconds: int64(role.MaxOfflineHours) * 3600, Read: []schema.Scope{dir.Scope}, Write: []schema.Scope{}, Sites: []ledger.Site{}}
	for code, id := range dir.Sites {
		if slices.Contains(r.Invitation.Sites, code) || slices.Contains(r.Invitation.Sites, AllSites) {
			e.Sites = append(e.Sites, id)
		}
	}
	for id, n := range dir.Scopes {
		if !slices.Contains(r.Invitation.Sites, n.Site) && !slices.Contains(r.Invitation.Sites, AllSites) {
			continue
		}
		a := tables.Access(role.Name, n.Kind, string(n.Compartment))
		if a.Read {
			e.Read = append(e.Read, id)
		}
		if a.Write {
			e.Write = append(e.Write, id)
		}
	}
	slices.SortFunc(e.Sites, func(a, b ledger.Site) int { return slices.Compare(a[:], b[:]) })
	for _, list := range [][]schema.Scope{e.Read, e.Write} {
		slices.SortFunc(list, func(a, b schema.Scope) int { return slices.Compare(a[:], b[:]) })
	}
	return e, nil
}

// grants orders what readers lack: the first epoch of a scope that has none, made by its first reader, or a place among
// the readers of the current one. Devices that were approved while an epoch was still being made are caught up too.
func (d *Desk) grants(fresh map[schema.Scope][]schema.Device) (out []ledger.Body) {
	who := d.staff(nil)
	state := who.state
	for _, dev := range state.Devices() {
		if who.stands(dev.ID) && !dev.EndedAt(who.now) {
			for _, s := range dev.Now().Read {
				fresh[s] = append(fresh[s], dev.ID)
			}
		}
	}
	for _, s := range state.Scopes() {
		want := sortedDevices(fresh[s.ID])
		if len(want) == 0 {
			continue
		}
		if _, pending := s.Pending(); pending {
			continue
		}
		e, ok := s.Current()
		if !ok {
			out = append(out, &ledger.OpenEpoch{Scope: s.ID, Number: 1, Grantees: want, Executor: d.executor(want)})
			continue
		}
		able := slices.DeleteFunc(e.Readers(), func(id schema.Device) bool { return !who.stands(id) })
		if missing := lacking(want, &e); len(missing) > 0 && len(able) > 0 { // where nobody is left, custody has to recover
			out = append(out, &ledger.Grant{Scope: s.ID, Number: e.Number, Grantees: missing, Executor: d.executor(able)})
		}
	}
	return out
}

// lacking returns the devices that neither read an epoch nor wait for a grant to be carried out.
func lacking(want []schema.Device, e *ledger.Epoch) (out []schema.Device) {
	for _, dev := range want {
		held := slices.Contains(e.Readers(), dev)
		for _, g := range e.Grants {
			held = held || slices.Contains(g.Grantees, dev)
		}
		if !held {
			out = append(out, dev)
		}
	}
	return out
}

// executor prefers this device, which is at work, to one that may be on a beach.
func (d *Desk) executor(readers []schema.Device) schema.Device {
	if slices.Contains(readers, d.p.Keys.Device) {
		return d.p.Keys.Device
	}
	return readers[0]
}
