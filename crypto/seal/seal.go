// Package seal holds everything that can open: private KEM and epoch keys, sessions, change-set secrets, entry keys.
//
//	epoch key ──HPKE──> session key ──wraps──> change-set secret ──HKDF(object)──> entry key ──HKDF(index)──> delta key
//
// Each wrapped key carries a commitment that is compared in constant time before anything is opened, because
// XChaCha20-Poly1305 does not commit to its key and a wrong HPKE key does not fail by itself. Keys redact themselves
// when printed. The hub never links this package.
package seal

import (
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/hpke"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"golang.org/x/crypto/chacha20poly1305"

	"escale/crypto/envelope"
	"escale/crypto/key"
	"escale/schema"
)

// Errors that callers decide by.
var (
	ErrWrongKey = errors.New("sealed to another key")
	ErrDamaged  = errors.New("sealed message is damaged")
)

// secret is 32 bytes that never print themselves: they lie behind a pointer, because fmt prints the unexported fields of
// a structure without asking their methods.
type secret struct{ p *[envelope.SecretSize]byte }

func secretOf(b []byte) (secret, error) {
	if len(b) != envelope.SecretSize {
		return secret{}, fmt.Errorf("%w: %d bytes, want %d", key.ErrSize, len(b), envelope.SecretSize)
	}
	p := [envelope.SecretSize]byte(b)
	return secret{&p}, nil
}

func drawSecret(rand io.Reader) (secret, error) {
	var p [envelope.SecretSize]byte
	if _, err := io.ReadFull(rand, p[:]); err != nil {
		return secret{}, fmt.Errorf("draw a key: %w", err)
	}
	return secret{&p}, nil
}

// bytes returns a copy.
func (s secret) bytes() []byte { return append([]byte(nil), s.p[:]...) }

// Format keeps the key out of every printing verb.
func (secret) Format(f fmt.State, _ rune) {
	if _, err := io.WriteString(f, "key (redacted)"); err != nil {
		return // a failing writer is its owner's affair
	}
}

// MarshalJSON keeps the key out of JSON.
func (secret) MarshalJSON() ([]byte, error) { return []byte(`"redacted"`), nil }

func (s secret) derive(purpose string, info ...[]byte) (secret, error) {
	b, err := hkdf.Key(sha256.New, s.p[:], nil, string(bind(purpose, info...)), envelope.SecretSize)
	if err != nil {
		return secret{}, fmt.Errorf("derive %s: %w", purpose, err)
	}
	return secretOf(b)
}

// bind joins a label and fixed-width fields. Every field of one purpose has a fixed width, so that no two inputs meet.
func bind(purpose string, fields ...[]byte) []byte {
	n := len(purpose) + 11
	for _, f := range fields {
		n += len(f)
	}
	b := make([]byte, 0, n)
	b = append(b, "escale/v1/"...)
	b = append(b, purpose...)
	b = append(b, 0)
	for _, f := range fields {
		b = append(b, f...)
	}
	return b
}

func u32(v uint32) []byte { return binary.BigEndian.AppendUint32(nil, v) }
func u64(v uint64) []byte { return binary.BigEndian.AppendUint64(nil, v) }

// commitment is the 128 bit commitment to a key that travels with what the key sealed.
func (s secret) commitment(aad []byte) []byte {
	m := hmac.New(sha256.New, s.p[:])
	m.Write([]byte("escale/v1/commitment\x00"))
	m.Write(aad)
	return m.Sum(nil)[:envelope.CommitmentSize]
}

func (s secret) seal(nonce, plain, aad []byte) ([]byte, error) {
	a, err := chacha20poly1305.NewX(s.p[:])
	if err != nil {
		return nil, fmt.Errorf("seal: %w", err)
	}
	return a.Seal(nil, nonce, plain, aad), nil
}

func (s secret) open(nonce, sealed, aad []byte) ([]byte, error) {
	a, err := chacha20poly1305.NewX(s.p[:])
	if err != nil {
		return nil, fmt.Errorf("open: %w", err)
	}
	plain, err := a.Open(nil, nonce, sealed, aad)
	if err != nil {
		return nil, ErrDamaged
	}
	return plain, nil
}

// ---- HPKE keys

// kemPrivate is the private half of a KEM key, kept as its 32-byte seed.
type kemPrivate struct {
	seed secret
	priv hpke.PrivateKey
}

// Format keeps the key out of every printing verb.
func (kemPrivate) Format(f fmt.State, v rune) { secret{}.Format(f, v) }

// MarshalJSON keeps the key out of JSON.
func (kemPrivate) MarshalJSON() ([]byte, error) { return secret{}.MarshalJSON() }

func kemFromSeed(seed []byte) (k kemPrivate, err error) {
	if k.seed, err = secretOf(seed); err != nil {
		return k, fmt.Errorf("KEM seed: %w", err)
	}
	if k.priv, err = hpke.MLKEM768X25519().NewPrivateKey(seed); err != nil {
		return k, fmt.Errorf("KEM key: %w", err)
	}
	return k, nil
}

func newKEM(rand io.Reader) (kemPrivate, error) {
	seed, err := drawSecret(rand)
	if err != nil {
		return kemPrivate{}, err
	}
	return kemFromSeed(seed.bytes())
}

// DevicePrivate opens what was wrapped for one device.
type DevicePrivate struct{ kemPrivate }

// EpochPrivate opens the sessions of one epoch of a scope.
type EpochPrivate struct{ kemPrivate }

// NewDevice draws a device's KEM key.
func NewDevice(rand io.Reader) (DevicePrivate, error) {
	k, err := newKEM(rand)
	return DevicePrivate{k}, err
}

// NewEpoch draws an epoch's key.
func NewEpoch(rand io.Reader) (EpochPrivate, error) {
	k, err := newKEM(rand)
	return EpochPrivate{k}, err
}

// DeviceFromSeed restores a device's KEM key.
func DeviceFromSeed(b []byte) (DevicePrivate, error) {
	k, err := kemFromSeed(b)
	return DevicePrivate{k}, err
}

// EpochFromSeed restores an epoch's key.
func EpochFromSeed(b []byte) (EpochPrivate, error) {
	k, err := kemFromSeed(b)
	return EpochPrivate{k}, err
}

// Seed returns the 32 bytes to keep in a vault.
func (k DevicePrivate) Seed() []byte { return k.seed.bytes() }

// Seed returns the 32 bytes to keep sealed.
func (k EpochPrivate) Seed() []byte { return k.seed.bytes() }

// Public returns the device's public key.
func (k DevicePrivate) Public() (p key.DeviceKEM) {
	copy(p[:], k.priv.PublicKey().Bytes())
	return p
}

// Public returns the epoch's public key.
func (k EpochPrivate) Public() (p key.EpochKEM) {
	copy(p[:], k.priv.PublicKey().Bytes())
	return p
}

// EpochName says which epoch a key belongs to.
type EpochName struct {
	Org    schema.Org
	Scope  schema.Scope
	Number uint32
}

func (n EpochName) bytes() []byte {
	return append(append(append([]byte(nil), n.Org[:]...), n.Scope[:]...), u32(n.Number)...)
}

// WrapEpoch seals an epoch's private key to one device. The name, the grantee and the order are bound into it.
func WrapEpoch(k EpochPrivate, name EpochName, order schema.Order, grantee schema.Device, to key.DeviceKEM) ([]byte, error) {
	return wrapTo(to[:], bind("epoch-wrap", name.bytes(), order[:], grantee[:]), k)
}

// WrapEpochToCustody seals an epoch's private key to the organisation's recovery key.
func WrapEpochToCustody(k EpochPrivate, name EpochName, order schema.Order, to key.CustodyKEM) ([]byte, error) {
	return wrapTo(to[:], bind("epoch-custody", name.bytes(), order[:]), k)
}

func wrapTo(to, info []byte, k EpochPrivate) ([]byte, error) {
	pub, err := hpke.MLKEM768X25519().NewPublicKey(to)
	if err != nil {
		return nil, fmt.Errorf("grantee's key: %w", err)
	}
	out, err := hpke.Seal(pub, hpke.HKDFSHA256(), hpke.ChaCha20Poly1305(), info, k.seed.bytes())
	if err != nil {
		return nil, fmt.Errorf("wrap epoch key: %w", err)
	}
	return out, nil
}

// UnwrapEpoch opens a wrapped epoch key and refuses it unless its public half is the one in the ledger.
func UnwrapEpoch(d DevicePrivate, name EpochName, order schema.Order, grantee schema.Device, want key.EpochKEM, wrap []byte) (EpochPrivate, error) {
	return unwrapFrom(d.kemPrivate, bind("epoch-wrap", name.bytes(), order[:], grantee[:]), want, wrap)
}
