// Package key has one Go type for each role that a public key plays, the matching signing keys, and the text forms and
// fingerprints that people compare.
//
// A key of one role cannot be passed where another is wanted. Private keys redact themselves when they are printed or
// put into JSON. Signatures are Ed25519ctx with one context string for each signed type, so that a signature of one type
// never verifies as another. The private halves of KEM keys are not here but in crypto/seal: what only verifies must not
// be able to open.
package key

import (
	"crypto"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base32"
	"errors"
	"fmt"
	"io"
	"strings"
)

// KEM is the only key encapsulation mechanism: MLKEM768-X25519 (0x647a).
const KEM uint16 = 0x647a

// KEMPublicSize is the length of a public key of KEM.
const KEMPublicSize = 1216

// Errors of this package.
var (
	ErrSize      = errors.New("key has the wrong length")
	ErrSignature = errors.New("signature does not verify")
)

type (
	// SignPublic verifies what a device signs: change-sets, links, results.
	SignPublic [ed25519.PublicKeySize]byte
	// OfficerPublic verifies what an officer signs: orders.
	OfficerPublic [ed25519.PublicKeySize]byte
	// TLSPublic is the key that one end of a channel shows; the other end pins it.
	TLSPublic [ed25519.PublicKeySize]byte
	// DeviceKEM is the public key to which keys are wrapped for a device.
	DeviceKEM [KEMPublicSize]byte
	// EpochKEM is the public key of one epoch of a scope.
	EpochKEM [KEMPublicSize]byte
	// CustodyKEM is the organisation's recovery key.
	CustodyKEM [KEMPublicSize]byte
)

// Context is the signed type, as Ed25519ctx wants it.
type Context string

// One context for each signed type.
const (
	ContextChangeSet   Context = "escale/v1/change-set"
	ContextOrder       Context = "escale/v1/order"
	ContextLink        Context = "escale/v1/link"
	ContextJoin        Context = "escale/v1/join"
	ContextTime        Context = "escale/v1/hub-time"
	ContextCertificate Context = "escale/v1/certificate"
)

// Signature is an Ed25519ctx signature.
type Signature [ed25519.SignatureSize]byte

// private is an Ed25519 private key of any role; Sign, Officer and TLS wrap it so that roles do not mix. It lies behind a
// pointer, because fmt prints the unexported fields of a structure without asking their methods.
type private struct{ p *ed25519.PrivateKey }

func (private) String() string               { return "private key (redacted)" }
func (private) GoString() string             { return "private key (redacted)" }
func (private) MarshalJSON() ([]byte, error) { return []byte(`"redacted"`), nil }

// Format keeps the key out of every printing verb.
func (p private) Format(f fmt.State, _ rune) {
	if _, err := io.WriteString(f, p.String()); err != nil {
		return // a failing writer is its owner's affair
	}
}

func (p private) sign(c Context, msg []byte) (s Signature, err error) {
	b, err := p.p.Sign(nil, msg, &ed25519.Options{Context: string(c)})
	if err != nil {
		return s, fmt.Errorf("sign %s: %w", c, err)
	}
	copy(s[:], b)
	return s, nil
}

func (p private) seed() []byte { return p.p.Seed() }

func verify(pub []byte, c Context, msg []byte, s Signature) error {
	if err := ed25519.VerifyWithOptions(pub, msg, s[:], &ed25519.Options{Context: string(c)}); err != nil {
		return fmt.Errorf("%w as %s", ErrSignature, c)
	}
	return nil
}

func generate(rand io.Reader) (private, error) {
	seed := make([]byte, ed25519.SeedSize)
	if _, err := io.ReadFull(rand, seed); err != nil {
		return private{}, fmt.Errorf("draw a signing key: %w", err)
	}
	return fromSeed(seed)
}

func fromSeed(seed []byte) (private, error) {
	if len(seed) != ed25519.SeedSize {
		return private{}, fmt.Errorf("%w: seed of %d bytes", ErrSize, len(seed))
	}
	k := ed25519.NewKeyFromSeed(seed)
	return private{&k}, nil
}

// SignPrivate is a device's signing key.
type SignPrivate struct{ private }

// OfficerPrivate is an officer's signing key.
type OfficerPrivate struct{ private }

// TLSPrivate is the key of one end of the channel.
type TLSPrivate struct{ private }

// NewSign draws a device's signing key.
func NewSign(rand io.Reader) (SignPrivate, error) {
	p, err := generate(rand)
	return SignPrivate{p}, err
}

// NewOfficer draws an officer's signing key.
func NewOfficer(rand io.Reader) (OfficerPrivate, error) {
	p, err := generate(rand)
	return OfficerPrivate{p}, err
}

// NewTLS draws a channel key.
func NewTLS(rand io.Reader) (TLSPrivate, error) { p, err := generate(rand); return TLSPrivate{p}, err }

// SignFromSeed restores a device's signing key from 32 bytes.
func SignFromSeed(b []byte) (SignPrivate, error) { p, err := fromSeed(b); return SignPrivate{p}, err }

// OfficerFromSeed restores an officer's signing key.
func OfficerFromSeed(b []byte) (OfficerPrivate, error) {
	p, err := fromSeed(b)
	return OfficerPrivate{p}, err
}

// TLSFromSeed restores a channel key.
func TLSFromSeed(b []byte) (TLSPrivate, error) { p, err := fromSeed(b); return TLSPrivate{p}, err }

// Seed returns the 32 bytes to keep in a vault.
func (k SignPrivate) Seed() []byte { return k.seed() }

// Seed returns the 32 bytes to keep in a vault.
func (k OfficerPrivate) Seed() []byte { return k.seed() }

// Seed returns the 32 bytes to keep in a vault.
func (k TLSPrivate) Seed() []byte { return k.seed() }

// Public returns the verifying key.
func (k SignPrivate) Public() (p SignPublic) {
	copy(p[:], k.p.Public().(ed25519.PublicKey))
	return p
}

// Public returns the verifying key.
func (k OfficerPrivate) Public() (p OfficerPublic) {
	copy(p[:], k.p.Public().(ed25519.PublicKey))
	return p
}

// Public returns the key that the other end pins.
func (k TLSPrivate) Public() (p TLSPublic) {
	copy(p[:], k.p.Public().(ed25519.PublicKey))
	return p
}

// Signer returns the key for crypto/tls.
func (k TLSPrivate) Signer() crypto.Signer { return *k.p }

// Sign signs msg as the type c.
func (k SignPrivate) Sign(c Context, msg []byte) (Signature, error) { return k.sign(c, msg) }

// Sign signs an order.
func (k OfficerPrivate) Sign(msg []byte) (Signature, error) { return k.sign(ContextOrder, msg) }

// Sign signs a statement of the hub, of type c.
func (k TLSPrivate) Sign(c Context, msg []byte) (Signature, error) { return k.sign(c, msg) }

// Verify reports whether s is this device's signature of msg as the type c.
func (p SignPublic) Verify(c Context, msg []byte, s Signature) error { return verify(p[:], c, msg, s) }

// Verify reports whether s is this officer's signature of an order.
func (p OfficerPublic) Verify(msg []byte, s Signature) error {
	return verify(p[:], ContextOrder, msg, s)
}

// Verify reports whether s is this end's signature of msg as the type c.
func (p TLSPublic) Verify(c Context, msg []byte, s Signature) error { return verify(p[:], c, msg, s) }

// Fingerprint returns what two people read to each other: 20 characters in groups of four, 100 bits of SHA-256.
func Fingerprint(b ...[]byte) string {
	h := sha256.New()
	for _, x := range b {
		h.Write(x)
	}
	text := base32.StdEncoding.EncodeToString(h.Sum(nil))[:20]
	var out []string
	for i := 0; i < len(text); i += 4 {
		out = append(out, text[i:i+4])
	}
	return strings.Join(out, "-")
}
