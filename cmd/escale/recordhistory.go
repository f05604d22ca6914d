package main

import (
	"context"

	"github.com/spf13/cobra"

	"escale/clients/caption"
	"escale/clients/field"
	"escale/clients/text"
	"escale/store/audit"
	"escale/sync/merge"
)

func (p *program) historyCommand() *cobra.Command {
	return p.leaf("record history", "ID", cobra.ExactArgs(1), p.records(func(ctx context.Context, s *session, b *field.Book, args []string) error {
		r, err := b.Get(ctx, args[0])
		if err != nil {
			return about(err, "id", args[0])
		}
		entries, err := b.History(ctx, r)
		if err != nil {
			return err
		}
		if err := s.record(audit.Entry{Kind: audit.Opening, Record: r.ID[:], Reason: "history"}); err != nil {
			return err
		}
		doc := map[string]any{"id": r.ID, "code": r.Code, "entries": append([]field.Entry{}, entries...)}
		return s.print(doc, func(w *page) { s.showHistory(w, r, entries) })
	}))
}

func (s *session) showHistory(w *page, r *field.Record, entries []field.Entry) {
	w.s(text.RecordHistoryHeading, "id", caption.Name(r))
	for _, e := range entries {
		if e.Field == merge.Exists {
			w.line("  " + s.endingText(e.What, e.Writer, e.Moment, e.Why))
			continue
		}
		s.showEntry(w, r, &e)
	}
}

func (s *session) showEntry(w *page, r *field.Record, e *field.Entry) {
	sentences := map[string]text.Key{"entered": text.RecordHistoryEntered, "changed": text.RecordHistoryChanged, "added": text.RecordHistoryAdded,
		"removed": text.RecordHistoryRemoved, "counted": text.RecordHistoryCounted, "widened": text.RecordHistoryWidened, "decided": text.RecordHistoryResolved}
	label := caption.FieldOf(r, e.Field, s.say.Lang())
	w.line("  " + s.say.S(sentences[e.What], "date", e.At.Local(), "who", s.who(e.Writer), "field", label, "why", e.Why))
	w.line("    " + caption.Value(s.say, r.Form, e.Field, e.Value))
	if e.Why != "" && e.What != "decided" {
		w.line("    " + s.say.S(text.RecordHistoryWhy, "why", e.Why))
	}
	if d := e.Decision; d != nil {
		w.line("    " + s.say.S(text.RecordHistoryNotChosen, "who", s.who(d.Writer), "date", d.At.Local(), "why", d.Why))
	}
	switch {
	case e.Mark == "loser":
		w.line("    " + s.say.S(text.RecordHistoryLoser))
	case e.Mark == "violation":
		w.line("    " + s.say.S(text.ConflictWriteOnce, "field", label))
	}
	if e.Parallel {
		w.line("    " + s.say.S(text.RecordHistoryParallel))
	}
	if e.Clock == field.ClockAhead || e.Clock == field.ClockBehind {
		s.showMoment(w, &e.Moment)
	}
}
