package profile_test

import (
	"context"
	"crypto/rand"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"escale/clients/dpo"
	"escale/clients/profile"
	"escale/crypto/ledger"
	"escale/schema/pack"
	"escale/store/agentdb"
)

// founder is an officer's laptop that has followed its own genesis.
func founder(t *testing.T) (path string, keys profile.Keys, open func() *profile.Profile) {
	t.Helper()
	ctx := context.Background()
	source, err := pack.Build(os.DirFS("../../schema/pack/starter"))
	if err != nil {
		t.Fatal(err)
	}
	if keys, err = profile.NewKeys(rand.Reader, true); err != nil {
		t.Fatal(err)
	}
	card, err := dpo.CardOf(keys)
	if err != nil {
		t.Fatal(err)
	}
	plan, err := dpo.NewPlan(rand.Reader, time.Now(), "Invented", 1, []dpo.Card{card}, []string{"paris"}, source)
	if err != nil {
		t.Fatal(err)
	}
	keys.Org = ledger.OrgOf(plan.Genesis)
	path = filepath.Join(t.TempDir(), "store")
	open = func() *profile.Profile {
		t.Helper()
		db, err := agentdb.Open(ctx, path)
		if err != nil {
			t.Fatal(err)
		}
		p, err := profile.Open(ctx, db, keys, profile.Options{Clock: time.Now, Rand: rand.Reader})
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	p := open()
	if err := p.Follow(ctx, [][]byte{plan.Genesis}); err != nil {
		t.Fatal(err)
	}
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	return path, keys, open
}

func TestVerifyFindsWhatDoesNotBelong(t *testing.T) {
	ctx := context.Background()
	path, _, open := founder(t)
	p := open()
	v, err := p.Verify(ctx, nil)
	if err != nil || v.Entries != 1 {
		t.Fatalf("%+v, %v", v, err)
	}
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	db, err := agentdb.Open(ctx, path)
	if err != nil {
		t.Fatal(err)
	}
	err = db.Update(ctx, func(tx *agentdb.Tx) error {
		stream, err := tx.AddStream(agentdb.Stream{})
		if err != nil {
			return err
		}
		_, err = tx.AddSet(agentdb.Set{Stream: stream, Seq: 1, State: agentdb.AtHub, Opened: agentdb.Done}, []byte("no change-set"))
		return err
	})
	if err := errors.Join(err, db.Close()); err != nil {
		t.Fatal(err)
	}
	p = open()
	if _, err := p.Verify(ctx, nil); !errors.Is(err, profile.ErrSetBroken) {
		t.Errorf("a foreign change-set: %v", err)
	}
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestAttachHoldsForOneOrganisation(t *testing.T) {
	ctx := context.Background()
	keys, err := profile.NewKeys(rand.Reader, true)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "store")
	open := func() *profile.Profile {
		t.Helper()
		db, err := agentdb.Open(ctx, path)
		if err != nil {
			t.Fatal(err)
		}
		p, err := profile.Open(ctx, db, keys, profile.Options{Clock: time.Now, Rand: rand.Reader})
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	p := open()
	one, other := ledger.OrgOf([]byte("one")), ledger.OrgOf([]byte("other"))
	if err := p.Attach(ctx, one); err != nil {
		t.Fatal(err)
	}
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	p = open()
	if p.Keys.Org != one {
		t.Errorf("after opening again: %v", p.Keys.Org)
	}
	if err := p.Attach(ctx, one); err != nil {
		t.Error(err)
	}
	if err := p.Attach(ctx, other); !errors.Is(err, profile.ErrOtherOrg) {
		t.Errorf("another organisation: %v", err)
	}
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
}
