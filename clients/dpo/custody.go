package dpo

import (
	"context"
	"slices"

	"escale/clients/profile"
	"escale/crypto/custody"
	"escale/crypto/ledger"
	"escale/schema"
)

// FoundCustody draws a recovery key and splits it among custodians, and orders the next epoch of every scope, so that all
// of them can be recovered with it. Where there was a recovery key it is replaced; its shares are to be destroyed.
func (d *Desk) FoundCustody(ctx context.Context, custodians []schema.Device, threshold uint) error {
	if _, err := d.Sync(ctx); err != nil {
		return err
	}
	bodies, err := d.newCustody(ctx, custodians, threshold)
	if err != nil {
		return err
	}
	plan, err := d.PlanRotation(ctx, nil)
	if err != nil {
		return err
	}
	for _, r := range plan {
		if r.Why == Rotated {
			bodies = append(bodies, &ledger.OpenEpoch{Scope: r.Scope, Number: r.To, Grantees: r.Grantees, Executor: r.Executor, Voids: r.Voids})
		}
	}
	return d.proposeAndSync(ctx, bodies)
}

// newCustody makes what an order needs to name a new recovery key; the sealed shares lie beside the ledger before.
func (d *Desk) newCustody(ctx context.Context, custodians []schema.Device, threshold uint) ([]ledger.Body, error) {
	state := d.p.Log().State()
	c, shares, err := custody.Split(d.p.Rand(), state.Org(), custodians, threshold)
	if err != nil {
		return nil, err
	}
	blob, setting, err := profile.SealShares(state, c, shares)
	if err != nil {
		return nil, err
	}
	if err := d.exchange().PutBeside(ctx, [][]byte{blob}); err != nil {
		return nil, err
	}
	return []ledger.Body{c, &ledger.Settings{Entries: []ledger.Setting{setting}}}, nil
}

// OrderRecovery orders that a custodian's device wrap, to those who may read them, the keys of scopes whose readers are all
// gone. It says how many scopes these are.
func (d *Desk) OrderRecovery(ctx context.Context, custodian schema.Device) (int, error) {
	who := d.staff(nil)
	var bodies []ledger.Body
	for _, sc := range who.state.Scopes() {
		cur, ok := sc.Current()
		if !ok || slices.ContainsFunc(cur.Readers(), who.stands) {
			continue
		}
		want := who.readersToBe(sc.ID)
		ordered := slices.ContainsFunc(cur.Grants, func(g ledger.EpochGrant) bool { return g.LinkedAt == 0 && g.Executor == custodian })
		if len(want) > 0 && !ordered {
			bodies = append(bodies, &ledger.Grant{Scope: sc.ID, Number: cur.Number, Grantees: want, Executor: custodian})
		}
	}
	return len(bodies), d.proposeAndSync(ctx, bodies)
}

// OldShares says, for a recovery key that is not the present one, how many of its shares are known to be destroyed.
type OldShares struct {
	_         struct{} `cbor:",toarray" json:"-"`
	Shares    uint     `json:"shares"`
	Threshold uint     `json:"threshold"`
	Destroyed uint     `json:"confirmed_destroyed"`
	Height    uint64   `json:"ledger_height"` // of the order that named it
}

// Rid reports whether so few shares may be left that they open nothing.
func (o OldShares) Rid() bool { return o.Destroyed >= o.Shares-o.Threshold+1 }

// FormerCustody lists the recovery keys before the present one, oldest first.
func FormerCustody(log *ledger.Log) (out []OldShares, err error) {
	state := log.State()
	for i, entry := range log.Entries(1) {
		_, bodies, err := orderOf(entry)
		if err != nil {
			return nil, err
		}
		for _, b := range bodies {
			c, ok := b.(*ledger.Custody)
			if !ok {
				continue
			}
			old := OldShares{Shares: c.Shares, Threshold: c.Threshold, Height: uint64(i + 1)}
			for n, share := range c.Commitments {
				if slices.ContainsFunc(state.Attestations(), func(a ledger.Attestation) bool {
					return a.Device == c.Custodians[n] && slices.Contains(a.Destroyed, share) && renewedSince(state, a.Device, a.Height)
				}) {
					old.Destroyed++
				}
			}
			out = append(out, old)
		}
	}
	if len(out) > 0 {
		out = out[:len(out)-1]
	}
	return out, nil
}

// Recover opens with handed shares what nobody reads any more, on this officer's device, which must be a custodian's, and
// wraps it to those who may read it. An order that is missing is given first.
func (d *Desk) Recover(ctx context.Context, shares []profile.HandedShare) (int, error) {
	if _, err := d.Sync(ctx); err != nil {
		return 0, err
	}
	if _, err := d.OrderRecovery(ctx, d.p.Keys.Device); err != nil {
		return 0, err
	}
	return d.exchange().Recover(ctx, shares)
}
