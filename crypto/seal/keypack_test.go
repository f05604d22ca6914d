package seal_test

import (
	"bytes"
	"crypto/rand"
	"errors"
	"testing"

	"escale/crypto/envelope"
	"escale/crypto/seal"
	"escale/schema"
)

// A delta that was sealed under one epoch opens with the entry key that a pack to the next epoch carries, and with nothing
// else of the first epoch.
func TestPackCarriesAnEntryToTheNextEpoch(t *testing.T) {
	old, next := mustEpoch(t), mustEpoch(t)
	header, wrap, sealed := chain(t, old, []byte("quay"))
	e := entryOf(t, old, header, wrap)
	to := seal.EpochName{Org: name.Org, Scope: name.Scope, Number: name.Number + 1}
	writer, session, err := seal.NewSession(next.Public(), to, author)
	if err != nil {
		t.Fatal(err)
	}
	sets := []envelope.PackedSet{{Set: envelope.SetName{1}, Objects: []schema.Object{{9}}}, {Set: envelope.SetName{2}, Objects: []schema.Object{}}}
	b, err := writer.SealSegment(rand.Reader, 3, sets, e.Secret())
	if err != nil {
		t.Fatal(err)
	}
	seg, _, err := envelope.ParseSegment(b)
	if err != nil {
		t.Fatal(err)
	}
	reader, err := seal.OpenSession(next, name.Org, session)
	if err != nil {
		t.Fatal(err)
	}
	key, err := reader.OpenSegment(3, seg)
	if err != nil || !bytes.Equal(key, e.Secret()) {
		t.Fatalf("entry key: %v", err)
	}
	carried, err := seal.RestoreEntry(name.Org, name.Scope, place, schema.Object{9}, key)
	if err != nil {
		t.Fatal(err)
	}
	if plain, err := carried.Open(0, sealed); err != nil || string(plain) != "quay" {
		t.Fatalf("%q %v", plain, err)
	}
	if _, err := seal.OpenSession(old, name.Org, session); !errors.Is(err, seal.ErrWrongKey) {
		t.Errorf("the old epoch's key opens the pack: %v", err)
	}
	refuseSpoiled(t, reader, seg)
}

func refuseSpoiled(t *testing.T, reader *seal.Session, seg *envelope.Segment) {
	t.Helper()
	if _, err := reader.OpenSegment(4, seg); !errors.Is(err, seal.ErrWrongKey) {
		t.Errorf("as another segment: %v", err)
	}
	for _, spoil := range []func(*envelope.Segment){
		func(s *envelope.Segment) { s.Pairs[0] ^= 1 }, func(s *envelope.Segment) { s.Nonce[0] ^= 1 },
		func(s *envelope.Segment) { s.Keys[0] ^= 1 }, func(s *envelope.Segment) { s.Keys[len(s.Keys)-1] ^= 1 },
		func(s *envelope.Segment) { s.Keys = s.Keys[:4] },
	} {
		c := envelope.Segment{Pairs: bytes.Clone(seg.Pairs), Nonce: bytes.Clone(seg.Nonce), Keys: bytes.Clone(seg.Keys)}
		spoil(&c)
		if _, err := reader.OpenSegment(3, &c); !errors.Is(err, seal.ErrWrongKey) && !errors.Is(err, seal.ErrDamaged) {
			t.Errorf("a spoiled segment: %v", err)
		}
	}
}

// What is derived for many objects at once is what is derived for each.
func TestEntryKeysAreThoseOfEntries(t *testing.T) {
	s, _, err := seal.NewSession(mustEpoch(t).Public(), name, author)
	if err != nil {
		t.Fatal(err)
	}
	c, _, err := s.NewChangeSet(rand.Reader, place)
	if err != nil {
		t.Fatal(err)
	}
	objects := []schema.Object{{1}, {2}, {0xff}}
	keys, err := c.EntryKeys(objects)
	if err != nil || len(keys) != len(objects)*envelope.SecretSize {
		t.Fatalf("%d bytes: %v", len(keys), err)
	}
	for i, o := range objects {
		e, err := c.Entry(o)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(e.Secret(), keys[i*envelope.SecretSize:(i+1)*envelope.SecretSize]) {
			t.Errorf("object %d has another key", i)
		}
	}
}
