package key_test

import (
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"escale/crypto/key"
)

func newSign(t *testing.T) key.SignPrivate {
	t.Helper()
	k, err := key.NewSign(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func TestASignatureIsOfOneTypeByOneKey(t *testing.T) {
	k, other := newSign(t), newSign(t)
	sig, err := k.Sign(key.ContextChangeSet, []byte("content"))
	if err != nil {
		t.Fatal(err)
	}
	if err := k.Public().Verify(key.ContextChangeSet, []byte("content"), sig); err != nil {
		t.Fatal(err)
	}
	bad := sig
	bad[9] ^= 1
	for name, err := range map[string]error{
		"another type":       k.Public().Verify(key.ContextLink, []byte("content"), sig),
		"another key":        other.Public().Verify(key.ContextChangeSet, []byte("content"), sig),
		"another content":    k.Public().Verify(key.ContextChangeSet, []byte("contents"), sig),
		"another signature":  k.Public().Verify(key.ContextChangeSet, []byte("content"), bad),
		"an officer's order": key.OfficerPublic(k.Public()).Verify([]byte("content"), sig),
	} {
		if !errors.Is(err, key.ErrSignature) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestKeysComeBackFromTheirSeeds(t *testing.T) {
	k := newSign(t)
	again, err := key.SignFromSeed(k.Seed())
	if err != nil || again.Public() != k.Public() {
		t.Fatalf("%v", err)
	}
	if _, err := key.SignFromSeed(k.Seed()[1:]); !errors.Is(err, key.ErrSize) {
		t.Errorf("a short seed: %v", err)
	}
}

func TestPrivateKeysNeverPrint(t *testing.T) {
	k := newSign(t)
	holder := struct{ inner key.SignPrivate }{k}
	j, err := json.Marshal(struct{ K key.SignPrivate }{k})
	if err != nil {
		t.Fatal(err)
	}
	seed := hex.EncodeToString(k.Seed()[:6])
	numbers := strings.Trim(fmt.Sprint(k.Seed()[:6]), "[]")
	for _, text := range []string{fmt.Sprintf("%v %+v %#v %x %s %q", k, k, k, k, k, k), fmt.Sprintf("%v %+v %#v", holder, &holder, holder), string(j)} {
		if strings.Contains(text, seed) || strings.Contains(text, numbers) {
			t.Errorf("printed: %s", text)
		}
	}
}

func TestPublicKeysRefuseAnotherLength(t *testing.T) {
	p := newSign(t).Public()
	text, err := p.MarshalText()
	if err != nil {
		t.Fatal(err)
	}
	var back key.SignPublic
	if err := back.UnmarshalText(text); err != nil || back != p {
		t.Fatalf("%v", err)
	}
	for _, bad := range [][]byte{nil, text[1:], append([]byte("AA"), text...), []byte(strings.Repeat("!", len(text)))} {
		if back.UnmarshalText(bad) == nil {
			t.Errorf("%q is taken for a key", bad)
		}
	}
	var kem key.DeviceKEM
	if err := kem.UnmarshalBinary(p[:]); !errors.Is(err, key.ErrSize) {
		t.Errorf("a signing key as KEM key: %v", err)
	}
}

func TestFingerprintCanBeReadAloud(t *testing.T) {
	f := key.Fingerprint([]byte("keys"))
	if len(f) != 24 || strings.Count(f, "-") != 4 || f == key.Fingerprint([]byte("other keys")) {
		t.Errorf("%q", f)
	}
}
