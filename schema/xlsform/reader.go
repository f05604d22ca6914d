package xlsform

import (
	"errors"
	"strconv"

	"escale/schema/form"
)

// Read makes a form of a workbook. The error is Errors.
func Read(w Workbook) (*form.Form, []Warning, error) {
	r := newReader()
	d, ok := r.definition(w)
	if !ok {
		return nil, r.warnings, r.errs
	}
	f, err := form.New(d)
	r.faults(err)
	if len(r.errs) > 0 {
		return nil, r.warnings, r.errs
	}
	return f, r.warnings, nil
}

// reader collects errors and warnings, and remembers which row an item came from.
type reader struct {
	errs     Errors
	warnings []Warning
	items    map[string]int  // row of each item
	choices  map[string]int  // row of each list, and of each list/choice
	known    map[string]bool // "name column" of what was reported already, in the words of the sheet
}

func newReader() *reader {
	return &reader{items: map[string]int{}, choices: map[string]int{}, known: map[string]bool{}}
}

func (r *reader) fail(sheet string, row int, column, message, hint string) {
	r.errs = append(r.errs, Error{sheet, row + 1, column, message, hint})
}

// definition returns false when the sheets are so broken that further checks would only mislead.
func (r *reader) definition(w Workbook) (form.Definition, bool) {
	w.Survey.Name, w.Choices.Name, w.Settings.Name = "survey", "choices", "settings"
	for _, s := range []Sheet{w.Survey, w.Choices, w.Settings} {
		r.errs = append(r.errs, s.bounds()...)
	}
	if len(r.errs) > 0 {
		return form.Definition{}, false
	}
	d := r.settings(w.Settings)
	d.Lists = r.lists(w.Choices, d.DefaultLanguage)
	d.Items = r.survey(w.Survey, d.DefaultLanguage)
	return d, true
}

func (r *reader) table(s Sheet, language string, plain, translated []string) *table {
	t, warnings, errs := newTable(s, language, plain, translated)
	r.warnings = append(r.warnings, warnings...)
	r.errs = append(r.errs, errs...)
	return t
}

func (r *reader) settings(s Sheet) form.Definition {
	plain := []string{"form_id", "version", "default_language", "record_kind", "parent_kind"}
	language := defaultLanguage(s)
	t := r.table(s, language, plain, []string{"form_title"})
	rows := t.rows()
	if len(rows) != 1 {
		r.errs = append(r.errs, Error{Sheet: s.Name, Message: "the sheet needs one row below the names of columns"})
		return form.Definition{DefaultLanguage: language}
	}
	row := rows[0]
	return form.Definition{
		ID: t.cell(row, "form_id"), Version: t.cell(row, "version"), Titles: t.text(row, "form_title"), DefaultLanguage: language,
		RecordKind: t.cell(row, "record_kind"), ParentKind: t.cell(row, "parent_kind"),
	}
}

// defaultLanguage is needed before the header can be understood: a plain "label" is in that language.
func defaultLanguage(s Sheet) string {
	for j, name := range s.Rows[0] {
		if name == "default_language" && len(s.Rows) > 1 && j < len(s.Rows[1]) {
			return languageCode(s.Rows[1][j])
		}
	}
	return ""
}

func (r *reader) lists(s Sheet, language string) []form.List {
	t := r.table(s, language, []string{"list_name", "name", "sites", "maps_to", "rank"}, []string{"label"})
	var lists []form.List
	index := map[string]int{}
	for _, row := range t.rows() {
		name := t.cell(row, "list_name")
		i, seen := index[name]
		if !seen {
			i = len(lists)
			index[name] = i
			lists = append(lists, form.List{Name: name})
			r.choices[name] = row
		}
		choice := r.choice(t, row)
		r.choices[name+"/"+choice.Name] = row
		lists[i].Choices = append(lists[i].Choices, choice)
	}
	return lists
}

func (r *reader) choice(t *table, row int) form.Choice {
	c := form.Choice{Name: t.cell(row, "name"), Label: t.text(row, "label"), Sites: splitSites(t.cell(row, "sites")),
		MapsTo: t.cell(row, "maps_to")}
	if rank := t.cell(row, "rank"); rank != "" {
		n, err := strconv.Atoi(rank)
		if err != nil {
			r.fail(t.sheet.Name, row, "rank", "is not a whole number", "0 = most permissive, higher = more restrictive")
			return c
		}
		c.Rank = &n
	}
	return c
}

// faults adds what schema/form found, with the row that it concerns.
func (r *reader) faults(err error) {
	var faults form.Faults
	if !errors.As(err, &faults) {
		return
	}
	for _, f := range faults {
		if r.known[f.Name+" "+f.Column] {
			continue
		}
		e := Error{Sheet: "settings", Row: 2, Column: f.Column, Message: f.Message, Hint: f.Hint}
		if f.Name == "" && f.Column == "type" {
			e.Sheet, e.Row = "survey", 0
		}
		if row, ok := r.choices[f.Name]; ok && (f.Column == "list_name" || f.Column == "rank" || r.items[f.Name] == 0) {
			e.Sheet, e.Row = "choices", row+1
		} else if row, ok := r.items[f.Name]; ok {
			e.Sheet, e.Row = "survey", row+1
		}
		r.errs = append(r.errs, e)
	}
}
