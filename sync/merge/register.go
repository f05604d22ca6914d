package merge

// The policies that show one value: last writer, siblings, first writer.

// bears reports whether an operation gives a field of one value that value. The kinds of other policies count: what was
// written under another version of a form, or before the form was there, stays visible.
func bears(o *Op) bool { return o.Kind != Remove && o.Kind != Delete && o.Kind != Restore }

// settleLWW shows, of the writes that nobody has seen past, the one with the highest time.
func settleLWW(v view, r Rule, marks []Mark) outcome {
	writes := v.pick(bears)
	frontier := v.unseen(writes)
	out := outcome{unfit: len(v.edits) - len(writes)}
	if len(frontier) > 0 {
		winner := frontier[len(frontier)-1]
		out.value, out.siblings = v.edits[winner].op().Value, []int{winner}
	}
	if marks != nil {
		v.markWrites(r, marks, writes, frontier, Loser, out)
	}
	return out
}

// settleKeepBoth shows all writes that nobody has seen past; equal values stand once.
func settleKeepBoth(v view, r Rule, marks []Mark) outcome {
	writes := v.pick(bears)
	frontier := v.unseen(writes)
	siblings := v.distinct(r, frontier)
	out := outcome{siblings: siblings, conflict: len(siblings) > 1, unfit: len(v.edits) - len(writes)}
	if len(siblings) > 0 {
		out.value = v.provisional(r, frontier, siblings)
	}
	if marks != nil {
		v.markWrites(r, marks, writes, frontier, Shown, out)
	}
	return out
}

// distinct returns the first of each group of equal values.
func (v view) distinct(r Rule, at []int) []int {
	var out []int
	for _, i := range at {
		if !v.holds(r, out, v.edits[i].op().Value) {
			out = append(out, i)
		}
	}
	return out
}

// holds reports whether one of the edits has the value.
func (v view) holds(r Rule, at []int, value any) bool {
	for _, i := range at {
		if r.equal(v.edits[i].op().Value, value) {
			return true
		}
	}
	return false
}

// provisional chooses what is shown while siblings wait for a person: the highest, if the form says what that is, or
// else the latest. A value that was written again is as late as its latest write.
func (v view) provisional(r Rule, frontier, siblings []int) any {
	best := v.edits[frontier[0]].op().Value
	for _, i := range frontier[1:] {
		if x := v.edits[i].op().Value; r.Higher == nil || !r.Higher(best, x) {
			best = x
		}
	}
	for _, i := range siblings {
		if x := v.edits[i].op().Value; r.equal(x, best) {
			return x // as it was first written
		}
	}
	return best
}

// markWrites marks the writes of a register: those of the frontier that do not have a shown value get the mark rest.
func (v view) markWrites(r Rule, marks []Mark, writes, frontier []int, rest Mark, out outcome) {
	fill(marks, Unfit)
	for _, i := range writes {
		marks[i] = Superseded
		if v.decided(i, writes) {
			marks[i] = Resolved
		}
	}
	for _, i := range frontier {
		marks[i] = rest
		if v.holds(r, out.siblings, v.edits[i].op().Value) {
			marks[i] = Shown
		}
	}
}

// decided reports whether edit i stood when a person resolved: a Resolve has seen it, and nothing that the Resolve had
// seen replaced it.
func (v view) decided(i int, writes []int) bool {
	for _, r := range writes {
		if v.edits[r].op().Kind == Resolve && v.saw(r, i) && !v.replacedBefore(i, r, writes) {
			return true
		}
	}
	return false
}

func (v view) replacedBefore(i, r int, writes []int) bool {
	for _, j := range writes {
		if j != i && j != r && v.saw(j, i) && v.saw(r, j) {
			return true
		}
	}
	return false
}

func fill(marks []Mark, m Mark) {
	for i := range marks {
		marks[i] = m
	}
}

// settleWriteOnce shows the writes that had seen no other write. If they differ, a person chooses one of them; what such
// a choice has seen is settled.
func settleWriteOnce(v view, r Rule, marks []Mark) outcome {
	writes := v.pick(bears)
	var first []int
	for _, i := range writes {
		if !v.sawAny(i, writes) {
			first = append(first, i)
		}
	}
	choices := v.choices(r, writes, first)
	var standing []int
	for _, i := range first {
		if !v.seenByAny(i, choices) {
			standing = append(standing, i)
		}
	}
	standing = merged(standing, v.unseen(choices))
	siblings := v.distinct(r, standing)
	out := outcome{
		siblings: siblings, conflict: len(siblings) > 1,
		violations: len(writes) - len(first) - len(choices), unfit: len(v.edits) - len(writes),
	}
	if len(siblings) > 0 {
		out.value = v.edits[siblings[0]].op().Value
	}
	if marks != nil {
		v.markOnce(marks, writes, first, choices, standing)
	}
	return out
}

// choices returns the Resolves that choose one of the first writes that they have seen. Any other is a violation.
func (v view) choices(r Rule, writes, first []int) []int {
	var out []int
	for _, i := range writes {
		op := v.edits[i].op()
		if op.Kind != Resolve {
			continue
		}
		for _, j := range first {
			if j != i && v.saw(i, j) && r.equal(op.Value, v.edits[j].op().Value) {
				out = append(out, i)
				break
			}
		}
	}
	return out
}

func (v view) markOnce(marks []Mark, writes, first, choices, standing []int) {
	fill(marks, Unfit)
	for _, i := range writes {
		marks[i] = Violation
	}
	for _, i := range first {
		marks[i] = Resolved
	}
	for _, i := range choices {
		marks[i] = Superseded
	}
	for _, i := range standing {
		marks[i] = Shown
	}
}

// merged joins two ascending lists of positions without common elements.
func merged(a, b []int) []int {
	out := make([]int, 0, len(a)+len(b))
	for len(a) > 0 && len(b) > 0 {
		if a[0] < b[0] {
			out, a = append(out, a[0]), a[1:]
		} else {
			out, b = append(out, b[0]), b[1:]
		}
	}
	return append(append(out, a...), b...)
}
