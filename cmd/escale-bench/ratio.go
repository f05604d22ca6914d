package main

import (
	"errors"
	"fmt"
	"slices"
	"time"
)

// errNoRounds reports a comparison in which nothing was measured.
var errNoRounds = errors.New("nothing was measured")

// median returns the middle value; of an even number, the mean of the two in the middle.
func median(values []float64) (float64, error) {
	if len(values) == 0 {
		return 0, errNoRounds
	}
	sorted := slices.Clone(values)
	slices.Sort(sorted)
	half := len(sorted) / 2
	if len(sorted)%2 == 1 {
		return sorted[half], nil
	}
	return (sorted[half-1] + sorted[half]) / 2, nil
}

// clock tells the time; it is given, so that a test can turn it.
type clock func() time.Time

// side is one of two ways to do the same work; round says which piece of it is next.
type side func(round int) error

// interleave lets both do their work in turn, so that whatever the machine does meanwhile meets both, and returns the
// median of how many times longer ours took than theirs.
func interleave(now clock, warm, rounds int, ours, theirs side) (float64, error) {
	return compare(now, warm, rounds, ours, theirs, func(a, b []float64) (float64, error) {
		ratios := make([]float64, len(a))
		for i := range a {
			ratios[i] = a[i] / b[i]
		}
		return median(ratios)
	})
}

// interleaveEach is interleave for single steps, which vary more than rounds do: it returns our median over theirs.
func interleaveEach(now clock, warm, rounds int, ours, theirs side) (float64, error) {
	return compare(now, warm, rounds, ours, theirs, func(a, b []float64) (float64, error) {
		x, err := median(a)
		if err != nil {
			return 0, err
		}
		y, err := median(b)
		return x / y, err
	})
}

// compare times both in turn; who begins changes every round, and the first rounds only warm up.
func compare(now clock, warm, rounds int, ours, theirs side, judge func(ours, theirs []float64) (float64, error)) (float64, error) {
	var took [2][]float64
	for i := range warm + rounds {
		first := i % 2
		for _, k := range []int{first, 1 - first} {
			begun := now()
			if err := []side{ours, theirs}[k](i); err != nil {
				return 0, err
			}
			t := now().Sub(begun)
			if t <= 0 {
				return 0, fmt.Errorf("%w: the clock is too coarse", errNoRounds)
			}
			if i >= warm {
				took[k] = append(took[k], t.Seconds())
			}
		}
	}
	return judge(took[0], took[1])
}
