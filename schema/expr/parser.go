package expr

import (
	"strconv"
	"strings"
)

// parser is a recursive descent over XPath 1.0's levels of precedence, from "or" down to unions.
type parser struct {
	lex      lexer
	tok      token
	depth    int
	problem  *SyntaxError // the first call that cannot work
	absolute bool         // inside the arguments of indexed-repeat()
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

func (p *parser) is(op string) bool { return p.tok.kind == tokenOperator && p.tok.text == op }

func (p *parser) binary(level int) (node, error) {
	if level == len(levels) {
		return p.unary()
	}
	first, err := p.binary(level + 1)
	if err != nil {
		return nil, err
	}
	chain := chainNode{first: first}
	for p.operatorOf(level) {
		op := p.tok.text
		if err := p.advance(); err != nil {
			return nil, err
		}
		operand, err := p.binary(level + 1)
		if err != nil {
			return nil, err
		}
		chain.rest = append(chain.rest, link{op, operand})
	}
	if len(chain.rest) == 0 {
		return first, nil
	}
	return chain, nil
}

func (p *parser) operatorOf(level int) bool {
	if p.tok.kind != tokenOperator {
		return false
	}
	for _, op := range levels[level] {
		if p.tok.text == op {
			return p.tok.text != "*" || p.tok.word
		}
	}
	return false
}

func (p *parser) unary() (node, error) {
	if !p.is("-") {
		return p.union()
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

func (p *parser) union() (node, error) {
	first, err := p.path()
	if err != nil || !p.is("|") {
		return first, err
	}
	parts := []node{first}
	for p.is("|") {
		if err := p.advance(); err != nil {
			return nil, err
		}
		part, err := p.path()
		if err != nil {
			return nil, err
		}
		parts = append(parts, part)
	}
	return unionNode{parts}, nil
}

// primary reads what is no location path.
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
		return refNode{Reference{Name: t.text, All: p.absolute}}, p.advance()
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
	if err := p.enter(); err != nil {
		return nil, err
	}
	defer func() { p.depth-- }()
	outer := p.absolute
	defer func() { p.absolute = outer }()
	if err := p.advance(); err != nil {
		return nil, err
	}
	args, err := p.arguments(name.text)
	if err != nil {
		return nil, err
	}
	f, problem := resolve(name, args)
	if problem != nil {
		if p.problem == nil {
			p.problem = problem
		}
		return callNode{name: name.text, args: args, problem: problem}, nil
	}
	if name.text == "regex" {
		return p.pattern(name, args), nil
	}
	return callNode{name: name.text, run: f.eval, args: args}, nil
}

// resolve finds the function and checks how it is called.
func resolve(name token, args []node) (function, *SyntaxError) {
	f, ok := lookupFunction(name.text)
	switch {
	case name.text == "pulldata" || name.text == "search":
		return f, &SyntaxError{Offset: name.offset, Message: "not supported here: function", Function: name.text,
			Hint: "data of other files is not read; put it into the sheet choices and use choice_filter or instance()"}
	case !ok:
		return f, &SyntaxError{Offset: name.offset, Message: "unknown function", Function: name.text}
	case len(args) < f.min || len(args) > f.max || f.even && len(args)%2 != 0 || f.odd && len(args)%2 == 0:
		return f, &SyntaxError{Offset: name.offset, Message: "wrong number of arguments for", Function: name.text}
	}
	return f, nil
}

// pattern compiles the pattern of regex() once when it is a literal.
func (p *parser) pattern(name token, args []node) node {
	call := callNode{name: "regex", run: matchRegex, args: args}
	literal, ok := args[1].(literalNode)
	if !ok {
		return call
	}
	re, err := compilePattern(literal.value.Text())
	if err != nil {
		call.problem = &SyntaxError{Offset: name.offset, Message: err.Error(), Hint: "look-ahead, look-behind and back references are not supported"}
		if p.problem == nil {
			p.problem = call.problem
		}
		return call
	}
	return regexNode{pattern: re, text: args[0]}
}

func (p *parser) arguments(function string) ([]node, error) {
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
		if function == "indexed-repeat" { // its repeats are named from outside, its positions from where the formula stands
			p.absolute = len(args) == 0 || len(args)%2 == 1
		}
		arg, err := p.binary(0)
		if err != nil {
			return nil, err
		}
		args = append(args, arg)
	}
	return args, p.advance()
}

func localName(name string) (prefix, local string) {
	prefix, local, found := strings.Cut(name, ":")
	if !found {
		return "", name
	}
	return prefix, local
}
