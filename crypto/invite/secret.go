package invite

import (
	"fmt"
	"io"
)

// Secret is the one-time secret of an invitation. It redacts itself when printed or put into JSON.
type Secret [16]byte

// ID names an invitation.
type ID [16]byte

// NewSecret draws a secret.
func NewSecret(rand io.Reader) (s Secret, err error) {
	if _, err := io.ReadFull(rand, s[:]); err != nil {
		return s, fmt.Errorf("draw a one-time secret: %w", err)
	}
	return s, nil
}

// NewID draws the name of an invitation.
func NewID(rand io.Reader) (id ID, err error) {
	if _, err := io.ReadFull(rand, id[:]); err != nil {
		return id, fmt.Errorf("draw the name of an invitation: %w", err)
	}
	return id, nil
}

// IsZero reports whether the secret was never drawn.
func (s Secret) IsZero() bool { return s == Secret{} }

// String says that this is a secret.
func (Secret) String() string { return "one-time secret (redacted)" }

// MarshalJSON says that this is a secret.
func (Secret) MarshalJSON() ([]byte, error) { return []byte(`"redacted"`), nil }

// Format keeps the secret out of every printing verb.
func (s Secret) Format(f fmt.State, _ rune) {
	if _, err := io.WriteString(f, s.String()); err != nil {
		return // a failing writer is its owner's affair
	}
}

// IsZero reports whether the name was never drawn.
func (x ID) IsZero() bool { return x == ID{} }

// String returns the name in hexadecimal.
func (x ID) String() string { return fmt.Sprintf("%x", x[:]) }
