package pack

import (
	"slices"
	"testing"
)

func TestAccess(t *testing.T) {
	b := bundle(t, starter(t), "fr")
	tests := []struct {
		role, kind, compartment string
		want                    Access
	}{
		{"outreach", "case", "admin", Access{Read: true, Write: true, Scope: "own"}},
		{"outreach", "case", "identity", Access{Write: true, Scope: "own"}},
		{"outreach", "case", "medical", Access{Scope: "own"}},
		{"outreach", "testimony", "testimony", Access{Write: true, Scope: "capture"}},
		{"outreach", "testimony", "admin", Access{Write: true, Scope: "capture"}},
		{"outreach", "consult", "admin", Access{Scope: "none"}},
		{"volunteer", "case", "social", Access{Write: true, Scope: "capture"}},
		{"social_supervisor", "case", "identity", Access{Read: true, Write: true, Scope: "site"}},
		{"social_supervisor", "case", "legal", Access{Read: true, Scope: "site"}},
		{"clinician", "consult", "medical", Access{Read: true, Write: true, Scope: "own"}},
		{"clinician", "case", "identity", Access{Temporary: true, Scope: "own"}},
		{"clinician", "incident", "admin", Access{Write: true, Scope: "capture"}},
		{"protection_lead", "testimony", "testimony", Access{Read: true, Write: true, Scope: "own"}},
		{"advocacy_coord", "testimony", "advocacy", Access{Temporary: true, Scope: "tb"}},
		{"advocacy_coord", "testimony", "testimony", Access{Temporary: true, Scope: "tb"}},
		{"advocacy_coord", "incident", "advocacy", Access{Read: true, Scope: "deid"}},
		{"data_manager", "case", "social", Access{Read: true, Scope: "deid"}},
		{"data_manager", "case", "identity", Access{Scope: "deid"}},
		{"dpo", "case", "admin", Access{Temporary: true, Scope: "tb"}},
		{"dpo", "service", "admin", Access{Scope: "site"}},
		{"it_admin", "service", "admin", Access{Scope: "none"}},
		{"nobody", "case", "admin", Access{Scope: "none"}},
		{"outreach", "nothing", "admin", Access{Scope: "none"}},
		{"outreach", "case", "nothing", Access{Scope: "own"}},
	}
	for _, tt := range tests {
		if got := b.Access(tt.role, tt.kind, tt.compartment); got != tt.want {
			t.Errorf("%s on %s/%s: %+v, want %+v", tt.role, tt.kind, tt.compartment, got, tt.want)
		}
	}
}

// The two roles must stay without keys even if a table is filled in carelessly.
func TestNoStandingKeyWhateverTheTablesSay(t *testing.T) {
	for _, role := range []string{"dpo", "it_admin", "clinician"} {
		tables := Tables{Roles: []Role{{Name: role, Grants: map[string]string{"medical": "rw"}, Records: map[string]string{"case": "site"}}}}
		a := tables.Access(role, "case", "medical")
		if allowed := role == "clinician"; a.Read != allowed || a.Write != allowed {
			t.Errorf("%s: %+v", role, a)
		}
	}
}

func TestReaders(t *testing.T) {
	b := bundle(t, starter(t), "fr")
	if got := b.Tables.Readers("consult", "medical"); !slices.Equal(got, []string{"clinician"}) {
		t.Errorf("readers of consult/medical: %v", got)
	}
	if got := b.Tables.Readers("testimony", "identity"); len(got) != 0 {
		t.Errorf("readers of testimony/identity: %v", got)
	}
}
