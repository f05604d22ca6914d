package web

import (
	"slices"
	"strings"
	"time"

	"escale/clients/caption"
	"escale/clients/text"
	"escale/schema"
)

// syncView is how this laptop and the hub stand, scope by scope.
type syncView struct {
	Ran  bool
	Said []string // of the exchange that was just made
	Rows []standingRow
}

type standingRow struct {
	Scope    string
	Held     int
	Waits    int
	AgreedAt time.Time
	State    text.Key
}

// standings shows how the scopes stand.
func (v *visit) standings() error { return v.showStandings(&syncView{}, nil) }

// exchange syncs now, and shows what happened.
func (v *visit) exchange() error {
	said, err := v.sitting.Exchange(v.r.Context(), v.say)
	var wrong []string
	if err != nil {
		wrong = v.tell(err)
	}
	v.Server.used = v.o.Clock() // a slow line is not an idle person
	return v.showStandings(&syncView{Ran: true, Said: said}, wrong)
}

func (v *visit) showStandings(d *syncView, wrong []string) error {
	all, _, err := v.sitting.Profile().Standings(v.r.Context())
	if err != nil {
		return err
	}
	for _, x := range all {
		row := standingRow{Scope: v.scope(x.Scope), Held: x.Held, Waits: x.Open + x.Unsent, State: text.PageScopeSame}
		if x.AgreedAt != 0 {
			row.AgreedAt = time.UnixMilli(x.AgreedAt)
		}
		switch {
		case x.Differs:
			row.State = text.PageScopeDiffers
		case row.Waits > 0:
			row.State = text.PageScopeWaits
		case x.AgreedAt == 0:
			row.State = text.PageScopeNever
		}
		d.Rows = append(d.Rows, row)
	}
	slices.SortFunc(d.Rows, func(a, b standingRow) int { return strings.Compare(a.Scope, b.Scope) })
	return v.show("sync", frame{Title: text.PageSync, Here: "sync", Wrong: wrong, Data: d})
}

// scope is what people call a scope: site, form and what the part is for.
func (v *visit) scope(id schema.Scope) string {
	p := v.sitting.Profile()
	n, ok := p.Directory().Scopes[id]
	if !ok {
		return v.say.S(text.PageScopeDirectory)
	}
	kind, part := n.Kind, string(n.Compartment)
	for _, f := range v.sitting.book.Forms() {
		if f.RecordKind == n.Kind {
			kind = caption.Title(f, v.say.Lang())
			break
		}
	}
	for _, k := range p.Directory().Bundles {
		b, ok := p.Bundle(k.Pack)
		if !ok {
			continue
		}
		for _, c := range b.Tables.Compartments {
			if c.Name == part {
				return v.say.S(text.PageScope, "site", n.Site, "kind", kind, "part", caption.Or(c.Purpose, v.say.Lang(), part))
			}
		}
	}
	return v.say.S(text.PageScope, "site", n.Site, "kind", kind, "part", part)
}
