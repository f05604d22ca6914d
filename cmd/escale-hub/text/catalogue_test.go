package text

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/BurntSushi/toml"
)

func load(t *testing.T, lang string) map[string]string {
	t.Helper()
	m := map[string]string{}
	b, err := files.ReadFile(lang + ".toml")
	if err != nil {
		t.Fatal(err)
	}
	if err := toml.Unmarshal(b, &m); err != nil {
		t.Fatal(err)
	}
	return m
}

var place = regexp.MustCompile(`\{\{\.\w+\}\}`)

func places(s string) []string {
	p := place.FindAllString(s, -1)
	slices.Sort(p)
	return p
}

func TestLanguagesSayTheSame(t *testing.T) {
	en := load(t, "en")
	for _, lang := range []string{"fr", "ar"} {
		other := load(t, lang)
		for id, s := range en {
			if !slices.Equal(places(s), places(other[id])) {
				t.Errorf("%s: %s has the places %v, English has %v", lang, id, places(other[id]), places(s))
			}
			if strings.TrimSpace(other[id]) == "" {
				t.Errorf("%s: %s is missing", lang, id)
			}
		}
		for id := range other {
			if en[id] == "" {
				t.Errorf("%s: %s is not in English", lang, id)
			}
		}
	}
	for id, s := range load(t, "ar") {
		if !strings.ContainsFunc(s, func(r rune) bool { return unicode.Is(unicode.Arabic, r) }) {
			t.Errorf("ar: %s is not Arabic", id)
		}
	}
}

func TestSay(t *testing.T) {
	for lang, want := range map[string]string{
		"fr_FR.UTF-8": "oui", "ar": "نعم", "en": "yes", "de": "yes", "": "yes", "C": "yes", "fr": "oui",
	} {
		c, err := New(lang)
		if err != nil {
			t.Fatal(err)
		}
		if got := c.Say("yes", nil); got != want {
			t.Errorf("%q: got %q, want %q", lang, got, want)
		}
	}
}

// TestEachSentenceIsUsed also finds sentences that the program asks for and no file has.
func TestEachSentenceIsUsed(t *testing.T) {
	asked := map[string]bool{}
	id := regexp.MustCompile(`"((?:err|init|serve|status|verify|backup|restore|flag|root)_[a-z_]+|yes|no)"`)
	for _, dir := range []string{"..", "../serve"} {
		entries, err := os.ReadDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			if !strings.HasSuffix(e.Name(), ".go") || strings.HasSuffix(e.Name(), "_test.go") {
				continue
			}
			b, err := os.ReadFile(dir + "/" + e.Name())
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range id.FindAllStringSubmatch(string(b), -1) {
				asked[m[1]] = true
			}
		}
	}
	en := load(t, "en")
	for id := range asked {
		if en[id] == "" {
			t.Errorf("the program asks for %q, which no file has", id)
		}
	}
	for id := range en {
		if !asked[id] {
			t.Errorf("nothing asks for %q", id)
		}
	}
}
