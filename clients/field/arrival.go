package field

import (
	"context"
	"slices"

	"escale/sync/causal"
	"escale/sync/merge"
)

// Arrival is what an exchange brought that people should hear of, and all that waits for them.
type Arrival struct {
	Waiting   *Waiting
	Conflicts int // new ones
	Questions int // new ones
	Parallel  int // updates made beside one another in different fields: merged, and nobody is asked
}

// Arrived looks at what came after the change-set that was the newest.
func (b *Book) Arrived(ctx context.Context, newest causal.Set) (*Arrival, error) {
	if err := b.readNames(ctx); err != nil {
		return nil, err
	}
	a := &Arrival{Waiting: &Waiting{Conflicts: []Conflict{}, Questions: []Question{}}}
	err := b.each(ctx, func(r *Record) error {
		a.count(b.p.History(), r, newest)
		return b.addWaiting(ctx, a.Waiting, r)
	})
	return a, err
}

func (a *Arrival) count(h *causal.History, r *Record, newest causal.Set) {
	fresh := func(d causal.Dot) bool { return d.Set > newest }
	for _, deltas := range r.deltas {
		if !slices.ContainsFunc(deltas, func(d merge.Delta) bool { return fresh(d.Dot) }) {
			continue
		}
		twice := 0
		for dot, others := range merge.Beside(h, deltas) {
			for _, o := range others {
				switch {
				case fresh(dot) && fresh(o):
					twice++
				case fresh(dot):
					a.Parallel++
				}
			}
		}
		a.Parallel += twice / 2
	}
	if r.Exists == merge.Deleted {
		return
	}
	for _, c := range r.Conflicts() {
		if r.MayShowField(c.Path) && slices.ContainsFunc(c.Siblings, func(w merge.Write) bool { return fresh(w.Dot) }) {
			a.Conflicts++
		}
	}
	if r.Exists == merge.Question && r.raised(fresh) {
		a.Questions++
	}
}

// raised reports whether something new made a question of the record.
func (r *Record) raised(fresh func(causal.Dot) bool) bool {
	for _, s := range r.states {
		if slices.ContainsFunc(s.Endings, func(w merge.Write) bool { return fresh(w.Dot) }) ||
			slices.ContainsFunc(s.Unseen, func(e merge.Edited) bool { return fresh(e.Dot) }) {
			return true
		}
	}
	return false
}
