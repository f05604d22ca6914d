package office

import (
	"bufio"
	"io"
	"strings"
)

const byteOrderMark = "\ufeff" // tells spreadsheets that the text is UTF-8

// cell is one cell of a table. A number is written as it is; text is neutralised.
type cell struct {
	text   string
	number bool
}

func textCell(s string) cell { return cell{text: s} }

// table writes CSV: commas, CRLF after a row, a plain LF for every line break inside a cell, as spreadsheets expect. The
// writer of the standard library turns these into CRLF too, and they would come back as two characters.
type table struct {
	w   *bufio.Writer
	err error
}

func newTable(w io.Writer) *table {
	t := &table{w: bufio.NewWriterSize(w, 64<<10)}
	t.put(byteOrderMark)
	return t
}

func (t *table) put(s string) {
	if t.err == nil {
		_, t.err = t.w.WriteString(s)
	}
}

func (t *table) row(cells []cell) error {
	for i, c := range cells {
		if i > 0 {
			t.put(",")
		}
		t.put(c.encode())
	}
	t.put("\r\n")
	return t.err
}

func (t *table) flush() error {
	if t.err != nil {
		return t.err
	}
	return t.w.Flush()
}

func (c cell) encode() string {
	if c.number {
		return c.text
	}
	s := Neutralise(oneBreak(c.text))
	if !strings.ContainsAny(s, "\",;\n\t") && strings.TrimSpace(s) == s {
		return s
	}
	return `"` + strings.ReplaceAll(s, `"`, `""`) + `"`
}

// oneBreak writes every line break as LF.
func oneBreak(s string) string {
	return strings.ReplaceAll(strings.ReplaceAll(s, "\r\n", "\n"), "\r", "\n")
}
