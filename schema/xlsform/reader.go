package xlsform

import (
	"errors"
	"fmt"
	"slices"

	"escale/schema/form"
)

// Read makes a form of a workbook, as Escale publishes it: every field with its compartment and policy. The error is Errors.
func Read(w Workbook) (*form.Form, []Warning, error) { return read(w, form.New) }

// ReadPlain makes a form of any XLSForm workbook, also of one without Escale's columns. Such a form can be opened and filled
// in; it cannot be published. The error is Errors.
func ReadPlain(w Workbook) (*form.Form, []Warning, error) { return read(w, form.Plain) }

func read(w Workbook, compile func(form.Definition) (*form.Form, error)) (*form.Form, []Warning, error) {
	r := newReader()
	d, ok := r.definition(w)
	if !ok {
		return nil, r.warnings, r.sorted()
	}
	f, err := compile(d)
	r.faults(err)
	if len(r.errs) > 0 {
		return nil, r.warnings, r.sorted()
	}
	return f, r.warnings, nil
}

// reader collects errors and warnings, and remembers which row an item came from.
type reader struct {
	errs     Errors
	warnings []Warning
	items    map[string]int  // row of each item by path
	choices  map[string]int  // row of each list, and of each list/choice
	known    map[string]bool // "path column" of what was reported already, in the words of the sheet
	lists    []form.List
	index    map[string]int  // place in lists
	external map[string]bool // lists of the sheet external_choices
	repeats  map[string]bool // names of repeats
	formulas []string        // cells with expressions, to see which columns of choices they use
	noLists  string          // why there are no choices
}

func newReader() *reader {
	return &reader{items: map[string]int{}, choices: map[string]int{}, known: map[string]bool{}, index: map[string]int{},
		external: map[string]bool{}, repeats: map[string]bool{}}
}

func (r *reader) fail(sheet string, row int, column, message, hint string) {
	r.errs = append(r.errs, Error{sheet, row + 1, column, message, hint})
}

func (r *reader) warn(sheet string, row int, column, message string) {
	r.warnings = append(r.warnings, Warning{sheet, row + 1, column, message})
}

// sorted puts errors in the order of the sheets, each once.
func (r *reader) sorted() Errors {
	order := append([]string{""}, sheetNames()...)
	slices.SortStableFunc(r.errs, func(a, b Error) int {
		if c := slices.Index(order, a.Sheet) - slices.Index(order, b.Sheet); c != 0 {
			return c
		}
		return a.Row - b.Row
	})
	return slices.Compact(r.errs)
}

// definition returns false when the sheets are so broken that further checks would only mislead.
func (r *reader) definition(w Workbook) (form.Definition, bool) {
	w.Survey.Name, w.Choices.Name, w.Settings.Name, w.External.Name = "survey", "choices", "settings", "external_choices"
	for _, s := range []Sheet{w.Survey, w.Choices, w.Settings, w.External} {
		r.errs = append(r.errs, s.bounds()...)
	}
	if len(w.Survey.Rows) == 0 {
		r.errs = append(r.errs, Error{Sheet: "survey", Message: "the sheet is missing or empty", Hint: w.similar("survey")})
	}
	if len(r.errs) > 0 {
		return form.Definition{}, false
	}
	r.others(w)
	d, duplicates := r.settings(w.Settings)
	if len(w.Choices.Rows) == 0 {
		r.noLists = "there is no sheet choices" + prefixed(" ", w.similar("choices"))
	}
	extras := r.readLists(w.Choices, d.DefaultLanguage, duplicates, false)
	r.readLists(w.External, d.DefaultLanguage, true, true)
	d.Items = r.survey(w.Survey, d)
	d.Lists = r.lists
	r.unused(w.Choices.Name, extras)
	return d, true
}

// others refuses sheets that would change what the form does, and warns of names that look like a slip.
func (r *reader) others(w Workbook) {
	for _, name := range w.Others {
		switch {
		case name == "entities" || name == "osm":
			r.errs = append(r.errs, Error{Sheet: name, Message: "the sheet is not supported", Hint: "remove it or put _ before its name"})
		case len(w.Settings.Rows) == 0 && near(name, "settings"):
			r.warnings = append(r.warnings, Warning{Sheet: name, Message: "the sheet was not used; is settings meant?"})
		}
	}
}

func (r *reader) table(s Sheet, l layout) *table {
	t, errs := newTable(s, l)
	r.errs = append(r.errs, errs...)
	return t
}

// unknown warns of columns that were not used.
func (r *reader) unknown(t *table, names map[string]int) {
	for _, name := range inSheetOrder(names) {
		r.warnings = append(r.warnings, Warning{Sheet: t.sheet.Name, Column: t.sheet.column(names[name]), Message: "column is not known and was not used"})
	}
}

func inSheetOrder(columns map[string]int) []string {
	names := make([]string, 0, len(columns))
	for name := range columns {
		names = append(names, name)
	}
	slices.SortFunc(names, func(a, b string) int { return columns[a] - columns[b] })
	return names
}

// faults adds what schema/form found, with the row that it concerns.
func (r *reader) faults(err error) {
	var faults form.Faults
	if !errors.As(err, &faults) {
		return
	}
	for _, f := range faults {
		if r.known[f.Path+" "+f.Column] || f.Path == "" && r.known[f.Name+" "+f.Column] {
			continue
		}
		e := Error{Sheet: "settings", Row: 2, Column: f.Column, Message: f.Message, Hint: f.Hint}
		if f.Name == "" && f.Column == "type" {
			e.Sheet, e.Row = "survey", 0
		}
		if row, ok := r.items[f.Path]; ok && f.Path != "" {
			e.Sheet, e.Row = "survey", row+1
		} else if row, ok := r.choices[f.Name]; ok {
			e.Sheet, e.Row = "choices", row+1
		}
		r.errs = append(r.errs, e)
	}
}

func prefixed(prefix, s string) string {
	if s == "" {
		return ""
	}
	return prefix + s
}

// similar names sheets that may be meant by a sheet that is missing.
func (w Workbook) similar(wanted string) string {
	for _, name := range w.Others {
		if near(name, wanted) {
			return fmt.Sprintf("is the sheet %q meant?", bounded(name))
		}
	}
	return ""
}

// near tells whether two names differ by at most two letters. A name that begins with "_" is set aside on purpose.
func near(name, wanted string) bool {
	if name == "" || name[0] == '_' || len(name) > 40 {
		return false
	}
	previous := make([]int, len(wanted)+1)
	for j := range previous {
		previous[j] = j
	}
	for i := range len(name) {
		row := []int{i + 1}
		for j := range len(wanted) {
			cost := previous[j]
			if name[i] != wanted[j] {
				cost++
			}
			row = append(row, min(cost, previous[j+1]+1, row[j]+1))
		}
		previous = row
	}
	return previous[len(wanted)] <= 2
}

func bounded(s string) string {
	const shown = 60 // characters
	if runes := []rune(s); len(runes) > shown {
		return string(runes[:shown]) + "…"
	}
	return s
}
