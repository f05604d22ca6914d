package main

import (
	"context"
	"time"

	"escale/clients/field"
	"escale/clients/text"
)

// queueDoc is what waits on this laptop: for the hub, and for a person.
type queueDoc struct {
	Saves          int        `json:"saves"` // that no hub has acknowledged
	Sets           int        `json:"change_sets"`
	Bytes          int64      `json:"bytes"`
	Oldest         *time.Time `json:"oldest_save"` // to ten minutes
	Conflicts      int        `json:"open_conflicts"`
	OldestConflict *time.Time `json:"oldest_conflict"`
	Questions      int        `json:"open_questions"`
	OldestQuestion *time.Time `json:"oldest_question"`
	Urgent         int        `json:"urgent"` // conflicts and questions in records that cannot wait
}

// queue counts what waits.
func (s *session) queue(ctx context.Context, b *field.Book, visitors ...func(*field.Record)) (*queueDoc, error) {
	q, err := s.prof.Queue(ctx)
	if err != nil {
		return nil, err
	}
	doc := &queueDoc{Saves: q.Saves, Sets: q.Sets, Bytes: q.Bytes, Oldest: momentOrNil(q.Oldest)}
	if b == nil {
		return doc, nil
	}
	w, err := b.Waiting(ctx, visitors...)
	if err != nil {
		return nil, err
	}
	doc.Conflicts, doc.Questions = len(w.Conflicts), len(w.Questions)
	for _, c := range w.Conflicts {
		doc.note(&doc.OldestConflict, c.Since, c.Urgent)
	}
	for _, q := range w.Questions {
		doc.note(&doc.OldestQuestion, q.Since, q.Urgent)
	}
	return doc, nil
}

func (d *queueDoc) note(oldest **time.Time, since time.Time, urgent bool) {
	if *oldest == nil || since.Before(**oldest) {
		*oldest = momentOrNil(since)
	}
	if urgent {
		d.Urgent++
	}
}

func momentOrNil(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC()
	return &t
}

// showQueue says how much waits to be sent, and since when.
func (s *session) showQueue(w *page, q *queueDoc) {
	const kib = 1 << 10
	size := (q.Bytes + kib - 1) / kib
	switch {
	case q.Sets == 0:
		w.s(text.StatusAllSent)
	case q.Oldest == nil:
		w.s(text.StatusQueueAgain, "sets", q.Sets, "kib", size)
	default:
		w.s(text.StatusQueue, "saves", q.Saves, "sets", q.Sets, "kib", size, "age", s.age(*q.Oldest))
	}
}

// showDecisions says how much waits for a person, and since when.
func (s *session) showDecisions(w *page, q *queueDoc) {
	if q.Conflicts > 0 {
		w.n(text.StatusConflicts, q.Conflicts)
	}
	if q.Questions > 0 {
		w.n(text.StatusQuestions, q.Questions)
	}
	var oldest *time.Time
	for _, t := range []*time.Time{q.OldestConflict, q.OldestQuestion} {
		if t != nil && (oldest == nil || t.Before(*oldest)) {
			oldest = t
		}
	}
	if oldest != nil {
		w.s(text.StatusOldestConflict, "age", s.age(*oldest))
	}
}
