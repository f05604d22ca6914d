package main

import (
	"fmt"
	"strings"
	"time"

	"escale/clients/field"
	"escale/clients/text"
	"escale/schema/form"
)

// titleOf is what people call a form.
func titleOf(f *form.Form, lang string) string {
	if s := f.Titles.In(lang, f.DefaultLanguage); s != "" {
		return s
	}
	return f.ID
}

// labelOf is what people call a field.
func labelOf(f *form.Form, fd *form.Field, lang string) string {
	if s := fd.Label.In(lang, f.DefaultLanguage); s != "" {
		return s
	}
	return fd.Name
}

// formTitle is the title of a record's form; its id where the form is not here.
func formTitle(r *field.Record, lang string) string {
	if r.Form == nil {
		return r.FormID
	}
	return titleOf(r.Form, lang)
}

func fieldLabel(r *field.Record, path, lang string) string {
	if r.Form != nil {
		if fd, ok := r.Form.Lookup(path); ok {
			return labelOf(r.Form, fd, lang)
		}
	}
	return path
}

// valueText is a value as people read it: choices by their labels.
func valueText(say *text.Printer, f *form.Form, path string, value any) string {
	var fd *form.Field
	if f != nil {
		fd, _ = f.Lookup(path)
	}
	choice := func(name string) string {
		if fd != nil && fd.Type.IsSelect() {
			if c, ok := fd.Choice(name); ok {
				if s := c.Label.In(say.Lang(), f.DefaultLanguage); s != "" {
					return s
				}
			}
		}
		return name
	}
	switch v := value.(type) {
	case nil:
		return ""
	case string:
		return text.Clean(dateText(say, fd, choice(v)))
	case []string:
		out := make([]string, len(v))
		for i, one := range v {
			out[i] = text.Clean(choice(one))
		}
		return strings.Join(out, listMark(say))
	}
	return fmt.Sprint(value)
}

func dateText(say *text.Printer, fd *form.Field, s string) string {
	if fd == nil || fd.Type != form.TypeDate {
		return s
	}
	if t, err := time.Parse(time.DateOnly, s); err == nil {
		return say.Date(t)
	}
	return s
}

func listMark(say *text.Printer) string {
	if say.Lang() == text.Arabic {
		return "، "
	}
	return ", "
}
