package admit

import (
	"bytes"
	"errors"
	"fmt"
	"slices"

	"escale/crypto/envelope"
	"escale/schema"
	"escale/schema/canon"
	"escale/sync/wire"
)

// MaxCut bounds the heads of one cut.
const MaxCut = 1 << 16

// ErrCut reports bytes that are not a cut.
var ErrCut = errors.New("malformed cut")

// EncodeCut returns the bytes of a cut and the hash that the ledger cites: the tips of all branches that still count,
// sorted; none where nobody wrote. A branch is named by the hash of its tip, because each side numbers branches for itself. The bytes lie beside
// the ledger as a blob.
func EncodeCut(tips []wire.Tip) ([]byte, schema.Hash, error) {
	sorted := append([]wire.Tip{}, tips...)
	slices.SortFunc(sorted, compareTips)
	if len(sorted) > MaxCut {
		return nil, schema.Hash{}, fmt.Errorf("%w: %d heads, at most %d", ErrCut, len(sorted), MaxCut)
	}
	b, err := canon.Encode(sorted)
	if err != nil {
		return nil, schema.Hash{}, err
	}
	return b, envelope.BlobID(b), nil
}

// ParseCut reads what EncodeCut wrote.
func ParseCut(b []byte) ([]wire.Tip, error) {
	if len(b) > schema.MaxBlob {
		return nil, fmt.Errorf("%w: %d bytes, at most %d", ErrCut, len(b), schema.MaxBlob)
	}
	var tips []wire.Tip
	if err := canon.Decode(b, &tips); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrCut, err)
	}
	if tips == nil || len(tips) > MaxCut {
		return nil, fmt.Errorf("%w: %d heads, at most %d", ErrCut, len(tips), MaxCut)
	}
	for i := 1; i < len(tips); i++ {
		if compareTips(tips[i-1], tips[i]) >= 0 {
			return nil, fmt.Errorf("%w: heads are not sorted", ErrCut)
		}
	}
	return tips, nil
}

func compareTips(a, b wire.Tip) int {
	if c := bytes.Compare(a.Stream[:], b.Stream[:]); c != 0 {
		return c
	}
	if a.Seq != b.Seq {
		if a.Seq < b.Seq {
			return -1
		}
		return 1
	}
	return bytes.Compare(a.Set[:], b.Set[:])
}
