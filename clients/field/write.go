package field

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"escale/clients/profile"
	"escale/schema"
	"escale/schema/form"
	"escale/schema/pack"
	"escale/sync/causal"
	"escale/sync/changeset"
	"escale/sync/merge"
)

// New is a record to be.
type New struct {
	Form    string
	Site    string // may be empty where the device has one site, or the answers say it
	Parent  string // id, beginning of an id, or code of the record that it belongs to
	Code    string // code of that record, where it is known already
	Answers form.Answers

	once mark
}

// Saved is a record that is durable on this laptop.
type Saved struct {
	ID   schema.Record
	Code string
	Form string
	Time causal.Time
}

// Create validates, completes, seals and saves a new record.
func (b *Book) Create(ctx context.Context, n New) (Saved, error) {
	site, err := b.siteFor(n)
	if err != nil {
		return Saved{}, err
	}
	bundle, pack, err := b.bundle(site)
	if err != nil {
		return Saved{}, err
	}
	f, ok := bundle.Form(n.Form)
	if !ok {
		return Saved{}, fmt.Errorf("%w: %q", ErrNoForm, n.Form)
	}
	parent := n.Code
	if parent == "" {
		if parent, err = b.parentCode(ctx, f, n.Parent); err != nil {
			return Saved{}, err
		}
	}
	hidden := b.hidden(f, site)
	if hidden[form.Anchor] {
		return Saved{}, fmt.Errorf("%w: %s at %s", ErrReadOnly, f.RecordKind, site)
	}
	answers, err := f.Generate(n.Answers, form.Sources{Random: b.p.Rand(), Now: b.p.Now(), Member: b.memberCode(), Parent: parent, Site: site, Hidden: hidden})
	if err != nil {
		return Saved{}, err
	}
	if err := f.Validate(answers, form.Options{Now: b.p.Now(), Hidden: hidden}).Err(); err != nil {
		return Saved{}, err
	}
	edits, id, err := b.creation(f, site, pack, answers, hidden)
	if err != nil {
		return Saved{}, err
	}
	s := Saved{ID: id, Form: f.ID}
	if c := f.CodeField(); c != nil {
		s.Code, _ = answers[c.Path].(string)
	}
	return b.save(ctx, f, s, edits, n.once)
}

func (b *Book) siteFor(n New) (string, error) {
	if n.Site != "" {
		return n.Site, nil
	}
	if s, ok := n.Answers["site_code"].(string); ok && slices.Contains(b.Sites(), s) {
		return s, nil
	}
	if sites := b.Sites(); len(sites) == 1 {
		return sites[0], nil
	}
	return "", ErrNoSite
}

// parentCode returns the code that ties a record to its parent. A device that cannot read the parent passes its code on.
func (b *Book) parentCode(ctx context.Context, f *form.Form, parent string) (string, error) {
	if f.ParentKind == "" || parent == "" {
		return parent, nil
	}
	r, err := b.Get(ctx, parent)
	if errors.Is(err, ErrNoRecord) {
		return form.CanonicalKey(parent), nil
	}
	if err != nil {
		return "", err
	}
	return r.Code, nil
}

// creation makes one edit for each compartment: the anchor first, whose object names the record.
func (b *Book) creation(f *form.Form, site string, pack schema.Pack, answers form.Answers, hidden map[string]bool) ([]profile.Edit, schema.Record, error) {
	split := f.Split(answers)
	var record schema.Record
	var edits []profile.Edit
	for _, c := range f.Compartments() {
		part := split[c]
		if c != form.Anchor && len(part) == 0 {
			continue
		}
		e, object, err := b.newPart(f, site, c, pack)
		if err != nil {
			return nil, record, err
		}
		if c == form.Anchor {
			record = object
			for _, always := range f.AlwaysParts() {
				if always != form.Anchor && !hidden[always] {
					e.Payload.Parts = append(e.Payload.Parts, schema.Compartment(always))
				}
			}
		} else {
			e.Payload.Record = record
		}
		if e.Payload.Ops, err = creatingOps(f, part); err != nil {
			return nil, record, err
		}
		edits = append(edits, e)
	}
	return edits, record, nil
}

func (b *Book) newPart(f *form.Form, site, compartment string, pack schema.Pack) (e profile.Edit, o schema.Object, err error) {
	scope, err := b.p.Directory().ScopeOf(schema.ScopeName{Site: site, Kind: f.RecordKind, Compartment: schema.Compartment(compartment)})
	if err != nil {
		return e, o, err
	}
	seed, o, err := b.p.NewObject(scope)
	if err != nil {
		return e, o, err
	}
	return profile.Edit{Scope: scope, Seed: &seed, Pack: pack, Payload: merge.Payload{Form: f.ID}}, o, nil
}

func creatingOps(f *form.Form, answers form.Answers) ([]merge.Op, error) {
	var ops []merge.Op
	for _, path := range f.SortedPaths(answers) {
		more, err := opsFor(f, merge.Field{Path: path}, answers[path], merge.How{})
		if err != nil {
			return nil, err
		}
		ops = append(ops, more...)
	}
	return ops, nil
}

func opsFor(f *form.Form, old merge.Field, value any, how merge.How) ([]merge.Op, error) {
	fd, ok := f.Lookup(old.Path)
	if !ok {
		return nil, form.Problem{Form: f.ID, Path: old.Path, Check: form.CheckUnknown}
	}
	rule, ok := ruleOf(fd)
	if !ok {
		return nil, fmt.Errorf("field %s: unknown merge policy %q", old.Path, fd.Merge)
	}
	ops, err := merge.WriteFor(rule, old, value, how)
	if err != nil {
		return nil, fmt.Errorf("field %s: %w", old.Path, err)
	}
	return ops, nil
}

// Change is an edit of a record. Consent given anew may widen what was restricted; Correct records a correction beside a
// value that is written once.
type Change struct {
	Answers form.Answers
	How     merge.How

	once mark
}

// Edit changes fields of a record as it is shown now.
func (b *Book) Edit(ctx context.Context, id string, c Change) (Saved, error) {
	r, err := b.Get(ctx, id)
	if err != nil {
		return Saved{}, err
	}
	return b.EditShown(ctx, r, c)
}

// EditShown changes fields of a record as it was shown: what came in since counts as unseen.
func (b *Book) EditShown(ctx context.Context, r *Record, c Change) (Saved, error) {
	if r.Form == nil {
		return Saved{}, fmt.Errorf("%w: %q", ErrNoForm, r.FormID)
	}
	if r.Exists == merge.Deleted {
		return Saved{}, ErrDeleted
	}
	before := r.Answers()
	hidden := b.hidden(r.Form, r.Site)
	options := form.Options{Now: b.p.Now(), Before: before, Hidden: hidden}
	if err := r.Form.Validate(form.Apply(before, c.Answers), options).Err(); err != nil {
		return Saved{}, err
	}
	var edits []profile.Edit
	split := r.Form.Split(c.Answers)
	for _, compartment := range r.Form.Compartments() {
		changes := split[compartment]
		if len(changes) == 0 {
			continue
		}
		if hidden[compartment] {
			return Saved{}, fmt.Errorf("%w: %s", ErrReadOnly, compartment)
		}
		e, err := b.change(r, compartment, changes, c.How)
		if err != nil {
			return Saved{}, err
		}
		if len(e.Payload.Ops) > 0 {
			edits = append(edits, e)
		}
	}
	s := Saved{ID: r.ID, Code: r.Code, Form: r.FormID}
	if len(edits) == 0 && c.once == "" {
		return s, nil
	}
	return b.save(ctx, r.Form, s, edits, c.once)
}

// NoReaderError says which part of a record nobody could read, and which roles could if they were invited.
type NoReaderError struct {
	Part       string
	PartLabel  form.Text
	Roles      []string
	RoleLabels map[string]form.Text
	err        error
}

// Error is that of the scope.
func (e *NoReaderError) Error() string { return e.err.Error() }

// Unwrap returns profile.ErrScopeClosed, among others.
func (e *NoReaderError) Unwrap() error { return e.err }

// save makes edits durable. Where a scope has no reader yet, the error says who could become one.
func (b *Book) save(ctx context.Context, f *form.Form, s Saved, edits []profile.Edit, once mark) (Saved, error) {
	urgent := slices.ContainsFunc(edits, func(e profile.Edit) bool { return alarms(f, e.Payload.Ops) })
	for i := range edits {
		edits[i].Urgent = urgent
	}
	var err error
	s.Time, err = b.p.Save(ctx, edits, once.of(s.ID)...)
	var closed *profile.ClosedScopeError
	switch {
	case err == nil:
		return s, nil
	case !errors.As(err, &closed):
		return Saved{}, err
	}
	out := &NoReaderError{Part: string(closed.Name.Compartment), err: err}
	if bundle, _, err := b.bundle(closed.Name.Site); err == nil {
		out.label(&bundle.Tables, closed.Name.Kind)
	}
	return Saved{}, out
}

func (e *NoReaderError) label(t *pack.Tables, kind string) {
	e.Roles, e.RoleLabels = t.Readers(kind, e.Part), map[string]form.Text{}
	for _, name := range e.Roles {
		if r, ok := t.Role(name); ok {
			e.RoleLabels[name] = r.Label
		}
	}
	for _, c := range t.Compartments {
		if c.Name == e.Part {
			e.PartLabel = c.Purpose
		}
	}
}

// alarms reports whether an edit says what cannot wait.
func alarms(f *form.Form, ops []merge.Op) bool {
	return slices.ContainsFunc(ops, func(o merge.Op) bool {
		fd, ok := f.Lookup(o.Path)
		return ok && form.Gravest(fd, o.Value)
	})
}

// change makes the edit of one part; a part that nobody wrote yet is created, pointing to the record.
func (b *Book) change(r *Record, compartment string, changes form.Answers, how merge.How) (profile.Edit, error) {
	parts := r.parts[compartment]
	if len(parts) == 0 {
		e, _, err := b.newPart(r.Form, r.Site, compartment, r.Pack)
		if err != nil {
			return e, err
		}
		e.Payload.Record = r.ID
		e.Payload.Ops, err = creatingOps(r.Form, changes)
		return e, err
	}
	e := profile.Edit{Scope: parts[0].Scope, Object: parts[0].Object, Pack: r.Pack, View: r.views[compartment]}
	for _, path := range r.Form.SortedPaths(changes) {
		old := merge.Field{Path: path}
		if f, ok := r.Fields[path]; ok {
			old = *f
		}
		ops, err := opsFor(r.Form, old, changes[path], how)
		if err != nil {
			return e, err
		}
		if len(ops) > 0 {
			e.Tags = append(e.Tags, profile.TagOf{Path: path, Class: classOf(r.Form, path)})
			e.Payload.Ops = append(e.Payload.Ops, ops...)
		}
	}
	return e, nil
}

func classOf(f *form.Form, path string) changeset.Class {
	if fd, ok := f.Lookup(path); ok {
		if p, err := merge.ParsePolicy(string(fd.Merge)); err == nil && p.Exclusive() {
			return changeset.Exclusive
		}
	}
	return changeset.Mergeable
}

// join adds what b saw to what a saw; each change-set once.
func join(a, b causal.Context) causal.Context {
	for _, s := range b {
		if !slices.ContainsFunc(a, func(x causal.Seen) bool { return x.Set == s.Set }) {
			a = append(a, s)
		}
	}
	return a
}

// Resolve decides a conflict: one of the siblings, or another value. The others stay in history, with the reason.
func (b *Book) Resolve(ctx context.Context, id, path string, take int, value any, why string) (Saved, error) {
	r, err := b.Get(ctx, id)
	if err != nil {
		return Saved{}, err
	}
	if strings.TrimSpace(why) == "" {
		return Saved{}, ErrWhy
	}
	if take > 0 {
		f, ok := r.Fields[path]
		if !ok || take > len(f.Siblings) {
			return Saved{}, ErrNoSibling
		}
		value = f.Siblings[take-1].Value
	}
	return b.EditShown(ctx, r, Change{Answers: form.Answers{path: value}, How: merge.How{Why: why}})
}
