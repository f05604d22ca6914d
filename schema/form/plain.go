package form

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"escale/schema/expr"
)

// Plain compiles any form that XLSForm allows, also one whose fields lack compartment and policy. It can be opened and filled
// in, not published: New demands more. The error is of type Faults and lists everything that is wrong.
func Plain(d Definition) (*Form, error) {
	c := newCompiler(d)
	c.compile()
	if len(c.faults) > 0 {
		return nil, c.faults
	}
	return c.form, nil
}

// compileParts turns the tree of items into parts, then checks what needs all of them.
func (c *compiler) compileParts() {
	root := c.form.definition.Root
	if root == "" {
		root = "data"
	}
	c.form.root = c.newPart(Item{Type: TypeGroup, Name: root}, nil)
	c.form.root.path = ""
	c.descend(c.form.definition.Items, c.form.root, 0)
	for _, p := range c.form.parts {
		c.expressions(p)
		c.templates(p)
	}
	for _, p := range c.form.parts {
		c.connect(p)
	}
	if len(c.faults) == 0 {
		c.order()
	}
}

func (c *compiler) newPart(item Item, parent *part) *part {
	p := &part{item: item, parent: parent, index: len(c.form.parts)}
	if parent != nil {
		p.path, p.slot = parent.path+"/"+item.Name, len(parent.children)
		p.repeats = parent.repeats
		if parent.item.Type == TypeRepeat {
			p.repeats = append(slices.Clip(parent.repeats), parent)
		}
		parent.children = append(parent.children, p)
		c.form.named[item.Name] = append(c.form.named[item.Name], p)
	}
	c.form.parts = append(c.form.parts, p)
	return p
}

func (c *compiler) descend(items []Item, parent *part, depth int) {
	if depth > MaxDepth || len(parent.repeats) > MaxRepeatDepth {
		c.faultAt(parent, "type", "groups or repeats are nested too deeply", "")
		return
	}
	names := map[string]bool{}
	for _, item := range items {
		if len(c.form.parts) > MaxParts {
			c.fault("", "type", fmt.Sprintf("the form has more than %d questions and groups", MaxParts), "")
			return
		}
		if item.Type == TypeRepeat && item.RepeatCount != "" && !IsReference(item.RepeatCount) {
			counter := c.newPart(Item{Type: TypeCalculate, Name: item.Name + "_count", Calculation: item.RepeatCount, ReadOnly: true}, parent)
			c.generated[counter] = true
			item.RepeatCount = "${" + counter.item.Name + "}"
		}
		children := item.Children
		item.Children = nil
		p := c.newPart(item, parent)
		c.item(p, names[item.Name])
		names[item.Name] = true
		c.descend(children, p, depth+1)
	}
}

// item checks one part on its own.
func (c *compiler) item(p *part, twice bool) {
	if c.governed {
		c.governPart(p)
	}
	if !c.governed && !expr.IsName(p.item.Name) {
		c.faultAt(p, "name", "is not a valid name", "a letter or _, then letters, digits, _ - .")
	}
	if twice && !c.governed {
		c.faultAt(p, "name", "is used twice in the same group or repeat", "")
	}
	for column, t := range map[string]Text{"label": p.item.Label, "hint": p.item.Hint, "guidance_hint": p.item.Guidance,
		"constraint_message": p.item.Message, "required_message": p.item.RequiredMessage} {
		c.texts(p, column, t)
	}
	if !slices.Contains(Types(), p.item.Type) {
		c.faultAt(p, "type", fmt.Sprintf("type %q is not supported", p.item.Type), "")
		return
	}
	c.choices(p)
	if !p.item.Type.Encloses() && p.item.Type != TypeNote && !p.item.Type.IsExternal() {
		c.field(p)
	}
}

// expressions compiles everything that is computed.
func (c *compiler) expressions(p *part) {
	p.relevant = c.expression(p, "relevant", p.item.Relevant)
	p.constraint = c.expression(p, "constraint", p.item.Constraint)
	p.required = c.expression(p, "required", p.item.RequiredIf)
	p.readOnly = c.expression(p, "readonly", p.item.ReadOnlyIf)
	p.filter = c.expression(p, "choice_filter", p.item.ChoiceFilter)
	p.seed = c.expression(p, "parameters", p.item.Parameters["seed"])
	if p.item.Type == TypeRepeat {
		p.count = c.expression(p, "repeat_count", p.item.RepeatCount)
	}
	if p.item.Calculation != "" {
		p.calculation = c.expression(p, "calculation", p.item.Calculation)
	}
	if dynamic(p.item.Default, p.item.Type) {
		p.initial = c.expression(p, "default", p.item.Default)
	}
}

func (c *compiler) expression(p *part, column, source string) *expr.Expression {
	if source == "" {
		return nil
	}
	e, err := expr.Compile(source)
	if err != nil {
		c.faultAt(p, column, err.Error(), hintOf(err))
		return nil
	}
	for _, name := range e.Refs() {
		c.reference(p, column, name)
	}
	return e
}

// reference checks that a name can be resolved.
func (c *compiler) reference(p *part, column, name string) {
	plain, last := strings.CutPrefix(name, expr.LastSaved)
	switch n := len(c.form.named[plain]); {
	case last && n > 0:
		c.faultAt(p, column, "${"+expr.LastSaved+"…} is not supported", "the last saved record is not read by forms here")
	case n == 0:
		c.faultAt(p, column, fmt.Sprintf("field ${%s} does not exist", plain), "")
	case n > 1 && c.form.resolve(p, plain) == nil:
		c.faultAt(p, column, fmt.Sprintf("${%s} may mean %d fields", plain, n), "use different names")
	}
}

// templates compiles labels and messages.
func (c *compiler) templates(p *part) {
	for _, t := range []struct {
		column string
		text   Text
		into   *template
	}{{"label", p.item.Label, &p.label}, {"hint", p.item.Hint, &p.hint}, {"guidance_hint", p.item.Guidance, &p.guidance},
		{"constraint_message", p.item.Message, &p.message}, {"required_message", p.item.RequiredMessage, &p.requiredMessage}} {
		*t.into = c.template(p, t.column, t.text)
	}
}

func (c *compiler) template(p *part, column string, text Text) template {
	if len(text) == 0 {
		return nil
	}
	t := template{}
	for _, language := range slices.Sorted(maps.Keys(text)) {
		segments, broken := parseText(text[language])
		for range broken {
			c.faultAt(p, column, "a reference is not written ${name}", "")
		}
		for _, s := range segments {
			if s.value != nil {
				for _, name := range s.value.Refs() {
					c.reference(p, column, name)
				}
			}
		}
		t[language] = segments
	}
	return t
}

// connect resolves triggers and choices that come from answers.
func (c *compiler) connect(p *part) {
	for _, name := range p.item.Trigger {
		found := c.form.named[name]
		if len(found) == 0 {
			c.faultAt(p, "trigger", fmt.Sprintf("field ${%s} does not exist", name), "")
			continue
		}
		source := c.form.resolve(p, name)
		if source == nil {
			source = found[0]
		}
		if source.item.Type.Encloses() || source.silent() && source.item.Type != TypeBackgroundGeopoint {
			c.faultAt(p, "trigger", fmt.Sprintf("${%s} is not shown, so that nobody can change it", name), "")
			continue
		}
		source.targets = append(source.targets, p)
	}
	if name, ok := Reference(p.item.List); ok {
		if p.from = c.form.resolve(p, name); p.from == nil {
			c.faultAt(p, "type", fmt.Sprintf("field ${%s} does not exist", name), "")
		}
	}
}

// resolve finds the part that ${name} means, seen from p; of several of one name that in the nearest group. It returns nil when
// there is none, or no nearest one.
func (f *Form) resolve(p *part, name string) *part {
	found := f.named[name]
	if len(found) == 1 {
		return found[0]
	}
	for at := p; at != nil && len(found) > 0; at = at.parent {
		for _, candidate := range found {
			if candidate.parent == at {
				return candidate
			}
		}
	}
	return nil
}
