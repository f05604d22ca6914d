package form

import (
	"fmt"
	"maps"
	"slices"

	"escale/schema/expr"
)

func (c *compiler) list(l *List) {
	if c.governed && !expr.ValidName(l.Name) || l.Name == "" {
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
		if c.governed && !ValidChoice(choice.Name) || choice.Name == "" {
			c.fault(name, "name", "is not a valid choice name", "letters, digits, _ - . without spaces")
		}
		if seen[choice.Name] && c.governed {
			c.fault(name, "name", "is twice in the list", "")
		}
		seen[choice.Name] = true
		c.choiceLabel(name, choice.Label)
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

func (c *compiler) choiceLabel(name string, label Text) {
	for _, language := range sortedKeys(label) {
		if c.governed && !ValidLanguage(language) {
			c.fault(name, "label", "language is not a code", "for example label::Français (fr)")
		}
		if len(label[language]) > MaxLabel {
			c.fault(name, "label", fmt.Sprintf("text is longer than %d bytes", MaxLabel), "")
		}
	}
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
