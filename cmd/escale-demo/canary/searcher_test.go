package canary_test

import (
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"

	"escale/cmd/escale-demo/canary"

	"github.com/klauspost/compress/zstd"
	"pgregory.net/rapid"
)

const (
	latin  = "K7Q2MPX4VZ6RTB3WYD5N"
	arabic = "شظقذثضخغصطزجحعسفلمنه"
)

func search(t testing.TB, markers ...string) *canary.Searcher {
	t.Helper()
	s, err := canary.New(markers)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func noise(seed uint64, n int) []byte {
	source := rand.NewChaCha8([32]byte{byte(seed), byte(seed >> 8), byte(seed >> 16)})
	b := make([]byte, n)
	if _, err := source.Read(b); err != nil {
		panic(err)
	}
	return b
}

func wide(s string, order binary.AppendByteOrder) []byte {
	var b []byte
	for _, u := range utf16.Encode([]rune(s)) {
		b = order.AppendUint16(b, u)
	}
	return b
}

func zstded(t testing.TB, b []byte, options ...zstd.EOption) []byte {
	t.Helper()
	e, err := zstd.NewWriter(nil, options...)
	if err != nil {
		t.Fatal(err)
	}
	return e.EncodeAll(b, nil)
}

func written(t testing.TB, b []byte, wrap func(io.Writer) io.WriteCloser) []byte {
	t.Helper()
	var out bytes.Buffer
	w := wrap(&out)
	if _, err := w.Write(b); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// encodings gives for each the marker with drawn neighbours as somebody would write it.
func encodings(t testing.TB) map[string]func(marker string, before []byte) []byte {
	all := func(m string, before []byte) []byte { return append(slices.Clone(before), m...) }
	gz := func(w io.Writer) io.WriteCloser { return gzip.NewWriter(w) }
	zl := func(w io.Writer) io.WriteCloser { return zlib.NewWriter(w) }
	return map[string]func(string, []byte) []byte{
		"utf-8":      all,
		"lower":      func(m string, b []byte) []byte { return all(strings.ToLower(m), b) },
		"utf-16le":   func(m string, _ []byte) []byte { return wide(m, binary.LittleEndian) },
		"utf-16be":   func(m string, _ []byte) []byte { return wide(m, binary.BigEndian) },
		"hex":        func(m string, b []byte) []byte { return []byte(hex.EncodeToString(all(m, b))) },
		"HEX":        func(m string, b []byte) []byte { return []byte(strings.ToUpper(hex.EncodeToString(all(m, b)))) },
		"base64":     func(m string, b []byte) []byte { return []byte(base64.StdEncoding.EncodeToString(all(m, b))) },
		"base64url":  func(m string, b []byte) []byte { return []byte(base64.RawURLEncoding.EncodeToString(all(m, b))) },
		"zstd":       func(m string, b []byte) []byte { return zstded(t, all(m, b)) },
		"zstd twice": func(m string, b []byte) []byte { return zstded(t, append(noise(7, 30), zstded(t, all(m, b))...)) },
		"gzip":       func(m string, b []byte) []byte { return written(t, all(m, b), gz) },
		"zlib":       func(m string, b []byte) []byte { return written(t, all(m, b), zl) },
		"zstd base64": func(m string, b []byte) []byte {
			return zstded(t, []byte(base64.StdEncoding.EncodeToString(all(m, b))))
		},
		"json": func(m string, _ []byte) []byte {
			s, err := json.Marshal(m)
			if err != nil {
				t.Fatal(err)
			}
			return s
		},
		"json ascii": func(m string, _ []byte) []byte {
			var b strings.Builder
			for _, u := range utf16.Encode([]rune(m)) {
				if u < 128 {
					b.WriteByte(byte(u))
					continue
				}
				b.WriteString(`\u` + hex.EncodeToString([]byte{byte(u >> 8), byte(u)}))
			}
			return []byte(b.String())
		},
	}
}

// Each encoding is found at any offset, with any neighbours, also across the borders of the chunks of reading.
func TestEveryEncodingIsFoundAnywhere(t *testing.T) {
	for name, encode := range encodings(t) {
		t.Run(name, func(t *testing.T) {
			rapid.Check(t, func(r *rapid.T) {
				marker := rapid.SampledFrom([]string{latin, arabic}).Draw(r, "marker")
				before := rapid.SliceOfN(rapid.Byte(), 0, 40).Draw(r, "before")
				at := rapid.OneOf(rapid.IntRange(0, 300), rapid.IntRange(1<<20-300, 1<<20+600)).Draw(r, "at")
				body := noise(rapid.Uint64().Draw(r, "noise"), at)
				body = append(append(body, encode(marker, before)...), noise(3, rapid.IntRange(0, 50).Draw(r, "after"))...)
				s := search(t, latin, arabic)
				if err := s.ScanBytes("body", body); err != nil {
					r.Fatal(err)
				}
				if s.Count(marker) == 0 {
					r.Fatalf("%s at %d not found", name, at)
				}
				if len(s.Missing()) != 1 {
					r.Fatal("the other marker was found too")
				}
			})
		})
	}
}

func TestPlaceIsExactAndReportedOnce(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		at := rapid.IntRange(1<<20-100, 1<<20+400).Draw(r, "at")
		body := append(append(noise(1, at), latin...), noise(2, 1<<20)...)
		s := search(t, latin, arabic)
		if err := s.ScanBytes("body", body); err != nil {
			r.Fatal(err)
		}
		want := canary.Place{Source: "body", Offset: int64(at), Encoding: canary.UTF8}
		if places := s.Found()[latin]; len(places) != 1 || places[0] != want {
			r.Fatalf("got %v, want %v once", places, want)
		}
	})
}

func TestNothingIsFoundInNoise(t *testing.T) {
	s := search(t, latin, arabic)
	if err := s.ScanBytes("noise", noise(9, 8<<20)); err != nil {
		t.Fatal(err)
	}
	if len(s.Found()) != 0 || len(s.Missing()) != 2 {
		t.Fatalf("found %v in noise", s.Found())
	}
}

// A marker with one byte changed, cut short, or with something in between is not reported.
func TestNearMissesAreNotFound(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		near := []byte(rapid.SampledFrom([]string{latin, arabic}).Draw(r, "marker"))
		at := rapid.IntRange(0, len(near)-1).Draw(r, "byte")
		switch rapid.IntRange(0, 2).Draw(r, "damage") {
		case 0:
			near[at] ^= 0x0f
		case 1:
			near = slices.Delete(near, at, at+1)
		default:
			near = slices.Insert(near, at, '-')
			near = append([]byte("."), near[:len(near)-1]...)
		}
		s := search(t, latin, arabic)
		for _, body := range [][]byte{near, []byte(hex.EncodeToString(near)), zstded(t, near)} {
			if err := s.ScanBytes("near", append(body, noise(4, 100)...)); err != nil {
				r.Fatal(err)
			}
		}
		if len(s.Found()) != 0 {
			r.Fatalf("found %v", s.Found())
		}
	})
}

func TestFrameThatBreaksOffGivesWhatCameBefore(t *testing.T) {
	plain := append([]byte(latin), noise(5, 600_000)...)
	body := zstded(t, plain)
	s := search(t, latin)
	if err := s.ScanBytes("cut", body[:len(body)/2]); err != nil {
		t.Fatal(err)
	}
	if s.Count(latin) == 0 || s.Tally().Unreadable == 0 {
		t.Fatalf("count %d, tally %+v", s.Count(latin), s.Tally())
	}
}

func TestEveryFrameOfARunIsOpenedOnce(t *testing.T) {
	var body []byte
	const frames = 300
	for i := range frames {
		body = append(body, zstded(t, append(noise(uint64(i), 200), latin...), zstd.WithEncoderCRC(i%2 == 0))...)
	}
	s := search(t, latin)
	if err := s.ScanBytes("run", body); err != nil {
		t.Fatal(err)
	}
	if got := s.Tally(); got.Frames != frames || got.Unreadable != 0 {
		t.Fatalf("tally %+v, want %d frames", got, frames)
	}
}

func TestDictionaryIsUsed(t *testing.T) {
	content := bytes.Repeat([]byte("le mot convenu avec la personne "), 20)
	body := zstded(t, []byte("le mot convenu avec la personne "+latin), zstd.WithEncoderDictRaw(77, content))
	blind := search(t, latin)
	if err := blind.ScanBytes("body", body); err != nil {
		t.Fatal(err)
	}
	s, err := canary.New([]string{latin}, canary.WithRawDictionary(77, content))
	if err != nil {
		t.Fatal(err)
	}
	if err := s.ScanBytes("body", body); err != nil {
		t.Fatal(err)
	}
	if s.Count(latin) == 0 || blind.Tally().Unreadable != 1 {
		t.Fatalf("with dictionary %d, without %+v", s.Count(latin), blind.Tally())
	}
}

func TestTreeFindsFilesAndNames(t *testing.T) {
	dir := t.TempDir()
	deep := filepath.Join(dir, "a", "b")
	if err := os.MkdirAll(deep, 0o700); err != nil {
		t.Fatal(err)
	}
	big := append(append(noise(6, 3<<20), latin...), noise(8, 1<<20)...)
	for path, body := range map[string][]byte{filepath.Join(deep, "big"): big, filepath.Join(dir, arabic+".txt"): nil} {
		if err := os.WriteFile(path, body, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	s := search(t, latin, arabic)
	if err := s.ScanTree(dir); err != nil {
		t.Fatal(err)
	}
	if missing := s.Missing(); len(missing) != 0 {
		t.Fatalf("missing %v", missing)
	}
	if got := s.Found()[latin][0]; got.Source != filepath.Join(deep, "big") || got.Offset != 3<<20 {
		t.Fatalf("place %+v", got)
	}
	if got := s.Tally(); got.Sources != 2 || got.Bytes != int64(len(big)) {
		t.Fatalf("tally %+v", got)
	}
}

func TestReaderAndRefusals(t *testing.T) {
	s := search(t, latin)
	if err := s.ScanReader("log", strings.NewReader("x "+latin)); err != nil || s.Count(latin) != 1 {
		t.Fatalf("count %d, %v", s.Count(latin), err)
	}
	endless := io.MultiReader(bytes.NewReader(make([]byte, canary.MaxStream)), strings.NewReader("x"))
	if err := s.ScanReader("endless", endless); !errors.Is(err, canary.ErrTooLong) {
		t.Fatalf("got %v", err)
	}
	for _, markers := range [][]string{nil, {"short"}, {latin, latin}, {strings.Repeat("x", canary.MaxMarker+1)}} {
		if _, err := canary.New(markers); !errors.Is(err, canary.ErrMarkers) {
			t.Errorf("%d markers: got %v", len(markers), err)
		}
	}
	if err := s.ScanFile(filepath.Join(t.TempDir(), "none")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("got %v", err)
	}
}

func FuzzScan(f *testing.F) {
	f.Add([]byte(latin))
	f.Add(zstded(f, []byte(latin)))
	f.Add(zstded(f, zstded(f, []byte(arabic))))
	f.Add(written(f, []byte(latin), func(w io.Writer) io.WriteCloser { return gzip.NewWriter(w) }))
	f.Fuzz(func(t *testing.T, body []byte) {
		s := search(t, latin, arabic)
		if err := s.ScanBytes("body", body); err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(body, []byte(latin)) && s.Count(latin) == 0 {
			t.Fatal("a plain marker was missed")
		}
	})
}

func BenchmarkScan(b *testing.B) {
	markers := make([]string, 200)
	for i := range markers {
		markers[i] = hex.EncodeToString(noise(uint64(i), 10))
	}
	body := noise(1, 16<<20)
	b.SetBytes(int64(len(body)))
	for b.Loop() {
		if err := search(b, markers...).ScanBytes("body", body); err != nil {
			b.Fatal(err)
		}
	}
}
