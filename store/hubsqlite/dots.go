package hubsqlite

import (
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"

	"escale/sync/changeset"
	"escale/sync/hub"
)

// errDots reports a stored frontier that this package did not write.
var errDots = errors.New("stored frontier is damaged")

// packCells returns the value of each cell: its dots by set and index, each as six variable-length numbers.
func packCells(cells []hub.Cell, dots []hub.Dot) (map[hub.Cell][]byte, error) {
	packed := make(map[hub.Cell][]byte, len(cells))
	for _, c := range cells {
		packed[c] = nil
	}
	sorted := slices.SortedFunc(slices.Values(dots), func(a, b hub.Dot) int {
		return cmp.Or(cmp.Compare(a.Set, b.Set), cmp.Compare(a.Index, b.Index))
	})
	for _, d := range sorted {
		b, named := packed[d.Cell]
		if !named {
			return nil, fmt.Errorf("%w: a dot of a cell that is not named", errDots)
		}
		for _, n := range [...]uint64{
			uint64(d.Set), uint64(d.Index), uint64(d.Class), uint64(d.At.Stream), uint64(d.At.Branch), d.At.Seq,
		} {
			b = binary.AppendUvarint(b, n)
		}
		packed[d.Cell] = b
	}
	return packed, nil
}

// readDots appends the dots of a cell's value.
func readDots(c hub.Cell, b []byte, out []hub.Dot) ([]hub.Dot, error) {
	for len(b) > 0 {
		var n [6]uint64
		for i := range n {
			v, size := binary.Uvarint(b)
			if size <= 0 {
				return out, errDots
			}
			n[i], b = v, b[size:]
		}
		out = append(out, hub.Dot{
			Cell: c, Set: int64(n[0]), Index: uint32(n[1]), Class: changeset.Class(n[2]),
			At: hub.At{Stream: int64(n[3]), Branch: uint32(n[4]), Seq: n[5]},
		})
	}
	return out, nil
}
