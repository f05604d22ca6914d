package changeset

import (
	"fmt"
	"math"

	"escale/schema"
	"escale/schema/canon"
)

// Class says how siblings of a field behave, as far as the hub must know to count open conflicts.
type Class uint8

// The policy classes.
const (
	Mergeable Class = 0 // concurrent edits join by themselves
	Exclusive Class = 1 // concurrent edits wait for a person
)

// Tagged is one field that a delta edits: its keyed tag and its policy class.
type Tagged struct {
	Tag   schema.Tag
	Class Class
}

// Reserved tags, which need no key.
var (
	// TagExists is written by deletion and by keeping a record after all.
	TagExists = schema.Tag{0, 0, 0, 0, 0, 0, 0, 1}
	// TagAddendum is what an author may write who lacks the object's tag key.
	TagAddendum = schema.Tag{0, 0, 0, 0, 0, 0, 0, 2}
)

// Own is how far of his own branch an author had seen: the first Count deltas of the change-set Back before this one.
// Count 0 with Back 0 means nothing.
type Own struct {
	Back  uint64
	Count uint32
}

// Delta is one sealed edit of one object.
type Delta struct {
	Erased bool
	Create bool
	Object schema.Object
	Seed   schema.ObjectSeed // of a creating delta
	Own    Own
	Heads  []uint32 // positions in the header's list of heads: branches seen up to there, entirely
	Tags   []Tagged // of an edit; a creating delta covers all fields
	Sealed []byte
	Chunks []schema.Hash // attachment chunks that the sealed part names, so that erasure can drop them
}

// part is a delta's form on the wire. ID is the seed of a creating delta (8 bytes) or the object (16 bytes).
type part struct {
	_       struct{} `cbor:",toarray"`
	ID      []byte
	Context []uint64
	Tags    []byte
	Sealed  []byte
	Chunks  []schema.Hash
}

const tagSize = len(schema.Tag{}) + 1

func (d *Delta) encode() ([]byte, error) {
	p := part{Sealed: d.Sealed, Chunks: d.Chunks, Context: []uint64{}, Tags: []byte{}}
	if p.Chunks == nil {
		p.Chunks = []schema.Hash{}
	}
	if p.Sealed == nil {
		p.Sealed = []byte{}
	}
	p.ID = d.Object[:]
	if d.Create {
		p.ID = d.Seed[:]
	}
	if d.Own.Count > 0 || len(d.Heads) > 0 {
		p.Context = append(p.Context, d.Own.Back, uint64(d.Own.Count))
	}
	for _, h := range d.Heads {
		p.Context = append(p.Context, uint64(h))
	}
	for _, t := range d.Tags {
		p.Tags = append(append(p.Tags, t.Tag[:]...), byte(t.Class))
	}
	return canon.Encode(p)
}

// readPart reads by hand what canon.Decode would: a change-set has up to thousands of these. Its byte strings lie inside b.
func readPart(b []byte) (p part, err error) {
	r := canon.NewReader(b)
	r.Tuple(5)
	p.ID = r.Bytes()
	p.Context = []uint64{}
	for n := r.Array(); n > 0 && r.Err() == nil; n-- {
		p.Context = append(p.Context, r.Uint(math.MaxUint64))
	}
	p.Tags, p.Sealed = r.Bytes(), r.Bytes()
	p.Chunks = []schema.Hash{}
	for n := r.Array(); n > 0 && r.Err() == nil; n-- {
		var h schema.Hash
		r.Fixed(h[:])
		p.Chunks = append(p.Chunks, h)
	}
	return p, r.End()
}

func (d *Delta) parse(b []byte, stream schema.Stream, heads int) error {
	p, err := readPart(b)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	if err := d.parseID(p.ID, stream); err != nil {
		return err
	}
	if err := d.parseContext(p.Context, heads); err != nil {
		return err
	}
	if err := d.parseTags(p.Tags); err != nil {
		return err
	}
	switch {
	case len(p.Sealed) > schema.MaxSealed:
		return fmt.Errorf("%w: sealed part of %d bytes, at most %d", ErrBound, len(p.Sealed), schema.MaxSealed)
	case len(p.Chunks) > schema.MaxChunks:
		return fmt.Errorf("%w: %d chunks, at most %d", ErrBound, len(p.Chunks), schema.MaxChunks)
	}
	d.Sealed, d.Chunks = p.Sealed, p.Chunks
	return nil
}

func (d *Delta) parseID(id []byte, stream schema.Stream) error {
	switch len(id) {
	case len(d.Seed):
		d.Create = true
		copy(d.Seed[:], id)
		d.Object = schema.ObjectOf(stream, d.Seed)
	case len(d.Object):
		copy(d.Object[:], id)
	default:
		return fmt.Errorf("%w: object of %d bytes", ErrMalformed, len(id))
	}
	return nil
}

func (d *Delta) parseContext(c []uint64, heads int) error {
	if len(c) == 0 {
		return nil
	}
	if len(c) < 2 || c[1] > schema.MaxDeltas || d.Create {
		return fmt.Errorf("%w: context", ErrMalformed)
	}
	if len(c) > schema.MaxSeen {
		return fmt.Errorf("%w: context of %d entries, at most %d", ErrBound, len(c), schema.MaxSeen)
	}
	d.Own = Own{Back: c[0], Count: uint32(c[1])}
	for _, h := range c[2:] {
		if h >= uint64(heads) {
			return fmt.Errorf("%w: context names head %d of %d", ErrMalformed, h, heads)
		}
		d.Heads = append(d.Heads, uint32(h))
	}
	return nil
}

// checkOwn refuses a context that names what its author cannot have seen: itself, a later delta, a change-set before the
// first.
func (d *Delta) checkOwn(seq uint64, index uint32) error {
	if d.Own.Back >= seq || d.Own.Back == 0 && d.Own.Count > index {
		return fmt.Errorf("%w: context names a delta that was not there", ErrMalformed)
	}
	return nil
}

func (d *Delta) parseTags(b []byte) error {
	switch {
	case len(b)%tagSize != 0:
		return fmt.Errorf("%w: tags of %d bytes", ErrMalformed, len(b))
	case len(b)/tagSize > schema.MaxTags:
		return fmt.Errorf("%w: %d tags, at most %d", ErrBound, len(b)/tagSize, schema.MaxTags)
	case d.Create != (len(b) == 0):
		return fmt.Errorf("%w: an edit names its fields, a creation covers all", ErrMalformed)
	}
	for ; len(b) > 0; b = b[tagSize:] {
		t := Tagged{Class: Class(b[tagSize-1])}
		copy(t.Tag[:], b)
		if t.Tag.IsZero() {
			return fmt.Errorf("%w: tag zero stands for creation", ErrMalformed)
		}
		if t.Class > Exclusive {
			return fmt.Errorf("%w: policy class %d", ErrMalformed, t.Class)
		}
		d.Tags = append(d.Tags, t)
	}
	return nil
}
