package profile

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"escale/store/agentdb"
	"escale/sync/causal"
)

// TestUrgentWorkLeavesFirst: whatever waits, each stream keeps its order, nothing is lost, and no change-set leaves before one
// that something more urgent hangs on.
func TestUrgentWorkLeavesFirst(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		urgency := map[causal.Set]int{}
		var sets []agentdb.Set
		for i := range rapid.IntRange(0, 12).Draw(t, "sets") {
			id := causal.Set(i + 1)
			sets = append(sets, agentdb.Set{ID: id, Stream: causal.Stream(rapid.IntRange(1, 3).Draw(t, "stream"))})
			if u := rapid.IntRange(urgentChange, urgentAlert).Draw(t, "urgency"); u > 0 {
				urgency[id] = u
			}
		}
		got := urgentFirst(slices.Clone(sets), urgency)
		if len(got) != len(sets) {
			t.Fatalf("%d of %d", len(got), len(sets))
		}
		last := map[causal.Stream]causal.Set{}
		for i, s := range got {
			if s.ID <= last[s.Stream] {
				t.Fatalf("stream %d out of order: %v", s.Stream, got)
			}
			last[s.Stream] = s.ID
			if i > 0 && needed(got[i:], urgency, s.Stream) > needed(got[i-1:], urgency, got[i-1].Stream) {
				t.Fatalf("at %d something more urgent waited: %v %v", i, got, urgency)
			}
		}
	})
}

// needed is the highest urgency that a stream still has to send.
func needed(rest []agentdb.Set, urgency map[causal.Set]int, stream causal.Stream) (most int) {
	for _, s := range rest {
		if s.Stream == stream {
			most = max(most, urgency[s.ID])
		}
	}
	return most
}
