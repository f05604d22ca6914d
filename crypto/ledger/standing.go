package ledger

import (
	"escale/crypto/key"
	"escale/schema"
)

// Device is an enrolled laptop as the log knows it.
type Device struct {
	ID         schema.Device
	Member     schema.Member
	Keys       DeviceKeys // with the newest KEM key
	EnrolledAt uint64
	RevokedAt  uint64       // 0 = never
	Heads      []StreamHead // of a revoked one: what still counts
	Terms      []Terms      // by rising height, never empty
	Former     []FormerKEM
}

// Terms are what officers settled for a device, from a height on.
type Terms struct {
	Height       uint64
	Role         string
	Sites        []Site
	Read         []schema.Scope
	Write        []schema.Scope
	LeaseSeconds int64
	ContractEnd  int64 // unix seconds; 0 = none
}

// FormerKEM is a KEM key that the device replaced.
type FormerKEM struct {
	KEM   key.DeviceKEM
	Until uint64 // height of its replacement
}

// Now returns the newest terms.
func (d *Device) Now() Terms { return d.Terms[len(d.Terms)-1] }

// EndedAt reports whether the member's contract has ended by a time (Unix seconds).
func (d *Device) EndedAt(now int64) bool {
	end := d.Now().ContractEnd
	return end != 0 && now >= end
}

// StandsAt reports whether the device was enrolled and not revoked at a height.
func (d *Device) StandsAt(height uint64) bool {
	return d.EnrolledAt <= height && (d.RevokedAt == 0 || d.RevokedAt > height)
}

// TermsAt returns the terms in force at a height; none before enrolment.
func (d *Device) TermsAt(height uint64) (Terms, bool) {
	for i := len(d.Terms) - 1; i >= 0; i-- {
		if d.Terms[i].Height <= height {
			return d.Terms[i], true
		}
	}
	return Terms{}, false
}

// HeadOf returns the last change-set of a stream that counts after revocation.
func (d *Device) HeadOf(stream schema.Stream) (StreamHead, bool) {
	for _, h := range d.Heads {
		if h.Stream == stream {
			return h, true
		}
	}
	return StreamHead{}, false
}
