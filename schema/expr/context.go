package expr

import (
	"errors"
	"io"
	"time"
)

// Context is what an expression may see. All functions may be nil.
type Context struct {
	Node   *Node                     // ".", where relative paths begin, and current()
	Lookup func(ref Reference) Value // ${name}
	Now    time.Time                 // read by today() and now(), in the zone that counts for the person who writes
	Random io.Reader                 // read by random(), uuid() and randomize() without a seed

	Instance   func(id string) *Node              // instance('id'): the root of a secondary instance
	ChoiceName func(field, value string) string   // jr:choice-name(): the label of a choice of the field, in the language shown
	Label      func(id string) string             // jr:itext()
	Namespace  func(prefix string) (string, bool) // prefixes of names in paths
	Version    string                             // version()
}

// Reference is one ${name}. All asks for the nodes of every repeat instance, not only for those that share the instance of the
// node that the expression belongs to; that is how arguments of indexed-repeat() are meant.
type Reference struct {
	Name string
	All  bool
}

// maxVisits bounds the work of one evaluation, in nodes that are stepped on; what costs more counts as more.
const (
	maxVisits   = 500_000
	patternCost = 200 // compiling a pattern that is no literal
	bytesAVisit = 64  // of texts that are put together
)

// run is one evaluation.
type run struct {
	ctx    *Context
	visits int
	sealed bool
}

// scope is what a part of an expression is evaluated against.
type scope struct {
	*run
	node           *Node
	position, size int
}

func (s *scope) at(n *Node, position, size int) *scope {
	return &scope{run: s.run, node: n, position: position, size: size}
}

func (s *scope) visit(n int) error {
	if s.visits += n; s.visits > maxVisits {
		return ErrTooMuch
	}
	return nil
}

func (s *scope) zone() *time.Location { return s.ctx.Now.Location() }

// text converts to a string and notices what may not be read.
func (s *scope) text(v Value) string {
	if v.kind == KindNodes && len(v.nodes) > 0 {
		return s.nodeText(v.nodes[0])
	}
	return v.Text()
}

func (s *scope) nodeText(n *Node) string {
	if n.Sealed {
		s.sealed = true
	}
	return n.StringValue()
}

// number converts to a number; texts that are dates count as the days since 1970-01-01 in UTC.
func (s *scope) number(v Value) float64 {
	switch v.kind {
	case KindString:
		return s.parse(v.str)
	case KindNodes:
		return s.parse(s.text(v))
	default:
		return v.Float()
	}
}

func (s *scope) parse(text string) float64 {
	if t, ok := parseDay(text, s.zone()); ok {
		return days(t)
	}
	return parseNumber(text)
}

// Errors of evaluation.
var (
	ErrTooLong  = errors.New("expr: a value in the expression is too long")
	ErrTooMuch  = errors.New("expr: the expression reads too many nodes")
	ErrPattern  = errors.New("expr: regex pattern is not valid")
	ErrNoNodes  = errors.New("expr: a function needs a path or a reference")
	ErrSealed   = errors.New("expr: the result depends on a value that may not be read here")
	ErrNoRandom = errors.New("expr: no source of randomness was given")
	ErrArgument = errors.New("expr: an argument of a function is not valid")
)
