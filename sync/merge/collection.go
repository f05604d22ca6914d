package merge

import "math"

// The policies that join by themselves: sets, lists, counters.

// settleSetUnion shows the elements of which some addition was not seen by a removal. Removals take only what their
// author had seen, so that an addition made meanwhile wins. A Set removes whatever its author had seen and adds its own.
func settleSetUnion(v view, marks []Mark) outcome {
	fill(marks, Unfit)
	out := outcome{}
	removals := v.pick(func(o *Op) bool { return o.Kind == Remove || replaces(o) })
	value := []string{}
	for i, e := range v.edits {
		list, ok := elements(e.op().Value)
		kind := e.op().Kind
		if !ok || kind != Remove && kind != Add && kind != Append && !replaces(e.op()) {
			out.unfit++
			continue
		}
		mark := Superseded
		if kind == Remove || len(list) == 0 && !v.seenByAny(i, removals) {
			mark, list = Shown, nil
		}
		for _, x := range list {
			if !v.removed(i, x, removals) {
				mark, value = Shown, append(value, x)
			}
		}
		if marks != nil {
			marks[i] = mark
		}
	}
	out.value = sortedSet(value)
	return out
}

// replaces reports whether an operation puts a new value in the place of what its author had seen.
func replaces(o *Op) bool { return o.Kind == Set || o.Kind == Resolve || o.Kind == Widen }

func (v view) removed(i int, element string, removals []int) bool {
	for _, j := range removals {
		if j != i && v.edits[j].op().takes(element) && v.saw(j, i) {
			return true
		}
	}
	return false
}

// takes reports whether a removal concerns an element.
func (o *Op) takes(element string) bool {
	if replaces(o) {
		_, ok := elements(o.Value)
		return ok
	}
	list, _ := elements(o.Value)
	for _, x := range list {
		if x == element {
			return true
		}
	}
	return false
}

// settleAppend shows all entries, oldest first. Nothing removes an entry.
func settleAppend(v view, marks []Mark) outcome {
	fill(marks, Unfit)
	out := outcome{}
	value := []string{}
	for i, e := range v.edits {
		list, ok := elements(e.op().Value)
		if !ok || !bears(e.op()) {
			out.unfit++
			continue
		}
		value = append(value, list...)
		if marks != nil {
			marks[i] = Shown
		}
	}
	out.value = value
	return out
}

// settleCounter shows the sum of the increments, each once. A Set, which only another version of the form can have
// written, counts like an increment that replaces the amounts that its author had seen.
func settleCounter(v view, marks []Mark) outcome {
	fill(marks, Unfit)
	out := outcome{}
	resets := v.pick(func(o *Op) bool { return replaces(o) && isCount(o) })
	total, counted := sum{}, false
	for i, e := range v.edits {
		op := e.op()
		if !isCount(op) || op.Kind != Increment && !replaces(op) {
			out.unfit++
			continue
		}
		mark := Superseded
		if !v.seenByAny(i, resets) {
			mark, counted = Shown, true
			total.add(op.Value.(int64))
		}
		if marks != nil {
			marks[i] = mark
		}
	}
	if counted {
		out.value = total.value()
	}
	return out
}

func isCount(o *Op) bool { _, ok := o.Value.(int64); return ok }

// sum adds without overflow, so that the order of the terms cannot matter, and ends at the bounds of int64.
type sum struct{ high, low int64 }

func (s *sum) add(n int64) {
	s.high += n >> 32
	s.low += n & math.MaxUint32
}

func (s *sum) value() int64 {
	high := s.high + s.low>>32
	switch {
	case high > math.MaxInt32:
		return math.MaxInt64
	case high < math.MinInt32:
		return math.MinInt64
	}
	return high<<32 | s.low&math.MaxUint32
}
