package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"
)

func writeFile(t *testing.T, dir, name, text string) {
	t.Helper()
	file := filepath.Join(dir, name)
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func reported(t *testing.T, dir string) string {
	t.Helper()
	var out bytes.Buffer
	if err := run([]string{dir}, &out, &out); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// TestForms runs forms of our own: what is refused must be refused where the case says, what is accepted must be read as it says.
func TestForms(t *testing.T) {
	dir := t.TempDir()
	writeFile(t, dir, "reject.json", `[
	 {"id": "r1", "area": "names", "sheets": {"survey": [["type","name","label"],["text","a","A"],["text","a","B"]]},
	  "expect": {"row": 3, "message": "On the 'survey' sheet, the 'name' value is used twice"}},
	 {"id": "r2", "area": "names", "sheets": {"survey": [["type","name","label"],["text","a",null]]}, "expect": {"row": 3, "message": "elsewhere"}},
	 {"id": "r3", "area": "names", "sheets": {"survey": [["type","name","label"],["text","a","A"]]}, "expect": {"message": "is accepted"}}]`)
	writeFile(t, dir, "accept.json", `[
	 {"id": "a1", "area": "types", "sheets": {"survey": [["type","name","label","calculation"],["begin group","g","G",null],["gps","a","A","1 + 1"],["end group"]]},
	  "expect": {"settings": {"id_string": "data", "default_language": "default"}, "items": [{"path": "/g", "name": "g", "type": "group", "label": "G"},
	   {"path": "/g/a", "name": "a", "type": "gps", "label": {"default": "A"}, "bind": {"calculate": "1 + 1"}}]}},
	 {"id": "a2", "area": "types", "sheets": {"survey": [["type","name","label"],["text","a","A"]]},
	  "expect": {"settings": {"id_string": "data", "default_language": "default"}, "items": [{"path": "/a", "name": "a", "type": "integer"}]}},
	 {"id": "a3", "area": "types", "profile": "other", "sheets": {}, "expect": {}}]`)
	got := reported(t, dir)
	for _, want := range []string{"reject           1/3", "accept           1/2", "FAIL reject names r2: refused elsewhere than in row 3",
		"FAIL reject names r3: accepted", `FAIL accept types a2: /a: type "text", expected "integer"`} {
		if !strings.Contains(got, want) {
			t.Errorf("the report lacks %q:\n%s", want, got)
		}
	}
}

// TestWalks replays a walk of our own through a small workbook; two of its events are recorded wrong on purpose.
func TestWalks(t *testing.T) {
	dir := t.TempDir()
	f := excelize.NewFile()
	if err := f.SetSheetName("Sheet1", "survey"); err != nil {
		t.Fatal(err)
	}
	for i, row := range [][]any{{"type", "name", "label", "relevant", "constraint", "constraint_message"},
		{"integer", "n", "How many?", "", ". < 5", "too many"}, {"text", "why", "Why ${n}?", "${n} > 2"},
		{"begin repeat", "r", "R"}, {"text", "x", "X"}, {"end repeat"}} {
		if err := f.SetSheetRow("survey", "A"+string(rune('1'+i)), &row); err != nil {
			t.Fatal(err)
		}
	}
	var b bytes.Buffer
	if err := f.Write(&b); err != nil {
		t.Fatal(err)
	}
	writeFile(t, dir, "forms/small.xlsx", b.String())
	writeFile(t, dir, "walks/small.jsonl", strings.ReplaceAll(`{"form": "small.xlsx", "seed": 1, "language": "default", "events": [
	 {"event": "question", "ref": "/data/n[1]", "label": "How many?", "tries": [["7", "constraint", "too many"], ["3", "ok"]]},
	 {"event": "question", "ref": "/data/why[1]", "label": "Why 3?", "tries": [["so", "ok"]]},
	 {"event": "repeat", "ref": "/data/r[1]", "label": "R"},
	 {"event": "question", "ref": "/data/r[1]/x[1]", "label": "Y", "tries": [["1", "ok"]]},
	 {"event": "new-repeat?", "ref": "/data/r[2]", "add": true},
	 {"event": "question", "ref": "/data/r[2]/x[1]", "label": "X", "tries": [["2", "ok"]]},
	 {"event": "new-repeat?", "ref": "/data/r[3]", "add": false},
	 {"event": "question", "ref": "/data/nothing[1]", "label": "?"}],
	 "final": [{"ref": "/data/n[1]", "relevant": true, "value": "3"}, {"ref": "/data/r[2]/x[1]", "relevant": true, "value": "2"}]}`, "\n", " "))
	got := reported(t, dir)
	for _, want := range []string{"walks            7/9", `/data/r[1]/x[1]: label "X", expected "Y"`, "/data/nothing[1]: is not shown"} {
		if !strings.Contains(got, want) {
			t.Errorf("the report lacks %q:\n%s", want, got)
		}
	}
}
