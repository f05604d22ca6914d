package form_test

import (
	"strings"
	"testing"

	"escale/schema/form"
)

func caseAnswers() form.Answers {
	return form.Answers{
		"case_code": "K7QM-2F9X-R3TD", "opened_on": "2026-02-11", "site_code": "calais", "activity": "day_centre",
		"caseworker_code": "C-017", "consent_case": "given", "consent_scopes": []string{"msf_social"}, "alias": "Invented",
		"birth_date_declared": "2009-05-01", "age_band": "a15_17", "gender": "m", "languages": []string{"ar", "fr"},
		"children_count": int64(0), "country_origin": "ERI", "risk_level": "high",
	}
}

func with(answers, changes form.Answers) form.Answers { return form.Apply(answers, changes) }

func TestValidateCase(t *testing.T) {
	f := starterForm(t, "case_intake")
	tests := []struct {
		name    string
		changes form.Answers
		want    []string
	}{
		{"complete", nil, nil},
		{"unknown field", form.Answers{"nickname": "x"}, []string{"nickname unknown_field"}},
		{"wrong type", form.Answers{"children_count": "three"}, []string{"children_count type", "children_count constraint"}},
		{"empty text", form.Answers{"alias": ""}, []string{"alias type"}},
		{"foreign choice", form.Answers{"site_code": "atlantis"}, []string{"site_code choice"}},
		{"foreign choice in a set", form.Answers{"languages": []string{"ar", "xx"}}, []string{"languages choice"}},
		{"unsorted set", form.Answers{"languages": []string{"fr", "ar"}}, []string{"languages type"}},
		{"date", form.Answers{"opened_on": "11/02/2026"}, []string{"opened_on type"}},
		{"no such day", form.Answers{"opened_on": "2026-02-30"}, []string{"opened_on type"}},
		{"required", form.Answers{"risk_level": nil, "age_band": nil}, []string{"age_band required", "risk_level required"}},
		{"constraint", form.Answers{"children_count": int64(16)}, []string{"children_count constraint"}},
		{"tomorrow", form.Answers{"birth_date_declared": "2026-02-12"}, []string{"birth_date_declared constraint"}},
		{"pattern", form.Answers{"country_origin": "Eritrea"}, []string{"country_origin constraint"}},
		{"too long", form.Answers{"alias": strings.Repeat("x", form.MaxText+1)}, []string{"alias too_long"}},
		{"control characters", form.Answers{"alias": "a\x00b"}, []string{"alias type"}},
		{"refused with identity", form.Answers{"consent_case": "refused"},
			[]string{"consent_scopes not_relevant", "alias not_relevant", "birth_date_declared not_relevant"}},
		{"refused", form.Answers{"consent_case": "refused", "consent_scopes": nil, "alias": nil, "birth_date_declared": nil}, nil},
		{"given without scopes", form.Answers{"consent_scopes": nil}, []string{"consent_scopes required"}},
		{"given for nothing", form.Answers{"consent_scopes": []string{}}, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			expect(t, f.Validate(with(caseAnswers(), tt.changes), form.Options{Now: moment()}), tt.want...)
		})
	}
}

func TestProblemsNameNoValue(t *testing.T) {
	f := starterForm(t, "case_intake")
	answers := with(caseAnswers(), form.Answers{"site_code": "CANARY", "country_origin": "CANARY", "CANARY is a person": "x",
		"children_count": "CANARY", "opened_on": "CANARY"})
	err := f.Validate(answers, form.Options{Now: moment()}).Err()
	if err == nil || strings.Contains(err.Error(), "CANARY") {
		t.Errorf("error %v", err)
	}
	if !strings.Contains(err.Error(), "case_intake, site_code: choice") {
		t.Errorf("error %v", err)
	}
}

// A withdrawal must be savable although the identity was answered before, and so must any other edit of such a record.
func TestValidateEdit(t *testing.T) {
	f := starterForm(t, "case_intake")
	given := caseAnswers()
	withdrawn := with(given, form.Answers{"consent_case": "withdrawn"})
	notAsked := with(given, form.Answers{"consent_case": "not_asked", "consent_scopes": nil, "alias": nil, "birth_date_declared": nil})
	tests := []struct {
		name            string
		before, changes form.Answers
		hidden          map[string]bool
		want            []string
	}{
		{"withdraw", given, form.Answers{"consent_case": "withdrawn"}, nil, nil},
		{"edit after withdrawal", withdrawn, form.Answers{"living": "camp"}, nil, nil},
		{"identity after withdrawal", withdrawn, form.Answers{"alias": "Other"}, nil, []string{"alias not_relevant"}},
		{"erase identity after withdrawal", withdrawn, form.Answers{"alias": nil}, nil, nil},
		{"newly due", notAsked, form.Answers{"consent_case": "given"}, nil, []string{"consent_scopes required"}},
		{"take away what is required", given, form.Answers{"risk_level": nil}, nil, []string{"risk_level required"}},
		{"missing since before", with(given, form.Answers{"risk_level": nil}), form.Answers{"living": "camp"}, nil, nil},
		{"choice of another bundle stays", with(given, form.Answers{"living": "elsewhere"}), form.Answers{"gender": "f"}, nil, nil},
		{"read-only", given, form.Answers{"case_code": "MINE"}, nil, []string{"case_code read_only"}},
		{"read-only taken away", given, form.Answers{"case_code": nil}, nil, []string{"case_code required", "case_code read_only"}},
		{"consent out of sight", form.Answers{}, form.Answers{"alias": "Seen", "consent_scopes": []string{}},
			map[string]bool{"admin": true}, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			o := form.Options{Now: moment(), Before: tt.before, Hidden: tt.hidden}
			got := f.Validate(with(tt.before, tt.changes), o)
			if len(got) > 1 && got[0].Path == got[1].Path && got[0].Check == form.CheckReadOnly {
				got[0], got[1] = got[1], got[0]
			}
			expect(t, got, tt.want...)
		})
	}
}

func TestValidateConstraintOfAnotherField(t *testing.T) {
	f := starterForm(t, "incident_report")
	before := form.Answers{"persons_min": int64(10), "persons_max": int64(20)}
	o := form.Options{Now: moment(), Before: before}
	expect(t, f.Validate(with(before, form.Answers{"persons_min": int64(30)}), o), "persons_max constraint")
	expect(t, f.Validate(with(before, form.Answers{"persons_min": int64(15)}), o))
	expect(t, f.Validate(with(before, form.Answers{"persons_min": nil}), o))
}

// A stale answer of a field that is no longer asked must not keep others relevant.
func TestValidateChainOfRelevance(t *testing.T) {
	f := starterForm(t, "consult_sgbv")
	before := form.Answers{"violence_disclosed": "yes", "delay_band": "h72"}
	o := form.Options{Now: moment(), Before: before}
	expect(t, f.Validate(with(before, form.Answers{"pep": "given"}), o))
	expect(t, f.Validate(with(before, form.Answers{"pep": "given", "violence_disclosed": "no"}), o), "pep not_relevant")
}

func TestValidateTestimony(t *testing.T) {
	f := starterForm(t, "testimony")
	answers := form.Answers{
		"testimony_code": "K7QM-2F9X-R3TD", "collected_on": "2026-02-10", "site_code": "tripoli", "interviewer_code": "P-003",
		"person_status": "adult", "no_dependency": "yes", "safe_setting": "yes", "reprisal_risk": "high",
		"consent_purposes": []string{}, "identity_level": "anonymous", "consent_method": "oral_witness",
		"consent_review_on": "2026-08-10", "distress": "none", "support_offered": []string{"none"},
	}
	o := form.Options{Now: moment()}
	expect(t, f.Validate(answers, o))
	expect(t, f.Validate(with(answers, form.Answers{"recontact": "x"}), o), "recontact not_relevant")
	expect(t, f.Validate(with(answers, form.Answers{"identity_level": "pseudonymous", "recontact": "x"}), o))
	expect(t, f.Validate(with(answers, form.Answers{"person_status": "capacity_doubt"}), o), "person_status constraint")
	expect(t, f.Validate(with(answers, form.Answers{"consent_review_on": "2026-02-10"}), o), "consent_review_on constraint")
	hidden := form.Options{Now: moment(), Hidden: map[string]bool{"testimony": true}}
	expect(t, f.Validate(with(answers, form.Answers{"reprisal_risk": nil, "distress": nil, "support_offered": nil}), hidden))
}

func TestValidateRepeats(t *testing.T) {
	f := household(t)
	const a, b = "people/0000000000000001/", "people/0000000000000002/"
	answers := form.Answers{"code": "C", "sharing": "open", "size": int64(2), a + "alias": "A", a + "link": "child",
		a + "school": "Somewhere", b + "alias": "B", b + "link": "parent", a + "visits/00000000000000aa/visited_on": "2026-02-11"}
	o := form.Options{Now: moment()}
	tests := []struct {
		name    string
		changes form.Answers
		want    []string
	}{
		{"complete", nil, nil},
		{"required in one instance", form.Answers{b + "alias": nil}, []string{b + "alias required"}},
		{"relevance reads its own instance", form.Answers{b + "link": "child"}, []string{b + "school required"}},
		{"constraint reads its own instance", form.Answers{a + "school": "A"}, []string{a + "school constraint"}},
		{"inner repeat", form.Answers{b + "visits/00000000000000aa/visited_on": "2026-02-12"},
			[]string{b + "visits/00000000000000aa/visited_on constraint"}},
		{"an instance is one instance", form.Answers{b + "alias": nil, b + "link": nil, b + "visits/00000000000000aa/visited_on": "2026-02-11"},
			[]string{b + "alias required"}},
		{"whole repeat irrelevant", form.Answers{"size": int64(1), b + "alias": nil, b + "link": nil, a + "school": nil, a + "link": nil,
			a + "visits/00000000000000aa/visited_on": nil}, []string{a + "alias not_relevant"}},
		{"bad instance id", form.Answers{"people/12/alias": "A"}, []string{"? unknown_field"}},
		{"repeat without instance", form.Answers{"people/alias": "A"}, []string{"people/alias unknown_field"}},
		{"field of the repeat outside", form.Answers{"alias": "A"}, []string{"alias unknown_field"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			expect(t, f.Validate(with(answers, tt.changes), o), tt.want...)
		})
	}
	edit := form.Options{Now: moment(), Before: answers}
	expect(t, f.Validate(with(answers, form.Answers{"people/0000000000000003/link": "parent"}), edit), "people/0000000000000003/alias required")
}

func TestValidateValues(t *testing.T) {
	f := household(t)
	tests := []struct {
		path  string
		value any
		ok    bool
	}{
		{"distance", 1.5, true}, {"distance", int64(1), false}, {"place", "50.95 1.85", true}, {"place", "50.95 1.85 3 10", true},
		{"place", "91 0", false}, {"place", "50.95", false}, {"place", "x y", false}, {"wakes_at", "06:30", true},
		{"wakes_at", "25:00", false}, {"door", "door.jpg", true}, {"door", "../door.jpg", false}, {"door", "C:\\door.jpg", false},
		{"tags", []string{"a", "b"}, true}, {"tags", []string{"a b"}, false}, {"tags", "a", false}, {"size", int64(1) << 60, false},
		{"size", true, false}, {"tags", []string{strings.Repeat("x", 65)}, false},
	}
	for _, tt := range tests {
		got := f.Validate(form.Answers{tt.path: tt.value}, form.Options{Now: moment(), Before: form.Answers{}})
		if (len(got) == 0) != tt.ok {
			t.Errorf("%s = %v: %v", tt.path, tt.value, got)
		}
	}
	many := form.Answers{}
	for i := range form.MaxAnswers + 1 {
		many[strings.Repeat("x", i+1)] = "x"
	}
	if got := f.Validate(many, form.Options{}); len(got) != 1 || got[0].Check != form.CheckTooMany || got[0].Limit != form.MaxAnswers {
		t.Errorf("too many answers: %v", got)
	}
}
