package form

import (
	"strings"

	"escale/schema/expr"
)

// part is one item of a form, compiled: what a running form is made of.
type part struct {
	item     Item
	path     string // names of all groups and repeats and its own, each after "/"
	index    int    // in Form.parts
	slot     int    // among the parent's children
	parent   *part
	children []*part
	repeats  []*part // enclosing repeats, outermost first; a repeat does not enclose itself
	field    *Field  // nil for groups, repeats, notes

	relevant, constraint, required, readOnly *expr.Expression
	calculation                              *expr.Expression
	initial                                  *expr.Expression // dynamic default
	count                                    *expr.Expression // number of instances
	filter                                   *expr.Expression // of choices
	seed                                     *expr.Expression // of the order of choices
	list                                     *List
	from                                     *part   // the repeated question whose answers are the choices
	targets                                  []*part // set when this one changes

	label, hint, guidance, message, requiredMessage template
}

// above tells whether p is q or encloses it.
func (p *part) above(q *part) bool {
	for ; q != nil; q = q.parent {
		if q == p {
			return true
		}
	}
	return false
}

// each visits the part and everything that it encloses.
func (p *part) each(visit func(*part)) {
	visit(p)
	for _, child := range p.children {
		child.each(visit)
	}
}

// silent parts compute their value and are not answered.
func (p *part) silent() bool {
	shown := p.item.Label != nil || p.item.Hint != nil || p.item.Media != nil
	return !p.item.Type.IsShown() || !shown && (p.item.Calculation != "" || len(p.item.Trigger) > 0)
}

// Reference reads "${name}".
func Reference(s string) (string, bool) {
	s = strings.TrimSpace(s)
	name, open := strings.CutPrefix(s, "${")
	name, closed := strings.CutSuffix(name, "}")
	name = strings.TrimSpace(name)
	return name, open && closed && expr.IsName(name)
}

// IsReference tells whether s is a reference and nothing else.
func IsReference(s string) bool { _, ok := Reference(s); return ok }

// dynamic tells whether a default is to be computed: it reads something, calls a function or calculates. A hyphen in a date
// or in a text is none of these.
func dynamic(source string, t Type) bool {
	if strings.Contains(source, "${") {
		return true
	}
	if t == TypeDate || t == TypeDateTime || t == TypeTime || t.IsMedia() || t == TypeGeopoint {
		return strings.Contains(source, "(") && compiles(source)
	}
	e, err := expr.Compile(source)
	return err == nil && e.Computes()
}

func compiles(source string) bool { _, err := expr.Compile(source); return err == nil }
