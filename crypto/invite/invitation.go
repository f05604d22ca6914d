package invite

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"escale/crypto/key"
	"escale/crypto/ledger"
	"escale/schema"
	"escale/schema/canon"
)

// Bounds of an invitation.
const (
	MaxSites = 32
	MaxSite  = 32      // bytes of a site's code
	MaxCode  = 8 << 10 // bytes of a code as pasted, separators included
)

// Errors on which a caller decides.
var (
	// ErrDamaged: the code was not copied as it is; ErrTruncated and ErrMistyped say how.
	ErrDamaged   = errors.New("invitation is damaged")
	ErrTruncated = fmt.Errorf("%w: characters are missing", ErrDamaged)
	ErrMistyped  = fmt.Errorf("%w: it has a character that does not belong", ErrDamaged)
	ErrVersion   = errors.New("invitation of another version of the program")
	ErrExpired   = errors.New("invitation has expired")
	ErrInvalid   = errors.New("invitation or request lacks a part")
	ErrBound     = errors.New("over a bound of invitations")
)

// Invitation is what an officer hands to whoever shall join.
type Invitation struct {
	_       struct{} `cbor:",toarray"`
	ID      ID
	Org     schema.Org
	Head    ledger.Head // the ledger's head when it was made: the joiner accepts no log without it
	Address string      // of the hub
	Pins    []key.TLSPublic
	Role    string
	Sites   []string // codes
	Secret  Secret
	Expires int64 // unix seconds
}

func (v *Invitation) check() error {
	switch {
	case v.ID.IsZero() || v.Org.IsZero() || v.Head.Hash.IsZero() || v.Secret.IsZero():
		return fmt.Errorf("%w: name, organisation, ledger head or secret", ErrInvalid)
	case v.Address == "" || v.Role == "" || v.Expires <= 0 || len(v.Pins) == 0 || slices.ContainsFunc(v.Pins, key.TLSPublic.IsZero):
		return fmt.Errorf("%w: address, pin, role or expiry", ErrInvalid)
	case len(v.Address) > ledger.MaxAddress || len(v.Pins) > ledger.MaxPins || len(v.Role) > ledger.MaxRole:
		return fmt.Errorf("%w: address of %d, %d pins, role of %d bytes", ErrBound, len(v.Address), len(v.Pins), len(v.Role))
	case len(v.Sites) > MaxSites || slices.ContainsFunc(v.Sites, func(s string) bool { return len(s) > MaxSite }):
		return fmt.Errorf("%w: at most %d sites of %d bytes", ErrBound, MaxSites, MaxSite)
	case slices.Contains(v.Sites, ""):
		return fmt.Errorf("%w: an empty site", ErrInvalid)
	}
	return nil
}

// Code returns the invitation as text, in groups that can be pasted or typed.
func (v *Invitation) Code() (string, error) {
	b, err := v.encode()
	if err != nil {
		return "", err
	}
	return group(write(b)), nil
}

func (v *Invitation) encode() ([]byte, error) {
	if err := v.check(); err != nil {
		return nil, err
	}
	return canon.Encode(v)
}

// Parse reads a code. Spaces, line breaks, hyphens and lower case do not matter, nor O for 0, I or L for 1.
func Parse(code string, now time.Time) (*Invitation, error) {
	b, err := read(code)
	if err != nil {
		return nil, err
	}
	var v Invitation
	if err := canon.Decode(b, &v); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	if err := v.check(); err != nil {
		return nil, err
	}
	if now.Unix() > v.Expires {
		return nil, fmt.Errorf("%w on %s", ErrExpired, time.Unix(v.Expires, 0).UTC().Format(time.DateOnly))
	}
	return &v, nil
}
