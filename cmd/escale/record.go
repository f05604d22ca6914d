package main

import (
	"context"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"escale/clients/caption"
	"escale/clients/field"
	"escale/clients/office"
	"escale/clients/text"
	"escale/store/audit"
	"escale/sync/merge"
)

func (p *program) recordCommand() *cobra.Command {
	return p.group("record", "record", p.newCommand(), p.editCommand(), p.showCommand(), p.historyCommand(), p.listCommand(),
		p.searchCommand(), p.importCommand(), p.deleteCommand(), p.restoreCommand())
}

// records runs a command on the records of the unlocked profile.
func (p *program) records(f func(ctx context.Context, s *session, b *field.Book, args []string) error) func(context.Context, []string) error {
	return p.unlocked(func(ctx context.Context, s *session, args []string) error {
		b, err := s.book()
		if err != nil {
			return err
		}
		return f(ctx, s, b, args)
	})
}

// rowDoc is a record in a list: nothing of what it says but its code.
type rowDoc struct {
	ID      string    `json:"id"`
	Code    string    `json:"code,omitempty"`
	Form    string    `json:"form"`
	Site    string    `json:"site"`
	Kind    string    `json:"kind"`
	Created time.Time `json:"created"`
	State   string    `json:"state"` // sent, unsent, conflict, question or deleted
}

func describeRow(r *field.Record) rowDoc {
	d := rowDoc{ID: r.ID.String(), Code: r.Code, Form: r.FormID, Site: r.Site, Kind: r.Kind, Created: r.Created.UTC(), State: "sent"}
	switch {
	case r.Exists == merge.Deleted:
		d.State = "deleted"
	case r.Exists == merge.Question:
		d.State = "question"
	case len(r.Conflicts()) > 0:
		d.State = "conflict"
	case !r.Sent():
		d.State = "unsent"
	}
	return d
}

func (p *program) printRows(records []*field.Record, none text.Key) error {
	docs := []rowDoc{}
	for _, r := range records {
		docs = append(docs, describeRow(r))
	}
	return p.print(map[string]any{"records": docs}, func(w *page) {
		if len(records) == 0 {
			w.s(none)
			return
		}
		states := map[string]text.Key{"sent": text.RecordStateSent, "unsent": text.RecordStateUnsent, "conflict": text.RecordStateConflict,
			"question": text.RecordStateQuestion, "deleted": text.RecordStateDeleted}
		var rows [][]string
		for i, r := range records {
			rows = append(rows, []string{caption.Name(r), caption.FormOf(r, p.say.Lang()), r.Site, p.say.DateTime(r.Created.Local()), p.say.S(states[docs[i].State])})
		}
		w.table([]text.Key{text.RecordColumnId, text.RecordColumnForm, text.RecordColumnSite, text.TableCreated, text.RecordColumnState}, rows)
		w.n(text.RecordCount, len(records))
	})
}

func (p *program) listCommand() *cobra.Command {
	var form string
	var values, deleted bool
	c := p.leaf("record list", "[--form FORM] [--values] [--deleted]", cobra.NoArgs, p.records(func(ctx context.Context, s *session, b *field.Book, _ []string) error {
		if form != "" {
			if _, err := b.FormNamed(form); err != nil {
				return about(err, "form", form)
			}
		}
		list := b.List
		if deleted {
			list = b.ListDeleted
		}
		records, err := list(ctx, form)
		if err != nil {
			return err
		}
		if values && p.json {
			return s.printValues(b, records)
		}
		return s.printRows(records, text.RecordListNone)
	}))
	c.Flags().BoolVar(&values, "values", false, p.say.S(text.FlagValues))
	c.Flags().StringVar(&form, "form", "", p.say.S(text.FlagForm))
	c.Flags().BoolVar(&deleted, "deleted", false, p.say.S(text.FlagDeleted))
	return c
}

// printValues prints for machines everything that the member may read of each record. What a role sees without names is
// left to exports, which know how to leave names out.
func (s *session) printValues(b *field.Book, records []*field.Record) error {
	rows := []*office.Row{}
	for _, r := range records {
		if r.Deidentified() {
			continue
		}
		row, err := office.Describe(b, r)
		if err != nil {
			return err
		}
		rows = append(rows, row)
	}
	if err := s.record(audit.Entry{Kind: audit.Opening, Count: uint64(len(rows)), Reason: "list with values"}); err != nil {
		return err
	}
	return s.print(map[string]any{"records": rows}, nil)
}

func (p *program) searchCommand() *cobra.Command {
	var deleted bool
	c := p.leaf("record search", "WORDS [--deleted]", cobra.MinimumNArgs(1), p.records(func(ctx context.Context, s *session, b *field.Book, args []string) error {
		search := b.Search
		if deleted {
			search = b.SearchDeleted
		}
		records, err := search(ctx, strings.Join(args, " "))
		if err != nil {
			return err
		}
		return s.printRows(records, text.RecordSearchNone)
	}))
	c.Flags().BoolVar(&deleted, "deleted", false, p.say.S(text.FlagDeleted))
	return c
}
