package pack

import (
	"encoding/csv"
	"errors"
	"io/fs"
	"os"
	"path"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/xuri/excelize/v2"
)

// copyStarter copies the starter pack, so that a test can change it.
func copyStarter(t *testing.T) fstest.MapFS {
	t.Helper()
	dir := os.DirFS("starter")
	files := fstest.MapFS{}
	err := fs.WalkDir(dir, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := fs.ReadFile(dir, name)
		files[name] = &fstest.MapFile{Data: data}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func build(t *testing.T, files fstest.MapFS) *Source {
	t.Helper()
	s, err := Build(files)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestWorkbookMakesTheSamePack: a form is the same whether its sheets are CSV files or lie in a workbook.
func TestWorkbookMakesTheSamePack(t *testing.T) {
	files := copyStarter(t)
	want := build(t, files)
	book := excelize.NewFile()
	for _, sheet := range []string{"survey", "choices", "settings"} {
		name := path.Join("testimony", sheet+".csv")
		rows, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(string(files[name].Data), "\ufeff"))).ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := book.NewSheet(sheet); err != nil {
			t.Fatal(err)
		}
		for i, row := range rows {
			cell, err := excelize.CoordinatesToCellName(1, i+1)
			if err == nil {
				err = book.SetSheetRow(sheet, cell, &row)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		delete(files, name)
	}
	b, err := book.WriteToBuffer()
	if err != nil {
		t.Fatal(err)
	}
	files["testimony.xlsx"] = &fstest.MapFile{Data: b.Bytes()}
	got := build(t, files)
	for _, name := range want.Names() {
		a, err1 := want.Bundle(name)
		b, err2 := got.Bundle(name)
		if err1 != nil || err2 != nil || a.Hash() != b.Hash() {
			t.Errorf("bundle %s differs: %v %v", name, err1, err2)
		}
	}
}

func TestFollows(t *testing.T) {
	files := copyStarter(t)
	first := build(t, files)
	published := func(name string) (*Bundle, bool) {
		b, err := first.Bundle(name)
		return b, err == nil
	}
	if err := first.Follows(published); err != nil {
		t.Fatal(err)
	}
	if err := first.Follows(func(string) (*Bundle, bool) { return nil, false }); err != nil {
		t.Fatal(err)
	}
	survey := files["testimony/survey.csv"]
	changed := strings.Replace(string(survey.Data), "\ndate,consent_review_on,", "\ntext,consent_review_on,", 1)
	if changed == string(survey.Data) {
		t.Fatal("the survey has no date")
	}
	files["testimony/survey.csv"] = &fstest.MapFile{Data: []byte(changed)}
	err := build(t, files).Follows(published)
	if !errors.Is(err, ErrSuccession) || strings.Count(err.Error(), "form testimony") != 1 || !strings.Contains(err.Error(), "was date") {
		t.Errorf("%v", err)
	}
}
