package dpo

import (
	"context"
	"errors"
	"slices"

	"escale/crypto/ledger"
	"escale/schema"
	"escale/sync/wire"
)

// Errors of orders about keys.
var (
	ErrNoScope = errors.New("the organisation has no such scope")
	// ErrLeft: change-sets at the hub would be set aside, or lost, because no confirmed key pack carries them.
	ErrLeft = errors.New("change-sets under an older epoch are not carried over yet")
)

// Rotation is what rotating one scope comes to.
type Rotation struct {
	Scope    schema.Scope
	From     uint32
	To       uint32
	Executor schema.Device
	Grantees []schema.Device
	Dropped  []schema.Device // readers of the epoch before who are not granted the next one
	Voids    *schema.Order   // an unfinished order that is replaced
	Why      Skipped         // not empty: nothing is ordered
}

// Skipped says why a scope is left out of a rotation.
type Skipped string

// Why a scope is not rotated.
const (
	Rotated   Skipped = ""
	NoEpoch   Skipped = "no_epoch"   // it has none yet
	Ordered   Skipped = "ordered"    // the next one is ordered already, by an order that can be carried out
	NoReaders Skipped = "no_readers" // nobody who may read it is left to make the next one: that takes custody
)

// PlanRotation says what rotating scopes would order; no scope means all.
func (d *Desk) PlanRotation(ctx context.Context, scopes []schema.Scope) ([]Rotation, error) {
	state := d.p.Log().State()
	for _, id := range scopes {
		if _, ok := state.Scope(id); !ok {
			return nil, ErrNoScope
		}
	}
	return d.planRotation(ctx, d.staff(nil), func(sc *ledger.Scope) bool { return len(scopes) == 0 || slices.Contains(scopes, sc.ID) })
}

func (d *Desk) planRotation(ctx context.Context, who staff, which func(*ledger.Scope) bool) ([]Rotation, error) {
	report, err := d.hub.Keys(ctx)
	if err != nil {
		return nil, err
	}
	heard := map[schema.Device]int64{}
	for _, c := range report.Contacts {
		heard[c.Device] = c.Last
	}
	var out []Rotation
	for _, sc := range who.state.Scopes() {
		if which(sc) {
			out = append(out, d.planScope(who, sc, heard))
		}
	}
	return out, nil
}

func (d *Desk) planScope(who staff, sc *ledger.Scope, heard map[schema.Device]int64) Rotation {
	r := Rotation{Scope: sc.ID}
	pending, waits := sc.Pending()
	stuck := waits && !who.canCarryOut(&pending)
	cur, ok := sc.Current()
	if !ok && !stuck {
		r.Why = NoEpoch
		return r
	}
	r.From, r.To = cur.Number, cur.Number+1
	r.Grantees = who.readersToBe(sc.ID)
	able := slices.DeleteFunc(cur.Readers(), func(id schema.Device) bool { return !who.stands(id) })
	if !ok {
		able = r.Grantees // its first readers make the first key
	}
	r.Dropped = slices.DeleteFunc(cur.Readers(), func(id schema.Device) bool { return slices.Contains(r.Grantees, id) })
	if waits && !stuck {
		r.Why, r.Executor = Ordered, pending.Executor
		return r
	}
	if stuck {
		r.Voids = &pending.Order
	}
	if len(able) == 0 || len(r.Grantees) == 0 {
		r.Why = NoReaders
		return r
	}
	r.Executor = d.mostAwake(able, heard)
	return r
}

// staff is who counts when keys are planned: the devices that stand, those left out that are about to be revoked. A member
// whose contract has ended gets no new key.
type staff struct {
	state *ledger.State
	gone  []schema.Device
	now   int64
}

func (d *Desk) staff(gone []schema.Device) staff {
	return staff{d.p.Log().State(), gone, d.p.Now().Unix()}
}

func (s staff) stands(id schema.Device) bool {
	dev, ok := s.state.Device(id)
	return ok && dev.RevokedAt == 0 && !slices.Contains(s.gone, id)
}

// readersToBe returns the devices whose terms let them read a scope.
func (s staff) readersToBe(scope schema.Scope) (out []schema.Device) {
	for _, dev := range s.state.Devices() {
		if s.stands(dev.ID) && !dev.EndedAt(s.now) && slices.Contains(dev.Now().Read, scope) {
			out = append(out, dev.ID)
		}
	}
	return out
}

// canCarryOut reports whether everybody that an order for an epoch names still stands.
func (s staff) canCarryOut(e *ledger.Epoch) bool {
	return s.stands(e.Executor) && !slices.ContainsFunc(e.Grantees, func(id schema.Device) bool { return !s.stands(id) })
}

// mostAwake prefers this device, then the one that the hub heard from last: an order given to a laptop on a beach waits.
func (d *Desk) mostAwake(readers []schema.Device, heard map[schema.Device]int64) schema.Device {
	if slices.Contains(readers, d.p.Keys.Device) {
		return d.p.Keys.Device
	}
	return slices.MaxFunc(readers, func(a, b schema.Device) int {
		if heard[a] != heard[b] {
			return int(min(max(heard[a]-heard[b], -1), 1))
		}
		return slices.Compare(b[:], a[:])
	})
}

// Rotate orders the next epoch of each planned scope, in one order. The executors carry it out at their next exchange;
// what this device is to make is made at once.
func (d *Desk) Rotate(ctx context.Context, plan []Rotation) error {
	var bodies []ledger.Body
	for _, r := range plan {
		if r.Why == Rotated {
			bodies = append(bodies, &ledger.OpenEpoch{Scope: r.Scope, Number: r.To, Grantees: r.Grantees, Executor: r.Executor, Voids: r.Voids})
		}
	}
	if err := d.propose(ctx, bodies...); err != nil {
		return err
	}
	_, err := d.Sync(ctx)
	return err
}

// Ending is what closing or destroying one epoch comes to.
type Ending struct {
	Scope   schema.Scope
	Number  uint32
	Cut     schema.Hash
	Sets    uint64          // at the hub under this epoch
	Aside   uint64          // of these, set aside: destroying loses them for good
	Left    uint64          // at the hub and carried by no key pack: closing sets them aside if they are not in the cut
	Silent  []schema.Device // that may hold unsent work under this epoch: not heard from since the next one
	Refused string          // why it cannot be ended now: unconfirmed, left, or open; empty if it can
}

// Why an epoch cannot be ended.
const (
	RefusedUnconfirmed = "unconfirmed"
	RefusedLeft        = "left"
	RefusedOpen        = "open" // to be destroyed, and not closed yet
)

// PlanClose lists the older open epochs of scopes, and what closing each would mean; no scope means all.
func (d *Desk) PlanClose(ctx context.Context, scopes []schema.Scope) ([]Ending, error) {
	return d.endings(ctx, scopes, func(e *ledger.Epoch) bool { return e.Status == ledger.Open })
}

// PlanDestroy lists the older epochs of scopes that are not destroyed, and what destroying each would mean.
func (d *Desk) PlanDestroy(ctx context.Context, scopes []schema.Scope) ([]Ending, error) {
	out, err := d.endings(ctx, scopes, func(e *ledger.Epoch) bool { return e.Status == ledger.Open || e.Status == ledger.Closed })
	state := d.p.Log().State()
	for i := range out {
		sc, _ := state.Scope(out[i].Scope)
		if e, ok := sc.Epoch(out[i].Number); ok && e.Status == ledger.Open && out[i].Refused == "" {
			out[i].Refused = RefusedOpen
		}
	}
	return out, err
}

func (d *Desk) endings(ctx context.Context, scopes []schema.Scope, which func(*ledger.Epoch) bool) ([]Ending, error) {
	report, err := d.hub.Keys(ctx)
	if err != nil {
		return nil, err
	}
	state := d.p.Log().State()
	var out []Ending
	for _, id := range scopes {
		if _, ok := state.Scope(id); !ok {
			return nil, ErrNoScope
		}
	}
	for _, sc := range state.Scopes() {
		cur, ok := sc.Current()
		if !ok || len(scopes) > 0 && !slices.Contains(scopes, sc.ID) {
			continue
		}
		for _, e := range sc.Epochs {
			if e.LinkedAt != 0 && e.Number < cur.Number && which(&e) {
				out = append(out, ending(state, sc, &e, &report))
			}
		}
	}
	return out, nil
}

func ending(state *ledger.State, sc *ledger.Scope, e *ledger.Epoch, report *wire.KeyReport) Ending {
	out := Ending{Scope: sc.ID, Number: e.Number, Silent: Silent(state, sc, e.Number, report.Contacts)}
	for _, s := range report.Scopes {
		for _, n := range s.Epochs {
			if s.Scope == sc.ID && n.Epoch == e.Number {
				out.Sets, out.Aside, out.Left = n.Sets, n.Aside, n.Left
			}
		}
	}
	c, ok := sc.Carried(e.Number)
	out.Cut = c.Cut
	switch {
	case !ok:
		out.Refused = RefusedUnconfirmed
	case out.Left > 0:
		out.Refused = RefusedLeft
	}
	return out
}

// Silent returns the standing devices that may write in a scope and that the hub has not seen at rest since the epoch
// after a number was linked: whatever they wrote under it may not have been sent. It is the hub's word.
func Silent(state *ledger.State, sc *ledger.Scope, number uint32, contacts []wire.DeviceContact) (out []schema.Device) {
	next, ok := sc.Epoch(number + 1)
	if !ok {
		return nil
	}
	agreed := map[schema.Device]uint64{}
	for _, c := range contacts {
		agreed[c.Device] = c.Agreed
	}
	for _, dev := range state.Devices() {
		terms := dev.Now()
		if dev.RevokedAt != 0 || dev.EnrolledAt > next.LinkedAt || agreed[dev.ID] >= next.LinkedAt {
			continue
		}
		if slices.Contains(terms.Write, sc.ID) || slices.Contains(terms.Read, sc.ID) {
			out = append(out, dev.ID)
		}
	}
	return out
}

// Close orders that the planned epochs be closed, each at the cut that a second reader confirmed.
func (d *Desk) Close(ctx context.Context, plan []Ending) error {
	var bodies []ledger.Body
	for _, e := range plan {
		if e.Refused == "" {
			bodies = append(bodies, &ledger.CloseEpoch{Scope: e.Scope, Number: e.Number, Cut: e.Cut})
		}
	}
	return d.proposeAndSync(ctx, bodies)
}

// Destroy orders that the keys of the planned epochs be destroyed, and states whose unsent work is given up.
func (d *Desk) Destroy(ctx context.Context, plan []Ending) error {
	var bodies []ledger.Body
	for _, e := range plan {
		if e.Refused == "" {
			bodies = append(bodies, &ledger.DestroyEpoch{Scope: e.Scope, Number: e.Number, Unaccounted: append([]schema.Device{}, e.Silent...)})
		}
	}
	return d.proposeAndSync(ctx, bodies)
}

// Accept orders that quarantined change-sets count.
func (d *Desk) Accept(ctx context.Context, sets []schema.Hash) error {
	var bodies []ledger.Body
	for _, h := range sets {
		bodies = append(bodies, &ledger.Accept{Set: h})
	}
	return d.proposeAndSync(ctx, bodies)
}

func (d *Desk) proposeAndSync(ctx context.Context, bodies []ledger.Body) error {
	if err := d.propose(ctx, bodies...); err != nil {
		return err
	}
	_, err := d.Sync(ctx)
	return err
}
