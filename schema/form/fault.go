package form

import (
	"fmt"
	"strings"
)

// Fault is something wrong in a definition. Name is the item, or "list/choice"; Path is the item with the groups and repeats
// around it; Column is the sheet's column.
type Fault struct {
	Name    string
	Path    string
	Column  string
	Message string
	Hint    string
}

func (f Fault) Error() string {
	s := f.Message
	if f.Column != "" {
		s = f.Column + ": " + s
	}
	if f.Name != "" {
		s = f.Name + ": " + s
	}
	if f.Hint != "" {
		s += " (" + f.Hint + ")"
	}
	return s
}

// Faults lists everything that is wrong in a definition.
type Faults []Fault

func (f Faults) Error() string {
	const shown = 10
	lines := make([]string, 0, shown+1)
	for i, one := range f {
		if i == shown {
			lines = append(lines, fmt.Sprintf("and %d more", len(f)-shown))
			break
		}
		lines = append(lines, one.Error())
	}
	return strings.Join(lines, "; ")
}
