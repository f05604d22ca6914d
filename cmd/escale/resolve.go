package main

import (
	"context"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"escale/clients/caption"
	"escale/clients/field"
	"escale/clients/text"
	"escale/store/audit"
	"escale/sync/merge"
)

// decision is what a person chose, and why.
type decision struct {
	take         int
	value        string
	set          bool // value was given, perhaps empty
	keep, delete bool // of a record that was deleted while others wrote in it
	why          string
}

// check wants exactly one choice, and a reason: others will read it, and a decision without one cannot be discussed.
func (d *decision) check(args int) error {
	choices := 0
	for _, given := range []bool{d.take > 0, d.set, d.keep, d.delete} {
		if given {
			choices++
		}
	}
	wants := 2
	if d.keep || d.delete {
		wants = 1
	}
	switch {
	case strings.TrimSpace(d.why) == "":
		return field.ErrWhy
	case d.take < 0:
		return &wrongUse{text.ErrBadFlag, "--take"}
	case choices != 1:
		return missing("--take | --value | --keep | --delete")
	case args < wants:
		return missing("FIELD")
	case args > wants:
		return &wrongUse{text.ErrBadFlag, "--keep | --delete"} // that is about the whole record
	}
	return nil
}

func (p *program) resolveCommand() *cobra.Command {
	var d decision
	var c *cobra.Command
	c = p.leaf("resolve", "ID FIELD --take N|--value V --why W, ID --keep|--delete --why W", cobra.RangeArgs(1, 2), func(ctx context.Context, args []string) error {
		d.set = c.Flags().Changed("value")
		if err := d.check(len(args)); err != nil {
			return err
		}
		return p.records(func(ctx context.Context, s *session, b *field.Book, args []string) error {
			if d.keep || d.delete {
				return s.answer(ctx, b, args[0], &d)
			}
			return s.resolve(ctx, b, args[0], args[1], &d)
		})(ctx, args)
	})
	c.Flags().IntVar(&d.take, "take", 0, p.say.S(text.FlagTake))
	c.Flags().StringVar(&d.value, "value", "", p.say.S(text.FlagValue))
	c.Flags().BoolVar(&d.keep, "keep", false, p.say.S(text.FlagKeep))
	c.Flags().BoolVar(&d.delete, "delete", false, p.say.S(text.FlagDelete))
	p.whyFlag(c, &d.why)
	return c
}

func (s *session) resolve(ctx context.Context, b *field.Book, id, path string, d *decision) error {
	r, err := b.Get(ctx, id)
	if err != nil {
		return about(err, "id", id)
	}
	if !inConflict(r, path) {
		return about(errNoConflict, "id", id, "field", caption.FieldOf(r, path, s.say.Lang()))
	}
	var value any
	if d.set {
		answers, err := r.Form.ParseSet([]string{path + "=" + d.value})
		if err != nil {
			return withForm(err, r.Form)
		}
		value = answers[path]
	}
	saved, err := b.Resolve(ctx, r.ID.String(), path, d.take, value, d.why)
	if err != nil {
		return about(withForm(err, r.Form), "id", id)
	}
	if err := s.record(audit.Entry{Kind: audit.Decision, Record: r.ID[:], Reason: path}); err != nil {
		return err
	}
	doc := describeSaved(saved)
	return s.print(struct {
		savedDoc
		Field string `json:"field"`
	}{doc, path}, func(w *page) {
		w.s(text.ConflictResolved, "field", caption.FieldOf(r, path, s.say.Lang()), "id", doc.name())
	})
}

// inConflict reports whether a field waits for a person who has the form to decide with.
func inConflict(r *field.Record, path string) bool {
	return r.Form != nil && slices.ContainsFunc(r.Conflicts(), func(c merge.Conflict) bool { return c.Path == path })
}

type endedDoc struct {
	savedDoc
	Exists string `json:"exists"` // yes or deleted
}

// answer decides whether a record is kept that was deleted while others wrote in it.
func (s *session) answer(ctx context.Context, b *field.Book, id string, d *decision) error {
	saved, err := b.Answer(ctx, id, d.keep, d.why)
	if err != nil {
		return about(err, "id", id)
	}
	doc, said := endedDoc{describeSaved(saved), "deleted"}, text.ConflictDeleted
	if d.keep {
		doc.Exists, said = "yes", text.ConflictKept
	}
	if err := s.record(audit.Entry{Kind: audit.Decision, Record: saved.ID[:], Reason: merge.Exists}); err != nil {
		return err
	}
	return s.print(doc, func(w *page) { w.s(said, "id", doc.name()) })
}
