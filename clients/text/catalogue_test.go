package text

import (
	"go/ast"
	goparser "go/parser"
	"go/token"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/BurntSushi/toml"
)

var languages = []string{English, French, Arabic}

// needed are the plural forms of each language after CLDR.
var needed = map[string][]string{
	English: {"one", "other"},
	French:  {"many", "one", "other"},
	Arabic:  {"few", "many", "one", "other", "two", "zero"},
}

// catalogue is key -> plural form -> sentence, as the file of one language has it.
type catalogue map[string]map[string]string

func readCatalogue(t *testing.T, lang string) catalogue {
	t.Helper()
	var tables map[string]map[string]any
	if _, err := toml.DecodeFile("active."+lang+".toml", &tables); err != nil {
		t.Fatal(err)
	}
	c := catalogue{}
	for group, sentences := range tables {
		for name, v := range sentences {
			key := group + "." + name
			switch v := v.(type) {
			case string:
				c[key] = map[string]string{"other": v}
			case map[string]any:
				c[key] = map[string]string{}
				for form, s := range v {
					c[key][form], _ = s.(string)
				}
			}
		}
	}
	return c
}

// constant is one constant of the package and what its comment promises.
type constant struct {
	name   string
	values []string
	plural bool
}

func readConstants(t *testing.T) map[string]constant {
	t.Helper()
	names, err := filepath.Glob("keys*.go")
	if err != nil || len(names) == 0 {
		t.Fatalf("no constants: %v", err)
	}
	out := map[string]constant{}
	for _, name := range names {
		f, err := goparser.ParseFile(token.NewFileSet(), name, nil, goparser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(f, func(n ast.Node) bool {
			if spec, ok := n.(*ast.ValueSpec); ok {
				addConstant(t, out, spec)
			}
			return true
		})
	}
	return out
}

func addConstant(t *testing.T, out map[string]constant, spec *ast.ValueSpec) {
	t.Helper()
	lit, ok := spec.Values[0].(*ast.BasicLit)
	if !ok {
		t.Fatalf("%s is no literal", spec.Names[0])
	}
	key, err := strconv.Unquote(lit.Value)
	if err != nil {
		t.Fatal(err)
	}
	comment := spec.Comment.Text()
	if _, twice := out[key]; twice {
		t.Errorf("two constants for %s", key)
	}
	out[key] = constant{spec.Names[0].Name, values(comment), strings.HasPrefix(comment, "plural:")}
}

var valueMark = regexp.MustCompile(`\{([a-z_]+)\}`)

func values(s string) []string {
	set := map[string]bool{}
	for _, m := range valueMark.FindAllStringSubmatch(s, -1) {
		set[m[1]] = true
	}
	return slices.Sorted(maps.Keys(set))
}

func camel(key string) string {
	var b strings.Builder
	for _, word := range strings.FieldsFunc(key, func(r rune) bool { return r == '.' || r == '_' }) {
		b.WriteString(strings.ToUpper(word[:1]) + word[1:])
	}
	return b.String()
}

func TestEveryKeyInEveryLanguage(t *testing.T) {
	constants := readConstants(t)
	for _, lang := range languages {
		c := readCatalogue(t, lang)
		for key, k := range constants {
			if _, ok := c[key]; !ok {
				t.Errorf("%s: no sentence for %s", lang, key)
			}
			if k.name != camel(key) {
				t.Errorf("%s is named %s, want %s", key, k.name, camel(key))
			}
		}
		for key := range c {
			if _, ok := constants[key]; !ok {
				t.Errorf("%s: no constant for %s", lang, key)
			}
		}
	}
}

func TestPluralForms(t *testing.T) {
	constants := readConstants(t)
	for _, lang := range languages {
		for key, sentences := range readCatalogue(t, lang) {
			want := []string{"other"}
			if constants[key].plural {
				want = needed[lang]
			}
			if got := slices.Sorted(maps.Keys(sentences)); !slices.Equal(got, want) {
				t.Errorf("%s, %s: forms %v, want %v", lang, key, got, want)
			}
		}
	}
}

// TestValues: every form of every language shows the same values, as the constant says. Only forms that stand for one
// number may leave that number out.
func TestValues(t *testing.T) {
	constants := readConstants(t)
	for _, lang := range languages {
		for key, sentences := range readCatalogue(t, lang) {
			for form, s := range sentences {
				got, want := values(s), constants[key].values
				single := form == "zero" || form == "two" || form == "one" && lang != French
				if single && !slices.Contains(got, "n") {
					want = slices.DeleteFunc(slices.Clone(want), func(v string) bool { return v == "n" })
				}
				if !slices.Equal(got, want) {
					t.Errorf("%s, %s, %s: values %v, want %v", lang, key, form, got, want)
				}
			}
		}
	}
}

// TestCommands: what a reader is told to type is the same in every language, up to the words in capitals.
func TestCommands(t *testing.T) {
	span := regexp.MustCompile("`([^`]*)`")
	words := func(s string) (out []string) {
		for _, m := range span.FindAllStringSubmatch(s, -1) {
			for _, w := range strings.Fields(m[1]) {
				if strings.ToUpper(w) != w && !strings.Contains(w, "=") {
					out = append(out, w)
				}
			}
		}
		return out
	}
	english := readCatalogue(t, English)
	for _, lang := range languages {
		for key, sentences := range readCatalogue(t, lang) {
			if got, want := words(sentences["other"]), words(english[key]["other"]); !slices.Equal(got, want) {
				t.Errorf("%s, %s: commands %v, want %v", lang, key, got, want)
			}
		}
	}
}

// wrong is what must not stand in a sentence outside its marks.
var wrong = map[string]map[string]*regexp.Regexp{
	"every": {
		"straight quotation mark": regexp.MustCompile(`['"]`),
		"double blank":            regexp.MustCompile(`[ \x{a0}]{2}`),
		"unpaired mark":           regexp.MustCompile("[{}`]"),
		"blank at an end":         regexp.MustCompile(`^\s|[^:]\s+$`),
		"direction character":     regexp.MustCompile(`[\x{200e}\x{200f}\x{202a}-\x{202e}\x{2066}-\x{2069}]`),
	},
	French: {
		"no no-break space before punctuation": regexp.MustCompile(`[^\x{a0}][:;!?»]|^[:;!?»]`),
		"no no-break space after «":            regexp.MustCompile(`«([^\x{a0}]|$)`),
	},
	Arabic: {
		"Latin punctuation": regexp.MustCompile(`[,;?]`),
		"blank before mark": regexp.MustCompile(`\s[،؛؟:.]`),
	},
	English: {"blank before mark": regexp.MustCompile(`\s[,;:.?!]`)},
}

func TestTypography(t *testing.T) {
	marks := regexp.MustCompile("\\{[a-z_]+\\}|`[^`]*`")
	for _, lang := range languages {
		for key, sentences := range readCatalogue(t, lang) {
			for form, s := range sentences {
				bare := marks.ReplaceAllString(s, "X")
				for _, rules := range []map[string]*regexp.Regexp{wrong["every"], wrong[lang]} {
					for name, re := range rules {
						if re.MatchString(bare) {
							t.Errorf("%s, %s, %s: %s in %q", lang, key, form, name, s)
						}
					}
				}
				if strings.TrimSpace(s) == "" {
					t.Errorf("%s, %s, %s: empty", lang, key, form)
				}
			}
		}
	}
}

// TestScript finds sentences that were left in another language.
func TestScript(t *testing.T) {
	arabic := regexp.MustCompile(`\p{Arabic}`)
	marks := regexp.MustCompile("\\{[a-z_]+\\}|`[^`]*`")
	for _, lang := range languages {
		for key, sentences := range readCatalogue(t, lang) {
			for form, s := range sentences {
				bare := marks.ReplaceAllString(s, "")
				if !regexp.MustCompile(`\p{L}`).MatchString(bare) {
					continue // nothing but values
				}
				if arabic.MatchString(bare) != (lang == Arabic) {
					t.Errorf("%s, %s, %s: %q", lang, key, form, s)
				}
			}
		}
	}
}
