package envelope

import (
	"encoding/binary"
	"fmt"

	"escale/schema"
	"escale/schema/canon"
)

// Bounds of a key pack.
const (
	MaxPackEntries  = 4096    // entry keys of one segment, and change-sets named by it
	MaxPackSegments = 1 << 16 // segments of one pack
	maxPackBytes    = 4 << 20 // of a manifest
	maxSegmentBytes = 1 << 20
)

// KeyPack is the manifest of a key pack: which epoch opens it, what its writer held, and which segments hold the keys. The
// ledger names it by its hash, so the signature of that link covers all of it. Manifest and segments lie beside the
// ledger as blobs.
type KeyPack struct {
	_        struct{} `cbor:",toarray"`
	Suite    uint8
	Org      schema.Org
	Scope    schema.Scope
	Epoch    uint32
	Cut      schema.Hash
	Before   schema.Hash // the pack to the same epoch that this one adds to; zero: none
	Session  []byte      // header of the session that seals the segments
	Segments []SegmentRef
}

// SegmentRef names one segment and says how much it holds.
type SegmentRef struct {
	_       struct{} `cbor:",toarray"`
	Blob    schema.Hash
	Sets    uint32
	Entries uint32
}

// Encode returns the bytes of the manifest; BlobID names them.
func (p *KeyPack) Encode() ([]byte, error) { return canon.Encode(p) }

// ParseKeyPack reads a manifest.
func ParseKeyPack(b []byte) (*KeyPack, error) {
	if len(b) > maxPackBytes {
		return nil, fmt.Errorf("%w: key pack of %d bytes, at most %d", ErrEnvelope, len(b), maxPackBytes)
	}
	var p KeyPack
	if err := canon.Decode(b, &p); err != nil {
		return nil, fmt.Errorf("key pack: %w", err)
	}
	s, err := ParseSession(p.Session)
	if err != nil {
		return nil, fmt.Errorf("key pack: %w", err)
	}
	switch {
	case p.Suite != schema.Suite:
		return nil, fmt.Errorf("%w: suite %d is unknown", ErrEnvelope, p.Suite)
	case p.Epoch < 2 || s.Epoch != p.Epoch || s.Scope != p.Scope:
		return nil, fmt.Errorf("%w: key pack under a session of another scope or epoch", ErrEnvelope)
	case p.Segments == nil || len(p.Segments) > MaxPackSegments:
		return nil, fmt.Errorf("%w: key pack of %d segments, at most %d", ErrEnvelope, len(p.Segments), MaxPackSegments)
	}
	for i := range p.Segments {
		if r := &p.Segments[i]; r.Sets == 0 || r.Sets > MaxPackEntries || r.Entries > MaxPackEntries {
			return nil, fmt.Errorf("%w: segment of %d change-sets and %d entries", ErrEnvelope, r.Sets, r.Entries)
		}
	}
	return &p, nil
}

// Entries counts the entry keys of all segments.
func (p *KeyPack) Entries() (n int) {
	for i := range p.Segments {
		n += int(p.Segments[i].Entries)
	}
	return n
}

// SetName is how a segment names a change-set: the beginning of its hash, long enough that nobody makes two alike.
type SetName [24]byte

// NameOf returns a change-set's name.
func NameOf(set schema.Hash) SetName { return SetName(set[:24]) }

// PackedSet names a change-set and the objects whose entry keys follow one another in a segment. One without objects is a
// change-set whose secret nobody could open: it is accounted for.
type PackedSet struct {
	Set     SetName
	Objects []schema.Object
}

// EncodePairs returns the clear part of a segment.
func EncodePairs(sets []PackedSet) []byte {
	var b []byte
	for i := range sets {
		b = append(b, sets[i].Set[:]...)
		b = binary.AppendUvarint(b, uint64(len(sets[i].Objects)))
		for _, o := range sets[i].Objects {
			b = append(b, o[:]...)
		}
	}
	return b
}

// Segment is one bounded piece of a key pack: names in clear, so that the hub can tell whether a pack is complete, and as
// many sealed keys as there are objects.
type Segment struct {
	_     struct{} `cbor:",toarray"`
	Pairs []byte
	Nonce []byte
	Keys  []byte // commitment, then the sealed keys
}

// Encode returns the bytes of the segment; BlobID names them.
func (s *Segment) Encode() ([]byte, error) { return canon.Encode(s) }

// ParseSegment reads a segment and the names in it.
func ParseSegment(b []byte) (*Segment, []PackedSet, error) {
	if len(b) > maxSegmentBytes {
		return nil, nil, fmt.Errorf("%w: segment of %d bytes, at most %d", ErrEnvelope, len(b), maxSegmentBytes)
	}
	var s Segment
	if err := canon.Decode(b, &s); err != nil {
		return nil, nil, fmt.Errorf("segment: %w", err)
	}
	sets, entries, err := parsePairs(s.Pairs)
	if err != nil {
		return nil, nil, err
	}
	if len(s.Nonce) != NonceSize || len(s.Keys) != CommitmentSize+entries*SecretSize+TagSize {
		return nil, nil, fmt.Errorf("%w: segment of %d entries with %d bytes of keys", ErrEnvelope, entries, len(s.Keys))
	}
	return &s, sets, nil
}

func parsePairs(b []byte) (sets []PackedSet, entries int, err error) {
	for len(b) > 0 {
		var p PackedSet
		if len(sets) == MaxPackEntries || len(b) <= len(p.Set) {
			return nil, 0, fmt.Errorf("%w: names of a segment", ErrEnvelope)
		}
		copy(p.Set[:], b)
		b = b[len(p.Set):]
		n, used := binary.Uvarint(b)
		if used <= 0 || len(binary.AppendUvarint(nil, n)) != used || n > uint64(MaxPackEntries-entries) || n*16 > uint64(len(b)-used) {
			return nil, 0, fmt.Errorf("%w: objects of a segment", ErrEnvelope)
		}
		b = b[used:]
		p.Objects = make([]schema.Object, n)
		for i := range p.Objects {
			copy(p.Objects[i][:], b[16*i:])
		}
		b = b[16*n:]
		entries += int(n)
		sets = append(sets, p)
	}
	if len(sets) == 0 {
		return nil, 0, fmt.Errorf("%w: an empty segment", ErrEnvelope)
	}
	return sets, entries, nil
}

// NewKeyPack returns the manifest of a pack that has no segment yet.
func NewKeyPack(org schema.Org, scope schema.Scope, epoch uint32, cut, before schema.Hash, session []byte) *KeyPack {
	return &KeyPack{Suite: schema.Suite, Org: org, Scope: scope, Epoch: epoch, Cut: cut, Before: before, Session: session, Segments: []SegmentRef{}}
}
