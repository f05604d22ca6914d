package field

import (
	"bytes"
	"context"
	"slices"

	"escale/clients/profile"
	"escale/schema"
)

// Heading is what is known of a record before it is merged: enough to choose and to count, and nothing of its content.
type Heading struct {
	ID   schema.Record
	Form string
}

// Headings lists the records that this laptop holds, by id. Whether the member may see one, Get decides.
func (b *Book) Headings(ctx context.Context) ([]Heading, error) {
	seen := map[schema.Record]bool{}
	var out []Heading
	err := b.p.Parts(ctx, func(part *profile.Part) error {
		_, ours := b.p.Directory().Scopes[part.Scope]
		if ours && part.Created() && !seen[part.Record] {
			seen[part.Record] = true
			out = append(out, Heading{ID: part.Record, Form: part.Form})
		}
		return nil
	})
	slices.SortFunc(out, func(x, y Heading) int { return bytes.Compare(x.ID[:], y.ID[:]) })
	return out, err
}

// ConflictsOf lists what waits for a person in one record, sealed parts aside. Whoever shows it asks MayShowField first.
func (b *Book) ConflictsOf(r *Record) []Conflict {
	var out []Conflict
	for _, c := range r.Conflicts() {
		out = append(out, b.conflict(r, c))
	}
	return out
}

// AuthorCode returns the code of the member behind a device.
func (b *Book) AuthorCode(d schema.Device) string { return b.authorCode(d) }
