package merge_test

import (
	"fmt"
	"maps"
	"math/rand"
	"slices"

	"escale/schema"
	"escale/sync/causal"
	"escale/sync/merge"
)

// dice draws a number below n. Property tests draw from rapid, the loops over orders from a seeded generator.
type dice func(n int) int

// heads says of each change-set, by its number in the world, how many of its deltas were seen; its ancestors entirely.
type heads map[int]uint32

func (h heads) with(other heads) heads {
	out := maps.Clone(h)
	for set, n := range other {
		out[set] = max(out[set], n)
	}
	return out
}

type worldDelta struct {
	seen   heads
	author schema.Device
	time   causal.Time
	ops    []merge.Op
}

// worldSet is one change-set. Its number is its position in the world plus one; parent zero starts a stream.
type worldSet struct {
	stream, parent int
	seq            uint64
	deltas         []worldDelta
	before         heads // what its device knew when it opened the set
}

// world is what really happened, as nobody taking part can see it.
type world struct{ sets []worldSet }

type device struct {
	id          schema.Device
	stream      int
	line        []int // own change-sets, the newest last
	open        bool
	known, view heads
}

// happen lets three devices write, exchange, look again and be restored from old copies.
func happen(roll dice, steps int, ops func(dice, *world, *device) []merge.Op) *world {
	w := &world{}
	devices := make([]*device, 3)
	for i := range devices {
		devices[i] = &device{id: schema.Device{byte(i + 1)}, stream: i + 1, known: heads{}, view: heads{}}
	}
	for range steps {
		d := devices[roll(3)]
		switch roll(8) {
		case 0, 1:
			d.open = false
			other := devices[roll(3)]
			other.known = other.known.with(d.known).with(w.own(d))
		case 2, 3:
			d.view = d.known.with(w.own(d))
		case 4:
			w.restore(d, roll)
		default:
			w.write(d, roll, ops(roll, w, d))
		}
	}
	return w
}

// own returns the newest change-set of a device, as far as it is written.
func (w *world) own(d *device) heads {
	if len(d.line) == 0 {
		return heads{}
	}
	last := d.line[len(d.line)-1]
	return heads{last: uint32(len(w.sets[last-1].deltas))}
}

// restore takes a device back to a copy of its disk: what it wrote since stays in the world, on another branch.
func (w *world) restore(d *device, roll dice) {
	if len(d.line) == 0 || roll(3) != 0 {
		return
	}
	keep := roll(len(d.line))
	lost := w.sets[d.line[keep]-1]
	d.line, d.open, d.known, d.view = slices.Clone(d.line[:keep]), false, lost.before, heads{}
}

func (w *world) write(d *device, roll dice, ops []merge.Op) {
	if len(ops) == 0 {
		return
	}
	if !d.open || roll(3) == 0 {
		s := worldSet{stream: d.stream, seq: 1, before: d.known}
		if n := len(d.line); n > 0 {
			s.parent = d.line[n-1]
			s.seq = w.sets[s.parent-1].seq + 1
		}
		w.sets = append(w.sets, s)
		d.line, d.open = append(d.line, len(w.sets)), true
	}
	s := &w.sets[d.line[len(d.line)-1]-1]
	s.deltas = append(s.deltas, worldDelta{seen: d.view, author: d.id, time: causal.Time(roll(6)), ops: ops})
}

// replica is one laptop's numbering of the world.
type replica struct {
	h      causal.History
	number []causal.Set // by position in world.sets
	deltas []merge.Delta
}

// replicate numbers the change-sets in some order that puts parents first, and delivers deltas shuffled and repeated.
func (w *world) replicate(roll dice) *replica {
	r := &replica{number: make([]causal.Set, len(w.sets))}
	numbers := permutation(roll, len(w.sets))
	for done := 0; done < len(w.sets); {
		i := roll(len(w.sets))
		for r.number[i] != 0 || w.sets[i].parent != 0 && r.number[w.sets[i].parent-1] == 0 {
			i = (i + 1) % len(w.sets)
		}
		s := w.sets[i]
		r.number[i] = causal.Set(numbers[done] + 1)
		var parent causal.Set
		if s.parent != 0 {
			parent = r.number[s.parent-1]
		}
		r.h.Add(r.number[i], causal.Stream(s.stream), s.seq, parent)
		done++
	}
	for i, s := range w.sets {
		for n, d := range s.deltas {
			r.deltas = append(r.deltas, r.delta(i, n, d))
		}
	}
	for range len(r.deltas) / 2 {
		r.deltas = append(r.deltas, r.deltas[roll(len(r.deltas))])
	}
	order := permutation(roll, len(r.deltas))
	shuffled := make([]merge.Delta, len(order))
	for i, at := range order {
		shuffled[i] = r.deltas[at]
	}
	r.deltas = shuffled
	return r
}

func (r *replica) delta(set, index int, d worldDelta) merge.Delta {
	out := merge.Delta{
		Dot: causal.Dot{Set: r.number[set], Index: uint32(index)}, Author: d.author, Time: d.time, Ops: d.ops,
	}
	for seen, count := range d.seen {
		out.Context = append(out.Context, causal.Seen{Set: r.number[seen-1], Count: count})
	}
	return out
}

func permutation(roll dice, n int) []int {
	out := make([]int, n)
	for i := range out {
		j := roll(i + 1)
		out[i] = out[j]
		out[j] = i
	}
	return out
}

func seeded(seed int64) dice {
	r := rand.New(rand.NewSource(seed))
	return r.Intn
}

// describe writes a state without the numbers that are this replica's own.
func describe(s merge.State) string {
	out := fmt.Sprintf("%d %v %s\n", s.Exists, s.Unknown, describeWrites(s.Endings))
	for _, u := range s.Unseen {
		out += fmt.Sprintf("unseen %v %d %d %v\n", u.Author, u.Time, u.Dot.Index, u.Paths)
	}
	for _, path := range slices.Sorted(maps.Keys(s.Fields)) {
		f := s.Fields[path]
		out += fmt.Sprintf("%s %s %#v conflict=%v review=%v violations=%d unfit=%d\n siblings %s\n history %s\n",
			f.Path, f.Policy, f.Value, f.Conflict, f.Review, f.Violations, f.Unfit,
			describeWrites(f.Siblings), describeWrites(f.History()))
	}
	return out
}

func describeWrites(ws []merge.Write) string {
	out := ""
	for _, w := range ws {
		out += fmt.Sprintf("[%d %#v by %v at %d/%d: %d %q %v]",
			w.Kind, w.Value, w.Author[0], w.Time, w.Dot.Index, w.Mark, w.Why, w.Lifts)
	}
	return out
}
