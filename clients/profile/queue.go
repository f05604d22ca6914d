package profile

import (
	"context"
	"slices"
	"time"

	"escale/store/agentdb"
	"escale/sync/causal"
)

// How urgent a piece of a save is. What helps a person tonight leaves before what completes a file.
const (
	urgentChange = iota // any change
	urgentRecord        // a new record
	urgentAlert         // says that somebody is in danger
)

// queueGrain is how exactly the time of a waiting save is kept in clear: a laptop's disk is no timetable of its holder.
const queueGrain = 10 * time.Minute

func (p *Profile) outgoing(set causal.Set, e *Edit) agentdb.Outgoing {
	o := agentdb.Outgoing{Set: set, Save: p.saves, At: p.opts.Clock().Truncate(queueGrain).UnixMilli()}
	switch {
	case e.Urgent:
		o.Urgent = urgentAlert
	case e.Seed != nil:
		o.Urgent = urgentRecord
	}
	return o
}

// urgentFirst brings what is urgent to the front. Within a stream the order stays, because each change-set names its
// predecessor: whatever comes before something urgent leaves with it.
func urgentFirst(sets []agentdb.Set, urgency map[causal.Set]int) []agentdb.Set {
	if len(urgency) == 0 {
		return sets
	}
	rank := make(map[causal.Set]int, len(sets))
	ahead := map[causal.Stream]int{}
	for _, s := range slices.Backward(sets) {
		ahead[s.Stream] = max(ahead[s.Stream], urgency[s.ID])
		rank[s.ID] = ahead[s.Stream]
	}
	slices.SortStableFunc(sets, func(a, b agentdb.Set) int { return rank[b.ID] - rank[a.ID] })
	return sets
}

// Queue is what waits on this laptop to be sent.
type Queue struct {
	Saves  int       // own saves that no hub has acknowledged
	Sets   int       // change-sets, whoever wrote them
	Bytes  int64     // sealed
	Oldest time.Time // when the oldest of these saves was made, to ten minutes; zero if none waits
}

// Queue counts what waits to be sent.
func (p *Profile) Queue(ctx context.Context) (Queue, error) {
	var q agentdb.Queue
	err := p.db.Update(ctx, func(tx *agentdb.Tx) (err error) {
		q, err = tx.Queue()
		return err
	})
	out := Queue{Saves: q.Saves, Sets: q.Sets, Bytes: q.Bytes}
	if q.Oldest != 0 {
		out.Oldest = time.UnixMilli(q.Oldest).UTC()
	}
	return out, err
}
