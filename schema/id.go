package schema

import (
	"encoding/hex"
	"errors"
	"fmt"
	"io"

	"github.com/google/uuid"
)

// ErrIdentifier reports bytes or text that are not an identifier of the wanted kind.
var ErrIdentifier = errors.New("not an identifier")

type (
	// Org is the organisation: the hash of its genesis entry.
	Org [32]byte
	// Hash is a SHA-256 digest: of a change-set, a ledger entry, a part, a blob.
	Hash [32]byte
	// Device is one enrolled laptop of one member (a random UUID).
	Device [16]byte
	// Member is one person, pseudonymous (a random UUID).
	Member [16]byte
	// Order names one officers' order (a random UUID).
	Order [16]byte
	// Incarnation is drawn anew whenever a laptop's database is created, restored or found cloned.
	Incarnation [8]byte
	// Scope is the opaque name of site × record kind × compartment; what it stands for lies in the sealed directory.
	Scope [16]byte
	// Stream is one (device, incarnation, scope).
	Stream [16]byte
	// Object is the part of a record that lives in one scope.
	Object [16]byte
	// Pack names one bundle of forms: the first bytes of its hash.
	Pack [8]byte
	// Tag is the keyed name of a field inside an object, as the hub sees it.
	Tag [8]byte
)

// Record names a whole record: it is the object id of its anchor part.
type Record = Object

func unmarshal(dst []byte, src []byte, kind string) error {
	if len(src) != len(dst) {
		return fmt.Errorf("%w: %s of %d bytes, want %d", ErrIdentifier, kind, len(src), len(dst))
	}
	copy(dst, src)
	return nil
}

func unmarshalText(dst []byte, src []byte, kind string) error {
	if hex.DecodedLen(len(src)) != len(dst) || len(src)%2 != 0 {
		return fmt.Errorf("%w: %s of %d characters, want %d", ErrIdentifier, kind, len(src), hex.EncodedLen(len(dst)))
	}
	if _, err := hex.Decode(dst, src); err != nil {
		return fmt.Errorf("%w: %s: %w", ErrIdentifier, kind, err)
	}
	return nil
}

// NewDevice draws a device id.
func NewDevice(rand io.Reader) (Device, error) { id, err := draw(rand); return Device(id), err }

// NewMember draws a member id.
func NewMember(rand io.Reader) (Member, error) { id, err := draw(rand); return Member(id), err }

// NewOrder draws an order id.
func NewOrder(rand io.Reader) (Order, error) { id, err := draw(rand); return Order(id), err }

// NewScope draws a scope id.
func NewScope(rand io.Reader) (Scope, error) { id, err := draw(rand); return Scope(id), err }

// NewIncarnation draws an incarnation.
func NewIncarnation(rand io.Reader) (i Incarnation, err error) {
	if _, err := io.ReadFull(rand, i[:]); err != nil {
		return i, fmt.Errorf("draw an incarnation: %w", err)
	}
	return i, nil
}

func draw(rand io.Reader) (uuid.UUID, error) {
	id, err := uuid.NewRandomFromReader(rand)
	if err != nil {
		return id, fmt.Errorf("draw an identifier: %w", err)
	}
	return id, nil
}
