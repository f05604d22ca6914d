package expr

import "math"

// node is one part of the syntax tree.
type node interface {
	eval(ctx *Context) (Value, error)
}

type literalNode struct{ value Value }

func (n literalNode) eval(*Context) (Value, error) { return n.value, nil }

type refNode struct{ name string }

func (n refNode) eval(ctx *Context) (Value, error) { return ctx.lookup(n.name), nil }

type selfNode struct{}

func (selfNode) eval(ctx *Context) (Value, error) { return ctx.Self, nil }

type negateNode struct{ operand node }

func (n negateNode) eval(ctx *Context) (Value, error) {
	v, err := n.operand.eval(ctx)
	return Number(-v.Float()), err
}

type callNode struct {
	run  func(ctx *Context, args []node) (Value, error)
	args []node
}

func (n callNode) eval(ctx *Context) (Value, error) { return n.run(ctx, n.args) }

type binaryNode struct {
	op          string
	left, right node
}

func (n binaryNode) eval(ctx *Context) (Value, error) {
	left, err := n.left.eval(ctx)
	if err != nil {
		return Value{}, err
	}
	switch {
	case n.op == "or" && left.Bool():
		return Bool(true), nil
	case n.op == "and" && !left.Bool():
		return Bool(false), nil
	}
	right, err := n.right.eval(ctx)
	if err != nil {
		return Value{}, err
	}
	switch n.op {
	case "or", "and":
		return Bool(right.Bool()), nil
	case "=":
		return Bool(equal(left, right)), nil
	case "!=":
		return Bool(!equal(left, right)), nil
	}
	return arithmetic(n.op, left.Float(), right.Float()), nil
}

func arithmetic(op string, a, b float64) Value {
	switch op {
	case "<":
		return Bool(a < b)
	case "<=":
		return Bool(a <= b)
	case ">":
		return Bool(a > b)
	case ">=":
		return Bool(a >= b)
	case "+":
		return Number(a + b)
	case "-":
		return Number(a - b)
	case "*":
		return Number(a * b)
	case "div":
		return Number(a / b)
	default: // the parser lets only "mod" through
		return Number(math.Mod(a, b))
	}
}
