package envelope_test

import (
	"bytes"
	"errors"
	"testing"

	"escale/crypto/envelope"
	"escale/crypto/key"
	"escale/schema"
	"escale/schema/canon"
)

func session() envelope.Session {
	return envelope.Session{Suite: schema.Suite, KEM: key.KEM, Scope: schema.Scope{1}, Epoch: 2, Device: schema.Device{3},
		Enc: bytes.Repeat([]byte{4}, envelope.EncapsulatedSize), Confirm: bytes.Repeat([]byte{5}, envelope.ConfirmSize)}
}

func encoded(t testing.TB, s envelope.Session) []byte {
	t.Helper()
	b, err := s.Encode()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestSessionHeaderComesBack(t *testing.T) {
	want := session()
	got, err := envelope.ParseSession(encoded(t, want))
	if err != nil || got.Scope != want.Scope || got.Epoch != want.Epoch || !bytes.Equal(got.Enc, want.Enc) {
		t.Fatalf("%+v, %v", got, err)
	}
}

func TestWhatIsNotASessionHeaderIsRefusedByName(t *testing.T) {
	spoil := map[string]func(*envelope.Session){
		"another suite":         func(s *envelope.Session) { s.Suite++ },
		"a classical KEM":       func(s *envelope.Session) { s.KEM = 0x0020 },
		"a short encapsulation": func(s *envelope.Session) { s.Enc = s.Enc[1:] },
		"no confirmation":       func(s *envelope.Session) { s.Confirm = []byte{} },
	}
	for name, f := range spoil {
		s := session()
		f(&s)
		if _, err := envelope.ParseSession(encoded(t, s)); !errors.Is(err, envelope.ErrEnvelope) {
			t.Errorf("%s: %v", name, err)
		}
	}
	whole := encoded(t, session())
	for _, b := range [][]byte{nil, whole[:len(whole)-1], append(bytes.Clone(whole), 0), make([]byte, 1<<20)} {
		if _, err := envelope.ParseSession(b); !errors.Is(err, envelope.ErrEnvelope) && !errors.Is(err, canon.ErrFormat) {
			t.Errorf("%d bytes: %v", len(b), err)
		}
	}
}

func TestNamesDifferByKind(t *testing.T) {
	if b := []byte("the same bytes"); envelope.SessionID(b) == envelope.BlobID(b) {
		t.Error("a session and a blob of the same bytes have the same name")
	}
}

func FuzzParseSession(f *testing.F) {
	s := session()
	b, err := s.Encode()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Add(b[:40])
	f.Fuzz(func(t *testing.T, b []byte) {
		s, err := envelope.ParseSession(b)
		if err != nil {
			return
		}
		again, err := s.Encode()
		if err != nil || !bytes.Equal(again, b) {
			t.Fatalf("one header has two encodings: %v", err)
		}
	})
}
