package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
)

// target is what a figure should be. The zero value asks for nothing.
type target struct {
	sign  string // ">=", "<=" or nothing
	bound float64
}

func atLeast(v float64) target { return target{">=", v} }
func atMost(v float64) target  { return target{"<=", v} }

func (t target) String() string {
	if t.sign == "" {
		return ""
	}
	return fmt.Sprintf("%s %g", t.sign, t.bound)
}

func (t target) met(v float64) bool {
	switch t.sign {
	case ">=":
		return v >= t.bound
	case "<=":
		return v <= t.bound
	}
	return true
}

// figure is one line of the result.
type figure struct {
	Name   string  `json:"name"`
	Value  float64 `json:"value"`
	Unit   string  `json:"unit"`
	Target string  `json:"target"`
	Met    bool    `json:"met"`
}

// result gathers figures in the order in which they were measured.
type result struct{ figures []figure }

func (r *result) add(name string, value float64, unit string, t target) {
	r.figures = append(r.figures, figure{Name: name, Value: value, Unit: unit, Target: t.String(), Met: t.met(value)})
}

// tell adds a figure that is only printed.
func (r *result) tell(name string, value float64, unit string) { r.add(name, value, unit, target{}) }

func (r *result) missed() (names []string) {
	for _, f := range r.figures {
		if !f.Met {
			names = append(names, f.Name)
		}
	}
	return names
}

// table prints the figures.
func (r *result) table(w io.Writer) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	if _, err := fmt.Fprintln(t, "name\tvalue\tunit\ttarget\tmet"); err != nil {
		return err
	}
	for _, f := range r.figures {
		met := "yes"
		switch {
		case f.Target == "":
			met = "-"
		case !f.Met:
			met = "NO"
		}
		if _, err := fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\n", f.Name, number(f.Value), f.Unit, f.Target, met); err != nil {
			return err
		}
	}
	return t.Flush()
}

func number(v float64) string {
	s := fmt.Sprintf("%.3f", v)
	return strings.TrimRight(strings.TrimRight(s, "0"), ".")
}

func (r *result) json(w io.Writer) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(r.figures)
}
