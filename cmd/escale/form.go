package main

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"escale/clients/caption"
	"escale/clients/field"
	"escale/clients/text"
	"escale/schema/form"
	"escale/schema/pack"
)

type formDoc struct {
	ID      string `json:"id"`
	Title   string `json:"title"`
	Version string `json:"version"`
	Kind    string `json:"kind"`
	Parent  string `json:"parent,omitempty"` // kind of the record that one of this form belongs to
}

type namedDoc struct {
	Name  string `json:"name"`
	Label string `json:"label"`
}

// inputDoc is a field as whoever fills the form in needs it.
type inputDoc struct {
	Path        string     `json:"path"`
	Label       string     `json:"label"`
	Type        string     `json:"type"`
	Required    bool       `json:"required"`
	Filled      bool       `json:"filled_by_escale"`
	Relevant    string     `json:"relevant,omitempty"` // when it is asked at all
	Compartment string     `json:"compartment"`
	Merge       string     `json:"merge"`
	Choices     []namedDoc `json:"choices,omitempty"`
}

type partDoc struct {
	Compartment string   `json:"compartment"`
	Label       string   `json:"label"`
	Readers     []string `json:"readers"` // roles
}

func (p *program) formCommand() *cobra.Command {
	list := p.leaf("form list", "", cobra.NoArgs, p.unlocked(func(_ context.Context, s *session, _ []string) error {
		forms, roles := []formDoc{}, []namedDoc{}
		for _, b := range s.bundles() {
			for _, f := range b.Forms {
				forms = append(forms, s.describeForm(f))
			}
			for _, r := range b.Tables.Roles {
				roles = append(roles, namedDoc{r.Name, r.Label.In(s.say.Lang(), text.English)})
			}
		}
		forms = distinct(forms, func(f formDoc) string { return f.ID })
		roles = distinct(roles, func(r namedDoc) string { return r.Name })
		return s.print(map[string]any{"forms": forms, "roles": roles}, func(w *page) { showForms(w, forms, roles) })
	}))
	show := p.leaf("form show", "FORM", cobra.ExactArgs(1), p.unlocked(func(_ context.Context, s *session, args []string) error {
		for _, b := range s.bundles() {
			if f, ok := b.Form(args[0]); ok {
				return s.showForm(f, b)
			}
		}
		return about(field.ErrNoForm, "form", args[0])
	}))
	return p.group("form", "form", list, show)
}

// bundles are the newest form bundles on this laptop, by name.
func (s *session) bundles() []*pack.Bundle {
	d := s.prof.Directory()
	var out []*pack.Bundle
	for _, k := range d.Bundles {
		if b, ok := s.prof.Bundle(k.Pack); ok {
			out = append(out, b)
		}
	}
	slices.SortFunc(out, func(a, b *pack.Bundle) int { return cmp.Compare(a.Name, b.Name) })
	return out
}

func distinct[T any](list []T, name func(T) string) []T {
	slices.SortStableFunc(list, func(a, b T) int { return cmp.Compare(name(a), name(b)) })
	return slices.CompactFunc(list, func(a, b T) bool { return name(a) == name(b) })
}

func (s *session) describeForm(f *form.Form) formDoc {
	return formDoc{f.ID, caption.Title(f, s.say.Lang()), f.Version, f.RecordKind, f.ParentKind}
}

func showForms(w *page, forms []formDoc, roles []namedDoc) {
	if len(forms) == 0 {
		w.s(text.FormNone)
		return
	}
	var rows [][]string
	for _, f := range forms {
		rows = append(rows, []string{f.ID, f.Title, f.Version})
	}
	w.table([]text.Key{text.RecordColumnForm, text.TableTitle, text.TableVersion}, rows)
	w.line("")
	rows = nil
	for _, r := range roles {
		rows = append(rows, []string{r.Name, r.Label})
	}
	w.table([]text.Key{text.TableRole, text.TableTitle}, rows)
}

func (s *session) showForm(f *form.Form, b *pack.Bundle) error {
	inputs, parts := []inputDoc{}, []partDoc{}
	for _, fd := range f.Fields {
		inputs = append(inputs, s.describeInput(f, fd))
	}
	for _, c := range f.Compartments() {
		p := partDoc{Compartment: c, Label: c, Readers: append([]string{}, b.Tables.Readers(f.RecordKind, c)...)}
		for _, t := range b.Tables.Compartments {
			if t.Name == c {
				p.Label = caption.Or(t.Purpose, s.say.Lang(), c)
			}
		}
		parts = append(parts, p)
	}
	doc := struct {
		formDoc
		Fields []inputDoc `json:"fields"`
		Parts  []partDoc  `json:"parts"`
	}{s.describeForm(f), inputs, parts}
	return s.print(doc, func(w *page) { s.showInputs(w, doc.formDoc, inputs, parts) })
}

func (s *session) describeInput(f *form.Form, fd *form.Field) inputDoc {
	d := inputDoc{Path: fd.Path, Label: caption.Field(f, fd, s.say.Lang()), Type: string(fd.Type), Required: fd.Required, Filled: fd.Generate != "" || fd.ReadOnly,
		Relevant: fd.Relevant, Compartment: fd.Compartment, Merge: string(fd.Merge)}
	for _, c := range fd.Choices {
		d.Choices = append(d.Choices, namedDoc{c.Name, c.Label.In(s.say.Lang(), f.DefaultLanguage)})
	}
	return d
}

func (s *session) showInputs(w *page, f formDoc, inputs []inputDoc, parts []partDoc) {
	w.line(f.ID + " " + f.Title)
	var rows [][]string
	for _, d := range inputs {
		needed := ""
		if d.Required && !d.Filled {
			needed = s.say.S(text.PromptYes)
		}
		rows = append(rows, []string{d.Path, d.Label, d.Type, needed, d.Compartment})
	}
	w.table([]text.Key{text.TablePath, text.RecordColumnField, text.TableKind, text.TableNeeded, text.TablePart}, rows)
	for _, d := range inputs {
		if len(d.Choices) > 0 {
			w.line("")
			w.line(d.Path)
		}
		for _, c := range d.Choices {
			w.line("  " + s.say.S(text.FormChoiceItem, "name", c.Name, "label", c.Label))
		}
	}
	w.line("")
	for _, p := range parts {
		s.showReaders(w, p)
	}
}

func (s *session) showReaders(w *page, p partDoc) {
	if len(p.Readers) == 0 {
		w.s(text.FormNoReaders, "part", p.Compartment, "label", p.Label)
		return
	}
	labels := make([]string, len(p.Readers))
	for i, r := range p.Readers {
		labels[i] = s.roleLabel(r)
	}
	w.s(text.FormReaders, "part", p.Compartment, "label", p.Label, "roles", strings.Join(labels, caption.Mark(s.say)))
}
