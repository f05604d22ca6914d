package changeset

import (
	"fmt"

	"escale/crypto/envelope"
	"escale/crypto/key"
	"escale/schema"
	"escale/schema/canon"
)

// Overhead bounds what a change-set costs beside its heads and deltas, in bytes: header, signature, session and wrap.
const Overhead = 2048

// HeadSize bounds one head on the wire, in bytes.
const HeadSize = 64

// Draft is a change-set that is still open. Its deltas are sealed already; closing it signs it and fixes its hash.
type Draft struct {
	Header  Header // Suite, Count and Parts are filled in by Close
	Session []byte // session header, if this change-set introduces it
	Wrap    []byte
	Deltas  [][]byte // as EncodeDelta returned them
}

// EncodeDelta returns the bytes of a delta as a part of a change-set.
func EncodeDelta(d *Delta) ([]byte, error) {
	b, err := d.encode()
	if err != nil {
		return nil, err
	}
	if len(d.Sealed) > schema.MaxSealed {
		return nil, fmt.Errorf("%w: sealed part of %d bytes, at most %d", ErrBound, len(d.Sealed), schema.MaxSealed)
	}
	return b, nil
}

// Close signs the draft and returns the change-set, parsed from the bytes that will travel, so that whatever a receiver
// would refuse is refused here.
func (d *Draft) Close(k key.SignPrivate) (*Set, error) {
	o := outer{Session: d.Session, Wrap: d.Wrap, Deltas: d.Deltas, Erased: []erased{}}
	if o.Session == nil {
		o.Session = []byte{}
	}
	if o.Deltas == nil {
		o.Deltas = [][]byte{}
	}
	h := d.Header
	h.Suite, h.Count = schema.Suite, uint32(len(d.Deltas))
	if h.Heads == nil {
		h.Heads = []Head{}
	}
	sums := []schema.Hash{partSum(o.Session), partSum(o.Wrap)}
	for _, b := range d.Deltas {
		sums = append(sums, partSum(b))
	}
	h.Parts = partsHash(sums)
	var err error
	if o.Header, err = canon.Encode(h); err != nil {
		return nil, err
	}
	hash := labelled("escale/v1/change-set\x00", o.Header)
	if o.Signature, err = k.Sign(key.ContextChangeSet, hash[:]); err != nil {
		return nil, err
	}
	raw, err := canon.Encode(o)
	if err != nil {
		return nil, err
	}
	return Parse(raw)
}

// Erase returns the bytes of the change-set without the deltas of an object: each leaves its hash, and header, hash and
// signature stay what they were.
func (s *Set) Erase(gone func(schema.Object) bool) ([]byte, error) {
	var o outer
	if err := canon.DecodeLoose(s.Raw, &o); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	o.Erased = nil
	for i, sum := range s.partSums {
		switch {
		case i == 0 && len(o.Session) == 0 && sum != partSum(nil), i == 1 && len(o.Wrap) == 0:
		case i >= 2 && (s.Deltas[i-2].Erased || gone(s.Deltas[i-2].Object)):
			o.Deltas[i-2] = []byte{}
		default:
			continue
		}
		o.Erased = append(o.Erased, erased{Part: uint32(i), Sum: sum})
	}
	if o.Erased == nil {
		o.Erased = []erased{}
	}
	return canon.Encode(o)
}

// Wrapped reports whether the change-set still carries its wrapped secret.
func (s *Set) Wrapped() bool { return len(s.Wrap) == envelope.WrapSize }
