package expr

// compare follows XPath 1.0 §3.4: with a node-set it is enough that one node fulfils the comparison.
func (s *scope) compare(op string, a, b Value) bool {
	if a.kind == KindNodes && a.flag {
		a = Missing()
	}
	if b.kind == KindNodes && b.flag {
		b = Missing()
	}
	switch {
	case a.kind == KindNodes && b.kind == KindNodes:
		for _, n := range a.nodes {
			if s.compare(op, String(s.nodeText(n)), b) {
				return true
			}
		}
		return false
	case a.kind == KindNodes && b.kind != KindBool:
		for _, n := range a.nodes {
			if s.atoms(op, String(s.nodeText(n)), b) {
				return true
			}
		}
		return false
	case b.kind == KindNodes && a.kind != KindBool:
		for _, n := range b.nodes {
			if s.atoms(op, a, String(s.nodeText(n))) {
				return true
			}
		}
		return false
	}
	return s.atoms(op, a, b)
}

// atoms compares two values of which none is a node-set, save against a boolean.
func (s *scope) atoms(op string, a, b Value) bool {
	switch op {
	case "=":
		return s.equal(a, b)
	case "!=":
		return !s.equal(a, b)
	}
	if a.kind == KindNodes {
		a = Bool(a.Bool())
	}
	if b.kind == KindNodes {
		b = Bool(b.Bool())
	}
	x, y := s.number(a), s.number(b)
	switch op {
	case "<":
		return x < y
	case "<=":
		return x <= y
	case ">":
		return x > y
	default:
		return x >= y
	}
}

// equal compares by the strongest type of the two; texts that are both dates, or moments, are equal when they mean the same.
func (s *scope) equal(a, b Value) bool {
	switch {
	case a.kind == KindBool || b.kind == KindBool:
		return a.Bool() == b.Bool()
	case a.numeric() || b.numeric():
		return s.number(a) == s.number(b)
	case a.str == b.str:
		return true
	}
	x, ok := parseDay(a.str, s.zone())
	if !ok {
		return false
	}
	y, ok := parseDay(b.str, s.zone())
	return ok && x.Equal(y)
}
