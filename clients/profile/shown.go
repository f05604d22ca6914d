package profile

import (
	"slices"

	"escale/schema"
	"escale/store/agentdb"
)

// AtHub reports whether the hub holds every delta of a part that is here.
func (p *Profile) AtHub(part *Part) bool {
	return !slices.ContainsFunc(part.Deltas, func(d PartDelta) bool {
		info, ok := p.sets[d.Set]
		return ok && info.state != agentdb.AtHub
	})
}

// SetAside is a change-set that is stored and does not count.
type SetAside struct {
	Set    schema.Hash
	Device schema.Device
	Scope  schema.Scope
	Seq    uint64
	Reason string
}

// Quarantined lists the change-sets here that do not count, and why.
func (p *Profile) Quarantined() []SetAside {
	var out []SetAside
	for _, info := range p.sets {
		if info.verdict == "" {
			continue
		}
		s := p.streams[info.stream]
		out = append(out, SetAside{Set: info.hash, Device: s.Device, Scope: s.Scope, Seq: info.seq, Reason: info.verdict})
	}
	slices.SortFunc(out, func(a, b SetAside) int { return slices.Compare(a.Set[:], b.Set[:]) })
	return out
}
