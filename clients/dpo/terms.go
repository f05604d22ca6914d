package dpo

import (
	"context"
	"fmt"

	"escale/crypto/ledger"
	"escale/schema"
)

// Renew orders new terms for a device: the same but for the end of its member's contract (Unix seconds, 0 = none). Keys that
// it was not given meanwhile are ordered with it.
func (d *Desk) Renew(ctx context.Context, id schema.Device, contractEnd int64) error {
	dev, ok := d.p.Log().State().Device(id)
	if !ok {
		return fmt.Errorf("%w: %s", ErrNoDevice, id)
	}
	if dev.RevokedAt != 0 {
		return fmt.Errorf("%w: %s", ErrRevoked, id)
	}
	t := dev.Now()
	entry := &ledger.DeviceEntry{Device: id, Member: dev.Member, Keys: dev.Keys, Role: t.Role, Sites: t.Sites, Read: t.Read, Write: t.Write,
		LeaseSeconds: t.LeaseSeconds, ContractEnd: contractEnd}
	if err := d.proposeAndSync(ctx, []ledger.Body{entry}); err != nil {
		return err
	}
	return d.proposeAndSync(ctx, d.grants(map[schema.Scope][]schema.Device{}))
}
