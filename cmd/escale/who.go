package main

import (
	"fmt"
	"strings"

	"escale/clients/caption"
	"escale/clients/field"
)

// who is what to call the author of something.
func (s *session) who(w field.Writer) string { return caption.Who(s.say, w) }

// partLabel is what people call a part of a record.
func (s *session) partLabel(r *field.Record, compartment string) string {
	return caption.Part(s.prof, s.say.Lang(), r, compartment)
}

// fieldLabels lists fields by their labels.
func (s *session) fieldLabels(r *field.Record, paths []string) string {
	out := make([]string, len(paths))
	for i, path := range paths {
		out[i] = caption.FieldOf(r, path, s.say.Lang())
	}
	return strings.Join(out, caption.Mark(s.say))
}

func (s *session) numbers(list []int) string {
	out := make([]string, len(list))
	for i, n := range list {
		out[i] = fmt.Sprint(n)
	}
	return strings.Join(out, caption.Mark(s.say))
}
