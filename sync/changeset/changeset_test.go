package changeset_test

import (
	"bytes"
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"escale/crypto/key"
	"escale/schema"
	"escale/schema/canon"
	"escale/sync/changeset"
)

func TestWhatWasClosedIsRead(t *testing.T) {
	s := sample(t)
	if err := s.Verify(org, signer(t, 1).Public()); err != nil {
		t.Fatal(err)
	}
	want := sampleDeltas()
	want[0].Object = object
	for i := range want {
		if want[i].Chunks == nil {
			want[i].Chunks = []schema.Hash{}
		}
	}
	if !reflect.DeepEqual(s.Deltas, want) {
		t.Errorf("got  %+v\nwant %+v", s.Deltas, want)
	}
	if s.Header.Stream() != stream || !s.Wrapped() {
		t.Error("stream or wrap")
	}
}

func TestAnothersSignatureOrOrganisationIsRefused(t *testing.T) {
	s := sample(t)
	if err := s.Verify(org, signer(t, 2).Public()); !errors.Is(err, key.ErrSignature) {
		t.Errorf("another key: %v", err)
	}
	if err := s.Verify(schema.Org{9}, signer(t, 1).Public()); !errors.Is(err, changeset.ErrForeign) {
		t.Errorf("another organisation: %v", err)
	}
}

// TestEveryChangedByteIsRefused flips every bit, and puts null and undefined in every place.
func TestEveryChangedByteIsRefused(t *testing.T) {
	bare := draft(t, sampleDeltas()...)
	bare.Session, bare.Header.Heads = nil, nil
	bare.Deltas = bare.Deltas[:1]
	for what, s := range map[string]*changeset.Set{"full": sample(t), "bare": closed(t, bare)} {
		t.Run(what, func(t *testing.T) { changeEveryByte(t, s.Raw) })
	}
}

func changeEveryByte(t *testing.T, good []byte) {
	pub := signer(t, 1).Public()
	raw := bytes.Clone(good)
	for i := range raw {
		for _, b := range []byte{1, 2, 4, 8, 16, 32, 64, 128, good[i] ^ 0xf6, good[i] ^ 0xf7} {
			raw[i] = good[i] ^ b
			if got, err := changeset.Parse(raw); err == nil && raw[i] != good[i] && got.Verify(org, pub) == nil {
				t.Errorf("byte %d as %#02x instead of %#02x is taken", i, raw[i], good[i])
			}
		}
		raw[i] = good[i]
	}
	for n := range raw {
		if _, err := changeset.Parse(raw[:n]); err == nil {
			t.Errorf("cut to %d bytes it is taken", n)
		}
	}
	if _, err := changeset.Parse(append(bytes.Clone(raw), 0)); err == nil {
		t.Error("with a byte more it is taken")
	}
}

func TestPartsCannotBeMoved(t *testing.T) {
	deltas := sampleDeltas()
	a, b := draft(t, deltas...), draft(t, deltas[0], deltas[2], deltas[1])
	x, y := closed(t, a), closed(t, b)
	if x.Hash == y.Hash {
		t.Fatal("order of deltas is not in the hash")
	}
	// The header of one with the deltas of the other.
	i := bytes.Index(x.Raw, a.Deltas[1])
	mixed := bytes.Clone(x.Raw)
	copy(mixed[i-2:], y.Raw[i-2:])
	if _, err := changeset.Parse(mixed); err == nil {
		t.Fatal("moved deltas are taken")
	}
}

func TestErasedPartsLeaveTheirHash(t *testing.T) {
	s := sample(t)
	raw, err := s.Erase(func(o schema.Object) bool { return o == object })
	if err != nil {
		t.Fatal(err)
	}
	e, err := changeset.Parse(raw)
	if err != nil {
		t.Fatal(err)
	}
	if err := e.Verify(org, signer(t, 1).Public()); err != nil {
		t.Fatal(err)
	}
	if e.Hash != s.Hash || !e.Deltas[0].Erased || !e.Deltas[1].Erased || e.Deltas[2].Erased || len(e.Deltas[1].Sealed) != 0 {
		t.Fatalf("%+v", e.Deltas)
	}
	if bytes.Contains(raw, bytes.Repeat([]byte{8}, 16)) || bytes.Contains(raw, bytes.Repeat([]byte{10}, 16)) {
		t.Fatal("erased bytes are still there")
	}
	again, err := e.Erase(func(schema.Object) bool { return true })
	if err != nil {
		t.Fatal(err)
	}
	all, err := changeset.Parse(again)
	if err != nil || all.Hash != s.Hash || !all.Deltas[2].Erased {
		t.Fatalf("erasing the rest: %v", err)
	}
	for i := range raw {
		bad := bytes.Clone(raw)
		bad[i] ^= 0x20
		if got, err := changeset.Parse(bad); err == nil && got.Verify(org, signer(t, 1).Public()) == nil {
			t.Errorf("byte %d of the erased form changed, and it is taken", i)
		}
	}
}

// TestWhatIsThereIsNotListedAsErased: one change-set has one form on the wire for each set of erased parts.
func TestWhatIsThereIsNotListedAsErased(t *testing.T) {
	s := sample(t)
	var outer []any
	if err := canon.Decode(s.Raw, &outer); err != nil {
		t.Fatal(err)
	}
	sum := bytes.Repeat([]byte{1}, len(schema.Hash{}))
	for what, part := range map[string]uint64{"the session": 0, "the wrap": 1, "a delta": 3, "no part at all": 99} {
		outer[5] = []any{[]any{part, sum}}
		raw, err := canon.Encode(outer)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := changeset.Parse(raw); !errors.Is(err, changeset.ErrParts) {
			t.Errorf("%s: %v", what, err)
		}
	}
}

func TestBoundsAreNamed(t *testing.T) {
	many := make([]changeset.Delta, schema.MaxDeltas+1)
	for i := range many {
		many[i] = changeset.Delta{Object: object, Tags: []changeset.Tagged{{Tag: schema.Tag{1}}}, Sealed: []byte{}}
	}
	heads := draft(t, sampleDeltas()...)
	heads.Header.Heads = make([]changeset.Head, schema.MaxHeads+1)
	tags := changeset.Delta{Object: object}
	for i := range schema.MaxTags + 1 {
		tags.Tags = append(tags.Tags, changeset.Tagged{Tag: schema.Tag{1, byte(i), byte(i >> 8)}})
	}
	big := changeset.Delta{Object: object, Tags: tags.Tags[:1], Sealed: make([]byte, schema.MaxSealed)}
	for what, d := range map[string]changeset.Draft{
		"deltas": draft(t, many...), "heads": heads, "tags": draft(t, tags), "bytes": draft(t, big, big, big), "none": draft(t),
	} {
		if _, err := d.Close(signer(t, 1)); !errors.Is(err, changeset.ErrBound) {
			t.Errorf("%s: %v", what, err)
		}
	}
	big.Sealed = make([]byte, schema.MaxSealed+1)
	if _, err := changeset.EncodeDelta(&big); !errors.Is(err, changeset.ErrBound) || !strings.Contains(err.Error(), "98304") {
		t.Errorf("sealed part: %v", err)
	}
}

func TestContextsThatCannotBeAreRefused(t *testing.T) {
	one := []changeset.Tagged{{Tag: schema.Tag{1}}}
	for what, d := range map[string]changeset.Delta{
		"sees itself":           {Object: object, Own: changeset.Own{Count: 1}, Tags: one},
		"before the first":      {Object: object, Own: changeset.Own{Back: 1, Count: 1}, Tags: one},
		"head that is not":      {Object: object, Heads: []uint32{2}, Tags: one},
		"creation with tags":    {Create: true, Tags: one},
		"edit without tags":     {Object: object},
		"creation with context": {Create: true, Heads: []uint32{0}},
		"tag zero":              {Object: object, Tags: []changeset.Tagged{{}}},
		"unknown class":         {Object: object, Tags: []changeset.Tagged{{Tag: schema.Tag{1}, Class: 2}}},
	} {
		dr := draft(t, d)
		if _, err := dr.Close(signer(t, 1)); !errors.Is(err, changeset.ErrMalformed) {
			t.Errorf("%s: %v", what, err)
		}
	}
}

func TestHeadersThatCannotBeAreRefused(t *testing.T) {
	for what, change := range map[string]func(*changeset.Draft){
		"first with predecessor":    func(d *changeset.Draft) { d.Header.Prev = schema.Hash{1} },
		"second without":            func(d *changeset.Draft) { d.Header.Seq = 2 },
		"sequence zero":             func(d *changeset.Draft) { d.Header.Seq = 0 },
		"session of another epoch":  func(d *changeset.Draft) { d.Header.Epoch = 2 },
		"session of another device": func(d *changeset.Draft) { d.Header.Device = schema.Device{9} },
		"session of another scope":  func(d *changeset.Draft) { d.Header.Scope = schema.Scope{9} },
		"another session":           func(d *changeset.Draft) { d.Header.Session = schema.Hash{9} },
		"short wrap":                func(d *changeset.Draft) { d.Wrap = d.Wrap[1:] },
	} {
		d := draft(t, changeset.Delta{Create: true})
		change(&d)
		if _, err := d.Close(signer(t, 1)); !errors.Is(err, changeset.ErrMalformed) && !errors.Is(err, changeset.ErrParts) {
			t.Errorf("%s: %v", what, err)
		}
	}
}

// TestGolden: what version 1 wrote is read for ever, and is what this program writes.
func TestGolden(t *testing.T) {
	path := filepath.Join("testdata", "v1.hex")
	got := hex.EncodeToString(sample(t).Raw) + "\n"
	if os.Getenv("WRITE_GOLDEN") != "" {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(want) != got {
		t.Error("the encoding of a change-set has changed")
	}
	raw, err := hex.DecodeString(strings.TrimSpace(string(want)))
	if err != nil {
		t.Fatal(err)
	}
	s, err := changeset.Parse(raw)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Verify(org, signer(t, 1).Public()); err != nil {
		t.Error(err)
	}
	const hash = "1f0c40e227759ab8b3a3f0d36692d839cc2ef6092dc7171892397aa772164503"
	if s.Hash.String() != hash {
		t.Errorf("hash %s, want %s", s.Hash, hash)
	}
}
