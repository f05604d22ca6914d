package main

import (
	"context"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"escale/clients/caption"
	"escale/clients/field"
	"escale/clients/text"
	"escale/store/audit"
)

func (p *program) conflictsCommand() *cobra.Command {
	c := p.leaf("conflicts", "", cobra.NoArgs, p.records(func(ctx context.Context, s *session, b *field.Book, _ []string) error {
		w, err := b.Waiting(ctx)
		if err != nil {
			return err
		}
		if n := len(w.Conflicts) + len(w.Questions); n > 0 {
			if err := s.record(audit.Entry{Kind: audit.Opening, Count: uint64(n), Reason: "conflicts"}); err != nil {
				return err
			}
		}
		return s.print(w, func(page *page) { s.listWaiting(page, w) })
	}))
	c.AddCommand(p.leaf("conflicts show", "ID", cobra.ExactArgs(1), p.records(func(ctx context.Context, s *session, b *field.Book, args []string) error {
		r, err := b.Get(ctx, args[0])
		if err != nil {
			return about(err, "id", args[0])
		}
		w, err := b.WaitingIn(ctx, r)
		if err != nil {
			return err
		}
		if err := s.record(audit.Entry{Kind: audit.Opening, Record: r.ID[:], Reason: "conflicts"}); err != nil {
			return err
		}
		return s.print(w, func(page *page) { s.showWaitingIn(page, r, w) })
	})))
	return c
}

// waitingRow is a conflict or a question in the list.
type waitingRow struct {
	urgent bool
	since  time.Time
	record *field.Record
	what   string
}

// listWaiting lists conflicts and questions together, urgent first, then oldest first.
func (s *session) listWaiting(w *page, all *field.Waiting) {
	if len(all.Conflicts)+len(all.Questions) == 0 {
		w.s(text.ConflictNone)
		return
	}
	var rows []waitingRow
	for _, c := range all.Conflicts {
		rows = append(rows, waitingRow{c.Urgent, c.Since, c.Record, caption.FieldOf(c.Record, c.Field, s.say.Lang())})
	}
	for _, q := range all.Questions {
		rows = append(rows, waitingRow{q.Urgent, q.Since, q.Record, s.say.S(text.ConflictQuestion)})
	}
	slices.SortStableFunc(rows, func(a, b waitingRow) int { return field.ByUrgency(a.urgent, a.since, b.urgent, b.since) })
	var cells [][]string
	for _, r := range rows {
		urgent := ""
		if r.urgent {
			urgent = s.say.S(text.ConflictUrgent)
		}
		cells = append(cells, []string{urgent, s.age(r.since), caption.Name(r.record), caption.FormOf(r.record, s.say.Lang()), r.record.Site, r.what})
	}
	w.s(text.ConflictHeading)
	w.table([]text.Key{text.TableUrgent, text.TableWaits, text.RecordColumnId, text.RecordColumnForm, text.RecordColumnSite, text.TableContent}, cells)
	w.s(text.ConflictSee)
}

// age is how long ago something was; a clock that ran ahead makes it no longer than that.
func (s *session) age(since time.Time) string { return s.say.Age(s.clock().Sub(since)) }

func (s *session) showWaitingIn(w *page, r *field.Record, all *field.Waiting) {
	if len(all.Conflicts)+len(all.Questions) == 0 {
		w.s(text.ConflictNothingIn, "id", caption.Name(r))
		return
	}
	for _, c := range all.Conflicts {
		s.showConflict(w, &c)
	}
	if len(all.Conflicts) > 0 {
		w.s(text.ConflictHow)
	}
	for _, q := range all.Questions {
		s.showQuestion(w, &q)
	}
}

func (s *session) showConflict(w *page, c *field.Conflict) {
	w.s(text.ConflictItem, "form", caption.FormOf(c.Record, s.say.Lang()), "id", caption.Name(c.Record), "field", caption.FieldOf(c.Record, c.Field, s.say.Lang()))
	s.showWaits(w, c.Urgent, c.Since)
	w.line("  " + caption.Name(c.Record) + " " + c.Field)
	for _, sib := range c.Siblings {
		w.line("  " + s.say.S(text.ConflictValue, "number", sib.Number, "value", caption.Value(s.say, c.Record.Form, c.Field, sib.Value)))
		s.showSibling(w, c, &sib)
	}
	w.line("")
}

func (s *session) showWaits(w *page, urgent bool, since time.Time) {
	if urgent {
		w.line("  " + s.say.S(text.ConflictUrgent))
	}
	w.line("  " + s.say.S(text.ConflictWaits, "age", s.age(since)))
}

// showSibling says who wrote a value, when by which clock, and what they had seen.
func (s *session) showSibling(w *page, c *field.Conflict, sib *field.Sibling) {
	say := func(k text.Key, args ...any) { w.line("     " + s.say.S(k, args...)) }
	by := text.ConflictBy
	if sib.Own {
		by = text.ConflictByOwn
	}
	say(by, "who", s.who(sib.Writer), "role", s.roleLabel(sib.Role), "device", sib.Device.String()[:8])
	s.showMoment(w, &sib.Moment)
	if len(sib.HadSeen) == 0 {
		say(text.ConflictHadSeenNothing)
	}
	for _, e := range sib.HadSeen {
		say(text.ConflictHadSeen, "who", s.who(e.Writer), "date", e.At.Local(), "value", caption.Value(s.say, c.Record.Form, c.Field, e.Value))
	}
	if len(sib.Saw) == 0 {
		say(text.ConflictSawNone)
	} else {
		say(text.ConflictSaw, "numbers", s.numbers(sib.Saw))
	}
	for _, o := range sib.Also {
		say(text.ConflictAlsoBy, "who", s.who(o))
	}
}

// showMoment says when something was written by both clocks, and whether the author's can be believed.
func (s *session) showMoment(w *page, m *field.Moment) {
	w.line("     " + s.say.S(text.ConflictWritten, "date", m.At.Local()))
	if m.Before == nil {
		w.line("     " + s.say.S(text.ConflictNotAtHub))
	} else {
		w.line("     " + s.say.S(text.ConflictAtHub, "date", m.Before.Local()))
	}
	switch {
	case m.Clock == field.ClockAhead:
		w.line("     " + s.say.S(text.ConflictClockAhead))
	case m.Clock == field.ClockBehind && m.After != nil:
		w.line("     " + s.say.S(text.ConflictClockBehind, "date", m.After.Local()))
	}
}

func (s *session) showQuestion(w *page, q *field.Question) {
	w.s(text.ConflictItem, "form", caption.FormOf(q.Record, s.say.Lang()), "id", caption.Name(q.Record), "field", s.say.S(text.ConflictQuestion))
	s.showWaits(w, q.Urgent, q.Since)
	for _, e := range q.Endings {
		w.line("  " + s.endingText(e.What, e.Writer, e.Moment, e.Why))
		s.showMoment(w, &e.Moment)
	}
	for _, l := range q.Late {
		w.line("  " + s.lateText(q.Record, &l))
		s.showMoment(w, &l.Moment)
	}
	for _, c := range q.Parts {
		w.line("  " + s.say.S(text.ConflictUntouched, "part", s.partLabel(q.Record, c)))
	}
	w.s(text.ConflictAsk, "id", caption.Name(q.Record))
	w.line("")
}

func (s *session) endingText(what string, by field.Writer, at field.Moment, why string) string {
	key := text.RecordHistoryDeleted
	if what == "restored" {
		key = text.RecordHistoryRestored
	}
	return s.say.S(key, "date", at.At.Local(), "who", s.who(by), "why", why)
}

func (s *session) lateText(r *field.Record, l *field.Late) string {
	key := text.ConflictLateBeside
	switch {
	case l.Kept:
		return s.say.S(text.ConflictLateKept, "who", s.who(l.Writer), "date", l.At.Local())
	case l.Knew:
		key = text.ConflictLateAfter
	}
	fields := s.say.S(text.ConflictLateSealed)
	if len(l.Fields) > 0 {
		fields = s.fieldLabels(r, l.Fields)
	}
	return s.say.S(key, "who", s.who(l.Writer), "date", l.At.Local(), "fields", fields)
}
