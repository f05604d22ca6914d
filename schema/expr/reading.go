package expr

import (
	"slices"
	"strings"
)

// Start says where a Path begins.
type Start uint8

// The starts of paths.
const (
	FromContext   Start = iota // the node that the expression belongs to
	FromRoot                   // "/"
	FromReference              // ${name}
	FromInstance               // instance('id')
)

// Step is one step of a Path.
type Step struct {
	Up   bool   // to the parent; otherwise to children
	Deep bool   // to all descendants
	Name string // of the children; "*" for all
}

// Path is what an expression reads, without its predicates: those are paths of their own.
type Path struct {
	Start Start
	Name  string // of the reference or instance
	Steps []Step
}

func (p Path) then(steps ...Step) Path {
	p.Steps = append(slices.Clip(p.Steps), steps...)
	return p
}

// reading collects what an expression reads.
type reading struct {
	refs, calls []string
	paths       []Path
	self        bool
}

func (r *reading) path(p Path) {
	switch {
	case p.Start == FromReference:
		r.refs = append(r.refs, p.Name)
	case p.Start == FromContext && len(p.Steps) == 0:
		r.self = true
	}
	r.paths = append(r.paths, p)
}

func (r *reading) settle() {
	slices.Sort(r.refs)
	r.refs = slices.Compact(r.refs)
	slices.Sort(r.calls)
	r.calls = slices.Compact(r.calls)
}

func (n literalNode) read(*reading, Path) {}

func (n refNode) read(r *reading, _ Path) { r.path(Path{Start: FromReference, Name: n.ref.Name}) }

func (n negateNode) read(r *reading, at Path) { n.operand.read(r, at) }

func (n chainNode) read(r *reading, at Path) {
	n.first.read(r, at)
	for _, link := range n.rest {
		link.operand.read(r, at)
	}
}

func (n unionNode) read(r *reading, at Path) {
	for _, part := range n.parts {
		part.read(r, at)
	}
}

func (n regexNode) read(r *reading, at Path) {
	r.calls = append(r.calls, "regex")
	n.text.read(r, at)
}

func (n callNode) read(r *reading, at Path) {
	r.calls = append(r.calls, n.name)
	if n.name == "current" {
		r.path(Path{})
		return
	}
	if n.name == "once" {
		r.calls = append(r.calls, "once")
	}
	for _, arg := range n.args {
		arg.read(r, at)
	}
	if n.name == "jr:choice-name" && len(n.args) == 2 {
		if literal, ok := n.args[1].(literalNode); ok {
			if name, ok := quotedReference(literal.value.str); ok {
				r.path(Path{Start: FromReference, Name: name})
			}
		}
	}
}

// quotedReference reads "${name}" inside quotes, as jr:choice-name() is called.
func quotedReference(s string) (string, bool) {
	s, open := strings.CutPrefix(strings.TrimSpace(s), "${")
	s, closed := strings.CutSuffix(s, "}")
	s = strings.TrimSpace(s)
	return s, open && closed && IsName(s)
}

func (n pathNode) read(r *reading, at Path) {
	p := n.begin(r, at)
	for _, st := range n.steps {
		p = st.advance(p)
		for _, predicate := range st.predicates {
			predicate.read(r, p)
		}
	}
	r.path(p)
}

// begin reads where a path starts, and its first predicates.
func (n pathNode) begin(r *reading, at Path) Path {
	p := at
	switch start := n.start.(type) {
	case nil:
		if n.absolute {
			p = Path{Start: FromRoot}
		}
	case refNode:
		p = Path{Start: FromReference, Name: start.ref.Name}
	case callNode:
		p = start.startOf(r, at)
	default:
		start.read(r, at)
	}
	for _, predicate := range n.predicates {
		predicate.read(r, p)
	}
	return p
}

func (n callNode) startOf(r *reading, at Path) Path {
	switch n.name {
	case "current":
		return Path{}
	case "instance":
		if literal, ok := n.args[0].(literalNode); ok && len(n.args) == 1 {
			return Path{Start: FromInstance, Name: literal.value.str}
		}
	}
	n.read(r, at)
	return at
}

func (st step) advance(p Path) Path {
	switch st.axis {
	case axisSelf:
		return p
	case axisParent:
		return p.then(Step{Up: true})
	case axisChild:
		return p.then(Step{Name: st.test.pattern()})
	case axisAttribute, axisNamespace:
		return p
	case axisDescendant, axisDescendantOrSelf:
		return p.then(Step{Deep: true, Name: "*"})
	default: // axes that leave the subtree read, for all we know, everything
		return Path{Start: FromRoot, Steps: []Step{{Deep: true, Name: "*"}}}
	}
}
