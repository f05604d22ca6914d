package vault

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
)

// small is the cheapest that the bounds allow.
var small = Params{Time: 3, MemoryKiB: 64 << 10, Threads: 1}

func secret(s string) Secret { return NewSecret([]byte(s)) }

// draws is a fixed source, so that golden bytes stay the same.
func draws(seed byte) io.Reader { return rand.NewChaCha8([32]byte{seed}) }

// sealed makes one vault for a test to tamper with.
func sealed(t *testing.T) (path string, b []byte) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "vault")
	if err := Create(path, secret("marée basse 4h"), secret("payload"), small, draws(1)); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return path, b
}

func TestGolden(t *testing.T) {
	_, b := sealed(t)
	golden := filepath.Join("testdata", "vault.golden")
	if os.Getenv("ESCALE_UPDATE_GOLDEN") != "" {
		if err := os.WriteFile(golden, b, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(b, want) {
		t.Error("the format changed: same draws, other bytes")
	}
	payload, err := Open(golden, secret("marée basse 4h"))
	if err != nil || string(payload.Bytes()) != "payload" {
		t.Errorf("golden file opens to %d bytes, %v", len(payload.Bytes()), err)
	}
}

func TestOpen(t *testing.T) {
	path, _ := sealed(t)
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if got := info.Mode().Perm(); got != 0o600 {
		t.Errorf("mode %o", got)
	}
	if _, err := Open(path, secret("marée haute 4h")); !errors.Is(err, ErrWrongPassphrase) {
		t.Errorf("wrong passphrase: %v", err)
	}
	// The same characters, decomposed, as some keyboards send them.
	if _, err := Open(path, secret("mare\u0301e basse 4h")); err != nil {
		t.Errorf("decomposed passphrase: %v", err)
	}
	err = Create(path, secret("long enough"), secret("x"), small, draws(2))
	if !errors.Is(err, fs.ErrExist) {
		t.Errorf("create over a vault: %v", err)
	}
	if _, err := Open(path, secret("marée basse 4h")); err != nil {
		t.Errorf("vault harmed by a refused create: %v", err)
	}
}

func TestTamper(t *testing.T) {
	_, b := sealed(t)
	good, err := parse(b)
	if err != nil {
		t.Fatal(err)
	}
	cases := map[string]struct {
		change func(*file)
		want   error
	}{
		"magic":       {func(f *file) { f.Magic = "escale/v1/other" }, ErrDamaged},
		"suite":       {func(f *file) { f.Suite = 2 }, ErrSuite},
		"salt":        {func(f *file) { f.Salt[0] ^= 1 }, ErrWrongPassphrase},
		"commitment":  {func(f *file) { f.Commitment[0] ^= 1 }, ErrWrongPassphrase},
		"passes":      {func(f *file) { f.Time = 4 }, ErrWrongPassphrase},
		"nonce":       {func(f *file) { f.Nonce[0] ^= 1 }, ErrDamaged},
		"seal":        {func(f *file) { f.Sealed[0] ^= 1 }, ErrDamaged},
		"seal cut":    {func(f *file) { f.Sealed = f.Sealed[:15] }, ErrDamaged},
		"salt cut":    {func(f *file) { f.Salt = f.Salt[:15] }, ErrDamaged},
		"cheap":       {func(f *file) { f.MemoryKiB = MinMemoryKiB - 1 }, ErrParams},
		"quick":       {func(f *file) { f.Time = 2 }, ErrParams},
		"no lane":     {func(f *file) { f.Threads = 0 }, ErrParams},
		"too hungry":  {func(f *file) { f.MemoryKiB = MaxMemoryKiB + 1 }, ErrParams},
		"too slow":    {func(f *file) { f.Time = 11 }, ErrParams},
		"many lanes":  {func(f *file) { f.Threads = 9 }, ErrParams},
		"long nonce":  {func(f *file) { f.Nonce = append(f.Nonce, 0) }, ErrDamaged},
		"long commit": {func(f *file) { f.Commitment = append(f.Commitment, 0) }, ErrDamaged},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) { tamper(t, good, c.change, c.want) })
	}
}

// tamper changes a copy of the file as an attacker would, checksum included, and opens it with the right passphrase.
func tamper(t *testing.T, good file, change func(*file), want error) {
	f := good
	f.Salt, f.Commitment = bytes.Clone(f.Salt), bytes.Clone(f.Commitment)
	f.Nonce, f.Sealed = bytes.Clone(f.Nonce), bytes.Clone(f.Sealed)
	change(&f)
	b, err := f.encode()
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "vault")
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(path, secret("marée basse 4h")); !errors.Is(err, want) {
		t.Errorf("got %v, want %v", err, want)
	}
}

func TestFlippedBitsAreDamage(t *testing.T) {
	_, b := sealed(t)
	for i := range b {
		bad := bytes.Clone(b)
		bad[i] ^= 0x10
		if _, err := parse(bad); !errors.Is(err, ErrDamaged) {
			t.Fatalf("bit flipped in byte %d: %v", i, err)
		}
		if _, err := parse(b[:i]); !errors.Is(err, ErrDamaged) {
			t.Fatalf("cut to %d bytes: %v", i, err)
		}
	}
	if _, err := parse(make([]byte, maxFile+1)); !errors.Is(err, ErrDamaged) {
		t.Errorf("oversized: %v", err)
	}
}

func TestCreateRefuses(t *testing.T) {
	path := filepath.Join(t.TempDir(), "vault")
	cases := map[string]struct {
		passphrase string
		payload    int
		p          Params
		want       error
	}{
		"short":    {"1234567", 1, small, ErrWeakPassphrase},
		"blanks":   {"1 2 3 4 5 6 7", 1, small, ErrWeakPassphrase},
		"combined": {"e\u0301e\u0301e\u0301e\u0301", 1, small, ErrWeakPassphrase},
		"endless":  {string(make([]byte, MaxPassphraseBytes+1)), 1, small, ErrLongPassphrase},
		"payload":  {"long enough", MaxPayload + 1, small, ErrTooLarge},
		"params":   {"long enough", 1, Params{}, ErrParams},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			err := Create(path, secret(c.passphrase), NewSecret(make([]byte, c.payload)), c.p, draws(1))
			if !errors.Is(err, c.want) {
				t.Errorf("got %v, want %v", err, c.want)
			}
		})
	}
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a refused vault left a file: %v", err)
	}
	if err := CheckPassphrase(secret("كلمة سر طويلة")); err != nil {
		t.Errorf("Arabic passphrase: %v", err)
	}
	if err := Default().Check(); err != nil {
		t.Errorf("default parameters: %v", err)
	}
}

func TestLargestPayload(t *testing.T) {
	path := filepath.Join(t.TempDir(), "vault")
	want := make([]byte, MaxPayload)
	if err := Create(path, secret("long enough"), NewSecret(want), small, draws(1)); err != nil {
		t.Fatal(err)
	}
	got, err := Open(path, secret("long enough"))
	if err != nil || !bytes.Equal(got.Bytes(), want) {
		t.Errorf("%d bytes, %v", len(got.Bytes()), err)
	}
}
