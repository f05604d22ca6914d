package people

import (
	"embed"
	"errors"
	"fmt"
	"strings"
)

//go:embed words/*.txt
var wordFiles embed.FS

// languages lists the files of words; Arabic is written from right to left.
func languages() []string { return []string{"fr", "en", "ar"} }

// words holds the lines of one language by section.
type words map[string][]string

var errWords = errors.New("people: words are not usable")

// loadWords reads all languages; each must have the sections of the first.
func loadWords() (map[string]words, error) {
	all := map[string]words{}
	for _, language := range languages() {
		text, err := wordFiles.ReadFile("words/" + language + ".txt")
		if err != nil {
			return nil, fmt.Errorf("%w: %w", errWords, err)
		}
		if all[language], err = parseWords(string(text)); err != nil {
			return nil, fmt.Errorf("%s: %w", language, err)
		}
		for section := range all[languages()[0]] {
			if len(all[language][section]) == 0 {
				return nil, fmt.Errorf("%w: %s lacks section %q", errWords, language, section)
			}
		}
	}
	return all, nil
}

// parseWords reads "= section" followed by lines; empty lines are skipped.
func parseWords(text string) (words, error) {
	w, section := words{}, ""
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		switch name, heading := strings.CutPrefix(line, "= "); {
		case line == "":
		case heading:
			section = name
		case section == "":
			return nil, fmt.Errorf("%w: a line before the first section", errWords)
		default:
			w[section] = append(w[section], line)
		}
	}
	return w, nil
}
