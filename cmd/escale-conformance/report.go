package main

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
)

// tally counts the cases of one kind.
type tally struct {
	Total  int `json:"total"`
	Passed int `json:"passed"`

	areas    map[string]*[2]int // passed, total
	failures []string
}

// add counts a case; problem is "" when it passed.
func (t *tally) add(area, id, problem string) {
	if t.areas[area] == nil {
		t.areas[area] = &[2]int{}
	}
	t.Total++
	t.areas[area][1]++
	if problem == "" {
		t.Passed++
		t.areas[area][0]++
		return
	}
	t.failures = append(t.failures, fmt.Sprintf("%s %s: %s", area, id, oneLine(problem)))
}

func oneLine(s string) string {
	s = strings.Join(strings.Fields(s), " ")
	if runes := []rune(s); len(runes) > 400 {
		s = string(runes[:400]) + "…"
	}
	return s
}

// report holds one tally for each kind, in the order in which they were run.
type report struct {
	names []string
	kinds map[string]*tally
}

func newReport() *report { return &report{kinds: map[string]*tally{}} }

func (r *report) kind(name string) *tally {
	t := &tally{areas: map[string]*[2]int{}}
	r.names = append(r.names, name)
	r.kinds[name] = t
	return t
}

func (r *report) failed() bool {
	return slices.ContainsFunc(r.names, func(n string) bool { return r.kinds[n].Passed < r.kinds[n].Total })
}

func (r *report) print(w io.Writer) error {
	var b strings.Builder
	for _, name := range r.names {
		t := r.kinds[name]
		for _, failure := range t.failures {
			fmt.Fprintf(&b, "FAIL %s %s\n", name, failure)
		}
	}
	for _, name := range r.names {
		t := r.kinds[name]
		fmt.Fprintf(&b, "%-12s %5d/%-5d %s\n", name, t.Passed, t.Total, percent(t.Passed, t.Total))
		for _, area := range slices.Sorted(maps.Keys(t.areas)) {
			fmt.Fprintf(&b, "  %-40s %5d/%-5d\n", area, t.areas[area][0], t.areas[area][1])
		}
	}
	if _, err := io.WriteString(w, b.String()); err != nil {
		return fmt.Errorf("print report: %w", err)
	}
	return nil
}

func percent(passed, total int) string {
	if total == 0 {
		return "no case"
	}
	return fmt.Sprintf("%.1f %%", 100*float64(passed)/float64(total))
}

// write writes the totals as JSON; nothing when no file is named.
func (r *report) write(file string) error {
	if file == "" {
		return nil
	}
	data, err := json.MarshalIndent(r.kinds, "", "  ")
	if err != nil {
		return fmt.Errorf("write totals: %w", err)
	}
	if err := os.WriteFile(file, append(data, '\n'), 0o644); err != nil {
		return fmt.Errorf("write totals: %w", err)
	}
	return nil
}
