// Package envelope describes sealed messages without opening them: a session header, the wrap of a change-set's secret,
// and a key wrapped to one device. It parses, checks bounds, and hashes; it holds no key and cannot decrypt, so the hub
// links it.
package envelope

import (
	"crypto/sha256"
	"errors"
	"fmt"

	"escale/crypto/key"
	"escale/schema"
	"escale/schema/canon"
)

// Sizes of the parts of an envelope, in bytes.
const (
	EncapsulatedSize = 1120 // HPKE enc of MLKEM768-X25519
	ConfirmSize      = 32   // exported confirmation of an HPKE key
	CommitmentSize   = 16   // commitment to a symmetric key, 128 bit
	SecretSize       = 32
	TagSize          = 16
	NonceSize        = 24
	SaltSize         = 16
	WrapSize         = CommitmentSize + SecretSize + TagSize
	KeyWrapSize      = EncapsulatedSize + SecretSize + TagSize
)

// ErrEnvelope reports a sealed message whose outer form is wrong.
var ErrEnvelope = errors.New("malformed envelope")

// Session is the header of one sitting in one scope: an HPKE encapsulation to an epoch's public key. Everything needed
// to open it, save the private key, is here.
type Session struct {
	_       struct{} `cbor:",toarray"`
	Suite   uint8
	KEM     uint16
	Scope   schema.Scope
	Epoch   uint32
	Device  schema.Device
	Enc     []byte
	Confirm []byte
}

// ParseSession reads a session header.
func ParseSession(b []byte) (*Session, error) {
	var s Session
	if len(b) > 2*EncapsulatedSize {
		return nil, fmt.Errorf("%w: session header of %d bytes", ErrEnvelope, len(b))
	}
	if err := canon.Decode(b, &s); err != nil {
		return nil, fmt.Errorf("session header: %w", err)
	}
	switch {
	case s.Suite != schema.Suite:
		return nil, fmt.Errorf("%w: suite %d is unknown", ErrEnvelope, s.Suite)
	case s.KEM != key.KEM:
		return nil, fmt.Errorf("%w: KEM %#04x is unknown", ErrEnvelope, s.KEM)
	case len(s.Enc) != EncapsulatedSize:
		return nil, fmt.Errorf("%w: encapsulation of %d bytes", ErrEnvelope, len(s.Enc))
	case len(s.Confirm) != ConfirmSize:
		return nil, fmt.Errorf("%w: confirmation of %d bytes", ErrEnvelope, len(s.Confirm))
	}
	return &s, nil
}

// Encode returns the bytes of the header.
func (s *Session) Encode() ([]byte, error) { return canon.Encode(s) }

// SessionID names a session header by its bytes.
func SessionID(b []byte) schema.Hash { return sum("escale/v1/session-id\x00", b) }

// BlobID names a wrap or another blob by its bytes.
func BlobID(b []byte) schema.Hash { return sum("escale/v1/blob\x00", b) }

func sum(label string, b []byte) (out schema.Hash) {
	h := sha256.New()
	h.Write([]byte(label))
	h.Write(b)
	h.Sum(out[:0])
	return out
}
