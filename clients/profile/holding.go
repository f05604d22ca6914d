package profile

import (
	"context"
	"slices"

	"escale/schema"
)

// Holding is an object of a record as a reader's laptop holds it: no word of its content.
type Holding struct {
	_      struct{} `cbor:",toarray"`
	Object schema.Object
	Scope  schema.Scope
	Deltas uint32
	Sets   []schema.Hash // the change-sets that hold its deltas; their hashes stay in every chain
}

// MaxHeld bounds how many change-sets of one object are named.
const MaxHeld = 4096

// Holdings returns the objects of a record that this laptop holds.
func (p *Profile) Holdings(ctx context.Context, r schema.Record) (out []Holding, err error) {
	parts, err := p.PartsOf(ctx, r)
	if err != nil {
		return nil, err
	}
	for _, part := range parts {
		h := Holding{Object: part.Object, Scope: part.Scope, Deltas: uint32(len(part.Deltas)), Sets: []schema.Hash{}}
		for i := range part.Deltas {
			if info, ok := p.sets[part.Deltas[i].Set]; ok && !info.hash.IsZero() && len(h.Sets) < MaxHeld {
				h.Sets = append(h.Sets, info.hash)
			}
		}
		slices.SortFunc(h.Sets, func(a, b schema.Hash) int { return slices.Compare(a[:], b[:]) })
		h.Sets = slices.Compact(h.Sets)
		out = append(out, h)
	}
	slices.SortFunc(out, func(a, b Holding) int { return slices.Compare(a.Object[:], b.Object[:]) })
	return out, nil
}
