package wire

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"math/bits"
	"slices"

	"escale/schema"
)

// Bounds of finding what differs. A range is all change-sets of a scope whose hashes begin with the same bytes.
const (
	FanOut      = 256 // ranges into which one is split, by the next byte
	MaxRanges   = 64  // ranges in one message
	MaxListed   = 128 // a range of at most so many change-sets is listed and not split
	MaxMissing  = 512 // change-sets asked for in one message
	sumSize     = 16
	maxSumBytes = FanOut * sumSize
)

// ErrRange reports a range, or an answer about one, that cannot be.
var ErrRange = errors.New("malformed range")

// RangesAsk asks what the hub holds of some ranges of a scope.
type RangesAsk struct {
	_        struct{} `cbor:",toarray"`
	Scope    schema.Scope
	Prefixes [][]byte
}

// RangesReply answers in the order of the ranges.
type RangesReply struct {
	_      struct{} `cbor:",toarray"`
	Ranges []Range
}

// Range is what one side holds of a range. Up to MaxListed change-sets are listed in Sets, sorted; of more, Sums holds a
// fingerprint of 16 bytes for each of the FanOut ranges inside. The same change-sets have the same fingerprint, in
// whatever order they came. A fingerprint only says where to look: that both sides hold the same is said by Digest alone.
type Range struct {
	_     struct{} `cbor:",toarray"`
	Count uint64
	Sets  []schema.Hash
	Sums  []byte
}

// FetchAsk asks for change-sets of a scope by their hashes.
type FetchAsk struct {
	_     struct{} `cbor:",toarray"`
	Scope schema.Scope
	Sets  []schema.Hash
}

// FetchReply holds those that are here and whole, as many as one page takes, in the order of the hub's log.
type FetchReply struct {
	_    struct{} `cbor:",toarray"`
	Sets [][]byte
}

// CheckPrefixes refuses too many ranges, and ranges that cannot be split any more.
func CheckPrefixes(prefixes [][]byte) error {
	if len(prefixes) == 0 || len(prefixes) > MaxRanges {
		return fmt.Errorf("%w: %d ranges, at least 1 and at most %d", ErrRange, len(prefixes), MaxRanges)
	}
	for _, p := range prefixes {
		if len(p) >= len(schema.Hash{}) {
			return fmt.Errorf("%w: prefix of %d bytes, at most %d", ErrRange, len(p), len(schema.Hash{})-1)
		}
	}
	return nil
}

// Check refuses an answer that an honest hub cannot give about a range.
func (r *Range) Check(prefix []byte) error {
	if r.Count > MaxListed {
		if len(r.Sums) != maxSumBytes || len(r.Sets) != 0 {
			return fmt.Errorf("%w: %d bytes of fingerprints", ErrRange, len(r.Sums))
		}
		return nil
	}
	if uint64(len(r.Sets)) != r.Count || len(r.Sums) != 0 {
		return fmt.Errorf("%w: %d change-sets listed of %d", ErrRange, len(r.Sets), r.Count)
	}
	for i := range r.Sets {
		if !bytes.HasPrefix(r.Sets[i][:], prefix) || i > 0 && bytes.Compare(r.Sets[i-1][:], r.Sets[i][:]) >= 0 {
			return fmt.Errorf("%w: a listed change-set is out of place", ErrRange)
		}
	}
	return nil
}

// Sum returns the fingerprint of the i-th range inside.
func (r *Range) Sum(i int) []byte { return r.Sums[i*sumSize : (i+1)*sumSize] }

// Surveyor counts one side's change-sets into ranges, in one pass and in bounded memory, in whatever order they come.
type Surveyor struct {
	lengths []int // of the prefixes
	at      map[string]int
	ranges  []surveyed
}

type surveyed struct {
	prefix []byte
	count  uint64
	sets   []schema.Hash
	inside [FanOut]sum
}

// sum is how many change-sets there are, and their hashes added up: so it needs no order.
type sum struct {
	count uint64
	total [4]uint64
}

// NewSurveyor prepares for some ranges, which CheckPrefixes passed.
func NewSurveyor(prefixes [][]byte) *Surveyor {
	s := &Surveyor{at: map[string]int{}, ranges: make([]surveyed, len(prefixes))}
	for i, p := range prefixes {
		s.ranges[i].prefix = p
		s.at[string(p)] = i
		if !slices.Contains(s.lengths, len(p)) {
			s.lengths = append(s.lengths, len(p))
		}
	}
	return s
}

// Add counts one change-set.
func (s *Surveyor) Add(set schema.Hash) {
	for _, n := range s.lengths {
		if i, ok := s.at[string(set[:n])]; ok {
			s.ranges[i].add(set, set[n])
		}
	}
}

func (r *surveyed) add(set schema.Hash, next byte) {
	if r.count++; r.count <= MaxListed {
		r.sets = append(r.sets, set)
	} else {
		r.sets = nil
	}
	in := &r.inside[next]
	in.count++
	carry := uint64(0)
	for i := range in.total {
		in.total[i], carry = bits.Add64(in.total[i], binary.LittleEndian.Uint64(set[8*i:]), carry)
	}
}

// Ranges returns the outcome in the order of the prefixes.
func (s *Surveyor) Ranges() []Range {
	out := make([]Range, len(s.ranges))
	for i := range s.ranges {
		r := &s.ranges[s.at[string(s.ranges[i].prefix)]]
		out[i] = Range{Count: r.count, Sets: []schema.Hash{}, Sums: []byte{}}
		if r.count > MaxListed {
			out[i].Sums = r.sums()
			continue
		}
		out[i].Sets = append(out[i].Sets, r.sets...)
		slices.SortFunc(out[i].Sets, func(a, b schema.Hash) int { return bytes.Compare(a[:], b[:]) })
	}
	return out
}

// Inside returns the fingerprints of all ranges inside the i-th, also where it is small enough to be listed.
func (s *Surveyor) Inside(i int) []byte { return s.ranges[s.at[string(s.ranges[i].prefix)]].sums() }

func (r *surveyed) sums() []byte {
	out := make([]byte, 0, maxSumBytes)
	for i := range r.inside {
		in := &r.inside[i]
		b := binary.BigEndian.AppendUint64([]byte("escale/v1/range\x00"), in.count)
		for _, n := range in.total {
			b = binary.BigEndian.AppendUint64(b, n)
		}
		h := sha256.Sum256(b)
		out = append(out, h[:sumSize]...)
	}
	return out
}
