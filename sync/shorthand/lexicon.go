package shorthand

import (
	"math/bits"
	"slices"
	"strings"

	"escale/schema/form"
	"escale/sync/merge"
)

// Lexicon numbers the forms of one bundle, their fields and their choices. It must not be changed.
type Lexicon struct {
	forms []*sheet
	byID  map[string]int
}

// sheet numbers the fields of one form: those of a compartment follow one another, as one part holds them.
type sheet struct {
	id           string
	compartments []string
	fields       []entry
	byPath       map[string]int
}

// entry is a field: what its values look like, and its choices if it has any.
type entry struct {
	path    []string // names of enclosing repeats and of the field
	home    string   // compartment
	typ     form.Type
	choices []string
	byName  map[string]int
}

// NewLexicon numbers what the definitions name, in their order.
func NewLexicon(definitions []form.Definition) *Lexicon {
	l := &Lexicon{byID: map[string]int{}}
	for i := range definitions {
		l.byID[definitions[i].ID] = len(l.forms)
		l.forms = append(l.forms, newSheet(&definitions[i]))
	}
	return l
}

func newSheet(d *form.Definition) *sheet {
	lists := map[string][]string{}
	for _, list := range d.Lists {
		names := make([]string, len(list.Choices))
		for i, c := range list.Choices {
			names[i] = c.Name
		}
		lists[list.Name] = names
	}
	s := &sheet{id: d.ID, byPath: map[string]int{}}
	s.collect(d.Items, nil, lists)
	slices.SortStableFunc(s.fields, func(a, b entry) int { return strings.Compare(a.home, b.home) })
	for i := range s.fields {
		s.byPath[strings.Join(s.fields[i].path, "/")] = i
		if home := s.fields[i].home; !slices.Contains(s.compartments, home) {
			s.compartments = append(s.compartments, home)
		}
	}
	s.byPath[merge.Exists] = len(s.fields)
	return s
}

// collect walks the items as they are stored: groups leave no trace in a path, repeats do.
func (s *sheet) collect(items []form.Item, repeats []string, lists map[string][]string) {
	for i := range items {
		item := &items[i]
		switch {
		case item.Type == form.TypeGroup:
			s.collect(item.Children, repeats, lists)
		case item.Type == form.TypeRepeat:
			s.collect(item.Children, append(slices.Clip(repeats), item.Name), lists)
		case item.Compartment != "":
			s.fields = append(s.fields, newEntry(item, repeats, lists[item.List]))
		}
	}
}

func newEntry(item *form.Item, repeats, choices []string) entry {
	e := entry{path: append(slices.Clone(repeats), item.Name), home: item.Compartment, typ: item.Type,
		choices: choices, byName: map[string]int{}}
	for i, name := range choices {
		e.byName[name] = i
	}
	return e
}

// width is how many bits tell n things apart.
func width(n int) int { return bits.Len(uint(max(n-1, 0))) }

// template splits the path of an answer into the path of its field and the ids of the repeat instances.
func template(path string) (field string, instances []string) {
	if !strings.Contains(path, "/") {
		return path, nil
	}
	var names []string
	for i, s := range strings.Split(path, "/") {
		if i%2 == 0 {
			names = append(names, s)
		} else {
			instances = append(instances, s)
		}
	}
	return strings.Join(names, "/"), instances
}

// at is the path of an answer in the given repeat instances.
func (e *entry) at(instances []string) string {
	var b strings.Builder
	for i, id := range instances {
		b.WriteString(e.path[i] + "/" + id + "/")
	}
	b.WriteString(e.path[len(e.path)-1])
	return b.String()
}
