package xlsform

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// Bounds of one sheet.
const (
	MaxRows    = 20_000
	MaxColumns = 200
	MaxCell    = 16 << 10 // bytes
	MaxSheet   = 8 << 20  // bytes of a CSV file
)

// Sheet is a table of text; the first row names the columns.
type Sheet struct {
	Name string // survey, choices or settings
	Rows [][]string
}

// Workbook holds the sheets of a form. Only Survey must be there.
type Workbook struct {
	Survey, Choices, Settings, External Sheet
	Others                              []string // names of sheets that are none of these
}

// sheet finds a sheet by its name; nil when a form has none of that name.
func (w *Workbook) sheet(name string) *Sheet {
	switch name {
	case "survey":
		return &w.Survey
	case "choices":
		return &w.Choices
	case "settings":
		return &w.Settings
	case "external_choices":
		return &w.External
	}
	return nil
}

// ReadCSV reads one sheet. A byte order mark is tolerated; rows may be shorter than the first. The error is Errors, or the
// reader's own.
func ReadCSV(name string, r io.Reader) (Sheet, error) {
	limited := &io.LimitedReader{R: r, N: MaxSheet + 1}
	c := csv.NewReader(limited)
	c.FieldsPerRecord = -1
	sheet := Sheet{Name: name}
	for {
		row, err := c.Read()
		if limited.N <= 0 {
			return Sheet{}, one(Error{Sheet: name, Message: fmt.Sprintf("the file is larger than %d bytes", MaxSheet)})
		}
		if errors.Is(err, io.EOF) {
			return sheet, nil
		}
		if err != nil {
			return Sheet{}, csvError(name, err)
		}
		if len(sheet.Rows) == 0 && len(row) > 0 {
			row[0] = strings.TrimPrefix(row[0], "\ufeff")
		}
		sheet.Rows = append(sheet.Rows, row)
		if len(sheet.Rows) > MaxRows {
			return Sheet{}, one(tooManyRows(name))
		}
	}
}

func csvError(name string, err error) error {
	var parse *csv.ParseError
	if errors.As(err, &parse) {
		return one(Error{Sheet: name, Row: parse.Line, Message: parse.Err.Error(), Hint: "save the sheet as CSV in UTF-8 again"})
	}
	return fmt.Errorf("read sheet %s: %w", name, err)
}

func tooManyRows(sheet string) Error {
	return Error{Sheet: sheet, Message: fmt.Sprintf("the sheet has more than %d rows", MaxRows)}
}

// bounds checks a sheet, from wherever it came.
func (s Sheet) bounds() Errors {
	var errs Errors
	if len(s.Rows) > MaxRows {
		return one(tooManyRows(s.Name))
	}
	for i, row := range s.Rows {
		if len(row) > MaxColumns {
			errs = append(errs, Error{Sheet: s.Name, Row: i + 1, Message: fmt.Sprintf("more than %d columns", MaxColumns)})
			continue
		}
		for j, cell := range row {
			if len(cell) > MaxCell {
				errs = append(errs, Error{s.Name, i + 1, s.column(j), fmt.Sprintf("cell is larger than %d bytes", MaxCell), ""})
			}
			if !utf8.ValidString(cell) {
				errs = append(errs, Error{s.Name, i + 1, s.column(j), "cell is not UTF-8", "save the sheet as CSV in UTF-8"})
			}
		}
	}
	return errs
}

// column names the j-th column, by its header or by its number.
func (s Sheet) column(j int) string {
	if j < len(s.Rows[0]) && len(s.Rows[0][j]) <= 64 && utf8.ValidString(s.Rows[0][j]) {
		return s.Rows[0][j]
	}
	return fmt.Sprintf("column %d", j+1)
}
