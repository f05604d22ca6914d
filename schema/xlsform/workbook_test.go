package xlsform_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"

	"escale/schema/form"
	"escale/schema/xlsform"
)

// book writes sheets of rows as a workbook of Excel.
func book(t testing.TB, sheets map[string][][]any) []byte {
	t.Helper()
	f := excelize.NewFile()
	for name, rows := range sheets {
		if _, err := f.NewSheet(name); err != nil {
			t.Fatal(err)
		}
		for i, row := range rows {
			if err := f.SetSheetRow(name, fmt.Sprintf("A%d", i+1), &row); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := f.DeleteSheet("Sheet1"); err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := f.Write(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func small() map[string][][]any {
	return map[string][][]any{
		"Survey":  {{"type", "name", "label::Français (fr)", "required"}, {"text", "a", "Nom", true}, {}, {"select_one l", "b", "Choix", false}},
		"choices": {{"list_name", "name", "label::Français (fr)"}, {"l", 1, "un"}, {"l", 2.5, "deux et demi"}},
		"notes":   {{"anything"}},
	}
}

func TestReadXLSX(t *testing.T) {
	w, err := xlsform.ReadXLSX(bytes.NewReader(book(t, small())))
	if err != nil {
		t.Fatal(err)
	}
	want := [][]string{{"type", "name", "label::Français (fr)", "required"}, {"text", "a", "Nom", "TRUE"}, nil, {"select_one l", "b", "Choix", "FALSE"}}
	if !slices.EqualFunc(w.Survey.Rows, want, slices.Equal) || !slices.Equal(w.Others, []string{"notes"}) {
		t.Errorf("%q, others %q", w.Survey.Rows, w.Others)
	}
	f, _, err := xlsform.ReadPlain(w)
	if err != nil {
		t.Fatal(err)
	}
	a, _ := f.Lookup("a")
	b, _ := f.Lookup("b")
	if !a.Required || b.Required || b.Choices[0].Name != "1" || b.Choices[1].Name != "2.5" {
		t.Errorf("%+v %+v", a.Item, b.Choices)
	}
}

func TestReadXLSXRefuses(t *testing.T) {
	old := append([]byte("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"), make([]byte, 600)...)
	locked := append(bytes.Clone(old), []byte("E\x00n\x00c\x00r\x00y\x00p\x00t\x00e\x00d\x00P\x00a\x00c\x00k\x00a\x00g\x00e\x00")...)
	for want, data := range map[string][]byte{
		"format .xls": old, "password": locked, "not an .xlsx": []byte("type,name\n"), "cannot be read": []byte("PK\x03\x04broken"),
		"larger than": append([]byte("PK\x03\x04"), make([]byte, xlsform.MaxWorkbook)...),
		".ods":        []byte("PK\x03\x04..........................mimetypeapplication/vnd.oasis.opendocument.spreadsheet"),
	} {
		_, err := xlsform.ReadXLSX(bytes.NewReader(data))
		var errs xlsform.Errors
		if !errors.As(err, &errs) || !strings.Contains(err.Error(), want) || errs[0].Hint == "" {
			t.Errorf("%s: %v", want, err)
		}
	}
}

// table makes a sheet of lines whose cells are parted by "|".
func table(name, text string) xlsform.Sheet {
	s := xlsform.Sheet{Name: name}
	for line := range strings.SplitSeq(strings.TrimSpace(text), "\n") {
		var cells []string
		for cell := range strings.SplitSeq(line, "|") {
			cells = append(cells, strings.TrimSpace(cell))
		}
		s.Rows = append(s.Rows, cells)
	}
	return s
}

func plain(survey, choices string) (*form.Form, []xlsform.Warning, error) {
	w := xlsform.Workbook{Survey: table("survey", survey)}
	if choices != "" {
		w.Choices = table("choices", choices)
	}
	return xlsform.ReadPlain(w)
}

func TestReadSpellings(t *testing.T) {
	f, warnings, err := plain(`
Type | Name | Label::English (en) | caption::fr | bind::relevant | bind:jr:constraintMsg | media::image::fr | Read Only | colour
add text prompt | a | A | | | | | yes |
q int | b | B | | ${a} != ‘x’ | | b.png | |
begin group | g | G | | | | | |
select all that apply from l | c | C | | | | | |
select one from l or specify other | d | D | | | | | |
end group | | | | | | | |
note | | N : | | | | | |
`, "list name | name | label | place\nl | x | X | p\nl | y | Y | q")
	if err != nil {
		t.Fatal(err)
	}
	if f.Items[0].Type != form.TypeText || !f.Items[0].ReadOnly || f.Items[1].Relevant != "${a} != 'x'" || f.Items[1].Media["image"]["fr"] != "b.png" {
		t.Errorf("%+v", f.Items[:2])
	}
	group := f.Items[2].Children
	if len(group) != 3 || group[0].Type != form.TypeSelectMultiple || group[2].Name != "d_other" || group[2].Relevant != "selected(../d, 'other')" {
		t.Errorf("%+v", group)
	}
	if f.Items[3].Label["en"] != "N :" {
		t.Errorf("a space that does not break was lost: %q", f.Items[3].Label["en"])
	}
	if f.Items[3].Name != "generated_note_name_8" {
		t.Errorf("name of a note: %s", f.Items[3].Name)
	}
	var told []string
	for _, w := range warnings {
		told = append(told, w.Column)
	}
	if !slices.Contains(told, "colour") || !slices.Contains(told, "place") {
		t.Errorf("warnings %v", warnings)
	}
}

// TestReadRefuses names each mistake with its row and column.
func TestReadRefuses(t *testing.T) {
	const head = "type | name | label | parameters | trigger | calculation | appearance | choice_filter | relevant | repeat_count | default\n"
	tests := []struct{ rows, row, says string }{
		{"text | a | A\ntext | a | B", "row 3, column name", "twice"},
		{"text | meta | A", "row 2, column name", "reserved"},
		{"text | 1a | A", "row 2, column name", "valid name"},
		{"text | | A", "row 2, column name", "missing"},
		{"begin_repeat | r | R\ntext | a | A\nend_repeat\nbegin_group | g | G\nbegin_repeat | r | R\ntext | b | B\nend_repeat\nend_group", "row 6, column name", "repeat"},
		{"begin_repeat | data | R\ntext | a | A\nend_repeat", "row 2, column name", "form itself"},
		{"begin_group | g | G\ntext | a | A", "row 2, column type", "not ended"},
		{"text | a | A\nend_group", "row 3, column type", "no beginning"},
		{"text | a", "row 2, column label", "neither label nor hint"},
		{"teleport | a | A", "row 2, column type", `"teleport"`},
		{"begin_loop over l | g | G\ntext | a | A\nend_loop", "row 2, column type", "loop"},
		{"select_one nothing | a | A", "row 2, column type", `"nothing"`},
		{"select_one | a | A", "row 2, column type", "names its list"},
		{"select_one_from_file towns.pdf | a | A", "row 2, column type", "extension"},
		{"select_one l or_other | a | A | | | | | true()", "row 2, column choice_filter", "or_other"},
		{"select_one l | a | A | seed=3", "row 2, column parameters", "randomize"},
		{"select_one l | a | A | randomize=maybe", "row 2, column parameters", "neither true nor false"},
		{"text | a | A | rows=many", "row 2, column parameters", "whole number"},
		{"text | a | A | lines=3", "row 2, column parameters", `"lines"`},
		{"text | a | A | rows", "row 2, column parameters", "key=value"},
		{"image | a | A | app=camera", "row 2, column parameters", "package"},
		{"audio | a | A | quality=best", "row 2, column parameters", "quality"},
		{"geopoint | a | A | reference-geometry=x", "row 2, column parameters", "reference-geometry"},
		{"range | a | A | start=0 end=10 step=0", "row 2, column parameters", "must not be 0"},
		{"range | a | A | start=0 end=10 step=11", "row 2, column parameters", "larger than the range"},
		{"range | a | A | start=0 end=1 step=0.3 placeholder=0.4", "row 2, column parameters", "multiple"},
		{"range | a | A | tick_labelset=l", "row 2, column parameters", "all numbers"},
		{"text | a | A | | a", "row 2, column trigger", "references"},
		{"text | b | B\ntext | a | A | | ${b}${b}", "row 3, column trigger", "references"},
		{"calculate | b | | | | 1\ntext | a | A | | ${b}", "row 3, column trigger", "nobody can change it"},
		{"calculate | a", "row 2, column calculation", "missing"},
		{"text | a | ${b}", "row 2, column label", "${b}"},
		{"text | a | A | | | | | | ${a", "row 2, column relevant", "${name}"},
		{"integer | r_count | C\nbegin_repeat | r | R | | | | | | | 2\ntext | a | A\nend_repeat", "row 3, column name", `"r_count"`},
		{"text | a | A | | | concat(pulldata('f', 'a', 'b', 'c'))", "row 2, column calculation", "pulldata"},
		{"select_one l | a | A | | | | search('f')", "row 2, column appearance", "search"},
		{"text | a | A | | | ${b} + 1\ntext | b | B | | | ${a}", "row 2, column calculation", "a → b → a"},
	}
	for _, tt := range tests {
		_, _, err := plain(head+tt.rows, "list_name | name | label\nl | x | X\nl | y | Y")
		if err == nil || !strings.Contains(err.Error(), tt.row) || !strings.Contains(err.Error(), tt.says) {
			t.Errorf("%q: %v; want %s … %s", tt.rows, err, tt.row, tt.says)
		}
	}
}

func TestReadRefusesChoices(t *testing.T) {
	const survey = "type | name | label\nselect_multiple l | a | A"
	for choices, want := range map[string]string{
		"list_name | name | label\nl | x | X\nl | x | Y":      "choices, row 3, column name",
		"list_name | name | label\nl | | X":                   "choices, row 2, column name",
		"list_name | name | label\nl | a b | X":               "choices, row 2, column name",
		"other | name | label\nl | x | X":                     "list_name",
		"list_name | name | label | label\nl | x | X | again": "choices, row 1, column label",
	} {
		if _, _, err := plain(survey, choices); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", choices, err)
		}
	}
	w := xlsform.Workbook{Survey: table("survey", survey), Others: []string{"choises"}}
	if _, _, err := xlsform.ReadPlain(w); err == nil || !strings.Contains(err.Error(), `"choises"`) {
		t.Errorf("a misspelt sheet: %v", err)
	}
}

// TestReadIsStricterThanReadPlain: what laptops cannot do, or what lacks a compartment, is opened and not published.
func TestReadIsStricterThanReadPlain(t *testing.T) {
	w := xlsform.Workbook{Survey: table("survey", "type | name | label\ngeotrace | way | Way\ntext | a.b | A"),
		Settings: table("settings", "form_id | version | default_language | record_kind\nf | 1 | en | k")}
	if _, _, err := xlsform.ReadPlain(w); err != nil {
		t.Fatal(err)
	}
	_, _, err := xlsform.Read(w)
	for _, want := range []string{`row 2, column type: type "geotrace"`, "row 3, column name", "row 3, column compartment"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s is missing in %v", want, err)
		}
	}
}

func FuzzReadXLSX(f *testing.F) {
	f.Add(book(f, small()))
	f.Add([]byte("PK\x03\x04"))
	f.Add([]byte("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"))
	survey, err := os.ReadFile(filepath.Join(starter, "testimony", "survey.csv"))
	if err != nil {
		f.Fatal(err)
	}
	var rows [][]any
	for line := range strings.SplitSeq(string(survey), "\n") {
		var row []any
		for cell := range strings.SplitSeq(line, ",") {
			row = append(row, cell)
		}
		rows = append(rows, row)
	}
	f.Add(book(f, map[string][][]any{"survey": rows}))
	f.Fuzz(func(t *testing.T, data []byte) {
		w, err := xlsform.ReadXLSX(bytes.NewReader(data))
		if err != nil {
			return
		}
		if read, _, err := xlsform.ReadPlain(w); err == nil {
			if _, err := form.Plain(read.Definition()); err != nil {
				t.Errorf("a form that was read is not valid: %v", err)
			}
		}
	})
}
