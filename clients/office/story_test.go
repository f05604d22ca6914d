package office_test

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"escale/clients/field"
	"escale/clients/office"
	"escale/clients/orgtest"
	"escale/schema/form"
)

const canary = "zarafa-kestrel"

var now = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

var intake = form.Answers{"site_code": "calais", "activity": "day_centre", "consent_case": "given", "consent_scopes": []string{"msf_social"},
	"alias": "Nour " + canary + " (invented person)", "full_name": canary + " (invented)", "contact_rules": canary, "safe_contact": "+33 " + canary,
	"age_band": "a18_24", "gender": "f", "risk_level": "medium", "living": "street", "opened_on": "2026-11-20", "children_count": int64(2),
	"wishes": "=HYPERLINK(\"" + canary + "\")"}

var incident = form.Answers{"incident_code": "nadi-sufa-4821", "site_code": "calais", "sensitivity": "low", "staff_safety": "ok", "occurred_at": "2026-11-20T03:40:00+01:00",
	"time_precision": "hour", "zone_code": "Z1", "incident_types": []string{"shipwreck"}, "source_type": "direct", "reliability": "confirmed"}

// port is Calais: two who care for people, two who were on the beach, the supervisor's view, the data manager in Paris.
type port struct {
	*orgtest.Org
	worker, supervisor, beach1, beach2, manager, lead *orgtest.Laptop
}

func newPort(t *testing.T) *port {
	t.Helper()
	p := &port{Org: orgtest.New(t, "calais", "tripoli")}
	p.worker = p.Ask("worker", "social_worker", "calais")
	p.supervisor = p.Ask("supervisor", "social_supervisor", "calais")
	p.beach1 = p.Ask("beach-1", "outreach", "calais")
	p.beach2 = p.Ask("beach-2", "outreach", "calais")
	p.manager = p.Ask("manager", "data_manager", "calais")
	p.lead = p.Ask("lead", "protection_lead", "calais")
	p.ApproveAll()
	p.syncAll()
	p.syncAll()
	return p
}

func (p *port) syncAll() {
	for _, l := range []*orgtest.Laptop{p.worker, p.supervisor, p.beach1, p.beach2, p.manager, p.lead} {
		l.Sync()
	}
}

// night fills the port: a case with a conflict and a plain one, and one incident seen by two teams.
func (p *port) night() (conflicted, plain field.Saved) {
	t := p.T
	t.Helper()
	ctx := context.Background()
	conflicted = orgtest.Must[field.Saved](t)(p.worker.Book().Create(ctx, field.New{Form: "case_intake", Answers: intake}))
	plain = orgtest.Must[field.Saved](t)(p.worker.Book().Create(ctx, field.New{Form: "case_intake", Answers: form.Apply(intake, form.Answers{"alias": "هاجر " + canary})}))
	p.syncAll()
	p.syncAll()
	edit := func(l *orgtest.Laptop, a form.Answers) {
		t.Helper()
		orgtest.Must[field.Saved](t)(l.Book().Edit(ctx, conflicted.ID.String(), field.Change{Answers: a}))
	}
	edit(p.worker, form.Answers{"risk_level": "high", "living": "squat", "full_name": canary + " A"})
	edit(p.supervisor, form.Answers{"risk_level": "extreme", "full_name": canary + " B", "wishes": "second entry"})
	orgtest.Must[field.Saved](t)(p.beach1.Book().Create(ctx, field.New{Form: "incident_report", Answers: form.Apply(incident, form.Answers{"assisted_count": int64(30), "minors": int64(4)})}))
	orgtest.Must[field.Saved](t)(p.beach2.Book().Create(ctx, field.New{Form: "incident_report", Answers: form.Apply(incident, form.Answers{"assisted_count": int64(24), "minors": int64(6), "sensitivity": "high"})}))
	p.syncAll()
	p.syncAll()
	return conflicted, plain
}

func export(t *testing.T, l *orgtest.Laptop, o office.Options) (office.Report, string) {
	t.Helper()
	if o.Dir == "" {
		o.Dir = filepath.Join(t.TempDir(), "out")
	}
	o.Now = now
	return orgtest.Must[office.Report](t)(office.Export(context.Background(), l.Book(), o)), o.Dir
}

func readTable(t *testing.T, path string) (rows []map[string]string, tags map[string]string) {
	t.Helper()
	b := orgtest.Must[[]byte](t)(os.ReadFile(path))
	text, marked := strings.CutPrefix(string(b), "\xef\xbb\xbf")
	if !marked {
		t.Errorf("%s has no byte order mark", path)
	}
	all := orgtest.Must[[][]string](t)(csv.NewReader(strings.NewReader(text)).ReadAll())
	named := func(cells []string) map[string]string {
		out := map[string]string{}
		for i, name := range all[0] {
			out[name] = cells[i]
		}
		return out
	}
	for _, cells := range all[2:] {
		rows = append(rows, named(cells))
	}
	return rows, named(all[1])
}

func readLines[T any](t *testing.T, path string) (out []T) {
	t.Helper()
	d := json.NewDecoder(strings.NewReader(string(orgtest.Must[[]byte](t)(os.ReadFile(path)))))
	for d.More() {
		var v T
		orgtest.OK(t, d.Decode(&v))
		out = append(out, v)
	}
	return out
}

// files returns the names and bytes of a folder.
func files(t *testing.T, dir string) map[string]string {
	t.Helper()
	out := map[string]string{}
	for _, e := range orgtest.Must[[]fs.DirEntry](t)(os.ReadDir(dir)) {
		out[e.Name()] = string(orgtest.Must[[]byte](t)(os.ReadFile(filepath.Join(dir, e.Name()))))
	}
	return out
}

func TestSupervisorExportsTheWholeSite(t *testing.T) {
	p := newPort(t)
	conflicted, plain := p.night()
	steps := 0
	report, dir := export(t, p.supervisor, office.Options{Format: office.CSV, Language: "fr", Progress: func(done, total int) {
		if steps++; done != steps || done > total {
			t.Errorf("step %d is %d of %d", steps, done, total)
		}
	}})
	if report.Deidentified || report.Records != 4 || report.Conflicts != 2 || len(report.Skipped) != 0 || !slices.Equal(report.Warnings, []string{office.WarnNotSealed}) {
		t.Errorf("%+v", report)
	}
	cases, tags := readTable(t, filepath.Join(dir, "case_intake.csv"))
	if len(cases) != 2 || tags["id"] != "#meta+id" || tags["gender"] != "#meta+gender" {
		t.Fatalf("%d cases, tags %v", len(cases), tags)
	}
	if !slices.IsSortedFunc(cases, func(a, b map[string]string) int { return strings.Compare(a["id"], b["id"]) }) {
		t.Error("not sorted by id")
	}
	for _, c := range cases {
		switch c["id"] {
		case conflicted.ID.String():
			if c["open_conflicts"] != "2" || c["risk_level"] != "extreme" || c["living"] != "squat" || !strings.Contains(c["wishes"], "second entry") {
				t.Errorf("%v", c)
			}
		case plain.ID.String():
			if c["code"] != plain.Code || c["open_conflicts"] != "0" || c["safe_contact"] != "'+33 "+canary || c["alias"] != "هاجر "+canary || c["gender_label"] != "Féminin" {
				t.Errorf("%v", c)
			}
		}
		if c["parts"] != "admin:open identity:open social:open protection:open" { // of the legal part nobody wrote anything
			t.Errorf("parts: %s", c["parts"])
		}
	}
	siblings, _ := readTable(t, filepath.Join(dir, "conflicts.csv"))
	if len(siblings) != 4 || siblings[0]["id"] != conflicted.ID.String() || siblings[0]["value"] == siblings[1]["value"] || siblings[0]["author"] == siblings[1]["author"] {
		t.Errorf("%v", siblings)
	}
	info := orgtest.Must[os.FileInfo](t)(os.Stat(filepath.Join(dir, "case_intake.csv")))
	if folder := orgtest.Must[os.FileInfo](t)(os.Stat(dir)); info.Mode().Perm() != 0o600 || folder.Mode().Perm() != 0o700 {
		t.Errorf("modes %v and %v", info.Mode(), folder.Mode())
	}
}

func TestJoinedReportsStandSideBySide(t *testing.T) {
	p := newPort(t)
	p.night()
	_, dir := export(t, p.supervisor, office.Options{Format: office.CSV, Forms: []string{"incident_report"}})
	own, _ := readTable(t, filepath.Join(dir, "incident_report.csv"))
	if len(own) != 2 || own[0]["parts"] != "admin:open advocacy:sealed testimony:sealed" || own[0]["minors"] != "" {
		t.Fatalf("%v", own)
	}
	joined, tags := readTable(t, filepath.Join(dir, "incident_report.joined.csv"))
	if len(joined) != 1 {
		t.Fatalf("%v", joined)
	}
	j := joined[0]
	if j["incident_code"] != "nadi-sufa-4821" || j["assisted_count"] != "54" || j["observers"] != "2" || j["differ"] != "sensitivity" || tags["assisted_count"] != "#reached" {
		t.Errorf("%v", j)
	}
	if got := strings.Split(j["sensitivity"], "\n"); len(got) != 2 || got[0] == got[1] || j["records"] != own[0]["id"]+" "+own[1]["id"] {
		t.Errorf("%v", j)
	}
}

func TestLinesHoldExactValues(t *testing.T) {
	p := newPort(t)
	conflicted, _ := p.night()
	_, dir := export(t, p.supervisor, office.Options{Format: office.NDJSON})
	for _, row := range readLines[office.Row](t, filepath.Join(dir, "case_intake.ndjson")) {
		if row.ID != conflicted.ID.String() {
			continue
		}
		wishes, _ := json.Marshal(row.Values["wishes"])
		var entries []office.Entry
		orgtest.OK(t, json.Unmarshal(wishes, &entries))
		if row.Code != conflicted.Code || row.Values["children_count"] != 2.0 || len(entries) != 2 || entries[0].Value != intake["wishes"] || entries[1].Author == entries[0].Author {
			t.Errorf("%+v", row)
		}
		if len(row.Conflicts) != 2 || len(row.Conflicts[0].Siblings) != 2 || row.Parts["identity"] != field.PartOpen {
			t.Errorf("%+v", row.Conflicts)
		}
		r := orgtest.Must[*field.Record](t)(p.supervisor.Book().Get(context.Background(), row.ID))
		shown := orgtest.Must[*office.Row](t)(office.Describe(p.supervisor.Book(), r))
		if shown.ID != row.ID || len(shown.Values) != len(row.Values) {
			t.Errorf("described as %+v", shown)
		}
	}
	if got := readLines[office.SiblingLine](t, filepath.Join(dir, "conflicts.ndjson")); len(got) != 4 || got[0].Value == nil {
		t.Errorf("%+v", got)
	}
}

func TestDataManagerExportsWithoutNames(t *testing.T) {
	p := newPort(t)
	conflicted, _ := p.night()
	before := map[string]bool{}
	for _, format := range []string{office.CSV, office.NDJSON, office.CSV} {
		report, dir := export(t, p.manager, office.Options{Format: format})
		if !report.Deidentified || report.Records != 4 || len(report.Dropped) == 0 {
			t.Errorf("%+v", report)
		}
		for name, text := range files(t, dir) {
			for _, secret := range []string{canary, conflicted.ID.String(), conflicted.Code, "nadi-sufa", field.MemberCode(p.worker.Keys.Member)} {
				if strings.Contains(text, secret) {
					t.Errorf("%s of %s gives away %q", name, format, secret)
				}
			}
		}
		if format == office.NDJSON {
			continue
		}
		cases, _ := readTable(t, filepath.Join(dir, "case_intake.csv"))
		for _, c := range cases {
			if c["country"] != "FR" || c["opened_on"] != "2026-11-16" || c["children_count"] != "1-2" || before[c["id"]] || before[c["case_code"]] || !strings.Contains(c["parts"], "identity:sealed") {
				t.Errorf("%v", c)
			}
			before[c["id"]], before[c["case_code"]] = true, true
		}
		joined, _ := readTable(t, filepath.Join(dir, "incident_report.joined.csv"))
		if len(joined) != 1 || joined[0]["assisted_count"] != "54" || strings.Count(joined[0]["minors"], ": ") != 2 {
			t.Errorf("%v", joined)
		}
	}
	r := orgtest.Must[*field.Record](t)(p.manager.Book().Get(context.Background(), conflicted.ID.String()))
	if _, err := office.Describe(p.manager.Book(), r); !errors.Is(err, office.ErrNotPermitted) {
		t.Errorf("described in full: %v", err)
	}
}

func TestSupervisorMayExportWithoutNames(t *testing.T) {
	p := newPort(t)
	p.night()
	report, dir := export(t, p.supervisor, office.Options{Format: office.NDJSON, Deidentify: true})
	if !report.Deidentified || report.Skipped[office.SkippedConflict] != 1 {
		t.Errorf("%+v", report)
	}
	for name, text := range files(t, dir) {
		if strings.Contains(text, canary) {
			t.Errorf("%s holds a canary", name)
		}
	}
}

func TestWhoMayNotExport(t *testing.T) {
	p := newPort(t)
	for _, c := range []struct {
		who  *orgtest.Laptop
		form string
	}{{p.worker, ""}, {p.beach1, ""}, {p.lead, "consult_sgbv"}} {
		o := office.Options{Format: office.CSV, Dir: filepath.Join(t.TempDir(), "out")}
		if c.form != "" {
			o.Forms = []string{c.form}
		}
		_, err := office.Export(context.Background(), c.who.Book(), o)
		var refused *office.Refused
		if !errors.As(err, &refused) || !errors.Is(err, office.ErrNotPermitted) || refused.Role != c.who.Book().Role() || refused.Form != c.form {
			t.Errorf("%s: %v", c.who.Name, err)
		}
		if _, err := os.Stat(o.Dir); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("a folder was made: %v", err)
		}
	}
	for o, want := range map[string]error{"xlsx": office.ErrFormat} {
		if _, err := office.Export(context.Background(), p.lead.Book(), office.Options{Format: o}); !errors.Is(err, want) {
			t.Errorf("%s: %v", o, err)
		}
	}
	if _, err := office.Export(context.Background(), p.lead.Book(), office.Options{Format: office.CSV, Forms: []string{"none"}, Dir: t.TempDir()}); !errors.Is(err, field.ErrNoForm) {
		t.Errorf("%v", err)
	}
}

func TestInterruptedExportLeavesNothing(t *testing.T) {
	p := newPort(t)
	p.night()
	_, dir := export(t, p.supervisor, office.Options{Format: office.CSV})
	before := files(t, dir)
	ctx, cancel := context.WithCancel(context.Background())
	_, err := office.Export(ctx, p.supervisor.Book(), office.Options{Format: office.CSV, Dir: dir, Progress: func(done, _ int) {
		if done == 2 {
			cancel()
		}
	}})
	if !errors.Is(err, context.Canceled) {
		t.Fatalf("%v", err)
	}
	after := files(t, dir)
	if len(after) != len(before) {
		t.Errorf("%d files, before %d", len(after), len(before))
	}
	for name := range before {
		if after[name] != before[name] {
			t.Errorf("%s changed", name)
		}
	}
}

func TestFolderOfOthersIsRefused(t *testing.T) {
	p := newPort(t)
	p.night()
	_, dir := export(t, p.supervisor, office.Options{Format: office.CSV, Forms: []string{"case_intake"}})
	again := func(o office.Options) error {
		o.Dir = dir
		_, err := office.Export(context.Background(), p.supervisor.Book(), o)
		return err
	}
	same := office.Options{Format: office.CSV, Forms: []string{"case_intake"}}
	orgtest.OK(t, os.WriteFile(filepath.Join(dir, ".escale-123.partial"), []byte(canary), 0o600))
	orgtest.OK(t, again(same))
	if len(files(t, dir)) != 2 {
		t.Errorf("what a killed export left is still there: %v", len(files(t, dir)))
	}
	for name, o := range map[string]office.Options{"other form": {Format: office.CSV, Forms: []string{"encounter"}}, "other format": {Format: office.NDJSON, Forms: same.Forms},
		"de-identified": {Format: office.CSV, Forms: same.Forms, Deidentify: true}} {
		if err := again(o); !errors.Is(err, office.ErrFolder) {
			t.Errorf("%s: %v", name, err)
		}
	}
	orgtest.OK(t, os.WriteFile(filepath.Join(dir, "case_intake.csv"), []byte("my own list"), 0o600))
	if err := again(same); !errors.Is(err, office.ErrFolder) {
		t.Errorf("somebody's own file: %v", err)
	}
}
