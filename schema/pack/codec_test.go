package pack

import (
	"bytes"
	"errors"
	"reflect"
	"slices"
	"testing"

	"github.com/klauspost/compress/zstd"

	"escale/schema/canon"
	"escale/schema/form"
)

func TestDecode(t *testing.T) {
	s := starter(t)
	for _, name := range s.Names() {
		b := bundle(t, s, name)
		got, err := Decode(b.Encode())
		if err != nil {
			t.Fatal(err)
		}
		if got.Hash() != b.Hash() || got.Name != name || got.Version != b.Version || !reflect.DeepEqual(got.Tables, b.Tables) ||
			!reflect.DeepEqual(got.Dictionaries(), b.Dictionaries()) || len(got.Forms) != len(b.Forms) {
			t.Errorf("%s is another after decoding", name)
		}
		for i, f := range got.Forms {
			if !reflect.DeepEqual(f.Definition(), b.Forms[i].Definition()) {
				t.Errorf("%s: form %s is another after decoding", name, f.ID)
			}
		}
		if fresh, err := encode(got); err != nil || !bytes.Equal(fresh, b.Encode()) {
			t.Errorf("%s encodes differently after decoding: %v", name, err)
		}
	}
}

func compress(t testing.TB, plain []byte) []byte {
	t.Helper()
	z, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	return z.EncodeAll(plain, []byte(bundleMagic))
}

// forged encodes a bundle after a change, as somebody who does not keep the rules could.
func forged(t testing.TB, change func(w *wireBundle)) []byte {
	t.Helper()
	b := bundle(t, starter(t), "ly")
	w := wireBundle{Name: b.Name, Version: b.Version, Tables: b.Tables, Dictionaries: slices.Clone(b.dictionaries), Definitions: b.Definitions()}
	change(&w)
	plain, err := canon.Encode(w)
	if err != nil {
		t.Fatal(err)
	}
	return compress(t, plain)
}

func TestDecodeRefuses(t *testing.T) {
	whole := bundle(t, starter(t), "ly").Encode()
	flipped := bytes.Clone(whole)
	flipped[len(flipped)/2] ^= 1
	tests := map[string]struct {
		encoded []byte
		want    error
	}{
		"nothing":        {nil, ErrFormat},
		"foreign":        {[]byte("something else entirely"), ErrFormat},
		"cut":            {whole[:len(whole)-5], ErrFormat},
		"flipped":        {flipped, ErrFormat},
		"oversized":      {make([]byte, MaxEncoded+1), ErrLimit},
		"bomb":           {compress(t, make([]byte, MaxPlain+1)), ErrLimit},
		"no CBOR":        {compress(t, []byte("text")), ErrFormat},
		"trailing":       {compress(t, append(plainOf(t, whole), 0)), ErrFormat},
		"broken form":    {forged(t, func(w *wireBundle) { w.Definitions[0].ID = "two words" }), ErrFormat},
		"unknown table":  {forged(t, func(w *wireBundle) { w.Tables.Retention = nil }), ErrFormat},
		"version":        {forged(t, func(w *wireBundle) { w.Version = "1" }), ErrFormat},
		"dictionary":     {forged(t, func(w *wireBundle) { w.Dictionaries[0] = []byte("words") }), ErrFormat},
		"name":           {forged(t, func(w *wireBundle) { w.Name = "../ly" }), ErrFormat},
		"big dictionary": {forged(t, func(w *wireBundle) { w.Dictionaries[1] = make([]byte, MaxDictionary) }), ErrLimit},
		"dictionaries":   {forged(t, func(w *wireBundle) { w.Dictionaries = make([][]byte, MaxDictionaries+1) }), ErrLimit},
		"many forms":     {forged(t, func(w *wireBundle) { w.Definitions = make([]form.Definition, MaxForms+1) }), ErrLimit},
		"many rows":      {forged(t, func(w *wireBundle) { w.Tables.Kinds = make([]string, MaxRows+1) }), ErrLimit},
	}
	for name, tt := range tests {
		if _, err := Decode(tt.encoded); !errors.Is(err, tt.want) {
			t.Errorf("%s: %v, want %v", name, err, tt.want)
		}
	}
	if _, err := Decode(forged(t, func(*wireBundle) {})); err != nil {
		t.Errorf("the unchanged bundle is refused: %v", err)
	}
}

func plainOf(t testing.TB, encoded []byte) []byte {
	t.Helper()
	plain, err := decompress(encoded)
	if err != nil {
		t.Fatal(err)
	}
	return plain
}

func TestFile(t *testing.T) {
	s := starter(t)
	var file bytes.Buffer
	if err := s.WriteFile(&file); err != nil {
		t.Fatal(err)
	}
	whole := bytes.Clone(file.Bytes())
	got, err := ReadFile(&file)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range s.Names() {
		if bundle(t, got, name).Hash() != bundle(t, s, name).Hash() {
			t.Errorf("%s is another in the file", name)
		}
	}
	renamed := bytes.Replace(whole, []byte("\x62fr"), []byte("\x62fx"), 1)
	for name, data := range map[string][]byte{"cut": whole[:len(whole)/2], "foreign": []byte("PK\x03\x04"), "renamed": renamed,
		"not canonical": append(bytes.Clone(whole), 0)} {
		if _, err := ReadFile(bytes.NewReader(data)); !errors.Is(err, ErrFormat) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := ReadFile(bytes.NewReader(make([]byte, MaxFile+1))); !errors.Is(err, ErrLimit) {
		t.Errorf("oversized: %v", err)
	}
}

func FuzzDecode(f *testing.F) {
	s := starter(f)
	for _, name := range s.Names() {
		b := bundle(f, s, name)
		f.Add(plainOf(f, b.Encode()), true)
		f.Add(b.Encode(), false)
	}
	z, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest))
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, data []byte, inner bool) {
		if inner { // mutations of compressed bytes seldom get past the decompression
			data = z.EncodeAll(data, []byte(bundleMagic))
		}
		b, err := Decode(data)
		if err != nil {
			return
		}
		if again, err := Decode(b.Encode()); err != nil || again.Hash() != b.Hash() {
			t.Errorf("a decoded bundle cannot be decoded again: %v", err)
		}
	})
}
