package changeset

import (
	"bytes"
	"encoding/hex"
	"os"
	"path/filepath"
	"reflect"
	"testing"

	"escale/schema"
	"escale/schema/canon"
)

// seeds are the parts of the golden change-set, whole and with every byte changed.
func seeds(f *testing.F, of func(*outer) [][]byte) {
	f.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", "v1.hex"))
	if err != nil {
		f.Fatal(err)
	}
	raw, err := hex.DecodeString(string(bytes.TrimSpace(text)))
	if err != nil {
		f.Fatal(err)
	}
	o, err := readOuter(raw)
	if err != nil {
		f.Fatal(err)
	}
	for _, b := range of(o) {
		f.Add(b)
		for i := range min(len(b), 300) {
			for _, x := range []byte{1, 0x18, 0x20, 0x80, b[i] ^ 0xf6} {
				bad := bytes.Clone(b)
				bad[i] ^= x
				f.Add(bad)
			}
		}
		f.Add(append(bytes.Clone(b), 0))
	}
}

// FuzzPart holds reading by hand against reading by reflection: both take the same parts and see the same in them.
func FuzzPart(f *testing.F) {
	seeds(f, func(o *outer) [][]byte { return o.Deltas })
	for _, p := range []part{
		{ID: []byte{1}, Context: []uint64{0, 23, 24, 1 << 8, 1 << 16, 1 << 32, 1<<64 - 1}, Tags: []byte{}, Sealed: make([]byte, 300), Chunks: []schema.Hash{{1}}},
		{ID: []byte{}, Context: []uint64{}, Tags: make([]byte, 70_000), Sealed: nil, Chunks: nil},
	} {
		b, err := canon.Encode(p)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		var want part
		wantErr := canon.Decode(b, &want)
		null := want.ID == nil || want.Context == nil || want.Tags == nil || want.Sealed == nil || want.Chunks == nil
		got, err := readPart(b)
		if (err == nil) != (wantErr == nil && !null) {
			t.Fatalf("by hand %v, by reflection %v, null %v", err, wantErr, null)
		}
		if err == nil && !reflect.DeepEqual(got, want) {
			t.Fatalf("by hand %+v, by reflection %+v", got, want)
		}
	})
}

// FuzzOuter does the same for the frame around the parts.
func FuzzOuter(f *testing.F) {
	seeds(f, func(o *outer) [][]byte {
		o.Session = o.Session[:40]
		b, err := canon.Encode(o)
		if err != nil {
			f.Fatal(err)
		}
		o.Deltas, o.Erased = o.Deltas[:1], []erased{{Part: 1}, {Part: 1 << 20, Sum: schema.Hash{1}}}
		gone, err := canon.Encode(o)
		if err != nil {
			f.Fatal(err)
		}
		return [][]byte{b, gone}
	})
	f.Fuzz(func(t *testing.T, b []byte) {
		var want outer
		wantErr := canon.Decode(b, &want)
		null := want.Header == nil || want.Session == nil || want.Wrap == nil || want.Deltas == nil || want.Erased == nil
		for _, d := range want.Deltas {
			null = null || d == nil
		}
		got, err := readOuter(b)
		if (err == nil) != (wantErr == nil && !null) {
			t.Fatalf("by hand %v, by reflection %v, null %v", err, wantErr, null)
		}
		if err == nil && !reflect.DeepEqual(got, &want) {
			t.Fatalf("by hand %+v, by reflection %+v", got, want)
		}
	})
}
