package form

import (
	"fmt"
	"slices"
	"strings"

	"escale/schema/expr"
)

// Bounds of a definition.
const (
	MaxFields  = 2000
	MaxChoices = 5000 // of one list
	MaxDepth   = 8    // of groups and repeats
	MaxLabel   = 4096 // bytes of one text
	MaxPath    = 200  // bytes of a path, instance ids included
)

// reserved names are paths or tags that deltas use for themselves.
func reserved(name string) bool { return name == "exists" || name == "addendum" || name == "all" }

// compiler turns a definition into a form and collects faults.
type compiler struct {
	form   *Form
	faults Faults
	names  map[string]bool
	owners map[string]bool // items whose relevance was resolved; fields of one group share it
}

// place is where in the tree an item lies.
type place struct {
	groups, repeats []string
	relevant        []condition
	depth           int
}

func newCompiler(d Definition) *compiler {
	return &compiler{
		form: &Form{ID: d.ID, Version: d.Version, Titles: d.Titles, DefaultLanguage: d.DefaultLanguage,
			RecordKind: d.RecordKind, ParentKind: d.ParentKind, Items: d.Items, definition: d,
			byPath: map[string]*Field{}, byName: map[string]*Field{}, lists: map[string]List{}},
		names: map[string]bool{}, owners: map[string]bool{},
	}
}

func (c *compiler) fault(name, column, message, hint string) {
	c.faults = append(c.faults, Fault{name, column, message, hint})
}

func (c *compiler) compile() {
	c.settings()
	for _, l := range c.form.definition.Lists {
		c.list(l)
	}
	c.items(c.form.definition.Items, place{})
	if len(c.form.Fields) == 0 {
		c.fault("", "type", "the form has no field", "")
	}
	for _, f := range c.form.Fields {
		c.references(f)
	}
	if len(c.faults) == 0 {
		c.cycles()
	}
}

func (c *compiler) settings() {
	d := c.form.definition
	if !expr.ValidName(d.ID) {
		c.fault("", "form_id", "is not a valid name", "letters, digits and _")
	}
	if d.Version == "" || len(d.Version) > 32 {
		c.fault("", "version", "is missing or too long", "for example 2025120101")
	}
	if !ValidLanguage(d.DefaultLanguage) {
		c.fault("", "default_language", "is not a language code", "for example fr")
	}
	if !expr.ValidName(d.RecordKind) {
		c.fault("", "record_kind", "is missing or not a valid name", "for example case")
	}
	if d.ParentKind != "" && !expr.ValidName(d.ParentKind) {
		c.fault("", "parent_kind", "is not a valid name", "")
	}
	c.texts("", "form_title", d.Titles)
}

// ValidLanguage tells whether s is a code of two or three lower-case letters.
func ValidLanguage(s string) bool {
	return (len(s) == 2 || len(s) == 3) && strings.Trim(s, "abcdefghijklmnopqrstuvwxyz") == ""
}

func (c *compiler) texts(name, column string, t Text) {
	for language, s := range t {
		if !ValidLanguage(language) {
			c.fault(name, column, "language is not a code", "for example label::Français (fr)")
		}
		if len(s) > MaxLabel {
			c.fault(name, column, fmt.Sprintf("text is longer than %d bytes", MaxLabel), "")
		}
	}
}

func (c *compiler) items(items []Item, at place) {
	if at.depth > MaxDepth || len(at.repeats) > MaxRepeatDepth {
		c.fault("", "type", "groups or repeats are nested too deeply", "")
		return
	}
	for _, item := range items {
		c.item(item, at)
	}
}

func (c *compiler) item(item Item, at place) {
	if !expr.ValidName(item.Name) || strings.Contains(item.Name, ".") {
		c.fault(item.Name, "name", "is not a valid name", "a letter, then letters, digits, _ or -")
	}
	if reserved(item.Name) {
		c.fault(item.Name, "name", "is reserved", "")
	}
	if c.names[item.Name] {
		c.fault(item.Name, "name", "is used twice", "names are unique in the whole form")
	}
	c.names[item.Name] = true
	c.texts(item.Name, "label", item.Label)
	c.texts(item.Name, "hint", item.Hint)
	c.texts(item.Name, "constraint_message", item.Message)
	if !slices.Contains(Types(), item.Type) {
		c.fault(item.Name, "type", fmt.Sprintf("type %q is not supported", item.Type), "")
		return
	}
	if !item.Type.Encloses() && len(item.Children) > 0 {
		c.fault(item.Name, "type", "only a group or repeat encloses items", "")
	}
	if test := c.expression(item.Name, "relevant", item.Relevant); test != nil {
		at.relevant = append(slices.Clone(at.relevant), condition{item.Name, test, len(at.repeats)})
	}
	c.place(item, at)
}

func (c *compiler) place(item Item, at place) {
	at.depth++
	switch item.Type {
	case TypeGroup:
		at.groups = append(slices.Clone(at.groups), item.Name)
		c.items(item.Children, at)
	case TypeRepeat:
		at.repeats = append(slices.Clone(at.repeats), item.Name)
		c.items(item.Children, at)
	case TypeNote:
	default:
		c.field(item, at)
	}
}

func (c *compiler) expression(name, column, source string) *expr.Expression {
	if source == "" {
		return nil
	}
	e, err := expr.Compile(source)
	if err != nil {
		c.fault(name, column, err.Error(), "")
		return nil
	}
	return e
}

func (c *compiler) field(item Item, at place) {
	if len(c.form.Fields) == MaxFields {
		c.fault(item.Name, "type", fmt.Sprintf("the form has more than %d fields", MaxFields), "")
		return
	}
	item.Children = nil
	f := &Field{
		Item: item, Path: strings.Join(append(slices.Clone(at.repeats), item.Name), "/"), Index: len(c.form.Fields),
		Groups: at.groups, Repeats: at.repeats, form: c.form.ID, relevant: at.relevant,
		constraint: c.expression(item.Name, "constraint", item.Constraint),
	}
	if len(f.Path)+len(f.Repeats)*(2*InstanceIDSize+1) > MaxPath {
		c.fault(item.Name, "name", fmt.Sprintf("makes paths longer than %d bytes", MaxPath), "shorter names of repeats")
	}
	c.form.Fields = append(c.form.Fields, f)
	c.form.byPath[f.Path] = f
	c.form.byName[f.Name] = f
	c.choices(f)
	c.policies(f)
	c.generation(f)
}

func (c *compiler) policies(f *Field) {
	if !expr.ValidName(f.Compartment) {
		c.fault(f.Name, "compartment", "is missing or not a valid name", "every field lies in one compartment")
	}
	if !f.Merge.suits(f.Type) {
		c.fault(f.Name, "merge", fmt.Sprintf("policy %q does not suit type %s", f.Merge, f.Type), "")
		return
	}
	if f.Merge == RestrictWins && f.Type == TypeSelectOne {
		order, err := newRanking(f.Choices)
		if err != nil {
			c.fault(f.Name, "merge", err.Error(), "column rank of the choices: 0 = most permissive")
		}
		f.order = order
	}
}

func (c *compiler) generation(f *Field) {
	if f.Generate != "" && !f.Generate.suits(f.Type) {
		c.fault(f.Name, "generate", fmt.Sprintf("%q does not suit type %s", f.Generate, f.Type), "")
	}
	if (f.Generate != "" || f.Key) && len(f.Repeats) > 0 {
		c.fault(f.Name, "generate", "a generated field or key cannot lie in a repeat", "")
	}
	if f.Required && f.ReadOnly && f.Generate == "" {
		c.fault(f.Name, "generate", "a required read-only field that nobody makes can never be filled", "")
	}
	if f.Generate == GenerateRandom && c.form.code == nil {
		c.form.code = f
	}
	if !f.Key {
		return
	}
	if f.Type != TypeText || f.Merge != WriteOnce || f.Compartment != Anchor || c.form.key != nil {
		c.fault(f.Name, "key", "a key is one text field, write_once, in compartment "+Anchor, "")
	}
	c.form.key = f
}
