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

// side is one way to do some work; round says which piece of it is next.
type side func(round int) error

// inTurn times several ways to do the same work, in seconds for each round. They take turns, so that whatever the machine
// does meanwhile meets all; who begins changes every round, and the first rounds only warm up.
func inTurn(now clock, warm, rounds int, sides ...side) ([][]float64, error) {
	took := make([][]float64, len(sides))
	for i := range warm + rounds {
		for n := range sides {
			k := (i + n) % len(sides)
			begun := now()
			if err := sides[k](i); err != nil {
				return nil, err
			}
			t := now().Sub(begun)
			if t <= 0 {
				return nil, fmt.Errorf("%w: the clock is too coarse", errNoRounds)
			}
			if i >= warm {
				took[k] = append(took[k], t.Seconds())
			}
		}
	}
	return took, nil
}

// ofRounds returns the median of how many times longer a took than b in the same round.
func ofRounds(a, b []float64) (float64, error) {
	ratios := make([]float64, len(a))
	for i := range a {
		ratios[i] = a[i] / b[i]
	}
	return median(ratios)
}

// ofMedians returns the median of a over that of b: for single steps, which vary more than rounds of many do.
func ofMedians(a, b []float64) (float64, error) {
	x, err := median(a)
	if err != nil {
		return 0, err
	}
	y, err := median(b)
	return x / y, err
}
