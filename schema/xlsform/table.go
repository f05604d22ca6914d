package xlsform

import (
	"slices"
	"strings"

	"escale/schema/form"
)

// table gives access to a sheet by column name.
type table struct {
	sheet   Sheet
	columns map[string]int            // plain columns
	texts   map[string]map[string]int // label, hint, constraint_message, form_title: column by language
}

// newTable reads the header. Plain and translated list the columns that the sheet may have; others become warnings.
func newTable(s Sheet, defaultLanguage string, plain, translated []string) (*table, []Warning, Errors) {
	t := &table{sheet: s, columns: map[string]int{}, texts: map[string]map[string]int{}}
	var warnings []Warning
	var errs Errors
	for j, header := range s.Rows[0] {
		name := strings.TrimSpace(header)
		base, language, ok := t.translation(name, defaultLanguage, translated)
		switch {
		case name == "":
			continue
		case ok && t.texts[base] == nil:
			t.texts[base] = map[string]int{language: j}
		case ok && t.taken(base, language):
			errs = append(errs, Error{s.Name, 1, s.column(j), "two columns for one language", ""})
		case ok:
			t.texts[base][language] = j
		case !slices.Contains(plain, name):
			warnings = append(warnings, Warning{s.Name, s.column(j), "column is not known and was not used"})
		default:
			if _, twice := t.columns[name]; twice {
				errs = append(errs, Error{s.Name, 1, s.column(j), "column is there twice", ""})
			}
			t.columns[name] = j
		}
	}
	return t, warnings, errs
}

func (t *table) taken(base, language string) bool {
	_, taken := t.texts[base][language]
	return taken
}

// translation reads "label", "label::fr", "label::Français (fr)", and "form_title_fr" of the settings.
func (t *table) translation(name, defaultLanguage string, translated []string) (base, language string, ok bool) {
	for _, base := range translated {
		rest, found := strings.CutPrefix(name, base)
		switch {
		case !found:
		case rest == "":
			return base, defaultLanguage, true
		case strings.HasPrefix(rest, "::"):
			code := languageCode(rest[2:])
			return base, code, code != ""
		case strings.HasPrefix(rest, "_") && form.ValidLanguage(rest[1:]):
			return base, rest[1:], true
		}
	}
	return "", "", false
}

// languageCode reads "fr" out of "Français (fr)" or "fr"; "" when there is no code.
func languageCode(s string) string {
	s = strings.TrimSpace(s)
	if open := strings.LastIndexByte(s, '('); open >= 0 && strings.HasSuffix(s, ")") {
		s = s[open+1 : len(s)-1]
	}
	if !form.ValidLanguage(s) {
		return ""
	}
	return s
}

// rows lists the numbers of the rows below the header that are not empty.
func (t *table) rows() []int {
	var rows []int
	for i, row := range t.sheet.Rows {
		if i > 0 && slices.ContainsFunc(row, func(cell string) bool { return strings.TrimSpace(cell) != "" }) {
			rows = append(rows, i)
		}
	}
	return rows
}

func (t *table) cell(row int, column string) string {
	j, ok := t.columns[column]
	if !ok || j >= len(t.sheet.Rows[row]) {
		return ""
	}
	return strings.TrimSpace(t.sheet.Rows[row][j])
}

func (t *table) text(row int, base string) form.Text {
	text := form.Text{}
	for language, j := range t.texts[base] {
		if j < len(t.sheet.Rows[row]) && t.sheet.Rows[row][j] != "" {
			text[language] = t.sheet.Rows[row][j]
		}
	}
	if len(text) == 0 {
		return nil
	}
	return text
}

// splitSites reads the column sites: "*", or names with spaces, commas or semicolons.
func splitSites(s string) []string {
	return strings.FieldsFunc(s, func(r rune) bool { return r == ' ' || r == ',' || r == ';' })
}
