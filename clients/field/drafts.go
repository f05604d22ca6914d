package field

import (
	"context"
	"fmt"
	"slices"

	"escale/schema/canon"
	"escale/schema/form"
	"escale/store/agentdb"
)

// keptDrafts is the name under which a profile keeps unfinished forms, sealed.
const keptDrafts = "drafts"

// draft is a form that was begun and not saved, as it is kept.
type draft struct {
	Word   string     `cbor:"1,keyasint"` // names it for as long as it is kept
	Form   string     `cbor:"2,keyasint"`
	Site   string     `cbor:"3,keyasint"`
	Parent string     `cbor:"4,keyasint,omitempty"` // code of the record that it belongs to
	State  form.Draft `cbor:"5,keyasint"`
}

// Rest says how much of an unfinished form may be kept on the disk.
type Rest int

// How much may be kept.
const (
	RestNothing  Rest = iota // it lies in memory until it is saved
	RestReadable             // without the parts that this laptop may write and not read
	RestWhole
)

// RestOf says how much of an unfinished form may be kept: of a new record, what this laptop may read. What it may only write
// never reaches the disk under a key that lies there too.
func (b *Book) RestOf(x *Filling) Rest {
	if x.Editing() || x.Word == "" || !b.mayRest(x, form.Anchor) {
		return RestNothing
	}
	for _, c := range x.Form.Compartments() {
		if !x.hidden[c] && !b.mayRest(x, c) {
			return RestReadable
		}
	}
	return RestWhole
}

func (b *Book) mayRest(x *Filling, compartment string) bool {
	return b.reads(x.fresh.Site, x.Form.RecordKind, compartment)
}

// readable is a draft without what may not rest.
func (b *Book) readable(x *Filling) form.Draft {
	d := x.Session.Draft()
	d.Entries = slices.DeleteFunc(slices.Clone(d.Entries), func(e form.Entry) bool {
		fd, ok := x.Form.Lookup(PathOf(e.Key))
		return ok && !b.mayRest(x, fd.Compartment) || !ok && e.Value != ""
	})
	return d
}

// KeepDrafts keeps what may rest of the unfinished forms, sealed, in place of what was kept before.
func (b *Book) KeepDrafts(ctx context.Context, all []*Filling) error {
	kept := []draft{}
	for _, x := range all {
		if b.RestOf(x) != RestNothing {
			kept = append(kept, draft{x.Word, x.Form.ID, x.fresh.Site, x.fresh.Code, b.readable(x)})
		}
	}
	encoded, err := canon.Encode(kept)
	if err != nil {
		return fmt.Errorf("drafts: %w", err)
	}
	return b.p.Keep(ctx, keptDrafts, encoded)
}

// Drafts returns the unfinished forms that were kept, without those that were saved since.
func (b *Book) Drafts(ctx context.Context, language string) ([]*Filling, error) {
	encoded, err := b.p.Kept(ctx, keptDrafts)
	if err != nil || encoded == nil {
		return nil, err
	}
	var kept []draft
	if err := canon.Decode(encoded, &kept); err != nil {
		return nil, fmt.Errorf("%w: drafts: %w", agentdb.ErrDamaged, err)
	}
	var out []*Filling
	for i := range kept {
		x, err := b.resume(ctx, &kept[i], language)
		if err != nil {
			return nil, err
		}
		if x != nil {
			out = append(out, x)
		}
	}
	return out, nil
}

// resume opens a draft in the form's newest version; nil if it was saved.
func (b *Book) resume(ctx context.Context, d *draft, language string) (*Filling, error) {
	once, err := b.markOf(d.Word)
	if err != nil {
		return nil, err
	}
	if id, err := b.p.Kept(ctx, string(once)); err != nil || id != nil {
		return nil, err
	}
	bundle, _, err := b.bundle(d.Site)
	if err != nil {
		return nil, err
	}
	f, ok := bundle.Form(d.Form)
	if !ok {
		return nil, fmt.Errorf("%w: %q", ErrNoForm, d.Form)
	}
	x := &Filling{Word: d.Word, Form: f, fresh: New{Form: d.Form, Site: d.Site, Code: d.Parent, once: once}, hidden: b.hidden(f, d.Site)}
	x.Session, err = f.Resume(d.State, language, b.sources(x.hidden, d.Site, d.Parent))
	return x, err
}
