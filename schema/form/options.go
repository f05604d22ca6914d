package form

import (
	"encoding/binary"
	"fmt"
	"strconv"
	"strings"

	"escale/schema/expr"
)

// Option is a choice as it is offered.
type Option struct {
	Name     string
	Label    string
	Selected bool
	Media    map[string]string
}

// instance makes the tree of a list of choices: root/item, with name, label and the columns of the sheet.
func (s *Session) instance(id string) *expr.Node {
	if known, ok := s.lists[id]; ok {
		return known
	}
	l, ok := s.form.lists[id]
	if !ok {
		return nil
	}
	tree := expr.NewRoot()
	root := tree.Append(expr.NewElement("root", ""))
	for i, c := range l.Choices {
		item := root.Append(expr.NewElement("item", ""))
		item.Append(expr.NewElement("itextId", fmt.Sprintf("%s-%d", l.Name, i)))
		item.Append(expr.NewElement("name", c.Name))
		item.Append(expr.NewElement("label", s.choose(c.Label)))
		for _, column := range sortedKeys(c.Extra) {
			item.Append(expr.NewElement(column, c.Extra[column]))
		}
	}
	s.lists[id] = tree
	return tree
}

// choose picks a text in the language shown.
func (s *Session) choose(t Text) string { return t.In(s.language, s.form.DefaultLanguage) }

// itemLabel finds the text that jr:itext() names: "list-3" for a choice, "/data/question:label" for a question.
func (s *Session) itemLabel(id string) string {
	if at := strings.LastIndexByte(id, '-'); at > 0 {
		i, err := strconv.Atoi(id[at+1:])
		if l, ok := s.form.lists[id[:at]]; ok && err == nil && i >= 0 && i < len(l.Choices) {
			return s.choose(l.Choices[i].Label)
		}
	}
	return ""
}

// choiceName finds the label of a choice of the question that a name or path means.
func (s *Session) choiceName(e *entry, field, value string) string {
	name := field[strings.LastIndexByte(field, '/')+1:]
	p := s.form.resolve(e.part, strings.TrimSpace(name))
	if p == nil {
		return ""
	}
	seen := e.seen(p)
	if len(seen) == 0 {
		return ""
	}
	for _, o := range s.all(seen[0]) {
		if o.Name == value {
			return o.Label
		}
	}
	return ""
}

// all lists the choices of a question before the filter.
func (s *Session) all(e *entry) []Option {
	if e.part.from != nil {
		return s.fromAnswers(e)
	}
	if e.part.list == nil {
		return nil
	}
	options := make([]Option, len(e.part.list.Choices))
	for i, c := range e.part.list.Choices {
		options[i] = Option{Name: c.Name, Label: s.fillText(e, s.choose(c.Label)), Media: s.media(c.Media)}
	}
	return options
}

// fromAnswers offers what was answered to a repeated question.
func (s *Session) fromAnswers(e *entry) []Option {
	var options []Option
	for _, x := range e.seen(e.part.from) {
		if x.relevant == yes && x.text() != "" && (e.part.filter == nil || s.holds(e, x)) {
			options = append(options, Option{Name: x.text(), Label: x.text()})
		}
	}
	return options
}

// holds evaluates the filter of e for the instance in which a choice was answered.
func (s *Session) holds(e, x *entry) bool {
	ctx := s.context(e)
	ctx.Lookup = func(ref expr.Reference) expr.Value { return s.lookup(x, ref) }
	held, err := e.part.filter.Test(ctx)
	return err == nil && held
}

// options lists the choices that a question offers now, in order.
func (s *Session) options(e *entry) []Option {
	options := s.all(e)
	if e.part.filter != nil && e.part.list != nil {
		options = s.filtered(e, options)
	}
	if e.part.item.Parameters["randomize"] == "true" {
		options = expr.Shuffle(options, s.seed(e))
	}
	return options
}

func (s *Session) filtered(e *entry, options []Option) []Option {
	items := s.instance(e.part.list.Name).Children[0].Children
	kept, err := e.part.filter.Filter(s.context(e), items)
	if err != nil {
		return nil
	}
	var chosen []Option
	for _, n := range kept {
		chosen = append(chosen, options[n.Index()])
	}
	return chosen
}

// seed is the one that the form names, else one drawn for as long as the form is open.
func (s *Session) seed(e *entry) int64 {
	if e.part.seed != nil {
		seed, err := e.part.seed.Seed(s.context(e))
		if err == nil {
			return seed
		}
	}
	if s.shuffle == 0 && s.sources.Random != nil {
		var b [8]byte
		if _, err := s.sources.Random.Read(b[:]); err == nil {
			s.shuffle = int64(binary.BigEndian.Uint64(b[:]) >> 2)
		}
	}
	return s.shuffle
}
