package home_test

import (
	"context"
	"crypto/rand"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"escale/clients/home"
	"escale/clients/profile"
	"escale/crypto/vault"
	"escale/store/agentdb"
)

func ok(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func newHome(t *testing.T) *home.Home {
	t.Helper()
	return &home.Home{Dir: filepath.Join(t.TempDir(), "a folder #1? 100%"), Params: vault.Params{Time: 3, MemoryKiB: 64 << 10, Threads: 1}, Clock: time.Now, Rand: rand.Reader}
}

func words(s string) vault.Secret { return vault.NewSecret([]byte(s)) }

const passphrase, another = "seven invented words for one test", "seven other words for the same test"

func create(t *testing.T, h *home.Home, n int) *profile.Profile {
	t.Helper()
	keys, err := profile.NewKeys(rand.Reader, false)
	ok(t, err)
	p, err := h.Create(context.Background(), n, words(passphrase), keys)
	ok(t, err)
	return p
}

func TestLifeOfAProfile(t *testing.T) {
	ctx := context.Background()
	h := newHome(t)
	if _, err := h.Unlock(ctx, 1, words(passphrase)); !errors.Is(err, home.ErrNoProfile) {
		t.Fatalf("%v", err)
	}
	p := create(t, h, 1)
	device := p.Keys.Device
	if _, err := h.Unlock(ctx, 1, words(passphrase)); !errors.Is(err, agentdb.ErrInUse) {
		t.Errorf("opened twice: %v", err)
	}
	ok(t, p.Keep(ctx, "secret", []byte("kept")))
	ok(t, p.Close())
	if _, err := h.Unlock(ctx, 1, words(another)); !errors.Is(err, vault.ErrWrongPassphrase) {
		t.Errorf("%v", err)
	}
	keys, err := profile.NewKeys(rand.Reader, false)
	ok(t, err)
	if _, err := h.Create(ctx, 1, words(passphrase), keys); !errors.Is(err, home.ErrExists) {
		t.Errorf("%v", err)
	}
	ok(t, h.ChangePassphrase(1, words(passphrase), words(another)))
	p, err = h.Unlock(ctx, 1, words(another))
	ok(t, err)
	if kept, err := p.Kept(ctx, "secret"); err != nil || string(kept) != "kept" || p.Keys.Device != device {
		t.Errorf("%q %v", kept, err)
	}
	ok(t, p.Close())
	ok(t, create(t, h, 2).Close())
	ns, err := h.Profiles()
	ok(t, err)
	if !slices.Equal(ns, []int{1, 2}) {
		t.Errorf("%v", ns)
	}
}

// TestABrokenOffWipeIsNotInTheWay kills a wipe after it destroyed the vault.
func TestABrokenOffWipeIsNotInTheWay(t *testing.T) {
	h := newHome(t)
	ok(t, create(t, h, 1).Close())
	ok(t, vault.Destroy(filepath.Join(h.Dir, "1", "vault"), rand.Reader))
	if ns, err := h.Profiles(); err != nil || len(ns) != 0 {
		t.Fatalf("%v %v", ns, err)
	}
	ok(t, create(t, h, 1).Close())
	for range 2 { // the second finds nothing to do
		ok(t, h.Wipe(1))
	}
	if _, err := os.Stat(filepath.Join(h.Dir, "1")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the folder is still there: %v", err)
	}
	ok(t, create(t, h, 1).Close())
}
