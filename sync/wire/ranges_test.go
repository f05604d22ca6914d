package wire_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"escale/schema"
	"escale/schema/canon"
	"escale/sync/wire"
)

func name(n uint64) schema.Hash { return sha256.Sum256(binary.BigEndian.AppendUint64(nil, n)) }

func survey(prefix []byte, sets []schema.Hash) *wire.Surveyor {
	s := wire.NewSurveyor([][]byte{prefix})
	for _, h := range sets {
		s.Add(h)
	}
	return s
}

// TestFingerprintsAreOfTheSet: the same change-sets have the same fingerprints in whatever order they came, and others have
// others, in exactly the ranges in which they differ.
func TestFingerprintsAreOfTheSet(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.Uint64Range(1, 600).Draw(t, "n")
		var sets []schema.Hash
		for i := range n {
			sets = append(sets, name(i))
		}
		shuffled := slices.Clone(sets)
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))
		r.Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
		a, b := survey(nil, sets), survey(nil, shuffled)
		if !bytes.Equal(a.Inside(0), b.Inside(0)) {
			t.Fatal("the order shows")
		}
		gone := shuffled[0]
		c := survey(nil, shuffled[1:]).Inside(0)
		for i := range wire.FanOut {
			same := bytes.Equal(a.Inside(0)[16*i:16*i+16], c[16*i:16*i+16])
			if same == (byte(i) == gone[0]) {
				t.Fatalf("range %d, without one of range %d: same %v", i, gone[0], same)
			}
		}
	})
}

// TestRangesHoldWhatBeginsWithThem counts ranges of several lengths in one pass.
func TestRangesHoldWhatBeginsWithThem(t *testing.T) {
	var sets []schema.Hash
	for i := range uint64(40_000) {
		sets = append(sets, name(i))
	}
	prefixes := [][]byte{{}, sets[0][:1], sets[0][:2], sets[0][:31], {}}
	s := wire.NewSurveyor(prefixes)
	for _, h := range sets {
		s.Add(h)
	}
	for i, r := range s.Ranges() {
		var in []schema.Hash
		for _, h := range sets {
			if bytes.HasPrefix(h[:], prefixes[i]) {
				in = append(in, h)
			}
		}
		if err := r.Check(prefixes[i]); err != nil {
			t.Error(err)
		}
		slices.SortFunc(in, func(a, b schema.Hash) int { return bytes.Compare(a[:], b[:]) })
		if r.Count != uint64(len(in)) || r.Count <= wire.MaxListed && !slices.Equal(r.Sets, in) {
			t.Errorf("range %x: %d of %d", prefixes[i], r.Count, len(in))
		}
	}
}

func TestRangesThatCannotBeAreRefused(t *testing.T) {
	one, two := name(1), name(2)
	if bytes.Compare(one[:], two[:]) > 0 {
		one, two = two, one
	}
	for what, r := range map[string]wire.Range{
		"more than it lists":  {Count: 2, Sets: []schema.Hash{one}},
		"lists and sums":      {Count: 1, Sets: []schema.Hash{one}, Sums: make([]byte, 4096)},
		"twice":               {Count: 2, Sets: []schema.Hash{one, one}},
		"not sorted":          {Count: 2, Sets: []schema.Hash{two, one}},
		"too few sums":        {Count: wire.MaxListed + 1, Sums: make([]byte, 4095)},
		"too many to be sent": {Count: wire.MaxListed + 1, Sums: make([]byte, 4096), Sets: []schema.Hash{one}},
	} {
		if err := r.Check(nil); !errors.Is(err, wire.ErrRange) {
			t.Errorf("%s: %v", what, err)
		}
	}
	outside := wire.Range{Count: 1, Sets: []schema.Hash{one}}
	if err := outside.Check([]byte{one[0] ^ 1}); !errors.Is(err, wire.ErrRange) {
		t.Errorf("outside of its range: %v", err)
	}
}

func FuzzRange(f *testing.F) {
	for _, n := range []uint64{0, 1, wire.MaxListed, wire.MaxListed + 1} {
		var sets []schema.Hash
		for i := range n {
			sets = append(sets, name(i))
		}
		b, err := canon.Encode(wire.RangesReply{Ranges: survey(nil, sets).Ranges()})
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b, []byte{})
	}
	f.Fuzz(func(t *testing.T, b, prefix []byte) {
		var r wire.RangesReply
		if canon.DecodeLoose(b, &r) != nil {
			return
		}
		for i := range r.Ranges {
			x := &r.Ranges[i]
			if x.Check(prefix) != nil {
				continue
			}
			if x.Count > wire.MaxListed {
				x.Sum(wire.FanOut - 1)
			} else if len(x.Sets) != int(x.Count) {
				t.Fatal("a count that is not the list's")
			}
		}
	})
}
