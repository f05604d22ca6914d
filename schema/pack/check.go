package pack

import (
	"fmt"
	"maps"
	"slices"

	"escale/schema/form"
)

// check compares the forms with the tables and each other; it returns everything that is wrong.
func (b *Bundle) check() []error {
	var errs []error
	fail := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	kinds := map[string]string{}
	for _, f := range b.Forms {
		if other, twice := kinds[f.RecordKind]; twice {
			fail("forms %s and %s are of one record kind", other, f.ID)
		}
		kinds[f.RecordKind] = f.ID
	}
	for _, f := range b.Forms {
		if f.ParentKind != "" && kinds[f.ParentKind] == "" {
			fail("form %s: parent kind %q has no form", f.ID, f.ParentKind)
		}
		if !slices.Contains(b.Tables.Kinds, f.RecordKind) {
			fail("form %s: record kind %q is not in record_access.csv", f.ID, f.RecordKind)
		}
		for _, field := range f.Fields {
			for _, problem := range b.Tables.check(field) {
				fail("form %s, field %s: %s", f.ID, field.Path, problem)
			}
		}
	}
	return append(errs, b.Tables.checkNames()...)
}

func (t *Tables) check(f *form.Field) []string {
	var problems []string
	known := func(c Compartment) bool { return c.Name == f.Compartment }
	if !slices.ContainsFunc(t.Compartments, known) {
		problems = append(problems, fmt.Sprintf("compartment %q is not in compartments.csv", f.Compartment))
	}
	if !slices.Contains(t.Merges, f.Merge) {
		problems = append(problems, fmt.Sprintf("policy %q is not in merge_policies.csv", f.Merge))
	}
	if !slices.ContainsFunc(t.Retention, func(r Retention) bool { return r.Code == f.Retention }) {
		problems = append(problems, fmt.Sprintf("rule %q is not in retention.csv", f.Retention))
	}
	return problems
}

// checkNames refuses rows that are there twice and roles whose grants are incomplete.
func (t *Tables) checkNames() []error {
	var errs []error
	twice := func(table string, names []string) {
		slices.Sort(names)
		if len(slices.Compact(slices.Clone(names))) != len(names) || slices.Contains(names, "") {
			errs = append(errs, fmt.Errorf("%s: a name is empty or there twice", table))
		}
	}
	twice("compartments.csv", names(t.Compartments, func(c Compartment) string { return c.Name }))
	twice("roles.csv", names(t.Roles, func(r Role) string { return r.Name }))
	twice("retention.csv", names(t.Retention, func(r Retention) string { return r.Code }))
	twice("sites.csv", names(t.Sites, func(s Site) string { return s.Name }))
	for _, r := range t.Roles {
		if len(r.Grants) != len(t.Compartments) || !slices.Equal(slices.Sorted(maps.Keys(r.Records)), t.Kinds) {
			errs = append(errs, fmt.Errorf("role %s: access is not declared for each compartment and record kind", r.Name))
		}
	}
	return errs
}

func names[T any](rows []T, name func(T) string) []string {
	list := make([]string, len(rows))
	for i, r := range rows {
		list[i] = name(r)
	}
	return list
}
