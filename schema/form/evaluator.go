package form

import (
	"time"

	"escale/schema/expr"
)

// truth has three values, because a condition may depend on what the editor cannot see.
type truth uint8

const (
	no truth = iota
	yes
	unknown
)

// evaluator answers questions about one answer set. It is used once, by one goroutine.
type evaluator struct {
	form    *Form
	answers Answers
	now     time.Time
	hidden  map[string]bool
	memo    map[string]truth // relevance by path
}

func (f *Form) evaluator(answers Answers, now time.Time, hidden map[string]bool) *evaluator {
	return &evaluator{form: f, answers: answers, now: now, hidden: hidden, memo: map[string]truth{}}
}

// relevant tells whether the field at the instance prefixes is asked. It ends, because New refuses cycles.
func (e *evaluator) relevant(f *Field, prefixes []string) truth {
	path := prefixes[len(f.Repeats)] + f.Name
	if known, ok := e.memo[path]; ok {
		return known
	}
	result := yes
	for _, c := range f.relevant {
		switch e.test(c.test, nil, prefixes) {
		case no:
			result = no
		case unknown:
			if result == yes {
				result = unknown
			}
		}
	}
	e.memo[path] = result
	return result
}

// test evaluates a condition. An expression that fails while running counts as not fulfilled.
func (e *evaluator) test(x *expr.Expression, self any, prefixes []string) truth {
	result := yes
	ctx := expr.Context{Now: e.now, Lookup: func(ref expr.Reference) expr.Value {
		v, known := e.lookup(ref.Name, prefixes)
		if !known {
			result = unknown
		}
		return v
	}}
	if s, ok := self.(selfValue); ok {
		ctx.Node = expr.NewElement(s.field.Name, s.field.operand(s.value, e.now.Location()).Text())
	}
	held, err := x.Test(ctx)
	switch {
	case result == unknown:
		return unknown
	case err != nil || !held:
		return no
	default:
		return yes
	}
}

// selfValue is what "." stands for.
type selfValue struct {
	field *Field
	value any
}

// lookup reads ${name}. An answer that is no longer asked reads as missing, although it is kept.
func (e *evaluator) lookup(name string, prefixes []string) (expr.Value, bool) {
	f := e.form.byName[name]
	value, ok := e.answers[prefixes[len(f.Repeats)]+f.Name]
	if !ok || value == nil {
		return expr.Missing(), !e.hidden[f.Compartment]
	}
	switch e.relevant(f, prefixes) {
	case no:
		return expr.Missing(), true
	case unknown:
		return expr.Missing(), false
	}
	return f.operand(value, e.now.Location()), true
}
