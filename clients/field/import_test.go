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
	orgtest.OK(t, a.Book().Import(ctx, strings.NewReader(lines.String()), func(i field.Imported) error {
		if i.Err != nil {
			t.Errorf("line %d: %v", i.Line, i.Err)
		}
		if i.Ref != "" {
			saved[i.Code] = i
		}
		return nil
	}))
	a.Sync()
	b.Sync()
	notes, err := b.Book().List(ctx, "encounter")
	orgtest.OK(t, err)
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
	orgtest.OK(t, a.Book().Import(ctx, strings.NewReader(text), func(i field.Imported) error { errs = append(errs, i.Err); return nil }))
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

// TestWhatCannotBeTakenWholeIsRefused guards against a line that is acknowledged and yet lost or changed.
func TestWhatCannotBeTakenWholeIsRefused(t *testing.T) {
	ctx := context.Background()
	_, a, _ := calais(t)
	const values = `"values":{"activity":"day_centre","consent_case":"refused","age_band":"unknown","gender":"f","risk_level":"low"`
	good := `{"form":"case_intake",` + values + `}}`
	long := `{"form":"case_intake",` + values + `,"wishes":"` + strings.Repeat("x", field.MaxLine) + `"}}`
	latin := `{"form":"case_intake",` + values + ",\"wishes\":\"\xe9t\xe9\"}}"
	text := "\ufeff" + good + "\r\n" + good + " " + good + "\n" + long + "\n" + latin + "\n" +
		`{"form":"case_intake",` + values + `},"set":{}}` + "\n\n" + good
	want := []error{nil, field.ErrLine, field.ErrLongLine, field.ErrEncoding, field.ErrLine, nil}
	var got []field.Imported
	orgtest.OK(t, a.Book().Import(ctx, strings.NewReader(text), func(i field.Imported) error { got = append(got, i); return nil }))
	if len(got) != len(want) {
		t.Fatalf("%d lines reported, want %d: %v", len(got), len(want), got)
	}
	for i, one := range got {
		if !errors.Is(one.Err, want[i]) || (one.Err == nil) != (want[i] == nil) {
			t.Errorf("line %d: %v, want %v", one.Line, one.Err, want[i])
		}
	}
	if last := got[len(got)-1].Line; last != 7 {
		t.Errorf("the last line is called %d, want 7", last)
	}
	if saved, err := a.Book().List(ctx, "case_intake"); err != nil || len(saved) != 2 {
		t.Errorf("%d records, %v; want 2", len(saved), err)
	}
}

// TestAnImportThatCannotGoOnEnds: what fails for the laptop, not for the line, is said once.
func TestAnImportThatCannotGoOnEnds(t *testing.T) {
	_, a, _ := calais(t)
	ctx, cancel := context.WithCancel(context.Background())
	good := `{"form":"case_intake","values":{"activity":"day_centre","consent_case":"refused","age_band":"unknown","gender":"f","risk_level":"low"}}` + "\n"
	n := 0
	err := a.Book().Import(ctx, strings.NewReader(strings.Repeat(good, 5)), func(field.Imported) error {
		if n++; n == 2 {
			cancel()
		}
		return nil
	})
	if !errors.Is(err, context.Canceled) || n != 2 {
		t.Errorf("%d lines reported, %v; want 2 and the interruption", n, err)
	}
}

func TestSearchFoldsAccentsAndArabic(t *testing.T) {
	for typed, asked := range map[string]string{"Épreuve à Gravelines": "epreuve", "أُحمَد إبراهيم": "احمد", "مدينة": "مدينه", "٣٤": "34"} {
		if !strings.Contains(field.Fold(typed), field.Fold(asked)) {
			t.Errorf("%q is not found by %q", typed, asked)
		}
	}
}
