package form

import (
	"fmt"
	"strings"

	"escale/schema/expr"
)

// governPart checks what publishing demands of every item: names that can stand in paths and tags, once in the whole form.
func (c *compiler) governPart(p *part) {
	name := p.item.Name
	if !expr.ValidName(name) || strings.Contains(name, ".") {
		c.faultAt(p, "name", "is not a valid name", "a letter, then letters, digits, _ or -")
	}
	if reserved(name) {
		c.faultAt(p, "name", "is reserved", "")
	}
	if c.taken[name] {
		c.faultAt(p, "name", "is used twice", "names are unique in the whole form")
	}
	c.taken[name] = true
	if !p.item.Type.Supported() {
		c.faultAt(p, "type", fmt.Sprintf("type %q is not supported", p.item.Type), "a laptop has no such sensor or source")
	}
	if p.item.File != "" || IsReference(p.item.List) {
		c.faultAt(p, "type", "choices that come from a file or from answers are not supported", "put them into the sheet choices")
	}
}

// govern checks what publishing demands of a field.
func (c *compiler) govern(f *Field) {
	if len(f.Path)+len(f.Repeats)*(2*InstanceIDSize+1) > MaxPath {
		c.faultAt(f.part, "name", fmt.Sprintf("makes paths longer than %d bytes", MaxPath), "shorter names of repeats")
	}
	if !f.part.item.Type.Supported() {
		return
	}
	if f.Was != "" && !f.validWas() {
		c.faultAt(f.part, "was", "does not name a type", "select_one: oui=yes, non=no; text")
	}
	c.policies(f)
	c.generation(f)
}

func (c *compiler) policies(f *Field) {
	if !expr.ValidName(f.Compartment) {
		c.faultAt(f.part, "compartment", "is missing or not a valid name", "every field lies in one compartment")
	}
	if !f.Merge.Suits(f.Type) {
		c.faultAt(f.part, "merge", fmt.Sprintf("policy %q does not suit type %s", f.Merge, f.Type), "")
		return
	}
	if f.Merge == RestrictWins && f.Type == TypeSelectOne {
		order, err := newRanking(f.Choices)
		if err != nil {
			c.faultAt(f.part, "merge", err.Error(), "column rank of the choices: 0 = most permissive")
		}
		f.order = order
	}
}

func (c *compiler) generation(f *Field) {
	if f.Generate != "" && !f.Generate.suits(f.Type) {
		c.faultAt(f.part, "generate", fmt.Sprintf("%q does not suit type %s", f.Generate, f.Type), "")
	}
	if (f.Generate != "" || f.Key) && len(f.Repeats) > 0 {
		c.faultAt(f.part, "generate", "a generated field or key cannot lie in a repeat", "")
	}
	computed := f.Calculation != "" || f.Default != "" || len(f.Trigger) > 0
	if f.Required && f.ReadOnly && f.Generate == "" && !computed {
		c.faultAt(f.part, "generate", "a required read-only field that nobody makes can never be filled", "")
	}
	if f.Generate == GenerateRandom && c.form.code == nil {
		c.form.code = f
	}
	if !f.Key {
		return
	}
	if f.Type != TypeText || f.Merge != WriteOnce || f.Compartment != Anchor || c.form.key != nil {
		c.faultAt(f.part, "key", "a key is one text field, write_once, in compartment "+Anchor, "")
	}
	c.form.key = f
}
