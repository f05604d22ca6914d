package merge_test

import (
	"fmt"
	"slices"

	"escale/schema"
	"escale/sync/causal"
	"escale/sync/merge"
)

// The oracle answers from the definitions: it keeps every operation, walks every chain to its beginning, asks every pair
// who had seen whom, and knows nothing of branches, orders of arrival or local numbers.

type event struct {
	set, index, pos int
	author          schema.Device
	time            causal.Time
	op              merge.Op
}

type oracle struct {
	w      *world
	events []event
	saw    [][]bool // saw[a][b]: the author of a had seen b
}

func newOracle(w *world, path string) *oracle {
	o := &oracle{w: w}
	for i, s := range w.sets {
		for n, d := range s.deltas {
			for pos, op := range d.ops {
				if op.Path == path {
					o.events = append(o.events, event{i + 1, n, pos, d.author, d.time, op})
				}
			}
		}
	}
	o.saw = make([][]bool, len(o.events))
	for a, x := range o.events {
		o.saw[a] = make([]bool, len(o.events))
		for b, y := range o.events {
			if x.set == y.set && x.index == y.index {
				o.saw[a][b] = x.pos > y.pos
			} else {
				o.saw[a][b] = w.deltaSaw(x.set, x.index, y.set, y.index)
			}
		}
	}
	return o
}

func (w *world) deltaSaw(set, index, otherSet, otherIndex int) bool {
	for head, count := range w.sets[set-1].deltas[index].seen {
		if head == otherSet && otherIndex < int(count) {
			return true
		}
		for at := w.sets[head-1].parent; at != 0; at = w.sets[at-1].parent {
			if at == otherSet {
				return true
			}
		}
	}
	return false
}

// maximal returns the events that no event of the given ones has seen.
func (o *oracle) maximal(among []int) []int {
	return slices.DeleteFunc(slices.Clone(among), func(b int) bool {
		return slices.ContainsFunc(among, func(a int) bool { return o.saw[a][b] })
	})
}

func (o *oracle) all() []int {
	out := make([]int, len(o.events))
	for i := range out {
		out[i] = i
	}
	return out
}

func (o *oracle) values(at []int) []string {
	var out []string
	for _, i := range at {
		out = append(out, fmt.Sprintf("%#v", o.events[i].op.Value))
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func (o *oracle) lww() any {
	var best *event
	for _, i := range o.maximal(o.all()) {
		e := &o.events[i]
		if best == nil || best.time < e.time || best.time == e.time && (string(best.author[:]) < string(e.author[:]) ||
			best.author == e.author && best.op.Value.(string) < e.op.Value.(string)) {
			best = e
		}
	}
	return best.op.Value
}

// onceStanding returns what stands of a field that is written once, and how many writes came after the first.
func (o *oracle) onceStanding() (standing []int, violations int) {
	var first, choices []int
	for a := range o.events {
		if !slices.Contains(o.saw[a], true) {
			first = append(first, a)
		}
	}
	for a, e := range o.events {
		if e.op.Kind == merge.Resolve && slices.ContainsFunc(first, func(b int) bool {
			return o.saw[a][b] && o.events[b].op.Value == e.op.Value
		}) {
			choices = append(choices, a)
		}
	}
	return o.maximal(append(slices.Clone(first), choices...)), len(o.events) - len(first) - len(choices)
}

func (o *oracle) set() []string {
	out := []string{}
	for a, e := range o.events {
		if e.op.Kind == merge.Remove {
			continue
		}
		for _, x := range e.op.Value.([]string) {
			gone := false
			for b, r := range o.events {
				removes := r.op.Kind == merge.Set || r.op.Kind == merge.Remove && slices.Contains(r.op.Value.([]string), x)
				gone = gone || removes && o.saw[b][a]
			}
			if !gone && !slices.Contains(out, x) {
				out = append(out, x)
			}
		}
	}
	slices.Sort(out)
	return out
}

func (o *oracle) entries() []string {
	es := slices.Clone(o.events)
	slices.SortFunc(es, func(a, b event) int {
		key := func(e event) string { return fmt.Sprintf("%09d %s %s", e.time, e.author, e.op.Value) }
		if key(a) < key(b) {
			return -1
		}
		return 1
	})
	var out []string
	for _, e := range es {
		out = append(out, e.op.Value.(string))
	}
	return out
}

func (o *oracle) total() (n int64) {
	for _, e := range o.events {
		n += e.op.Value.(int64)
	}
	return n
}

// inForce returns the writes that no Widen which had seen them names.
func (o *oracle) inForce() []int {
	return slices.DeleteFunc(o.all(), func(b int) bool {
		for a, w := range o.events {
			named := slices.Contains(w.op.Lifts, merge.Lift{Author: o.events[b].author, Time: o.events[b].time})
			if w.op.Kind == merge.Widen && named && o.saw[a][b] {
				return true
			}
		}
		return false
	})
}

// strictest returns the highest rank among consents.
func (o *oracle) strictest(at []int) any {
	worst := 0
	for _, i := range at {
		worst = max(worst, slices.Index(consents, o.events[i].op.Value.(string)))
	}
	return consents[worst]
}

// common returns the purposes that all allow.
func (o *oracle) common(at []int) []string {
	out := []string{}
	for _, p := range purposes {
		if !slices.ContainsFunc(at, func(i int) bool { return !slices.Contains(o.events[i].op.Value.([]string), p) }) {
			out = append(out, p)
		}
	}
	return out
}

func (o *oracle) existence() merge.Existence {
	open := o.maximal(o.all())
	answer := merge.Alive
	for _, i := range open {
		d := o.events[i]
		if d.op.Kind != merge.Delete {
			continue
		}
		if !o.missedAny(d) {
			return merge.Deleted
		}
		answer = merge.Question
	}
	return answer
}

func (o *oracle) missedAny(d event) bool {
	for i, s := range o.w.sets {
		for n, other := range s.deltas {
			keeps := slices.ContainsFunc(other.ops, func(op merge.Op) bool { return op.Kind != merge.Delete })
			if keeps && (i+1 != d.set || n != d.index) && !o.w.deltaSaw(d.set, d.index, i+1, n) {
				return true
			}
		}
	}
	return false
}
