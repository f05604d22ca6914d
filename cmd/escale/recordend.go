package main

import (
	"context"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"escale/clients/field"
	"escale/clients/text"
	"escale/store/audit"
)

// whyFlag takes the reason of a decision. Some say --reason.
func (p *program) whyFlag(c *cobra.Command, why *string) {
	c.Flags().StringVar(why, "why", "", p.say.S(text.FlagWhy))
	c.Flags().SetNormalizeFunc(func(_ *pflag.FlagSet, name string) pflag.NormalizedName {
		if name == "reason" {
			name = "why"
		}
		return pflag.NormalizedName(name)
	})
}

func (p *program) deleteCommand() *cobra.Command {
	e := ending{exists: "deleted", said: text.RecordRemoved, end: func(ctx context.Context, b *field.Book, id, why string) (field.Saved, error) {
		return b.Delete(ctx, id, why)
	}}
	c := p.leaf("record delete", "ID --why W", cobra.ExactArgs(1), func(ctx context.Context, args []string) error { return p.end(ctx, &e, args) })
	p.whyFlag(c, &e.why)
	return c
}

func (p *program) restoreCommand() *cobra.Command {
	e := ending{exists: "yes", said: text.RecordRestored, end: func(ctx context.Context, b *field.Book, id, why string) (field.Saved, error) {
		return b.Restore(ctx, id, why)
	}}
	c := p.leaf("record restore", "ID --why W", cobra.ExactArgs(1), func(ctx context.Context, args []string) error { return p.end(ctx, &e, args) })
	p.whyFlag(c, &e.why)
	return c
}

// ending deletes a record or brings it back.
type ending struct {
	why    string
	exists string // afterwards
	said   text.Key
	end    func(ctx context.Context, b *field.Book, id, why string) (field.Saved, error)
}

func (p *program) end(ctx context.Context, e *ending, args []string) error {
	if strings.TrimSpace(e.why) == "" {
		return field.ErrWhy
	}
	return p.records(func(ctx context.Context, s *session, b *field.Book, args []string) error {
		saved, err := e.end(ctx, b, args[0], e.why)
		if err != nil {
			return about(err, "id", args[0])
		}
		doc, said := endedDoc{describeSaved(saved), e.exists}, e.said
		if !doc.Changed {
			said = text.RecordUnchanged
		} else if err := s.record(audit.Entry{Kind: audit.Decision, Record: saved.ID[:], Reason: e.exists}); err != nil {
			return err
		}
		return s.print(doc, func(w *page) { w.s(said, "id", doc.name()) })
	})(ctx, args)
}
