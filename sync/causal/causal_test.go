package causal_test

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"escale/sync/causal"
)

// forest is a drawn set of streams with forks, as a plain table of predecessors.
type forest struct {
	parent map[causal.Set]causal.Set
	stream map[causal.Set]causal.Stream
	seq    map[causal.Set]uint64
	sets   []causal.Set // parents first
}

// drawForest draws up to 40 change-sets in up to 3 streams. Several may have the same predecessor, or none.
func drawForest(t *rapid.T) *forest {
	f := &forest{map[causal.Set]causal.Set{}, map[causal.Set]causal.Stream{}, map[causal.Set]uint64{}, nil}
	for range rapid.IntRange(1, 40).Draw(t, "sets") {
		s := causal.Set(len(f.sets) + 1)
		f.stream[s], f.seq[s] = causal.Stream(rapid.IntRange(1, 3).Draw(t, "stream")), 1
		if p := causal.Set(rapid.IntRange(0, len(f.sets)).Draw(t, "parent")); p != 0 {
			f.parent[s], f.stream[s], f.seq[s] = p, f.stream[p], f.seq[p]+1
		}
		f.sets = append(f.sets, s)
	}
	return f
}

// history adds the change-sets in a drawn order that keeps parents first, some of them twice.
func (f *forest) history(t *rapid.T) *causal.History {
	h := &causal.History{}
	left := slices.Clone(f.sets)
	for len(left) > 0 {
		i := rapid.IntRange(0, len(left)-1).Draw(t, "next")
		for f.parent[left[i]] != 0 && slices.Contains(left, f.parent[left[i]]) {
			i = (i + 1) % len(left)
		}
		s := left[i]
		for range rapid.IntRange(1, 2).Draw(t, "times") {
			h.Add(s, f.stream[s], f.seq[s], f.parent[s])
		}
		left = slices.Delete(left, i, i+1)
	}
	return h
}

// follows walks the predecessors.
func (f *forest) follows(later, earlier causal.Set) bool {
	for at := later; at != 0; at = f.parent[at] {
		if at == earlier {
			return true
		}
	}
	return false
}

func (f *forest) saw(c causal.Context, d causal.Dot) bool {
	return slices.ContainsFunc(c, func(s causal.Seen) bool {
		if s.Set == d.Set {
			return d.Index < s.Count
		}
		return f.follows(s.Set, d.Set)
	})
}

func (f *forest) drawDot(t *rapid.T) causal.Dot {
	return causal.Dot{Set: rapid.SampledFrom(f.sets).Draw(t, "set"), Index: uint32(rapid.IntRange(0, 3).Draw(t, "index"))}
}

func (f *forest) drawContext(t *rapid.T) causal.Context {
	var c causal.Context
	for range rapid.IntRange(0, 4).Draw(t, "entries") {
		count := rapid.SampledFrom([]uint32{0, 1, 2, causal.All}).Draw(t, "count")
		c = append(c, causal.Seen{Set: rapid.SampledFrom(f.sets).Draw(t, "seen"), Count: count})
	}
	return c
}

func TestFollowsAgreesWithWalk(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f := drawForest(t)
		h := f.history(t)
		for _, a := range f.sets {
			if !h.Knows(a) {
				t.Fatalf("%d was added and is not known", a)
			}
			for _, b := range f.sets {
				if got, want := h.Follows(a, b), f.follows(a, b); got != want {
					t.Fatalf("Follows(%d, %d) = %v, want %v in %+v", a, b, got, want, f)
				}
			}
		}
	})
}

func TestTipsHaveNoSuccessor(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f := drawForest(t)
		h := f.history(t)
		for stream := range causal.Stream(4) {
			var want []causal.Set
			for _, s := range f.sets {
				isParent := slices.ContainsFunc(f.sets, func(c causal.Set) bool { return f.parent[c] == s })
				if f.stream[s] == stream && !isParent {
					want = append(want, s)
				}
			}
			got := h.Tips(stream)
			slices.Sort(got)
			if !slices.Equal(got, want) {
				t.Fatalf("tips of %d: %v, want %v in %+v", stream, got, want, f)
			}
		}
	})
}

func TestSawAgreesWithWalk(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f := drawForest(t)
		h := f.history(t)
		for range 20 {
			c, d := f.drawContext(t), f.drawDot(t)
			if got, want := h.Saw(c, d), f.saw(c, d); got != want {
				t.Fatalf("Saw(%v, %v) = %v, want %v in %+v", c, d, got, want, f)
			}
		}
	})
}

// TestFrontierIsAFunctionOfTheSet compares the frontier with its definition, in two orders and on two replicas that
// learned of the change-sets in different orders.
func TestFrontierIsAFunctionOfTheSet(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f := drawForest(t)
		var dots []causal.Dot
		var contexts []causal.Context
		for range rapid.IntRange(0, 12).Draw(t, "edits") {
			if d := f.drawDot(t); !slices.Contains(dots, d) {
				dots, contexts = append(dots, d), append(contexts, f.drawContext(t))
			}
		}
		var want []causal.Dot
		for i, d := range dots {
			seen := false
			for j := range dots {
				seen = seen || i != j && f.saw(contexts[j], d)
			}
			if !seen {
				want = append(want, d)
			}
		}
		check(t, f.history(t), dots, contexts, want)
		order := rapid.Permutation(indices(len(dots))).Draw(t, "order")
		dots2, contexts2 := make([]causal.Dot, len(dots)), make([]causal.Context, len(dots))
		for i, at := range order {
			dots2[i], contexts2[i] = dots[at], contexts[at]
		}
		check(t, f.history(t), dots2, contexts2, want)
	})
}

func check(t *rapid.T, h *causal.History, dots []causal.Dot, contexts []causal.Context, want []causal.Dot) {
	var got []causal.Dot
	for _, i := range h.Frontier(dots, contexts) {
		got = append(got, dots[i])
	}
	sortDots(got)
	sortDots(want)
	if !slices.Equal(got, want) {
		t.Fatalf("frontier %v, want %v", got, want)
	}
}

func sortDots(dots []causal.Dot) {
	slices.SortFunc(dots, func(a, b causal.Dot) int {
		if a.Set != b.Set {
			return int(a.Set) - int(b.Set)
		}
		return int(a.Index) - int(b.Index)
	})
}

func indices(n int) []int {
	out := make([]int, n)
	for i := range out {
		out[i] = i
	}
	return out
}

func TestWhatIsUnknownIsUnseen(t *testing.T) {
	var h causal.History
	if h.Knows(1) || h.Follows(1, 2) || len(h.Tips(1)) != 0 {
		t.Fatal("an empty history knows something")
	}
	h.Add(1, 1, 1, 0)
	h.Add(2, 1, 2, 1)
	h.Add(3, 2, 2, 0) // its predecessor is not known here
	for _, c := range []causal.Context{nil, {{Set: 9, Count: causal.All}}, {{Set: 3, Count: causal.All}}, {{Set: 1, Count: 0}}} {
		if h.Saw(c, causal.Dot{Set: 1}) {
			t.Errorf("%v proves nothing about the first change-set", c)
		}
	}
	if h.Saw(causal.Context{{Set: 2, Count: causal.All}}, causal.Dot{Set: 9}) {
		t.Error("an unknown change-set was seen")
	}
	if !h.Saw(causal.Context{{Set: 2}}, causal.Dot{Set: 1, Index: 7}) {
		t.Error("whoever saw nothing of a change-set has still seen what came before it")
	}
}
