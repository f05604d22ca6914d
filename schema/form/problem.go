package form

import (
	"fmt"
	"strings"

	"escale/schema/expr"
)

// Check names the rule that an answer broke.
type Check string

// The checks.
const (
	CheckUnknown    Check = "unknown_field"
	CheckType       Check = "type"
	CheckTooLong    Check = "too_long"
	CheckTooMany    Check = "too_many"
	CheckChoice     Check = "choice"
	CheckRequired   Check = "required"
	CheckIrrelevant Check = "not_relevant"
	CheckConstraint Check = "constraint"
	CheckReadOnly   Check = "read_only"
	CheckTwice      Check = "given_twice"
	CheckSource     Check = "no_source" // the agent should make the value and lacks the member, parent or site
	CheckSyntax     Check = "syntax"    // the input as a whole cannot be read
)

// Problem says which rule which field of which form broke. It never holds the value.
type Problem struct {
	Form  string `json:"form"`
	Path  string `json:"field,omitempty"`
	Check Check  `json:"check"`
	Limit int    `json:"limit,omitempty"` // of too_long and too_many
}

func (p Problem) Error() string {
	s := p.Form
	if p.Path != "" {
		s += ", " + p.Path
	}
	s += ": " + string(p.Check)
	if p.Limit > 0 {
		s += fmt.Sprintf(" (limit %d)", p.Limit)
	}
	return s
}

// Problems is everything that is wrong with an answer set, in the order of the form.
type Problems []Problem

func (p Problems) Error() string {
	const shown = 10
	var b strings.Builder
	for i, one := range p {
		if i == shown {
			fmt.Fprintf(&b, "; and %d more", len(p)-shown)
			break
		}
		if i > 0 {
			b.WriteString("; ")
		}
		b.WriteString(one.Error())
	}
	return b.String()
}

// Err returns p as an error, nil when it is empty.
func (p Problems) Err() error {
	if len(p) == 0 {
		return nil
	}
	return p
}

func (f *Form) problem(path string, check Check) Problem {
	return Problem{Form: f.ID, Path: safePath(path), Check: check}
}

// safePath keeps what may be a value, typed by mistake where a name belongs, out of errors and logs.
func safePath(path string) string {
	if path == "" {
		return ""
	}
	for part := range strings.SplitSeq(path, "/") {
		if !expr.ValidName(part) && !validInstanceID(part) {
			return "?"
		}
	}
	return path
}
