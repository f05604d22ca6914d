package xlsform

import (
	"fmt"
	"maps"
	"strconv"
	"strings"

	"escale/schema/expr"
	"escale/schema/form"
)

func choicesLayout(language string) layout {
	return layout{plain: []string{"list_name", "name", "sites", "maps_to", "rank"}, translated: append([]string{"label"}, mediaColumns()...),
		language: language}
}

// readLists reads a sheet of choices. It returns the columns that only filters may use.
func (r *reader) readLists(s Sheet, language string, duplicates, external bool) map[string]int {
	t := r.table(s, choicesLayout(language))
	rows := t.rows()
	if len(rows) == 0 {
		return nil
	}
	for _, column := range []string{"list_name", "name"} {
		if !t.has(column) {
			r.noLists = fmt.Sprintf("sheet %s has no column %s", s.Name, column)
		}
	}
	if r.noLists != "" && !external {
		r.warnings = append(r.warnings, Warning{Sheet: s.Name, Message: "no choice can be read: the columns list_name and name are needed"})
		return nil
	}
	extras := maps.Clone(t.extras)
	maps.DeleteFunc(extras, func(name string, _ int) bool { return !expr.IsName(name) })
	unusable := maps.Clone(t.extras)
	maps.DeleteFunc(unusable, func(name string, _ int) bool { return expr.IsName(name) })
	r.unknown(t, unusable)
	for _, row := range rows {
		r.choice(t, row, extras, duplicates, external)
	}
	return extras
}

func (r *reader) choice(t *table, row int, extras map[string]int, duplicates, external bool) {
	list, name := t.cell(row, "list_name"), t.cell(row, "name")
	switch {
	case list == "":
		r.warn(t.sheet.Name, row, "list_name", "a row without a list was not used")
		return
	case name == "":
		r.fail(t.sheet.Name, row, "name", "the choice has no name", "")
		return
	}
	i, seen := r.index[list]
	if !seen {
		i = len(r.lists)
		r.index[list] = i
		r.lists = append(r.lists, form.List{Name: list})
		r.choices[list], r.external[list] = row, external
	}
	key := list + "/" + name
	if _, twice := r.choices[key]; twice && !duplicates {
		r.fail(t.sheet.Name, row, "name", "is twice in the list", "allow_choice_duplicates in settings permits it")
		return
	} else if !twice {
		r.choices[key] = row
	}
	c := form.Choice{Name: name, Label: t.text(row, "label"), Sites: splitSites(t.cell(row, "sites")), MapsTo: t.cell(row, "maps_to"),
		Media: t.media(row)}
	if c.Label == nil && !external {
		r.warn(t.sheet.Name, row, "label", "the choice has no label")
	}
	for column, j := range extras {
		if value := t.at(row, j); value != "" {
			if c.Extra == nil {
				c.Extra = map[string]string{}
			}
			c.Extra[column] = value
		}
	}
	c.Rank = r.rank(t, row)
	r.lists[i].Choices = append(r.lists[i].Choices, c)
}

func (r *reader) rank(t *table, row int) *int {
	rank := t.cell(row, "rank")
	if rank == "" {
		return nil
	}
	n, err := strconv.Atoi(rank)
	if err != nil {
		r.fail(t.sheet.Name, row, "rank", "is not a whole number", "0 = most permissive, higher = more restrictive")
		return nil
	}
	return &n
}

// unused warns of columns of choices that no expression mentions.
func (r *reader) unused(sheet string, extras map[string]int) {
	all := strings.Join(r.formulas, "\n")
	for _, name := range inSheetOrder(extras) {
		if !strings.Contains(all, name) {
			r.warnings = append(r.warnings, Warning{Sheet: sheet, Column: name, Message: "no expression uses the column"})
		}
	}
}

// list finds the list of a select and reports when it is missing.
func (r *reader) list(sheet string, row int, name string) (*form.List, bool) {
	i, ok := r.index[name]
	if !ok {
		hint := "sheet choices, column list_name"
		if r.noLists != "" {
			hint = r.noLists
		}
		r.fail(sheet, row, "type", fmt.Sprintf("list %q does not exist", bounded(name)), hint)
		return nil, false
	}
	return &r.lists[i], true
}

// withOther adds the choice "other" to a list.
func (r *reader) withOther(l *form.List) {
	languages := map[string]bool{}
	for _, c := range l.Choices {
		if c.Name == form.OtherChoice {
			return
		}
		for language := range c.Label {
			languages[language] = true
		}
	}
	label := form.Text{}
	for language := range languages {
		label[language] = "Other"
	}
	l.Choices = append(l.Choices, form.Choice{Name: form.OtherChoice, Label: label})
}
