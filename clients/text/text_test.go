package text

import (
	"errors"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"escale/store/audit"
)

func TestSentences(t *testing.T) {
	en, fr, ar := New(English), New(French), New(Arabic)
	for name, c := range map[string]struct{ got, want string }{
		"pairs":            {en.S(RecordSaved, "id", "K7Q2"), "Saved on this laptop, sealed, not yet sent: K7Q2"},
		"map":              {en.S(RecordSaved, map[string]any{"id": "K7Q2"}), "Saved on this laptop, sealed, not yet sent: K7Q2"},
		"missing":          {en.S(RecordSaved), "Saved on this laptop, sealed, not yet sent: {id}"},
		"odd":              {en.S(RecordSaved, "id"), "Saved on this laptop, sealed, not yet sent: {id}"},
		"unknown key":      {en.S("no.such_key"), "no.such_key"},
		"unknown language": {New("xx").S(LaptopLockDone), "Locked."},
		"one":              {en.N(SyncPushed, 1), "Sent: one change-set."},
		"several":          {en.N(SyncPushed, 12), "Sent: 12 change-sets."},
		"zéro":             {fr.N(RecordCount, 0), "0 fiche"},
		"million":          {fr.N(RecordCount, 1_000_000), "1000000 fiches"},
		"command":          {fr.S(ErrNoPassphrase), "Il faut une phrase de passe. Tapez-la quand elle est demandée, ou indiquez un fichier avec «\u00a0--passphrase-file\u00a0»."},
		"value in command": {en.S(ErrUsage, "command", "escale sync"), "This command was not understood. See how to write it with “escale sync --help”."},
		"arabic zero":      {ar.N(RecordCount, 0), "لا سجلات"},
		"arabic two":       {ar.N(RecordCount, 2), "سجلان"},
		"arabic few":       {ar.N(RecordCount, 103), "\u2068103\u2069 سجلات"},
		"arabic many":      {ar.N(RecordCount, 11), "\u206811\u2069 سجلًا"},
		"arabic other":     {ar.N(RecordCount, 100), "\u2068100\u2069 سجل"},
		"isolated":         {ar.S(StatusSites, "sites", "Calais"), "المواقع: \u2068Calais\u2069"},
		"arabic name":      {en.S(StatusOrganisation, "name", "ميناء"), "Organisation: \u2068ميناء\u2069"},
		"latin name":       {en.S(StatusOrganisation, "name", "Port"), "Organisation: Port"},
		"hostile name":     {en.S(StatusOrganisation, "name", "a\u202eb\x1b[2J\nc\u2069"), "Organisation: ab[2J c"},
	} {
		if c.got != c.want {
			t.Errorf("%s: got %q, want %q", name, c.got, c.want)
		}
	}
}

func TestNothingFallsBack(t *testing.T) {
	for _, lang := range languages {
		p, c := New(lang), readCatalogue(t, lang)
		for key, k := range readConstants(t) {
			counts := []int{0}
			if k.plural {
				counts = append(counts, 1, 2, 3, 10, 11, 99, 100, 101, 102, 103, 111, 1000, 1_000_000)
			}
			for _, n := range counts {
				if got := p.N(Key(key), n); !anyMatches(p, c[key], n, got) {
					t.Errorf("%s, %s, %d: %q is not in the file", lang, key, n, got)
				}
			}
		}
	}
}

func anyMatches(p *Printer, sentences map[string]string, n int, got string) bool {
	for _, s := range sentences {
		if cut(s).fill(filling{map[string]string{"n": p.value(n)}, p.style}) == got {
			return true
		}
	}
	return false
}

func TestLookups(t *testing.T) {
	constants := readConstants(t)
	for k := audit.Opening; k <= audit.Repair; k++ {
		if key := ForEvent(k.String()); constants[string(key)].name == "" {
			t.Errorf("no name for event %s", k)
		}
	}
}

func TestDates(t *testing.T) {
	at := time.Date(2026, time.November, 1, 7, 5, 0, 0, time.UTC)
	for lang, want := range map[string]string{
		English: "1 November 2026, 07:05", French: "1er novembre 2026, 07:05", Arabic: "1 نوفمبر 2026، 07:05",
	} {
		if got := New(lang).DateTime(at); got != want {
			t.Errorf("%s: got %q, want %q", lang, got, want)
		}
		if got := New(lang).S(StatusLastContact, "date", at); !strings.Contains(got, want) {
			t.Errorf("%s: %q lacks %q", lang, got, want)
		}
	}
	if got := New(French).Date(at.AddDate(0, 0, 1)); got != "2 novembre 2026" {
		t.Errorf("got %q", got)
	}
}

func TestNegotiate(t *testing.T) {
	for _, c := range []struct {
		flag, env, want string
		bad             bool
	}{
		{"", "", "en", false},
		{"fr", "LANG=ar_LY", "fr", false},
		{"AR-ly", "", "ar", false},
		{"de", "LANG=fr_FR.UTF-8", "fr", true},
		{"", "LANG=fr_FR.UTF-8", "fr", false},
		{"", "LANG=fr_FR LC_MESSAGES=ar", "ar", false},
		{"", "LANG=fr_FR LC_MESSAGES=ar LC_ALL=C.UTF-8", "en", false},
		{"", "LC_ALL=C ESCALE_LANG=ar", "ar", false},
		{"", "ESCALE_LANG=de LANG=fr@euro", "fr", false},
		{"", "LANG=french", "en", false},
		{"../../etc", "", "en", true},
	} {
		env := map[string]string{}
		for _, pair := range strings.Fields(c.env) {
			name, value, _ := strings.Cut(pair, "=")
			env[name] = value
		}
		got, err := Negotiate(c.flag, func(name string) string { return env[name] })
		if got != c.want || errors.Is(err, ErrLanguage) != c.bad {
			t.Errorf("%q, %q: got %s, %v", c.flag, c.env, got, err)
		}
	}
}

func TestDirection(t *testing.T) {
	for lang, want := range map[string]string{English: "ltr", French: "ltr", Arabic: "rtl"} {
		if p := New(lang); p.Dir() != want || p.Lang() != lang {
			t.Errorf("%s: %s %s", lang, p.Lang(), p.Dir())
		}
	}
}

// TestValuesStayInside: whatever people type, a sentence stays one line, its isolates are paired, and nothing drives the
// terminal.
func TestValuesStayInside(t *testing.T) {
	printers := []*Printer{New(English), New(French), New(Arabic)}
	rapid.Check(t, func(t *rapid.T) {
		p := rapid.SampledFrom(printers).Draw(t, "language")
		v := rapid.StringOf(rapid.OneOf(rapid.Rune(), rapid.SampledFrom([]rune("\u2066\u2069\u202e\x1b\r\n\u2028سم")))).Draw(t, "value")
		depth := 0
		for _, r := range p.S(StatusOrganisation, "name", v) {
			switch {
			case r == '\u2066' || r == '\u2068':
				depth++
			case r == '\u2069':
				depth--
			case r < ' ' || r >= 0x7f && r < 0xa0 || r == '\u2028' || r == '\u2029' || r >= '\u202a' && r <= '\u202e':
				t.Fatalf("lets %U through", r)
			}
			if depth < 0 || depth > 1 {
				t.Fatalf("isolates nest to %d", depth)
			}
		}
		if depth != 0 {
			t.Fatal("isolate left open")
		}
	})
}

func TestPrinterIsSafeForConcurrentUse(t *testing.T) {
	p, want := New(Arabic), New(Arabic).N(SyncPulled, 7)
	done := make(chan string)
	for range 8 {
		go func() { done <- p.N(SyncPulled, 7) }()
	}
	for range 8 {
		if got := <-done; got != want {
			t.Errorf("got %q", got)
		}
	}
}

// FuzzCut: a sentence without values comes back as it was, whatever a translator typed.
func FuzzCut(f *testing.F) {
	for _, s := range []string{"{field}, {form}", "`escale sync`", "{", "`", "{}", "``", "{A}", "a{b`c}d`", "{id}{", "`{id}`"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got := cut(s).fill(filling{style: style{open: "`", close: "`"}})
		if got != s {
			t.Errorf("%q came back as %q", s, got)
		}
	})
}
