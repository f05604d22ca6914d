package causal

import "time"

// Time is hybrid logical time: milliseconds since 1970 in the upper 48 bits, a counter in the lower 16. It orders what
// is shown (last writer, notes); it never decides what was seen.
type Time uint64

// Next returns a time after last and not before the wall clock. A wall clock years ahead or behind does no harm: time
// only ever goes on.
func Next(last Time, wall time.Time) Time {
	now := Time(max(wall.UnixMilli(), 0)) << 16
	if now > last {
		return now
	}
	return last + 1
}

// Observe returns the later of two times, but ignores a time more than a day ahead of the wall clock, so that one broken
// clock does not carry everybody into the future.
func Observe(own, other Time, wall time.Time) Time {
	if other > own && other.Wall().Before(wall.Add(24*time.Hour)) {
		return other
	}
	return own
}

// Wall returns the wall-clock part.
func (t Time) Wall() time.Time { return time.UnixMilli(int64(t >> 16)).UTC() }
