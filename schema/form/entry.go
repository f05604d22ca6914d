package form

import (
	"escale/schema/expr"
)

// truth has three values, because a condition may depend on what the reader cannot see.
type truth uint8

const (
	no truth = iota
	yes
	unknown
)

func both(a, b truth) truth {
	switch {
	case a == no || b == no:
		return no
	case a == unknown || b == unknown:
		return unknown
	}
	return yes
}

// entry is one instance of a part in a running form: a question, a group, one instance of a repeat.
type entry struct {
	part   *part
	node   *expr.Node
	parent *entry
	slots  [][]*entry // children, by the slot of their part; a repeat has any number of entries, everything else one
	id     string     // of an instance of a repeat

	own      truth // its own condition
	relevant truth // with those of everything that encloses it
	excess   bool  // an instance beyond the number that the form asks for: kept, not shown
	touched  bool  // a person answered it
}

// newEntry makes the tree for a part. Only the form itself begins with one instance of each repeat that is not counted; repeats
// inside of what a person adds, or of what is loaded, begin without any.
func (s *Session) newEntry(p *part, parent *entry) *entry {
	s.entries++
	e := &entry{part: p, parent: parent, node: expr.NewElement(p.item.Name, ""), own: yes, relevant: yes}
	e.node.Owner = e
	e.slots = make([][]*entry, len(p.children))
	for i, child := range p.children {
		if child.item.Type == TypeRepeat && (child.count != nil || s.bare) {
			continue
		}
		e.insert(i, s.newEntry(child, e), len(e.slots[i]))
	}
	return e
}

// insert puts a child into its slot and its node where the order of the form has it.
func (e *entry) insert(slot int, child *entry, at int) {
	place := at
	for _, entries := range e.slots[:slot] {
		place += len(entries)
	}
	e.slots[slot] = append(e.slots[slot], nil)
	copy(e.slots[slot][at+1:], e.slots[slot][at:])
	e.slots[slot][at] = child
	e.node.Insert(place, child.node)
}

func (e *entry) remove(slot, at int) {
	child := e.slots[slot][at]
	e.slots[slot] = append(e.slots[slot][:at:at], e.slots[slot][at+1:]...)
	e.node.Remove(child.node.Index())
	child.parent = nil
}

// each visits the entry and everything inside.
func (e *entry) each(visit func(*entry)) {
	visit(e)
	for _, entries := range e.slots {
		for _, child := range entries {
			child.each(visit)
		}
	}
}

// of lists the entries of a part below e, in order.
func (e *entry) of(p *part) []*entry {
	if e.part == p {
		return []*entry{e}
	}
	var trail []*part
	for q := p; q != e.part; q = q.parent {
		if q == nil {
			return nil
		}
		trail = append(trail, q)
	}
	at := []*entry{e}
	for i := len(trail) - 1; i >= 0; i-- {
		var next []*entry
		for _, x := range at {
			next = append(next, x.slots[trail[i].slot]...)
		}
		at = next
	}
	return at
}

// seen lists the entries of p that ${…} means from e: those that share with e every repeat that encloses both.
func (e *entry) seen(p *part) []*entry {
	at := e
	for at.parent != nil && (at.part == p || !at.part.above(p)) {
		at = at.parent
	}
	return at.of(p)
}

func (e *entry) text() string { return e.node.Value }

// settle derives what follows from the entry's own condition, for it and everything inside. It tells whether anything changed.
func (e *entry) settle() bool {
	above := yes
	if e.parent != nil {
		above = e.parent.relevant
	}
	relevant := both(above, e.own)
	if e.excess {
		relevant = no
	}
	changed := relevant != e.relevant
	e.relevant = relevant
	e.node.Absent = relevant == no
	for _, entries := range e.slots {
		for _, child := range entries {
			if child.settle() {
				changed = true
			}
		}
	}
	return changed
}

// path is the path of answers: names of repeats with ids of instances, and the name; groups do not appear.
func (e *entry) path() string { return e.prefix() + e.part.item.Name }

// prefix stands before the names inside the innermost instance.
func (e *entry) prefix() string {
	for x := e.parent; x != nil; x = x.parent {
		if x.part.item.Type == TypeRepeat {
			return x.prefix() + x.part.item.Name + "/" + x.id + "/"
		}
	}
	return ""
}
