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
	MaxParts   = 4000 // fields, notes, groups and repeats
	MaxChoices = 5000 // of one list
	MaxDepth   = 16   // of groups and repeats
	MaxLabel   = 8192 // bytes of one text
	MaxPath    = 200  // bytes of a path, instance ids included
)

// reserved names are paths or tags that deltas use for themselves.
func reserved(name string) bool { return name == "exists" || name == "addendum" || name == "all" }

// compiler turns a definition into a form and collects faults.
type compiler struct {
	form      *Form
	faults    Faults
	governed  bool // the form is to be published
	taken     map[string]bool
	generated map[*part]bool
}

func newCompiler(d Definition) *compiler {
	return &compiler{
		form: &Form{ID: d.ID, Version: d.Version, Titles: d.Titles, DefaultLanguage: d.DefaultLanguage,
			RecordKind: d.RecordKind, ParentKind: d.ParentKind, Items: d.Items, definition: d,
			byPath: map[string]*Field{}, byName: map[string]*Field{}, lists: map[string]*List{}, named: map[string][]*part{}},
		taken: map[string]bool{}, generated: map[*part]bool{},
	}
}

func (c *compiler) fault(name, column, message, hint string) {
	c.faults = append(c.faults, Fault{Name: name, Column: column, Message: message, Hint: hint})
}

func (c *compiler) faultAt(p *part, column, message, hint string) {
	c.faults = append(c.faults, Fault{Name: p.item.Name, Path: p.path, Column: column, Message: message, Hint: hint})
}

func (c *compiler) compile() {
	if c.governed {
		c.settings()
	}
	c.texts(nil, "form_title", c.form.definition.Titles)
	for i := range c.form.definition.Lists {
		c.list(&c.form.definition.Lists[i])
	}
	c.compileParts()
	if c.governed && len(c.form.Fields) == 0 {
		c.fault("", "type", "the form has no field", "")
	}
	c.instanceName()
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
}

func (c *compiler) instanceName() {
	source := c.form.definition.InstanceName
	if source == "" {
		return
	}
	e, err := expr.Compile(source)
	if err != nil {
		c.fault("", "instance_name", err.Error(), hintOf(err))
		return
	}
	for _, name := range e.Refs() {
		if c.form.resolve(c.form.root, name) == nil {
			c.fault("", "instance_name", fmt.Sprintf("field ${%s} does not exist", name), "")
		}
	}
	c.form.instanceName = e
}

// ValidLanguage tells whether s is a code of two or three lower-case letters.
func ValidLanguage(s string) bool {
	return (len(s) == 2 || len(s) == 3) && strings.Trim(s, "abcdefghijklmnopqrstuvwxyz") == ""
}

// texts checks a text in all its languages; of the form itself when p is nil.
func (c *compiler) texts(p *part, column string, t Text) {
	at := c.form.root
	if p != nil {
		at = p
	}
	for _, language := range sortedKeys(t) {
		if c.governed && !ValidLanguage(language) {
			c.faultText(at, column, "language is not a code", "for example label::Français (fr)")
		}
		if len(t[language]) > MaxLabel {
			c.faultText(at, column, fmt.Sprintf("text is longer than %d bytes", MaxLabel), "")
		}
	}
}

func (c *compiler) faultText(p *part, column, message, hint string) {
	if p == nil || p.parent == nil {
		c.fault("", column, message, hint)
		return
	}
	c.faultAt(p, column, message, hint)
}

func (c *compiler) field(p *part) {
	if len(c.form.Fields) == MaxFields {
		c.faultAt(p, "type", fmt.Sprintf("the form has more than %d fields", MaxFields), "")
		return
	}
	f := &Field{Item: p.item, Index: len(c.form.Fields), form: c.form.ID, part: p}
	for q := p.parent; q.parent != nil; q = q.parent {
		if q.item.Type == TypeGroup {
			f.Groups = append(f.Groups, q.item.Name)
		} else {
			f.Repeats = append(f.Repeats, q.item.Name)
		}
	}
	slices.Reverse(f.Groups)
	slices.Reverse(f.Repeats)
	f.Path = strings.Join(append(slices.Clone(f.Repeats), p.item.Name), "/")
	if p.list != nil {
		f.Choices = p.list.Choices
	}
	p.field = f
	if c.generated[p] {
		return
	}
	c.form.Fields = append(c.form.Fields, f)
	if c.form.byPath[f.Path] == nil {
		c.form.byPath[f.Path] = f
		c.form.byName[f.Name] = f
	}
	if c.governed {
		c.govern(f)
	}
}

// choices finds the list of a select.
func (c *compiler) choices(p *part) {
	selects := p.item.Type.IsSelect() || p.item.Type == TypeRank
	switch l, ok := c.form.lists[p.item.List]; {
	case !selects && p.item.List != "":
		c.faultAt(p, "type", "only a select has a list", "")
	case !selects || IsReference(p.item.List) || p.item.File != "":
	case !ok:
		c.faultAt(p, "type", fmt.Sprintf("list %q does not exist", p.item.List), "sheet choices, column list_name")
	case len(l.Choices) == 0:
		c.faultAt(p, "type", fmt.Sprintf("list %q has no choice", p.item.List), "")
	default:
		p.list = l
	}
}
