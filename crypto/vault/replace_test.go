package vault

import (
	"crypto/rand"
	"errors"
	"path/filepath"
	"testing"
)

func TestReplaceKeepsThePassphraseOnly(t *testing.T) {
	path := filepath.Join(t.TempDir(), "vault")
	words := func(s string) Secret { return NewSecret([]byte(s)) }
	right := "a long enough passphrase of words"
	if err := Create(path, words(right), words("old keys"), Params{Time: 3, MemoryKiB: MinMemoryKiB, Threads: 1}, rand.Reader); err != nil {
		t.Fatal(err)
	}
	if err := Replace(path, words("another passphrase entirely"), words("forged"), rand.Reader); !errors.Is(err, ErrWrongPassphrase) {
		t.Fatalf("replaced under a wrong passphrase: %v", err)
	}
	if err := Replace(path, words(right), words("new keys"), rand.Reader); err != nil {
		t.Fatal(err)
	}
	got, err := Open(path, words(right))
	if err != nil || string(got.Bytes()) != "new keys" {
		t.Fatalf("%v", err)
	}
}
