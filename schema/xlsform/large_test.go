package xlsform_test

import (
	"bytes"
	"fmt"
	"testing"
	"time"

	"escale/schema/form"
	"escale/schema/xlsform"
)

// large makes a workbook of the size of the largest in the field: 900 questions in groups and repeats, conditions that read
// earlier answers, calculations, and 3,500 choices with filters.
func large(t testing.TB) []byte {
	t.Helper()
	const questions, lists, perList = 900, 35, 100
	survey := [][]any{{"type", "name", "label::Français (fr)", "label::English (en)", "relevant", "constraint", "calculation", "choice_filter", "required"}}
	for i := range questions {
		name := func(n int) string { return fmt.Sprintf("q%d", max(0, n)) }
		row := []any{"text", name(i), fmt.Sprintf("Question %d", i), fmt.Sprintf("Question no. %d", i)}
		switch i % 9 {
		case 0:
			row[0] = fmt.Sprintf("select_one l%d", i%lists)
		case 1:
			row[0] = fmt.Sprintf("select_multiple l%d", i%lists)
			row = append(row, fmt.Sprintf("${%s} != ''", name(i-1)), "count-selected(.) < 4", "", fmt.Sprintf("parent = ${%s} or parent = 'all'", name(i-1)))
		case 2:
			row[0] = "integer"
			row = append(row, fmt.Sprintf("selected(${%s}, 'c1')", name(i-1)), ". >= 0 and . <= 110")
		case 3:
			row[0] = "calculate"
			row = append(row, "", "", fmt.Sprintf("if(${%s} > 17, 'adult', concat('minor ', ${%s}))", name(i-1), name(i-1)))
		case 4:
			row[0], row[2] = "note", fmt.Sprintf("Vous avez écrit ${%s}.", name(i-1))
		case 5:
			row[0] = "date"
			row = append(row, fmt.Sprintf("${%s} = 'adult'", name(i-2)), ". <= today()", "", "", "yes")
		}
		if i%30 == 10 {
			survey = append(survey, []any{"begin_group", fmt.Sprintf("g%d", i), "Groupe", "Group"})
		}
		survey = append(survey, row)
		if i%30 == 20 {
			survey = append(survey, []any{"end_group"})
		}
	}
	choices := [][]any{{"list_name", "name", "label::Français (fr)", "label::English (en)", "parent"}}
	for l := range lists {
		for c := range perList {
			choices = append(choices, []any{fmt.Sprintf("l%d", l), fmt.Sprintf("c%d", c), fmt.Sprintf("Choix %d de %d", c, l), fmt.Sprintf("Choice %d", c),
				[]string{"all", "c1", "c2"}[c%3]})
		}
	}
	return book(t, map[string][][]any{"survey": survey, "choices": choices, "settings": {{"form_id", "version", "default_language"}, {"large", "1", "fr"}}})
}

func open(t testing.TB, data []byte) *form.Session {
	t.Helper()
	w, err := xlsform.ReadXLSX(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	f, _, err := xlsform.ReadPlain(w)
	if err != nil {
		t.Fatal(err)
	}
	s, err := f.Begin("fr", form.Sources{Now: time.Date(2026, 3, 15, 10, 0, 0, 0, time.UTC), Random: bytes.NewReader(make([]byte, 1<<16))})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestLargeWorkbook(t *testing.T) {
	s := open(t, large(t))
	if len(s.Leaves()) != 900 {
		t.Errorf("%d questions", len(s.Leaves()))
	}
	for key, text := range map[string]string{"/q0": "c5"} {
		if err := s.Set(key, text); err != nil {
			t.Fatal(err)
		}
	}
	e, ok := s.Element("/q1")
	if !ok || len(e.Options) != 34 {
		t.Errorf("%d choices after the filter, shown %v", len(e.Options), ok)
	}
}

// BenchmarkOpenLargeWorkbook reads, checks and begins the form.
func BenchmarkOpenLargeWorkbook(b *testing.B) {
	data := large(b)
	for b.Loop() {
		open(b, data)
	}
}

// BenchmarkAnswer gives one answer on which a chain of others depends, and shows the question again.
func BenchmarkAnswer(b *testing.B) {
	s := open(b, large(b))
	texts := []string{"c1", "c2"}
	for i := 0; b.Loop(); i++ {
		if err := s.Set("/q0", texts[i%2]); err != nil {
			b.Fatal(err)
		}
		s.Element("/q1")
	}
}
