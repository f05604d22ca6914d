package profile

import (
	"bytes"
	"slices"

	"escale/sync/causal"
	"escale/sync/merge"
)

// place is where a delta stands in its stream, whichever branch it lies on.
type place struct {
	stream causal.Stream
	seq    uint64
	index  uint32
}

// withoutTwins drops what a copied laptop signed twice. A folder that is copied while a change-set is open is closed by
// both copies: the same saves then stand on two branches, and an increment would count twice. Whoever saw one saw both.
func (p *Profile) withoutTwins(part *Part, deltas []merge.Delta) []merge.Delta {
	if len(p.forked) == 0 {
		return deltas
	}
	kept := map[place][]causal.Dot{} // of a place: one of each content
	payload := map[causal.Dot][]byte{}
	for i := range part.Deltas {
		d := &part.Deltas[i]
		payload[causal.Dot{Set: d.Set, Index: d.Index}] = d.Payload
	}
	twins := map[causal.Dot]causal.Dot{} // to the one that is kept
	out := deltas[:0:0]
	for _, d := range deltas {
		info := p.sets[d.Dot.Set]
		if p.forked[info.stream] {
			at := place{info.stream, info.seq, d.Dot.Index}
			same := slices.IndexFunc(kept[at], func(k causal.Dot) bool { return bytes.Equal(payload[k], payload[d.Dot]) })
			if same >= 0 {
				twins[d.Dot] = kept[at][same]
				continue
			}
			kept[at] = append(kept[at], d.Dot)
		}
		out = append(out, d)
	}
	for twin, one := range twins {
		for i := range out {
			if p.history.Saw(out[i].Context, twin) && !p.history.Saw(out[i].Context, one) {
				out[i].Context = append(out[i].Context, causal.Seen{Set: one.Set, Count: one.Index + 1})
			}
		}
	}
	return out
}
