package canon_test

import (
	"bytes"
	"errors"
	"math"
	"testing"

	"pgregory.net/rapid"

	"escale/schema"
	"escale/schema/canon"
)

// message has every type that a Reader knows.
type message struct {
	_     struct{} `cbor:",toarray"`
	Bytes []byte
	Small uint32
	Many  []uint64
	Hash  schema.Hash
}

func read(b []byte) (m message, err error) {
	r := canon.NewReader(b)
	r.Tuple(4)
	m.Bytes = r.Bytes()
	m.Small = uint32(r.Uint(math.MaxUint32))
	for n := r.Array(); n > 0 && r.Err() == nil; n-- {
		m.Many = append(m.Many, r.Uint(math.MaxUint64))
	}
	r.Fixed(m.Hash[:])
	return m, r.End()
}

// sameVerdict holds a Reader against Decode. Null is the one thing that only Decode takes.
func sameVerdict(t interface{ Fatalf(string, ...any) }, b []byte) {
	var want message
	wantErr := canon.Decode(b, &want)
	null := want.Bytes == nil || want.Many == nil
	got, err := read(b)
	if (err == nil) != (wantErr == nil && !null) {
		t.Fatalf("% x: by hand %v, by reflection %v", b, err, wantErr)
	}
	if err != nil && !errors.Is(err, canon.ErrFormat) {
		t.Fatalf("% x: refused as %v", b, err)
	}
	if err == nil && (!bytes.Equal(got.Bytes, want.Bytes) || got.Small != want.Small || len(got.Many) != len(want.Many) || got.Hash != want.Hash) {
		t.Fatalf("% x: by hand %+v, by reflection %+v", b, got, want)
	}
}

func encoded(t interface{ Fatal(...any) }, m message) []byte {
	b, err := canon.Encode(m)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestReaderTakesWhatDecodeTakes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := encoded(t, message{
			Bytes: rapid.SliceOfN(rapid.Byte(), 0, 300).Draw(t, "bytes"),
			Small: rapid.Uint32().Draw(t, "small"),
			Many:  rapid.SliceOfN(rapid.Uint64(), 0, 30).Draw(t, "many"),
			Hash:  schema.Hash{1},
		})
		if _, err := read(b); err != nil {
			t.Fatalf("% x: %v", b, err)
		}
		for range 20 {
			bad := bytes.Clone(b)
			bad[rapid.IntRange(0, len(b)-1).Draw(t, "at")] = rapid.Byte().Draw(t, "byte")
			sameVerdict(t, bad)
			sameVerdict(t, b[:rapid.IntRange(0, len(b)-1).Draw(t, "cut")])
		}
		sameVerdict(t, append(bytes.Clone(b), 0))
	})
}

func FuzzReader(f *testing.F) {
	f.Add(encoded(f, message{Bytes: make([]byte, 300), Small: 1 << 20, Many: []uint64{0, 23, 24, 255, 256, 65_535, 65_536, 1 << 32}}))
	f.Add(encoded(f, message{}))
	f.Add([]byte{0x9b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff})
	f.Fuzz(func(t *testing.T, b []byte) { sameVerdict(t, b) })
}
