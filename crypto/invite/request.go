package invite

import (
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"errors"
	"fmt"

	"escale/crypto/key"
	"escale/crypto/ledger"
	"escale/schema"
	"escale/schema/canon"
)

// Bounds of a request.
const (
	MaxRequest    = 8 << 10 // bytes
	MaxSealedName = 4 << 10 // bytes
)

const (
	labelJoin    = "escale/v1/join"
	labelRequest = "escale/v1/request\x00"
)

// ErrSecret reports a request that was not made with the invitation's one-time secret.
var ErrSecret = errors.New("request was not made with this invitation's secret")

// Request is a laptop's wish to join, with the keys that it made for itself.
type Request struct {
	_          struct{} `cbor:",toarray"`
	Invitation ID
	Org        schema.Org
	Device     schema.Device
	Member     schema.Member
	Keys       ledger.DeviceKeys
	SealedName []byte // for officers, or nothing: the hub carries the request and must not learn a name

	encoded []byte
	mac     [sha256.Size]byte
}

type signedRequest struct {
	_         struct{} `cbor:",toarray"`
	Request   []byte
	MAC       [sha256.Size]byte
	Signature key.Signature
}

// Encode proves the request with the one-time secret, signs it with the laptop's new key and returns its bytes.
func (r *Request) Encode(secret Secret, sign key.SignPrivate) ([]byte, error) {
	if sign.Public() != r.Keys.Sign {
		return nil, fmt.Errorf("%w: the signing key is not the request's", ErrInvalid)
	}
	if err := r.check(); err != nil {
		return nil, err
	}
	content, err := canon.Encode(r)
	if err != nil {
		return nil, err
	}
	s := signedRequest{Request: content}
	if s.MAC, err = authenticate(secret, content); err != nil {
		return nil, err
	}
	if s.Signature, err = sign.Sign(key.ContextJoin, s.message(r.Org)); err != nil {
		return nil, err
	}
	return canon.Encode(&s)
}

// DecodeRequest reads a request and verifies that its signing key signed it. That an invited person made it, Verify tells.
func DecodeRequest(b []byte) (*Request, error) {
	if len(b) > MaxRequest {
		return nil, fmt.Errorf("%w: request of %d bytes, at most %d", ErrBound, len(b), MaxRequest)
	}
	var s signedRequest
	if err := canon.Decode(b, &s); err != nil {
		return nil, fmt.Errorf("request: %w", err)
	}
	var r Request
	if err := canon.Decode(s.Request, &r); err != nil {
		return nil, fmt.Errorf("request: %w", err)
	}
	if err := r.check(); err != nil {
		return nil, err
	}
	if err := r.Keys.Sign.Verify(key.ContextJoin, s.message(r.Org), s.Signature); err != nil {
		return nil, fmt.Errorf("request: %w", err)
	}
	r.encoded, r.mac = s.Request, s.MAC
	return &r, nil
}

// Verify reports whether a decoded request was made with the invitation's secret.
func (r *Request) Verify(secret Secret) error {
	mac, err := authenticate(secret, r.encoded)
	if err != nil {
		return err
	}
	if !hmac.Equal(mac[:], r.mac[:]) {
		return ErrSecret
	}
	return nil
}

// Fingerprint returns what officer and joiner read to each other: of all that the laptop asks to be entered.
func (r *Request) Fingerprint() string {
	return key.Fingerprint([]byte(labelRequest), r.Org[:], r.Invitation[:], r.Device[:], r.Member[:],
		r.Keys.Sign[:], r.Keys.KEM[:], r.Keys.TLS[:])
}

func (r *Request) check() error {
	if r.Invitation.IsZero() || r.Org.IsZero() || r.Device.IsZero() || r.Member.IsZero() {
		return fmt.Errorf("%w: invitation, organisation, device or member", ErrInvalid)
	}
	if len(r.SealedName) > MaxSealedName {
		return fmt.Errorf("%w: sealed name of %d bytes, at most %d", ErrBound, len(r.SealedName), MaxSealedName)
	}
	if err := r.Keys.Check(); err != nil {
		return fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	return nil
}

func (s *signedRequest) message(org schema.Org) []byte {
	b := append([]byte(labelRequest), org[:]...)
	b = append(b, s.MAC[:]...)
	return append(b, s.Request...)
}

func authenticate(secret Secret, content []byte) (out [sha256.Size]byte, err error) {
	k, err := hkdf.Key(sha256.New, secret[:], nil, labelJoin, sha256.Size)
	if err != nil {
		return out, fmt.Errorf("derive the key of a request: %w", err)
	}
	m := hmac.New(sha256.New, k)
	m.Write(content)
	m.Sum(out[:0])
	return out, nil
}
