package expr

import (
	"crypto/sha256"
	"encoding/binary"
	"math"
	"slices"
	"strings"
)

func listFunction(name string) (function, bool) {
	switch name {
	case "selected":
		return function{min: 2, max: 2, eval: plain(selected)}, true
	case "selected-at":
		return function{min: 2, max: 2, eval: plain(selectedAt)}, true
	case "count-selected":
		return function{min: 1, max: 1, eval: plain(func(s *scope, a []Value) Value {
			return Number(float64(len(strings.Fields(s.text(a[0])))))
		})}, true
	}
	return function{}, false
}

func selected(s *scope, args []Value) Value {
	return Bool(slices.Contains(strings.Fields(s.text(args[0])), strings.TrimSpace(s.text(args[1]))))
}

func selectedAt(s *scope, args []Value) Value {
	names := strings.Fields(s.text(args[0]))
	i := s.number(args[1])
	if math.IsNaN(i) || i < 0 || i >= float64(len(names)) {
		return Missing()
	}
	return String(names[int(i)])
}

// randomize shuffles; the same seed always gives the same order, here and in the other tools of the field.
func randomize(s *scope, args []Value) (Value, error) {
	if args[0].kind != KindNodes {
		return Value{}, ErrNoNodes
	}
	nodes := slices.Clone(args[0].nodes)
	if len(args) == 1 {
		for i := range nodes {
			x, err := s.drawFloat()
			if err != nil {
				return Value{}, err
			}
			j := int(x * float64(i+1))
			nodes[i], nodes[j] = nodes[j], nodes[i]
		}
		return Nodes(nodes...), nil
	}
	return Nodes(Shuffle(nodes, s.seed(args[1]))...), nil
}

// seed makes a number of a text that is none.
func (s *scope) seed(v Value) int64 {
	x := s.number(v)
	if !math.IsNaN(x) {
		return int64(x)
	}
	text := s.text(v)
	if text == "" {
		return 0
	}
	h := sha256.Sum256([]byte(text))
	return int64(binary.BigEndian.Uint64(h[:8]))
}

// Shuffle is the inside-out Fisher–Yates shuffle over the Park–Miller generator, as the specification asks of randomize().
func Shuffle[T any](items []T, seed int64) []T {
	const modulus, factor = 2147483647, 16807
	state := seed % modulus
	if state <= 0 {
		state += modulus - 1
	}
	shuffled := make([]T, len(items))
	for i, item := range items {
		state = state * factor % modulus
		j := int(float64(state-1) / (modulus - 1) * float64(i+1))
		if j != i {
			shuffled[i] = shuffled[j]
		}
		shuffled[j] = item
	}
	return shuffled
}
