package profile

import (
	"context"
	"errors"
	"fmt"

	"escale/schema"
	"escale/store/agentdb"
)

// keptOrg holds the organisation of a profile that was made before it: a further officer's, whose card the founder needs
// in order to found.
const keptOrg = "org"

// ErrOtherOrg reports a profile that belongs to another organisation already.
var ErrOtherOrg = errors.New("this profile belongs to another organisation")

// Attach tells a profile that has no organisation which one it belongs to, once and for all.
func (p *Profile) Attach(ctx context.Context, org schema.Org) error {
	switch {
	case p.Keys.Org == org:
		return nil
	case !p.Keys.Org.IsZero():
		return ErrOtherOrg
	}
	if err := p.Keep(ctx, keptOrg, org[:]); err != nil {
		return err
	}
	p.Keys.Org = org
	return nil
}

func (p *Profile) loadOrg(tx *agentdb.Tx) error {
	if !p.Keys.Org.IsZero() {
		return nil
	}
	sealed, err := tx.Meta("kept " + keptOrg)
	if errors.Is(err, agentdb.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	b, err := p.keys.storage.Open("kept", []byte(keptOrg), sealed)
	if err != nil {
		return fmt.Errorf("organisation: %w", err)
	}
	return p.Keys.Org.UnmarshalBinary(b)
}
