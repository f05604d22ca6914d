package form

import (
	"slices"
	"strings"
)

// Edit opens answers that were given before. Defaults are not set; what is calculated is brought up to date. Answers that the
// form has no field for are kept and come back from Answers.
func (f *Form) Edit(answers Answers, language string, src Sources) (*Session, error) {
	s := f.load(answers, language, src)
	s.everything()
	return s, s.err
}

// load builds the tree for answers without computing anything.
func (f *Form) load(answers Answers, language string, src Sources) *Session {
	s := f.open(language, src)
	s.bare = true
	s.root = s.newEntry(f.root, nil)
	s.plant()
	s.foreign = Answers{}
	for _, path := range f.SortedPaths(answers) {
		if !s.place(path, answers[path]) {
			s.foreign[path] = answers[path]
		}
	}
	s.bare = false
	s.seal()
	return s
}

// place puts one answer into the tree.
func (s *Session) place(path string, value any) bool {
	field, ok := s.form.Lookup(path)
	if !ok {
		return false
	}
	e := s.reach(stepsTo(field.part, instanceIDs(path)))
	if e == nil {
		return false
	}
	if value != nil {
		e.node.Value, e.touched = field.operand(value, s.sources.Now.Location()).Text(), true
	}
	return true
}

func instanceIDs(path string) []string {
	var ids []string
	parts := strings.Split(path, "/")
	for i := 1; i < len(parts); i += 2 {
		ids = append(ids, parts[i])
	}
	return ids
}

// seal marks what the reader cannot see: conditions that need it stay undecided.
func (s *Session) seal() {
	s.root.each(func(e *entry) {
		e.node.Sealed = e.part.field != nil && s.hidden(e) && e.text() == ""
	})
}

// Answers returns what was answered, as records keep it: only what is relevant, by path, in the types of the fields. An answer
// that is no value of its type is left out; Troubles names it.
func (s *Session) Answers() Answers {
	answers := Answers{}
	for path, value := range s.foreign {
		answers[path] = value
	}
	s.root.each(func(e *entry) {
		f := e.part.field
		if f == nil || e.relevant == no || e.text() == "" && !f.inclusive() || s.form.byPath[f.Path] != f {
			return
		}
		if value, check := f.parse(e.text()); check == "" && value != nil {
			answers[e.path()] = value
		}
	})
	return answers
}

// Complete computes what the form calculates and returns the answers with it. Answers that are not relevant stay as they are:
// Validate names them.
func (f *Form) Complete(answers Answers, src Sources) (Answers, error) {
	if !slices.ContainsFunc(f.parts, func(p *part) bool { return p.calculation != nil || p.count != nil }) {
		return answers, nil
	}
	s, err := f.Edit(answers, f.DefaultLanguage, src)
	if err != nil {
		return nil, err
	}
	completed := Apply(answers, nil)
	s.root.each(func(e *entry) {
		field := e.part.field
		if field == nil || e.part.calculation == nil || len(e.part.item.Trigger) > 0 || s.hidden(e) {
			return
		}
		value, check := field.parse(e.text())
		if e.relevant != yes || check != "" || value == nil {
			delete(completed, e.path())
			return
		}
		completed[e.path()] = value
	})
	return completed, nil
}
