package expr

import (
	"slices"
	"strings"
)

// Bounds of one expression.
const (
	MaxSource = 32 << 10 // bytes of source text
	MaxDepth  = 128      // nesting of parentheses, calls and predicates
	MaxString = 1 << 16  // bytes of a text made while evaluating
	MaxName   = 128      // bytes of a name
)

// Expression is a compiled expression. Use Compile.
type Expression struct {
	source  string
	root    node
	problem *SyntaxError
	reads   reading
}

// Compile parses source and refuses functions that do not exist or are called with a wrong number of arguments. The error is a
// *SyntaxError.
func Compile(source string) (*Expression, error) {
	e, err := Parse(source)
	if err != nil {
		return nil, err
	}
	if e.problem != nil {
		return nil, e.problem
	}
	return e, nil
}

// Parse is Compile without the look at functions: what is wrong with a call shows only when it is reached, as in XPath 1.0.
// The error is a *SyntaxError.
func Parse(source string) (*Expression, error) {
	if len(source) > MaxSource {
		return nil, &SyntaxError{Offset: MaxSource, Message: "expression is too long"}
	}
	p := parser{lex: lexer{source: source}}
	root, err := p.parse()
	if err != nil {
		return nil, err
	}
	return newExpression(source, root, p.problem), nil
}

func newExpression(source string, root node, problem *SyntaxError) *Expression {
	e := &Expression{source: source, root: root, problem: problem}
	root.read(&e.reads, Path{})
	e.reads.settle()
	return e
}

// String returns the source text.
func (e *Expression) String() string { return e.source }

// Refs lists the names in ${…}, sorted, each once.
func (e *Expression) Refs() []string { return slices.Clone(e.reads.refs) }

// Paths lists the paths that the expression reads.
func (e *Expression) Paths() []Path { return slices.Clone(e.reads.paths) }

// Calls tells whether the expression calls a function.
func (e *Expression) Calls(function string) bool { return slices.Contains(e.reads.calls, function) }

// UsesSelf tells whether the expression reads ".", the value of its own field.
func (e *Expression) UsesSelf() bool { return e.reads.self }

// Eval computes the value. It returns ErrSealed when the result depends on a sealed node.
func (e *Expression) Eval(ctx Context) (Value, error) {
	s := scope{run: &run{ctx: &ctx}, node: ctx.Node, position: 1, size: 1}
	v, err := e.root.eval(&s)
	if v.kind == KindNodes && len(v.nodes) > 0 && v.nodes[0].Sealed || s.sealed {
		return Value{}, ErrSealed
	}
	return v, err
}

// Number evaluates the expression and converts the result, dates included.
func (e *Expression) Number(ctx Context) (float64, error) {
	v, err := e.Eval(ctx)
	if err != nil {
		return 0, err
	}
	s := scope{run: &run{ctx: &ctx}}
	return s.number(v), nil
}

// Test evaluates the expression as a condition.
func (e *Expression) Test(ctx Context) (bool, error) {
	v, err := e.Eval(ctx)
	if err != nil {
		return false, err
	}
	return v.Bool(), nil
}

// Computes tells whether the expression does more than name or write a value: it calls a function, calculates with + * div mod,
// joins node-sets or has predicates.
func (e *Expression) Computes() bool {
	if len(e.reads.calls) > 0 {
		return true
	}
	switch root := e.root.(type) {
	case chainNode:
		for _, l := range root.rest {
			if l.op != "-" {
				return true
			}
		}
		_, number := root.first.(literalNode)
		return number
	case unionNode:
		return true
	case pathNode:
		return len(root.predicates) > 0
	}
	return false
}

// Filter evaluates the expression as a predicate over nodes: "." is each of them in turn, current() stays the context's node.
func (e *Expression) Filter(ctx Context, nodes []*Node) ([]*Node, error) {
	s := scope{run: &run{ctx: &ctx}, node: ctx.Node, position: 1, size: 1}
	kept, err := s.filter(nodes, e.root)
	if s.sealed {
		return nil, ErrSealed
	}
	return kept, err
}

// Seed evaluates the expression as the seed of an order.
func (e *Expression) Seed(ctx Context) (int64, error) {
	v, err := e.Eval(ctx)
	if err != nil {
		return 0, err
	}
	s := scope{run: &run{ctx: &ctx}}
	return s.seed(v), nil
}

// ParsePrefix compiles the path or reference with which a text begins and tells how long it is. The error is a *SyntaxError.
func ParsePrefix(text string) (*Expression, int, error) {
	p := parser{lex: lexer{source: text[:min(len(text), MaxSource)], prefix: true}}
	if err := p.advance(); err != nil {
		return nil, 0, err
	}
	if p.tok.kind == tokenRef { // what follows in the text is no part of it
		n := refNode{Reference{Name: p.tok.text}}
		return newExpression(text[:p.lex.pos], n, nil), p.lex.pos, nil
	}
	root, err := p.path()
	if err != nil {
		return nil, 0, err
	}
	if p.problem != nil {
		return nil, 0, p.problem
	}
	end := len(strings.TrimRight(text[:p.tok.offset], " \t\r\n"))
	return newExpression(text[:end], root, nil), end, nil
}
