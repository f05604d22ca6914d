package ledger

import (
	"fmt"

	"escale/crypto/key"
	"escale/schema"
	"escale/schema/canon"
)

// PayloadKind says what a link carries.
type PayloadKind uint8

// What a link can carry.
const (
	PayloadOrder   PayloadKind = 1
	PayloadResults PayloadKind = 2
)

// Payload is a *SignedOrder or Results.
type Payload interface {
	payload() (PayloadKind, []byte, error)
}

// Link is the content of an entry above genesis: what its device signs.
type Link struct {
	_       struct{} `cbor:",toarray"`
	Org     schema.Org
	Height  uint64
	Prev    schema.Hash
	Time    int64 // unix milliseconds, by the signer's clock
	Device  schema.Device
	Kind    PayloadKind
	Payload []byte
}

// SignedLink is an entry above genesis.
type SignedLink struct {
	_         struct{} `cbor:",toarray"`
	Link      []byte
	Signature key.Signature
}

func (s *SignedOrder) payload() (PayloadKind, []byte, error) {
	b, err := s.Encode()
	return PayloadOrder, b, err
}

func (r Results) payload() (PayloadKind, []byte, error) {
	b, err := r.encode()
	return PayloadResults, b, err
}

// NewLink signs the entry that follows the log's head. It is not yet appended: another device may be faster. Whether the
// log would take it, Log.Verify tells.
func NewLink(l *Log, device schema.Device, sign key.SignPrivate, p Payload, unixMilli int64) ([]byte, error) {
	kind, payload, err := p.payload()
	if err != nil {
		return nil, err
	}
	head := l.Head()
	content, err := canon.Encode(&Link{
		Org: l.Org(), Height: head.Height + 1, Prev: head.Hash, Time: unixMilli, Device: device, Kind: kind, Payload: payload,
	})
	if err != nil {
		return nil, err
	}
	sig, err := sign.Sign(key.ContextLink, message(labelLink, l.Org(), content))
	if err != nil {
		return nil, err
	}
	b, err := canon.Encode(&SignedLink{Link: content, Signature: sig})
	if err != nil {
		return nil, err
	}
	return b, atMost("bytes of an entry", len(b), schema.MaxLedgerEntry)
}

// DecodeLink reads an entry above genesis. It verifies no signature.
func DecodeLink(entry []byte) (*Link, *SignedLink, error) {
	if err := atMost("bytes of an entry", len(entry), schema.MaxLedgerEntry); err != nil {
		return nil, nil, err
	}
	var s SignedLink
	if err := canon.Decode(entry, &s); err != nil {
		return nil, nil, fmt.Errorf("entry: %w", err)
	}
	var l Link
	if err := canon.Decode(s.Link, &l); err != nil {
		return nil, nil, fmt.Errorf("link: %w", err)
	}
	if l.Height == 0 || l.Time < 0 || l.Device.IsZero() {
		return nil, nil, fmt.Errorf("%w: a link without height, time or device", ErrInvalid)
	}
	return &l, &s, nil
}

// Order returns the order that the link carries, or ErrUnknownKind.
func (l *Link) Order() (*SignedOrder, error) {
	if l.Kind != PayloadOrder {
		return nil, fmt.Errorf("%w: payload %d is no order", ErrUnknownKind, l.Kind)
	}
	return DecodeSignedOrder(l.Payload)
}

// Results returns the results that the link carries, or ErrUnknownKind.
func (l *Link) Results() (Results, error) {
	if l.Kind != PayloadResults {
		return nil, fmt.Errorf("%w: payload %d is no results", ErrUnknownKind, l.Kind)
	}
	return decodeResults(l.Payload)
}

func (s *SignedLink) verify(org schema.Org, by key.SignPublic) error {
	if err := by.Verify(key.ContextLink, message(labelLink, org, s.Link), s.Signature); err != nil {
		return fmt.Errorf("link: %w", err)
	}
	return nil
}
