package profile

import (
	"context"
	"errors"
	"fmt"
	"time"

	"escale/schema/canon"
	"escale/store/agentdb"
)

// Why a laptop is locked although its passphrase is right.
var (
	ErrRevoked       = errors.New("this device was revoked")
	ErrContractEnded = errors.New("the contract of this member has ended")
	ErrLeaseLapsed   = errors.New("this laptop has not been in contact for longer than its role may")
)

// LockedError is ErrContractEnded or ErrLeaseLapsed, and says since when.
type LockedError struct {
	Why   error
	Since time.Time
}

// Error says why.
func (e *LockedError) Error() string {
	return e.Why.Error() + " since " + e.Since.UTC().Format(time.RFC3339)
}

// Unwrap returns why.
func (e *LockedError) Unwrap() error { return e.Why }

// keptLease names what is kept, sealed, about the hub's time.
const keptLease = "lease"

// leaseGrain is how far what is kept may lie behind: a commit for each exchange that moved nothing would cost more than it.
const leaseGrain = time.Minute

// lease is what this laptop knows about the time. Clocks of laptops are wrong, so the hub's signed time is what counts, and
// the laptop's own clock only measures what has passed since; it never goes back behind what it showed before.
type lease struct {
	_     struct{} `cbor:",toarray"`
	Hub   int64    // Unix milliseconds, signed by the hub at the newest contact
	Clock int64    // what this laptop's clock showed then
	High  int64    // the latest that it has shown since
}

// passed returns how long the newest contact is past.
func (l *lease) passed(clock time.Time) time.Duration {
	return time.Duration(max(clock.UnixMilli(), l.High)-l.Clock) * time.Millisecond
}

// now returns the time, as far as this laptop knows it.
func (l *lease) now(clock time.Time) time.Time {
	return time.UnixMilli(l.Hub).Add(l.passed(clock))
}

func (p *Profile) loadLease(tx *agentdb.Tx) error {
	sealed, err := tx.Meta("kept " + keptLease)
	if errors.Is(err, agentdb.ErrNotFound) {
		at := p.opts.Clock().UnixMilli() // a new laptop, or one of an earlier release: its lease begins
		p.lease = lease{Hub: at, Clock: at, High: at}
		return nil
	}
	if err != nil {
		return err
	}
	b, err := p.keys.storage.Open("kept", []byte(keptLease), sealed)
	if err != nil {
		return fmt.Errorf("lease: %w", err)
	}
	if err := canon.Decode(b, &p.lease); err != nil {
		return fmt.Errorf("%w: lease: %w", agentdb.ErrDamaged, err)
	}
	return nil
}

func (p *Profile) keepLease(tx *agentdb.Tx, l lease) error {
	b, err := canon.Encode(l)
	if err != nil {
		return err
	}
	if err := p.keep(tx, Secret{keptLease, b}); err != nil {
		return err
	}
	p.lease = l
	return nil
}

// keepClock notes what the clock shows, so that it does not help to set it back.
func (p *Profile) keepClock(tx *agentdb.Tx) error {
	l := p.lease
	if l.High = p.opts.Clock().UnixMilli(); l.High-p.lease.High < leaseGrain.Milliseconds() {
		return nil
	}
	return p.keepLease(tx, l)
}

// noteClock notes the clock when the profile is opened. Where the disk has no room, reading goes on.
func (p *Profile) noteClock(ctx context.Context) error {
	if p.readOnly {
		return nil
	}
	err := p.db.Update(ctx, func(tx *agentdb.Tx) error {
		if _, err := tx.Meta("kept " + keptLease); errors.Is(err, agentdb.ErrNotFound) {
			return p.keepLease(tx, p.lease)
		}
		return p.keepClock(tx)
	})
	if errors.Is(err, agentdb.ErrFull) {
		return nil
	}
	return err
}

// Heard takes the hub's signed time: the lease begins anew. Where the disk has no room to note it, it holds for this sitting.
func (p *Profile) Heard(ctx context.Context, hubTime int64) error {
	if hubTime <= 0 {
		return nil
	}
	at := p.opts.Clock().UnixMilli()
	old := p.lease
	p.lease = lease{Hub: hubTime, Clock: at, High: at}
	grain := leaseGrain.Milliseconds()
	if near(hubTime, old.Hub, grain) && near(at, old.Clock, grain) && near(at, old.High, grain) {
		return nil
	}
	err := p.db.Update(ctx, func(tx *agentdb.Tx) error { return p.keepLease(tx, p.lease) })
	if errors.Is(err, agentdb.ErrFull) {
		return nil
	}
	return err
}

func near(a, b, within int64) bool { return a-b < within && b-a < within }

// Standing returns nil if this laptop may be worked with; ErrRevoked, or a LockedError, if it may only exchange with the hub.
// Nothing that was written before is lost by it: it is sent, and counts.
func (p *Profile) Standing() error {
	self, err := p.Self()
	if errors.Is(err, ErrNotEnrolled) {
		return nil
	}
	if err != nil {
		return err
	}
	if self.RevokedAt != 0 {
		return ErrRevoked
	}
	clock, terms := p.opts.Clock(), self.Now()
	if self.EndedAt(p.lease.now(clock).Unix()) {
		return &LockedError{ErrContractEnded, time.Unix(terms.ContractEnd, 0)}
	}
	length := time.Duration(terms.LeaseSeconds) * time.Second
	if length > 0 && p.lease.passed(clock) > length {
		return &LockedError{ErrLeaseLapsed, time.UnixMilli(p.lease.Hub).Add(length)}
	}
	return nil
}

// LeaseUntil returns when this laptop locks without a contact; ok is false if nothing limits it.
func (p *Profile) LeaseUntil() (until time.Time, ok bool) {
	self, err := p.Self()
	if err != nil {
		return until, false
	}
	terms := self.Now()
	if terms.LeaseSeconds > 0 {
		until, ok = time.UnixMilli(p.lease.Hub).Add(time.Duration(terms.LeaseSeconds)*time.Second), true
	}
	if end := time.Unix(terms.ContractEnd, 0); terms.ContractEnd != 0 && (!ok || end.Before(until)) {
		until, ok = end, true
	}
	return until, ok
}

// served reports whether the hub serves this laptop, as far as it knows the time: one that is not served compares nothing.
func (p *Profile) served() bool {
	self, err := p.Self()
	return err == nil && self.RevokedAt == 0 && !self.EndedAt(p.lease.now(p.opts.Clock()).Unix())
}
