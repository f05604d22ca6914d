package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"escale/schema/form"
	"escale/schema/xlsform"
)

// formCase is a form as raw rows, with what must become of it.
type formCase struct {
	ID      string                 `json:"id"`
	Area    string                 `json:"area"`
	Profile string                 `json:"profile"`
	Sheets  map[string][][]*string `json:"sheets"`
	Expect  formExpectation        `json:"expect"`
}

type formExpectation struct {
	Class    string            `json:"class"`
	Message  string            `json:"message"`
	Row      *int              `json:"row"`
	Items    []expectedItem    `json:"items"`
	Settings map[string]string `json:"settings"`
}

type expectedItem struct {
	Path    string                     `json:"path"`
	Name    string                     `json:"name"`
	Type    string                     `json:"type"`
	Label   json.RawMessage            `json:"label"`
	Hint    json.RawMessage            `json:"hint"`
	Bind    map[string]json.RawMessage `json:"bind"`
	List    string                     `json:"list_name"`
	Default string                     `json:"default"`
	Filter  string                     `json:"choice_filter"`
	Trigger []string                   `json:"trigger"`
}

// workbook makes sheets of the rows of a case.
func (c formCase) workbook() xlsform.Workbook {
	w := xlsform.Workbook{}
	for name, rows := range c.Sheets {
		sheet := xlsform.Sheet{Name: name}
		for _, row := range rows {
			cells := make([]string, len(row))
			for i, cell := range row {
				if cell != nil {
					cells[i] = *cell
				}
			}
			sheet.Rows = append(sheet.Rows, cells)
		}
		switch name {
		case "survey":
			w.Survey = sheet
		case "choices":
			w.Choices = sheet
		case "settings":
			w.Settings = sheet
		case "external_choices":
			w.External = sheet
		default:
			w.Others = append(w.Others, name)
		}
	}
	slices.Sort(w.Others)
	return w
}

func readCases(dir, name, profile string) ([]formCase, error) {
	var cases []formCase
	if err := readJSON(dir, name, &cases); err != nil {
		return nil, err
	}
	return slices.DeleteFunc(cases, func(c formCase) bool { return c.Profile != "" && c.Profile != profile }), nil
}

func runReject(dir, profile string, t *tally) error {
	cases, err := readCases(dir, "reject.json", profile)
	if err != nil {
		return err
	}
	for _, c := range cases {
		_, _, err := xlsform.ReadPlain(c.workbook())
		t.add(c.Area, c.ID, c.Expect.missed(err))
	}
	return nil
}

// place finds the sheet and column in a message that names them.
var placePattern = regexp.MustCompile(`On the '(\w+)' sheet, the '([^' ]+)`)

// missed tells why a refusal is not the one expected: the form must be refused, at the row and sheet that the case names.
func (e formExpectation) missed(err error) string {
	var all xlsform.Errors
	if !errors.As(err, &all) {
		return "accepted; expected: " + e.Message
	}
	if e.Row == nil {
		return ""
	}
	sheet := ""
	if m := placePattern.FindStringSubmatch(e.Message); m != nil {
		sheet = m[1]
	}
	for _, one := range all {
		if one.Row == *e.Row && (sheet == "" || one.Sheet == sheet) {
			return ""
		}
	}
	return fmt.Sprintf("refused elsewhere than in row %d: %s; expected: %s", *e.Row, all.Error(), e.Message)
}

func runAccept(dir, profile string, t *tally) error {
	cases, err := readCases(dir, "accept.json", profile)
	if err != nil {
		return err
	}
	for _, c := range cases {
		f, _, err := xlsform.ReadPlain(c.workbook())
		problem := ""
		if err != nil {
			problem = "refused: " + err.Error()
		} else {
			problem = c.Expect.differs(f)
		}
		t.add(c.Area, c.ID, problem)
	}
	return nil
}

// differs compares a form that was read with what the case expects of it.
func (e formExpectation) differs(f *form.Form) string {
	got := map[string]form.Item{}
	collect(f.Items, "", got)
	for _, want := range e.Items {
		item, ok := got[want.Path]
		if !ok {
			return want.Path + " is missing"
		}
		if problem := want.differs(item, f.DefaultLanguage); problem != "" {
			return want.Path + ": " + problem
		}
		delete(got, want.Path)
	}
	for path := range got {
		return path + " is not expected"
	}
	if id := e.Settings["id_string"]; id != f.ID {
		return fmt.Sprintf("form_id %q, expected %q", f.ID, id)
	}
	if language := e.Settings["default_language"]; language != f.DefaultLanguage {
		return fmt.Sprintf("default_language %q, expected %q", f.DefaultLanguage, language)
	}
	return ""
}

func collect(items []form.Item, above string, into map[string]form.Item) {
	for _, item := range items {
		path := above + "/" + item.Name
		into[path] = item
		collect(item.Children, path, into)
	}
}

// typeNames maps the names that cases use for types to ours, where they differ.
func typeName(name string) form.Type {
	names := map[string]form.Type{
		"select one": form.TypeSelectOne, "select all that apply": form.TypeSelectMultiple, "select one external": form.TypeSelectOne,
		"photo": form.TypeImage, "gps": form.TypeGeopoint, "location": form.TypeGeopoint, "string": form.TypeText, "int": form.TypeInteger,
		"trigger": form.TypeAcknowledge, "datetime": form.TypeDateTime,
	}
	if t, ok := names[name]; ok {
		return t
	}
	return form.Type(name)
}

func (w expectedItem) differs(item form.Item, language string) string {
	if item.Type != typeName(w.Type) {
		return fmt.Sprintf("type %q, expected %q", item.Type, w.Type)
	}
	for name, text := range map[string]struct {
		want json.RawMessage
		got  form.Text
	}{"label": {w.Label, item.Label}, "hint": {w.Hint, item.Hint}} {
		if problem := differText(text.want, text.got, language); problem != "" {
			return name + " " + problem
		}
	}
	for _, f := range []struct{ name, got, want string }{
		{"list", item.List, w.List}, {"default", item.Default, w.Default}, {"choice_filter", item.ChoiceFilter, w.Filter},
		{"trigger", strings.Join(item.Trigger, " "), strings.Join(w.Trigger, " ")},
		{"relevant", item.Relevant, w.bound("relevant")}, {"calculation", item.Calculation, w.bound("calculate")},
		{"constraint", item.Constraint, w.bound("constraint")},
	} {
		if f.want != "" && f.got != f.want {
			return fmt.Sprintf("%s %q, expected %q", f.name, f.got, f.want)
		}
	}
	return ""
}

func (w expectedItem) bound(name string) string {
	var s string
	if err := json.Unmarshal(w.Bind[name], &s); err != nil {
		return ""
	}
	return s
}

// differText compares a text that cases give plain, in the default language, or by language.
func differText(want json.RawMessage, got form.Text, language string) string {
	if len(want) == 0 || string(want) == "null" {
		return ""
	}
	var plain string
	if err := json.Unmarshal(want, &plain); err == nil {
		return differ(got[language], plain)
	}
	var languages map[string]string
	if err := json.Unmarshal(want, &languages); err != nil {
		return err.Error()
	}
	for name, text := range languages {
		if problem := differ(got[xlsform.Language(name)], text); problem != "" {
			return problem
		}
	}
	return ""
}
