package pack

import "slices"

// Roles that hold no standing key, whatever the tables say (protocol, "Grants").
const (
	roleDPO   = "dpo"
	roleAdmin = "it_admin"
)

// Access is what the tables allow a role in one record kind and compartment.
type Access struct {
	Read      bool   // gets a standing key
	Write     bool   // may seal, with or without reading
	Temporary bool   // may get a temporary grant by two officers
	Scope     string // site, own, deid, capture, tb or none: what the program shows and exports
}

// Access applies roles.csv and record_access.csv. Unknown roles, kinds and compartments get nothing.
func (t *Tables) Access(role, kind, compartment string) Access {
	r, ok := t.Role(role)
	if !ok || r.Records[kind] == "" {
		return Access{Scope: "none"}
	}
	grant, scope := r.Grants[compartment], r.Records[kind]
	standing := role != roleDPO && role != roleAdmin
	a := Access{Scope: scope}
	a.Read = standing && oneOf(grant, "r", "rw") && oneOf(scope, "site", "own", "deid")
	// Who sees a record de-identified does not change it: an edit needs what was not shown.
	a.Write = standing && oneOf(grant, "w", "rw") && oneOf(scope, "site", "own", "capture")
	a.Temporary = !a.Read && temporary(grant, scope)
	return a
}

// temporary holds when one of the two tables says t or tb and the other does not forbid.
func temporary(grant, scope string) bool {
	asks := oneOf(grant, "t", "tb") || scope == "tb"
	allows := oneOf(grant, "t", "tb", "r", "rw") && oneOf(scope, "tb", "site", "own", "deid")
	return asks && allows
}

func oneOf(s string, list ...string) bool { return slices.Contains(list, s) }

// Role returns the named role.
func (t *Tables) Role(name string) (Role, bool) {
	i := slices.IndexFunc(t.Roles, func(r Role) bool { return r.Name == name })
	if i < 0 {
		return Role{}, false
	}
	return t.Roles[i], true
}

// Site returns the named site, if this bundle holds it.
func (t *Tables) Site(name string) (Site, bool) {
	i := slices.IndexFunc(t.Sites, func(s Site) bool { return s.Name == name })
	if i < 0 {
		return Site{}, false
	}
	return t.Sites[i], true
}

// Readers lists the roles that get a standing key for the kind and compartment, in the order of the table.
func (t *Tables) Readers(kind, compartment string) []string {
	var roles []string
	for _, r := range t.Roles {
		if t.Access(r.Name, kind, compartment).Read {
			roles = append(roles, r.Name)
		}
	}
	return roles
}
