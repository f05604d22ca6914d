package dpo

import (
	"context"
	"slices"
	"time"

	"escale/clients/profile"
	"escale/crypto/key"
	"escale/crypto/ledger"
	"escale/schema"
	"escale/schema/canon"
)

// Certificate says what an erasure came to, by the ledger at one head.
type Certificate struct {
	_           struct{}         `cbor:",toarray" json:"-"`
	Org         schema.Org       `json:"org"`
	Order       schema.Order     `json:"order"`
	Height      uint64           `json:"ledger_height"` // of the order
	Head        uint64           `json:"ledger_head"`   // up to which this holds
	Erased      int64            `json:"erased_at"`     // unix seconds, by the clock of who linked it
	Issued      int64            `json:"issued_at"`
	Officer     schema.Member    `json:"officer"`
	Device      schema.Device    `json:"device"`
	Records     []schema.Record  `json:"records"` // as far as readers' calls said
	Objects     []schema.Object  `json:"objects"` // their random names stay in the ledger
	Deltas      uint64           `json:"deltas"`  // known to have been replaced by their hashes
	Sets        []schema.Hash    `json:"change_sets"`
	Scopes      []CertifiedScope `json:"scopes"`
	NotAttested []schema.Device  `json:"not_attested"` // could open it, and have not stated that all their old keys are destroyed
	OldCustody  []OldShares      `json:"old_custody"`
	Complete    bool             `json:"complete"` // every key is stated to be destroyed, and old shares open nothing
}

// CertifiedScope is one scope that the erased objects lay in.
type CertifiedScope struct {
	_    struct{}     `cbor:",toarray" json:"-"`
	ID   schema.Scope `json:"id"`
	Free uint32       `json:"free_from_epoch"`
	Open []uint32     `json:"not_destroyed"` // epochs that may still open it
}

// Certify draws up the certificate of an erasure.
func (d *Desk) Certify(ctx context.Context, order schema.Order) (c Certificate, err error) {
	log := d.p.Log()
	all, err := Erasures(log)
	if err != nil {
		return c, err
	}
	i := slices.IndexFunc(all, func(e Erasure) bool { return e.Order == order })
	if i < 0 {
		return c, ErrNoErasure
	}
	e := all[i]
	c = Certificate{Org: log.Org(), Order: order, Height: e.Height, Head: log.Head().Height, Erased: d.p.LinkedAt(e.Height).Unix(),
		Issued: d.p.Now().Truncate(time.Second).Unix(), Officer: d.p.Keys.Member, Device: d.p.Keys.Device, Records: []schema.Record{},
		Objects: e.Objects, Sets: []schema.Hash{}, Scopes: []CertifiedScope{}, NotAttested: []schema.Device{}, OldCustody: []OldShares{}}
	if err := d.countCalls(ctx, &c); err != nil {
		return c, err
	}
	ended := c.addScopes(log.State(), e)
	former, err := FormerCustody(log)
	if err != nil {
		return c, err
	}
	rid := true
	for _, o := range former {
		if o.Height < e.Height {
			c.OldCustody = append(c.OldCustody, o)
			rid = rid && o.Rid()
		}
	}
	c.Complete = ended && rid && len(c.NotAttested) == 0
	return c, nil
}

func (d *Desk) countCalls(ctx context.Context, c *Certificate) error {
	calls, err := d.calls(ctx)
	if err != nil {
		return err
	}
	for _, r := range calls.Records {
		named := false
		for _, h := range r.Parts {
			if slices.Contains(c.Objects, h.Object) {
				named = true
				c.Deltas += uint64(h.Deltas)
				c.Sets = append(c.Sets, h.Sets...)
			}
		}
		if named {
			c.Records = append(c.Records, r.Record)
		}
	}
	slices.SortFunc(c.Sets, func(a, b schema.Hash) int { return slices.Compare(a[:], b[:]) })
	c.Sets = slices.Compact(c.Sets)
	return nil
}

// addScopes notes which epochs may still open what was erased, and which of their readers have not stated that their keys
// are gone. It reports whether all of those epochs are destroyed.
func (c *Certificate) addScopes(state *ledger.State, e Erasure) bool {
	ended := true
	for _, s := range e.Scopes {
		out := CertifiedScope{ID: s.Scope, Free: s.Free, Open: []uint32{}}
		for _, ep := range openBelow(state, s) {
			out.Open = append(out.Open, ep.Number)
		}
		ended = ended && len(out.Open) == 0
		c.Scopes = append(c.Scopes, out)
		sc, _ := state.Scope(s.Scope)
		for _, ep := range sc.Epochs {
			if ep.LinkedAt == 0 || ep.Number >= s.Free {
				continue
			}
			for _, id := range ep.Readers() {
				if !destroyedKeys(state, id, &ep) && !slices.Contains(c.NotAttested, id) {
					c.NotAttested = append(c.NotAttested, id)
				}
			}
		}
	}
	return ended
}

// destroyedKeys reports whether a device stated that it destroyed an epoch's key, and every KEM key to which that one may
// have been wrapped.
func destroyedKeys(state *ledger.State, id schema.Device, e *ledger.Epoch) bool {
	if e.DestroyedAt == 0 || !state.Attested(id, e.Public) {
		return false
	}
	return renewedSince(state, id, e.DestroyedAt)
}

// renewedSince reports whether a device replaced its KEM key above a height, and stated that all former ones are destroyed.
func renewedSince(state *ledger.State, id schema.Device, height uint64) bool {
	dev, ok := state.Device(id)
	if !ok || len(dev.Former) == 0 || dev.Former[len(dev.Former)-1].Until <= height {
		return false
	}
	return !slices.ContainsFunc(dev.Former, func(f ledger.FormerKEM) bool { return !profile.AttestedKEM(state, id, f.KEM) })
}

// SignedCertificate is a certificate with the signature of the officer's device over its canonical bytes.
type SignedCertificate struct {
	Certificate
	Signature []byte `json:"signature"`
}

// SignCertificate signs a certificate with the officer's device's key.
func (d *Desk) SignCertificate(c Certificate) (SignedCertificate, error) {
	b, err := canon.Encode(c)
	if err != nil {
		return SignedCertificate{}, err
	}
	s, err := d.p.SignKey().Sign(key.ContextCertificate, b)
	return SignedCertificate{c, s[:]}, err
}

// Verify reports whether the device that a certificate names signed it.
func (s SignedCertificate) Verify(state *ledger.State) error {
	b, err := canon.Encode(s.Certificate)
	if err != nil {
		return err
	}
	dev, ok := state.Device(s.Device)
	if !ok || len(s.Signature) != len(key.Signature{}) {
		return key.ErrSignature
	}
	return dev.Keys.Sign.Verify(key.ContextCertificate, b, key.Signature(s.Signature))
}
