package expr

import (
	"math"
	"slices"
)

// pathNode is a location path, or a filter: a value with predicates and steps behind it.
type pathNode struct {
	absolute   bool
	start      node // nil for a location path
	predicates []node
	steps      []step
}

type step struct {
	axis       axis
	test       nodeTest
	predicates []node
}

func (n pathNode) eval(s *scope) (Value, error) {
	nodes, err := n.begins(s)
	if err != nil {
		return Value{}, err
	}
	for _, predicate := range n.predicates {
		if nodes, err = s.filter(nodes, predicate); err != nil {
			return Value{}, err
		}
	}
	nested := false
	for _, st := range n.steps {
		nested = nested || !st.axis.flat()
		if nodes, err = st.walk(s, nodes, nested); err != nil {
			return Value{}, err
		}
	}
	return Nodes(nodes...), nil
}

func (n pathNode) begins(s *scope) ([]*Node, error) {
	switch {
	case n.start != nil:
		v, err := n.start.eval(s)
		if err == nil && v.kind != KindNodes {
			err = ErrNoNodes
		}
		return v.nodes, err
	case s.node == nil:
		return nil, nil
	case n.absolute:
		return []*Node{s.documentRoot()}, nil
	default:
		return []*Node{s.node}, nil
	}
}

// documentRoot is the root of the main tree: "/" inside a predicate of instance(…) still means the answers.
func (s *scope) documentRoot() *Node {
	if s.ctx.Node != nil {
		return s.ctx.Node.top()
	}
	return s.node.top()
}

func (st step) walk(s *scope, from []*Node, nested bool) ([]*Node, error) {
	var all []*Node
	for _, n := range from {
		found := st.axis.from(n)
		if err := s.visit(len(found) + 1); err != nil {
			return nil, err
		}
		found = slices.DeleteFunc(found, func(m *Node) bool { return !st.test.holds(s, m, st.axis) })
		var err error
		for _, predicate := range st.predicates {
			if found, err = s.filter(found, predicate); err != nil {
				return nil, err
			}
		}
		all = append(all, found...)
	}
	if len(from) > 1 && nested || st.axis.reverse() {
		all = inOrder(all)
	}
	return all, nil
}

// filter keeps the nodes for which a predicate holds; a number means the position.
func (s *scope) filter(nodes []*Node, predicate node) ([]*Node, error) {
	var kept []*Node
	if err := s.visit(len(nodes)); err != nil {
		return nil, err
	}
	if literal, ok := predicate.(literalNode); ok && literal.value.kind == KindNumber {
		i := literal.value.num
		if i >= 1 && i <= float64(len(nodes)) && i == math.Trunc(i) {
			kept = append(kept, nodes[int(i)-1])
		}
		return kept, nil
	}
	for i, n := range nodes {
		v, err := predicate.eval(s.at(n, i+1, len(nodes)))
		if err != nil {
			return nil, err
		}
		if v.kind == KindNumber && v.num == float64(i+1) || v.kind != KindNumber && v.Bool() {
			kept = append(kept, n)
		}
	}
	return kept, nil
}

// nodeTest is what a step asks of a node.
type nodeTest struct {
	kind   testKind
	prefix string
	name   string // "*" for any; of a processing instruction, "" for any
}

type testKind uint8

const (
	testName testKind = iota
	testNode
	testText
	testComment
	testInstruction
)

// pattern is the name for dependency analysis.
func (t nodeTest) pattern() string {
	if t.kind != testName {
		return "*"
	}
	return t.name
}

func (t nodeTest) holds(s *scope, n *Node, a axis) bool {
	if n.Absent && a.steps() {
		return false
	}
	switch t.kind {
	case testNode:
		return true
	case testText:
		return n.Kind == Text
	case testComment:
		return n.Kind == Comment
	case testInstruction:
		return n.Kind == Instruction && (t.name == "" || t.name == n.Name)
	}
	principal := Element
	if a == axisAttribute {
		principal = Attribute
	}
	if n.Kind != principal || t.name != "*" && t.name != n.Name {
		return false
	}
	return t.namespace(s, n)
}

// namespace compares the prefix by what it stands for, where that is known. A name without a prefix matches elements without
// one, whatever default namespace the document declares: forms write paths that way.
func (t nodeTest) namespace(s *scope, n *Node) bool {
	if t.prefix == "" {
		return t.name == "*" || n.Prefix == ""
	}
	if s.ctx.Namespace != nil {
		if space, ok := s.ctx.Namespace(t.prefix); ok {
			return n.Space == space
		}
	}
	return n.Prefix == t.prefix
}
