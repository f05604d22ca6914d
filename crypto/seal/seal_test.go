package seal_test

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"escale/crypto/envelope"
	"escale/crypto/seal"
	"escale/schema"
)

var (
	name   = seal.EpochName{Org: schema.Org{1}, Scope: schema.Scope{2}, Number: 3}
	author = schema.Device{4}
	place  = seal.Place{Stream: schema.Stream{5}, Seq: 6, Pack: schema.Pack{7}, Salt: [16]byte{8}}
)

func mustEpoch(t testing.TB) seal.EpochPrivate {
	t.Helper()
	k, err := seal.NewEpoch(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// chain seals one delta and returns everything that a reader receives.
func chain(t testing.TB, k seal.EpochPrivate, plain []byte) (header, wrap, sealed []byte) {
	t.Helper()
	s, header, err := seal.NewSession(k.Public(), name, author)
	if err != nil {
		t.Fatal(err)
	}
	c, wrap, err := s.NewChangeSet(rand.Reader, place)
	if err != nil {
		t.Fatal(err)
	}
	e, err := c.Entry(schema.Object{9})
	if err != nil {
		t.Fatal(err)
	}
	sealed, err = e.Seal(0, plain)
	if err != nil {
		t.Fatal(err)
	}
	return header, wrap, sealed
}

func open(k seal.EpochPrivate, at seal.Place, object schema.Object, index uint32, header, wrap, sealed []byte) ([]byte, error) {
	s, err := seal.OpenSession(k, name.Org, header)
	if err != nil {
		return nil, err
	}
	c, err := s.OpenChangeSet(at, wrap)
	if err != nil {
		return nil, err
	}
	e, err := c.Entry(object)
	if err != nil {
		return nil, err
	}
	return e.Open(index, sealed)
}

func TestReaderOpensWhatAnAuthorSealed(t *testing.T) {
	k := mustEpoch(t)
	header, wrap, sealed := chain(t, k, []byte("words"))
	got, err := open(k, place, schema.Object{9}, 0, header, wrap, sealed)
	if err != nil || string(got) != "words" {
		t.Fatalf("%q %v", got, err)
	}
}

func TestNothingOpensInAnotherPlace(t *testing.T) {
	k := mustEpoch(t)
	header, wrap, sealed := chain(t, k, []byte("words"))
	cases := map[string]func() ([]byte, error){
		"another key":    func() ([]byte, error) { return open(mustEpoch(t), place, schema.Object{9}, 0, header, wrap, sealed) },
		"another object": func() ([]byte, error) { return open(k, place, schema.Object{1}, 0, header, wrap, sealed) },
		"another index":  func() ([]byte, error) { return open(k, place, schema.Object{9}, 1, header, wrap, sealed) },
		"another stream": func() ([]byte, error) {
			p := place
			p.Stream = schema.Stream{1}
			return open(k, p, schema.Object{9}, 0, header, wrap, sealed)
		},
		"another pack": func() ([]byte, error) {
			p := place
			p.Pack = schema.Pack{1}
			return open(k, p, schema.Object{9}, 0, header, wrap, sealed)
		},
		"another session": func() ([]byte, error) {
			other, _, _ := chain(t, k, nil)
			return open(k, place, schema.Object{9}, 0, other, wrap, sealed)
		},
	}
	for what, try := range cases {
		if _, err := try(); !errors.Is(err, seal.ErrWrongKey) && !errors.Is(err, seal.ErrDamaged) {
			t.Errorf("%s: %v", what, err)
		}
	}
}

// elsewhere are places that differ from place in one thing each.
func elsewhere() map[string]seal.Place {
	stream, number, pack := place, place, place
	stream.Stream, number.Seq, pack.Pack = schema.Stream{1}, 7, schema.Pack{1}
	return map[string]seal.Place{"stream": stream, "number": number, "pack": pack}
}

// TestAWrapOpensInItsPlaceOnly, whatever the deltas under it are bound to.
func TestAWrapOpensInItsPlaceOnly(t *testing.T) {
	k := mustEpoch(t)
	header, wrap, _ := chain(t, k, nil)
	s, err := seal.OpenSession(k, name.Org, header)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.OpenChangeSet(place, wrap); err != nil {
		t.Fatal(err)
	}
	for what, at := range elsewhere() {
		if _, err := s.OpenChangeSet(at, wrap); !errors.Is(err, seal.ErrWrongKey) {
			t.Errorf("another %s: %v", what, err)
		}
	}
}

// TestADeltaOpensInItsPlaceOnly, also for who has the key of its entry.
func TestADeltaOpensInItsPlaceOnly(t *testing.T) {
	k := mustEpoch(t)
	header, wrap, sealed := chain(t, k, []byte("words"))
	s, err := seal.OpenSession(k, name.Org, header)
	if err != nil {
		t.Fatal(err)
	}
	c, err := s.OpenChangeSet(place, wrap)
	if err != nil {
		t.Fatal(err)
	}
	e, err := c.Entry(schema.Object{9})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := e.At(place).Open(0, sealed); err != nil {
		t.Fatal(err)
	}
	for what, at := range elsewhere() {
		if _, err := e.At(at).Open(0, sealed); !errors.Is(err, seal.ErrDamaged) {
			t.Errorf("another %s: %v", what, err)
		}
	}
}

// TestASessionIsItsAuthors: under another device's name it opens nothing.
func TestASessionIsItsAuthors(t *testing.T) {
	k := mustEpoch(t)
	header, _, _ := chain(t, k, nil)
	h, err := envelope.ParseSession(header)
	if err != nil {
		t.Fatal(err)
	}
	h.Device = schema.Device{77}
	forged, err := h.Encode()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := seal.OpenSession(k, name.Org, forged); !errors.Is(err, seal.ErrWrongKey) {
		t.Errorf("%v", err)
	}
}

func TestEveryFlippedByteIsRefused(t *testing.T) {
	k := mustEpoch(t)
	header, wrap, sealed := chain(t, k, []byte("words"))
	for which, b := range [][]byte{header, wrap, sealed} {
		for i := range b {
			parts := [][]byte{bytes.Clone(header), bytes.Clone(wrap), bytes.Clone(sealed)}
			parts[which][i] ^= 0x40
			if got, err := open(k, place, schema.Object{9}, 0, parts[0], parts[1], parts[2]); err == nil {
				t.Fatalf("part %d byte %d: opened %q", which, i, got)
			}
		}
	}
}

func TestEpochWrapBelongsToOneGranteeAndTheLedgersKey(t *testing.T) {
	k := mustEpoch(t)
	d, err := seal.NewDevice(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	order := schema.Order{1}
	wrap, err := seal.WrapEpoch(k, name, order, author, d.Public())
	if err != nil {
		t.Fatal(err)
	}
	got, err := seal.UnwrapEpoch(d, name, order, author, k.Public(), wrap)
	if err != nil || !bytes.Equal(got.Seed(), k.Seed()) {
		t.Fatalf("unwrap: %v", err)
	}
	if _, err := seal.UnwrapEpoch(d, name, order, schema.Device{9}, k.Public(), wrap); !errors.Is(err, seal.ErrWrongKey) {
		t.Errorf("another grantee: %v", err)
	}
	if _, err := seal.UnwrapEpoch(d, name, order, author, mustEpoch(t).Public(), wrap); !errors.Is(err, seal.ErrWrongKey) {
		t.Errorf("another public key in the ledger: %v", err)
	}
}

func TestKeysNeverPrint(t *testing.T) {
	k := mustEpoch(t)
	s, _, err := seal.NewSession(k.Public(), name, author)
	if err != nil {
		t.Fatal(err)
	}
	j, err := json.Marshal(struct{ K seal.EpochPrivate }{k})
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{fmt.Sprintf("%v %+v %#v %x %s", k, k, k, k, k), string(j), fmt.Sprintf("%v %+v", *s, s)} {
		if strings.Contains(text, fmt.Sprintf("%x", k.Seed()[:4])) || strings.Contains(text, fmt.Sprintf("%x", s.Secret()[:4])) ||
			strings.Contains(text, fmt.Sprint(s.Secret()[:4])[1:10]) {
			t.Errorf("printed: %s", text)
		}
	}
}

func TestCodecIsInverse(t *testing.T) {
	a := bytes.Repeat([]byte("a form's words "), 40)
	for _, dictionaries := range [][][]byte{nil, {a}, {bytes.Repeat([]byte("other words "), 40), a}} {
		c, err := seal.NewCodec(dictionaries...)
		if err != nil {
			t.Fatal(err)
		}
		rapid.Check(t, func(t *rapid.T) {
			plain := rapid.SliceOfN(rapid.Byte(), 0, 3000).Draw(t, "plain")
			if rapid.Bool().Draw(t, "compressible") {
				plain = bytes.Repeat(plain, 3)
			}
			short := rapid.Bool().Draw(t, "short")
			head := rapid.SliceOfN(rapid.Byte(), 0, 200).Draw(t, "head")
			if !short {
				head = nil
			}
			packed, err := c.Pack(seal.Plain{Short: short, Head: head, Text: plain})
			if err != nil {
				t.Fatal(err)
			}
			if len(packed) != seal.Padme(len(packed)) || len(packed) < 64 {
				t.Fatalf("length %d is no bucket", len(packed))
			}
			got, err := c.Unpack(packed)
			if err != nil || got.Short != short || !bytes.Equal(got.Head, head) || !bytes.Equal(got.Text, plain) {
				t.Fatalf("got %d and %d bytes of %d and %d: %v", len(got.Head), len(got.Text), len(head), len(plain), err)
			}
		})
	}
}

func TestBombIsRefused(t *testing.T) {
	c, err := seal.NewCodec()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Pack(seal.Plain{Text: make([]byte, schema.MaxPlain+1)}); !errors.Is(err, seal.ErrBomb) {
		t.Fatalf("pack: %v", err)
	}
	// A bomb as an attacker writes it: the largest allowed plaintext, its declared size and content multiplied.
	bomb := seal.BombForTest()
	if _, err := c.Unpack(bomb); !errors.Is(err, seal.ErrBomb) && !errors.Is(err, seal.ErrDamaged) {
		t.Fatalf("unpack: %v", err)
	}
}

func TestPadmeGrowsByAtMostAnEighth(t *testing.T) {
	last := 0
	for n := 0; n < 1<<17; n++ {
		p := seal.Padme(n)
		if p < n || p < last || (n > 64 && float64(p) > 1.12*float64(n)) {
			t.Fatalf("Padme(%d) = %d", n, p)
		}
		last = p
	}
}

func FuzzUnpack(f *testing.F) {
	c, err := seal.NewCodec()
	if err != nil {
		f.Fatal(err)
	}
	seed, err := c.Pack(seal.Plain{Short: true, Head: []byte{1, 2}, Text: []byte(strings.Repeat("some words of a case file ", 20))})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(seed)
	f.Add(seal.BombForTest())
	f.Fuzz(func(t *testing.T, b []byte) {
		if out, err := c.Unpack(b); err == nil && len(out.Text) > schema.MaxPlain {
			t.Fatalf("%d bytes came out", len(out.Text))
		}
	})
}

// TestNamesOnTheDiskTellNothingWithoutTheKey: the same words have one name under one key, and another under another.
func TestNamesOnTheDiskTellNothingWithoutTheKey(t *testing.T) {
	names := map[string]string{}
	for _, fill := range []byte{1, 2} {
		s, err := seal.NewStorage(bytes.Repeat([]byte{fill}, 32), rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		for _, purpose := range []string{"import", "other"} {
			for _, words := range []string{"", "Nour", "Nour "} {
				what := fmt.Sprint(fill, purpose, words)
				got, err := s.Name(purpose, []byte(words))
				again, errAgain := s.Name(purpose, []byte(words))
				if err := errors.Join(err, errAgain); err != nil || !bytes.Equal(got, again) || len(got) != 32 {
					t.Fatalf("%x %x %v", got, again, err)
				}
				if of, taken := names[string(got)]; taken {
					t.Errorf("%s has the name of %s", what, of)
				}
				names[string(got)] = what
			}
		}
	}
}
