package web

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"escale/clients/caption"
	"escale/clients/field"
	"escale/clients/text"
	"escale/store/audit"
	"escale/sync/merge"
)

// decisionRow is a conflict or a question in the queue.
type decisionRow struct {
	Word, Name, Form, What string
	Urgent                 bool
	Since                  time.Time
}

// decisions lists what waits for a person, urgent first, then the oldest first.
func (v *visit) decisions(w *field.Waiting) []decisionRow {
	var out []decisionRow
	add := func(r *field.Record, path, what string, urgent bool, since time.Time) {
		out = append(out, decisionRow{Word: v.sitting.fieldWord(r.ID, path), Name: caption.Name(r), Form: caption.FormOf(r, v.say.Lang()),
			What: what, Urgent: urgent, Since: since})
	}
	for _, c := range w.Conflicts {
		add(c.Record, c.Field, caption.FieldOf(c.Record, c.Field, v.say.Lang()), c.Urgent, c.Since)
	}
	for _, q := range w.Questions {
		add(q.Record, "", v.say.S(text.ConflictQuestion), q.Urgent, q.Since)
	}
	slices.SortStableFunc(out, func(a, b decisionRow) int { return field.ByUrgency(a.Urgent, a.Since, b.Urgent, b.Since) })
	return out
}

func (v *visit) conflicts() error {
	w, err := v.sitting.book.Waiting(v.r.Context())
	if err != nil {
		return err
	}
	rows := v.decisions(w)
	if len(rows) > 0 {
		if err := v.opened(audit.Entry{Count: uint64(len(rows)), Reason: "conflicts"}); err != nil {
			return err
		}
	}
	return v.show("conflicts", frame{Title: text.PageConflicts, Here: "conflicts", Data: rows})
}

// decisionView is one thing to decide, with all versions side by side.
type decisionView struct {
	decisionRow
	Record   string
	Why      string // what was typed
	Versions []versionView
	Notes    []string // of a question
}

// versionView is a value between which a person chooses, or keeping and deleting.
type versionView struct {
	Choice string
	Key    string // pressed with the browser's own keys, it chooses
	Value  string
	Notes  []string
}

// decision shows one thing to decide.
func (v *visit) decision() error { return v.showDecision(nil) }

func (v *visit) showDecision(wrong []string) error {
	word := v.r.PathValue("decision")
	of, ok := v.sitting.fields[word]
	if !ok {
		return errGone
	}
	r, err := v.sitting.book.Get(v.r.Context(), of.record.String())
	if err != nil {
		return err
	}
	w, err := v.sitting.book.WaitingIn(v.r.Context(), r)
	if err != nil {
		return err
	}
	rows := v.decisions(w)
	i := slices.IndexFunc(rows, func(one decisionRow) bool { return one.Word == word })
	if i < 0 { // decided meanwhile
		return v.goTo("/conflicts")
	}
	d := &decisionView{decisionRow: rows[i], Record: v.sitting.recordWord(r.ID), Why: v.r.PostForm.Get("why")}
	for _, c := range w.Conflicts {
		if c.Field == of.path {
			d.Versions = v.versions(&c)
		}
	}
	if of.path == "" {
		v.ask(d, &w.Questions[0])
	}
	if err := v.opened(audit.Entry{Record: r.ID[:], Reason: "conflicts"}); err != nil {
		return err
	}
	return v.show("decide", frame{Title: text.PageDecide, Here: "conflicts", Wrong: wrong, Data: d})
}

func (v *visit) versions(c *field.Conflict) (out []versionView) {
	for _, s := range c.Siblings {
		one := versionView{Choice: strconv.Itoa(s.Number), Value: caption.Value(v.say, c.Record.Form, c.Field, s.Value)}
		if s.Number <= 9 {
			one.Key = one.Choice
		}
		by := text.ConflictBy
		if s.Own {
			by = text.ConflictByOwn
		}
		role := caption.Role(v.sitting.Profile(), v.say.Lang(), s.Role)
		one.Notes = append(one.Notes, v.say.S(by, "who", caption.Who(v.say, s.Writer), "role", role, "device", s.Device.String()[:8]))
		one.Notes = append(one.Notes, v.moment(&s.Moment)...)
		out = append(out, versionView{one.Choice, one.Key, one.Value, append(one.Notes, v.seen(c, &s)...)})
	}
	return out
}

// seen says what the author of a version had before them.
func (v *visit) seen(c *field.Conflict, s *field.Sibling) (out []string) {
	if len(s.HadSeen) == 0 {
		out = append(out, v.say.S(text.ConflictHadSeenNothing))
	}
	for _, e := range s.HadSeen {
		out = append(out, v.say.S(text.ConflictHadSeen, "who", caption.Who(v.say, e.Writer), "date", e.At.Local(),
			"value", caption.Value(v.say, c.Record.Form, c.Field, e.Value)))
	}
	if len(s.Saw) == 0 {
		out = append(out, v.say.S(text.ConflictSawNone))
	} else {
		out = append(out, v.say.S(text.ConflictSaw, "numbers", fmt.Sprint(s.Saw)))
	}
	for _, o := range s.Also {
		out = append(out, v.say.S(text.ConflictAlsoBy, "who", caption.Who(v.say, o)))
	}
	return out
}

// moment says when something was written by both clocks, and whether the author's can be believed.
func (v *visit) moment(m *field.Moment) []string {
	out := []string{v.say.S(text.ConflictWritten, "date", m.At.Local())}
	if m.Before == nil {
		out = append(out, v.say.S(text.ConflictNotAtHub))
	} else {
		out = append(out, v.say.S(text.ConflictAtHub, "date", m.Before.Local()))
	}
	switch {
	case m.Clock == field.ClockAhead:
		out = append(out, v.say.S(text.ConflictClockAhead))
	case m.Clock == field.ClockBehind && m.After != nil:
		out = append(out, v.say.S(text.ConflictClockBehind, "date", m.After.Local()))
	}
	return out
}

// ask tells what led to the question whether a record is kept.
func (v *visit) ask(d *decisionView, q *field.Question) {
	for _, e := range q.Endings {
		key := text.RecordHistoryDeleted
		if e.What == "restored" {
			key = text.RecordHistoryRestored
		}
		d.Notes = append(d.Notes, v.say.S(key, "date", e.At.Local(), "who", caption.Who(v.say, e.Writer), "why", e.Why))
	}
	for _, l := range q.Late {
		d.Notes = append(d.Notes, v.late(q.Record, &l))
	}
	for _, c := range q.Parts {
		d.Notes = append(d.Notes, v.say.S(text.ConflictUntouched, "part", caption.Part(v.sitting.Profile(), v.say.Lang(), q.Record, c)))
	}
	d.Versions = []versionView{{Choice: "keep", Key: "1", Value: v.say.S(text.PageKeep)}, {Choice: "delete", Key: "2", Value: v.say.S(text.PageDelete)}}
}

func (v *visit) late(r *field.Record, l *field.Late) string {
	who, fields := caption.Who(v.say, l.Writer), v.say.S(text.ConflictLateSealed)
	if l.Kept {
		return v.say.S(text.ConflictLateKept, "who", who, "date", l.At.Local())
	}
	for i, path := range l.Fields {
		if i == 0 {
			fields = ""
		} else {
			fields += caption.Mark(v.say)
		}
		fields += caption.FieldOf(r, path, v.say.Lang())
	}
	key := text.ConflictLateBeside
	if l.Knew {
		key = text.ConflictLateAfter
	}
	return v.say.S(key, "who", who, "date", l.At.Local(), "fields", fields)
}

// decide writes the decision down and goes to the next one.
func (v *visit) decide() error {
	of, ok := v.sitting.fields[v.r.PathValue("decision")]
	choice, why := v.r.PostForm.Get("choice"), v.r.PostForm.Get("why")
	if !ok {
		return errGone
	}
	if choice == "" {
		return v.showDecision([]string{v.say.S(text.PageChoose)})
	}
	saved, err := v.resolve(of, choice, why)
	if err != nil {
		return v.showDecision(v.why(err))
	}
	reason := of.path
	if reason == "" {
		reason = merge.Exists
	}
	if err := v.sitting.Record(audit.Entry{Kind: audit.Decision, Record: saved.ID[:], Reason: reason}); err != nil {
		return err
	}
	v.sitting.said = append(v.sitting.said, v.say.S(text.PageDecided))
	w, err := v.sitting.book.Waiting(v.r.Context())
	if err != nil {
		return err
	}
	if rows := v.decisions(w); len(rows) > 0 {
		return v.goTo("/decide/" + rows[0].Word)
	}
	return v.goTo("/conflicts")
}

func (v *visit) resolve(of fieldOf, choice, why string) (field.Saved, error) {
	ctx, b, id := v.r.Context(), v.sitting.book, of.record.String()
	if of.path == "" {
		return b.Answer(ctx, id, choice == "keep", why)
	}
	take, err := strconv.Atoi(choice)
	if err != nil || take < 1 {
		return field.Saved{}, field.ErrNoSibling
	}
	return b.Resolve(ctx, id, of.path, take, nil, why)
}

// why says what kept a decision from being written down.
func (v *visit) why(err error) []string {
	if errors.Is(err, field.ErrWhy) {
		return []string{v.say.S(text.PageReasonNeeded)}
	}
	return v.tell(err)
}
