package ledger

import (
	"bytes"
	"fmt"
	"io"
	"slices"

	"escale/crypto/key"
	"escale/schema"
	"escale/schema/canon"
)

// Order is what officers sign: one or more bodies that take effect together or not at all.
type Order struct {
	_       struct{} `cbor:",toarray"`
	ID      schema.Order
	Org     schema.Org
	Expires int64 // unix seconds; compared with the link's time only
	Least   Head  // the log must hold this head before the order can be linked
	Bodies  []RawBody
}

// RawBody is an encoded body; its kind says which type.
type RawBody struct {
	_     struct{} `cbor:",toarray"`
	Kind  Kind
	Bytes []byte
}

// OrderSignature is one officer's signature.
type OrderSignature struct {
	_         struct{} `cbor:",toarray"`
	Officer   key.OfficerPublic
	Signature key.Signature
}

// SignedOrder is an order with the signatures gathered so far, sorted by officer.
type SignedOrder struct {
	_          struct{} `cbor:",toarray"`
	Order      []byte
	Signatures []OrderSignature
}

// NewOrder draws an id and encodes an order that nobody signed yet. Bodies are applied in the order given.
func NewOrder(rand io.Reader, org schema.Org, expires int64, least Head, bodies ...Body) (*SignedOrder, error) {
	id, err := schema.NewOrder(rand)
	if err != nil {
		return nil, err
	}
	o := Order{ID: id, Org: org, Expires: expires, Least: least}
	for i, b := range bodies {
		raw, err := rawBody(b)
		if err != nil {
			return nil, fmt.Errorf("body %d: %w", i, err)
		}
		o.Bodies = append(o.Bodies, raw)
	}
	if err := o.check(); err != nil {
		return nil, err
	}
	enc, err := canon.Encode(&o)
	if err != nil {
		return nil, err
	}
	return &SignedOrder{Order: enc}, atMost("bytes of an order", len(enc), schema.MaxLedgerEntry)
}

func rawBody(b Body) (RawBody, error) {
	if err := b.check(); err != nil {
		return RawBody{}, err
	}
	enc, err := canon.Encode(b)
	return RawBody{Kind: b.Kind(), Bytes: enc}, err
}

func (o *Order) check() error {
	if err := given("order id", o.ID); err != nil {
		return err
	}
	if o.Expires <= 0 {
		return fmt.Errorf("%w: an order without expiry", ErrInvalid)
	}
	if len(o.Bodies) == 0 {
		return fmt.Errorf("%w: an order without body", ErrInvalid)
	}
	return atMost("bodies of an order", len(o.Bodies), MaxBodies)
}

// Decode returns the bodies in their order, each checked by itself.
func (o *Order) Decode() ([]Body, error) {
	out := make([]Body, 0, len(o.Bodies))
	for i, raw := range o.Bodies {
		b, err := raw.Decode()
		if err != nil {
			return nil, fmt.Errorf("body %d: %w", i, err)
		}
		out = append(out, b)
	}
	return out, nil
}

// Decode reads the body as the type that its kind names.
func (r RawBody) Decode() (Body, error) {
	b, err := newBody(r.Kind)
	if err != nil {
		return nil, err
	}
	if err := canon.Decode(r.Bytes, b); err != nil {
		return nil, err
	}
	return b, b.check()
}

// Content reads the order itself.
func (s *SignedOrder) Content() (*Order, error) {
	if err := atMost("bytes of an order", len(s.Order), schema.MaxLedgerEntry); err != nil {
		return nil, err
	}
	var o Order
	if err := canon.Decode(s.Order, &o); err != nil {
		return nil, fmt.Errorf("order: %w", err)
	}
	return &o, o.check()
}

// Sign adds an officer's signature, or replaces an earlier one of the same officer.
func (s *SignedOrder) Sign(officer key.OfficerPrivate) error {
	o, err := s.Content()
	if err != nil {
		return err
	}
	sig, err := officer.Sign(message(labelOrder, o.Org, s.Order))
	if err != nil {
		return err
	}
	entry := OrderSignature{Officer: officer.Public(), Signature: sig}
	i, found := slices.BinarySearchFunc(s.Signatures, entry, byOfficer)
	if found {
		s.Signatures[i] = entry
	} else {
		s.Signatures = slices.Insert(s.Signatures, i, entry)
	}
	return nil
}

func byOfficer(a, b OrderSignature) int { return bytes.Compare(a.Officer[:], b.Officer[:]) }

// Verify reports whether a threshold of the state's officers signed the order. A signature of anybody else, one that
// does not verify, or one given twice is refused, so that nothing unchecked enters the log.
func (s *SignedOrder) Verify(state *State) error {
	o, err := s.Content()
	if err != nil {
		return err
	}
	if o.Org != state.org {
		return fmt.Errorf("order: %w", ErrForeign)
	}
	if err := s.checkSignatures(); err != nil {
		return err
	}
	msg := message(labelOrder, o.Org, s.Order)
	for _, sig := range s.Signatures {
		if !state.standingOfficer(sig.Officer) {
			return fmt.Errorf("%w: a signature of no officer", ErrThreshold)
		}
		if err := sig.Officer.Verify(msg, sig.Signature); err != nil {
			return fmt.Errorf("order: %w", err)
		}
	}
	if n := uint(len(s.Signatures)); n < state.genesis.Threshold {
		return fmt.Errorf("%w: %d of %d", ErrThreshold, n, state.genesis.Threshold)
	}
	return nil
}

func (s *SignedOrder) checkSignatures() error {
	if err := atMost("signatures of an order", len(s.Signatures), MaxOfficers); err != nil {
		return err
	}
	for i := 1; i < len(s.Signatures); i++ {
		if byOfficer(s.Signatures[i-1], s.Signatures[i]) >= 0 {
			return fmt.Errorf("%w: signatures not sorted by officer", ErrInvalid)
		}
	}
	return nil
}

// Encode returns the bytes in which an order waits for signatures.
func (s *SignedOrder) Encode() ([]byte, error) {
	if err := s.checkSignatures(); err != nil {
		return nil, err
	}
	return canon.Encode(s)
}

// DecodeSignedOrder reads what Encode wrote; it verifies no signature.
func DecodeSignedOrder(b []byte) (*SignedOrder, error) {
	if err := atMost("bytes of an order", len(b), schema.MaxLedgerEntry); err != nil {
		return nil, err
	}
	var s SignedOrder
	if err := canon.Decode(b, &s); err != nil {
		return nil, fmt.Errorf("signed order: %w", err)
	}
	return &s, s.checkSignatures()
}
