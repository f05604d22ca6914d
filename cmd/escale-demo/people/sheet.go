package people

import (
	"slices"
	"time"

	"escale/schema/form"
)

// sheet is a record while it is written. Fields that the bundle of the country does not hold, or that lie in a closed
// compartment, are left out without a word: builders write the whole form, each post gets its part.
type sheet struct {
	voice
	form   *form.Form
	closed map[string]bool
	night  time.Time
	leads  string // discipline of the writer, if the post has one
	values map[string]any
}

// field returns the open field of this name.
func (s *sheet) field(name string) (*form.Field, bool) {
	f, ok := s.form.Lookup(name)
	return f, ok && !s.closed[f.Compartment]
}

func (s *sheet) put(name string, value any) {
	if _, ok := s.field(name); ok {
		s.values[name] = value
	}
}

// is tells whether a field holds one of the values.
func (s *sheet) is(name string, values ...string) bool {
	held, ok := s.values[name].(string)
	return ok && slices.Contains(values, held)
}

// offered lists what a select offers in this country: of the wanted names, as often as given, or each of all.
func (s *sheet) offered(name string, wanted []string) []string {
	f, ok := s.field(name)
	if !ok {
		return nil
	}
	var all []string
	for _, c := range f.Choices {
		all = append(all, c.Name)
	}
	if len(wanted) == 0 {
		return all
	}
	return slices.DeleteFunc(slices.Clone(wanted), func(w string) bool { return !slices.Contains(all, w) })
}

// choose answers a select_one; a name given twice is twice as likely.
func (s *sheet) choose(name string, wanted ...string) {
	if names := s.offered(name, wanted); len(names) > 0 {
		s.put(name, s.draw.of(names))
	}
}

// some answers a select_multiple with up to most choices.
func (s *sheet) some(name string, most int, wanted ...string) {
	if names := s.offered(name, wanted); len(names) > 0 {
		s.put(name, form.CanonicalSet(s.draw.several(names, most)))
	}
}

func (s *sheet) count(name string, low, high int) { s.put(name, int64(s.draw.between(low, high))) }

func (s *sheet) write(name, section string, most int) { s.put(name, s.text(section, most)) }

// mark writes a text that ends in the words saying that the person is invented.
func (s *sheet) mark(name, section string, most int) {
	s.put(name, s.invented(s.text(section, most), "person"))
}

func (s *sheet) date(name string, t time.Time)   { s.put(name, t.Format(time.DateOnly)) }
func (s *sheet) moment(name string, t time.Time) { s.put(name, t.Format(time.RFC3339)) }
