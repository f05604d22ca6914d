package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"escale/clients/field"
	"escale/clients/text"
	"escale/store/audit"
	"escale/sync/merge"
)

func (p *program) conflictsCommand() *cobra.Command {
	return p.leaf("conflicts", "", cobra.NoArgs, p.records(func(ctx context.Context, s *session, b *field.Book, _ []string) error {
		all, err := b.Conflicts(ctx)
		if err != nil {
			return err
		}
		if len(all) > 0 {
			if err := s.record(audit.Entry{Kind: audit.Opening, Count: uint64(len(all)), Reason: "conflicts"}); err != nil {
				return err
			}
		}
		doc := map[string]any{"conflicts": append([]field.Conflict{}, all...)}
		return s.print(doc, func(w *page) { s.showConflicts(w, all) })
	}))
}

func (s *session) showConflicts(w *page, all []field.Conflict) {
	if len(all) == 0 {
		w.s(text.ConflictNone)
		return
	}
	w.s(text.ConflictHeading)
	for _, c := range all {
		w.line("")
		w.s(text.ConflictItem, "form", formTitle(c.Record, s.say.Lang()), "id", nameOf(c.Record), "field", fieldLabel(c.Record, c.Field, s.say.Lang()))
		w.line("  " + nameOf(c.Record) + " " + c.Field)
		var rows [][]string
		for _, sib := range c.Siblings {
			rows = append(rows, []string{fmt.Sprint(sib.Number), sib.Author, s.say.DateTime(sib.At.Local()),
				valueText(s.say, c.Record.Form, c.Field, sib.Value), s.sawText(sib.Saw)})
		}
		w.table([]text.Key{text.ConflictColumnNumber, text.ConflictColumnWho, text.ConflictColumnWhen, text.ConflictColumnValue, text.ConflictColumnSeen}, rows)
	}
	w.line("")
	w.s(text.ConflictHow)
}

func (s *session) sawText(numbers []int) string {
	if len(numbers) == 0 {
		return s.say.S(text.ConflictSeenNothing)
	}
	out := make([]string, len(numbers))
	for i, n := range numbers {
		out[i] = fmt.Sprint(n)
	}
	return strings.Join(out, ", ")
}

// decision is what a person chose, and why.
type decision struct {
	take  int
	value string
	set   bool // value was given, perhaps empty
	why   string
}

func (d *decision) check() error {
	switch {
	case strings.TrimSpace(d.why) == "":
		return field.ErrWhy
	case d.take < 0:
		return &wrongUse{text.ErrBadFlag, "--take"}
	case (d.take > 0) == d.set:
		return missing("--take | --value")
	}
	return nil
}

func (p *program) resolveCommand() *cobra.Command {
	var d decision
	var c *cobra.Command
	c = p.leaf("resolve", "ID FIELD --take N|--value V --why W", cobra.ExactArgs(2), func(ctx context.Context, args []string) error {
		d.set = c.Flags().Changed("value")
		if err := d.check(); err != nil {
			return err
		}
		return p.records(func(ctx context.Context, s *session, b *field.Book, args []string) error {
			return s.resolve(ctx, b, args[0], args[1], &d)
		})(ctx, args)
	})
	c.Flags().IntVar(&d.take, "take", 0, p.say.S(text.FlagTake))
	c.Flags().StringVar(&d.value, "value", "", p.say.S(text.FlagValue))
	c.Flags().StringVar(&d.why, "why", "", p.say.S(text.FlagWhy))
	return c
}

func (s *session) resolve(ctx context.Context, b *field.Book, id, path string, d *decision) error {
	r, err := b.Get(ctx, id)
	if err != nil {
		return about(err, "id", id)
	}
	if !inConflict(r, path) {
		return about(errNoConflict, "id", id, "field", fieldLabel(r, path, s.say.Lang()))
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
		return withForm(err, r.Form)
	}
	if err := s.record(audit.Entry{Kind: audit.Decision, Record: r.ID[:], Reason: path}); err != nil {
		return err
	}
	doc := describeSaved(saved)
	return s.print(struct {
		savedDoc
		Field string `json:"field"`
	}{doc, path}, func(w *page) {
		w.s(text.ConflictResolved, "field", fieldLabel(r, path, s.say.Lang()), "id", doc.name())
	})
}

// inConflict reports whether a field waits for a person who has the form to decide with.
func inConflict(r *field.Record, path string) bool {
	return r.Form != nil && slices.ContainsFunc(r.Conflicts(), func(c merge.Conflict) bool { return c.Path == path })
}
