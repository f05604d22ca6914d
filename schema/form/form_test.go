package form_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"escale/schema/form"
	"escale/schema/xlsform"
)

const (
	starter  = "../pack/starter"
	examples = "../../testdata/forms"
)

func load(t testing.TB, dir string) *form.Form {
	t.Helper()
	sheet := func(name string) xlsform.Sheet {
		f, err := os.Open(filepath.Join(dir, name+".csv"))
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		s, err := xlsform.ReadCSV(name, f)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	f, _, err := xlsform.Read(xlsform.Workbook{Survey: sheet("survey"), Choices: sheet("choices"), Settings: sheet("settings")})
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func starterForm(t testing.TB, id string) *form.Form {
	t.Helper()
	return load(t, filepath.Join(starter, id))
}

func household(t testing.TB) *form.Form {
	t.Helper()
	return load(t, filepath.Join(examples, "household"))
}

func moment() time.Time { return time.Date(2026, 2, 11, 23, 30, 0, 0, time.FixedZone("", 3600)) }

// checks lists "path check" of the problems, in their order.
func checks(problems form.Problems) []string {
	list := []string{}
	for _, p := range problems {
		list = append(list, p.Path+" "+string(p.Check))
	}
	return list
}

func expect(t *testing.T, got form.Problems, want ...string) {
	t.Helper()
	if list := checks(got); !slices.Equal(list, append([]string{}, want...)) {
		t.Errorf("problems %q, want %q", list, want)
	}
}

func TestAlwaysParts(t *testing.T) {
	want := map[string][]string{
		"case_intake": {"admin", "social", "protection"}, "consult_sgbv": {"admin", "medical"}, "encounter": {"admin"},
		"incident_report": {"admin", "advocacy"}, "referral": {"admin", "social"}, "service_directory": {"admin"},
		"shelter_admission": {"admin", "social", "protection"}, "testimony": {"admin", "testimony"},
	}
	for id, parts := range want {
		if got := starterForm(t, id).AlwaysParts(); !slices.Equal(got, parts) {
			t.Errorf("%s: %v, want %v", id, got, parts)
		}
	}
}

func TestGeneratedFields(t *testing.T) {
	want := map[string][]string{
		"case_intake":       {"case_code random", "opened_on today", "site_code site", "caseworker_code member"},
		"consult_sgbv":      {"case_code parent", "consult_on today", "site_code site", "clinician_code member"},
		"encounter":         {"case_code parent", "met_at today", "site_code site", "staff_code member"},
		"incident_report":   {"incident_code random", "site_code site"},
		"referral":          {"referral_code random", "case_code parent", "created_on today", "site_code site"},
		"service_directory": {"service_id random"},
		"shelter_admission": {"stay_code random", "admitted_at today", "site_code site"},
		"testimony":         {"testimony_code random", "collected_on today", "site_code site", "interviewer_code member"},
	}
	for id, fields := range want {
		f := starterForm(t, id)
		var got []string
		for _, field := range f.Generated() {
			got = append(got, field.Name+" "+string(field.Generate))
		}
		if !slices.Equal(got, fields) {
			t.Errorf("%s: %v, want %v", id, got, fields)
		}
		if key := f.KeyField(); (key != nil) != (id == "incident_report") {
			t.Errorf("%s: key field %v", id, key)
		}
	}
}

func TestSplitAndOrder(t *testing.T) {
	f := household(t)
	const a, b, v = "people/0000000000000001/", "people/0000000000000002/", "visits/00000000000000ff/visited_on"
	answers := form.Answers{"tags": []string{"x"}, b + "alias": "B", a + "link": "child", a + "alias": "A", a + v: "2026-01-01",
		"code": "C", "nonsense": "x"}
	want := []string{"code", a + "alias", a + "link", a + v, b + "alias", "tags", "nonsense"}
	if got := f.SortedPaths(answers); !slices.Equal(got, want) {
		t.Errorf("order %v, want %v", got, want)
	}
	parts := f.Split(answers)
	if len(parts) != 3 || len(parts["admin"]) != 1 || len(parts["identity"]) != 2 || len(parts["social"]) != 3 {
		t.Errorf("parts %v", parts)
	}
}

func TestNewRefusesCycles(t *testing.T) {
	d := form.Definition{ID: "f", Version: "1", DefaultLanguage: "fr", RecordKind: "k", Items: []form.Item{
		{Type: form.TypeText, Name: "a", Compartment: "admin", Merge: form.LWW, Relevant: "${b} = '1'"},
		{Type: form.TypeText, Name: "b", Compartment: "admin", Merge: form.LWW, Relevant: "${c} = '1'"},
		{Type: form.TypeText, Name: "c", Compartment: "admin", Merge: form.LWW},
	}}
	if _, err := form.New(d); err != nil {
		t.Fatal(err)
	}
	d.Items[2].Relevant = "${a} = '1'"
	if _, err := form.New(d); err == nil {
		t.Error("a cycle was accepted")
	}
}

// TestCycleIsNamed also looks inside groups: what encloses a question decides whether it can be read.
func TestCycleIsNamed(t *testing.T) {
	calculate := func(name, calculation string) form.Item {
		return form.Item{Type: form.TypeCalculate, Name: name, Calculation: calculation}
	}
	tests := map[string][]form.Item{
		"a → b → c → a": {calculate("a", "${b} + 1"), calculate("b", "${c}"), calculate("c", "../a")},
		"a → a":         {calculate("a", "${a} + 1")},
		"g → g":         {{Type: form.TypeGroup, Name: "g", Relevant: "${in} = 1", Children: []form.Item{{Type: form.TypeText, Name: "in"}}}},
		"g → a → g": {{Type: form.TypeGroup, Name: "g", Relevant: "${a} = 1", Children: []form.Item{{Type: form.TypeText, Name: "in"}}},
			calculate("a", "concat(/data/g/in)")},
	}
	for want, items := range tests {
		_, err := form.Plain(form.Definition{ID: "f", Items: items})
		if err == nil || !strings.Contains(err.Error(), "depends on itself") {
			t.Errorf("%s: %v", want, err)
		} else if !strings.Contains(err.Error(), strings.TrimSuffix(want, " → "+want[:1])) && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: not named in %v", want, err)
		}
	}
}

func TestFor(t *testing.T) {
	d := household(t).Definition()
	ly, err := form.New(d.For("ly"))
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := ly.Lookup("place"); ok {
		t.Error("a field of another bundle is there")
	}
	link, _ := ly.Lookup("people/0000000000000001/link")
	if _, ok := link.Choice("partner"); ok || len(link.Choices) != 2 {
		t.Errorf("choices %v", link.Choices)
	}
	fr, err := form.New(d.For("fr"))
	if err != nil || len(fr.Fields) != len(ly.Fields)+1 {
		t.Errorf("fr: %v", err)
	}
}

func TestNewRefusesNames(t *testing.T) {
	long := strings.Repeat("r", 60)
	for name, want := range map[string]bool{"plain": true, "exists": false, "addendum": false, "all": false, "two words": false,
		"a.b": false, "": false, long: true} {
		_, err := form.New(form.Definition{ID: "f", Version: "1", DefaultLanguage: "fr", RecordKind: "k", Items: []form.Item{
			{Type: form.TypeText, Name: name, Compartment: "admin", Merge: form.LWW}}})
		if (err == nil) != want {
			t.Errorf("%q: %v", name, err)
		}
	}
	item := form.Item{Type: form.TypeText, Name: "x", Compartment: "admin", Merge: form.LWW}
	for _, repeat := range []string{"a" + long, "b" + long, "c" + long} {
		item = form.Item{Type: form.TypeRepeat, Name: repeat, Children: []form.Item{item}}
	}
	_, err := form.New(form.Definition{ID: "f", Version: "1", DefaultLanguage: "fr", RecordKind: "k", Items: []form.Item{item}})
	if err == nil || !strings.Contains(err.Error(), "longer than 200 bytes") {
		t.Errorf("a path that is too long: %v", err)
	}
}
