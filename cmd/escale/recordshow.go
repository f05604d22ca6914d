package main

import (
	"context"
	"maps"
	"slices"

	"github.com/spf13/cobra"

	"escale/clients/caption"
	"escale/clients/field"
	"escale/clients/text"
	"escale/store/audit"
	"escale/sync/merge"
)

type fieldDoc struct {
	Path        string `json:"path"`
	Label       string `json:"label"`
	Compartment string `json:"compartment"`
	Value       any    `json:"value"`
	Text        string `json:"text"`
	Policy      string `json:"policy"`
	Conflict    bool   `json:"conflict"`
	Review      bool   `json:"review"`     // somebody allowed more than what is in force
	Violations  int    `json:"violations"` // later writes of what is written once
	Siblings    []any  `json:"siblings,omitempty"`
}

type recordDoc struct {
	rowDoc
	Author       string                     `json:"author"` // code of the member
	Deidentified bool                       `json:"deidentified"`
	Deleted      bool                       `json:"deleted"`
	Question     bool                       `json:"question"`         // deleted by one, written in by another
	Ending       *field.Ending              `json:"ending,omitempty"` // who deleted it
	Parts        map[string]field.PartState `json:"parts"`
	Values       map[string]any             `json:"values"`
	Fields       []fieldDoc                 `json:"fields"`
	Parallel     int                        `json:"parallel_updates"`
	Joined       *joinedDoc                 `json:"joined,omitempty"`
}

// joinedDoc sets records of the same key side by side.
type joinedDoc struct {
	Records []string       `json:"records"`
	Totals  map[string]any `json:"totals"`
	Differ  []string       `json:"differ"`
}

func (p *program) showCommand() *cobra.Command {
	return p.leaf("record show", "ID", cobra.ExactArgs(1), p.records(func(ctx context.Context, s *session, b *field.Book, args []string) error {
		r, err := b.Get(ctx, args[0])
		if err != nil {
			return about(err, "id", args[0])
		}
		doc, err := s.describeRecord(ctx, b, r)
		if err != nil {
			return err
		}
		if err := s.record(audit.Entry{Kind: audit.Opening, Record: r.ID[:]}); err != nil {
			return err
		}
		return s.print(doc, func(w *page) { s.showRecord(w, r, doc) })
	}))
}

func (s *session) describeRecord(ctx context.Context, b *field.Book, r *field.Record) (*recordDoc, error) {
	doc := &recordDoc{rowDoc: describeRow(r), Author: b.AuthorCode(r.Author), Deidentified: r.Deidentified(), Deleted: r.Exists == merge.Deleted, Question: r.Exists == merge.Question,
		Parts: r.Parts, Values: map[string]any{}, Fields: []fieldDoc{}, Parallel: b.Parallel(r)}
	for _, path := range r.Paths() {
		if f := r.Fields[path]; r.MayShowField(path) {
			doc.Fields = append(doc.Fields, s.describeField(r, f))
			if f.Value != nil {
				doc.Values[path] = f.Value
			}
		}
	}
	var err error
	if doc.Deleted {
		if doc.Ending, err = b.Deletion(ctx, r); err != nil {
			return nil, err
		}
	}
	j, err := b.JoinedWith(ctx, r)
	if err != nil || j == nil {
		return doc, err
	}
	doc.Joined = &joinedDoc{Records: []string{}, Totals: map[string]any{}, Differ: []string{}}
	for _, other := range j.Records {
		doc.Joined.Records = append(doc.Joined.Records, other.ID.String())
	}
	for _, f := range j.Fields {
		switch {
		case !r.MayShowField(f.Path):
		case f.Total != nil:
			doc.Joined.Totals[f.Path] = f.Total
		case f.Differ:
			doc.Joined.Differ = append(doc.Joined.Differ, f.Path)
		}
	}
	return doc, nil
}

func (s *session) describeField(r *field.Record, f *merge.Field) fieldDoc {
	d := fieldDoc{Path: f.Path, Label: caption.FieldOf(r, f.Path, s.say.Lang()), Value: f.Value, Text: caption.Value(s.say, r.Form, f.Path, f.Value),
		Policy: string(f.Policy), Conflict: f.Conflict, Review: f.Review, Violations: f.Violations}
	if r.Form != nil {
		if fd, ok := r.Form.Lookup(f.Path); ok {
			d.Compartment = fd.Compartment
		}
	}
	if f.Conflict {
		for _, sib := range f.Siblings {
			d.Siblings = append(d.Siblings, sib.Value)
		}
	}
	return d
}

func (s *session) showRecord(w *page, r *field.Record, doc *recordDoc) {
	w.s(text.RecordHeading, "form", caption.FormOf(r, s.say.Lang()), "id", caption.Name(r), "site", r.Site, "date", r.Created.Local(), "who", doc.Author)
	if doc.Question {
		w.line("  " + s.say.S(text.RecordEditedAfterDelete))
	}
	if e := doc.Ending; e != nil {
		w.line("  " + s.say.S(text.RecordDeleted, "who", s.who(e.Writer), "date", e.At.Local()))
		w.line("  " + s.say.S(text.RecordHistoryWhy, "why", e.Why))
	}
	for _, f := range doc.Fields {
		if f.Text == "" {
			continue
		}
		w.line("  " + s.say.S(text.RecordField, "field", f.Label, "value", f.Text))
		if f.Conflict {
			w.line("    " + s.say.S(text.RecordStateConflict))
		}
		if f.Review {
			w.line("    " + s.say.S(text.ConflictConsent))
		}
		if f.Violations > 0 {
			w.line("    " + s.say.S(text.ConflictWriteOnce, "field", f.Label))
		}
	}
	unseen := map[field.PartState]text.Key{field.PartSealed: text.RecordSealedPart, field.PartPending: text.RecordPendingPart}
	for _, c := range slices.Sorted(maps.Keys(doc.Parts)) {
		if why, ok := unseen[doc.Parts[c]]; ok {
			w.line("  " + s.say.S(text.RecordPart, "part", s.partLabel(r, c), "state", s.say.S(why)))
		}
	}
	if doc.Joined != nil {
		s.showJoined(w, r, doc.Joined)
	}
}

func (s *session) showJoined(w *page, r *field.Record, j *joinedDoc) {
	w.n(text.RecordJoined, len(j.Records))
	for _, path := range slices.Sorted(maps.Keys(j.Totals)) {
		w.line("  " + s.say.S(text.RecordJoinedTotal, "field", caption.FieldOf(r, path, s.say.Lang()), "total", j.Totals[path]))
	}
	for _, path := range j.Differ {
		w.line("  " + s.say.S(text.RecordJoinedDiffer, "field", caption.FieldOf(r, path, s.say.Lang())))
	}
}
