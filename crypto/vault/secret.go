package vault

import (
	"fmt"
	"io"
)

const redacted = "secret (redacted)"

// Secret holds bytes that must not be printed. Copies share the bytes, so wiping one wipes all.
type Secret struct{ b []byte }

// NewSecret takes over b; the caller keeps no other use for it.
func NewSecret(b []byte) Secret { return Secret{b} }

// Bytes returns the bytes themselves, not a copy.
func (s Secret) Bytes() []byte { return s.b }

// Wipe overwrites the bytes with zeros. What the runtime copied elsewhere is out of reach.
func (s Secret) Wipe() { clear(s.b) }

func (Secret) String() string { return redacted }

// GoString redacts.
func (Secret) GoString() string { return redacted }

// MarshalText redacts, also as a key of a JSON object.
func (Secret) MarshalText() ([]byte, error) { return []byte("redacted"), nil }

// Format keeps the bytes out of every printing verb.
func (Secret) Format(f fmt.State, _ rune) {
	if _, err := io.WriteString(f, redacted); err != nil {
		return // a failing writer is its owner's affair
	}
}
