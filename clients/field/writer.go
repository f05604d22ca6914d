package field

import (
	"context"
	"time"

	"escale/clients/profile"
	"escale/schema"
	"escale/sync/causal"
)

// Writer is who wrote something, and on which laptop.
type Writer struct {
	Author string        `json:"author"`         // code of the member
	Name   string        `json:"name,omitempty"` // where this laptop may read names
	Role   string        `json:"role,omitempty"`
	Device schema.Device `json:"device"`
	Own    bool          `json:"own"` // on this laptop
}

func (b *Book) writer(d schema.Device) Writer {
	w := Writer{Author: "?", Device: d, Own: d == b.p.Keys.Device}
	if b.p.Log() == nil {
		return w
	}
	if dev, ok := b.p.Log().State().Device(d); ok {
		w.Author, w.Name, w.Role = MemberCode(dev.Member), b.names[dev.Member], dev.Now().Role
	}
	return w
}

// readNames reads the roster, which as a rule only officers' laptops can.
func (b *Book) readNames(ctx context.Context) error {
	if b.names != nil {
		return nil
	}
	b.names = map[schema.Member]string{}
	scope, ok := b.p.ScopeSetting(profile.SettingRoster)
	if !ok {
		return nil
	}
	return b.p.Facts(ctx, scope, func(form string, fields map[string]string) error {
		var m schema.Member
		if form == profile.FormMember && m.UnmarshalText([]byte(fields["member"])) == nil {
			b.names[m] = fields["name"]
		}
		return nil
	})
}

// Clock says what the hub's clock and the ledger make of an author's.
type Clock string

// The verdicts.
const (
	ClockPlausible Clock = "plausible"
	ClockAhead     Clock = "ahead"  // it was at the hub before the moment at which it says that it was written
	ClockBehind    Clock = "behind" // it cites what was only decided later
)

// clockSlack is how far clocks may be apart before that is worth a word.
const clockSlack = 10 * time.Minute

// Moment is when something was written, by the author's clock and within what others' clocks allow.
type Moment struct {
	At     time.Time  `json:"at"`                   // by the author's clock, carried on over what the author had seen
	After  *time.Time `json:"not_before,omitempty"` // the ledger entry that it cites
	Before *time.Time `json:"at_hub_by,omitempty"`  // the hub's clock when this laptop knew it to be there
	Clock  Clock      `json:"clock,omitempty"`
}

// moment reads the bounds of a write's time.
func (b *Book) moment(ctx context.Context, d causal.Dot, at causal.Time) (Moment, error) {
	m := Moment{At: at.Wall(), Clock: ClockPlausible}
	bounds, err := b.p.Bounds(ctx, d.Set)
	if err != nil {
		return m, err
	}
	if !bounds.After.IsZero() {
		m.After = &bounds.After
		if m.At.Before(bounds.After.Add(-clockSlack)) {
			m.Clock = ClockBehind
		}
	}
	if !bounds.Before.IsZero() {
		m.Before = &bounds.Before
		if m.At.After(bounds.Before.Add(clockSlack)) {
			m.Clock = ClockAhead
		}
	}
	return m, nil
}

// Best is the most likely time: the author's, unless others' clocks contradict it.
func (m *Moment) Best() time.Time {
	switch {
	case m.Clock == ClockAhead && m.Before != nil:
		return *m.Before
	case m.Clock == ClockBehind && m.After != nil:
		return *m.After
	}
	return m.At
}
