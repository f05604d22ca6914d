package replica_test

import (
	"errors"
	"slices"
	"testing"

	"escale/schema"
	"escale/sync/replica"
	"escale/sync/wire"
)

// TestOnlyWhatTheHubHoldsCountsAsSent: whatever else the hub answers, the laptop keeps offering.
func TestOnlyWhatTheHubHoldsCountsAsSent(t *testing.T) {
	one := schema.Hash{1}
	for what, status := range map[string]wire.Status{
		"refused": wire.Refused, "in part": wire.Partial, "a gap": wire.Gap, "an unknown ledger": wire.NeedLedger,
	} {
		l, h := pair(1)
		h.crooked = func(r any) {
			p, is := r.(*wire.PushReply)
			for i := 0; is && i < len(p.Results); i++ {
				if p.Results[i].Set == one {
					p.Results[i].Status = status
					h.sets = slices.DeleteFunc(h.sets, func(s schema.Hash) bool { return s == one })
				}
			}
		}
		if rep, err := run(l, h); err == nil || rep.Synced {
			t.Errorf("%s: %v %+v", what, err, rep)
		}
		if slices.Contains(l.marked, one) || !slices.Contains(l.unsent, one) {
			t.Errorf("%s: counts as sent", what)
		}
	}
}

// TestWhatTheHubHasInPartIsSentToItsEnd: a part is no whole.
func TestWhatTheHubHasInPartIsSentToItsEnd(t *testing.T) {
	l, h := pair(1)
	h.crooked = func(r any) {
		if o, is := r.(*wire.Offsets); is {
			o.Offsets[0] = 5
		}
	}
	if rep, err := run(l, h); err != nil || rep.Pushed != 2 || rep.Duplicates != 0 || len(h.sets) != 3 {
		t.Fatalf("%v %+v", err, rep)
	}
}

// TestToAnotherHubEverythingIsOfferedAgain: a hub that was restored says so with a new epoch.
func TestToAnotherHubEverythingIsOfferedAgain(t *testing.T) {
	l, h := pair(1)
	if _, err := run(l, h); err != nil {
		t.Fatal(err)
	}
	h.epoch, h.sets = wire.HubEpoch{7}, nil
	if rep, err := run(l, h); err != nil || !rep.Synced || len(h.sets) != 3 || l.epoch != h.epoch {
		t.Fatalf("%v %+v, the hub has %d", err, rep, len(h.sets))
	}
}

// TestARearrangedLogIsReadAgain: both hold the same, and the cursor stands for another order.
func TestARearrangedLogIsReadAgain(t *testing.T) {
	l, h := pair(1)
	if _, err := run(l, h); err != nil {
		t.Fatal(err)
	}
	slices.Reverse(h.sets)
	if rep, err := run(l, h); err != nil || !rep.Synced || l.cursor.Running != h.running(3) {
		t.Fatalf("%v %+v", err, rep)
	}
}

// TestAShorterLedgerIsCompletedOnlyIfItIsTheSame: else the laptop would lend its history to a fork.
func TestAShorterLedgerIsCompletedOnlyIfItIsTheSame(t *testing.T) {
	l, h := pair(3)
	l.judged = errors.New("another history")
	h.crooked = func(r any) {
		if s, is := r.(*wire.SyncReply); is {
			s.Head = &wire.Head{Height: 0, Hash: schema.Hash{5}}
		}
	}
	if _, err := run(l, h); !errors.Is(err, l.judged) || len(h.entries) != 1 {
		t.Fatalf("%v, the hub has %d entries", err, len(h.entries))
	}
}

// TestOwnStreamsAreComparedWithTheHubs where a laptop cannot read what it writes.
func TestOwnStreamsAreComparedWithTheHubs(t *testing.T) {
	l, h := pair(1)
	tip := wire.Tip{Stream: schema.Stream{8}, Seq: 8, Set: schema.Hash{8}}
	h.crooked = func(r any) {
		if s, is := r.(*wire.SyncReply); is {
			s.Own = []wire.Tip{tip}
		}
	}
	if _, err := run(l, h); err != nil || !slices.Contains(l.noted, tip) {
		t.Fatalf("%v %v", err, l.noted)
	}
}

// TestARestoredLaptopBeginsANewIncarnation before it takes its own work back: else it would use its numbers twice.
func TestARestoredLaptopBeginsANewIncarnation(t *testing.T) {
	l, h := pair(1)
	l.restored = true
	rep, err := run(l, h)
	if err != nil || !rep.Synced || l.restarts != 1 || h.whole == 0 {
		t.Fatalf("%v %+v, %d restarts, %d whole pulls", err, rep, l.restarts, h.whole)
	}
	l, h = pair(1)
	if _, err := run(l, h); errors.Is(err, replica.ErrRestored) || l.restarts != 0 || h.whole != 0 {
		t.Fatalf("%v: a laptop that lacks nothing began anew", err)
	}
}

// TestWhatCannotBeComparedPieceByPieceIsReadAgain: a hub that gives no usable answer about ranges still gets back what it
// lost, because the scope is offered and read from its start.
func TestWhatCannotBeComparedPieceByPieceIsReadAgain(t *testing.T) {
	l, h := pair(1)
	if _, err := run(l, h); err != nil {
		t.Fatal(err)
	}
	l.sets = append(l.sets, schema.Hash{9}) // acknowledged once, and not there
	h.crooked = func(r any) {
		if x, is := r.(*wire.RangesReply); is {
			x.Ranges = nil
		}
	}
	if rep, err := run(l, h); err != nil || !rep.Synced || len(h.sets) != 4 || l.resets == 0 {
		t.Fatalf("%v %+v, the hub has %d", err, rep, len(h.sets))
	}
}
