package xlsform

import (
	"math/big"
	"slices"
	"strings"

	"escale/schema/form"
)

// scale is a range, with exact numbers: steps of 0.1 must add up.
type scale struct {
	start, end, step *big.Rat
	interval         *big.Rat // between ticks; nil for each step
	placeholder      *big.Rat
}

// checkRange checks the parameters of a range and returns what is wrong.
func (v *surveyor) checkRange(item *form.Item, p map[string]string) string {
	plain := strings.Contains(item.Appearance, "vertical") || strings.Contains(item.Appearance, "no-ticks") || item.Appearance == ""
	for _, key := range []string{"tick_interval", "placeholder", "tick_labelset"} {
		if _, ok := p[key]; ok && !plain {
			return key + " does not go with this appearance"
		}
	}
	s, problem := newScale(p)
	if problem != "" {
		return problem
	}
	if problem := s.check(); problem != "" {
		return problem
	}
	if list, ok := p["tick_labelset"]; ok {
		return v.checkTicks(s, list, strings.Contains(item.Appearance, "no-ticks"))
	}
	return ""
}

func newScale(p map[string]string) (scale, string) {
	var s scale
	for _, f := range []struct {
		key, fallback string
		into          **big.Rat
	}{{"start", "1", &s.start}, {"end", "10", &s.end}, {"step", "1", &s.step}, {"tick_interval", "", &s.interval}, {"placeholder", "", &s.placeholder}} {
		value, given := p[f.key]
		if !given {
			value = f.fallback
		}
		if value == "" && !given {
			continue
		}
		number, ok := decimal(value)
		if !ok {
			return s, f.key + " is not a number"
		}
		*f.into = number
	}
	return s, ""
}

// decimal reads a number without the fractions and large exponents that big.Rat would take.
func decimal(s string) (*big.Rat, bool) {
	if len(s) > 40 || strings.ContainsAny(s, "/eEpPxX_") {
		return nil, false
	}
	return new(big.Rat).SetString(s)
}

func (s scale) check() string {
	switch {
	case s.step.Sign() == 0 || s.interval != nil && s.interval.Sign() == 0:
		return "step and tick_interval must not be 0"
	case s.step.Cmp(s.width()) > 0 || s.interval != nil && s.interval.Cmp(s.width()) > 0:
		return "step and tick_interval must not be larger than the range"
	case s.interval != nil && !multiple(s.interval, s.step):
		return "tick_interval must be a multiple of step"
	case s.placeholder != nil && !multiple(new(big.Rat).Sub(s.placeholder, s.start), s.step):
		return "placeholder must be a multiple of step"
	case s.placeholder != nil && !s.holds(s.placeholder):
		return "placeholder must lie between start and end"
	}
	return ""
}

func (s scale) width() *big.Rat {
	d := new(big.Rat).Sub(s.end, s.start)
	return d.Abs(d)
}

func (s scale) holds(x *big.Rat) bool {
	low, high := s.start, s.end
	if low.Cmp(high) > 0 {
		low, high = high, low
	}
	return low.Cmp(x) <= 0 && x.Cmp(high) <= 0
}

func multiple(x, of *big.Rat) bool { return new(big.Rat).Quo(x, of).IsInt() }

// checkTicks checks the choices that label ticks.
func (v *surveyor) checkTicks(s scale, list string, bare bool) string {
	i, ok := v.index[list]
	if !ok {
		return "tick_labelset names no list of choices"
	}
	interval := s.interval
	if interval == nil {
		interval = s.step
	}
	var values []string
	for _, c := range v.lists[i].Choices {
		x, ok := decimal(c.Name)
		switch {
		case !ok:
			return "the names of the choices of tick_labelset are not all numbers"
		case !s.holds(x):
			return "a choice of tick_labelset lies outside the range"
		case !multiple(new(big.Rat).Sub(x, s.start), interval):
			return "a choice of tick_labelset lies between two ticks"
		}
		values = append(values, x.RatString())
	}
	slices.Sort(values)
	ends := []string{s.start.RatString(), s.end.RatString()}
	slices.Sort(ends)
	if bare && !slices.Equal(slices.Compact(values), slices.Compact(ends)) {
		return "without ticks only start and end can have a label"
	}
	return ""
}
