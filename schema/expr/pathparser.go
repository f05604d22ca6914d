package expr

import "slices"

// path reads a location path, or a primary with predicates and steps behind it.
func (p *parser) path() (node, error) {
	if !p.startsPath() {
		return p.filter()
	}
	n := pathNode{}
	if p.is("/") || p.is("//") {
		n.absolute = true
		if p.is("/") {
			if err := p.advance(); err != nil {
				return nil, err
			}
			if !p.startsStep() {
				return n, nil
			}
			err := p.relative(&n)
			return n, err
		}
		err := p.further(&n)
		return n, err
	}
	err := p.relative(&n)
	return n, err
}

func (p *parser) startsPath() bool { return p.is("/") || p.is("//") || p.startsStep() }

// startsStep looks whether a step begins: a name that calls no function, or the punctuation of steps.
func (p *parser) startsStep() bool {
	switch p.tok.kind {
	case tokenOperator:
		return p.tok.text == "." || p.tok.text == ".." || p.tok.text == "@" || p.tok.text == "*" && !p.tok.word
	case tokenName:
		return !p.callFollows() || isNodeType(p.tok.text)
	}
	return false
}

// callFollows looks at the next character that is not a space.
func (p *parser) callFollows() bool {
	for i := p.lex.pos; i < len(p.lex.source); i++ {
		switch p.lex.source[i] {
		case ' ', '\t', '\r', '\n':
		case '(':
			return true
		default:
			return false
		}
	}
	return false
}

func isNodeType(name string) bool {
	return name == "node" || name == "text" || name == "comment" || name == "processing-instruction"
}

// filter reads a primary expression; only with something behind it does it become a pathNode.
func (p *parser) filter() (node, error) {
	start, err := p.primary()
	if err != nil {
		return nil, err
	}
	if p.tok.kind != tokenSquareOpen && !p.is("/") && !p.is("//") {
		return start, nil
	}
	n := pathNode{start: start}
	if n.predicates, err = p.predicates(); err != nil {
		return nil, err
	}
	err = p.further(&n)
	return n, err
}

// relative reads a step and what follows it.
func (p *parser) relative(n *pathNode) error {
	st, err := p.step()
	if err != nil {
		return err
	}
	n.steps = append(n.steps, st)
	return p.further(n)
}

// further reads "/" and "//" with the steps behind them.
func (p *parser) further(n *pathNode) error {
	for p.is("/") || p.is("//") {
		if p.is("//") {
			n.steps = append(n.steps, step{axis: axisDescendantOrSelf, test: nodeTest{kind: testNode}})
		}
		if err := p.advance(); err != nil {
			return err
		}
		st, err := p.step()
		if err != nil {
			return err
		}
		n.steps = append(n.steps, st)
	}
	return nil
}

func (p *parser) step() (step, error) {
	st := step{axis: axisChild}
	switch {
	case p.is("."):
		return step{axis: axisSelf, test: nodeTest{kind: testNode}}, p.advance()
	case p.is(".."):
		return step{axis: axisParent, test: nodeTest{kind: testNode}}, p.advance()
	case p.is("@"):
		st.axis = axisAttribute
		if err := p.advance(); err != nil {
			return st, err
		}
	}
	if p.tok.kind == tokenName {
		if a, ok := axisNamed(p.tok.text); ok && p.axisFollows() {
			st.axis = a
			if err := p.advance(); err != nil {
				return st, err
			}
			if err := p.advance(); err != nil {
				return st, err
			}
		}
	}
	var err error
	if st.test, err = p.nodeTest(); err != nil {
		return st, err
	}
	st.predicates, err = p.predicates()
	return st, err
}

// axisFollows looks whether "::" is next.
func (p *parser) axisFollows() bool {
	i := p.lex.pos
	for i < len(p.lex.source) && slices.Contains([]byte(" \t\r\n"), p.lex.source[i]) {
		i++
	}
	return i+1 < len(p.lex.source) && p.lex.source[i:i+2] == "::"
}

func (p *parser) nodeTest() (nodeTest, error) {
	t := p.tok
	switch {
	case p.is("*"):
		return nodeTest{name: "*"}, p.advance()
	case t.kind != tokenName:
		return nodeTest{}, p.fail("a name is expected")
	case isNodeType(t.text) && p.callFollows():
		return p.typeTest(t.text)
	}
	prefix, local := localName(t.text)
	return nodeTest{prefix: prefix, name: local}, p.advance()
}

func (p *parser) typeTest(name string) (nodeTest, error) {
	test := nodeTest{kind: map[string]testKind{"node": testNode, "text": testText, "comment": testComment,
		"processing-instruction": testInstruction}[name]}
	for range 2 { // the name, "("
		if err := p.advance(); err != nil {
			return test, err
		}
	}
	if p.tok.kind == tokenString && test.kind == testInstruction {
		test.name = p.tok.text
		if err := p.advance(); err != nil {
			return test, err
		}
	}
	if p.tok.kind != tokenClose {
		return test, p.fail("a closing parenthesis is expected")
	}
	return test, p.advance()
}

func (p *parser) predicates() ([]node, error) {
	var all []node
	for p.tok.kind == tokenSquareOpen {
		if err := p.enter(); err != nil {
			return nil, err
		}
		if err := p.advance(); err != nil {
			return nil, err
		}
		predicate, err := p.binary(0)
		if err != nil {
			return nil, err
		}
		if p.tok.kind != tokenSquareClose {
			return nil, p.fail("a closing square bracket is expected")
		}
		if err := p.advance(); err != nil {
			return nil, err
		}
		p.depth--
		all = append(all, predicate)
	}
	return all, nil
}
