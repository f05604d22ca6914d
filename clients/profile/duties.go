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
// the keys that it was granted, reads the directory, and fetches its form bundles. It reports whether there was anything
// to do.
func (x Exchange) Attend(ctx context.Context) (bool, error) {
	_, err := x.Self()
	if errors.Is(err, ErrNotEnrolled) {
		return false, nil // nothing is asked of it yet
	}
	if err != nil {
		return false, err
	}
	busy := false
	for _, duty := range []func(context.Context) (bool, error){x.takeKeys, x.execute, x.readOn, x.fetchBundles} {
		did, err := duty(ctx)
		if err != nil {
			return busy, err
		}
		busy = busy || did
	}
	if !busy {
		return false, nil
	}
	return true, x.OpenWaiting(ctx)
}

// readOn opens what waited for a key and reads the directory again if anything came.
func (x Exchange) readOn(ctx context.Context) (bool, error) {
	before := len(x.waiting)
	if err := x.OpenWaiting(ctx); err != nil {
		return false, err
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

// takeKeys fetches and opens the epoch keys that were granted to this device and that it lacks.
func (x Exchange) takeKeys(ctx context.Context) (bool, error) {
	want := x.missingKeys()
	busy := len(want) > 0
	for len(want) > 0 {
		n := min(len(want), 512)
		if err := x.takeSome(ctx, want[:n]); err != nil {
			return busy, err
		}
		want = want[n:]
	}
	return busy, nil
}

func (x Exchange) missingKeys() (out []wanted) {
	for _, s := range x.log.State().Scopes() {
		for _, e := range s.Epochs {
			if e.Status != ledger.Open && e.Status != ledger.Closed {
				continue
			}
			if k, ok := x.epochs[epochID{s.ID, e.Number}]; ok && k.Public() == e.Public {
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

func (x Exchange) takeSome(ctx context.Context, want []wanted) error {
	lists, err := x.fetch(ctx, want, func(w wanted) schema.Hash { return w.list })
	if err != nil {
		return err
	}
	names := map[schema.Hash]schema.Hash{}
	for i, w := range want {
		list, err := ledger.DecodeWrapList(lists[i])
		if err != nil {
			return fmt.Errorf("list of wraps: %w", err)
		}
		h, ok := list.Wrap(x.Keys.Device)
		if !ok || list.Scope != w.name.Scope || list.Number != w.name.Number {
			return fmt.Errorf("%w: no wrap for this device", ErrBlob)
		}
		names[w.list] = h
	}
	wraps, err := x.fetch(ctx, want, func(w wanted) schema.Hash { return names[w.list] })
	if err != nil {
		return err
	}
	return x.keepKeys(ctx, want, wraps)
}

func (x Exchange) keepKeys(ctx context.Context, want []wanted, wraps [][]byte) error {
	return x.db.Update(ctx, func(tx *agentdb.Tx) error {
		for i, w := range want {
			k, err := seal.UnwrapEpoch(x.keys.kem, w.name, w.order, x.Keys.Device, w.public.Public, wraps[i])
			if err != nil {
				return err
			}
			if err := x.putEpochKey(tx, w.name, k); err != nil {
				return err
			}
		}
		return nil
	})
}

// fetch gets one blob for each wanted key and checks that it is the one that was named.
func (x Exchange) fetch(ctx context.Context, want []wanted, name func(wanted) schema.Hash) ([][]byte, error) {
	ask := wire.BlobNames{Names: make([]schema.Hash, len(want))}
	for i, w := range want {
		ask.Names[i] = name(w)
	}
	return x.fetchBlobs(ctx, ask)
}

func (x Exchange) fetchBlobs(ctx context.Context, ask wire.BlobNames) ([][]byte, error) {
	got, err := x.Blobs.GetBlobs(ctx, ask)
	if err != nil {
		return nil, fmt.Errorf("fetch blobs: %w", err)
	}
	if len(got.Blobs) != len(ask.Names) {
		return nil, fmt.Errorf("%w: %d blobs for %d names", ErrBlob, len(got.Blobs), len(ask.Names))
	}
	for i, b := range got.Blobs {
		if envelope.BlobID(b) != ask.Names[i] {
			return nil, fmt.Errorf("%w: blob %v", ErrBlob, ask.Names[i])
		}
	}
	return got.Blobs, nil
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

// execute carries out the orders that name this device as executor, and links the results in one entry.
func (x Exchange) execute(ctx context.Context) (bool, error) {
	var results ledger.Results
	var blobs [][]byte
	state := x.log.State()
	for _, s := range state.Scopes() {
		for _, e := range s.Epochs {
			rs, bs, err := x.executeEpoch(ctx, s.ID, &e)
			if err != nil {
				return false, err
			}
			results, blobs = append(results, rs...), append(blobs, bs...)
		}
		if len(results) >= ledger.MaxResults/8 {
			break
		}
	}
	if len(results) == 0 {
		return false, nil
	}
	for len(blobs) > 0 {
		n := min(len(blobs), 1024)
		if err := x.Blobs.PutBlobs(ctx, wire.Blobs{Blobs: blobs[:n]}); err != nil {
			return false, fmt.Errorf("store wraps: %w", err)
		}
		blobs = blobs[n:]
	}
	return true, x.link(ctx, results)
}

func (x Exchange) executeEpoch(ctx context.Context, scope schema.Scope, e *ledger.Epoch) (rs ledger.Results, blobs [][]byte, err error) {
	name := seal.EpochName{Org: x.Keys.Org, Scope: scope, Number: e.Number}
	if e.Status == ledger.Ordered && e.Executor == x.Keys.Device {
		k, err := x.epochToBe(ctx, name)
		if err != nil {
			return nil, nil, err
		}
		list, wraps, err := x.wrap(k, name, e.Order, e.Grantees)
		if err != nil {
			return nil, nil, err
		}
		hash, blobs := envelope.BlobID(list), append(wraps, list)
		return ledger.Results{&ledger.EpochResult{Order: e.Order, Scope: scope, Number: e.Number, Public: k.Public(), Wraps: hash}}, blobs, nil
	}
	k, held := x.epochs[epochID{scope, e.Number}]
	if !held || e.Status != ledger.Open {
		return nil, nil, nil
	}
	for _, g := range e.Grants {
		if g.LinkedAt > 0 || g.Executor != x.Keys.Device {
			continue
		}
		list, wraps, err := x.wrap(k, name, g.Order, g.Grantees)
		if err != nil {
			return nil, nil, err
		}
		rs = append(rs, &ledger.GrantResult{Order: g.Order, Scope: scope, Number: e.Number, Wraps: envelope.BlobID(list)})
		blobs = append(append(blobs, wraps...), list)
	}
	return rs, blobs, nil
}

// epochToBe returns the key of an epoch that this device is to make. It is durable before anything of it is published,
// and a second attempt uses the same key.
func (x Exchange) epochToBe(ctx context.Context, name seal.EpochName) (seal.EpochPrivate, error) {
	if k, ok := x.epochs[epochID{name.Scope, name.Number}]; ok {
		return k, nil
	}
	k, err := seal.NewEpoch(x.opts.Rand)
	if err != nil {
		return k, err
	}
	return k, x.db.Update(ctx, func(tx *agentdb.Tx) error { return x.putEpochKey(tx, name, k) })
}

// wrap seals an epoch's key to each grantee and returns the list of the wraps and the wraps.
func (x Exchange) wrap(k seal.EpochPrivate, name seal.EpochName, order schema.Order, grantees []schema.Device) ([]byte, [][]byte, error) {
	state := x.log.State()
	var entries []ledger.WrapEntry
	var wraps [][]byte
	for _, g := range grantees {
		d, ok := state.Device(g)
		if !ok {
			return nil, nil, fmt.Errorf("%w: grantee %v", ErrNotEnrolled, g)
		}
		w, err := seal.WrapEpoch(k, name, order, g, d.Keys.KEM)
		if err != nil {
			return nil, nil, err
		}
		wraps = append(wraps, w)
		entries = append(entries, ledger.WrapEntry{Grantee: g, Wrap: envelope.BlobID(w)})
	}
	if custody, ok := state.CustodyKey(); ok {
		w, err := seal.WrapEpochToCustody(k, name, order, custody)
		if err != nil {
			return nil, nil, err
		}
		wraps = append(wraps, w)
		entries = append(entries, ledger.WrapEntry{Grantee: ledger.CustodyGrantee(), Wrap: envelope.BlobID(w)})
	}
	list, err := ledger.NewWrapList(name.Scope, name.Number, entries)
	if err != nil {
		return nil, nil, err
	}
	b, err := list.Encode()
	return b, wraps, err
}

// link signs an entry with this device's key, appends it at the hub, and follows it.
func (x Exchange) link(ctx context.Context, payload ledger.Payload) error {
	entry, err := ledger.NewLink(x.log, x.Keys.Device, x.keys.sign, payload, x.opts.Clock().UnixMilli())
	if err != nil {
		return err
	}
	if err := x.log.Verify(entry); err != nil {
		return fmt.Errorf("ledger: %w", err)
	}
	if _, err := x.Blobs.Append(ctx, wire.LedgerAppend{After: x.log.Head().Hash, Entries: [][]byte{entry}}); err != nil {
		return fmt.Errorf("link: %w", err)
	}
	return x.Follow(ctx, [][]byte{entry})
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
