// Package causal decides which edits an author had seen, and which edits of a field nobody has seen past.
//
// It works on local ordinals of change-sets, never on clocks: two replicas number the same change-sets differently and
// still agree, because every answer depends only on the set of change-sets and on their chains. What cannot be proved
// seen counts as unseen. The package is pure: it does no I/O and reads no clock.
package causal

// Set is a change-set by the number that this replica gave it. Zero is no change-set.
type Set uint64

// Stream is a stream by the number that this replica gave it.
type Stream uint32

// All says that every delta of a change-set was seen.
const All = ^uint32(0)

// Dot is one delta: the Index-th of a change-set.
type Dot struct {
	Set   Set
	Index uint32
}

// Seen says that of one branch everything up to a change-set was seen: all of its predecessors, and of the change-set
// itself the first Count deltas.
type Seen struct {
	Set   Set
	Count uint32
}

// Context is what an author can prove to have seen when editing began.
type Context []Seen

type node struct {
	parent Set
	seq    uint64
	stream Stream
	branch uint32
}

// History knows how change-sets follow one another. The zero value is empty and ready.
type History struct {
	nodes map[Set]node
	tips  map[Stream][]branch
}

// branch is one line of a stream: it left its parent branch after the change-set numbered from.
type branch struct {
	parent uint32
	from   uint64
	tip    Set
}

// Add notes a change-set of a stream: its number seq and its predecessor (zero for the first of a branch that starts
// the stream). Adding the same change-set twice changes nothing. The predecessor must have been added before.
func (h *History) Add(set Set, stream Stream, seq uint64, parent Set) {
	if h.nodes == nil {
		h.nodes, h.tips = map[Set]node{}, map[Stream][]branch{}
	}
	if _, known := h.nodes[set]; known {
		return
	}
	n := node{parent: parent, seq: seq, stream: stream}
	lines := h.tips[stream]
	p, hasParent := h.nodes[parent]
	switch {
	case hasParent && lines[p.branch].tip == parent:
		n.branch = p.branch
		lines[p.branch].tip = set
	case hasParent:
		n.branch = uint32(len(lines))
		lines = append(lines, branch{parent: p.branch, from: p.seq, tip: set})
	default:
		n.branch = uint32(len(lines))
		lines = append(lines, branch{parent: n.branch, tip: set})
	}
	h.tips[stream] = lines
	h.nodes[set] = n
}

// Knows reports whether a change-set was added.
func (h *History) Knows(set Set) bool { _, ok := h.nodes[set]; return ok }

// Parent returns the predecessor of a change-set; zero if it has none.
func (h *History) Parent(set Set) Set { return h.nodes[set].parent }

// Tips returns the newest change-set of each branch of a stream.
func (h *History) Tips(stream Stream) []Set {
	var out []Set
	for _, b := range h.tips[stream] {
		out = append(out, b.tip)
	}
	return out
}

// Follows reports whether later is the same change-set as earlier or comes after it on the same branch.
func (h *History) Follows(later, earlier Set) bool {
	if later == earlier {
		return true
	}
	l, ok := h.nodes[later]
	if !ok {
		return false
	}
	e, ok := h.nodes[earlier]
	if !ok || e.stream != l.stream || e.seq >= l.seq {
		return false
	}
	lines := h.tips[l.stream]
	at, upTo := l.branch, l.seq
	for at != e.branch {
		b := lines[at]
		if b.parent == at {
			return false
		}
		at, upTo = b.parent, b.from
	}
	return e.seq <= upTo
}

// Saw reports whether c proves that its author had seen d.
func (h *History) Saw(c Context, d Dot) bool {
	for _, s := range c {
		if s.Set == d.Set {
			if d.Index < s.Count {
				return true
			}
			continue
		}
		if h.Follows(s.Set, d.Set) {
			return true
		}
	}
	return false
}

// Frontier returns the positions of those edits that no other edit of the same field has seen. Edits are given as dots
// with their contexts; the answer depends on the set of edits only, not on their order.
func (h *History) Frontier(dots []Dot, contexts []Context) []int {
	var out []int
	for i, d := range dots {
		seen := false
		for j, c := range contexts {
			if i != j && h.Saw(c, d) {
				seen = true
				break
			}
		}
		if !seen {
			out = append(out, i)
		}
	}
	return out
}
