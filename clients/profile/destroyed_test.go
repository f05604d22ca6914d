package profile_test

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"testing"

	"escale/crypto/ledger"
	"escale/schema"
	"escale/store/agentdb"
	"escale/sync/wire"
)

// TestDestroyedKeysAreNowhere looks for the sealed bytes of a destroyed epoch's key in every file of each laptop, journals
// and free pages included, and asks the hub for the wraps.
func TestDestroyedKeysAreNowhere(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	o, a, b := calais(t)
	s := a.admin()
	a.create(s, opOf("lww", "before"))
	settle(a, b)
	old := map[string][]byte{a.name: sealedKey(t, a, s), b.name: sealedKey(t, b, s)}
	first, _ := o.scopeState(s).Current()
	wraps := o.wrapNames(t, first.Wraps)
	o.rotate(s)
	settle(a, b)
	o.closeAndDestroy(t, s, a, b)
	for _, l := range []*laptop{a, b} {
		for _, name := range must[[]string](t)(glob(l.dir())) {
			data := must[[]byte](t)(os.ReadFile(name))
			if bytes.Contains(data, old[l.name][:32]) {
				t.Errorf("%s still holds the destroyed key in %s", l.name, filepath.Base(name))
			}
		}
		if !o.boss.Log().State().Attested(l.keys.Device, first.Public) {
			t.Errorf("%s attested nothing", l.name)
		}
	}
	got := must[wire.Blobs](t)(o.hub.GetBlobs(ctx, a.keys.Device, wire.BlobNames{Names: wraps}))
	for i, blob := range got.Blobs {
		if len(blob) > 0 {
			t.Errorf("the hub still serves wrap %d of a destroyed epoch", i)
		}
	}
}

// wrapNames returns the names of lists of wraps and of the wraps in them.
func (o *org) wrapNames(t *testing.T, lists []schema.Hash) []schema.Hash {
	t.Helper()
	out := lists
	got := must[wire.Blobs](t)(o.hub.GetBlobs(context.Background(), o.keys.Device, wire.BlobNames{Names: lists}))
	for _, b := range got.Blobs {
		for _, e := range must[*ledger.WrapList](t)(ledger.DecodeWrapList(b)).Entries {
			out = append(out, e.Wrap)
		}
	}
	if len(out) < 2*len(lists) {
		t.Fatalf("%d names for %d lists", len(out), len(lists))
	}
	return out
}

// sealedKey returns an epoch's key as it lies in a laptop's store.
func sealedKey(t *testing.T, l *laptop, s schema.Scope) (out []byte) {
	t.Helper()
	copied := l.image(l.name + "-looked-into")
	db := must[*agentdb.DB](t)(agentdb.Open(context.Background(), filepath.Join(copied.dir(), "store")))
	ok(t, db.Update(context.Background(), func(tx *agentdb.Tx) error {
		return tx.EpochKeys(func(scope schema.Scope, _ uint32, sealed []byte) error {
			if scope == s {
				out = sealed
			}
			return nil
		})
	}))
	ok(t, db.Close())
	if len(out) < 32 {
		t.Fatal("no key to look for")
	}
	return out
}
