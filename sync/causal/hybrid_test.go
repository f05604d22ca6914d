package causal_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"escale/sync/causal"
)

func drawWall(t *rapid.T) time.Time {
	return time.UnixMilli(rapid.Int64Range(-1<<40, 1<<42).Draw(t, "wall"))
}

func drawTime(t *rapid.T) causal.Time {
	return causal.Time(rapid.Uint64Range(0, 1<<58).Draw(t, "time"))
}

func TestTimeOnlyGoesOn(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		last := drawTime(t)
		for range 20 {
			wall := drawWall(t)
			next := causal.Next(last, wall)
			if next <= last {
				t.Fatalf("%d after %d at %v", next, last, wall)
			}
			if next.Wall().UnixMilli() < wall.UnixMilli() {
				t.Fatalf("%v is before the wall clock %v", next.Wall(), wall)
			}
			if wall.UnixMilli() < 0 && next != last+1 {
				t.Fatalf("a clock before 1970 made %d of %d", next, last)
			}
			if ahead := max(wall.UnixMilli(), 0) > int64(last>>16); ahead && next.Wall().UnixMilli() != wall.UnixMilli() {
				t.Fatalf("%v does not show the wall clock %v", next.Wall(), wall)
			}
			last = next
		}
	})
}

func TestObserveTakesTheLaterWithinADay(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		own, other, wall := drawTime(t), drawTime(t), drawWall(t)
		if rapid.Bool().Draw(t, "near") {
			other = causal.Next(0, wall.Add(time.Duration(rapid.Int64Range(0, 48*3600).Draw(t, "seconds"))*time.Second))
		}
		got := causal.Observe(own, other, wall)
		broken := !other.Wall().Before(wall.Add(24 * time.Hour))
		switch {
		case got < own:
			t.Fatalf("went back from %d to %d", own, got)
		case broken && got != own:
			t.Fatalf("a clock at %v carried away one at %v", other.Wall(), wall)
		case !broken && got != max(own, other):
			t.Fatalf("got %d of %d and %d", got, own, other)
		case causal.Observe(got, other, wall) != got:
			t.Fatal("observing twice differs from observing once")
		}
	})
}

func TestWallKeepsMilliseconds(t *testing.T) {
	wall := time.Date(2026, 2, 3, 4, 5, 6, 789e6, time.UTC)
	if got := causal.Next(0, wall).Wall(); !got.Equal(wall) {
		t.Fatalf("%v, want %v", got, wall)
	}
}

func TestADayAheadIsTheBound(t *testing.T) {
	wall := time.UnixMilli(1e12)
	within, beyond := causal.Next(0, wall.Add(24*time.Hour-time.Millisecond)), causal.Next(0, wall.Add(24*time.Hour))
	if causal.Observe(1, within, wall) != within || causal.Observe(1, beyond, wall) != 1 {
		t.Fatal("the bound moved")
	}
}
