package expr

import "strconv"

// parser is a recursive descent over XPath 1.0's levels of precedence, from "or" down to unary minus.
type parser struct {
	lex   lexer
	tok   token
	depth int
	refs  []string
	self  bool
}

// levels lists the binary operators, weakest first.
var levels = [...][]string{{"or"}, {"and"}, {"=", "!="}, {"<", "<=", ">", ">="}, {"+", "-"}, {"*", "div", "mod"}}

func (p *parser) parse() (node, error) {
	if err := p.advance(); err != nil {
		return nil, err
	}
	root, err := p.binary(0)
	if err != nil {
		return nil, err
	}
	if p.tok.kind != tokenEnd {
		return nil, p.fail("an operator is expected")
	}
	return root, nil
}

func (p *parser) advance() error {
	t, err := p.lex.next()
	p.tok = t
	return err
}

func (p *parser) fail(message string) error {
	return &SyntaxError{Offset: p.tok.offset, Message: message}
}

func (p *parser) enter() error {
	if p.depth++; p.depth > MaxDepth {
		return p.fail("expression is nested too deeply")
	}
	return nil
}

func (p *parser) binary(level int) (node, error) {
	if level == len(levels) {
		return p.unary()
	}
	left, err := p.binary(level + 1)
	if err != nil {
		return nil, err
	}
	entered := p.depth
	for p.operatorOf(level) {
		op := p.tok.text
		if err := p.enter(); err != nil { // a chain nests to the left, so that it counts as depth
			return nil, err
		}
		if err := p.advance(); err != nil {
			return nil, err
		}
		right, err := p.binary(level + 1)
		if err != nil {
			return nil, err
		}
		left = binaryNode{op: op, left: left, right: right}
	}
	p.depth = entered
	return left, nil
}

func (p *parser) operatorOf(level int) bool {
	if p.tok.kind != tokenOperator && p.tok.kind != tokenName {
		return false
	}
	for _, op := range levels[level] {
		if p.tok.text == op {
			return true
		}
	}
	return false
}

func (p *parser) unary() (node, error) {
	if p.tok.kind != tokenOperator || p.tok.text != "-" {
		return p.primary()
	}
	if err := p.enter(); err != nil {
		return nil, err
	}
	defer func() { p.depth-- }()
	if err := p.advance(); err != nil {
		return nil, err
	}
	operand, err := p.unary()
	if err != nil {
		return nil, err
	}
	return negateNode{operand}, nil
}

func (p *parser) primary() (node, error) {
	t := p.tok
	switch t.kind {
	case tokenNumber:
		f, err := strconv.ParseFloat(t.text, 64)
		if err != nil {
			return nil, p.fail("number is not valid")
		}
		return literalNode{Number(f)}, p.advance()
	case tokenString:
		return literalNode{String(t.text)}, p.advance()
	case tokenRef:
		p.refs = append(p.refs, t.text)
		return refNode{t.text}, p.advance()
	case tokenSelf:
		p.self = true
		return selfNode{}, p.advance()
	case tokenOpen:
		return p.parenthesis()
	case tokenName:
		return p.call(t)
	}
	return nil, p.fail("a value is expected")
}

func (p *parser) parenthesis() (node, error) {
	if err := p.enter(); err != nil {
		return nil, err
	}
	defer func() { p.depth-- }()
	if err := p.advance(); err != nil {
		return nil, err
	}
	inner, err := p.binary(0)
	if err != nil {
		return nil, err
	}
	if p.tok.kind != tokenClose {
		return nil, p.fail("a closing parenthesis is expected")
	}
	return inner, p.advance()
}

func (p *parser) call(name token) (node, error) {
	f, ok := lookupFunction(name.text)
	if !ok {
		return nil, &SyntaxError{Offset: name.offset, Message: "unknown function", Function: name.text}
	}
	if err := p.enter(); err != nil {
		return nil, err
	}
	defer func() { p.depth-- }()
	args, err := p.arguments()
	if err != nil {
		return nil, err
	}
	if len(args) < f.min || len(args) > f.max {
		return nil, &SyntaxError{Offset: name.offset, Message: "wrong number of arguments for", Function: name.text}
	}
	if f.build != nil {
		special, err := f.build(args)
		if err != nil {
			return nil, &SyntaxError{Offset: name.offset, Message: err.Error()}
		}
		if special != nil {
			return special, nil
		}
	}
	return callNode{run: f.eval, args: args}, nil
}

func (p *parser) arguments() ([]node, error) {
	if err := p.advance(); err != nil {
		return nil, err
	}
	if p.tok.kind != tokenOpen {
		return nil, p.fail("an opening parenthesis is expected")
	}
	if err := p.advance(); err != nil {
		return nil, err
	}
	var args []node
	for p.tok.kind != tokenClose {
		if len(args) > 0 {
			if p.tok.kind != tokenComma {
				return nil, p.fail("a comma or a closing parenthesis is expected")
			}
			if err := p.advance(); err != nil {
				return nil, err
			}
		}
		arg, err := p.binary(0)
		if err != nil {
			return nil, err
		}
		args = append(args, arg)
	}
	return args, p.advance()
}
