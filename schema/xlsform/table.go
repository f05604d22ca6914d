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
	texts   map[string]map[string]int // translated columns by language
	extras  map[string]int            // columns that nobody knows, by their name as it stands
	plain   map[string]bool           // "base language" of texts whose header named no language
}

// layout says which columns a sheet may have.
type layout struct {
	plain, translated []string
	language          string // of a translated column that names none
}

// newTable reads the header.
func newTable(s Sheet, l layout) (*table, Errors) {
	t := &table{sheet: s, columns: map[string]int{}, texts: map[string]map[string]int{}, extras: map[string]int{}, plain: map[string]bool{}}
	if len(s.Rows) == 0 {
		return t, nil
	}
	double := slices.ContainsFunc(s.Rows[0], func(name string) bool { return strings.Contains(name, "::") })
	var errs Errors
	for j, name := range s.Rows[0] {
		name = strings.TrimSpace(name)
		if name == "" {
			continue
		}
		h := parseHeader(name, double)
		if base, language, ok := suffixLanguage(h.base, l.translated); ok {
			h = header{base, language}
		}
		if problem := t.place(h, name, j, l); problem != "" {
			errs = append(errs, Error{s.Name, 1, s.column(j), problem, "rename or remove one of the two"})
		}
	}
	return t, errs
}

// place remembers where a column is; it returns what is wrong.
func (t *table) place(h header, name string, j int, l layout) string {
	switch {
	case slices.Contains(l.translated, h.base):
		return t.placeText(h, j, l.language)
	case slices.Contains(l.plain, h.base) && h.language == "":
		if _, twice := t.columns[h.base]; twice {
			return "another column has this meaning"
		}
		t.columns[h.base] = j
	default:
		t.extras[name] = j
	}
	return ""
}

func (t *table) placeText(h header, j int, fallback string) string {
	plain := h.language == ""
	if plain {
		h.language = fallback
	}
	if t.texts[h.base] == nil {
		t.texts[h.base] = map[string]int{}
	}
	key := h.base + " " + h.language
	_, taken := t.texts[h.base][h.language]
	if taken && plain == t.plain[key] {
		return "two columns for one language"
	}
	if taken && plain { // the column that names the language counts
		return ""
	}
	t.texts[h.base][h.language], t.plain[key] = j, plain
	return ""
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

func (t *table) at(row, column int) string {
	if column >= len(t.sheet.Rows[row]) {
		return ""
	}
	return strings.TrimSpace(t.sheet.Rows[row][column])
}

func (t *table) has(column string) bool { _, ok := t.columns[column]; return ok }

func (t *table) cell(row int, column string) string {
	j, ok := t.columns[column]
	if !ok {
		return ""
	}
	return t.at(row, j)
}

// formula reads a cell that holds an expression; quotes that a word processor bent are straightened, spaces that do not break are
// spaces.
func (t *table) formula(row int, column string) string {
	return strings.NewReplacer("\u2018", "'", "\u2019", "'", "\u201c", "\"", "\u201d", "\"", "\u00a0", " ").Replace(t.cell(row, column))
}

// text collects the languages of a cell. A cell that holds only a space is a text too, an empty one: designers write it for
// questions that are to show nothing.
func (t *table) text(row int, base string) form.Text {
	text := form.Text{}
	for language, j := range t.texts[base] {
		if j < len(t.sheet.Rows[row]) && t.sheet.Rows[row][j] != "" {
			text[language] = t.at(row, j)
		}
	}
	if len(text) == 0 {
		return nil
	}
	return text
}

// hasText tells whether the row has the text in any language.
func (t *table) hasText(row int, base string) bool { return t.text(row, base) != nil }

// media collects the names of files that are shown or played with a label.
func (t *table) media(row int) map[string]form.Text {
	var media map[string]form.Text
	for _, kind := range mediaColumns() {
		if text := t.text(row, kind); text != nil {
			if media == nil {
				media = map[string]form.Text{}
			}
			media[kind] = text
		}
	}
	return media
}

func mediaColumns() []string { return []string{"image", "big-image", "audio", "video"} }

// splitSites reads the column sites: "*", or names with spaces, commas or semicolons.
func splitSites(s string) []string {
	return strings.FieldsFunc(s, func(r rune) bool { return r == ' ' || r == ',' || r == ';' })
}
