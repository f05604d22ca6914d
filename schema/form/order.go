package form

import (
	"errors"
	"slices"
	"strings"

	"escale/schema/expr"
)

// computation is something that a running form keeps up to date: whether a part is relevant, how many instances a repeat
// has, or a calculated value.
type computation struct {
	part  *part
	what  computed
	value *expr.Expression
	reads []*part
}

type computed uint8

const (
	computesRelevance computed = iota
	computesCount
	computesValue
)

func (w computed) column() string { return [...]string{"relevant", "repeat_count", "calculation"}[w] }

// order sorts the computations so that each comes after those whose results it reads, and refuses cycles by name.
func (c *compiler) order() {
	all := c.computations()
	determine := map[*part][]int{} // the computations that say what a part holds
	for i, x := range all {
		if x.what == computesValue {
			determine[x.part] = append(determine[x.part], i)
		} else {
			x.part.each(func(p *part) { determine[p] = append(determine[p], i) })
		}
	}
	s := sorter{all: all, determine: determine, state: make([]uint8, len(all))}
	for i := range all {
		if cycle := s.visit(i); cycle != nil {
			first := all[cycle[0]]
			c.faultAt(first.part, first.what.column(), "depends on itself: "+s.name(cycle), "break the circle")
			return
		}
	}
	for _, i := range s.sorted {
		c.form.computations = append(c.form.computations, all[i])
	}
	c.form.readers = make([][]int, len(c.form.parts))
	for i, x := range c.form.computations {
		for _, p := range x.reads {
			if !slices.Contains(c.form.readers[p.index], i) {
				c.form.readers[p.index] = append(c.form.readers[p.index], i)
			}
		}
	}
}

func (c *compiler) computations() []computation {
	var all []computation
	add := func(p *part, what computed, e *expr.Expression) {
		if e != nil {
			all = append(all, computation{p, what, e, c.reads(p, e)})
		}
	}
	for _, p := range c.form.parts {
		add(p, computesRelevance, p.relevant)
		add(p, computesCount, p.count)
		if len(p.item.Trigger) == 0 {
			add(p, computesValue, p.calculation)
		}
	}
	return all
}

type sorter struct {
	all       []computation
	determine map[*part][]int
	state     []uint8 // 0 new, 1 on the way, 2 done
	trail     []int
	sorted    []int
}

// visit returns a cycle when it meets one.
func (s *sorter) visit(i int) []int {
	switch s.state[i] {
	case 2:
		return nil
	case 1:
		return slices.Clone(s.trail[slices.Index(s.trail, i):])
	}
	s.state[i] = 1
	s.trail = append(s.trail, i)
	for _, read := range s.all[i].reads {
		for _, j := range s.determine[read] {
			if s.encloses(i, j, read) {
				continue
			}
			if cycle := s.visit(j); cycle != nil {
				return cycle
			}
		}
	}
	s.trail = s.trail[:len(s.trail)-1]
	s.state[i] = 2
	s.sorted = append(s.sorted, i)
	return nil
}

// encloses tells whether i reads only the frame that it stands in, as position(..) does: that is no dependency on whether the
// frame is relevant.
func (s *sorter) encloses(i, j int, read *part) bool {
	return s.all[j].what != computesValue && read.above(s.all[i].part) && s.all[j].part.above(read) && (i == j || read.item.Type.Encloses())
}

func (s *sorter) name(cycle []int) string {
	names := make([]string, 0, len(cycle)+1)
	for _, i := range append(cycle, cycle[0]) {
		names = append(names, s.all[i].part.item.Name)
	}
	return strings.Join(slices.Compact(names), " → ")
}

// reads lists the parts whose value, presence or number an expression of p reads.
func (c *compiler) reads(p *part, e *expr.Expression) []*part {
	var found []*part
	for _, path := range e.Paths() {
		for _, q := range c.follow(p, path) {
			if (q != p || path.Start == expr.FromReference) && !slices.Contains(found, q) {
				found = append(found, q)
			}
		}
	}
	return found
}

// follow walks a path over the parts.
func (c *compiler) follow(from *part, path expr.Path) []*part {
	at := []*part{from}
	document := false // above the root
	switch path.Start {
	case expr.FromRoot:
		at, document = nil, true
	case expr.FromReference:
		at = nil
		if p := c.form.resolve(from, path.Name); p != nil {
			at = []*part{p}
		}
	case expr.FromInstance:
		return nil
	}
	for _, step := range path.Steps {
		var next []*part
		if document {
			next = c.fromDocument(step)
			document = false
		}
		for _, p := range at {
			next = append(next, stepFrom(p, step)...)
		}
		at = next
	}
	return at
}

func (c *compiler) fromDocument(step expr.Step) []*part {
	root := c.form.root
	switch {
	case step.Deep:
		return stepFrom(root, step)
	case step.Name == "*" || step.Name == root.item.Name:
		return []*part{root}
	}
	return nil
}

func stepFrom(p *part, step expr.Step) []*part {
	var found []*part
	switch {
	case step.Up && p.parent != nil:
		return []*part{p.parent}
	case step.Up:
		return nil
	case step.Deep:
		p.each(func(q *part) { found = append(found, q) })
		return found
	}
	for _, child := range p.children {
		if step.Name == "*" || step.Name == child.item.Name {
			found = append(found, child)
		}
	}
	return found
}

func hintOf(err error) string {
	var syntax *expr.SyntaxError
	if errors.As(err, &syntax) {
		return syntax.Hint
	}
	return ""
}
