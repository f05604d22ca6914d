package expr

import (
	"errors"
	"fmt"
)

// SyntaxError refuses a source text. Offset is the byte position; Function is set when a function is unknown.
type SyntaxError struct {
	Offset   int
	Message  string
	Function string
}

func (e *SyntaxError) Error() string {
	if e.Function != "" {
		return fmt.Sprintf("position %d: %s %q", e.Offset+1, e.Message, e.Function)
	}
	return fmt.Sprintf("position %d: %s", e.Offset+1, e.Message)
}

// Errors of evaluation.
var (
	ErrTooLong = errors.New("expr: a value in the expression is too long")
	ErrPattern = errors.New("expr: regex pattern is not valid")
)
