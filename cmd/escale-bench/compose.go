package main

import (
	"crypto/rand"
	"time"

	"escale/clients/field"
	"escale/clients/profile"
	"escale/schema"
	"escale/schema/form"
	"escale/sync/merge"
)

// composer turns what is typed into edits as capturing does, so that many records can be saved in one transaction. It is
// for filling a laptop only; whatever is measured goes through clients/field.
type composer struct {
	l      *laptop
	pack   schema.Pack
	member string
	scopes map[schema.ScopeName]schema.Scope
}

func (l *laptop) composer() *composer {
	d := l.p.Directory()
	c := &composer{l: l, pack: d.Bundles[d.BundleOf[site]].Pack, member: field.MemberCode(l.keys.Member), scopes: map[schema.ScopeName]schema.Scope{}}
	for id, n := range d.Scopes {
		c.scopes[n] = id
	}
	return c
}

// record makes one edit for each part, the anchor first.
func (c *composer) record(f *form.Form, typed form.Answers) ([]profile.Edit, error) {
	answers, err := f.Generate(typed, form.Sources{Random: rand.Reader, Now: time.Now(), Member: c.member, Site: site})
	if err != nil {
		return nil, err
	}
	split := f.Split(answers)
	var out []profile.Edit
	var record schema.Record
	for _, name := range f.Compartments() {
		if name != form.Anchor && len(split[name]) == 0 {
			continue
		}
		scope := c.scopes[schema.ScopeName{Site: site, Kind: f.RecordKind, Compartment: schema.Compartment(name)}]
		fresh, object, err := c.l.p.NewObject(scope)
		if err != nil {
			return nil, err
		}
		e := profile.Edit{Scope: scope, Seed: &fresh, Pack: c.pack, Payload: merge.Payload{Form: f.ID, Record: record}}
		if name == form.Anchor {
			record = object
			for _, part := range f.AlwaysParts() {
				if part != form.Anchor {
					e.Payload.Parts = append(e.Payload.Parts, schema.Compartment(part))
				}
			}
		}
		if e.Payload.Ops, err = operations(f, split[name]); err != nil {
			return nil, err
		}
		out = append(out, e)
	}
	return out, nil
}

func operations(f *form.Form, answers form.Answers) (out []merge.Op, err error) {
	for _, path := range f.SortedPaths(answers) {
		fd, ok := f.Lookup(path)
		if !ok {
			return nil, form.Problem{Form: f.ID, Path: path, Check: form.CheckUnknown}
		}
		policy, err := merge.ParsePolicy(string(fd.Merge))
		if err != nil {
			return nil, err
		}
		ops, err := merge.WriteFor(merge.Rule{Policy: policy}, merge.Field{Path: path}, answers[path], merge.How{})
		if err != nil {
			return nil, err
		}
		out = append(out, ops...)
	}
	return out, nil
}

// inOneSave is how many records are saved in one transaction.
const inOneSave = 100

// pour saves records, many at once.
func (l *laptop) pour(d *drawn) error {
	c := l.composer()
	var waiting []profile.Edit
	for i, v := range d.values {
		edits, err := c.record(d.form, v)
		if err != nil {
			return err
		}
		waiting = append(waiting, edits...)
		if (i+1)%inOneSave != 0 && i+1 < len(d.values) {
			continue
		}
		if _, err := l.p.Save(l.r.b.ctx, waiting); err != nil {
			return err
		}
		waiting = waiting[:0]
	}
	return nil
}
