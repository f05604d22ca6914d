package form

import (
	"strings"

	"escale/schema/expr"
)

// template is a text with references, by language.
type template map[string][]segment

// segment is plain text, or an expression whose value stands there.
type segment struct {
	text  string
	value *expr.Expression
}

// parseText cuts a text at its references: "${name}", and paths that begin with instance(…).
func parseText(text string) ([]segment, []string) {
	var segments []segment
	var broken []string
	plain := func(s string) {
		if s != "" {
			segments = append(segments, segment{text: s})
		}
	}
	for text != "" {
		at := nextReference(text)
		if at < 0 {
			plain(text)
			break
		}
		plain(text[:at])
		e, length, err := expr.ParsePrefix(text[at:])
		if err != nil {
			if strings.HasPrefix(text[at:], "${") {
				broken = append(broken, text[at:min(len(text), at+40)])
			}
			plain(text[at : at+2])
			text = text[at+2:]
			continue
		}
		segments = append(segments, segment{value: e})
		text = text[at+length:]
	}
	return segments, broken
}

func nextReference(text string) int {
	at := strings.Index(text, "${")
	if i := strings.Index(text, "instance("); i >= 0 && (at < 0 || i < at) {
		return i
	}
	return at
}

// pick returns the segments in the wanted language, else in the default one, else in any that there is.
func (t template) pick(language, fallback string) []segment {
	for _, l := range []string{language, fallback, NoLanguage} {
		if s, ok := t[l]; ok {
			return s
		}
	}
	first := ""
	for l := range t {
		if first == "" || l < first {
			first = l
		}
	}
	return t[first]
}
