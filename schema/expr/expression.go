package expr

import "slices"

// Bounds of one expression.
const (
	MaxSource = 4096 // bytes of source text
	MaxDepth  = 128  // nesting of operators, parentheses and calls
	MaxString = 1 << 16
)

// Expression is a compiled expression. Use Compile.
type Expression struct {
	source string
	root   node
	refs   []string
	self   bool
}

// Compile parses source. The error is a *SyntaxError.
func Compile(source string) (*Expression, error) {
	if len(source) > MaxSource {
		return nil, &SyntaxError{Offset: MaxSource, Message: "expression is too long"}
	}
	p := parser{lex: lexer{source: source}}
	root, err := p.parse()
	if err != nil {
		return nil, err
	}
	slices.Sort(p.refs)
	return &Expression{source: source, root: root, refs: slices.Compact(p.refs), self: p.self}, nil
}

// String returns the source text.
func (e *Expression) String() string { return e.source }

// Refs lists the names in ${…}, sorted, each once.
func (e *Expression) Refs() []string { return slices.Clone(e.refs) }

// UsesSelf tells whether the expression reads ".", the value of its own field.
func (e *Expression) UsesSelf() bool { return e.self }

// Eval computes the value.
func (e *Expression) Eval(ctx Context) (Value, error) { return e.root.eval(&ctx) }

// Test evaluates the expression as a condition.
func (e *Expression) Test(ctx Context) (bool, error) {
	v, err := e.Eval(ctx)
	if err != nil {
		return false, err
	}
	return v.Bool(), nil
}
