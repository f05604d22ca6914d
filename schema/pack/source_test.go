package pack

import (
	"bytes"
	"encoding/hex"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	"escale/schema/form"
)

// built is shared by the tests: a Source is immutable.
var built = sync.OnceValues(func() (*Source, error) { return Build(os.DirFS("starter")) })

func starter(t testing.TB) *Source {
	t.Helper()
	s, err := built()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func bundle(t testing.TB, s *Source, name string) *Bundle {
	t.Helper()
	b, err := s.Bundle(name)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestBuildStarter(t *testing.T) {
	s := starter(t)
	if !slices.Equal(s.Names(), []string{"fr", "hq", "ly", "tn"}) || len(s.Warnings()) > 0 {
		t.Errorf("bundles %v, warnings %v", s.Names(), s.Warnings())
	}
	for _, name := range s.Names() {
		b := bundle(t, s, name)
		if len(b.Forms) != 8 || b.Version != "2025120101" || len(b.Tables.Roles) != 13 || len(b.Tables.Compartments) != 9 {
			t.Errorf("%s: %d forms, version %s", name, len(b.Forms), b.Version)
		}
	}
	if _, err := s.Bundle("xx"); err == nil {
		t.Error("a bundle that does not exist was given")
	}
}

func TestSitesOfBundles(t *testing.T) {
	s := starter(t)
	for site, want := range map[string]string{"calais": "fr", "zuwara": "ly", "tunis": "tn", "paris": "hq"} {
		b, err := s.BundleOf(site)
		if err != nil || b.Name != want {
			t.Errorf("%s: %v, %v", site, b, err)
		}
	}
	ly := bundle(t, s, "ly")
	if site, ok := ly.Site("tripoli"); !ok || site.Country != "LY" || site.Status != "suspended" {
		t.Errorf("tripoli: %+v", site)
	}
	if _, ok := ly.Site("calais"); ok {
		t.Error("bundle ly knows calais")
	}
}

func TestFieldsOfBundles(t *testing.T) {
	s := starter(t)
	tests := []struct {
		form, field string
		bundles     []string
	}{
		{"case_intake", "minority_status", []string{"fr", "hq"}}, {"consult_sgbv", "tb_link", []string{"hq", "ly"}},
		{"referral", "evac_stage", []string{"hq", "ly"}}, {"incident_report", "location", []string{"fr", "hq"}},
		{"testimony", "narrative", []string{"fr", "hq", "ly", "tn"}},
	}
	for _, tt := range tests {
		var got []string
		for _, name := range s.Names() {
			f, ok := bundle(t, s, name).Form(tt.form)
			if !ok {
				t.Fatal(tt.form)
			}
			if _, there := f.Lookup(tt.field); there {
				got = append(got, name)
			}
		}
		if !slices.Equal(got, tt.bundles) {
			t.Errorf("%s: in %v, want %v", tt.field, got, tt.bundles)
		}
	}
}

// What could be used against people in Libya must not exist on a laptop there.
func TestBundleLeavesNoTrace(t *testing.T) {
	s := starter(t)
	everything := func(name string) []byte {
		decoded, err := Decode(bundle(t, s, name).Encode())
		if err != nil {
			t.Fatal(err)
		}
		plain, err := decompress(decoded.Encode())
		if err != nil {
			t.Fatal(err)
		}
		return bytes.ToLower(slices.Concat(plain, slices.Concat(decoded.Dictionaries()...), decoded.Encode()))
	}
	fr, ly := everything("fr"), everything("ly")
	for _, word := range []string{"ivg", "lgbti", "termination of pregnancy", "orientation ou à l'identité", "لإنهاء الحمل"} {
		if !bytes.Contains(fr, []byte(word)) {
			t.Errorf("%q is not in bundle fr: the search finds nothing", word)
		}
		if bytes.Contains(ly, []byte(word)) {
			t.Errorf("%q is in bundle ly", word)
		}
	}
	for _, word := range []string{"tb_link", "evac_stage", "unhcr_registered"} {
		if bytes.Contains(fr, []byte(word)) || !bytes.Contains(ly, []byte(word)) {
			t.Errorf("%q: in fr, or not in ly", word)
		}
	}
}

// Every row of another bundle, by its labels in all languages; labels that a row of the bundle shares prove nothing.
func TestBundlesHoldOnlyTheirRows(t *testing.T) {
	s := starter(t)
	for _, name := range []string{"fr", "ly", "tn"} {
		b := bundle(t, s, name)
		plain, err := decompress(b.Encode())
		if err != nil {
			t.Fatal(err)
		}
		held, foreign := map[string]bool{}, map[string]bool{}
		for _, f := range bundle(t, s, Headquarters).Forms {
			collectLabels(f.Definition().Items, name, true, held, foreign)
			for _, l := range f.Definition().Lists {
				for _, c := range l.Choices {
					collect(c.Label, form.Held(c.Sites, name), held, foreign)
				}
			}
		}
		found := 0
		for label := range foreign {
			if !held[label] && !coveredBy(label, held) {
				found++
				if bytes.Contains(plain, []byte(label)) {
					t.Errorf("%s holds a label of another bundle", name)
				}
			}
		}
		if found < 10 {
			t.Errorf("%s: only %d labels were searched", name, found)
		}
	}
}

func collect(label form.Text, mine bool, held, foreign map[string]bool) {
	for _, text := range label {
		if mine {
			held[text] = true
		} else {
			foreign[text] = true
		}
	}
}

func collectLabels(items []form.Item, bundle string, outer bool, held, foreign map[string]bool) {
	for _, item := range items {
		mine := outer && form.Held(item.Sites, bundle)
		collect(item.Label, mine, held, foreign)
		collect(item.Hint, mine, held, foreign)
		collectLabels(item.Children, bundle, mine, held, foreign)
	}
}

func coveredBy(label string, held map[string]bool) bool {
	for text := range held {
		if strings.Contains(text, label) {
			return true
		}
	}
	return false
}

// overlay is the starter pack with some files changed.
func overlay(t *testing.T, change func(files fstest.MapFS)) fs.FS {
	t.Helper()
	files := fstest.MapFS{}
	err := fs.WalkDir(os.DirFS("starter"), ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(filepath.Join("starter", path))
		files[path] = &fstest.MapFile{Data: data}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	change(files)
	return files
}

func TestBuildRefuses(t *testing.T) {
	replace := func(path, old, with string) func(fstest.MapFS) {
		return func(files fstest.MapFS) {
			if !bytes.Contains(files[path].Data, []byte(old)) {
				t.Fatalf("%s does not contain %q", path, old)
			}
			files[path] = &fstest.MapFile{Data: bytes.ReplaceAll(files[path].Data, []byte(old), []byte(with))}
		}
	}
	tests := []struct {
		name   string
		change func(fstest.MapFS)
		want   string
	}{
		{"select without choices left", replace("consult_sgbv/survey.csv", "R_MEDICAL,keep,ly", "R_MEDICAL,keep,*"), `bundle fr, form consult_sgbv: tb_link: type: list "tb_link" has no choice`},
		{"reference to a field left out", replace("encounter/survey.csv", "case_status,case_status,Statut du dossier,Case status,حالة الملف,,yes,,,,admin,keep_both,none,R_CASE,keep,*", "case_status,case_status,Statut,Status,,,yes,,,,admin,keep_both,none,R_CASE,keep,fr"), "bundle ly, form encounter: close_reason: relevant: field ${case_status} does not exist"},
		{"unknown compartment", replace("referral/survey.csv", ",identity,", ",identitty,"), `form referral, field safe_contact: compartment "identitty" is not in compartments.csv`},
		{"unknown retention", replace("referral/survey.csv", "R_EVAC", "R_NONE"), `rule "R_NONE" is not in retention.csv`},
		{"unknown grant", replace("_shared/roles.csv", "outreach,Équipe de maraude,Outreach worker,فريق ميداني,rw", "outreach,Équipe de maraude,Outreach worker,فريق ميداني,all"), "_shared/roles.csv, row 2, column admin: must be one of"},
		{"role without access", replace("_shared/record_access.csv", "comms,", "press,"), "column role: is not in roles.csv"},
		{"two forms of one kind", replace("referral/settings.csv", ",referral,case", ",encounter,case"), "forms encounter and referral are of one record kind"},
		{"missing sheet", func(files fstest.MapFS) { delete(files, "referral/choices.csv") }, "referral/choices.csv"},
		{"missing table", func(files fstest.MapFS) { delete(files, "_shared/sites.csv") }, "_shared/sites.csv"},
		{"order in one bundle only", replace("testimony/choices.csv", "مجهول الهوية: لا يُحفظ أي رابط,*", "مجهول الهوية: لا يُحفظ أي رابط,fr"), "field identity_level: choice anonymous is not in every bundle"},
		{"site twice", replace("_shared/sites.csv", "zuwara,", "tripoli,"), "sites.csv: a name is empty or there twice"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := Build(overlay(t, tt.change))
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v\nwant %s", err, tt.want)
			}
		})
	}
}

// rewriteGolden is set after a deliberate change of the starter pack or of the format.
var rewriteGolden = flag.Bool("rewrite", false, "write testdata/forms/bundles.golden again")

const golden = "../../testdata/forms/bundles.golden"

func TestBundleHashes(t *testing.T) {
	var b strings.Builder
	s := starter(t)
	again, err := Build(os.DirFS("starter"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range s.Names() {
		hash := bundle(t, s, name).Hash()
		if hash != bundle(t, again, name).Hash() {
			t.Errorf("%s is not deterministic", name)
		}
		fmt.Fprintf(&b, "%s %s\n", name, hex.EncodeToString(hash[:]))
	}
	if *rewriteGolden {
		if err := os.WriteFile(golden, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if b.String() != string(want) {
		t.Errorf("hashes of bundles have changed:\n%swant\n%s", b.String(), want)
	}
}
