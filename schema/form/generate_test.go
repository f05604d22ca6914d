package form_test

import (
	"bytes"
	"regexp"
	"testing"

	"escale/schema/form"
)

func sources() form.Sources {
	return form.Sources{Random: random(), Now: moment(), Member: "C-017", Parent: "K7QM-2F9X-R3TD", Site: "calais"}
}

func TestGenerate(t *testing.T) {
	f := starterForm(t, "encounter")
	got, err := f.Generate(form.Answers{"mode": "phone", "discipline": "social", "safe_to_talk": "yes", "case_status": "open"}, sources())
	if err != nil {
		t.Fatal(err)
	}
	made := form.Answers{"case_code": "K7QM-2F9X-R3TD", "staff_code": "C-017", "site_code": "calais", "met_at": "2026-02-11T23:30:00+01:00"}
	for path, want := range made {
		if got[path] != want {
			t.Errorf("%s = %v, want %v", path, got[path], want)
		}
	}
	expect(t, f.Validate(got, form.Options{Now: moment()}))
}

func TestGenerateDefaultsGiveWay(t *testing.T) {
	f := starterForm(t, "case_intake")
	got, err := f.Generate(form.Answers{"opened_on": "2026-01-02", "caseworker_code": nil}, sources())
	if err != nil || got["opened_on"] != "2026-01-02" || got["caseworker_code"] != "C-017" {
		t.Errorf("%v, %v", got, err)
	}
	code, _ := got["case_code"].(string)
	if !regexp.MustCompile(`^[0-9A-HJKMNP-TV-Z]{4}(-[0-9A-HJKMNP-TV-Z]{4}){2}$`).MatchString(code) {
		t.Errorf("code %q", code)
	}
}

func TestGenerateRefuses(t *testing.T) {
	f := starterForm(t, "encounter")
	_, err := f.Generate(form.Answers{"case_code": "X", "staff_code": "Y"}, sources())
	expect(t, problems(t, err), "case_code read_only", "staff_code read_only")
	s := sources()
	s.Parent, s.Site = "", "nowhere"
	_, err = f.Generate(form.Answers{}, s)
	expect(t, problems(t, err), "case_code no_source")
	s = sources()
	s.Random = bytes.NewReader([]byte{1})
	if _, err := starterForm(t, "testimony").Generate(form.Answers{}, s); err == nil {
		t.Error("a code was made without randomness")
	}
}

func TestGenerateKey(t *testing.T) {
	f := starterForm(t, "incident_report")
	got, err := f.Generate(form.Answers{"incident_code": "tika-muna-4821"}, sources())
	if err != nil || got["incident_code"] != "tika-muna-4821" {
		t.Errorf("a spoken code is not kept: %v", err)
	}
	got, err = f.Generate(form.Answers{"incident_code": nil}, sources())
	code, _ := got["incident_code"].(string)
	if err != nil || !regexp.MustCompile(`^([a-z][aiu]){2}-([a-z][aiu]){2}-\d{4}$`).MatchString(code) || code != form.CanonicalKey(code) {
		t.Errorf("spoken code %q, %v", code, err)
	}
	expect(t, f.Validate(form.Answers{"incident_code": "Tika"}, form.Options{Now: moment(), Before: form.Answers{}}), "incident_code type")
}

func TestGenerateLeavesHiddenParts(t *testing.T) {
	f := starterForm(t, "consult_sgbv")
	s := sources()
	s.Hidden = map[string]bool{"medical": true}
	got, err := f.Generate(form.Answers{}, s)
	if _, made := got["consult_on"]; err != nil || made {
		t.Errorf("%v, %v", got, err)
	}
}
