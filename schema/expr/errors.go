package expr

import "fmt"

// SyntaxError refuses a source text. Offset is the byte position; Function is set when a function is unknown or misused.
type SyntaxError struct {
	Offset   int
	Message  string
	Function string
	Hint     string
}

func (e *SyntaxError) Error() string {
	if e.Function != "" {
		return fmt.Sprintf("position %d: %s %q", e.Offset+1, e.Message, e.Function)
	}
	return fmt.Sprintf("position %d: %s", e.Offset+1, e.Message)
}
