package text

import "time"

// Age returns how long something has lasted, in the largest unit that fits: whole minutes, hours or days. A negative
// duration, which a clock that runs ahead makes, is no time at all.
func (p *Printer) Age(d time.Duration) string {
	switch {
	case d < time.Minute:
		return p.S(AgeNow)
	case d < time.Hour:
		return p.N(AgeMinutes, int(d/time.Minute))
	case d < 48*time.Hour:
		return p.N(AgeHours, int(d/time.Hour))
	}
	return p.N(AgeDays, int(d/(24*time.Hour)))
}
