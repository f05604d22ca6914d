package main

import (
	"fmt"
	"strings"

	"escale/clients/field"
	"escale/clients/text"
	"escale/schema/form"
)

// who is what to call the author of something: the name where this laptop may read it, else the code alone.
func (s *session) who(w field.Writer) string {
	if w.Name == "" {
		return w.Author
	}
	return s.say.S(text.ConflictPerson, "name", w.Name, "code", w.Author)
}

// partLabel is what people call a part of a record: the purpose that its compartment serves.
func (s *session) partLabel(r *field.Record, compartment string) string {
	if b, ok := s.prof.Bundle(r.Pack); ok {
		for _, c := range b.Tables.Compartments {
			if c.Name == compartment {
				return labelOr(c.Purpose, s.say.Lang(), compartment)
			}
		}
	}
	return compartment
}

// labelOr is a label in a language, in French where that lacks, or else the code.
func labelOr(t form.Text, lang, code string) string {
	if label := t.In(lang, text.French); label != "" {
		return label
	}
	return code
}

// fieldLabels lists fields by their labels.
func (s *session) fieldLabels(r *field.Record, paths []string) string {
	out := make([]string, len(paths))
	for i, path := range paths {
		out[i] = fieldLabel(r, path, s.say.Lang())
	}
	return strings.Join(out, listMark(s.say))
}

func (s *session) numbers(list []int) string {
	out := make([]string, len(list))
	for i, n := range list {
		out[i] = fmt.Sprint(n)
	}
	return strings.Join(out, listMark(s.say))
}
