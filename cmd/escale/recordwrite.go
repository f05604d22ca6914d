package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"escale/clients/caption"
	"escale/clients/field"
	"escale/clients/text"
	"escale/schema/form"
	"escale/sync/merge"
)

// answersFlags are where answers come from: a file, and single ones that override it.
type answersFlags struct {
	from string
	set  []string
}

func (p *program) addAnswersFlags(c *cobra.Command, f *answersFlags) {
	c.Flags().StringVar(&f.from, "from", "", p.say.S(text.FlagFrom))
	c.Flags().StringArrayVar(&f.set, "set", nil, p.say.S(text.FlagSet))
}

func (f *answersFlags) given() bool { return f.from != "" || len(f.set) > 0 }

// answers reads what was given, as answers of a form.
func (p *program) answers(f *answersFlags, of *form.Form) (form.Answers, error) {
	out := form.Answers{}
	if f.from != "" {
		b, err := p.readAnswers(f.from)
		if err != nil {
			return nil, err
		}
		if out, err = of.ParseAnswers(b, p.rand); err != nil {
			return nil, err
		}
	}
	single, err := of.ParseSet(f.set)
	if err != nil {
		return nil, err
	}
	maps.Copy(out, single)
	return out, nil
}

func (p *program) readAnswers(name string) (b []byte, err error) {
	r, err := p.input(name)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	return io.ReadAll(io.LimitReader(r, form.MaxJSON+1))
}

type savedDoc struct {
	ID      string `json:"id"`
	Code    string `json:"code,omitempty"`
	Form    string `json:"form"`
	Changed bool   `json:"changed"`
}

func describeSaved(s field.Saved) savedDoc {
	return savedDoc{ID: s.ID.String(), Code: s.Code, Form: s.Form, Changed: s.Time != 0}
}

func (d savedDoc) name() string {
	if d.Code != "" {
		return d.Code
	}
	return d.ID[:12]
}

func (p *program) newCommand() *cobra.Command {
	var f answersFlags
	var n field.New
	c := p.leaf("record new", "--form FORM [--from FILE.json] [--set FIELD=VALUE]…", cobra.NoArgs, p.records(func(ctx context.Context, s *session, b *field.Book, _ []string) error {
		if n.Form == "" {
			return errors.Join(missing("--form"), s.noteForms(b))
		}
		of, err := b.FormNamed(n.Form)
		if err != nil {
			return errors.Join(about(err, "form", n.Form), s.noteForms(b))
		}
		if !f.given() {
			return missing("--set")
		}
		if n.Answers, err = s.answers(&f, of); err != nil {
			return withForm(err, of)
		}
		saved, err := b.Create(ctx, n)
		if err != nil {
			return about(withForm(err, of), "form", n.Form, "id", n.Parent)
		}
		doc := describeSaved(saved)
		return s.print(doc, func(w *page) { w.s(text.RecordSaved, "id", doc.name()) })
	}))
	c.Flags().StringVar(&n.Form, "form", "", p.say.S(text.FlagForm))
	c.Flags().StringVar(&n.Site, "site", "", p.say.S(text.FlagSite))
	c.Flags().StringVar(&n.Parent, "parent", "", p.say.S(text.FlagParent))
	p.addAnswersFlags(c, &f)
	return c
}

// noteForms tells which forms there are, for who named none or another.
func (s *session) noteForms(b *field.Book) error {
	var all []string
	for _, f := range b.Forms() {
		all = append(all, fmt.Sprintf("  %-20s %s", f.ID, caption.Title(f, s.say.Lang())))
	}
	if len(all) == 0 {
		return nil
	}
	slices.Sort(all)
	return s.note(strings.Join(slices.Compact(all), "\n"))
}

func (p *program) editCommand() *cobra.Command {
	var f answersFlags
	var how merge.How
	c := p.leaf("record edit", "ID [--from FILE.json] [--set FIELD=VALUE]…", cobra.ExactArgs(1), p.records(func(ctx context.Context, s *session, b *field.Book, args []string) error {
		if !f.given() {
			return missing("--set")
		}
		r, err := b.Get(ctx, args[0])
		if err != nil {
			return about(err, "id", args[0])
		}
		if r.Form == nil {
			return about(field.ErrNoForm, "form", r.FormID)
		}
		answers, err := s.answers(&f, r.Form)
		if err != nil {
			return withForm(err, r.Form)
		}
		saved, err := b.EditShown(ctx, r, field.Change{Answers: answers, How: how})
		if err != nil {
			return about(withForm(err, r.Form), "id", args[0], "form", caption.FormOf(r, s.say.Lang()))
		}
		doc := describeSaved(saved)
		return s.print(doc, func(w *page) {
			if !doc.Changed {
				w.s(text.RecordUnchanged, "id", doc.name())
				return
			}
			w.s(text.RecordEdited, "id", doc.name())
		})
	}))
	p.addAnswersFlags(c, &f)
	c.Flags().BoolVar(&how.Widen, "widen", false, p.say.S(text.FlagWiden))
	c.Flags().BoolVar(&how.Correct, "correct", false, p.say.S(text.FlagCorrect))
	c.Flags().StringVar(&how.Why, "why", "", p.say.S(text.FlagWhy))
	return c
}
