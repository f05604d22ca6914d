package dpo

import (
	"context"
	"crypto/sha256"
	"slices"

	"escale/clients/profile"
	"escale/crypto/ledger"
	"escale/schema"
	"escale/schema/pack"
	"escale/sync/wire"
)

// Publish makes a form pack the organisation's newest. Publishing what is published already does nothing. A pack that would change
// what earlier answers mean is refused with pack.ErrSuccession.
func (d *Desk) Publish(ctx context.Context, source *pack.Source) error {
	if err := source.Follows(d.current); err != nil {
		return err
	}
	for _, name := range source.Names() {
		b, err := source.Bundle(name)
		if err != nil {
			return err
		}
		if _, err := d.p.PutBundle(ctx, b.Encode()); err != nil {
			return err
		}
	}
	if d.published(source) {
		return nil
	}
	version := uint64(1)
	if now, ok := d.p.Log().State().FormPack(); ok {
		version = now.Version + 1
	}
	order := &ledger.FormPack{Version: version}
	var blobs wire.Blobs
	var facts []profile.Fact
	for _, name := range source.Names() {
		b, err := source.Bundle(name)
		if err != nil {
			return err
		}
		k, sealed := d.sealedBefore(name, version, b)
		if !sealed {
			var blob []byte
			if blob, k, err = d.p.SealBundle(name, version, b); err != nil {
				return err
			}
			blobs.Blobs = append(blobs.Blobs, blob)
			facts = append(facts, profile.BundleFact(k))
		}
		order.Bundles = append(order.Bundles, ledger.BundleRef{ID: d.bundleID(name), Hash: k.Blob, Pack: k.Pack})
	}
	slices.SortFunc(order.Bundles, func(a, b ledger.BundleRef) int { return slices.Compare(a.ID[:], b.ID[:]) })
	if len(facts) > 0 {
		if err := d.exchange().PutBeside(ctx, blobs.Blobs); err != nil {
			return err
		}
		if err := d.p.SaveFacts(ctx, d.p.Directory().Scope, facts); err != nil {
			return err
		}
	}
	return d.propose(ctx, order)
}

// current returns the bundle that is published under a name, if it is on this laptop.
func (d *Desk) current(name string) (*pack.Bundle, bool) {
	k, ok := d.p.Directory().Bundles[name]
	if !ok {
		return nil, false
	}
	return d.p.Bundle(k.Pack)
}

// sealedBefore finds a bundle that an earlier attempt put to the hub under the same version; its order may still wait.
func (d *Desk) sealedBefore(name string, version uint64, b *pack.Bundle) (profile.BundleKey, bool) {
	k, ok := d.p.Directory().Bundles[name]
	return k, ok && k.Version == version && k.Pack == schema.PackOf(b.Hash())
}

// published reports whether the newest pack in the ledger holds exactly these bundles, and the directory their keys.
func (d *Desk) published(source *pack.Source) bool {
	now, ok := d.p.Log().State().FormPack()
	if !ok || len(now.Bundles) != len(source.Names()) {
		return false
	}
	for _, name := range source.Names() {
		b, err := source.Bundle(name)
		if err != nil {
			return false
		}
		if d.p.Directory().Bundles[name].Pack != schema.PackOf(b.Hash()) {
			return false
		}
	}
	return true
}

// bundleID is the opaque name of a bundle: the hub must not learn for which country it is.
func (d *Desk) bundleID(name string) (id [8]byte) {
	h := sha256.New()
	h.Write([]byte("escale/v1/bundle-id\x00"))
	h.Write(d.p.Directory().Scope[:])
	h.Write(d.p.Keys.Storage)
	h.Write([]byte(name))
	copy(id[:], h.Sum(nil))
	return id
}
