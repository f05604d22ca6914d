package form

import (
	"strings"
)

// Trouble is a question whose answer cannot stay as it is.
type Trouble struct {
	Key, Ref string
	Label    string
	Check    Check
	Limit    int    // of too_long and too_many
	Message  string // what the form says to it, in the language shown; "" when it says nothing
}

// Check tells which rule an answer would break; "" when it may stay. Nothing is changed.
func (s *Session) Check(key, text string) (Trouble, bool) {
	e, ok := s.find(key)
	if !ok || e.part.item.Type.Encloses() {
		return Trouble{Key: key, Check: CheckUnknown}, false
	}
	before := e.node.Value
	e.node.Value = e.part.normal(text)
	defer func() { e.node.Value = before }()
	return s.judge(e)
}

// judge checks the value that an entry holds. It returns true when nothing is wrong.
func (s *Session) judge(e *entry) (Trouble, bool) {
	check, limit := s.verdict(e)
	if check == "" {
		return Trouble{}, true
	}
	t := Trouble{Key: e.key(), Ref: e.ref(), Label: s.fill(e, e.part.label), Check: check, Limit: limit}
	switch check {
	case CheckRequired:
		t.Message = s.fill(e, e.part.requiredMessage)
	case CheckConstraint:
		t.Message = s.fill(e, e.part.message)
	}
	return t, false
}

func (s *Session) verdict(e *entry) (Check, int) {
	if e.text() == "" {
		if e.part.item.Type != TypeNote && s.required(e) {
			return CheckRequired, 0
		}
		return "", 0
	}
	if f := e.part.field; f != nil {
		value, check := f.parse(e.text())
		if check == "" && value != nil {
			limit := 0
			if check, limit = f.check(value); check != "" {
				return check, limit
			}
		}
		if check != "" {
			return check, 0
		}
	}
	if e.part.constraint != nil && s.test(e, e.part.constraint) == no {
		return CheckConstraint, 0
	}
	if (e.part.filter != nil && e.part.list != nil || e.part.from != nil) && !s.offers(e) {
		return CheckChoice, 0
	}
	return "", 0
}

// offers tells whether everything that was chosen is still offered.
func (s *Session) offers(e *entry) bool {
	offered := map[string]bool{}
	for _, o := range s.options(e) {
		offered[o.Name] = true
	}
	if e.part.item.Type == TypeSelectOne {
		return offered[e.text()]
	}
	for _, name := range strings.Fields(e.text()) {
		if !offered[name] {
			return false
		}
	}
	return true
}

// Troubles lists everything that keeps the form from being complete, in its order: what a person can see and mend.
func (s *Session) Troubles() []Trouble {
	var all []Trouble
	s.root.each(func(e *entry) {
		if e.relevant != yes || e.part.item.Type.Encloses() || e.part.item.Type.IsExternal() || e.part.silent() || s.hidden(e) {
			return
		}
		if t, ok := s.judge(e); !ok {
			all = append(all, t)
		}
	})
	return all
}

// hidden tells whether the question lies in a compartment that the writer cannot open or write.
func (s *Session) hidden(e *entry) bool { return s.sources.Hidden[e.part.item.Compartment] }
