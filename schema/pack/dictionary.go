package pack

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"

	"github.com/klauspost/compress/zstd"

	"escale/schema/form"
)

// Bounds of what texts are compressed with.
const (
	MaxDictionaries = 6
	MaxDictionary   = 64 << 10 // bytes of all dictionaries of a bundle
	maxPhrases      = 16 << 10 // bytes of the phrases of one language
	minWords        = 2 << 10  // bytes of text below which a language has no dictionary
)

// What people type is compressed alone, text by text, so that each can be erased alone. So short a text compresses well
// only with a dictionary of its language: the words of the bundle's own forms, and phrases that the pack brings for the
// purpose (phrases_fr.txt, …). Records never go into one.

// readPhrases reads the phrases of each language, one a line.
func readPhrases(dir fs.FS, errs *[]error) map[string][]string {
	phrases := map[string][]string{}
	files, err := fs.Glob(dir, sharedFolder+"/phrases_*.txt")
	if err != nil {
		*errs = append(*errs, fmt.Errorf("list phrases: %w", err))
	}
	for _, file := range files {
		language := strings.TrimSuffix(strings.TrimPrefix(file, sharedFolder+"/phrases_"), ".txt")
		text, err := fs.ReadFile(dir, file)
		switch {
		case err != nil:
			*errs = append(*errs, fmt.Errorf("read phrases: %w", err))
		case len(text) > maxPhrases:
			*errs = append(*errs, fmt.Errorf("%s: %d bytes, at most %d", file, len(text), maxPhrases))
		case !form.ValidLanguage(language):
			*errs = append(*errs, fmt.Errorf("%s: %q is no language", file, language))
		}
		phrases[language] = strings.FieldsFunc(string(text), func(r rune) bool { return r == '\n' })
	}
	return phrases
}

// makeDictionaries makes one dictionary for each language that has enough text. The same forms and phrases give the same bytes.
func makeDictionaries(forms []*form.Form, phrases map[string][]string) ([][]byte, error) {
	words := map[string][]string{}
	for _, f := range forms {
		gather(f.Items, words)
	}
	for language, lines := range phrases {
		words[language] = append(words[language], lines...)
	}
	var all [][]byte
	size := 0
	for _, language := range slices.Sorted(maps.Keys(words)) {
		if lines := unrepeated(words[language]); len(strings.Join(lines, "\n")) >= minWords {
			d, err := makeDictionary(lines)
			if err != nil {
				return nil, fmt.Errorf("dictionary of %s: %w", language, err)
			}
			all, size = append(all, d), size+len(d)
		}
	}
	if len(all) > MaxDictionaries || size > MaxDictionary {
		return nil, fmt.Errorf("%w: %d dictionaries of %d bytes, at most %d of %d", ErrLimit, len(all), size, MaxDictionaries, MaxDictionary)
	}
	return all, nil
}

// gather collects what the forms say to people, by language.
func gather(items []form.Item, words map[string][]string) {
	for i := range items {
		for _, text := range []form.Text{items[i].Hint, items[i].Label} {
			for language, line := range text {
				words[language] = append(words[language], line)
			}
		}
		gather(items[i].Children, words)
	}
}

// unrepeated leaves out lines that come again later, since what comes last is reached with the shortest offsets.
func unrepeated(lines []string) []string {
	seen := map[string]bool{}
	var out []string
	for _, line := range slices.Backward(lines) {
		if !seen[line] {
			seen[line] = true
			out = append(out, line)
		}
	}
	slices.Reverse(out)
	return out
}

// makeDictionary trains the entropy tables on every second line, as the others leave them over, and then takes all lines in.
func makeDictionary(lines []string) ([]byte, error) {
	var even, odd []string
	for i, line := range lines {
		if i%2 == 0 {
			even = append(even, line)
		} else {
			odd = append(odd, line)
		}
	}
	var samples [][]byte
	for three := range slices.Chunk(odd, 3) {
		samples = append(samples, []byte(strings.Join(three, ". ")))
	}
	history, whole := []byte(strings.Join(even, ". ")), []byte(strings.Join(lines, ". "))
	// One byte of id in each frame, so that a wrong dictionary is mostly noticed; which one is right, the pack's hash says.
	id := 1 + uint32(sha256.Sum256(whole)[0])%255
	d, err := zstd.BuildDict(zstd.BuildDictOptions{ID: id, Contents: samples, History: history, Offsets: [3]int{1, 4, 8},
		Level: zstd.SpeedBetterCompression})
	if err != nil {
		return nil, fmt.Errorf("train: %w", err)
	}
	tables, ok := bytes.CutSuffix(d, history)
	if !ok {
		return nil, errors.New("train: the dictionary does not end with its text")
	}
	return append(tables, whole...), nil
}

func checkDictionaries(all [][]byte) error {
	for i, d := range all {
		if _, err := zstd.InspectDictionary(d); err != nil {
			return fmt.Errorf("%w: dictionary %d: %w", ErrFormat, i, err)
		}
	}
	return nil
}
