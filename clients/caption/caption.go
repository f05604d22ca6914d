// Package caption turns what records and forms hold into what people read: titles, labels, values, and who wrote them. It
// shows choices by their labels, and never decides who may see something: its callers do.
package caption

import (
	"fmt"
	"strings"
	"time"

	"escale/clients/field"
	"escale/clients/profile"
	"escale/clients/text"
	"escale/schema/form"
)

// Title is what people call a form.
func Title(f *form.Form, lang string) string {
	if s := f.Titles.In(lang, f.DefaultLanguage); s != "" {
		return s
	}
	return f.ID
}

// Field is what people call a field.
func Field(f *form.Form, fd *form.Field, lang string) string {
	if s := fd.Label.In(lang, f.DefaultLanguage); s != "" {
		return s
	}
	return fd.Name
}

// FormOf is the title of a record's form; its id where the form is not here.
func FormOf(r *field.Record, lang string) string {
	if r.Form == nil {
		return r.FormID
	}
	return Title(r.Form, lang)
}

// FieldOf is what people call a field of a record; its path where the form is not here.
func FieldOf(r *field.Record, path, lang string) string {
	if r.Form != nil {
		if fd, ok := r.Form.Lookup(path); ok {
			return Field(r.Form, fd, lang)
		}
	}
	return path
}

// Value is a value as people read it: choices by their labels.
func Value(say *text.Printer, f *form.Form, path string, value any) string {
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
		return strings.Join(out, Mark(say))
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

// Mark parts the entries of a list.
func Mark(say *text.Printer) string {
	if say.Lang() == text.Arabic {
		return "، "
	}
	return ", "
}

// Or is a label in a language, in French where that lacks, or else the code.
func Or(t form.Text, lang, code string) string {
	if label := t.In(lang, text.French); label != "" {
		return label
	}
	return code
}

// Name is what people say to each other of a record: its code, or the beginning of its id.
func Name(r *field.Record) string {
	if r.Code != "" {
		return r.Code
	}
	return r.ID.String()[:12]
}

// Who is what to call the author of something: the name where this laptop may read it, else the code alone.
func Who(say *text.Printer, w field.Writer) string {
	if w.Name == "" {
		return w.Author
	}
	return say.S(text.ConflictPerson, "name", w.Name, "code", w.Author)
}

// Part is what people call a part of a record: the purpose that its compartment serves.
func Part(p *profile.Profile, lang string, r *field.Record, compartment string) string {
	if b, ok := p.Bundle(r.Pack); ok {
		for _, c := range b.Tables.Compartments {
			if c.Name == compartment {
				return Or(c.Purpose, lang, compartment)
			}
		}
	}
	return compartment
}

// Role is what people call a role.
func Role(p *profile.Profile, lang, role string) string {
	for _, k := range p.Directory().Bundles {
		if b, ok := p.Bundle(k.Pack); ok {
			if r, ok := b.Tables.Role(role); ok {
				return r.Label.In(lang, text.English)
			}
		}
	}
	return role
}
