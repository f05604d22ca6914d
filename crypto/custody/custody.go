// Package custody splits the organisation's recovery key into shares for custodians, k of n, and puts it together again.
//
// Shamir's scheme is github.com/cloudflare/circl's, over the scalars of Ristretto255: k−1 shares say nothing about the
// secret, whatever computer is used. The seed of the recovery key is derived from the shared scalar. Each share carries
// 32 random bytes beside its value, and the ledger holds the hash of each share: a wrong one is named before anything is
// combined. Feldman's commitments, which circl has too, would publish the secret as a logarithm and so give up what the
// hybrid KEM is for; all they would add is that custodians need not trust whoever splits, and who splits has the whole key.
//
// The package does no I/O and keeps nothing. The hub never links it.
package custody

import (
	"crypto/hkdf"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"

	"github.com/cloudflare/circl/group"
	"github.com/cloudflare/circl/secretsharing"

	"escale/crypto/key"
	"escale/crypto/ledger"
	"escale/crypto/seal"
	"escale/schema"
	"escale/schema/canon"
)

// Errors that callers decide by.
var (
	ErrPolicy = errors.New("not a possible number of shares")
	ErrTooFew = errors.New("too few shares of the recovery key")
	ErrShare  = errors.New("not a share of this recovery key")
)

// WrongShareError is ErrShare and names whose share it is.
type WrongShareError struct {
	Custodian schema.Device
	Index     uint
}

// Error names the custodian's device.
func (e *WrongShareError) Error() string {
	return fmt.Sprintf("%s: share %d, of device %s", ErrShare, e.Index, e.Custodian)
}

// Is reports whether target is ErrShare, or any error of this type.
func (e *WrongShareError) Is(target error) bool {
	_, same := target.(*WrongShareError)
	return same || target == ErrShare
}

const (
	secretSize = 32
	shareLabel = "escale/v1/custody-share\x00"
	keyLabel   = "escale/v1/custody-key\x00"
)

// Share is one custodian's share. It redacts itself.
type Share struct {
	_     struct{} `cbor:",toarray"`
	Index uint     // from 1
	Value []byte
	Blind []byte
}

// Format keeps the share out of every printing verb.
func (Share) Format(f fmt.State, _ rune) {
	if _, err := io.WriteString(f, "share (redacted)"); err != nil {
		return // a failing writer is its owner's affair
	}
}

// MarshalJSON keeps the share out of JSON.
func (Share) MarshalJSON() ([]byte, error) { return []byte(`"redacted"`), nil }

// Encode returns what is sealed to the custodian.
func (s Share) Encode() ([]byte, error) { return canon.Encode(s) }

// DecodeShare reads what Encode wrote.
func DecodeShare(b []byte) (s Share, err error) {
	if len(b) > 128 {
		return s, fmt.Errorf("%w: %d bytes", ErrShare, len(b))
	}
	if err := canon.Decode(b, &s); err != nil {
		return s, fmt.Errorf("%w: %w", ErrShare, err)
	}
	if len(s.Value) != secretSize || len(s.Blind) != secretSize || s.Index < 1 || s.Index > ledger.MaxShares {
		return s, ErrShare
	}
	return s, nil
}

// Commitment is what the ledger holds of a share of an organisation's recovery key.
func (s Share) Commitment(org schema.Org, of key.CustodyKEM) (out schema.Hash) {
	h := sha256.New()
	h.Write([]byte(shareLabel))
	h.Write(org[:])
	h.Write(of[:])
	h.Write([]byte{byte(s.Index)})
	h.Write(s.Value)
	h.Write(s.Blind)
	h.Sum(out[:0])
	return out
}

// Split draws a recovery key and splits it, one share for each custodian; threshold of them open. The private key is gone
// when Split returns.
func Split(rand io.Reader, org schema.Org, custodians []schema.Device, threshold uint) (*ledger.Custody, []Share, error) {
	n := uint(len(custodians))
	if threshold < 1 || threshold > n || n > ledger.MaxShares {
		return nil, nil, fmt.Errorf("%w: %d of %d", ErrPolicy, threshold, n)
	}
	secret := group.Ristretto255.RandomNonZeroScalar(rand)
	priv, err := keyOf(org, secret)
	if err != nil {
		return nil, nil, err
	}
	c := &ledger.Custody{Key: priv.Public(), Shares: n, Threshold: threshold, Custodians: custodians}
	shares := make([]Share, 0, n)
	for i, s := range secretsharing.New(rand, threshold-1, secret).Share(n) {
		share := Share{Index: uint(i + 1), Blind: make([]byte, secretSize)}
		if share.Value, err = s.Value.MarshalBinary(); err != nil {
			return nil, nil, fmt.Errorf("share: %w", err)
		}
		if _, err := io.ReadFull(rand, share.Blind); err != nil {
			return nil, nil, fmt.Errorf("draw a share's blind: %w", err)
		}
		shares = append(shares, share)
		c.Commitments = append(c.Commitments, share.Commitment(org, c.Key))
	}
	return c, shares, nil
}

// Check names the custodian of a share that is not the one whose hash the ledger holds.
func Check(org schema.Org, c *ledger.Custody, s Share) error {
	if s.Index < 1 || s.Index > c.Shares {
		return fmt.Errorf("%w: share %d of %d", ErrShare, s.Index, c.Shares)
	}
	if s.Commitment(org, c.Key) != c.Commitments[s.Index-1] {
		return &WrongShareError{Custodian: c.Custodians[s.Index-1], Index: s.Index}
	}
	return nil
}

// Combine puts the recovery key together. Each share is checked first; more than the threshold do no harm, nor does one
// that is given twice.
func Combine(org schema.Org, c *ledger.Custody, shares []Share) (k seal.CustodyPrivate, err error) {
	byIndex := map[uint]bool{}
	var points []secretsharing.Share
	for _, s := range shares {
		if err := Check(org, c, s); err != nil {
			return k, err
		}
		if byIndex[s.Index] {
			continue
		}
		byIndex[s.Index] = true
		p := secretsharing.Share{ID: group.Ristretto255.NewScalar().SetUint64(uint64(s.Index)), Value: group.Ristretto255.NewScalar()}
		if err := p.Value.UnmarshalBinary(s.Value); err != nil {
			return k, fmt.Errorf("%w: %w", ErrShare, err)
		}
		points = append(points, p)
	}
	if uint(len(points)) < c.Threshold {
		return k, fmt.Errorf("%w: %d of %d", ErrTooFew, len(points), c.Threshold)
	}
	secret, err := secretsharing.Recover(c.Threshold-1, points)
	if err != nil {
		return k, fmt.Errorf("combine: %w", err)
	}
	if k, err = keyOf(org, secret); err != nil {
		return k, err
	}
	if k.Public() != c.Key {
		return seal.CustodyPrivate{}, fmt.Errorf("%w: they make another key", ErrShare)
	}
	return k, nil
}

func keyOf(org schema.Org, secret group.Scalar) (k seal.CustodyPrivate, err error) {
	b, err := secret.MarshalBinary()
	if err != nil {
		return k, fmt.Errorf("recovery key: %w", err)
	}
	seed, err := hkdf.Key(sha256.New, b, nil, keyLabel+string(org[:]), secretSize)
	if err != nil {
		return k, fmt.Errorf("recovery key: %w", err)
	}
	return seal.CustodyFromSeed(seed)
}
