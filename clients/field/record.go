package field

import (
	"context"
	"slices"
	"strings"
	"time"

	"escale/clients/profile"
	"escale/crypto/ledger"
	"escale/schema"
	"escale/schema/form"
	"escale/sync/causal"
	"escale/sync/merge"
)

// PartState says what can be shown of a part of a record.
type PartState string

// The states of a part.
const (
	PartOpen    PartState = "open"
	PartPending PartState = "pending" // the form always makes it, and it has not arrived
	PartSealed  PartState = "sealed"  // this member may not open it
)

// Record is a record as one member may see it.
type Record struct {
	ID      schema.Record
	Form    *form.Form // the version that it was written with; nil while that is not here
	FormID  string
	Pack    schema.Pack
	Site    string
	Kind    string
	Code    string // the record's own code, if the form has one
	Created time.Time
	Author  schema.Device
	Parts   map[string]PartState // by compartment
	Fields  map[string]*merge.Field
	Exists  merge.Existence // over all parts: one that no deletion reached makes a question of it
	Limit   string          // site, own, deid: how far the member's role reaches

	parts  map[string][]*profile.Part
	deltas map[string][]merge.Delta
	states map[string]merge.State
	views  map[string]causal.Context // what was shown of each compartment, so that an edit cites no more
	unsent bool
}

// Sent reports whether the hub holds everything of the record that is here.
func (r *Record) Sent() bool { return !r.unsent }

// Get returns a record by its id, the beginning of its id, or its code.
func (b *Book) Get(ctx context.Context, text string) (*Record, error) {
	id, err := b.find(ctx, text)
	if err != nil {
		return nil, err
	}
	parts, err := b.p.PartsOf(ctx, id)
	if err != nil {
		return nil, err
	}
	r, err := b.build(id, parts)
	if err != nil {
		return nil, err
	}
	if r == nil || !b.mayShow(r) {
		return nil, ErrNoRecord
	}
	return r, nil
}

// each calls f for every record that the member may see, oldest first.
func (b *Book) each(ctx context.Context, f func(*Record) error) error {
	byRecord := map[schema.Record][]*profile.Part{}
	var order []schema.Record
	err := b.p.Parts(ctx, func(part *profile.Part) error {
		if part.Created() {
			if _, ok := byRecord[part.Record]; !ok {
				order = append(order, part.Record)
			}
			byRecord[part.Record] = append(byRecord[part.Record], part)
		}
		return nil
	})
	if err != nil {
		return err
	}
	for _, id := range order {
		r, err := b.build(id, byRecord[id])
		if err != nil {
			return err
		}
		if r == nil || !b.mayShow(r) {
			continue
		}
		if err := f(r); err != nil {
			return err
		}
	}
	return nil
}

// build merges the parts of one record. Records of the directory are none.
func (b *Book) build(id schema.Record, parts []*profile.Part) (*Record, error) {
	r := &Record{ID: id, Parts: map[string]PartState{}, Fields: map[string]*merge.Field{}, parts: map[string][]*profile.Part{},
		deltas: map[string][]merge.Delta{}, states: map[string]merge.State{}, views: map[string]causal.Context{}}
	for _, part := range parts {
		n, ok := b.p.Directory().Scopes[part.Scope]
		if !ok || !part.Created() {
			continue
		}
		c := string(n.Compartment)
		r.Site, r.Kind, r.FormID = n.Site, n.Kind, part.Form
		r.parts[c] = append(r.parts[c], part)
		r.views[c] = join(r.views[c], b.p.View(part))
		r.unsent = r.unsent || !b.p.AtHub(part)
		deltas, err := b.p.Deltas(part)
		if err != nil {
			return nil, err
		}
		if len(deltas) > 0 {
			r.deltas[c] = append(r.deltas[c], deltas...)
			r.Pack = part.Deltas[0].Pack
		}
	}
	if len(r.deltas) == 0 {
		return nil, nil
	}
	b.mergeParts(r)
	b.describe(r)
	return r, nil
}

func (b *Book) mergeParts(r *Record) {
	if bundle, ok := b.p.Bundle(r.Pack); ok {
		r.Form, _ = bundle.Form(r.FormID)
	}
	for c, deltas := range r.deltas {
		state := merge.Merge(b.p.History(), deltas, rules(r.Form))
		r.states[c] = state
		for path, f := range state.Fields {
			r.Fields[path] = f
		}
		r.Parts[c] = PartOpen
	}
	r.Exists = existence(r.states)
}

// describe fills in what the anchor says and which parts cannot be shown.
func (b *Book) describe(r *Record) {
	for c, deltas := range r.deltas {
		for _, d := range deltas {
			if at := d.Time.Wall(); r.Created.IsZero() || at.Before(r.Created) || (c == string(schema.Anchor) && at.Equal(r.Created)) {
				r.Created, r.Author = at, d.Author
			}
		}
	}
	for _, part := range r.parts[string(schema.Anchor)] {
		for _, c := range part.Parts {
			if _, ok := r.Parts[string(c)]; !ok {
				r.Parts[string(c)] = PartPending
			}
		}
	}
	if r.Form != nil {
		for _, c := range r.Form.Compartments() {
			if state, ok := r.Parts[c]; (!ok || state == PartPending) && !b.reads(r.Site, r.Kind, c) {
				r.Parts[c] = PartSealed
			}
		}
		if f := r.Form.CodeField(); f != nil {
			r.Code = r.text(f.Path)
		}
	}
	r.Limit = b.access(r.Site, r.Kind, string(schema.Anchor)).Scope
}

func (b *Book) reads(site, kind, compartment string) bool {
	scope, err := b.p.Directory().ScopeOf(schema.ScopeName{Site: site, Kind: kind, Compartment: schema.Compartment(compartment)})
	return err == nil && b.p.Reads(scope)
}

// mayShow keeps the limits of the form pack's record_access table.
func (b *Book) mayShow(r *Record) bool {
	switch r.Limit {
	case "site", "deid":
		return true
	case "none", "tb", "":
		return false
	}
	if b.p.Log() == nil {
		return false
	}
	author, ok := b.p.Log().State().Device(r.Author)
	if ok && (author.Member == b.p.Keys.Member || !b.anchorReader(r, author)) {
		return true
	}
	own := b.memberCode()
	for _, f := range r.Fields {
		if f.Value == own {
			return true
		}
	}
	return false
}

// anchorReader reports whether a device may read the scope in which a record's anchor lies. What was captured where it
// cannot be read, such as a testimony in Tripoli, is nobody's own: it falls to those who may read its scope, else no one
// could ever follow it up.
func (b *Book) anchorReader(r *Record, d *ledger.Device) bool {
	for _, part := range r.parts[string(schema.Anchor)] {
		if slices.Contains(d.Now().Read, part.Scope) {
			return true
		}
	}
	return false
}

// Deidentified reports whether the member's role sees this record without what could tell who it is about.
func (r *Record) Deidentified() bool { return r.Limit == "deid" }

func (r *Record) text(path string) string {
	if f, ok := r.Fields[path]; ok {
		if s, ok := f.Value.(string); ok {
			return s
		}
	}
	return ""
}

// Answers returns the values that are shown, by path.
func (r *Record) Answers() form.Answers {
	out := form.Answers{}
	for path, f := range r.Fields {
		if f.Value != nil {
			out[path] = f.Value
		}
	}
	return out
}

// Paths returns the paths of all fields in the order of the form.
func (r *Record) Paths() []string {
	answers := form.Answers{}
	for path := range r.Fields {
		answers[path] = ""
	}
	if r.Form == nil {
		out := make([]string, 0, len(answers))
		for path := range answers {
			out = append(out, path)
		}
		slices.Sort(out)
		return out
	}
	return r.Form.SortedPaths(answers)
}

// Conflicts lists the fields of the record that wait for a person.
func (r *Record) Conflicts() []merge.Conflict {
	var out []merge.Conflict
	for _, c := range r.compartments() {
		out = append(out, merge.Conflicts(r.states[c])...)
	}
	return out
}

// Parallel counts concurrent edits of different fields, which concern nobody.
func (b *Book) Parallel(r *Record) int {
	n := 0
	for _, deltas := range r.deltas {
		n += merge.Parallel(b.p.History(), deltas)
	}
	return n
}

func (r *Record) compartments() []string {
	var out []string
	for c := range r.states {
		out = append(out, c)
	}
	slices.Sort(out)
	return out
}

// MayShowField reports whether a field may be shown to the member: a role that sees records without names sees only
// what an export without names would hold.
func (r *Record) MayShowField(path string) bool {
	if !r.Deidentified() {
		return true
	}
	if r.Form == nil {
		return false
	}
	f, ok := r.Form.Lookup(path)
	return ok && f.Export == "keep"
}

// List returns the records that the member may see, newest first, of one form if formID is not empty. Those that were
// deleted are left out; those of which that is a question are not.
func (b *Book) List(ctx context.Context, formID string) ([]*Record, error) {
	return b.list(ctx, formID, false)
}

// ListDeleted returns the deleted records that the member may see, newest first, of one form if formID is not empty.
func (b *Book) ListDeleted(ctx context.Context, formID string) ([]*Record, error) {
	return b.list(ctx, formID, true)
}

func (b *Book) list(ctx context.Context, formID string, deleted bool) ([]*Record, error) {
	var out []*Record
	err := b.each(ctx, func(r *Record) error {
		if (formID == "" || r.FormID == formID) && (r.Exists == merge.Deleted) == deleted {
			out = append(out, r)
		}
		return nil
	})
	slices.SortStableFunc(out, func(x, y *Record) int {
		if c := y.Created.Compare(x.Created); c != 0 {
			return c
		}
		return strings.Compare(x.ID.String(), y.ID.String())
	})
	return out, err
}

// Each calls f for every record that the member may see, oldest first.
func (b *Book) Each(ctx context.Context, f func(*Record) error) error { return b.each(ctx, f) }
