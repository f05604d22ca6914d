package form_test

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"escale/schema/form"
)

func random() *rand.ChaCha8 { return rand.NewChaCha8([32]byte{1}) }

func problems(t *testing.T, err error) form.Problems {
	t.Helper()
	var p form.Problems
	if err != nil && !errors.As(err, &p) {
		t.Fatalf("error %v is not Problems", err)
	}
	return p
}

func TestParseSet(t *testing.T) {
	f := starterForm(t, "case_intake")
	got, err := f.ParseSet([]string{"alias=a=b", "languages=fr, ar fr", "children_count= 3 ", "consent_scopes=", "living=", "needs="})
	want := form.Answers{"alias": "a=b", "languages": []string{"ar", "fr"}, "children_count": int64(3),
		"consent_scopes": []string{}, "living": nil, "needs": nil}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%v, %v", got, err)
	}
	_, err = f.ParseSet([]string{"nothing", "who=x", "children_count=3.5", "alias=a", "alias=b"})
	expect(t, problems(t, err), " syntax", "who unknown_field", "children_count type", "alias given_twice")
}

func TestParseSetKey(t *testing.T) {
	f := starterForm(t, "incident_report")
	got, err := f.ParseSet([]string{"incident_code=  Tika Muna  4821 "})
	if err != nil || got["incident_code"] != "tika-muna-4821" {
		t.Errorf("%v, %v", got, err)
	}
}

func TestParseAnswers(t *testing.T) {
	f := household(t)
	data := `{"size": 2, "distance": 1.5, "tags": ["b", "a", "b"], "wakes_at": "06:30", "place": null,
		"people": [{"alias": "A", "visits": [{"visited_on": "2026-01-01"}]}, {"alias": "B"}],
		"people/0000000000000001/alias": "C"}`
	got, err := f.ParseAnswers([]byte(data), random())
	if err != nil {
		t.Fatal(err)
	}
	if got["size"] != int64(2) || got["distance"] != 1.5 || !reflect.DeepEqual(got["tags"], []string{"a", "b"}) ||
		got["people/0000000000000001/alias"] != "C" || len(got) != 9 {
		t.Errorf("%v", got)
	}
	if value, there := got["place"]; value != nil || !there {
		t.Error("null does not clear")
	}
	expect(t, f.Validate(form.Apply(nil, got), form.Options{Now: moment(), Before: form.Answers{}}))
	again, err := f.ParseAnswers([]byte(data), random())
	if err != nil || !reflect.DeepEqual(got, again) {
		t.Errorf("the same randomness gives other answers: %v", err)
	}
}

func TestParseAnswersRefuses(t *testing.T) {
	f := household(t)
	tests := map[string][]string{
		``: {" syntax"}, `[]`: {" syntax"}, `{"size": 1`: {" syntax"}, `{} {}`: {" syntax"}, `{"people": {}}`: {" syntax"},
		`{"people": ["x"]}`: {" syntax"}, `{"size": 1, "size": 2}`: {"size given_twice"}, `{"size": 1.5}`: {"size type"},
		`{"size": true}`: {"size type"}, `{"code": 3}`: {"code type"}, `{"code": ["a"]}`: {"code type"}, `{"tags": [1]}`: {"tags type"},
		`{"who knows": 1}`: {"? unknown_field"}, `{"size": {"x": 1}}`: {"size type"}, strings.Repeat(" ", form.MaxJSON+1): {" too_long"},
	}
	for data, want := range tests {
		_, err := f.ParseAnswers([]byte(data), random())
		if err == nil {
			t.Errorf("%.40s was accepted", data)
		}
		expect(t, problems(t, err), want...)
	}
	if _, err := f.ParseAnswers([]byte(`{"people": [{}]}`), bytes.NewReader(nil)); err == nil {
		t.Error("an instance was made without randomness")
	}
}

func FuzzParseAnswers(f *testing.F) {
	forms := []*form.Form{household(f), load(f, filepath.Join(starter, "case_intake"))}
	f.Add([]byte(`{"size": 2, "people": [{"alias": "A", "visits": [{"visited_on": "2026-01-01"}]}]}`))
	f.Add([]byte(`{"consent_case": "refused", "site_code": "calais", "languages": "ar fr", "children_count": 3}`))
	f.Add([]byte(`{"people/0000000000000001/alias": "C", "tags": ["b"], "place": null}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, fm := range forms {
			answers, err := fm.ParseAnswers(data, random())
			if err != nil {
				continue
			}
			fm.Validate(form.Apply(nil, answers), form.Options{Now: moment()})
			fm.Split(answers)
		}
	})
}

func FuzzParseSet(f *testing.F) {
	fm := household(f)
	for _, seed := range []string{"size=3", "tags=a,b", "people/0000000000000001/alias=x", "=", "place=50 1"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, assignment string) {
		answers, err := fm.ParseSet([]string{assignment})
		if err == nil {
			fm.Validate(form.Apply(nil, answers), form.Options{Now: moment()})
		}
	})
}
