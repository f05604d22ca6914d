package xlsform_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"escale/schema/form"
	"escale/schema/xlsform"
)

const (
	starter  = "../pack/starter"
	examples = "../../testdata/forms"
)

func workbook(t testing.TB, dir string) xlsform.Workbook {
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
	return xlsform.Workbook{Survey: sheet("survey"), Choices: sheet("choices"), Settings: sheet("settings")}
}

func TestReadStarterForms(t *testing.T) {
	fields := map[string]int{"case_intake": 29, "consult_sgbv": 28, "encounter": 26, "incident_report": 28, "referral": 27,
		"service_directory": 24, "shelter_admission": 26, "testimony": 28}
	for name, want := range fields {
		f, warnings, err := xlsform.Read(workbook(t, filepath.Join(starter, name)))
		if err != nil || len(warnings) > 0 {
			t.Errorf("%s: %v, warnings %v", name, err, warnings)
			continue
		}
		if f.ID != name || len(f.Fields) != want || len(f.Titles) != 3 || f.DefaultLanguage != "fr" {
			t.Errorf("%s: id %s, %d fields, titles %v", name, f.ID, len(f.Fields), f.Titles)
		}
		for _, field := range f.Fields {
			if field.Label["fr"] == "" || field.Label["en"] == "" || field.Label["ar"] == "" {
				t.Errorf("%s/%s: a label is missing", name, field.Name)
			}
		}
	}
}

func TestReadColumns(t *testing.T) {
	f, _, err := xlsform.Read(workbook(t, filepath.Join(starter, "case_intake")))
	if err != nil {
		t.Fatal(err)
	}
	born, ok := f.Lookup("birth_date_declared")
	if !ok {
		t.Fatal("field is missing")
	}
	if born.Type != form.TypeDate || born.Compartment != "identity" || born.Merge != form.KeepBoth || born.PII != "direct" ||
		born.Retention != "R_IDENTITY" || born.Export != "drop" || born.Constraint != ". <= today()" ||
		!slices.Equal(born.Groups, []string{"g_identity"}) || born.Hint["fr"] == "" || born.Label["en"] != "Declared date of birth" {
		t.Errorf("%+v", born.Item)
	}
	vulnerable, _ := f.Lookup("vulnerabilities")
	uam, _ := vulnerable.Choice("uam")
	lgbti, _ := vulnerable.Choice("lgbti")
	if uam.MapsTo != "UNHCR:SC" || !slices.Equal(lgbti.Sites, []string{"fr"}) || vulnerable.HXL != "#indicator+vulnerability" {
		t.Errorf("%+v %+v", uam, lgbti)
	}
	consent, _ := f.Lookup("consent_case")
	withdrawn, _ := consent.Choice("withdrawn")
	if withdrawn.Rank == nil || *withdrawn.Rank != 3 {
		t.Errorf("rank of withdrawn: %v", withdrawn.Rank)
	}
}

func TestReadReportsEverything(t *testing.T) {
	_, warnings, err := xlsform.Read(workbook(t, filepath.Join(examples, "broken")))
	var errs xlsform.Errors
	if !errors.As(err, &errs) {
		t.Fatalf("error %v", err)
	}
	var got []string
	for _, e := range errs {
		got = append(got, fmt.Sprintf("%s %d %s", e.Sheet, e.Row, e.Column))
	}
	slices.Sort(got)
	want := []string{
		"choices 3 name", "choices 4 name", "choices 5 rank",
		"survey 10 generate", "survey 11 merge", "survey 14 type", "survey 15 type", "survey 2 relevant", "survey 2 type",
		"survey 3 type", "survey 4 type", "survey 5 name", "survey 5 required", "survey 6 name", "survey 7 relevant",
		"survey 8 merge", "survey 9 compartment",
	}
	if !slices.Equal(got, want) {
		t.Errorf("reported\n%s\nwant\n%s\n\n%v", strings.Join(got, "\n"), strings.Join(want, "\n"), err)
	}
	if len(warnings) != 2 || warnings[0].Column != "style" || warnings[1].Column != "colour" {
		t.Errorf("warnings %v", warnings)
	}
	if !strings.Contains(err.Error(), `"osm yn"`) || !strings.Contains(err.Error(), `"pulldata"`) {
		t.Errorf("type or function is not named: %v", err)
	}
}

func TestReadCSVTolerates(t *testing.T) {
	s, err := xlsform.ReadCSV("survey", strings.NewReader("\ufefftype,name\ntext\n"))
	if err != nil || s.Rows[0][0] != "type" || len(s.Rows) != 2 {
		t.Errorf("%v %v", s, err)
	}
}

func TestBounds(t *testing.T) {
	good := workbook(t, filepath.Join(examples, "household"))
	if _, _, err := xlsform.Read(good); err != nil {
		t.Fatal(err)
	}
	row := func(cells ...string) xlsform.Workbook {
		w := good
		w.Survey.Rows = append(slices.Clone(w.Survey.Rows), cells)
		return w
	}
	many := good
	many.Choices.Rows = make([][]string, xlsform.MaxRows+1)
	tests := map[string]xlsform.Workbook{
		"rows": many, "columns": row(make([]string, xlsform.MaxColumns+1)...), "larger than": row(strings.Repeat("x", xlsform.MaxCell+1)),
		"UTF-8": row("text", "\xff"), "empty": {},
	}
	for want, w := range tests {
		if _, _, err := xlsform.Read(w); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", want, err)
		}
	}
	if _, err := xlsform.ReadCSV("survey", strings.NewReader(strings.Repeat("x,", xlsform.MaxSheet))); err == nil {
		t.Error("an oversized file was read")
	}
	if _, err := xlsform.ReadCSV("survey", strings.NewReader(strings.Repeat("x\n", xlsform.MaxRows+1))); err == nil {
		t.Error("too many rows were read")
	}
	if _, err := xlsform.ReadCSV("survey", strings.NewReader("a\"b,c")); err == nil {
		t.Error("broken CSV was read")
	}
}

func FuzzRead(f *testing.F) {
	for _, dir := range []string{filepath.Join(starter, "case_intake"), filepath.Join(starter, "testimony"),
		filepath.Join(examples, "household"), filepath.Join(examples, "broken")} {
		var seed [3]string
		for i, name := range []string{"survey", "choices", "settings"} {
			b, err := os.ReadFile(filepath.Join(dir, name+".csv"))
			if err != nil {
				f.Fatal(err)
			}
			seed[i] = string(b)
		}
		f.Add(seed[0], seed[1], seed[2])
	}
	f.Fuzz(func(t *testing.T, survey, choices, settings string) {
		var w xlsform.Workbook
		for sheet, text := range map[*xlsform.Sheet]string{&w.Survey: survey, &w.Choices: choices, &w.Settings: settings} {
			s, err := xlsform.ReadCSV("sheet", strings.NewReader(text))
			if err != nil {
				return
			}
			*sheet = s
		}
		read, _, err := xlsform.Read(w)
		if err != nil {
			return
		}
		if _, err := form.New(read.Definition()); err != nil {
			t.Errorf("a form that was read is not valid: %v", err)
		}
		read.Validate(form.Answers{}, form.Options{})
	})
}
