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

// side is one of two ways to do the same work; round says which piece of it is next.
type side func(round int) error

// interleave lets both do their work in turn, so that whatever the machine does meanwhile meets both, and returns the
// median of how many times longer ours took than theirs. The first rounds only warm up. Who begins changes every round.
func interleave(warm, rounds int, ours, theirs side) (float64, error) {
	var ratios []float64
	for i := range warm + rounds {
		order := []side{ours, theirs}
		if i%2 == 1 {
			order = []side{theirs, ours}
		}
		var took [2]time.Duration
		for k, s := range order {
			begun := time.Now()
			if err := s(i); err != nil {
				return 0, err
			}
			took[k] = time.Since(begun)
		}
		if i%2 == 1 {
			took[0], took[1] = took[1], took[0]
		}
		if i < warm {
			continue
		}
		if took[1] <= 0 {
			return 0, fmt.Errorf("%w: the clock is too coarse", errNoRounds)
		}
		ratios = append(ratios, float64(took[0])/float64(took[1]))
	}
	return median(ratios)
}
