package field_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"escale/clients/field"
	"escale/clients/orgtest"
)

// keyed is an import of notes and edits whose lines have keys.
func keyed(cases int) string {
	var lines strings.Builder
	for i := range cases {
		fmt.Fprintf(&lines, `{"key":"new %d","ref":"c%d","form":"case_intake","values":{"activity":"day_centre","consent_case":"given","consent_scopes":["msf_social"],"alias":"Nour %d (invented)","age_band":"a18_24","gender":"f","risk_level":"low"}}`+"\n", i, i, i)
		fmt.Fprintf(&lines, `{"key":"note %d","form":"encounter","parent":"c%d","values":{"mode":"outreach","discipline":"social","safe_to_talk":"yes","case_status":"open","note_social":"note %d"}}`+"\n", i, i, i)
		fmt.Fprintf(&lines, `{"key":"edit %d","id":"c%d","set":{"living":"squat"}}`+"\n", i, i)
	}
	return lines.String()
}

// TestAnImportThatBrokeOffIsRunAgain breaks an import off after each of its lines, before and after the line is reported, and
// runs it again: every line is there once, and is told under the same id and code.
func TestAnImportThatBrokeOffIsRunAgain(t *testing.T) {
	ctx := context.Background()
	_, a, b := calais(t)
	const cases = 3
	text := keyed(cases)
	broken := errors.New("the laptop was switched off")
	told := map[int]field.Imported{}
	for stop := 1; stop <= 3*cases; stop++ {
		err := a.Book().Import(ctx, strings.NewReader(text), func(i field.Imported) error {
			if i.Err != nil {
				t.Fatalf("line %d: %v", i.Line, i.Err)
			}
			if before, known := told[i.Line]; known && (before.ID != i.ID || before.Code != i.Code || !i.Again) {
				t.Errorf("line %d is told as %+v, and was %+v", i.Line, i, before)
			}
			if i.Line == stop {
				return broken // saved, and nobody was told
			}
			told[i.Line] = i
			return nil
		})
		if !errors.Is(err, broken) {
			t.Fatal(err)
		}
	}
	a.Sync()
	b.Sync()
	files, err := b.Book().List(ctx, "case_intake")
	orgtest.OK(t, err)
	notes, err := b.Book().List(ctx, "encounter")
	orgtest.OK(t, err)
	if len(files) != cases || len(notes) != cases {
		t.Fatalf("%d files and %d notes, want %d of each", len(files), len(notes), cases)
	}
	for _, f := range files {
		if f.Fields["living"].Value != "squat" {
			t.Errorf("an edit is missing: %v", f.Fields["living"].Value)
		}
	}
}

// TestALineWithoutKeyIsSavedEachTime: two people may well have said the same.
func TestALineWithoutKeyIsSavedEachTime(t *testing.T) {
	ctx := context.Background()
	_, a, _ := calais(t)
	line := `{"form":"case_intake","values":{"activity":"day_centre","consent_case":"refused","age_band":"unknown","gender":"f","risk_level":"low"}}`
	for range 2 {
		orgtest.OK(t, a.Book().Import(ctx, strings.NewReader(line), func(i field.Imported) error { return i.Err }))
	}
	files, err := a.Book().List(ctx, "case_intake")
	orgtest.OK(t, err)
	if len(files) != 2 {
		t.Fatalf("%d records of two lines without key", len(files))
	}
}
