// Package text holds every sentence that Escale says to people, in English, French and Arabic.
//
// The sentences lie in active.en.toml, active.fr.toml and active.ar.toml, where a translator corrects them without touching
// code. A sentence is always whole: values are inserted by name, numbers choose among the plural forms of the language
// (Arabic has six), and words are never glued together. Inserted values are cleaned of control characters, because people
// wrote them and they reach a terminal; values that could turn the direction of a line are wrapped in isolates.
//
// Tests keep the three files and the constants of this package equal: same keys, same values, all plural forms.
// The package knows nothing of records, keys or the network, and reads no environment by itself.
package text

import (
	"embed"
	"fmt"

	"github.com/BurntSushi/toml"
	"github.com/nicksnyder/go-i18n/v2/i18n"
	"golang.org/x/text/language"
)

// Key names a sentence. The constants of this package are all that exist.
type Key string

// The languages.
const (
	English = "en"
	French  = "fr"
	Arabic  = "ar"
)

//go:embed active.*.toml
var files embed.FS

// Printer says sentences in one language. It is safe for concurrent use.
type Printer struct {
	lang      string
	style     style
	localizer *i18n.Localizer
}

// New returns the printer of a language; any other than fr and ar gives English. Negotiate chooses one.
func New(lang string) *Printer {
	if lang != French && lang != Arabic {
		lang = English
	}
	return &Printer{lang: lang, style: styleOf(lang), localizer: i18n.NewLocalizer(load(lang), lang)}
}

// load reads one embedded file; it panics if that cannot be parsed, which a test excludes. The other languages are not
// loaded as a fallback: tests keep every file whole, and each command pays for what it reads.
func load(lang string) *i18n.Bundle {
	b := i18n.NewBundle(language.Make(lang))
	b.RegisterUnmarshalFunc("toml", toml.Unmarshal)
	name := "active." + lang + ".toml"
	raw, err := files.ReadFile(name)
	if err != nil {
		panic(err)
	}
	b.MustParseMessageFileBytes(raw, name)
	return b
}

// Lang returns en, fr or ar.
func (p *Printer) Lang() string { return p.lang }

// Dir returns the direction of the language as HTML names it: ltr or rtl.
func (p *Printer) Dir() string {
	if p.style.rtl {
		return "rtl"
	}
	return "ltr"
}

// S returns a sentence. Its values are name, value pairs ("form", f.ID, "field", path) or one map[string]any. A value that
// is missing stays visible as {name}; an unknown key comes back as itself.
func (p *Printer) S(key Key, args ...any) string {
	return p.say(key, nil, p.values(args))
}

// N returns the form of a sentence that fits the count, which the sentence shows as {n}.
func (p *Printer) N(key Key, count int, args ...any) string {
	v := p.values(args)
	v["n"] = p.value(count)
	return p.say(key, count, v)
}

func (p *Printer) say(key Key, count any, v map[string]string) string {
	s, err := p.localizer.Localize(&i18n.LocalizeConfig{
		MessageID:      string(key),
		PluralCount:    count,
		TemplateData:   filling{values: v, style: p.style},
		TemplateParser: parser{},
	})
	if err != nil && s == "" {
		return string(key) // ugly, but it can be read out over the phone
	}
	return s // with an error: the only form of a sentence that has no plurals
}

func (p *Printer) values(args []any) map[string]string {
	v := map[string]string{}
	if len(args) == 1 {
		if m, ok := args[0].(map[string]any); ok {
			for name, value := range m {
				v[name] = p.value(value)
			}
			return v
		}
	}
	for i := 0; i+1 < len(args); i += 2 {
		v[fmt.Sprint(args[i])] = p.value(args[i+1])
	}
	return v
}
