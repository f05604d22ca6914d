package form

import (
	"slices"
	"time"
)

// Options say against what an answer set is checked.
type Options struct {
	// Now is the moment of writing in the writer's zone; today() and now() read it.
	Now time.Time
	// Before holds the answers that an edit started from; nil for a new record. In an edit only what it changed, or made
	// newly due, is checked: what others wrote, or an older form allowed, never keeps a withdrawal from being saved.
	Before Answers
	// Hidden holds the compartments that the writer cannot open or write. Their fields are not demanded, and a condition
	// that depends on one that is not there is left undecided.
	Hidden map[string]bool
}

// Validate checks an answer set and returns all problems in the order of the form, none when it may be saved.
func (f *Form) Validate(answers Answers, o Options) Problems {
	if len(answers) > MaxAnswers {
		return Problems{{Form: f.ID, Check: CheckTooMany, Limit: MaxAnswers}}
	}
	v := validation{form: f, after: f.evaluator(answers, o.Now, o.Hidden), options: o, changed: map[string]bool{}}
	if o.Before != nil {
		v.before = f.evaluator(o.Before, o.Now, o.Hidden)
	}
	for _, path := range Changed(o.Before, answers) {
		v.changed[path] = true
	}
	v.values(answers)
	v.demands(answers)
	return v.sorted()
}

type validation struct {
	form          *Form
	options       Options
	before, after *evaluator
	changed       map[string]bool
	problems      Problems
}

func (v *validation) add(path string, c Check, limit int) {
	p := v.form.problem(path, c)
	p.Limit = limit
	v.problems = append(v.problems, p)
}

func (v *validation) sorted() Problems {
	paths := Answers{}
	for _, p := range v.problems {
		paths[p.Path] = nil
	}
	order := v.form.SortedPaths(paths)
	slices.SortStableFunc(v.problems, func(a, b Problem) int {
		return slices.Index(order, a.Path) - slices.Index(order, b.Path)
	})
	return v.problems
}

// values checks each answer that is there, and each that an edit took away.
func (v *validation) values(answers Answers) {
	for _, path := range v.form.SortedPaths(answers) {
		p, ok := parsePath(path)
		field := v.form.byPath[p.template]
		if !ok || field == nil {
			if v.changed[path] {
				v.add(path, CheckUnknown, 0)
			}
			continue
		}
		if v.changed[path] {
			v.changedValue(field, path, p, answers[path])
		}
		v.constraint(field, path, p, answers[path])
	}
	for path := range v.changed {
		field, known := v.form.Lookup(path)
		if _, there := answers[path]; !there && known && v.readOnly(field) {
			v.add(path, CheckReadOnly, 0)
		}
	}
}

func (v *validation) changedValue(field *Field, path string, p path, value any) {
	if value == nil {
		return
	}
	if v.before != nil && v.readOnly(field) {
		v.add(path, CheckReadOnly, 0)
	}
	if c, limit := field.check(value); c != "" {
		v.add(path, c, limit)
	}
	if field.answered(value) && v.after.relevant(field, p.prefixes) == no {
		v.add(path, CheckIrrelevant, 0)
	}
}

// readOnly tells whether no person may change the field. What is calculated or triggered changes by itself.
func (v *validation) readOnly(f *Field) bool {
	return f.ReadOnly && !f.Key && f.Calculation == "" && len(f.Trigger) == 0
}

// constraint is evaluated when the field or anything that the expression reads has changed.
func (v *validation) constraint(field *Field, path string, p path, value any) {
	if field.part.constraint == nil || !field.answered(value) || v.after.relevant(field, p.prefixes) != yes {
		return
	}
	if (v.changed[path] || v.touched(field)) && v.after.constraint(field, p.prefixes) == no {
		v.add(path, CheckConstraint, 0)
	}
}

// touched tells whether anything that the constraint reads has changed.
func (v *validation) touched(field *Field) bool {
	for _, name := range field.part.constraint.Refs() {
		target := v.form.resolve(field.part, name)
		for path := range v.changed {
			if f, ok := v.form.Lookup(path); ok && target != nil && target.above(f.part) {
				return true
			}
		}
	}
	return false
}

// demands checks required fields, in every instance of their repeat that has an answer.
func (v *validation) demands(answers Answers) {
	instances := v.form.instances(answers)
	for _, field := range v.form.Fields {
		if !field.Required && field.part.required == nil || v.options.Hidden[field.Compartment] {
			continue
		}
		for _, prefixes := range instances[field.repeatPath()] {
			v.demand(field, prefixes, answers)
		}
	}
}

func (v *validation) demand(field *Field, prefixes []string, answers Answers) {
	path := prefixes[len(field.Repeats)] + field.Name
	if field.answered(answers[path]) || v.after.relevant(field, prefixes) != yes || v.after.required(field, prefixes) != yes {
		return
	}
	if v.before != nil && !v.changed[path] && v.wasDue(field, prefixes, path) {
		return // it was missing before this edit
	}
	v.add(path, CheckRequired, 0)
}

// wasDue tells whether the field was demanded before the edit already: its instance existed and it was relevant.
func (v *validation) wasDue(field *Field, prefixes []string, path string) bool {
	if v.before.relevant(field, prefixes) != yes || v.before.required(field, prefixes) != yes {
		return false
	}
	if len(field.Repeats) == 0 {
		return true
	}
	prefix := path[:len(path)-len(field.Name)]
	return slices.ContainsFunc(v.form.instances(v.options.Before)[field.repeatPath()], func(p []string) bool {
		return p[len(p)-1] == prefix
	})
}
