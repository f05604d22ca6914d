package dpo

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	"escale/clients/profile"
	"escale/crypto/key"
	"escale/crypto/ledger"
	"escale/schema"
	"escale/schema/canon"
)

// ErrCard reports text that is not an officer's card, or not the whole of one.
var ErrCard = errors.New("the officer's card is damaged")

// A card as text is the prefix and base64url of the content and four bytes of its hash.
const (
	cardPrefix = "escale-officer1:"
	cardLabel  = "escale/v1/officer-card\x00"
	cardSum    = 4
	maxCard    = 8 << 10 // bytes of text
)

// Card is what a further officer hands to the founder: public keys.
type Card struct {
	_       struct{} `cbor:",toarray"`
	Member  schema.Member
	Device  schema.Device
	Officer key.OfficerPublic
	Keys    ledger.DeviceKeys
}

// CardOf makes an officer's card from the keys of a new profile.
func CardOf(k profile.Keys) (Card, error) {
	officer, err := key.OfficerFromSeed(k.Officer)
	if err != nil {
		return Card{}, err
	}
	keys, err := k.Public()
	return Card{Member: k.Member, Device: k.Device, Officer: officer.Public(), Keys: keys}, err
}

func cardChecksum(b []byte) []byte {
	sum := sha256.Sum256(append([]byte(cardLabel), b...))
	return sum[:cardSum]
}

// Text returns the card as text.
func (c Card) Text() (string, error) {
	b, err := canon.Encode(c)
	if err != nil {
		return "", err
	}
	return cardPrefix + base64.RawURLEncoding.EncodeToString(append(b, cardChecksum(b)...)), nil
}

// Fingerprint returns what officer and founder read to each other.
func (c Card) Fingerprint() string {
	return key.Fingerprint([]byte(cardLabel), c.Member[:], c.Device[:], c.Officer[:], c.Keys.Sign[:], c.Keys.KEM[:], c.Keys.TLS[:])
}

// ParseCard reads what Text wrote; blanks and line breaks do not matter.
func ParseCard(text string) (Card, error) {
	var c Card
	if len(text) > maxCard {
		return c, fmt.Errorf("%w: %d bytes, at most %d", ErrCard, len(text), maxCard)
	}
	encoded, ok := strings.CutPrefix(strings.Join(strings.Fields(text), ""), cardPrefix)
	if !ok {
		return c, fmt.Errorf("%w: it does not begin with %s", ErrCard, cardPrefix)
	}
	b, err := base64.RawURLEncoding.DecodeString(encoded)
	if err != nil || len(b) < cardSum {
		return c, fmt.Errorf("%w: characters", ErrCard)
	}
	content, sum := b[:len(b)-cardSum], b[len(b)-cardSum:]
	if subtle.ConstantTimeCompare(sum, cardChecksum(content)) != 1 {
		return c, fmt.Errorf("%w: checksum", ErrCard)
	}
	if err := canon.Decode(content, &c); err != nil {
		return c, fmt.Errorf("%w: %w", ErrCard, err)
	}
	if c.Member.IsZero() || c.Device.IsZero() || c.Officer.IsZero() {
		return c, fmt.Errorf("%w: a part is missing", ErrCard)
	}
	if err := c.Keys.Check(); err != nil {
		return c, fmt.Errorf("%w: %w", ErrCard, err)
	}
	return c, nil
}
