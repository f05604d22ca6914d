package xlsform

import (
	"slices"
	"strings"

	"escale/schema/expr"
	"escale/schema/form"
)

func settingsLayout(language string) layout {
	return layout{plain: []string{"form_id", "version", "default_language", "record_kind", "parent_kind", "instance_name", "name",
		"allow_choice_duplicates"}, translated: []string{"form_title"}, language: language}
}

// defaultForm is the id of a form whose sheets give none.
const defaultForm = "data"

// settings reads the one row of settings. It also tells whether a list may hold a choice twice.
func (r *reader) settings(s Sheet) (form.Definition, bool) {
	language := defaultLanguage(s)
	s = withoutOldID(s, r)
	t := r.table(s, settingsLayout(language))
	r.unknown(t, t.extras)
	rows := t.rows()
	if len(rows) == 0 {
		return form.Definition{ID: defaultForm, DefaultLanguage: language}, false
	}
	for _, row := range rows[1:] {
		r.warn(s.Name, row, "", "only the first row of settings counts")
	}
	row := rows[0]
	d := form.Definition{ID: t.cell(row, "form_id"), Version: t.cell(row, "version"), Titles: t.text(row, "form_title"),
		DefaultLanguage: language, RecordKind: t.cell(row, "record_kind"), ParentKind: t.cell(row, "parent_kind"),
		InstanceName: t.formula(row, "instance_name"), Root: t.cell(row, "name")}
	if d.ID == "" {
		d.ID = defaultForm
	}
	if d.Root != "" && !expr.IsName(d.Root) {
		r.fail(s.Name, row, "name", "is not a valid name", nameHint)
	}
	if d.InstanceName != "" {
		r.formulas = append(r.formulas, d.InstanceName)
	}
	return d, yes(t.cell(row, "allow_choice_duplicates"))
}

const nameHint = "a letter or _, then letters, digits, _ - ."

func yes(s string) bool {
	return slices.Contains([]string{"yes", "true", "true()"}, strings.ToLower(s))
}

func no(s string) bool {
	return slices.Contains([]string{"", "no", "false", "false()"}, strings.ToLower(s))
}

// defaultLanguage is needed before headers can be understood: a plain "label" is in that language.
func defaultLanguage(s Sheet) string {
	if len(s.Rows) > 1 {
		for j, name := range s.Rows[0] {
			if snake(name) == "default_language" && j < len(s.Rows[1]) && strings.TrimSpace(s.Rows[1][j]) != "" {
				return Language(s.Rows[1][j])
			}
		}
	}
	return form.NoLanguage
}

// withoutOldID drops id_string where form_id is there too: old workbooks carry both.
func withoutOldID(s Sheet, r *reader) Sheet {
	if len(s.Rows) == 0 {
		return s
	}
	header := slices.Clone(s.Rows[0])
	has := func(name string) int {
		return slices.IndexFunc(header, func(h string) bool { return snake(h) == name })
	}
	if has("form_id") >= 0 && has("id_string") >= 0 {
		r.warn(s.Name, 0, "id_string", "form_id is there too, and counts")
		header[has("id_string")] = ""
		s.Rows = append([][]string{header}, s.Rows[1:]...)
	}
	return s
}
