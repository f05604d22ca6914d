package form

import (
	"fmt"

	"escale/schema/expr"
)

func (c *compiler) list(l List) {
	if !expr.ValidName(l.Name) {
		c.fault(l.Name, "list_name", "is not a valid name", "")
	}
	if _, twice := c.form.lists[l.Name]; twice {
		c.fault(l.Name, "list_name", "is used twice", "")
	}
	if len(l.Choices) > MaxChoices {
		c.fault(l.Name, "list_name", fmt.Sprintf("list has more than %d choices", MaxChoices), "")
		return
	}
	c.form.lists[l.Name] = l
	seen := map[string]bool{}
	for _, choice := range l.Choices {
		name := l.Name + "/" + choice.Name
		if !ValidChoice(choice.Name) {
			c.fault(name, "name", "is not a valid choice name", "letters, digits, _ - . without spaces")
		}
		if seen[choice.Name] {
			c.fault(name, "name", "is twice in the list", "")
		}
		seen[choice.Name] = true
		c.texts(name, "label", choice.Label)
		if choice.Rank != nil && (*choice.Rank < 0 || *choice.Rank > MaxChoices) {
			c.fault(name, "rank", "is out of range", "0 = most permissive, higher = more restrictive")
		}
	}
}

// ValidChoice tells whether s can name a choice.
func ValidChoice(s string) bool {
	if s == "" || len(s) > 64 {
		return false
	}
	for _, r := range []byte(s) {
		ok := r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '_' || r == '-' || r == '.'
		if !ok {
			return false
		}
	}
	return true
}

func (c *compiler) choices(f *Field) {
	if !f.Type.IsSelect() {
		if f.List != "" {
			c.fault(f.Name, "type", "only a select has a list", "")
		}
		return
	}
	l, ok := c.form.lists[f.List]
	switch {
	case !ok:
		c.fault(f.Name, "type", fmt.Sprintf("list %q does not exist", f.List), "sheet choices, column list_name")
	case len(l.Choices) == 0:
		c.fault(f.Name, "type", fmt.Sprintf("list %q has no choice", f.List), "")
	}
	f.Choices = l.Choices
}
