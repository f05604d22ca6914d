package form

import (
	"time"
)

// Generate completes the answers that a person typed for a new record. Typing into a read-only field is refused, save for a
// key, which is spoken between teams and may be known already. The error is Problems, or that of the random source.
func (f *Form) Generate(typed Answers, s Sources) (Answers, error) {
	if problems := f.typedReadOnly(typed); len(problems) > 0 {
		return nil, problems
	}
	answers := Apply(nil, typed)
	e := f.evaluator(answers, s.Now, s.Hidden)
	var problems Problems
	for _, field := range f.Generated() {
		if field.given(typed) || s.Hidden[field.Compartment] {
			continue
		}
		if e.relevant(field, []string{""}) != yes {
			continue
		}
		value, err := field.generate(s)
		if err != nil {
			return nil, err
		}
		switch {
		case value != "":
			answers[field.Path] = value
			e.put(field, value)
		case field.Required && field.ReadOnly:
			problems = append(problems, f.problem(field.Path, CheckSource))
		}
	}
	if len(problems) > 0 {
		return nil, problems
	}
	return f.Complete(answers, s)
}

// given tells whether the person decided: a default may be cleared, a value that the record cannot be without may not.
func (f *Field) given(typed Answers) bool {
	value, ok := typed[f.Path]
	return ok && (value != nil || !f.Required)
}

func (f *Form) typedReadOnly(typed Answers) Problems {
	var problems Problems
	for _, path := range f.SortedPaths(typed) {
		field, ok := f.Lookup(path)
		if ok && field.ReadOnly && !field.Key {
			problems = append(problems, f.problem(path, CheckReadOnly))
		}
	}
	return problems
}

// generate returns "" when the source of the value is missing or does not fit this bundle.
func (f *Field) generate(s Sources) (string, error) {
	switch f.Generate {
	case GenerateRandom:
		if f.Key {
			return NewSpokenCode(s.Random)
		}
		return NewCode(s.Random)
	case GenerateMember:
		return s.Member, nil
	case GenerateParent:
		return s.Parent, nil
	case GenerateToday:
		if f.Type == TypeDateTime {
			return s.Now.Format(time.RFC3339), nil
		}
		return s.Now.Format(time.DateOnly), nil
	case GenerateSite:
		if _, exists := f.Choice(s.Site); f.Type == TypeSelectOne && !exists {
			return "", nil
		}
		return s.Site, nil
	}
	return "", nil
}
