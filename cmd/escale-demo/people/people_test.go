package people_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"escale/cmd/escale-demo/people"
	"escale/schema/form"
	"escale/schema/pack"

	"pgregory.net/rapid"
)

func starter(t testing.TB) *pack.Source {
	t.Helper()
	source, err := pack.Build(os.DirFS("../../../schema/pack/starter"))
	if err != nil {
		t.Fatal(err)
	}
	return source
}

func tell(t testing.TB, source *pack.Source, seed uint64, records int) *people.Story {
	t.Helper()
	story, err := people.Generate(source, people.DefaultPlan(), seed, records)
	if err != nil {
		t.Fatal(err)
	}
	return story
}

func formOf(t testing.TB, source *pack.Source, site, id string) *form.Form {
	t.Helper()
	bundle, err := source.BundleOf(site)
	if err != nil {
		t.Fatal(err)
	}
	f, ok := bundle.Form(id)
	if !ok {
		t.Fatalf("no form %s at %s", id, site)
	}
	return f
}

// check completes and validates a record as the agent of a post with these closed compartments would, read back from JSON.
func check(t testing.TB, f *form.Form, r people.Record, hidden map[string]bool, random *bytes.Reader) {
	t.Helper()
	data, err := json.Marshal(r.Values)
	if err != nil {
		t.Fatal(err)
	}
	typed, err := f.ParseAnswers(data, random)
	if err != nil {
		t.Fatalf("%s: %v", r.Ref, err)
	}
	if !reflect.DeepEqual(map[string]any(typed), r.Values) {
		t.Fatalf("%s: the values are not those that are read back", r.Ref)
	}
	now := time.Date(2026, 11, 21, 9, 0, 0, 0, time.UTC)
	answers, err := f.Generate(typed, form.Sources{Random: random, Now: now, Member: "M-1", Parent: "P-1", Site: "calais", Hidden: hidden})
	if err != nil {
		t.Fatalf("%s: %v", r.Ref, err)
	}
	if problems := f.Validate(answers, form.Options{Now: now, Hidden: hidden}); len(problems) > 0 {
		t.Fatalf("%s: %v", r.Ref, problems)
	}
}

func entropy() *bytes.Reader {
	b := make([]byte, 4096)
	for i := range b {
		b[i] = byte(i * 7)
	}
	return bytes.NewReader(b)
}

func batches(story *people.Story) []people.Batch {
	return append([]people.Batch{story.Opening}, story.Batches...)
}

func access(t testing.TB, source *pack.Source) *pack.Tables {
	t.Helper()
	hq, err := source.Bundle(pack.Headquarters)
	if err != nil {
		t.Fatal(err)
	}
	return &hq.Tables
}

// Whatever the seed: every record is valid in its country, and its role may write every compartment that it touches, for which
// somebody of the plan holds a key.
func TestEveryRecordIsValidAndAllowed(t *testing.T) {
	source := starter(t)
	tables := access(t, source)
	plan := people.DefaultPlan()
	rapid.Check(t, func(r *rapid.T) {
		story := tell(t, source, rapid.Uint64().Draw(r, "seed"), rapid.IntRange(people.MinRecords, 500).Draw(r, "records"))
		for _, b := range batches(story) {
			for _, record := range b.Records {
				f := formOf(t, source, b.Post.Site, record.Form)
				hidden := map[string]bool{}
				for _, c := range f.Compartments() {
					hidden[c] = !tables.Access(b.Post.Role, f.RecordKind, c).Write
				}
				check(t, f, record, hidden, entropy())
				for part := range f.Split(record.Values) {
					if hidden[part] || !anyReader(tables, plan, b.Post.Site, f.RecordKind, part) {
						t.Fatalf("%s writes %s/%s", b.Post.Name, f.RecordKind, part)
					}
				}
			}
		}
	})
}

func anyReader(tables *pack.Tables, plan people.Plan, site, kind, compartment string) bool {
	return slices.ContainsFunc(plan.Posts, func(p people.Post) bool {
		covers := p.Site == site || slices.Contains(p.Covers, site)
		return covers && tables.Access(p.Role, kind, compartment).Read
	})
}

func TestNumberOrderAndParents(t *testing.T) {
	source := starter(t)
	for _, n := range []int{people.MinRecords, 333, 1000} {
		story := tell(t, source, 5, n)
		if got := len(story.Records()); got != n {
			t.Errorf("%d records, want %d", got, n)
		}
		if len(story.Typed()) != n {
			t.Errorf("refs are not unique")
		}
		for _, b := range story.Batches {
			seen := map[string]string{}
			for _, r := range b.Records {
				f := formOf(t, source, b.Post.Site, r.Form)
				if (f.ParentKind != "") != (r.Parent != "") || r.Parent != "" && seen[r.Parent] != "case_intake" {
					t.Fatalf("%s has parent %q", r.Ref, r.Parent)
				}
				seen[r.Ref] = r.Form
			}
		}
	}
}

func TestSameSeedSameStory(t *testing.T) {
	source := starter(t)
	encode := func(seed uint64) []byte {
		b, err := json.Marshal(tell(t, source, seed, 300))
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	if !bytes.Equal(encode(7), encode(7)) {
		t.Error("one seed gave two stories")
	}
	if bytes.Equal(encode(7), encode(8)) {
		t.Error("two seeds gave one story")
	}
}

func TestEveryPersonIsMarkedInvented(t *testing.T) {
	marks := []string{"(personne inventée)", "(invented person)", "(شخص مُختلَق)", "(événement inventé)", "(invented event)",
		"(حدث مُختلَق)", "(organisation inventée)", "(invented organisation)", "(منظمة مُختلَقة)"}
	languages := map[string]bool{}
	for _, r := range tell(t, starter(t), 3, 600).Records() {
		text := all(r)
		i := slices.IndexFunc(marks, func(m string) bool { return strings.Contains(text, m) })
		if i < 0 {
			t.Fatalf("%s (%s) carries no mark", r.Ref, r.Form)
		}
		languages[marks[i%3]] = true
		if strings.ContainsAny(text, "{}") {
			t.Fatalf("%s has an open slot", r.Ref)
		}
	}
	if len(languages) != 3 {
		t.Errorf("languages: %v", languages)
	}
}

func all(r people.Record) string {
	var b strings.Builder
	for _, v := range r.Values {
		if s, ok := v.(string); ok {
			b.WriteString(s + "\n")
		}
	}
	return b.String()
}

// Each marker lies in exactly one text, where the named readers see it; none lies where only its writer's laptop could be asked
// that cannot read it.
func TestCanaries(t *testing.T) {
	source := starter(t)
	tables := access(t, source)
	rapid.Check(t, func(r *rapid.T) {
		story := tell(t, source, rapid.Uint64().Draw(r, "seed"), people.MinRecords)
		if len(story.Canaries) != 200 || len(slices.Compact(slices.Sorted(slices.Values(story.Markers())))) != 200 {
			t.Fatal("not 200 distinct canaries")
		}
		var everything strings.Builder
		for _, record := range story.Records() {
			everything.WriteString(all(record))
		}
		typed, compartments, posts, arabic := story.Typed(), map[string]bool{}, map[string]bool{}, 0
		for _, c := range story.Canaries {
			text, _ := typed[c.Ref].Values[c.Field].(string)
			if strings.Count(text, c.Marker) != 1 || strings.Count(everything.String(), c.Marker) != 1 {
				t.Fatalf("%s does not hold its canary once", c.Ref)
			}
			f := formOf(t, source, c.Site, c.Form)
			if field, ok := f.Lookup(c.Field); !ok || field.Compartment != c.Compartment {
				t.Fatalf("%s.%s is not in %s", c.Form, c.Field, c.Compartment)
			}
			for _, name := range c.Readers {
				post, _ := people.DefaultPlan().Post(name)
				if a := tables.Access(post.Role, f.RecordKind, c.Compartment); !a.Read || a.Scope == "deid" {
					t.Fatalf("%s cannot read %s of %s", name, c.Compartment, c.Form)
				}
			}
			if len(c.Readers) == 0 {
				t.Fatalf("nobody reads %s", c.Ref)
			}
			if strings.ContainsFunc(c.Marker, func(r rune) bool { return r > 127 }) {
				arabic++
			}
			compartments[c.Compartment], posts[c.Post] = true, true
		}
		if arabic != 20 || len(posts) != 8 {
			t.Fatalf("%d Arabic canaries at %d posts", arabic, len(posts))
		}
		for _, c := range []string{"identity", "social", "protection", "medical", "mental_health", "legal", "testimony"} {
			if !compartments[c] {
				t.Fatalf("no canary in %s", c)
			}
		}
	})
}

func TestNight(t *testing.T) {
	source := starter(t)
	story := tell(t, source, 11, 250)
	typed := story.Typed()
	if len(story.Night.People) != 54 {
		t.Fatalf("%d people", len(story.Night.People))
	}
	var kits, least []int64
	for _, ref := range story.Night.Reports {
		v := typed[ref].Values
		if v["incident_code"] != story.Night.Code || form.CanonicalKey(story.Night.Code) != story.Night.Code {
			t.Errorf("%s has another code", ref)
		}
		kits, least = append(kits, v["kits_given"].(int64)), append(least, v["persons_min"].(int64))
	}
	if !slices.Equal(kits, []int64{18, 23}) || !slices.Equal(least, []int64{50, 54}) || story.Night.KitsGiven != 41 {
		t.Errorf("kits %v, persons %v", kits, least)
	}
}

// Both posts may make their edits, and the opening case stays valid with each of them and with what they merge to.
func TestEditsAreAllowedAndValid(t *testing.T) {
	source := starter(t)
	tables, plan := access(t, source), people.DefaultPlan()
	story := tell(t, source, 13, 250)
	opening := story.Opening.Records[0]
	f := formOf(t, source, "calais", opening.Form)
	hidden := map[string]bool{"legal": true}
	merged := form.Apply(opening.Values, story.Merged)
	check(t, f, people.Record{Ref: "merged", Form: opening.Form, Values: merged}, hidden, entropy())
	for _, e := range story.Edits {
		post, ok := plan.Post(e.Post)
		if !ok || e.Ref != opening.Ref {
			t.Fatalf("edit by %q of %q", e.Post, e.Ref)
		}
		for name := range e.Set {
			field, _ := f.Lookup(name)
			if a := tables.Access(post.Role, f.RecordKind, field.Compartment); !a.Read || !a.Write {
				t.Errorf("%s may not edit %s", e.Post, name)
			}
			if reflect.DeepEqual(opening.Values[name], e.Set[name]) {
				t.Errorf("%s does not change %s", e.Post, name)
			}
		}
		after := form.Apply(opening.Values, e.Set)
		if problems := f.Validate(after, form.Options{Before: opening.Values, Hidden: hidden}); len(problems) > 0 {
			t.Error(problems)
		}
	}
}

func TestSomeRefuseAndArabicIsNotAlone(t *testing.T) {
	refused, mixed := 0, 0
	for _, r := range tell(t, starter(t), 17, 800).Records() {
		if r.Values["consent_case"] == "refused" {
			refused++
			if r.Values["alias"] != nil || r.Values["safe_contact"] != nil {
				t.Errorf("%s refused and is named", r.Ref)
			}
		}
		text := all(r)
		if strings.Contains(text, "point RDV") || strings.Contains(text, "Section ") || strings.Contains(text, "VAT à jour") {
			mixed++
		}
	}
	if refused == 0 || mixed == 0 {
		t.Errorf("%d refused, %d texts in two directions", refused, mixed)
	}
}

func TestRecordsOfEveryForm(t *testing.T) {
	source := starter(t)
	for _, id := range []string{"case_intake", "encounter", "referral", "consult_sgbv", "shelter_admission", "testimony",
		"incident_report", "service_directory"} {
		records, err := people.Records(source, 21, id, 200)
		if err != nil {
			t.Fatal(err)
		}
		f, parts, texts := formOf(t, source, "calais", id), map[string]bool{}, map[string]bool{}
		for _, r := range records {
			check(t, f, r, nil, entropy())
			for part := range f.Split(r.Values) {
				parts[part] = true
			}
			texts[all(r)] = true
		}
		if len(parts) != len(f.Compartments()) || len(texts) != len(records) {
			t.Errorf("%s: %d of %d compartments, %d different records", id, len(parts), len(f.Compartments()), len(texts))
		}
	}
	if _, err := people.Records(source, 1, "unknown", 1); !errors.Is(err, people.ErrRecords) {
		t.Errorf("got %v", err)
	}
}

func TestRefusals(t *testing.T) {
	source := starter(t)
	for _, n := range []int{0, people.MinRecords - 1, people.MaxRecords + 1} {
		if _, err := people.Generate(source, people.DefaultPlan(), 1, n); !errors.Is(err, people.ErrRecords) {
			t.Errorf("%d records: %v", n, err)
		}
	}
	if _, err := people.Generate(source, people.DefaultPlan().Without("calais-2"), 1, 300); !errors.Is(err, people.ErrPlan) {
		t.Errorf("got %v", err)
	}
	story, err := people.Generate(source, people.DefaultPlan().Without("dunkerque-psychologist"), 1, 300)
	if err != nil || len(story.Records()) != 300 {
		t.Errorf("without the psychologist: %v", err)
	}
}

func TestLinesAreAnImport(t *testing.T) {
	story := tell(t, starter(t), 23, 200)
	var out bytes.Buffer
	if err := people.WriteLines(&out, story.Records()); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	var first people.Record
	if err := json.Unmarshal([]byte(lines[0]), &first); err != nil || first.Ref != story.Opening.Records[0].Ref {
		t.Fatalf("first line: %v", err)
	}
	if len(lines) != 200 {
		t.Errorf("%d lines", len(lines))
	}
}
