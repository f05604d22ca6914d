package form

import (
	"time"
)

// evaluator answers questions about one answer set. It is used once, by one goroutine.
type evaluator struct {
	session *Session
}

// evaluator opens answers as they stand: what they would calculate is left as it is.
func (f *Form) evaluator(answers Answers, now time.Time, hidden map[string]bool) *evaluator {
	s := f.load(answers, f.DefaultLanguage, Sources{Now: now, Hidden: hidden})
	s.frozen = true
	s.everything()
	return &evaluator{session: s}
}

// at finds the entry of a field inside the instances with these prefixes.
func (e *evaluator) at(f *Field, prefixes []string) *entry {
	return e.session.reach(stepsTo(f.part, instanceIDs(prefixes[len(f.Repeats)]+f.Name)))
}

// relevant tells whether the field at the instance prefixes is asked.
func (e *evaluator) relevant(f *Field, prefixes []string) truth {
	if x := e.at(f, prefixes); x != nil {
		return x.relevant
	}
	return no
}

// constraint tells whether the answer fulfils the condition of its field.
func (e *evaluator) constraint(f *Field, prefixes []string) truth {
	if x := e.at(f, prefixes); x != nil {
		return e.session.test(x, f.part.constraint)
	}
	return yes
}

// required tells whether the field must be answered now.
func (e *evaluator) required(f *Field, prefixes []string) truth {
	switch x := e.at(f, prefixes); {
	case f.Required:
		return yes
	case f.part.required == nil || x == nil:
		return no
	default:
		return e.session.test(x, f.part.required)
	}
}

// put changes an answer, so that later questions see it.
func (e *evaluator) put(f *Field, value any) {
	if x := e.at(f, []string{""}); x != nil {
		e.session.assign(x, f.operand(value, e.session.sources.Now.Location()).Text())
	}
}
