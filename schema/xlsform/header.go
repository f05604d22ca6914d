package xlsform

import (
	"slices"
	"strings"

	"escale/schema/expr"
	"escale/schema/form"
)

// snake is how names of sheets, columns and types are compared: lower case, words joined by "_".
func snake(s string) string { return strings.ToLower(strings.Join(strings.Fields(s), "_")) }

// alias maps other spellings of a column to the one that this package uses.
func alias(name string) string {
	switch name {
	case "caption":
		return "label"
	case "command":
		return "type"
	case "tag", "value":
		return "name"
	case "read_only":
		return "readonly"
	case "relevance":
		return "relevant"
	case "calculate":
		return "calculation"
	case "constraining_message", "jr:constraintmsg":
		return "constraint_message"
	case "requiredmsg", "jr:requiredmsg":
		return "required_message"
	case "count", "jr:count":
		return "repeat_count"
	case "id_string", "set_form_id":
		return "form_id"
	case "title", "set_form_title":
		return "form_title"
	}
	return name
}

// header is a name of a column, understood.
type header struct {
	base     string // in the words of this package
	language string // of a translated column; "" when the name gives none
}

// parseHeader reads "label::Français (fr)", "bind::relevant", "media::image::en". A sheet without any "::" may part with ":".
func parseHeader(name string, double bool) header {
	separator := "::"
	if !double {
		separator = ":"
		if strings.HasPrefix(strings.ToLower(name), "jr:") {
			separator = "::"
		}
	}
	var tokens []string
	for token := range strings.SplitSeq(name, separator) {
		tokens = append(tokens, strings.TrimSpace(token))
	}
	first := snake(tokens[0])
	if len(tokens) > 1 && slices.Contains([]string{"bind", "body", "control", "media"}, first) {
		tokens = tokens[1:]
		first = snake(tokens[0])
	}
	h := header{base: alias(first)}
	if len(tokens) > 1 {
		h.language = Language(tokens[1])
	}
	if len(tokens) > 2 {
		h.base = name // more parts than any column has
	}
	return h
}

// Language names a language by the code in "Français (fr)", or by "fr" itself; without a code by the name as it stands.
func Language(s string) string {
	s = strings.TrimSpace(s)
	if open := strings.LastIndexByte(s, '('); open >= 0 && strings.HasSuffix(s, ")") {
		if code := strings.TrimSpace(s[open+1 : len(s)-1]); isCode(code) {
			return code
		}
	}
	return s
}

// isCode accepts codes of languages with their parts: fr, pt-BR, zh-Hant.
func isCode(s string) bool {
	main, rest, _ := strings.Cut(s, "-")
	return form.ValidLanguage(main) && (rest == "" || expr.ValidName("x"+rest))
}

// suffixLanguage reads "form_title_fr" of the settings.
func suffixLanguage(base string, translated []string) (string, string, bool) {
	for _, t := range translated {
		if rest, ok := strings.CutPrefix(base, t+"_"); ok && form.ValidLanguage(rest) {
			return t, rest, true
		}
	}
	return "", "", false
}
