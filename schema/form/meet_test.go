package form_test

import (
	"errors"
	"reflect"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"escale/schema/form"
)

// drawField draws a field under restrict_wins and a generator of its values, some of which no bundle of ours holds.
func drawField(fields []*form.Field, t *rapid.T) (*form.Field, *rapid.Generator[any]) {
	f := rapid.SampledFrom(fields).Draw(t, "field")
	names := []string{"of_another_bundle", "of_a_later_version"}
	for _, c := range f.Choices {
		names = append(names, c.Name)
	}
	one := rapid.SampledFrom(names)
	if f.Type == form.TypeSelectOne {
		return f, rapid.Map(one, func(s string) any { return s })
	}
	return f, rapid.Map(rapid.SliceOf(one), func(s []string) any { return form.CanonicalSet(s) })
}

func restricted(t *testing.T) []*form.Field {
	var fields []*form.Field
	for _, id := range []string{"case_intake", "consult_sgbv", "encounter", "referral", "shelter_admission", "testimony"} {
		for _, f := range starterForm(t, id).Fields {
			if f.Merge == form.RestrictWins {
				fields = append(fields, f)
			}
		}
	}
	sharing, _ := household(t).Lookup("sharing")
	return append(fields, sharing)
}

func TestMeetLaws(t *testing.T) {
	fields := restricted(t)
	rapid.Check(t, func(t *rapid.T) {
		f, value := drawField(fields, t)
		a, b, c := value.Draw(t, "a"), value.Draw(t, "b"), value.Draw(t, "c")
		meet := func(x, y any) any {
			m, err := form.Meet(f, x, y)
			if err != nil {
				t.Fatal(err)
			}
			return m
		}
		if !reflect.DeepEqual(meet(a, b), meet(b, a)) {
			t.Fatal("not commutative")
		}
		if !reflect.DeepEqual(meet(meet(a, b), c), meet(a, meet(b, c))) {
			t.Fatal("not associative")
		}
		if !reflect.DeepEqual(meet(a, a), a) {
			t.Fatal("not idempotent")
		}
		order, err := form.Compare(f, meet(a, b), a)
		if err != nil || order != form.Equal && order != form.MoreRestrictive {
			t.Fatalf("the meet allows more than one of the two: %v, %v", order, err)
		}
		if order, _ := form.Compare(f, a, b); order == form.MoreRestrictive && !reflect.DeepEqual(meet(a, b), a) {
			t.Fatal("of two comparable values the meet is not the more restrictive one")
		}
	})
}

func TestMeet(t *testing.T) {
	consent, _ := starterForm(t, "case_intake").Lookup("consent_case")
	identity, _ := starterForm(t, "testimony").Lookup("identity_level")
	purposes, _ := starterForm(t, "testimony").Lookup("consent_purposes")
	sharing, _ := household(t).Lookup("sharing")
	tests := []struct {
		field      *form.Field
		a, b, want any
	}{
		{consent, "given", "withdrawn", "withdrawn"}, {consent, "refused", "withdrawn", "withdrawn"},
		{consent, "not_asked", "given", "not_asked"}, {consent, "refused", "not_asked", "refused"},
		{identity, "named_public", "anonymous", "anonymous"}, {identity, "named_internal", "pseudonymous", "pseudonymous"},
		{purposes, []string{"public_named", "research"}, []string{"internal_analysis", "research"}, []string{"research"}},
		{purposes, []string{"research"}, []string{}, []string{}},
		{sharing, "team", "site", "closed"}, {sharing, "team", "open", "team"}, {sharing, "custom", "open", "sealed"},
		{sharing, "unheard_of", "sealed", "sealed"},
	}
	for _, tt := range tests {
		if got, err := form.Meet(tt.field, tt.a, tt.b); err != nil || !reflect.DeepEqual(got, tt.want) {
			t.Errorf("%s: %v and %v meet in %v, %v; want %v", tt.field.Name, tt.a, tt.b, got, err, tt.want)
		}
	}
	if _, err := form.Meet(consent, "given", nil); !errors.Is(err, form.ErrNoOrder) {
		t.Errorf("error %v", err)
	}
}

func TestRanksThatGiveNoMeet(t *testing.T) {
	rank := func(ranks ...int) []form.Choice {
		var choices []form.Choice
		for i, r := range ranks {
			choices = append(choices, form.Choice{Name: string(rune('a' + i)), Rank: &r})
		}
		return choices
	}
	tests := []struct {
		choices []form.Choice
		ok      bool
	}{
		{rank(0, 1, 2), true}, {rank(0, 0, 1), true}, {rank(0, 1, 1), false}, {rank(0, 0, 1, 1, 2), false}, {rank(0, 0, 1, 2, 2, 3), true},
		{slices.Concat(rank(5), []form.Choice{{Name: "z"}}), true}, {[]form.Choice{{Name: "z"}}, false},
	}
	for _, tt := range tests {
		_, err := form.New(form.Definition{ID: "f", Version: "1", DefaultLanguage: "fr", RecordKind: "k",
			Lists: []form.List{{Name: "l", Choices: tt.choices}},
			Items: []form.Item{{Type: form.TypeSelectOne, Name: "c", List: "l", Compartment: "admin", Merge: form.RestrictWins}}})
		if (err == nil) != tt.ok {
			t.Errorf("%v: %v", tt.choices, err)
		}
	}
}

func TestHigher(t *testing.T) {
	risk, _ := starterForm(t, "case_intake").Lookup("risk_level")
	status, _ := starterForm(t, "encounter").Lookup("case_status")
	if !form.Higher(risk, "extreme", "low") || form.Higher(risk, "low", "extreme") || form.Higher(risk, "high", "high") ||
		form.Higher(risk, "high", nil) || form.Higher(status, "closed", "open") {
		t.Error("ranks are not followed")
	}
}
