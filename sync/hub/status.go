package hub

import (
	"context"
	"time"

	"escale/schema"
	"escale/sync/wire"
)

// DeviceStatus is one device that is enrolled and not revoked.
type DeviceStatus struct {
	Device     schema.Device
	Role       string
	Last       time.Time // zero: never
	AgreedAt   time.Time // when both sides last held the same; zero: never
	Mismatches int64
	Repairs    int64
}

// Status is what a hub tells its operator: counts, never contents.
type Status struct {
	Now         time.Time // by the hub's clock
	Org         schema.Org
	HubEpoch    wire.HubEpoch
	Founded     bool
	Ledger      wire.Head
	Devices     []DeviceStatus
	Joining     int   // requests to join that wait
	Scopes      int64 // that hold change-sets
	ChangeSets  int64
	Quarantined int64
	Conflicts   int64 // open: siblings on one exclusive field

	// Since when some scope has had an open conflict, or something set aside, without a moment between; zero: none.
	ConflictSince, AsideSince time.Time

	Partials    int64 // change-sets that came in part: the backlog
	PartialSize int64 // and their bytes
	Mismatches  int64 // digests that differed, and cursors that did not fit a log
	Repairs     int64 // change-sets that were given back since, either way
	Torn        int   // scopes in whose logs change-sets are missing
	Bytes       int64 // of the store
}

// Status returns counts for metrics and for the operator.
func (h *Hub) Status(ctx context.Context) (Status, error) {
	s := Status{Now: h.opts.Clock(), Org: h.id.Org, HubEpoch: h.id.Epoch, Devices: []DeviceStatus{}}
	if err := h.store.View(ctx, s.count); err != nil {
		return s, refusal(err)
	}
	h.people(&s)
	s.Torn = h.tears.count()
	var err error
	s.Bytes, err = h.store.Size(ctx)
	return s, refusal(err)
}

func earlier(t time.Time, unixMilli int64) time.Time {
	if at := time.UnixMilli(unixMilli).UTC(); unixMilli != 0 && (t.IsZero() || at.Before(t)) {
		return at
	}
	return t
}

func (s *Status) count(tx Tx) (err error) {
	rows, err := tx.Scopes()
	if err != nil {
		return err
	}
	for _, r := range rows {
		if r.Number > 0 {
			s.Scopes++
		}
		s.ChangeSets += int64(r.Number)
		s.Conflicts += r.Conflicts
		s.ConflictSince, s.AsideSince = earlier(s.ConflictSince, r.ConflictSince), earlier(s.AsideSince, r.AsideSince)
	}
	if s.Quarantined, err = tx.CountQuarantined(); err != nil {
		return err
	}
	partials, err := tx.CountPartials()
	if err != nil {
		return err
	}
	s.Partials, s.PartialSize = partials.Sets, partials.Bytes
	s.Joining, err = tx.CountRequests()
	return err
}

func (h *Hub) people(s *Status) {
	contact := map[schema.Device]Contact{}
	for _, c := range h.contacts.all() {
		contact[c.Device] = c
		s.Mismatches += c.Mismatches
		s.Repairs += c.Repairs
	}
	state, err := h.state()
	if err != nil {
		return // before genesis there is nobody
	}
	s.Founded, s.Ledger = true, headOf(state.Head())
	for _, d := range state.Devices() {
		if d.RevokedAt == 0 {
			c := contact[d.ID]
			s.Devices = append(s.Devices, DeviceStatus{Device: d.ID, Role: d.Now().Role, Last: c.Last, AgreedAt: c.AgreedAt, Mismatches: c.Mismatches, Repairs: c.Repairs})
		}
	}
}
