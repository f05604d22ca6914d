package office

import (
	"bytes"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"escale/clients/field"
	"escale/schema/form"
	"escale/schema/pack"
	"escale/schema/xlsform"
)

var update = flag.Bool("update", false, "write the golden files")

func starter(t *testing.T) []*pack.Bundle {
	t.Helper()
	source, err := pack.Build(os.DirFS("../../schema/pack/starter"))
	if err != nil {
		t.Fatal(err)
	}
	var out []*pack.Bundle
	for _, name := range []string{"hq", "fr"} {
		b, err := source.Bundle(name)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, b)
	}
	return out
}

func household(t *testing.T) *form.Form {
	t.Helper()
	var w xlsform.Workbook
	for name, sheet := range map[string]*xlsform.Sheet{"survey": &w.Survey, "choices": &w.Choices, "settings": &w.Settings} {
		b, err := os.ReadFile(filepath.Join("../../testdata/forms/household", name+".csv"))
		if err != nil {
			t.Fatal(err)
		}
		if *sheet, err = xlsform.ReadCSV(name, bytes.NewReader(b)); err != nil {
			t.Fatal(err)
		}
	}
	f, _, err := xlsform.Read(w)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// sample is an invented answer for a field: the last choice, and words that a spreadsheet would run.
func sample(fd *form.Field, n int) any {
	switch {
	case fd.Type == form.TypeSelectMultiple:
		return []string{fd.Choices[0].Name, fd.Choices[len(fd.Choices)-1].Name}
	case fd.Name == "site_code":
		return "dunkerque"
	case fd.Type == form.TypeSelectOne:
		return fd.Choices[n%len(fd.Choices)].Name
	case fd.IsSet():
		return []string{"7KQ2-AAAA-0001", "7KQ2-AAAA-0002"}
	case fd.Merge == form.Append:
		return []Entry{{"=HYPERLINK(\"http://x\")\r\n- deux", "ABCD-EFGH", "2026-11-20T10:00:00.000Z"}, {"مكالمة ثانية", "IJKL-MNOP", "2026-11-21T10:00:00.000Z"}}
	case fd.Type == form.TypeInteger:
		return int64(n % 4)
	case fd.Type == form.TypeDecimal:
		return -1.25
	case fd.Type == form.TypeDate:
		return "2026-11-20"
	case fd.Type == form.TypeDateTime:
		return "2026-11-20T03:40:00+01:00"
	case fd.Type == form.TypeGeopoint:
		return "-33.5 35.1"
	}
	return "@" + fd.Name + "; =1+1 نص"
}

// invented is a record in which everything is answered, and the first question that may be in conflict is.
func invented(f *form.Form) *Row {
	row := &Row{ID: "00112233445566778899aabbccddeeff", Code: "7KQ2-M4XD-9PRT", Form: f.ID, Version: f.Version, Kind: f.RecordKind, Site: "dunkerque",
		CreatedAt: "2026-11-20T09:59:00.000Z", Author: "ABCD-EFGH", Exists: "yes", Parts: map[string]field.PartState{}, Values: map[string]any{},
		Conflicts: []Conflict{}, form: f}
	for i, c := range f.Compartments() {
		row.Parts[c] = []field.PartState{field.PartOpen, field.PartSealed, field.PartPending}[i%3]
	}
	for i, fd := range f.Fields {
		ids := slices.Repeat([]string{"0011223344556677"}, len(fd.Repeats))
		row.Values[fd.InstancePath(ids...)] = sample(fd, i)
		if fd.Merge == form.KeepBoth && fd.Type == form.TypeSelectOne && row.open == 0 {
			row.open = 1
			row.Conflicts = append(row.Conflicts, Conflict{Field: fd.Path, Policy: "keep_both", Since: "2026-11-20T10:00:00.000Z", Siblings: []Sibling{
				{1, fd.Choices[0].Name, "ABCD-EFGH", "2026-11-20T09:59:00.000Z", []int{}}, {2, fd.Choices[1].Name, "IJKL-MNOP", "2026-11-20T10:00:00.000Z", []int{}}}})
		}
	}
	return row
}

// zeros is a source of randomness for files that must not change from run to run.
type zeros struct{}

func (zeros) Read(b []byte) (int, error) { clear(b); return len(b), nil }

// written exports invented records of some forms without a book.
func written(t *testing.T, versions [][]*form.Form, bundles []*pack.Bundle, o Options) (string, *Report) {
	t.Helper()
	o.Dir, o.Now = filepath.Join(t.TempDir(), "out"), time.Unix(0, 0).UTC()
	e := &export{o: o, permit: &permit{deidentified: o.Deidentify, bundles: bundles}, report: newReport(&o, o.Deidentify)}
	for _, v := range versions {
		e.permit.sheets = append(e.permit.sheets, newSheet(v))
	}
	check := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	var err error
	if o.Deidentify {
		e.mask, err = newMask(zeros{}, e.permit.sheets, bundles, e.report)
		check(err)
	}
	files, err := e.plan()
	check(err)
	dir, err := openFolder(o.Dir, files)
	check(err)
	e.sink, err = e.newSink(dir)
	check(err)
	for i, s := range e.permit.sheets {
		row := invented(versions[i][0])
		if e.mask != nil {
			row = e.mask.row(s, row)
		}
		check(e.sink.record(s, row))
	}
	check(e.sink.flush())
	check(dir.commit())
	e.report.sort()
	return o.Dir, e.report
}

func compareFolder(t *testing.T, got, want string) {
	t.Helper()
	entries, err := os.ReadDir(got)
	if err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := errors.Join(os.RemoveAll(want), os.CopyFS(want, os.DirFS(got))); err != nil {
			t.Fatal(err)
		}
	}
	old, err := os.ReadDir(want)
	if err != nil || len(old) != len(entries) {
		t.Fatalf("%d files, want %d: %v", len(entries), len(old), err)
	}
	for _, e := range entries {
		a, errA := os.ReadFile(filepath.Join(got, e.Name()))
		b, errB := os.ReadFile(filepath.Join(want, e.Name()))
		if errA != nil || errB != nil || !bytes.Equal(a, b) {
			t.Errorf("%s differs from the golden file (%v, %v):\n%s", e.Name(), errA, errB, a)
		}
	}
}

func TestGoldenFiles(t *testing.T) {
	bundles := starter(t)
	var versions [][]*form.Form
	for _, f := range bundles[0].Forms {
		other, _ := bundles[1].Form(f.ID)
		versions = append(versions, []*form.Form{f, other})
	}
	versions = append(versions, []*form.Form{household(t)})
	for name, o := range map[string]Options{
		"full-csv": {Format: CSV, Language: "ar"}, "full-ndjson": {Format: NDJSON},
		"deid-csv": {Format: CSV, Deidentify: true, Language: "en"}, "deid-ndjson": {Format: NDJSON, Deidentify: true},
	} {
		t.Run(name, func(t *testing.T) {
			dir, _ := written(t, versions, bundles, o)
			compareFolder(t, dir, filepath.Join("testdata", name))
		})
	}
}

func TestDeidentifiedReportNamesWhatIsLeftOut(t *testing.T) {
	bundles := starter(t)
	var versions [][]*form.Form
	for _, f := range bundles[0].Forms {
		versions = append(versions, []*form.Form{f})
	}
	_, report := written(t, versions, bundles, Options{Format: CSV, Deidentify: true})
	reasons := map[string]string{}
	for _, d := range report.Dropped {
		reasons[d.Form+"/"+d.Field] = d.Reason
	}
	for field, reason := range map[string]string{"case_intake/alias": DroppedByRule, "case_intake/country_origin": DroppedNoMapping,
		"incident_report/location": DroppedNoMapping, "incident_report/narrative": DroppedUnreviewed} {
		if reasons[field] != reason {
			t.Errorf("%s: %q, want %q", field, reasons[field], reason)
		}
	}
	if reasons["case_intake/age_band"] != "" || !report.Deidentified || !slices.Contains(report.Warnings, WarnSmallCells) {
		t.Errorf("%+v", report)
	}
}

func TestMonthOfAWeek(t *testing.T) {
	for rule, want := range map[string]string{"day": "2027-01-03", "week": "2026-12-28", "month": "2027-01-01"} {
		r, _ := parseRule(rule)
		if got, ok := r.truncate("2027-01-03T23:59:00+02:00"); !ok || got != want {
			t.Errorf("%s: %v, want %s", rule, got, want)
		}
	}
}

func TestStrictest(t *testing.T) {
	for _, c := range []struct {
		rules  string
		do     ruleKind
		reason string
	}{{"keep", keep, ""}, {"keep,week", toWeek, ""}, {"week,keep", toWeek, ""}, {"keep,drop", drop, DroppedByRule}, {"week,month", drop, DroppedDisagree},
		{"drop,week", drop, DroppedDisagree}, {"keep,sometimes", drop, DroppedUnknownRule}, {"", drop, DroppedUnknownRule}, {"band:x", drop, DroppedUnknownRule},
		{"coarse:region", drop, DroppedNoMapping}, {"coarse:country", toCountry, ""}} {
		if r, reason := strictest(strings.Split(c.rules, ",")); r.do != c.do || reason != c.reason {
			t.Errorf("%s: %v %q", c.rules, r.do, reason)
		}
	}
}

func TestBands(t *testing.T) {
	r, reason := parseRule("band:0,1-2,3+")
	if reason != "" {
		t.Fatal(reason)
	}
	for n, want := range map[int64]any{0: "0", 1: "1-2", 2: "1-2", 3: "3+", 90: "3+", -1: nil} {
		if got, ok := r.band(n); got != want || ok != (want != nil) {
			t.Errorf("%d: %v", n, got)
		}
	}
}

func FuzzRule(f *testing.F) {
	for _, seed := range []string{"keep", "drop", "redact", "pseudonymise", "week", "coarse:country", "coarse:adm2", "band:0,1-2,3+", "band:-1,0–4,5+", "band:,"} {
		f.Add(seed, int64(2))
	}
	f.Fuzz(func(t *testing.T, text string, n int64) {
		r, reason := parseRule(text)
		if (r.do == drop) == (reason == "") {
			t.Fatalf("%q: kind %d for the reason %q", text, r.do, reason)
		}
		if name, ok := r.band(n); ok && !strings.Contains(text, name.(string)) {
			t.Fatalf("%q made a band %q", text, name)
		}
	})
}

func FuzzRestore(f *testing.F) {
	for _, seed := range []string{"=1", "'=1", "a;=1", "\n'-1", "＝", "نص", "'Nour"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if utf8.ValidString(s) && Restore(Neutralise(s)) != s {
			t.Fatalf("%q came back as %q", s, Restore(Neutralise(s)))
		}
	})
}
