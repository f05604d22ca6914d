package expr

import "math"

// node is one part of the syntax tree. read reports the paths in it, which start at a place.
type node interface {
	eval(s *scope) (Value, error)
	read(r *reading, at Path)
}

type literalNode struct{ value Value }

func (n literalNode) eval(*scope) (Value, error) { return n.value, nil }

type refNode struct{ ref Reference }

// A reference to nothing that is relevant reads as blank: it is equal to the empty text, and still an empty node-set.
func (n refNode) eval(s *scope) (Value, error) {
	if s.ctx.Lookup == nil {
		return Missing(), nil
	}
	v := s.ctx.Lookup(n.ref)
	if v.kind == KindNodes && len(v.nodes) == 0 {
		v.flag = true
	}
	return v, s.visit(len(v.nodes))
}

type negateNode struct{ operand node }

func (n negateNode) eval(s *scope) (Value, error) {
	v, err := n.operand.eval(s)
	return Number(-s.number(v)), err
}

// chainNode is a row of operators of one level, evaluated from the left: "a + b - c". It does not nest, so that a long row
// needs no depth.
type chainNode struct {
	first node
	rest  []link
}

type link struct {
	op      string
	operand node
}

func (n chainNode) eval(s *scope) (Value, error) {
	left, err := n.first.eval(s)
	if err != nil {
		return Value{}, err
	}
	for _, l := range n.rest {
		if l.op == "or" || l.op == "and" {
			return n.logic(s, left)
		}
		right, err := l.operand.eval(s)
		if err != nil {
			return Value{}, err
		}
		left = s.apply(l.op, left, right)
	}
	return left, nil
}

// logic evaluates a row of "or", or of "and", until it is decided.
func (n chainNode) logic(s *scope, left Value) (Value, error) {
	deciding := n.rest[0].op == "or"
	if left.Bool() == deciding {
		return Bool(deciding), nil
	}
	for _, l := range n.rest {
		v, err := l.operand.eval(s)
		if err != nil {
			return Value{}, err
		}
		if v.Bool() == deciding {
			return Bool(deciding), nil
		}
	}
	return Bool(!deciding), nil
}

func (s *scope) apply(op string, left, right Value) Value {
	switch op {
	case "=", "!=", "<", "<=", ">", ">=":
		return Bool(s.compare(op, left, right))
	}
	a, b := s.number(left), s.number(right)
	switch op {
	case "+":
		return Number(a + b)
	case "-":
		return s.difference(left, right, a, b)
	case "*":
		return Number(a * b)
	case "div":
		return Number(a / b)
	default: // the parser lets only "mod" through
		return Number(math.Mod(a, b))
	}
}

// difference of two dates is a whole number of days, also across a change of the clocks.
func (s *scope) difference(left, right Value, a, b float64) Value {
	x, ok := dayOnly(s.text(left))
	y, both := dayOnly(s.text(right))
	if ok && both {
		return Number(x - y)
	}
	return Number(a - b)
}

type unionNode struct{ parts []node }

func (n unionNode) eval(s *scope) (Value, error) {
	var all []*Node
	for _, part := range n.parts {
		v, err := part.eval(s)
		if err != nil {
			return Value{}, err
		}
		if v.kind != KindNodes {
			return Value{}, ErrNoNodes
		}
		all = append(all, v.nodes...)
	}
	return Nodes(inOrder(all)...), s.visit(len(all))
}

// callNode is a call. A call that is wrong keeps its problem until it is reached.
type callNode struct {
	name    string
	run     func(s *scope, args []node) (Value, error)
	args    []node
	problem *SyntaxError
}

func (n callNode) eval(s *scope) (Value, error) {
	if n.problem != nil {
		return Value{}, n.problem
	}
	if err := s.visit(1); err != nil {
		return Value{}, err
	}
	return n.run(s, n.args)
}
