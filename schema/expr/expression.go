package expr

import "slices"

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
	e := &Expression{source: source, root: root, problem: p.problem}
	root.read(&e.reads, Path{})
	e.reads.settle()
	return e, nil
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
