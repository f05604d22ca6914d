package form_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"escale/schema/form"
	"escale/schema/xlsform"
)

// read makes a form of rows whose cells are parted by "|".
func read(t testing.TB, survey, choices string) *form.Form {
	t.Helper()
	sheet := func(name, text string) xlsform.Sheet {
		s := xlsform.Sheet{Name: name}
		for line := range strings.SplitSeq(strings.TrimSpace(text), "\n") {
			var cells []string
			for cell := range strings.SplitSeq(line, "|") {
				cells = append(cells, strings.TrimSpace(cell))
			}
			s.Rows = append(s.Rows, cells)
		}
		return s
	}
	w := xlsform.Workbook{Survey: sheet("survey", survey), Settings: sheet("settings", "form_id | version | default_language\nfamily | 1 | fr")}
	if choices != "" {
		w.Choices = sheet("choices", choices)
	}
	f, _, err := xlsform.ReadPlain(w)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

const familySurvey = `
type | name | label::fr | label::en | relevant | constraint | constraint_message::fr | required | calculation | default | choice_filter | repeat_count | trigger | required_message::fr
text | head | Nom | Name | | | | yes | | | | | | Le nom manque
integer | size | Taille | Size | | . >= 0 and . < 20 | Pas ${size} ! | | | 1 | | | |
begin_repeat | child | Enfant | Child | | | | | | | | ${size} | |
text | name | Prénom de ${head} n° ${nth} | First name | | | | | | | | | |
calculate | nth | | | | | | | position(..) | | | | |
integer | age | Âge | Age | | . < 18 | trop âgé | | | | | | |
note | teen | Ado | Teen | ${age} > 12 | | | | | | | | |
end_repeat | | | | | | | | | | | | |
calculate | total | | | | | | | sum(${age}) | | | | |
calculate | first | | | | | | | indexed-repeat(${name}, ${child}, 1) | | | | |
select_one countries | country | Pays | Country | | | | | | | | | |
select_one towns | town | Ville | Town | | | | | | | country = ${country} | | |
calculate | place | | | | | | | jr:choice-name(${country}, '${country}') | | | | |
text | greeting | Salut | Hello | | | | | | concat('Bonjour ', ${size}) | | | |
dateTime | moved | | | | | | | now() | | | | ${town} |
calculate | drawn | | | | | | | once(random()) | | | | |
begin_repeat | visit | Visite | Visit | ${total} > 3 | | | | | | | | |
date | day | Jour | Day | | . <= today() | | | | | | | |
end_repeat | | | | | | | | | | | | |
`

const familyChoices = `
list_name | name | label::fr | label::en | country
countries | fr | France | France |
countries | ly | Libye | Libya |
towns | calais | Calais | Calais | fr
towns | tripoli | Tripoli | Tripoli | ly
towns | zuwara | Zouara | Zuwara | ly
`

func clockAndDice() form.Sources {
	return form.Sources{Now: time.Date(2026, 3, 15, 10, 0, 0, 0, time.UTC), Random: rand.NewChaCha8([32]byte{1})}
}

func begin(t testing.TB, f *form.Form) *form.Session {
	t.Helper()
	s, err := f.Begin("fr", clockAndDice())
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func set(t testing.TB, s *form.Session, key, text string) {
	t.Helper()
	if err := s.Set(key, text); err != nil {
		t.Fatalf("%s: %v", key, err)
	}
}

func value(s *form.Session, ref string) string {
	for _, l := range s.Leaves() {
		if l.Ref == ref {
			return l.Value
		}
	}
	return "?"
}

// keyOf finds what stands at a path of positions.
func keyOf(t testing.TB, s *form.Session, ref string) string {
	t.Helper()
	for _, l := range s.Leaves() {
		if l.Ref == ref {
			return l.Key
		}
	}
	t.Fatalf("no %s", ref)
	return ""
}

func TestSessionFollowsAnswers(t *testing.T) {
	s := begin(t, read(t, familySurvey, familyChoices))
	if got := value(s, "/data/greeting[1]"); got != "Bonjour 1" {
		t.Errorf("dynamic default %q", got)
	}
	set(t, s, "/head", "Amal")
	set(t, s, "/size", "2")
	set(t, s, keyOf(t, s, "/data/child[1]/name[1]"), "Sami")
	set(t, s, keyOf(t, s, "/data/child[1]/age[1]"), "14")
	set(t, s, keyOf(t, s, "/data/child[2]/age[1]"), "3")
	for ref, want := range map[string]string{"/data/total[1]": "17", "/data/first[1]": "Sami", "/data/child[2]/nth[1]": "2"} {
		if got := value(s, ref); got != want {
			t.Errorf("%s = %q, want %q", ref, got, want)
		}
	}
	var refs []string
	for _, l := range s.Outline() {
		refs = append(refs, l.Ref)
	}
	want := []string{"/data/head[1]", "/data/size[1]", "/data/child[1]", "/data/child[1]/name[1]", "/data/child[1]/age[1]",
		"/data/child[1]/teen[1]", "/data/child[2]", "/data/child[2]/name[1]", "/data/child[2]/age[1]", "/data/country[1]",
		"/data/town[1]", "/data/greeting[1]", "/data/visit[1]", "/data/visit[1]/day[1]", "/data/visit[2]"}
	if !slices.Equal(refs, want) {
		t.Errorf("outline %q", refs)
	}
	if e, _ := s.Element(keyOf(t, s, "/data/child[2]/name[1]")); e.Label != "Prénom de Amal n° 2" {
		t.Errorf("label %q", e.Label)
	}
}

func TestSessionKeepsWhatIsNotAskedForNow(t *testing.T) {
	s := begin(t, read(t, familySurvey, familyChoices))
	set(t, s, "/size", "3")
	set(t, s, keyOf(t, s, "/data/child[3]/name[1]"), "Lina")
	set(t, s, "/size", "2")
	if _, ok := s.Element(keyOf(t, s, "/data/child[3]/name[1]")); ok {
		t.Error("a third child is shown")
	}
	set(t, s, "/size", "3")
	if e, ok := s.Element(keyOf(t, s, "/data/child[3]/name[1]")); !ok || e.Value != "Lina" {
		t.Errorf("the third child was lost: %v", e)
	}
	if err := s.Set("/nowhere", "x"); err == nil {
		t.Error("an answer without a question was taken")
	}
}

func TestSessionChoices(t *testing.T) {
	s := begin(t, read(t, familySurvey, familyChoices))
	names := func() string {
		e, _ := s.Element("/town")
		var all []string
		for _, o := range e.Options {
			all = append(all, o.Label)
		}
		return strings.Join(all, " ")
	}
	if got := names(); got != "" {
		t.Errorf("towns without a country: %s", got)
	}
	set(t, s, "/country", "ly")
	if got := names(); got != "Tripoli Zouara" {
		t.Errorf("towns of ly: %s", got)
	}
	if got := value(s, "/data/place[1]"); got != "Libye" {
		t.Errorf("choice name %q", got)
	}
	s.SetLanguage("en")
	if got := names(); got != "Tripoli Zuwara" {
		t.Errorf("towns in English: %s", got)
	}
	if _, ok := s.Check("/town", "calais"); ok {
		t.Error("a choice that is filtered out was accepted")
	}
	set(t, s, "/town", "zuwara")
	if got := value(s, "/data/moved[1]"); got != "2026-03-15T10:00:00.000Z" {
		t.Errorf("triggered value %q", got)
	}
	later := s.Form()
	s.SetNow(time.Date(2026, 3, 16, 10, 0, 0, 0, time.UTC))
	set(t, s, "/head", "x")
	if got := value(s, "/data/moved[1]"); got != "2026-03-15T10:00:00.000Z" || later == nil {
		t.Errorf("the value was triggered by another question: %q", got)
	}
}

func TestSessionTroubles(t *testing.T) {
	s := begin(t, read(t, familySurvey, familyChoices))
	set(t, s, "/size", "40")
	set(t, s, keyOf(t, s, "/data/child[1]/age[1]"), "x")
	var got []string
	for _, p := range s.Troubles() {
		got = append(got, fmt.Sprintf("%s %s %s", p.Ref, p.Check, p.Message))
	}
	want := []string{"/data/head[1] required Le nom manque", "/data/size[1] constraint Pas 40 !", "/data/child[1]/age[1] type "}
	if !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
	if trouble, ok := s.Check("/size", "5"); !ok {
		t.Errorf("%v", trouble)
	}
}

func TestSessionRepeats(t *testing.T) {
	s := begin(t, read(t, familySurvey, familyChoices))
	set(t, s, keyOf(t, s, "/data/child[1]/age[1]"), "5")
	first := s.Children("/visit")
	if len(first) != 1 || !first[0].CanRemove || first[0].Kind != form.KindInstance {
		t.Fatalf("%+v", first)
	}
	key, err := s.Add("/visit")
	if err != nil {
		t.Fatal(err)
	}
	set(t, s, key+"/day", "2026-03-14")
	if err := s.Remove(first[0].Key); err != nil {
		t.Fatal(err)
	}
	if got := value(s, "/data/visit[1]/day[1]"); got != "2026-03-14" || len(s.Children("/visit")) != 1 {
		t.Errorf("day %q of %d visits", got, len(s.Children("/visit")))
	}
	if err := s.Remove(first[0].Key); err == nil {
		t.Error("an instance was removed twice")
	}
}

func TestDraftOutlivesItsVersion(t *testing.T) {
	s := begin(t, read(t, familySurvey, familyChoices))
	set(t, s, "/head", "Amal")
	set(t, s, keyOf(t, s, "/data/child[1]/age[1]"), "5")
	key, err := s.Add("/visit")
	if err != nil {
		t.Fatal(err)
	}
	set(t, s, key+"/day", "2026-03-14")
	drawn := value(s, "/data/drawn[1]")
	// The next version has another group around the head, and no age any more.
	next := strings.Replace(familySurvey, "text | head |", "begin_group | who |\ntext | head |", 1)
	next = strings.Replace(next, "integer | size |", "end_group | |\ninteger | size |", 1)
	next = strings.Replace(next, "integer | age | Âge | Age | | . < 18 |", "integer | years | Âge | Age | | . < 18 |", 1)
	next = strings.NewReplacer("${age}", "${years}").Replace(next)
	resumed, err := read(t, next, familyChoices).Resume(s.Draft(), "fr", clockAndDice())
	if err != nil {
		t.Fatal(err)
	}
	for ref, want := range map[string]string{"/data/who[1]/head[1]": "Amal", "/data/visit[2]/day[1]": "2026-03-14", "/data/drawn[1]": drawn} {
		if got := value(resumed, ref); got != want {
			t.Errorf("%s = %q, want %q", ref, got, want)
		}
	}
	strays := resumed.Strays()
	if len(strays) != 1 || strays[0].Value != "5" || !slices.Contains(resumed.Draft().Entries, strays[0]) {
		t.Errorf("strays %v", strays)
	}
}

func TestAnswersRoundTrip(t *testing.T) {
	f := read(t, familySurvey, familyChoices)
	s := begin(t, f)
	set(t, s, "/head", "Amal")
	set(t, s, "/size", "2")
	set(t, s, keyOf(t, s, "/data/child[1]/age[1]"), "4")
	set(t, s, keyOf(t, s, "/data/child[2]/age[1]"), "7")
	set(t, s, "/country", "ly")
	answers := s.Answers()
	if answers["head"] != "Amal" || answers["size"] != int64(2) || answers["total"] != "11" || answers["town"] != nil {
		t.Errorf("%v", answers)
	}
	answers["gone"] = "of an older version"
	again, err := f.Edit(answers, "fr", clockAndDice())
	if err != nil {
		t.Fatal(err)
	}
	if changed := form.Changed(answers, again.Answers()); len(changed) > 0 {
		t.Errorf("changed by opening: %v", changed)
	}
}

// TestStepsEqualAFreshStart: after any answers, the values are those that a form opened anew from the draft computes.
func TestStepsEqualAFreshStart(t *testing.T) {
	f := read(t, familySurvey, familyChoices)
	rapid.Check(t, func(t *rapid.T) {
		s, err := f.Begin("fr", clockAndDice())
		if err != nil {
			t.Fatal(err)
		}
		for range rapid.IntRange(1, 25).Draw(t, "steps") {
			leaves := s.Leaves()
			l := leaves[rapid.IntRange(0, len(leaves)-1).Draw(t, "question")]
			switch rapid.IntRange(0, 9).Draw(t, "what") {
			case 0:
				_, err = s.Add("/visit")
			case 1:
				if visits := s.Children("/visit"); len(visits) > 0 {
					err = s.Remove(visits[0].Key)
				}
			default:
				err = s.Set(l.Key, rapid.SampledFrom([]string{"", "1", "3", "15", "fr", "ly", "calais", "x y"}).Draw(t, "answer"))
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		fresh, err := f.Resume(s.Draft(), "fr", clockAndDice())
		if err != nil {
			t.Fatal(err)
		}
		if a, b := s.Leaves(), fresh.Leaves(); !slices.Equal(a, b) {
			t.Fatalf("step by step\n%v\nanew\n%v", a, b)
		}
	})
}

func FuzzSession(f *testing.F) {
	for _, seed := range []string{"/head=Amal", "/size=3;/size=2", "/child~0000000000000000/age=9", "/country=ly;/town=zuwara", "=;/=/;~=x"} {
		f.Add(seed)
	}
	family := read(f, familySurvey, familyChoices)
	f.Fuzz(func(t *testing.T, script string) {
		s, err := family.Begin("fr", form.Sources{Now: time.Unix(0, 0).UTC(), Random: bytes.NewReader(make([]byte, 1<<16))})
		if err != nil {
			t.Fatal(err)
		}
		for step := range strings.SplitSeq(script, ";") {
			key, text, _ := strings.Cut(step, "=")
			if s.Set(key, text) != nil {
				_, err = s.Add(key)
			}
		}
		s.Troubles()
		if _, err := family.Resume(s.Draft(), "en", form.Sources{Now: time.Unix(0, 0).UTC(), Random: bytes.NewReader(make([]byte, 1<<16))}); err != nil {
			t.Error(err)
		}
	})
}
