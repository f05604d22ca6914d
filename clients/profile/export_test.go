package profile

import (
	"context"

	"escale/crypto/custody"
	"escale/crypto/seal"
	"escale/schema"
)

// HeldEpochs returns the epoch keys that are here.
func (p *Profile) HeldEpochs(s schema.Scope) (out []seal.EpochPrivate) {
	for id, k := range p.epochs {
		if id.scope == s {
			out = append(out, k)
		}
	}
	return out
}

// HeldShare returns this device's share of a recovery key, if it still has one.
func (p *Profile) HeldShare(ctx context.Context) (custody.Share, bool) {
	h, err := p.heldShare(ctx)
	if err != nil || h == nil || len(h.Share) == 0 {
		return custody.Share{}, false
	}
	s, err := custody.DecodeShare(h.Share)
	return s, err == nil
}

// SessionSecretsOf returns the session keys of a scope that are in memory, for tests that look for them on a disk.
func (p *Profile) SessionSecretsOf(scope schema.Scope) (out []string) {
	for _, s := range p.sessions {
		if s.Name.Scope == scope {
			out = append(out, string(s.Secret()))
		}
	}
	return out
}
