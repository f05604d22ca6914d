package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"unicode/utf8"

	"escale/clients/text"
)

// print writes a result: one JSON document for machines, or what human writes.
func (p *program) print(doc any, human func(w *page)) error {
	if p.json {
		p.wrote = true
		e := json.NewEncoder(p.stdout)
		e.SetEscapeHTML(false)
		if err := e.Encode(doc); err != nil {
			return fmt.Errorf("write the result: %w", err)
		}
		return nil
	}
	w := &page{say: p.say}
	human(w)
	if _, err := io.WriteString(p.stdout, w.b.String()); err != nil {
		return fmt.Errorf("write the result: %w", err)
	}
	return nil
}

// note tells a person something beside the result.
func (p *program) note(sentence string) error {
	if _, err := fmt.Fprintln(p.stderr, sentence); err != nil {
		return fmt.Errorf("write a note: %w", err)
	}
	return nil
}

// page gathers lines for people.
type page struct {
	b   strings.Builder
	say *text.Printer
}

func (w *page) line(s string) { w.b.WriteString(s + "\n") }

// lines returns what was gathered.
func (w *page) lines() []string {
	return strings.Split(strings.TrimSuffix(w.b.String(), "\n"), "\n")
}

func (w *page) s(k text.Key, args ...any) { w.line(w.say.S(k, args...)) }

func (w *page) n(k text.Key, count int, args ...any) { w.line(w.say.N(k, count, args...)) }

// table writes rows under headings, cleaned of what could drive a terminal.
func (w *page) table(head []text.Key, rows [][]string) {
	t := tabwriter.NewWriter(&w.b, 0, 8, 2, ' ', 0)
	cells := make([]string, len(head))
	for i, k := range head {
		cells[i] = w.say.S(k)
	}
	lines := append([][]string{cells}, rows...)
	for _, row := range lines {
		for i := range row {
			row[i] = shorten(text.Clean(row[i]))
		}
		// A strings.Builder takes every byte.
		if _, err := fmt.Fprintln(t, strings.Join(row, "\t")); err != nil {
			return
		}
	}
	if err := t.Flush(); err != nil {
		return
	}
}

// maxCell keeps long texts from breaking a table, in characters.
const maxCell = 60

func shorten(s string) string {
	if utf8.RuneCountInString(s) <= maxCell {
		return s
	}
	return string([]rune(s)[:maxCell-1]) + "…"
}
