package envelope_test

import (
	"bytes"
	"errors"
	"testing"

	"escale/crypto/envelope"
	"escale/schema"
	"escale/schema/canon"
)

func keyPack(t testing.TB) *envelope.KeyPack {
	s := session()
	s.Scope, s.Epoch = schema.Scope{3}, 4
	header, err := s.Encode()
	if err != nil {
		t.Fatal(err)
	}
	p := envelope.NewKeyPack(schema.Org{1}, s.Scope, s.Epoch, schema.Hash{5}, schema.Hash{6}, header)
	p.Segments = append(p.Segments, envelope.SegmentRef{Blob: schema.Hash{7}, Sets: 2, Entries: 3}, envelope.SegmentRef{Blob: schema.Hash{8}, Sets: 1})
	return p
}

func packedSets() []envelope.PackedSet {
	return []envelope.PackedSet{
		{Set: envelope.SetName{1}, Objects: []schema.Object{{2}, {3}}}, {Set: envelope.SetName{4}, Objects: []schema.Object{}},
	}
}

func segment(t testing.TB, entries int) []byte {
	s := envelope.Segment{Pairs: envelope.EncodePairs(packedSets()), Nonce: make([]byte, envelope.NonceSize),
		Keys: make([]byte, envelope.CommitmentSize+envelope.TagSize+entries*envelope.SecretSize)}
	b, err := s.Encode()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestKeyPackIsReadBack(t *testing.T) {
	p := keyPack(t)
	b, err := p.Encode()
	if err != nil {
		t.Fatal(err)
	}
	got, err := envelope.ParseKeyPack(b)
	if err != nil || got.Entries() != 3 || got.Before != p.Before || got.Cut != p.Cut || len(got.Segments) != 2 {
		t.Fatalf("%+v %v", got, err)
	}
	_, sets, err := envelope.ParseSegment(segment(t, 2))
	if err != nil || len(sets) != 2 || sets[0].Objects[1] != (schema.Object{3}) || len(sets[1].Objects) != 0 {
		t.Fatalf("%+v %v", sets, err)
	}
}

func TestKeyPacksThatCannotBeAreRefused(t *testing.T) {
	for what, spoil := range map[string]func(*envelope.KeyPack){
		"another suite":         func(p *envelope.KeyPack) { p.Suite++ },
		"a session elsewhere":   func(p *envelope.KeyPack) { p.Scope[0]++ },
		"another epoch":         func(p *envelope.KeyPack) { p.Epoch++ },
		"a segment of nothing":  func(p *envelope.KeyPack) { p.Segments[0].Sets = 0 },
		"a segment too large":   func(p *envelope.KeyPack) { p.Segments[0].Entries = envelope.MaxPackEntries + 1 },
		"null for no segments":  func(p *envelope.KeyPack) { p.Segments = nil },
		"no session":            func(p *envelope.KeyPack) { p.Session = []byte{} },
		"a pack to the first":   func(p *envelope.KeyPack) { p.Epoch = 1 },
		"more than its session": func(p *envelope.KeyPack) { p.Session = append(p.Session, 0) },
	} {
		p := keyPack(t)
		spoil(p)
		b, err := p.Encode()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := envelope.ParseKeyPack(b); !errors.Is(err, envelope.ErrEnvelope) && !errors.Is(err, canon.ErrFormat) {
			t.Errorf("%s: %v", what, err)
		}
	}
	for _, b := range [][]byte{segment(t, 1), segment(t, 3), segment(t, 2)[1:], nil, make([]byte, 2<<20)} {
		if _, _, err := envelope.ParseSegment(b); err == nil {
			t.Errorf("a segment of %d bytes is taken", len(b))
		}
	}
}

func FuzzParseKeyPack(f *testing.F) {
	b, err := keyPack(f).Encode()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Add(b[:60])
	f.Fuzz(func(t *testing.T, b []byte) {
		p, err := envelope.ParseKeyPack(b)
		if err != nil {
			return
		}
		if again, err := p.Encode(); err != nil || !bytes.Equal(again, b) {
			t.Fatalf("one manifest has two encodings: %v", err)
		}
	})
}

func FuzzParseSegment(f *testing.F) {
	f.Add(segment(f, 2))
	f.Add(segment(f, 2)[:30])
	f.Fuzz(func(t *testing.T, b []byte) {
		s, sets, err := envelope.ParseSegment(b)
		if err != nil {
			return
		}
		if !bytes.Equal(envelope.EncodePairs(sets), s.Pairs) {
			t.Fatal("names have two encodings")
		}
	})
}
