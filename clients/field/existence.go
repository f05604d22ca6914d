package field

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"escale/clients/profile"
	"escale/schema"
	"escale/sync/causal"
	"escale/sync/changeset"
	"escale/sync/merge"
)

// existence joins what the parts say. A context proves nothing across scopes, so a deletion is written to every part that
// its author may open. A part that no deletion reached, because it was written meanwhile or is sealed to whoever deleted,
// makes a question for those who read it: they are not told by silence that their work is gone.
func existence(states map[string]merge.State) merge.Existence {
	deleted := 0
	for _, s := range states {
		switch s.Exists {
		case merge.Question:
			return merge.Question
		case merge.Deleted:
			deleted++
		}
	}
	switch deleted {
	case 0:
		return merge.Alive
	case len(states):
		return merge.Deleted
	}
	return merge.Question
}

// Ending is a deletion or a restoration of a record.
type Ending struct {
	What string `json:"what"` // deleted or restored
	Writer
	Moment
	Why string `json:"why,omitempty"`
}

// Late is an edit that a deletion had not seen.
type Late struct {
	Writer
	Moment
	Fields []string `json:"fields"`     // paths; empty if they may not be shown, or if somebody kept the record
	Kept   bool     `json:"kept"`       // it says that the record is to be kept
	Knew   bool     `json:"knew_of_it"` // its author had seen a deletion, and wrote nevertheless
}

// Question is a record that somebody deleted while others wrote in it: keep it, or delete it?
type Question struct {
	Record  *Record   `json:"-"`
	ID      string    `json:"record"`
	Code    string    `json:"code,omitempty"`
	Form    string    `json:"form"`
	Site    string    `json:"site"`
	Urgent  bool      `json:"urgent"`
	Since   time.Time `json:"since"`
	Endings []Ending  `json:"endings"` // oldest first
	Late    []Late    `json:"late"`
	Parts   []string  `json:"untouched_parts"` // compartments that no deletion reached
}

func (b *Book) question(ctx context.Context, r *Record) (q Question, err error) {
	q = Question{Record: r, ID: r.ID.String(), Code: r.Code, Form: r.FormID, Site: r.Site, Urgent: r.Urgent(), Late: []Late{}, Parts: []string{}}
	if q.Endings, err = b.endings(ctx, r); err != nil {
		return q, err
	}
	for _, c := range r.compartments() {
		state := r.states[c]
		if state.Exists == merge.Alive {
			q.Parts = append(q.Parts, c)
		}
		for _, e := range state.Unseen {
			late, err := b.late(ctx, r, state, e)
			if err != nil {
				return q, err
			}
			q.Late = append(q.Late, late)
		}
	}
	for _, e := range q.Endings {
		q.Since = later(q.Since, e.Best())
	}
	for _, l := range q.Late {
		q.Since = later(q.Since, l.Best())
	}
	return q, nil
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

func (b *Book) late(ctx context.Context, r *Record, state merge.State, e merge.Edited) (l Late, err error) {
	l = Late{Writer: b.writer(e.Author), Fields: []string{}}
	if l.Moment, err = b.moment(ctx, e.Dot, e.Time); err != nil {
		return l, err
	}
	for _, path := range e.Paths {
		if path == merge.Exists {
			l.Kept = true
		} else if r.MayShowField(path) {
			l.Fields = append(l.Fields, path)
		}
	}
	seen := r.contextOf(e.Dot)
	l.Knew = slices.ContainsFunc(state.Endings, func(w merge.Write) bool {
		return w.Kind == merge.Delete && b.p.History().Saw(seen, w.Dot)
	})
	return l, nil
}

// endings lists who deleted and who restored the record: once for all parts of one save.
func (b *Book) endings(ctx context.Context, r *Record) ([]Ending, error) {
	type save struct {
		by   schema.Device
		at   causal.Time
		kind merge.OpKind
	}
	known := map[save]bool{}
	out := []Ending{}
	for _, c := range r.compartments() {
		for _, w := range r.states[c].Endings {
			if s := (save{w.Author, w.Time, w.Kind}); known[s] {
				continue
			} else {
				known[s] = true
			}
			e := Ending{What: whatOf(w, false), Writer: b.writer(w.Author), Why: w.Why}
			var err error
			if e.Moment, err = b.moment(ctx, w.Dot, w.Time); err != nil {
				return nil, err
			}
			out = append(out, e)
		}
	}
	slices.SortStableFunc(out, func(x, y Ending) int { return x.At.Compare(y.At) })
	return out, nil
}

// Deletion returns who deleted a record last; nil if nobody did.
func (b *Book) Deletion(ctx context.Context, r *Record) (*Ending, error) {
	if err := b.readNames(ctx); err != nil {
		return nil, err
	}
	all, err := b.endings(ctx, r)
	for _, e := range slices.Backward(all) {
		if e.What == "deleted" {
			return &e, err
		}
	}
	return nil, err
}

// Delete marks a record as deleted, with a reason. Nothing is erased: its history stays, and it can be restored. A record
// that is deleted already stays as it is.
func (b *Book) Delete(ctx context.Context, id, why string) (Saved, error) {
	r, err := b.Get(ctx, id)
	if err != nil {
		return Saved{}, err
	}
	return b.end(ctx, r, merge.Delete, why)
}

// Restore brings a deleted record back, with a reason. One that was not deleted stays as it is.
func (b *Book) Restore(ctx context.Context, id, why string) (Saved, error) {
	r, err := b.Get(ctx, id)
	if err != nil {
		return Saved{}, err
	}
	return b.end(ctx, r, merge.Restore, why)
}

// Answer decides whether a record is kept that was deleted while others wrote in it.
func (b *Book) Answer(ctx context.Context, id string, keep bool, why string) (Saved, error) {
	r, err := b.Get(ctx, id)
	switch {
	case err != nil:
		return Saved{}, err
	case r.Exists != merge.Question:
		return Saved{}, ErrNoQuery
	case keep:
		return b.end(ctx, r, merge.Restore, why)
	}
	return b.end(ctx, r, merge.Delete, why)
}

// MayDelete reports whether the member may delete and restore a record: whoever may change every part of it that they may
// open. Somebody who reads a part and may not write in it does not decide over it.
func (b *Book) MayDelete(r *Record) error {
	for _, c := range r.compartments() {
		if !b.access(r.Site, r.Kind, c).Write {
			return fmt.Errorf("%w: %s", ErrReadOnly, c)
		}
	}
	return nil
}

// end writes a deletion or a restoration to every part that does not already say the same, in one save.
func (b *Book) end(ctx context.Context, r *Record, kind merge.OpKind, why string) (Saved, error) {
	if strings.TrimSpace(why) == "" {
		return Saved{}, ErrWhy
	}
	if r.Form == nil {
		return Saved{}, fmt.Errorf("%w: %q", ErrNoForm, r.FormID)
	}
	if err := b.MayDelete(r); err != nil {
		return Saved{}, err
	}
	wanted := merge.Alive
	if kind == merge.Delete {
		wanted = merge.Deleted
	}
	var edits []profile.Edit
	for _, c := range r.compartments() {
		if r.states[c].Exists == wanted {
			continue
		}
		part := r.parts[c][0]
		edits = append(edits, profile.Edit{Scope: part.Scope, Object: part.Object, Pack: r.Pack, View: r.views[c],
			Tags:    []profile.TagOf{{Path: merge.Exists, Class: changeset.Mergeable}},
			Payload: merge.Payload{Ops: []merge.Op{{Kind: kind, Path: merge.Exists, Why: why}}}})
	}
	s := Saved{ID: r.ID, Code: r.Code, Form: r.FormID}
	if len(edits) == 0 {
		return s, nil
	}
	return b.save(ctx, r.Form, s, edits, "")
}
