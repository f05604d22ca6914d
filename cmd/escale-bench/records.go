package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"

	"escale/clients/field"
	"escale/cmd/escale-demo/people"
	"escale/schema"
	"escale/schema/form"
)

const (
	site = "calais"
	seed = 1
	role = "social_supervisor" // sees the records of its whole site
)

// everything lets a device write and read all of the site, so that each form can be measured whole.
func everything() terms { return terms{role: role, read: all, write: all} }

// drawn is what a person types into new records of one form.
type drawn struct {
	form   *form.Form
	values []form.Answers
}

// draw invents records of a form. With a compartment, only what belongs to it is answered.
func (b *bench) draw(formID, compartment string, count int) (*drawn, error) {
	records, err := people.Records(b.source, seed, formID, count)
	if err != nil {
		return nil, err
	}
	bundle, err := b.source.BundleOf(site)
	if err != nil {
		return nil, err
	}
	f, ok := bundle.Form(formID)
	if !ok {
		return nil, fmt.Errorf("%w: %q", field.ErrNoForm, formID)
	}
	d := &drawn{form: f}
	for _, r := range records {
		values := form.Answers(r.Values)
		if compartment != "" {
			values = f.Split(values)[compartment]
		}
		d.values = append(d.values, values)
	}
	return d, nil
}

// line is one record as an import reads it, and as this benchmark counts plain JSON.
type line struct {
	Form   string       `json:"form"`
	Parent string       `json:"parent,omitempty"`
	Values form.Answers `json:"values"`
}

// lines writes records as import lines; parents are taken in turn, and left out where there are none.
func lines(formID string, values []form.Answers, parents []string) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	for i, v := range values {
		l := line{Form: formID, Values: v}
		if len(parents) > 0 {
			l.Parent = parents[i%len(parents)]
		}
		if err := e.Encode(l); err != nil {
			return nil, fmt.Errorf("write a line: %w", err)
		}
	}
	return b.Bytes(), nil
}

// enter saves the records on a laptop as an import does: one by one, each durable before the next.
func (l *laptop) enter(d *drawn, parents []string) (ids []string, err error) {
	book, err := field.Open(l.p)
	if err != nil {
		return nil, err
	}
	text, err := lines(d.form.ID, d.values, parents)
	if err != nil {
		return nil, err
	}
	err = book.Import(l.r.b.ctx, bytes.NewReader(text), func(done field.Imported) error {
		ids = append(ids, done.ID)
		if done.Err != nil {
			return fmt.Errorf("%s, line %d: %w", d.form.ID, done.Line, done.Err)
		}
		return nil
	})
	return ids, err
}

// saved returns the values of records as the laptop shows them, codes that the program made included.
func (l *laptop) saved(ids []string) (values []form.Answers, err error) {
	book, err := field.Open(l.p)
	if err != nil {
		return nil, err
	}
	for _, id := range ids {
		r, err := book.Get(l.r.b.ctx, id)
		if err != nil {
			return nil, err
		}
		values = append(values, r.Answers())
	}
	return values, nil
}

// parts counts the parts of records.
func (l *laptop) parts(ids []string) (n int, err error) {
	for _, id := range ids {
		var r schema.Record
		if err := r.UnmarshalText([]byte(id)); err != nil {
			return 0, err
		}
		parts, err := l.p.PartsOf(l.r.b.ctx, r)
		if err != nil {
			return 0, err
		}
		n += len(parts)
	}
	return n, nil
}

// forms lists the forms of the site by id.
func (b *bench) forms() ([]*form.Form, error) {
	bundle, err := b.source.BundleOf(site)
	if err != nil {
		return nil, err
	}
	out := slices.Clone(bundle.Forms)
	slices.SortFunc(out, func(x, y *form.Form) int { return bytes.Compare([]byte(x.ID), []byte(y.ID)) })
	return out, nil
}

// within keeps a device to one compartment of a kind of record.
func within(kind string, c schema.Compartment) func(schema.ScopeName) bool {
	return func(n schema.ScopeName) bool { return n.Site == site && n.Kind == kind && n.Compartment == c }
}
