package form

import (
	"strings"

	"escale/schema/expr"
)

// Anchor is the compartment that every record has a part in.
const Anchor = "admin"

// Form is a checked and compiled Definition. It must not be changed.
type Form struct {
	ID              string
	Version         string
	Titles          Text
	DefaultLanguage string
	RecordKind      string
	ParentKind      string
	Items           []Item   // the tree, for pages
	Fields          []*Field // everything that takes an answer, in the order of the sheet

	definition Definition
	byPath     map[string]*Field // by Field.Path
	byName     map[string]*Field
	lists      map[string]*List
	code, key  *Field

	root         *part
	parts        []*part // in the order of the sheet
	named        map[string][]*part
	computations []computation // each after those whose results it reads
	readers      [][]int       // computations that read a part, by its index
	instanceName *expr.Expression
}

// Field is an item that takes an answer. Item.Children is empty.
type Field struct {
	Item
	Path    string   // names of enclosing repeats and of the field, joined by "/"; without instance ids
	Index   int      // place in Form.Fields
	Groups  []string // enclosing groups, outermost first
	Repeats []string // enclosing repeats, outermost first
	Choices []Choice // of a select

	form  string
	part  *part
	order ranking
}

// New checks a definition as it is published, with what Escale demands of it beyond XLSForm, and compiles it. The error is of
// type Faults and lists everything that is wrong.
func New(d Definition) (*Form, error) {
	c := newCompiler(d)
	c.governed = true
	c.compile()
	if len(c.faults) > 0 {
		return nil, c.faults
	}
	return c.form, nil
}

// Definition returns the data that the form was made from. It must not be changed.
func (f *Form) Definition() Definition { return f.definition }

// Lookup finds the field of a path with instance ids, as answers use it.
func (f *Form) Lookup(path string) (*Field, bool) {
	p, ok := parsePath(path)
	if !ok {
		return nil, false
	}
	field, ok := f.byPath[p.template]
	return field, ok
}

// CodeField returns the field that holds the record's own code; nil if the form has none.
func (f *Form) CodeField() *Field { return f.code }

// KeyField returns the field whose equal values join records; nil if the form has none.
func (f *Form) KeyField() *Field { return f.key }

// Generated lists the fields whose value the agent can make, in order.
func (f *Form) Generated() []*Field {
	var fields []*Field
	for _, field := range f.Fields {
		if field.Generate != "" {
			fields = append(fields, field)
		}
	}
	return fields
}

// Choice returns the named choice.
func (f *Field) Choice(name string) (Choice, bool) {
	for _, c := range f.Choices {
		if c.Name == name {
			return c, true
		}
	}
	return Choice{}, false
}

// conditional tells whether the field is asked only under a condition.
func (f *Field) conditional() bool {
	for p := f.part; p != nil; p = p.parent {
		if p.relevant != nil {
			return true
		}
	}
	return false
}

// IsSet tells whether answers are []string: multiple choices, and texts that merge as sets.
func (f *Field) IsSet() bool {
	return f.Type == TypeSelectMultiple || f.Merge == SetUnion
}

// InstancePath returns the path of the field in the repeat instances with these ids, outermost first.
func (f *Field) InstancePath(ids ...string) string {
	var b strings.Builder
	for i, id := range ids {
		b.WriteString(f.Repeats[i] + "/" + id + "/")
	}
	return b.String() + f.Name
}
