package xlsform

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/xuri/excelize/v2"
)

// Bounds of one workbook file.
const (
	MaxWorkbook = 16 << 20  // bytes of the file
	maxUnzipped = 128 << 20 // bytes of everything in it
	maxSheets   = 50
	maxBlank    = 5000 // rows without a cell, after which a sheet is taken to have ended
)

// sheetNames are the sheets that a form is made of.
func sheetNames() []string { return []string{"survey", "choices", "settings", "external_choices"} }

// ReadXLSX reads a workbook of Excel. Older and locked workbooks are recognised and refused with what to do. The error is
// Errors, or the reader's own.
func ReadXLSX(r io.Reader) (Workbook, error) {
	data, err := io.ReadAll(io.LimitReader(r, MaxWorkbook+1))
	if err != nil {
		return Workbook{}, fmt.Errorf("read workbook: %w", err)
	}
	if err := recognise(data); err != nil {
		return Workbook{}, err
	}
	file, err := excelize.OpenReader(bytes.NewReader(data), excelize.Options{
		RawCellValue: true, UnzipSizeLimit: maxUnzipped, UnzipXMLSizeLimit: maxUnzipped})
	if err != nil {
		return Workbook{}, one(Error{Message: "the workbook cannot be read", Hint: "open it and save it again as .xlsx"})
	}
	w, err := readSheets(file)
	return w, errors.Join(err, file.Close())
}

// recognise refuses files that are no workbook of the current format, by their first bytes.
func recognise(data []byte) error {
	refuse := func(message, hint string) error { return one(Error{Message: message, Hint: hint}) }
	switch {
	case len(data) > MaxWorkbook:
		return refuse(fmt.Sprintf("the workbook is larger than %d bytes", MaxWorkbook), "remove pictures and unused sheets")
	case bytes.HasPrefix(data, []byte("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")):
		if bytes.Contains(data, utf16("EncryptedPackage")) {
			return refuse("the workbook is protected by a password", "open it, remove the password and save it again")
		}
		return refuse("the workbook has the old format .xls", "open it and save it as .xlsx")
	case !bytes.HasPrefix(data, []byte("PK\x03\x04")):
		return refuse("the file is not an .xlsx workbook", "save the form as .xlsx, or each sheet as CSV")
	case bytes.Contains(data[:min(len(data), 100)], []byte("opendocument.spreadsheet")):
		return refuse("the workbook has the format .ods", "open it and save it as .xlsx")
	}
	return nil
}

func utf16(s string) []byte {
	var b []byte
	for _, c := range []byte(s) {
		b = append(b, c, 0)
	}
	return b
}

func readSheets(file *excelize.File) (w Workbook, err error) {
	defer func() {
		if recover() != nil { // damaged workbooks make the library fail in places where it does not look
			w, err = Workbook{}, one(Error{Message: "the workbook is damaged", Hint: "open it and save it again as .xlsx"})
		}
	}()
	names := file.GetSheetList()
	if len(names) > maxSheets {
		return w, one(Error{Message: fmt.Sprintf("the workbook has more than %d sheets", maxSheets)})
	}
	for _, name := range names {
		key := snake(name)
		w.Others = append(w.Others, key)
		target := w.sheet(key)
		if target == nil || target.Rows != nil {
			continue
		}
		w.Others = w.Others[:len(w.Others)-1]
		c := cells{file: file, name: name, dates: map[int]bool{}}
		if target.Rows, err = c.rows(key); err != nil {
			return Workbook{}, err
		}
		target.Name = key
	}
	return w, nil
}

// cells reads one sheet.
type cells struct {
	file  *excelize.File
	name  string
	dates map[int]bool // which styles show a number as a date
}

func (c *cells) rows(key string) ([][]string, error) {
	rows, err := c.file.Rows(c.name)
	if err != nil {
		return nil, one(Error{Sheet: key, Message: "the sheet cannot be read"})
	}
	var all [][]string
	used := 0
	for n := 1; rows.Next() && n-used <= maxBlank; n++ {
		row, err := rows.Columns()
		if err != nil {
			return nil, one(Error{Sheet: key, Row: n, Message: "the row cannot be read"})
		}
		row = slices.Clone(row)
		for j, raw := range row {
			if row[j] = c.text(raw, n, j+1); strings.TrimSpace(row[j]) != "" {
				used = n
			}
		}
		if all = append(all, row); used > MaxRows {
			return nil, one(tooManyRows(key))
		}
	}
	return all[:used], rows.Close()
}

// text writes a cell as its author sees it, whatever the format of the cell: TRUE and FALSE, whole numbers without a point,
// dates as ISO.
func (c *cells) text(raw string, row, column int) string {
	trimmed := strings.TrimSpace(raw)
	if trimmed == "" {
		return raw
	}
	number, err := strconv.ParseFloat(trimmed, 64)
	if err != nil {
		return raw
	}
	cell, err := excelize.CoordinatesToCellName(column, row)
	if err != nil {
		return raw
	}
	kind, err := c.file.GetCellType(c.name, cell)
	if err != nil {
		return raw
	}
	switch kind {
	case excelize.CellTypeBool:
		return map[string]string{"1": "TRUE", "0": "FALSE"}[trimmed]
	case excelize.CellTypeUnset, excelize.CellTypeNumber:
		if c.isDate(cell) {
			return isoDate(number, raw)
		}
		return strconv.FormatFloat(number, 'f', -1, 64)
	}
	return raw
}

// isDate looks at the format of a cell: number formats 14 to 22 and 45 to 47 are dates, others when they name parts of one.
func (c *cells) isDate(cell string) bool {
	index, err := c.file.GetCellStyle(c.name, cell)
	if err != nil || index == 0 {
		return false
	}
	if known, ok := c.dates[index]; ok {
		return known
	}
	style, err := c.file.GetStyle(index)
	if err != nil {
		return false
	}
	date := style.NumFmt >= 14 && style.NumFmt <= 22 || style.NumFmt >= 45 && style.NumFmt <= 47
	if style.CustomNumFmt != nil {
		format := strings.ToLower(*style.CustomNumFmt)
		date = strings.Contains(format, "yy") || strings.Contains(format, "h:mm")
	}
	c.dates[index] = date
	return date
}

func isoDate(serial float64, raw string) string {
	t, err := excelize.ExcelDateToTime(serial, false)
	if err != nil {
		return raw
	}
	switch {
	case serial < 1:
		return t.Format(time.TimeOnly)
	case serial == float64(int(serial)):
		return t.Format(time.DateOnly)
	default:
		return t.Format("2006-01-02T15:04:05")
	}
}
