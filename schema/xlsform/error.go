package xlsform

import (
	"fmt"
	"strings"
)

// Error is one thing that is wrong in a workbook. Row counts from 1, the header included; 0 means the whole sheet.
type Error struct {
	Sheet   string
	Row     int
	Column  string
	Message string
	Hint    string
}

func (e Error) Error() string {
	s := e.Sheet
	if e.Row > 0 {
		s += fmt.Sprintf(", row %d", e.Row)
	}
	if e.Column != "" {
		s += ", column " + e.Column
	}
	s += ": " + e.Message
	if e.Hint != "" {
		s += " (" + e.Hint + ")"
	}
	return s
}

// Errors is everything that is wrong in a workbook.
type Errors []Error

func one(e Error) Errors { return Errors{e} }

func (e Errors) Error() string {
	const shown = 20
	lines := make([]string, 0, shown+1)
	for i, single := range e {
		if i == shown {
			lines = append(lines, fmt.Sprintf("and %d more", len(e)-shown))
			break
		}
		lines = append(lines, single.Error())
	}
	return strings.Join(lines, "\n")
}

// Warning is something that the reader did not use, or that is likely to be a slip. Row counts from 1; 0 means the whole sheet.
type Warning struct {
	Sheet   string
	Row     int
	Column  string
	Message string
}

func (w Warning) String() string {
	return Error{Sheet: w.Sheet, Row: w.Row, Column: w.Column, Message: w.Message}.Error()
}
