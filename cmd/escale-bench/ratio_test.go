package main

import (
	"errors"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestMedian(t *testing.T) {
	for _, c := range []struct {
		in   []float64
		want float64
	}{{[]float64{3}, 3}, {[]float64{9, 1, 2}, 2}, {[]float64{4, 1, 2, 100}, 3}} {
		if got, err := median(c.in); err != nil || got != c.want {
			t.Errorf("median of %v is %v (%v), want %v", c.in, got, err, c.want)
		}
	}
	if _, err := median(nil); !errors.Is(err, errNoRounds) {
		t.Errorf("median of nothing: %v", err)
	}
}

func TestMedianLeavesItsInputAndSplitsIt(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := rapid.SliceOfN(rapid.Float64Range(-1e6, 1e6), 1, 50).Draw(t, "in")
		before := append([]float64(nil), in...)
		m, err := median(in)
		if err != nil {
			t.Fatal(err)
		}
		below, above := 0, 0
		for i, v := range in {
			if v != before[i] {
				t.Fatal("the input was changed")
			}
			if v < m {
				below++
			}
			if v > m {
				above++
			}
		}
		if 2*below > len(in) || 2*above > len(in) {
			t.Fatalf("%d below and %d above %v of %d", below, above, m, len(in))
		}
	})
}

// hands are a clock that only the measured work moves.
type hands struct{ at time.Time }

func (h *hands) now() time.Time { return h.at }

// work takes as long as told for each round.
func (h *hands) work(took ...time.Duration) side {
	return func(round int) error { h.at = h.at.Add(took[round]); return nil }
}

func TestRatiosLeaveTheWarmUpOut(t *testing.T) {
	var h hands
	took, err := inTurn(h.now, 1, 3, h.work(1000, 20, 90, 40), h.work(1, 10, 80, 16), h.work(5, 5, 5, 5))
	if err != nil {
		t.Fatal(err)
	}
	if got, err := ofRounds(took[0], took[1]); err != nil || got != 2 {
		t.Errorf("of rounds: %v (%v), want 2: the middle of 2, 1.125 and 2.5", got, err)
	}
	if got, err := ofMedians(took[0], took[1]); err != nil || got != 2.5 {
		t.Errorf("of medians: %v (%v), want 2.5: 40 over 16", got, err)
	}
	if got, err := ofMedians(took[0], took[2]); err != nil || got != 8 {
		t.Errorf("third side: %v (%v), want 8", got, err)
	}
}

func TestSidesTakeTurns(t *testing.T) {
	var h hands
	var order []string
	named := func(name string) side {
		return func(int) error { order = append(order, name); h.at = h.at.Add(1); return nil }
	}
	if _, err := inTurn(h.now, 1, 2, named("ours"), named("theirs")); err != nil {
		t.Fatal(err)
	}
	if want := []string{"ours", "theirs", "theirs", "ours", "ours", "theirs"}; !slices.Equal(order, want) {
		t.Fatalf("order %v, want %v", order, want)
	}
}

func TestWhatFailsOrTakesNoTimeIsNoFigure(t *testing.T) {
	var h hands
	wrong := errors.New("wrong")
	if _, err := inTurn(h.now, 0, 1, h.work(1), func(int) error { return wrong }); !errors.Is(err, wrong) {
		t.Errorf("an error was lost: %v", err)
	}
	if _, err := inTurn(h.now, 0, 1, h.work(0), h.work(1)); !errors.Is(err, errNoRounds) {
		t.Errorf("no time: %v", err)
	}
	if _, err := ofMedians(nil, nil); !errors.Is(err, errNoRounds) {
		t.Errorf("no rounds: %v", err)
	}
}
