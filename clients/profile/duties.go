package profile

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"escale/crypto/envelope"
	"escale/crypto/ledger"
	"escale/crypto/seal"
	"escale/schema"
	"escale/schema/pack"
	"escale/store/agentdb"
	"escale/sync/wire"
)

// ErrBlob reports a blob that is missing at the hub or is not the one that was named.
var ErrBlob = errors.New("the hub does not serve what the ledger names")

// Attend does what the ledger asks of this device: it makes the epochs and wraps the keys that officers ordered, takes
// the keys that it was granted, re-wraps keys and confirms what others re-wrapped, forgets what was destroyed, reads the
// directory, and fetches its form bundles. It reports whether there was anything to do.
func (x Exchange) Attend(ctx context.Context) (bool, error) {
	_, err := x.Self()
	if errors.Is(err, ErrNotEnrolled) {
		return false, nil // nothing is asked of it yet
	}
	if err != nil || !x.served() {
		return false, err // of one that is revoked nothing is asked but what it wrote
	}
	if err := x.settle(ctx); err != nil {
		return false, err
	}
	busy := false
	var failed error // one duty that cannot be done keeps no other from being done
	for _, duty := range []func(context.Context) (bool, error){
		x.offerBlobs, x.takeKeys, x.execute, x.takeCuts, x.takePacks, x.writePacks, x.confirmPacks, x.forgetDestroyed, x.keepShare, x.renewKEM, x.readOn, x.fetchBundles, x.takeHorizon,
	} {
		did, err := duty(ctx)
		failed = errors.Join(failed, err)
		busy = busy || did
	}
	if busy {
		failed = errors.Join(failed, x.OpenWaiting(ctx))
	}
	return busy, failed
}

// readOn opens what waited for a key and reads the directory again if anything came.
func (x Exchange) readOn(ctx context.Context) (bool, error) {
	before := len(x.waiting)
	if err := x.OpenWaiting(ctx); err != nil {
		return false, err
	}
	if x.directoryRead {
		return len(x.waiting) != before, nil
	}
	return len(x.waiting) != before, x.ReadDirectory(ctx)
}

// wanted is a wrap for this device that the ledger names.
type wanted struct {
	name   seal.EpochName
	order  schema.Order
	public ledger.Epoch
	list   schema.Hash
}

// takeKeys fetches and opens the epoch keys that were granted to this device and that it lacks. A wrap that is missing
// or wrong is reported, and the other keys are taken.
func (x Exchange) takeKeys(ctx context.Context) (took bool, err error) {
	want := x.missingKeys()
	var failed error
	for len(want) > 0 {
		n := min(len(want), 512)
		did, err := x.takeSome(ctx, want[:n])
		took, failed = took || did, errors.Join(failed, err)
		want = want[n:]
	}
	return took, failed
}

func (x Exchange) missingKeys() (out []wanted) {
	for _, s := range x.log.State().Scopes() {
		for _, e := range s.Epochs {
			if e.Status != ledger.Open && e.Status != ledger.Closed {
				continue
			}
			if _, held := x.epochKey(s.ID, e); held {
				continue
			}
			w := wanted{name: seal.EpochName{Org: x.Keys.Org, Scope: s.ID, Number: e.Number}, public: e}
			if slices.Contains(e.Grantees, x.Keys.Device) && len(e.Wraps) > 0 {
				w.order, w.list = e.Order, e.Wraps[0]
				out = append(out, w)
				continue
			}
			for _, g := range e.Grants {
				if g.LinkedAt > 0 && slices.Contains(g.Grantees, x.Keys.Device) {
					w.order, w.list = g.Order, g.Wraps
					out = append(out, w)
					break
				}
			}
		}
	}
	return out
}

func (x Exchange) takeSome(ctx context.Context, want []wanted) (bool, error) {
	lists, err := x.fetch(ctx, want, func(w wanted) schema.Hash { return w.list })
	if err != nil {
		return false, err
	}
	var failed error
	var found []wanted
	names := map[schema.Hash]schema.Hash{}
	for i, w := range want {
		h, err := x.wrapFor(w, lists[i])
		if err != nil {
			failed = errors.Join(failed, err)
			continue
		}
		names[w.list] = h
		found = append(found, w)
	}
	if len(found) == 0 {
		return false, failed
	}
	wraps, err := x.fetch(ctx, found, func(w wanted) schema.Hash { return names[w.list] })
	if err != nil {
		return false, errors.Join(failed, err)
	}
	took, err := x.keepKeys(ctx, found, wraps)
	return took, errors.Join(failed, err)
}

// wrapFor finds the wrap for this device in a list.
func (x Exchange) wrapFor(w wanted, b []byte) (h schema.Hash, err error) {
	if envelope.BlobID(b) != w.list {
		return h, fmt.Errorf("%w: list of wraps %v", ErrBlob, w.list)
	}
	list, err := ledger.DecodeWrapList(b)
	if err != nil {
		return h, fmt.Errorf("list of wraps: %w", err)
	}
	h, ok := list.Wrap(x.Keys.Device)
	if !ok || list.Scope != w.name.Scope || list.Number != w.name.Number {
		return h, fmt.Errorf("%w: no wrap for this device", ErrBlob)
	}
	return h, nil
}

func (x Exchange) keepKeys(ctx context.Context, want []wanted, wraps [][]byte) (took bool, failed error) {
	keys := map[seal.EpochName]seal.EpochPrivate{}
	for i, w := range want {
		k, err := seal.UnwrapEpoch(x.keys.kem, w.name, w.order, x.Keys.Device, w.public.Public, wraps[i])
		if err != nil {
			failed = errors.Join(failed, fmt.Errorf("wrap for epoch %d of scope %v: %w", w.name.Number, w.name.Scope, err))
			continue
		}
		keys[w.name] = k
	}
	if len(keys) == 0 {
		return false, failed
	}
	err := x.update(ctx, func(tx *agentdb.Tx) error {
		for name, k := range keys {
			if err := x.putEpochKey(tx, name, k); err != nil {
				return err
			}
		}
		return nil
	})
	return err == nil, errors.Join(failed, err)
}

// fetch gets one blob for each wanted key; whoever uses one checks that it is the one that was named.
func (x Exchange) fetch(ctx context.Context, want []wanted, name func(wanted) schema.Hash) ([][]byte, error) {
	ask := wire.BlobNames{Names: make([]schema.Hash, len(want))}
	for i, w := range want {
		ask.Names[i] = name(w)
	}
	return x.getBlobs(ctx, ask)
}

func (x Exchange) getBlobs(ctx context.Context, ask wire.BlobNames) ([][]byte, error) {
	got, err := x.Blobs.GetBlobs(ctx, ask)
	if err != nil {
		return nil, fmt.Errorf("fetch blobs: %w", err)
	}
	if len(got.Blobs) != len(ask.Names) {
		return nil, fmt.Errorf("%w: %d blobs for %d names", ErrBlob, len(got.Blobs), len(ask.Names))
	}
	return got.Blobs, nil
}

func (x Exchange) fetchBlobs(ctx context.Context, ask wire.BlobNames) ([][]byte, error) {
	blobs, err := x.getBlobs(ctx, ask)
	if err != nil {
		return nil, err
	}
	for i, b := range blobs {
		if envelope.BlobID(b) != ask.Names[i] {
			return nil, fmt.Errorf("%w: blob %v", ErrBlob, ask.Names[i])
		}
	}
	return blobs, nil
}

func (p *Profile) putEpochKey(tx *agentdb.Tx, name seal.EpochName, k seal.EpochPrivate) error {
	sealed, err := p.keys.storage.Seal("epoch", name.Scope[:], k.Seed())
	if err != nil {
		return err
	}
	if err := tx.PutEpochKey(name.Scope, name.Number, sealed); err != nil {
		return err
	}
	p.epochs[epochID{name.Scope, name.Number}] = k
	return nil
}

// Link puts officers' order, or results, into the ledger.
func (x Exchange) Link(ctx context.Context, payload ledger.Payload) error {
	return x.link(ctx, payload)
}

// fetchBundles gets the form bundles of the sites that this device reads or writes; officers get all.
func (x Exchange) fetchBundles(ctx context.Context) (busy bool, err error) {
	need := x.bundleNames()
	for _, k := range x.directory.AllBundles {
		if _, ok := x.bundles[k.Pack]; ok || !need[k.Name] {
			continue
		}
		blobs, err := x.fetchBlobs(ctx, wire.BlobNames{Names: []schema.Hash{k.Blob}})
		if err != nil {
			return busy, err
		}
		encoded, err := OpenBundle(k, blobs[0])
		if err != nil {
			return busy, err
		}
		name, err := x.PutBundle(ctx, encoded)
		if err != nil {
			return busy, err
		}
		if name != k.Pack {
			return busy, fmt.Errorf("%w: form bundle", ErrBlob)
		}
		busy = true
	}
	return busy, nil
}

func (x Exchange) bundleNames() map[string]bool {
	need := map[string]bool{}
	self, err := x.Self()
	if err != nil {
		return need
	}
	if x.log.State().IsOfficersDevice(x.Keys.Device) {
		for _, k := range x.directory.AllBundles {
			need[k.Name] = true
		}
		return need
	}
	terms := self.Now()
	for _, list := range [][]schema.Scope{terms.Read, terms.Write} {
		for _, s := range list {
			if name, ok := x.directory.Scopes[s]; ok {
				need[x.directory.BundleOf[name.Site]] = true
			}
		}
	}
	return need
}

// SealBundle seals an encoded form bundle for the hub and returns the blob with what opens it.
func (p *Profile) SealBundle(name string, version uint64, b *pack.Bundle) (blob []byte, k BundleKey, err error) {
	k = BundleKey{Name: name, Version: version, Pack: schema.PackOf(b.Hash())}
	if k.Key, err = seal.NewStorageKey(p.opts.Rand); err != nil {
		return nil, k, err
	}
	s, err := seal.NewStorage(k.Key, p.opts.Rand)
	if err != nil {
		return nil, k, err
	}
	blob, err = s.Seal("bundle-blob", k.Pack[:], b.Encode())
	k.Blob = envelope.BlobID(blob)
	return blob, k, err
}

// OpenBundle opens a form bundle's blob.
func OpenBundle(k BundleKey, blob []byte) ([]byte, error) {
	s, err := seal.NewStorage(k.Key, nil)
	if err != nil {
		return nil, err
	}
	return s.Open("bundle-blob", k.Pack[:], blob)
}
