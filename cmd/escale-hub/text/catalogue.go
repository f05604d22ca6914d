// Package text holds every sentence that the hub's program says to its operator, in French, English and Arabic.
//
// The sentences lie in one file for each language beside this one, so that a translator needs no program to correct them.
// It is a catalogue of its own because the hub links nothing of the clients, theirs included. It knows no error and no
// command: who calls says which sentence.
package text

import (
	"embed"
	"fmt"
	"strings"

	"github.com/BurntSushi/toml"
	"github.com/nicksnyder/go-i18n/v2/i18n"
	"golang.org/x/text/language"
)

//go:embed *.toml
var files embed.FS

// Values fill the places of a sentence.
type Values map[string]any

// Catalogue says sentences in one language.
type Catalogue struct{ localizer *i18n.Localizer }

// New returns the catalogue for a language: fr, en, ar, or a name like fr_FR.UTF-8 as the environment gives it. Where
// there is none for it, English.
func New(lang string) (*Catalogue, error) {
	bundle := i18n.NewBundle(language.English)
	bundle.RegisterUnmarshalFunc("toml", toml.Unmarshal)
	for _, name := range []string{"en.toml", "fr.toml", "ar.toml"} {
		if _, err := bundle.LoadMessageFileFS(files, name); err != nil {
			return nil, fmt.Errorf("sentences: %w", err)
		}
	}
	lang, _, _ = strings.Cut(lang, ".")
	lang = strings.ReplaceAll(lang, "_", "-")
	return &Catalogue{i18n.NewLocalizer(bundle, lang, language.English.String())}, nil
}

// Say returns a sentence. One that the catalogue lacks is told by its name, so that nothing is ever said blank.
func (c *Catalogue) Say(id string, v Values) string {
	s, err := c.localizer.Localize(&i18n.LocalizeConfig{MessageID: id, TemplateData: v})
	if err != nil {
		return id
	}
	return s
}
