package field

import (
	"context"
	"slices"

	"escale/sync/causal"
	"escale/sync/merge"
)

// Entry is one operation in a record's history.
type Entry struct {
	Field string `json:"field"` // "exists" for a deletion or a restoration
	Value any    `json:"value"`
	What  string `json:"what"` // entered, changed, added, removed, counted, decided, widened, deleted or restored
	Writer
	Moment
	Mark     string    `json:"mark"`
	Why      string    `json:"why,omitempty"`
	Parallel bool      `json:"parallel"`             // made beside an edit of other fields, and merged with it
	Decision *Decision `json:"decided_by,omitempty"` // of a value that was not chosen
}

// Decision is who decided against a value, and why.
type Decision struct {
	Writer
	Moment
	Why string `json:"why"`
}

var marks = [...]string{merge.Shown: "shown", merge.Superseded: "superseded", merge.Loser: "loser", merge.Violation: "violation",
	merge.Lifted: "lifted", merge.NotLifted: "not_lifted", merge.Resolved: "resolved", merge.Unfit: "unfit"}

// whatOf names what an operation did.
func whatOf(w merge.Write, first bool) string {
	switch w.Kind {
	case merge.Add, merge.Append:
		return "added"
	case merge.Remove:
		return "removed"
	case merge.Increment:
		return "counted"
	case merge.Resolve:
		return "decided"
	case merge.Widen:
		return "widened"
	case merge.Delete:
		return "deleted"
	case merge.Restore:
		return "restored"
	}
	if first {
		return "entered"
	}
	return "changed"
}

// History returns every write of a record that the member may see, deletions included, oldest first.
func (b *Book) History(ctx context.Context, r *Record) ([]Entry, error) {
	if err := b.readNames(ctx); err != nil {
		return nil, err
	}
	h := historian{book: b, record: r, beside: map[causal.Dot]bool{}}
	for _, deltas := range r.deltas {
		for dot := range merge.Beside(b.p.History(), deltas) {
			h.beside[dot] = true
		}
	}
	for _, path := range r.Paths() {
		if !r.MayShowField(path) {
			continue
		}
		if err := h.field(ctx, path); err != nil {
			return nil, err
		}
	}
	endings, err := b.endings(ctx, r)
	for _, e := range endings {
		h.entries = append(h.entries, Entry{Field: merge.Exists, What: e.What, Writer: e.Writer, Moment: e.Moment, Mark: marks[merge.Shown], Why: e.Why})
	}
	slices.SortStableFunc(h.entries, func(x, y Entry) int { return x.At.Compare(y.At) })
	return h.entries, err
}

// historian gathers the history of one record.
type historian struct {
	book    *Book
	record  *Record
	beside  map[causal.Dot]bool // parallel updates
	entries []Entry
}

func (h *historian) field(ctx context.Context, path string) error {
	writes := h.record.Fields[path].History()
	for _, w := range writes {
		e := Entry{Field: path, Value: w.Value, What: whatOf(w, !h.sawAny(w, writes)), Writer: h.book.writer(w.Author), Mark: marks[w.Mark],
			Why: w.Why, Parallel: h.beside[w.Dot]}
		var err error
		if e.Moment, err = h.book.moment(ctx, w.Dot, w.Time); err != nil {
			return err
		}
		if e.Decision, err = h.decision(ctx, w, writes); err != nil {
			return err
		}
		h.entries = append(h.entries, e)
	}
	return nil
}

func (h *historian) saw(a, b merge.Write) bool {
	return a.Dot != b.Dot && h.book.p.History().Saw(h.record.contextOf(a.Dot), b.Dot)
}

func (h *historian) sawAny(w merge.Write, others []merge.Write) bool {
	return slices.ContainsFunc(others, func(o merge.Write) bool { return h.saw(w, o) })
}

// decision finds who decided against a write. A write that says what was chosen lost nothing.
func (h *historian) decision(ctx context.Context, w merge.Write, writes []merge.Write) (*Decision, error) {
	if w.Mark != merge.Resolved {
		return nil, nil
	}
	for _, r := range writes {
		if r.Kind != merge.Resolve || !h.saw(r, w) {
			continue
		}
		if merge.Equal(r.Value, w.Value) {
			return nil, nil
		}
		m, err := h.book.moment(ctx, r.Dot, r.Time)
		return &Decision{Writer: h.book.writer(r.Author), Moment: m, Why: r.Why}, err
	}
	return nil, nil
}
