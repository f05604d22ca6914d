// Package field holds what outreach teams do: write, read, search, edit, resolve, import. It joins forms, merge policies
// and a member's profile.
//
// A save is validated as a whole, split by compartment, sealed, and durable in one step. What a role may not read is shown
// as sealed and never as absent. The limits "own" and "deid" of the form pack are kept here, by the program; the keys
// could open more (SECURITY.md says so).
package field

import (
	"context"
	"crypto/sha256"
	"encoding/base32"
	"errors"
	"fmt"
	"slices"
	"strings"

	"escale/clients/profile"
	"escale/schema"
	"escale/schema/form"
	"escale/schema/pack"
	"escale/sync/merge"
)

// Errors that callers decide by.
var (
	ErrNoForm    = errors.New("no such form on this laptop")
	ErrNoRecord  = errors.New("no such record on this laptop")
	ErrAmbiguous = errors.New("several records begin with this")
	ErrNoSite    = errors.New("say for which site")
	ErrNoParent  = errors.New("this form belongs to another record: say to which")
	ErrReadOnly  = errors.New("this member may not write here")
	ErrNoSibling = errors.New("there is no such value to choose")
	ErrWhy       = errors.New("a decision needs a reason")
	ErrDeleted   = errors.New("the record was deleted: it is written in again once it is restored")
	ErrNoQuery   = errors.New("nobody has to decide whether this record is kept")
)

// Book is a member's records on one laptop.
type Book struct {
	p     *profile.Profile
	role  string
	names map[schema.Member]string // nil until they are asked for
}

// Open returns the records of an unlocked profile.
func Open(p *profile.Profile) (*Book, error) {
	self, err := p.Self()
	if err != nil {
		return nil, err
	}
	if err := p.Standing(); err != nil {
		return nil, err
	}
	return &Book{p: p, role: self.Now().Role}, nil
}

// Role returns the member's role.
func (b *Book) Role() string { return b.role }

// MemberCode is what stands for a member in records: never a name.
func MemberCode(m schema.Member) string {
	sum := sha256.Sum256(append([]byte("escale/v1/member-code\x00"), m[:]...))
	text := base32.StdEncoding.EncodeToString(sum[:5])
	return text[:4] + "-" + text[4:]
}

// Sites lists the sites in which this device may write or read, sorted.
func (b *Book) Sites() []string {
	var out []string
	for _, s := range b.scopes() {
		if n, ok := b.p.Directory().Scopes[s]; ok {
			out = append(out, n.Site)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func (b *Book) scopes() []schema.Scope {
	self, err := b.p.Self()
	if err != nil {
		return nil
	}
	terms := self.Now()
	return append(slices.Clone(terms.Read), terms.Write...)
}

// bundle returns the newest form bundle of a site.
func (b *Book) bundle(site string) (*pack.Bundle, schema.Pack, error) {
	d := b.p.Directory()
	k, ok := d.Bundles[d.BundleOf[site]]
	if !ok {
		return nil, schema.Pack{}, fmt.Errorf("%w: site %q has no form pack yet", ErrNoForm, site)
	}
	bundle, ok := b.p.Bundle(k.Pack)
	if !ok {
		return nil, schema.Pack{}, fmt.Errorf("%w: the form pack of site %q is not here yet", ErrNoForm, site)
	}
	return bundle, k.Pack, nil
}

// Forms lists the forms of the sites of this device, by id.
func (b *Book) Forms() []*form.Form {
	byID := map[string]*form.Form{}
	for _, site := range b.Sites() {
		bundle, _, err := b.bundle(site)
		if err != nil {
			continue // a site whose forms have not arrived yet
		}
		for _, f := range bundle.Forms {
			byID[f.ID] = f
		}
	}
	var out []*form.Form
	for _, f := range byID {
		out = append(out, f)
	}
	slices.SortFunc(out, func(x, y *form.Form) int { return strings.Compare(x.ID, y.ID) })
	return out
}

// access is what the member's role may do with a kind and compartment at a site.
func (b *Book) access(site, kind, compartment string) pack.Access {
	bundle, _, err := b.bundle(site)
	if err != nil {
		return pack.Access{}
	}
	return bundle.Access(b.role, kind, compartment)
}

// hidden lists the compartments of a form that this device may not write at a site.
func (b *Book) hidden(f *form.Form, site string) map[string]bool {
	out := map[string]bool{}
	for _, c := range f.Compartments() {
		scope, err := b.p.Directory().ScopeOf(schema.ScopeName{Site: site, Kind: f.RecordKind, Compartment: schema.Compartment(c)})
		if err != nil || !slices.Contains(b.scopes(), scope) {
			out[c] = true
		}
	}
	return out
}

// rules turns a form's declarations into merge rules.
func rules(f *form.Form) merge.Rules {
	return func(path string) (merge.Rule, bool) {
		if f == nil {
			return merge.Rule{}, false
		}
		fd, ok := f.Lookup(path)
		if !ok {
			return merge.Rule{}, false
		}
		return ruleOf(fd)
	}
}

func ruleOf(fd *form.Field) (merge.Rule, bool) {
	p, err := merge.ParsePolicy(string(fd.Merge))
	if err != nil {
		return merge.Rule{}, false
	}
	r := merge.Rule{Policy: p}
	switch p {
	case merge.RestrictWins:
		r.Meet = func(x, y any) any {
			v, err := form.Meet(fd, x, y)
			if err != nil {
				return nil
			}
			return v
		}
	case merge.KeepBoth:
		r.Higher = func(x, y any) bool { return form.Higher(fd, x, y) }
	}
	return r, true
}

// Profile returns the profile that the book belongs to.
func (b *Book) Profile() *profile.Profile { return b.p }

func (b *Book) memberCode() string { return MemberCode(b.p.Keys.Member) }

// authorCode returns the code of the member behind a device.
func (b *Book) authorCode(d schema.Device) string {
	if dev, ok := b.p.Log().State().Device(d); ok {
		return MemberCode(dev.Member)
	}
	return "?"
}

// find returns the id of the record whose id begins with text, or whose own code is text.
func (b *Book) find(ctx context.Context, text string) (schema.Record, error) {
	var id schema.Record
	if id.UnmarshalText([]byte(text)) == nil {
		return id, nil
	}
	var hits []schema.Record
	err := b.each(ctx, func(r *Record) error {
		if (len(text) >= 4 && strings.HasPrefix(r.ID.String(), strings.ToLower(text))) || (r.Code != "" && strings.EqualFold(r.Code, text)) {
			hits = append(hits, r.ID)
		}
		return nil
	})
	switch {
	case err != nil:
		return id, err
	case len(hits) == 0:
		return id, ErrNoRecord
	case len(hits) > 1:
		return id, ErrAmbiguous
	}
	return hits[0], nil
}
