package key

import (
	"encoding/base64"
	"fmt"
)

// Public keys travel as CBOR byte strings and as base64url text; a wrong length is refused by the decoder itself.

func set(dst, src []byte, what string) error {
	if len(src) != len(dst) {
		return fmt.Errorf("%w: %s of %d bytes, want %d", ErrSize, what, len(src), len(dst))
	}
	copy(dst, src)
	return nil
}

func setText(dst, src []byte, what string) error {
	if base64.RawURLEncoding.DecodedLen(len(src)) != len(dst) {
		return fmt.Errorf("%w: %s of %d characters", ErrSize, what, len(src))
	}
	b, err := base64.RawURLEncoding.DecodeString(string(src))
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	return set(dst, b, what)
}

// String returns x as base64url text.
func (x SignPublic) String() string { return base64.RawURLEncoding.EncodeToString(x[:]) }

// IsZero reports whether x was never set.
func (x SignPublic) IsZero() bool { return x == SignPublic{} }

// MarshalBinary returns the bytes of x.
func (x SignPublic) MarshalBinary() ([]byte, error) { return x[:], nil }

// UnmarshalBinary sets x, refusing any other length.
func (x *SignPublic) UnmarshalBinary(b []byte) error { return set(x[:], b, "signing key") }

// MarshalText returns x as base64url text.
func (x SignPublic) MarshalText() ([]byte, error) { return []byte(x.String()), nil }

// UnmarshalText reads base64url text.
func (x *SignPublic) UnmarshalText(b []byte) error { return setText(x[:], b, "signing key") }

// String returns x as base64url text.
func (x OfficerPublic) String() string { return base64.RawURLEncoding.EncodeToString(x[:]) }

// IsZero reports whether x was never set.
func (x OfficerPublic) IsZero() bool { return x == OfficerPublic{} }

// MarshalBinary returns the bytes of x.
func (x OfficerPublic) MarshalBinary() ([]byte, error) { return x[:], nil }

// UnmarshalBinary sets x, refusing any other length.
func (x *OfficerPublic) UnmarshalBinary(b []byte) error { return set(x[:], b, "officer's key") }

// MarshalText returns x as base64url text.
func (x OfficerPublic) MarshalText() ([]byte, error) { return []byte(x.String()), nil }

// UnmarshalText reads base64url text.
func (x *OfficerPublic) UnmarshalText(b []byte) error { return setText(x[:], b, "officer's key") }

// String returns x as base64url text.
func (x TLSPublic) String() string { return base64.RawURLEncoding.EncodeToString(x[:]) }

// IsZero reports whether x was never set.
func (x TLSPublic) IsZero() bool { return x == TLSPublic{} }

// MarshalBinary returns the bytes of x.
func (x TLSPublic) MarshalBinary() ([]byte, error) { return x[:], nil }

// UnmarshalBinary sets x, refusing any other length.
func (x *TLSPublic) UnmarshalBinary(b []byte) error { return set(x[:], b, "channel key") }

// MarshalText returns x as base64url text.
func (x TLSPublic) MarshalText() ([]byte, error) { return []byte(x.String()), nil }

// UnmarshalText reads base64url text.
func (x *TLSPublic) UnmarshalText(b []byte) error { return setText(x[:], b, "channel key") }

// String returns x as base64url text.
func (x DeviceKEM) String() string { return base64.RawURLEncoding.EncodeToString(x[:]) }

// IsZero reports whether x was never set.
func (x DeviceKEM) IsZero() bool { return x == DeviceKEM{} }

// MarshalBinary returns the bytes of x.
func (x DeviceKEM) MarshalBinary() ([]byte, error) { return x[:], nil }

// UnmarshalBinary sets x, refusing any other length.
func (x *DeviceKEM) UnmarshalBinary(b []byte) error { return set(x[:], b, "device's KEM key") }

// MarshalText returns x as base64url text.
func (x DeviceKEM) MarshalText() ([]byte, error) { return []byte(x.String()), nil }

// UnmarshalText reads base64url text.
func (x *DeviceKEM) UnmarshalText(b []byte) error { return setText(x[:], b, "device's KEM key") }

// String returns x as base64url text.
func (x EpochKEM) String() string { return base64.RawURLEncoding.EncodeToString(x[:]) }

// IsZero reports whether x was never set.
func (x EpochKEM) IsZero() bool { return x == EpochKEM{} }

// MarshalBinary returns the bytes of x.
func (x EpochKEM) MarshalBinary() ([]byte, error) { return x[:], nil }

// UnmarshalBinary sets x, refusing any other length.
func (x *EpochKEM) UnmarshalBinary(b []byte) error { return set(x[:], b, "epoch's KEM key") }

// MarshalText returns x as base64url text.
func (x EpochKEM) MarshalText() ([]byte, error) { return []byte(x.String()), nil }

// UnmarshalText reads base64url text.
func (x *EpochKEM) UnmarshalText(b []byte) error { return setText(x[:], b, "epoch's KEM key") }

// String returns x as base64url text.
func (x CustodyKEM) String() string { return base64.RawURLEncoding.EncodeToString(x[:]) }

// IsZero reports whether x was never set.
func (x CustodyKEM) IsZero() bool { return x == CustodyKEM{} }

// MarshalBinary returns the bytes of x.
func (x CustodyKEM) MarshalBinary() ([]byte, error) { return x[:], nil }

// UnmarshalBinary sets x, refusing any other length.
func (x *CustodyKEM) UnmarshalBinary(b []byte) error { return set(x[:], b, "custody KEM key") }

// MarshalText returns x as base64url text.
func (x CustodyKEM) MarshalText() ([]byte, error) { return []byte(x.String()), nil }

// UnmarshalText reads base64url text.
func (x *CustodyKEM) UnmarshalText(b []byte) error { return setText(x[:], b, "custody KEM key") }

// String returns x as base64url text.
func (x Signature) String() string { return base64.RawURLEncoding.EncodeToString(x[:]) }

// IsZero reports whether x was never set.
func (x Signature) IsZero() bool { return x == Signature{} }

// MarshalBinary returns the bytes of x.
func (x Signature) MarshalBinary() ([]byte, error) { return x[:], nil }

// UnmarshalBinary sets x, refusing any other length.
func (x *Signature) UnmarshalBinary(b []byte) error { return set(x[:], b, "signature") }

// MarshalText returns x as base64url text.
func (x Signature) MarshalText() ([]byte, error) { return []byte(x.String()), nil }

// UnmarshalText reads base64url text.
func (x *Signature) UnmarshalText(b []byte) error { return setText(x[:], b, "signature") }
