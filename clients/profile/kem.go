package profile

import (
	"context"
	"errors"
	"slices"

	"escale/crypto/key"
	"escale/crypto/ledger"
	"escale/crypto/seal"
	"escale/schema"
	"escale/store/agentdb"
)

// keptKEM names the KEM key that this device announced and that is not in the vault yet.
const keptKEM = "kem"

// keptKEMDue says that this device gave up a share which had been sealed to its present KEM key.
const keptKEMDue = "kem due"

// renewKEM replaces this device's KEM key once an epoch was destroyed whose key had been wrapped to it: the wrap may lie in
// an old backup of the hub. The new key is durable before it is announced, goes into the vault at the next unlocking, and
// only then the destruction of the old one is attested.
func (x Exchange) renewKEM(ctx context.Context) (bool, error) {
	self, err := x.Self()
	if err != nil || self.RevokedAt != 0 {
		return false, err
	}
	if did, err := x.attestKEM(ctx, self); did || err != nil {
		return did, err
	}
	due, err := x.Kept(ctx, keptKEMDue)
	if err != nil || x.renewed != nil || due == nil && !x.kemDue(self) || x.awaitsWraps() {
		return false, err
	}
	next, err := x.nextKEM(ctx)
	if err != nil {
		return false, err
	}
	if err := x.link(ctx, ledger.Results{&ledger.KEMSuccessor{Device: x.Keys.Device, KEM: next.Public()}}); err != nil {
		return false, err
	}
	return true, errors.Join(x.adoptKEM(ctx), x.forgetKept(ctx, keptKEMDue))
}

// kemDue reports whether an epoch that this device could open was destroyed since its KEM key is in use.
func (x Exchange) kemDue(self *ledger.Device) bool {
	since := self.EnrolledAt
	if n := len(self.Former); n > 0 {
		since = self.Former[n-1].Until
	}
	return !x.lastDestroyer(self.ID, since).IsZero()
}

// lastDestroyer returns the newest order that destroyed, above a height, an epoch which a device could open.
func (p *Profile) lastDestroyer(dev schema.Device, since uint64) (out schema.Order) {
	for _, sc := range p.log.State().Scopes() {
		for _, e := range sc.Epochs {
			if e.DestroyedAt > since && slices.Contains(e.Readers(), dev) {
				since, out = e.DestroyedAt, e.Destroyer
			}
		}
	}
	return out
}

// awaitsWraps reports whether something wrapped to the present KEM key is still on its way to this device.
func (x Exchange) awaitsWraps() bool {
	if len(x.missingKeys()) > 0 || x.awaitsShare() {
		return true
	}
	for _, sc := range x.log.State().Scopes() {
		for _, e := range sc.Epochs {
			if e.Status == ledger.Ordered && slices.Contains(e.Grantees, x.Keys.Device) {
				return true
			}
			for _, g := range e.Grants {
				if g.LinkedAt == 0 && e.Status == ledger.Open && slices.Contains(g.Grantees, x.Keys.Device) {
					return true
				}
			}
		}
	}
	return false
}

// nextKEM returns the key that an interrupted attempt made, or a new one.
func (x Exchange) nextKEM(ctx context.Context) (seal.DevicePrivate, error) {
	seed, err := x.Kept(ctx, keptKEM)
	if err != nil {
		return seal.DevicePrivate{}, err
	}
	if seed != nil {
		return seal.DeviceFromSeed(seed)
	}
	k, err := seal.NewDevice(x.opts.Rand)
	if err != nil {
		return k, err
	}
	return k, x.Keep(ctx, keptKEM, k.Seed())
}

// adoptKEM uses the announced key once the ledger names it. Where the vault holds it already, the copy is forgotten.
func (p *Profile) adoptKEM(ctx context.Context) error {
	self, err := p.Self()
	if err != nil {
		return nil // not enrolled: nothing was announced
	}
	seed, err := p.Kept(ctx, keptKEM)
	if err != nil || seed == nil {
		return err
	}
	next, err := seal.DeviceFromSeed(seed)
	if err != nil || next.Public() != self.Keys.KEM {
		return err // made, and not announced yet
	}
	if slices.Equal(p.Keys.KEM, seed) {
		return p.forgetKept(ctx, keptKEM)
	}
	keys := p.Keys
	keys.KEM = seed
	p.renewed, p.keys.kem = &keys, next
	return nil
}

// RenewedKeys returns the keys that the vault must hold from now on, if they are not those that it was opened with. Whoever
// has the passphrase puts them there, and says so to KeysKept.
func (p *Profile) RenewedKeys() (Keys, bool) {
	if p.renewed == nil {
		return Keys{}, false
	}
	return *p.renewed, true
}

// KeysKept notes that the vault holds the renewed keys, and no longer the old ones.
func (p *Profile) KeysKept(ctx context.Context) error {
	if p.renewed == nil {
		return nil
	}
	if err := p.forgetKept(ctx, keptKEM); err != nil {
		return err
	}
	p.Keys, p.renewed = *p.renewed, nil
	return nil
}

func (p *Profile) forgetKept(ctx context.Context, name string) error {
	if err := p.db.Update(ctx, func(tx *agentdb.Tx) error { return tx.DropMeta("kept " + name) }); err != nil {
		return err
	}
	return p.db.Scrub(ctx)
}

// attestKEM states that former KEM keys of this device are destroyed: once the vault was rewritten, none is left.
func (x Exchange) attestKEM(ctx context.Context, self *ledger.Device) (bool, error) {
	if x.renewed != nil {
		return false, nil
	}
	mine, err := x.Keys.Public()
	if err != nil || mine.KEM != self.Keys.KEM {
		return false, err
	}
	state := x.log.State()
	var gone []schema.Hash
	for _, f := range self.Former {
		if !AttestedKEM(state, self.ID, f.KEM) && len(gone) < ledger.MaxDestroyed {
			gone = append(gone, ledger.KeyHash(f.KEM[:]))
		}
	}
	if len(gone) == 0 {
		return false, nil
	}
	order := x.lastDestroyer(self.ID, 0)
	if order.IsZero() {
		if order, err = newestCustody(x.log); err != nil || order.IsZero() {
			return false, err
		}
	}
	return true, x.link(ctx, ledger.Results{&ledger.Attest{Device: self.ID, Order: order, Destroyed: gone}})
}

// AttestedKEM reports whether a device stated that it destroyed a former KEM key.
func AttestedKEM(state *ledger.State, dev schema.Device, old key.DeviceKEM) bool {
	return attested(state, dev, ledger.KeyHash(old[:]))
}

func attested(state *ledger.State, dev schema.Device, what schema.Hash) bool {
	return slices.ContainsFunc(state.Attestations(), func(a ledger.Attestation) bool {
		return a.Device == dev && slices.Contains(a.Destroyed, what)
	})
}

// errNoShare says that no share of the recovery key is here.
var errNoShare = errors.New("this device holds no share of the recovery key")
