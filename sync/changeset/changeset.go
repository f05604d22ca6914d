// Package changeset frames, signs, chains and verifies batches of already sealed deltas.
//
// A change-set is a header, the signature of the header's hash, and parts: an optional session header, the wrapped
// secret, and the deltas. Header and chain cover the hashes of the parts, never their bytes, so that an erased part
// leaves its hash and every chain still verifies. The package is pure and cannot open anything; the hub links it.
package changeset

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"math"

	"escale/crypto/envelope"
	"escale/crypto/key"
	"escale/schema"
	"escale/schema/canon"
)

// Errors that callers decide by.
var (
	ErrMalformed = errors.New("malformed change-set")
	ErrBound     = errors.New("change-set exceeds a bound")
	ErrParts     = errors.New("parts do not match the signed header")
	ErrForeign   = errors.New("change-set of another organisation")
)

// Head is a change-set that an author relied upon.
type Head struct {
	_      struct{} `cbor:",toarray"`
	Stream schema.Stream
	Seq    uint64
	Set    schema.Hash
}

// Header is what a device signs.
type Header struct {
	_           struct{} `cbor:",toarray"`
	Suite       uint8
	Org         schema.Org
	Device      schema.Device
	Incarnation schema.Incarnation
	Scope       schema.Scope
	Seq         uint64 // 1, 2, 3 … in its stream
	Prev        schema.Hash
	Ledger      schema.Hash // head of the ledger when the change-set was opened
	Heads       []Head
	Pack        schema.Pack // form bundle that its deltas were written with
	Epoch       uint32
	Session     schema.Hash
	Salt        [envelope.SaltSize]byte
	Count       uint32      // deltas
	Parts       schema.Hash // hash of the list of hashes of the parts
}

// Stream names the stream that the change-set belongs to.
func (h *Header) Stream() schema.Stream {
	return schema.StreamOf(h.Device, h.Incarnation, h.Scope)
}

// Set is a parsed change-set. Raw holds its bytes as they were signed and hashed; nothing is encoded again.
type Set struct {
	Header  Header
	Hash    schema.Hash // identity: hash of the header
	Session []byte      // session header, in the change-set that introduces it; else nil
	Wrap    []byte      // nil if erased
	Deltas  []Delta
	Raw     []byte

	signature key.Signature
	partSums  []schema.Hash
}

// outer is the form on the wire; readOuter reads it. A part is either its bytes or, if it was erased, its hash inside an array.
type outer struct {
	_         struct{} `cbor:",toarray"`
	Header    []byte
	Signature key.Signature
	Session   []byte
	Wrap      []byte
	Deltas    [][]byte
	Erased    []erased
}

// erased says which part is gone and what its hash was. Part 0 is the session header, 1 the wrap, 2 the first delta.
type erased struct {
	_    struct{} `cbor:",toarray"`
	Part uint32
	Sum  schema.Hash
}

// Parse reads a change-set, checks every bound, and checks the parts against the header. It does not verify the
// signature: that takes the ledger's key (Verify).
func Parse(raw []byte) (*Set, error) {
	if len(raw) > schema.MaxChangeSet {
		return nil, fmt.Errorf("%w: %d bytes, at most %d", ErrBound, len(raw), schema.MaxChangeSet)
	}
	o, err := readOuter(raw)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	s := &Set{Raw: raw, Session: o.Session, Wrap: o.Wrap, signature: o.Signature}
	if err := canon.Decode(o.Header, &s.Header); err != nil {
		return nil, fmt.Errorf("%w: header: %w", ErrMalformed, err)
	}
	s.Hash = labelled("escale/v1/change-set\x00", o.Header)
	if err := s.checkHeader(len(o.Deltas)); err != nil {
		return nil, err
	}
	if err := s.checkParts(o); err != nil {
		return nil, err
	}
	return s, nil
}

// readOuter reads by hand what canon.Decode would: a push is mostly this. Its byte strings lie inside raw.
func readOuter(raw []byte) (*outer, error) {
	r := canon.NewReader(raw)
	o := &outer{Erased: []erased{}}
	r.Tuple(6)
	o.Header = r.Bytes()
	r.Fixed(o.Signature[:])
	o.Session, o.Wrap = r.Bytes(), r.Bytes()
	n := r.Array()
	o.Deltas = make([][]byte, 0, min(n, schema.MaxDeltas))
	for ; n > 0 && r.Err() == nil; n-- {
		o.Deltas = append(o.Deltas, r.Bytes())
	}
	for n := r.Array(); n > 0 && r.Err() == nil; n-- {
		o.Erased = append(o.Erased, readErased(&r))
	}
	return o, r.End()
}

func readErased(r *canon.Reader) (e erased) {
	r.Tuple(2)
	e.Part = uint32(r.Uint(math.MaxUint32))
	r.Fixed(e.Sum[:])
	return e
}

func (s *Set) checkHeader(deltas int) error {
	h := &s.Header
	switch {
	case h.Suite != schema.Suite:
		return fmt.Errorf("%w: suite %d is unknown", ErrMalformed, h.Suite)
	case h.Seq == 0:
		return fmt.Errorf("%w: sequence 0", ErrMalformed)
	case (h.Seq == 1) != h.Prev.IsZero():
		return fmt.Errorf("%w: sequence %d does not fit its predecessor", ErrMalformed, h.Seq)
	case len(h.Heads) > schema.MaxHeads:
		return fmt.Errorf("%w: %d heads, at most %d", ErrBound, len(h.Heads), schema.MaxHeads)
	case deltas == 0 || deltas > schema.MaxDeltas:
		return fmt.Errorf("%w: %d deltas, at least 1 and at most %d", ErrBound, deltas, schema.MaxDeltas)
	case int(h.Count) != deltas:
		return fmt.Errorf("%w: header counts %d deltas, %d are there", ErrParts, h.Count, deltas)
	}
	return nil
}

func (s *Set) checkParts(o *outer) error {
	gone := make(map[uint32]schema.Hash, len(o.Erased))
	for i, e := range o.Erased {
		if i > 0 && o.Erased[i-1].Part >= e.Part {
			return fmt.Errorf("%w: erased parts are not in order", ErrMalformed)
		}
		gone[e.Part] = e.Sum
	}
	if err := s.sumParts(o, gone); err != nil {
		return err
	}
	if len(gone) != 0 {
		return fmt.Errorf("%w: an erased part is listed that is present or does not exist", ErrParts)
	}
	if partsHash(s.partSums) != s.Header.Parts {
		return ErrParts
	}
	return s.checkSession()
}

// sumParts hashes the parts that are there and takes the hashes of those that are gone.
func (s *Set) sumParts(o *outer, gone map[uint32]schema.Hash) error {
	take := func(part uint32, b []byte) bool {
		if sum, erased := gone[part]; erased && len(b) == 0 {
			s.partSums = append(s.partSums, sum)
			delete(gone, part)
			return true
		}
		s.partSums = append(s.partSums, partSum(b))
		return false
	}
	s.partSums = make([]schema.Hash, 0, len(o.Deltas)+2)
	take(0, o.Session)
	if !take(1, o.Wrap) && len(o.Wrap) != envelope.WrapSize {
		return fmt.Errorf("%w: wrap of %d bytes", ErrMalformed, len(o.Wrap))
	}
	stream := s.Header.Stream() // a hash: once, not for each delta
	s.Deltas = make([]Delta, len(o.Deltas))
	for i, b := range o.Deltas {
		if take(uint32(i)+2, b) {
			s.Deltas[i].Erased = true
			continue
		}
		if err := s.Deltas[i].parse(b, stream, len(s.Header.Heads)); err != nil {
			return fmt.Errorf("delta %d: %w", i, err)
		}
		if err := s.Deltas[i].checkOwn(s.Header.Seq, uint32(i)); err != nil {
			return fmt.Errorf("delta %d: %w", i, err)
		}
	}
	return nil
}

func (s *Set) checkSession() error {
	if len(s.Session) == 0 {
		return nil
	}
	sess, err := envelope.ParseSession(s.Session)
	if err != nil {
		return err
	}
	h := &s.Header
	if sess.Scope != h.Scope || sess.Epoch != h.Epoch || sess.Device != h.Device {
		return fmt.Errorf("%w: session header of another scope, epoch or device", ErrMalformed)
	}
	if envelope.SessionID(s.Session) != h.Session {
		return fmt.Errorf("%w: session header is not the one that is cited", ErrParts)
	}
	return nil
}

// Verify reports whether the change-set belongs to org and was signed with pub.
func (s *Set) Verify(org schema.Org, pub key.SignPublic) error {
	if s.Header.Org != org {
		return ErrForeign
	}
	if err := pub.Verify(key.ContextChangeSet, s.Hash[:], s.signature); err != nil {
		return fmt.Errorf("change-set %d: %w", s.Header.Seq, err)
	}
	return nil
}

func labelled(label string, b []byte) (out schema.Hash) {
	h := sha256.New()
	h.Write([]byte(label))
	h.Write(b)
	h.Sum(out[:0])
	return out
}

func partSum(b []byte) schema.Hash { return sha256.Sum256(b) }

func partsHash(sums []schema.Hash) (out schema.Hash) {
	h := sha256.New()
	h.Write([]byte("escale/v1/parts\x00"))
	for i := range sums {
		h.Write(sums[i][:])
	}
	h.Sum(out[:0])
	return out
}
