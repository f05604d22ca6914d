package form

import (
	"fmt"

	"escale/schema/expr"
)

// references checks that every ${name} of the field's expressions can be resolved from where the expression stands.
func (c *compiler) references(f *Field) {
	for _, r := range f.relevant {
		if c.owners[r.owner] {
			continue
		}
		c.owners[r.owner] = true
		if r.test.UsesSelf() {
			c.fault(r.owner, "relevant", "cannot use \".\"", "name the field with ${…}")
		}
		c.resolve(f, r.owner, "relevant", r.test, r.depth)
	}
	if f.constraint != nil {
		c.resolve(f, f.Name, "constraint", f.constraint, len(f.Repeats))
	}
}

func (c *compiler) resolve(f *Field, owner, column string, e *expr.Expression, depth int) {
	for _, name := range e.Refs() {
		target, ok := c.form.byName[name]
		if !ok {
			c.fault(owner, column, fmt.Sprintf("field ${%s} does not exist", name), "")
			continue
		}
		if !visible(target.Repeats, f.Repeats, depth) {
			c.fault(owner, column, fmt.Sprintf("field ${%s} lies in another repeat", name), "")
		}
	}
}

// visible tells whether one instance of the target is meant: its repeats enclose the place of the expression too.
func visible(target, from []string, depth int) bool {
	if len(target) > depth {
		return false
	}
	for i, name := range target {
		if from[i] != name {
			return false
		}
	}
	return true
}

// cycles refuses relevance that depends on itself, so that evaluating always ends.
func (c *compiler) cycles() {
	const visiting, done = 1, 2
	state := map[*Field]int{}
	var visit func(f *Field) bool
	visit = func(f *Field) bool {
		if state[f] != 0 {
			return state[f] == done
		}
		state[f] = visiting
		for _, r := range f.relevant {
			for _, name := range r.test.Refs() {
				if !visit(c.form.byName[name]) {
					return false
				}
			}
		}
		state[f] = done
		return true
	}
	for _, f := range c.form.Fields {
		if !visit(f) {
			c.fault(f.Name, "relevant", "depends on itself", "")
			return
		}
	}
}
