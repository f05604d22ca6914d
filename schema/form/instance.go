package form

import (
	"slices"
	"strings"
)

// repeatPath names the repeat that the field lies in, "" outside.
func (f *Field) repeatPath() string { return strings.Join(f.Repeats, "/") }

// instances lists, for each repeat, the instances that have an answer, as prefixes from "" inwards; sorted.
func (f *Form) instances(answers Answers) map[string][][]string {
	found := map[string][][]string{"": {{""}}}
	seen := map[string]bool{}
	for path := range answers {
		p, ok := parsePath(path)
		if !ok || f.byPath[p.template] == nil {
			continue
		}
		field := f.byPath[p.template]
		for depth := 1; depth <= len(field.Repeats); depth++ {
			if seen[p.prefixes[depth]] {
				continue
			}
			seen[p.prefixes[depth]] = true
			repeat := strings.Join(field.Repeats[:depth], "/")
			found[repeat] = append(found[repeat], p.prefixes[:depth+1])
		}
	}
	for _, list := range found {
		slices.SortFunc(list, func(a, b []string) int { return strings.Compare(a[len(a)-1], b[len(b)-1]) })
	}
	return found
}
