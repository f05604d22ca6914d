package causal_test

import (
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"escale/sync/causal"
)

// edits are drawn edits of one field, each a dot with what its author had seen.
type edits map[causal.Dot]causal.Context

func (f *forest) drawEdits(t *rapid.T, label string) edits {
	out := edits{}
	for range rapid.IntRange(0, 10).Draw(t, label) {
		out[f.drawDot(t)] = nil
	}
	for _, d := range sorted(out) {
		out[d] = f.drawContext(t)
	}
	return out
}

func sorted(e edits) []causal.Dot {
	out := make([]causal.Dot, 0, len(e))
	for d := range e {
		out = append(out, d)
	}
	sortDots(out)
	return out
}

// join is what replicas do with what they hold: union. Where both hold an edit it is the same one.
func join(a, b edits) edits {
	out := edits{}
	for _, e := range []edits{b, a} {
		for d, c := range e {
			out[d] = c
		}
	}
	return out
}

func frontier(h *causal.History, e edits) []causal.Dot {
	dots := sorted(e)
	contexts := make([]causal.Context, len(dots))
	for i, d := range dots {
		contexts[i] = e[d]
	}
	var out []causal.Dot
	for _, i := range h.Frontier(dots, contexts) {
		out = append(out, dots[i])
	}
	return out
}

// TestJoinLaws: joining is commutative, associative and idempotent, and the frontier of the joined edits inherits it.
func TestJoinLaws(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f := drawForest(t)
		h := f.history(t)
		a := f.drawEdits(t, "a")
		b, c := f.drawEdits(t, "b"), f.drawEdits(t, "c")
		for d, context := range a { // an edit is the same wherever it is held
			for _, other := range []edits{b, c} {
				if _, both := other[d]; both {
					other[d] = context
				}
			}
		}
		for d, context := range b {
			if _, both := c[d]; both {
				c[d] = context
			}
		}
		for name, pair := range map[string][2]edits{
			"commutative": {join(a, b), join(b, a)}, "associative": {join(join(a, b), c), join(a, join(b, c))}, "idempotent": {join(a, a), a},
		} {
			if one, two := frontier(h, pair[0]), frontier(h, pair[1]); !slices.Equal(one, two) {
				t.Errorf("not %s: %v and %v", name, one, two)
			}
		}
		if len(a) > 0 && len(frontier(h, a)) > len(a) {
			t.Errorf("%v of %v", frontier(h, a), a)
		}
	})
}

// TestFrontiersAreNotJoined shows why replicas join edits and never frontiers: who had seen whom is asked of each pair,
// and an edit that was passed over may be the only one that had seen another.
func TestFrontiersAreNotJoined(t *testing.T) {
	var h causal.History
	for s := range causal.Set(3) {
		h.Add(s+1, causal.Stream(s+1), 1, 0)
	}
	old, middle, last := causal.Dot{Set: 1}, causal.Dot{Set: 2}, causal.Dot{Set: 3}
	a := edits{middle: {{Set: 1, Count: 1}}, last: {{Set: 2, Count: 1}}}
	b := edits{old: nil}
	whole := frontier(&h, join(a, b))
	parts := edits{}
	for _, d := range append(frontier(&h, a), frontier(&h, b)...) {
		parts[d] = join(a, b)[d]
	}
	if joined := frontier(&h, parts); !slices.Equal(whole, []causal.Dot{last}) || slices.Equal(joined, whole) {
		t.Errorf("of the edits %v, of the frontiers %v", whole, joined)
	}
}

// TestAThousandOrders lets the same change-sets and edits arrive in a thousand orders, a third of them twice: whatever was
// asked, the answer is the same.
func TestAThousandOrders(t *testing.T) {
	f := rapid.Custom(func(t *rapid.T) *forest {
		f := drawForest(t)
		for len(f.sets) < 12 {
			f = drawForest(t)
		}
		return f
	}).Example(3)
	rng := rand.New(rand.NewPCG(1, 2))
	all := edits{}
	for range 25 {
		var c causal.Context
		for range rng.IntN(4) {
			c = append(c, causal.Seen{Set: f.sets[rng.IntN(len(f.sets))], Count: []uint32{0, 1, 2, causal.All}[rng.IntN(4)]})
		}
		all[causal.Dot{Set: f.sets[rng.IntN(len(f.sets))], Index: uint32(rng.IntN(3))}] = c
	}
	var first []causal.Dot
	for order := range 1000 {
		h := f.arrive(rng)
		dots := sorted(all)
		rng.Shuffle(len(dots), func(i, j int) { dots[i], dots[j] = dots[j], dots[i] })
		contexts := make([]causal.Context, len(dots))
		for i, d := range dots {
			contexts[i] = all[d]
		}
		var got []causal.Dot
		for _, i := range h.Frontier(dots, contexts) {
			got = append(got, dots[i])
		}
		if sortDots(got); order == 0 {
			first = got
		}
		if !slices.Equal(got, first) {
			t.Fatalf("order %d: %v, first %v", order, got, first)
		}
	}
	if len(first) == 0 || len(first) == len(all) {
		t.Fatalf("the frontier of %d edits is %v: it proves nothing", len(all), first)
	}
}

// arrive adds the change-sets in a drawn order that keeps parents first.
func (f *forest) arrive(rng *rand.Rand) *causal.History {
	h := &causal.History{}
	for left := slices.Clone(f.sets); len(left) > 0; {
		i := rng.IntN(len(left))
		for f.parent[left[i]] != 0 && slices.Contains(left, f.parent[left[i]]) {
			i = (i + 1) % len(left)
		}
		s := left[i]
		for range 1 + rng.IntN(3)/2 {
			h.Add(s, f.stream[s], f.seq[s], f.parent[s])
		}
		left = slices.Delete(left, i, i+1)
	}
	return h
}
