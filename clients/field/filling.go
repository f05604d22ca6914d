package field

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"escale/schema/form"
	"escale/sync/merge"
)

// Filling is a form that a member fills in page by page: a new record, or changes to one. Nothing of it is a record before
// Finish, and its session knows what the member may write.
type Filling struct {
	Session *form.Session
	Form    *form.Form
	Word    string // drawn by whoever keeps it; a form that is saved under a word is never resumed again

	hidden map[string]bool
	fresh  New
	record *Record      // of an edit: as it was shown when it began
	before form.Answers // of an edit
}

// Begin starts a new record. What the agent makes and a person may correct, such as the day, is filled in already.
func (b *Book) Begin(ctx context.Context, n New, language string) (*Filling, error) {
	site, err := b.siteFor(n)
	if err != nil {
		return nil, err
	}
	bundle, _, err := b.bundle(site)
	if err != nil {
		return nil, err
	}
	f, ok := bundle.Form(n.Form)
	if !ok {
		return nil, fmt.Errorf("%w: %q", ErrNoForm, n.Form)
	}
	n.Site = site
	if n.Code, err = b.parentCode(ctx, f, n.Parent); err != nil {
		return nil, err
	}
	out := &Filling{Form: f, fresh: n, hidden: b.hidden(f, site)}
	if out.hidden[form.Anchor] {
		return nil, fmt.Errorf("%w: %s at %s", ErrReadOnly, f.RecordKind, site)
	}
	src := b.sources(out.hidden, site, n.Code)
	made, err := f.Generate(form.Answers{}, src)
	if err != nil {
		return nil, err
	}
	if out.Session, err = f.Begin(language, src); err != nil {
		return nil, err
	}
	return out, out.offer(made)
}

// MayBegin reports whether the member may write records of a form at some site.
func (b *Book) MayBegin(f *form.Form) bool {
	return slices.ContainsFunc(b.Sites(), func(site string) bool { return !b.hidden(f, site)[form.Anchor] })
}

func (b *Book) sources(hidden map[string]bool, site, parent string) form.Sources {
	return form.Sources{Random: b.p.Rand(), Now: b.p.Now(), Member: b.memberCode(), Parent: parent, Site: site, Hidden: hidden}
}

// offer puts what the agent made into the questions that a person may correct.
func (x *Filling) offer(made form.Answers) error {
	for _, leaf := range x.Session.Leaves() {
		value, ok := made[PathOf(leaf.Key)].(string)
		fd, known := x.Form.Lookup(PathOf(leaf.Key))
		if !ok || !known || fd.Generate == "" || fd.ReadOnly || leaf.Value != "" {
			continue
		}
		if err := x.Session.Set(leaf.Key, value); err != nil {
			return err
		}
	}
	return nil
}

// Change starts an edit of a record as it is shown. Entries of lists that only grow, and counts, are not offered again: a
// save adds to them.
func (b *Book) Change(r *Record, language string) (*Filling, error) {
	if r.Form == nil {
		return nil, fmt.Errorf("%w: %q", ErrNoForm, r.FormID)
	}
	if r.Exists == merge.Deleted {
		return nil, ErrDeleted
	}
	x := &Filling{Form: r.Form, record: r, before: form.Answers{}, hidden: b.hidden(r.Form, r.Site)}
	for path, value := range r.Answers() {
		if fd, ok := r.Form.Lookup(path); ok && fd.Merge != form.Append && fd.Merge != form.Counter {
			x.before[path] = value
		}
	}
	for c, state := range r.Parts {
		if state != PartOpen { // what cannot be seen is not written over
			x.hidden[c] = true
		}
	}
	var err error
	x.Session, err = r.Form.Edit(x.before, language, b.sources(x.hidden, r.Site, ""))
	if err == nil {
		x.before = x.Session.Answers() // what is calculated anew is no change by a person
	}
	return x, err
}

// Editing reports an edit of a record that exists already.
func (x *Filling) Editing() bool { return x.record != nil }

// Asks reports whether a question is one for this member: of a part that they may write, and not one that is only shown and
// has nothing to show.
func (x *Filling) Asks(e form.Element) bool {
	if x.hidden[e.Item.Compartment] {
		return false
	}
	return e.Item.Type == form.TypeNote || !e.ReadOnly || e.Value != ""
}

// Troubles lists what keeps the form from being saved, without what the agent makes at saving.
func (x *Filling) Troubles() []form.Trouble {
	var out []form.Trouble
	for _, t := range x.Session.Troubles() {
		fd, ok := x.Form.Lookup(PathOf(t.Key))
		if ok && fd.ReadOnly && t.Check == form.CheckRequired {
			continue
		}
		out = append(out, t)
	}
	return out
}

// PathOf turns a session's key into the path of an answer: without groups, with the instances of repeats.
func PathOf(key string) string {
	steps := strings.Split(strings.TrimPrefix(key, "/"), "/")
	var out []string
	for i, step := range steps {
		name, id, instance := strings.Cut(step, "~")
		switch {
		case instance:
			out = append(out, name, id)
		case i == len(steps)-1:
			out = append(out, name)
		}
	}
	return strings.Join(out, "/")
}

// Finish saves what was filled in.
func (b *Book) Finish(ctx context.Context, x *Filling) (Saved, error) {
	x.Session.Finish(b.p.Now())
	answers := form.Answers{}
	for path, value := range x.Session.Answers() {
		if fd, ok := x.Form.Lookup(path); ok && !x.hidden[fd.Compartment] && (!fd.ReadOnly || fd.Key) {
			answers[path] = value
		}
	}
	if x.record == nil {
		n := x.fresh
		n.Answers = answers
		var err error
		if n.once, err = b.markOf(x.Word); err != nil {
			return Saved{}, err
		}
		return b.Create(ctx, n)
	}
	return b.EditShown(ctx, x.record, Change{Answers: x.changes(answers)})
}

// changes is what differs from the beginning; an answer that was taken away is cleared.
func (x *Filling) changes(answers form.Answers) form.Answers {
	before := form.Answers{}
	for path, value := range x.before {
		if fd, ok := x.Form.Lookup(path); ok && !x.hidden[fd.Compartment] && (!fd.ReadOnly || fd.Key) {
			before[path] = value
		}
	}
	out := form.Answers{}
	for _, path := range form.Changed(before, answers) {
		out[path] = answers[path]
	}
	return out
}
