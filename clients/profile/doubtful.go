package profile

import "escale/store/agentdb"

// Doubtful counts what others validly signed and what is of no use here.
type Doubtful struct {
	Aside  int // change-sets that do not count
	Unread int // change-sets that do not open although their epoch's key is here
}

// Doubtful counts it. A growing number is worth a line in the log: an honest laptop writes neither.
func (p *Profile) Doubtful() (d Doubtful) {
	if p.log == nil {
		return d
	}
	for _, info := range p.sets {
		s := p.streams[info.stream]
		if s.Own || info.state == agentdb.Writing {
			continue
		}
		if info.verdict != "" {
			d.Aside++
		}
		if info.opened != agentdb.Waiting {
			continue
		}
		if _, held := p.heldKey(s.Scope, info.epoch); held {
			d.Unread++
		}
	}
	return d
}
