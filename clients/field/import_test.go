package field_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"escale/clients/field"
)

// TestImportedRecordsComeBackWhole imports files with notes that belong to them and reads every one back on the other laptop.
func TestImportedRecordsComeBackWhole(t *testing.T) {
	ctx := context.Background()
	_, a, b := calais(t)
	var lines strings.Builder
	const cases = 20
	for i := range cases {
		fmt.Fprintf(&lines, `{"ref":"c%d","form":"case_intake","values":{"activity":"day_centre","consent_case":"given","consent_scopes":["msf_social"],"alias":"Nour %d (invented)","age_band":"a18_24","gender":"f","risk_level":"low"}}`+"\n", i, i)
		fmt.Fprintf(&lines, `{"form":"encounter","parent":"c%d","values":{"mode":"outreach","discipline":"social","safe_to_talk":"yes","case_status":"open","note_social":"note %d"}}`+"\n", i, i)
	}
	saved := map[string]field.Imported{}
	ok(t, a.book().Import(ctx, strings.NewReader(lines.String()), func(i field.Imported) error {
		if i.Err != nil {
			t.Errorf("line %d: %v", i.Line, i.Err)
		}
		if i.Ref != "" {
			saved[i.Code] = i
		}
		return nil
	}))
	a.sync()
	b.sync()
	notes, err := b.book().List(ctx, "encounter")
	ok(t, err)
	if len(saved) != cases || len(notes) != cases {
		t.Fatalf("%d files, %d notes; want %d", len(saved), len(notes), cases)
	}
	for _, n := range notes {
		if _, known := saved[n.Fields["case_code"].Value.(string)]; !known {
			t.Errorf("a note belongs to no file: %v", n.Fields["case_code"].Value)
		}
	}
}

func TestABadLineIsNamedAndStopsNothing(t *testing.T) {
	ctx := context.Background()
	_, a, _ := calais(t)
	text := `{"form":"case_intake","values":{"secret words":1}}
not json at all: secret words
{"form":"no_such_form","values":{}}
{"form":"case_intake","values":{"activity":"day_centre","consent_case":"refused","age_band":"unknown","gender":"f","risk_level":"low"}}
`
	var errs []error
	ok(t, a.book().Import(ctx, strings.NewReader(text), func(i field.Imported) error { errs = append(errs, i.Err); return nil }))
	if len(errs) != 4 || errs[3] != nil {
		t.Fatalf("%v", errs)
	}
	if !errors.Is(errs[1], field.ErrLine) || !errors.Is(errs[2], field.ErrNoForm) {
		t.Errorf("%v, %v", errs[1], errs[2])
	}
	for _, err := range errs[1:2] {
		if strings.Contains(err.Error(), "secret") {
			t.Errorf("the error quotes the line: %v", err)
		}
	}
}

func TestSearchFoldsAccentsAndArabic(t *testing.T) {
	for typed, asked := range map[string]string{"Épreuve à Gravelines": "epreuve", "أُحمَد إبراهيم": "احمد", "مدينة": "مدينه", "٣٤": "34"} {
		if !strings.Contains(field.Fold(typed), field.Fold(asked)) {
			t.Errorf("%q is not found by %q", typed, asked)
		}
	}
}
