package office

import (
	"fmt"
	"slices"

	"escale/clients/field"
	"escale/schema/form"
	"escale/schema/pack"
)

// permit is what one export may do.
type permit struct {
	deidentified bool
	sheets       []*sheet
	bundles      []*pack.Bundle // of the sites of this laptop, older versions too
}

// permitFor decides who may export what; DESIGN.md gives the reasons.
func permitFor(b *field.Book, o *Options) (*permit, error) {
	bundles := bundlesOf(b)
	p := &permit{deidentified: o.Deidentify, bundles: bundles}
	if len(bundles) == 0 {
		return nil, &Refused{Role: b.Role()}
	}
	for _, bundle := range bundles {
		role, ok := bundle.Tables.Role(b.Role())
		if !ok || role.CanExport != "deid" {
			return nil, &Refused{Role: b.Role()}
		}
		for _, limit := range role.Records {
			p.deidentified = p.deidentified || limit == "deid"
		}
	}
	var err error
	p.sheets, err = chooseSheets(b, bundles, o.Forms)
	return p, err
}

// bundlesOf lists the form bundles that are here: a record is read with the version that it was written with.
func bundlesOf(b *field.Book) []*pack.Bundle {
	keys := slices.Clone(b.Profile().Directory().AllBundles)
	slices.SortStableFunc(keys, func(x, y bundleKey) int { return compareKeys(x, y) })
	var out []*pack.Bundle
	for _, k := range keys {
		if bundle, ok := b.Profile().Bundle(k.Pack); ok && !slices.Contains(out, bundle) {
			out = append(out, bundle)
		}
	}
	return out
}

// chooseSheets makes a sheet of each wanted form whose records the role may read; of all such forms if none is named.
func chooseSheets(b *field.Book, bundles []*pack.Bundle, wanted []string) ([]*sheet, error) {
	byForm := map[string][]*form.Form{}
	var ids []string
	for _, bundle := range bundles {
		for _, f := range bundle.Forms {
			if len(byForm[f.ID]) == 0 {
				ids = append(ids, f.ID)
			}
			byForm[f.ID] = append(byForm[f.ID], f)
		}
	}
	for _, id := range wanted {
		if len(byForm[id]) == 0 {
			return nil, fmt.Errorf("%w: %q", field.ErrNoForm, id)
		}
		if !readable(b.Role(), bundles, byForm[id][0].RecordKind) {
			return nil, &Refused{Role: b.Role(), Form: id}
		}
	}
	var out []*sheet
	slices.Sort(ids)
	for _, id := range ids {
		chosen := len(wanted) == 0 || slices.Contains(wanted, id)
		if chosen && readable(b.Role(), bundles, byForm[id][0].RecordKind) {
			out = append(out, newSheet(byForm[id]))
		}
	}
	return out, nil
}

func readable(role string, bundles []*pack.Bundle, kind string) bool {
	return slices.ContainsFunc(bundles, func(b *pack.Bundle) bool { return b.Access(role, kind, form.Anchor).Read })
}

// knows reports whether some form bundle here has a form.
func (p *permit) knows(id string) bool {
	return slices.ContainsFunc(p.bundles, func(b *pack.Bundle) bool { _, ok := b.Form(id); return ok })
}
