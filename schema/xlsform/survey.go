package xlsform

import (
	"fmt"
	"slices"
	"strings"

	"escale/schema/form"
)

func surveyColumns() []string {
	return []string{"type", "name", "required", "read_only", "readonly", "relevant", "constraint", "compartment",
		"merge", "pii", "retention", "export", "sites", "hxl", "generate", "key"}
}

// open is a group or repeat whose end has not been read yet.
type open struct {
	item form.Item
	row  int
}

// survey builds the tree of items with a stack of open groups; the bottom of the stack is the form itself.
func (r *reader) survey(s Sheet, language string) []form.Item {
	t := r.table(s, language, surveyColumns(), []string{"label", "hint", "constraint_message"})
	for _, column := range []string{"type", "name"} {
		if _, ok := t.columns[column]; !ok {
			r.fail(s.Name, 0, column, "column is missing", "")
		}
	}
	stack := []open{{}}
	for _, row := range t.rows() {
		stack = r.row(t, row, stack)
	}
	for len(stack) > 1 {
		r.fail(s.Name, stack[len(stack)-1].row, "type", "group or repeat is not ended", "end_group or end_repeat")
		stack = end(stack) // so that what it encloses is still checked
	}
	return stack[0].item.Children
}

// end puts the innermost open item into the one that encloses it.
func end(stack []open) []open {
	top, below := stack[len(stack)-1], &stack[len(stack)-2]
	below.item.Children = append(below.item.Children, top.item)
	return stack[:len(stack)-1]
}

func (r *reader) row(t *table, row int, stack []open) []open {
	kind, list := splitType(t.cell(row, "type"))
	top := &stack[len(stack)-1]
	switch kind {
	case "begin_group", "begin_repeat":
		item := r.item(t, row, form.Type(strings.TrimPrefix(kind, "begin_")), "")
		return append(stack, open{item, row})
	case "end_group", "end_repeat":
		if len(stack) == 1 || string(top.item.Type) != strings.TrimPrefix(kind, "end_") {
			r.fail(t.sheet.Name, row, "type", kind+" has no beginning", "")
			return stack
		}
		return end(stack)
	}
	top.item.Children = append(top.item.Children, r.item(t, row, r.fieldType(t, row, kind, list), list))
	return stack
}

// fieldType reports a type that cannot be used, as it was written.
func (r *reader) fieldType(t *table, row int, kind, list string) form.Type {
	supported, ok := fieldType(kind)
	switch {
	case !ok:
		r.fail(t.sheet.Name, row, "type", fmt.Sprintf("type %q is not supported", bounded(t.cell(row, "type"))), "")
	case supported.IsSelect() != (list != ""):
		r.fail(t.sheet.Name, row, "type", "a select, and only a select, names one list", "select_one list_name")
	default:
		return supported
	}
	r.known[t.cell(row, "name")+" type"] = true
	return supported
}

func bounded(s string) string {
	if len(s) > 40 {
		return s[:40] + "…"
	}
	return s
}

// splitType cuts "select_one list" in two, and tolerates "begin group" and "select one".
func splitType(cell string) (kind, list string) {
	words := strings.Fields(cell)
	if len(words) >= 2 && slices.Contains([]string{"begin", "end", "select"}, words[0]) {
		words = append([]string{words[0] + "_" + words[1]}, words[2:]...)
	}
	if len(words) == 0 {
		return "", ""
	}
	return words[0], strings.Join(words[1:], " ")
}

// fieldType maps the type of a row, with the other spellings that designers use.
func fieldType(kind string) (form.Type, bool) {
	switch kind {
	case "string":
		return form.TypeText, true
	case "int":
		return form.TypeInteger, true
	case "photo":
		return form.TypeImage, true
	case "datetime":
		return form.TypeDateTime, true
	}
	t := form.Type(kind)
	return t, !t.Encloses() && slices.Contains(form.Types(), t)
}

func (r *reader) item(t *table, row int, kind form.Type, list string) form.Item {
	name := t.cell(row, "name")
	if _, twice := r.items[name]; name == "" || twice {
		r.fail(t.sheet.Name, row, "name", "is missing or used twice", "names are unique in the whole form")
		r.known[name+" name"] = true
	} else {
		r.items[name] = row
	}
	return form.Item{
		Type: kind, Name: name, List: list,
		Label: t.text(row, "label"), Hint: t.text(row, "hint"), Message: t.text(row, "constraint_message"),
		Required: r.flag(t, row, "required"), Key: r.flag(t, row, "key"),
		ReadOnly: r.flag(t, row, "read_only") || r.flag(t, row, "readonly"),
		Relevant: t.cell(row, "relevant"), Constraint: t.cell(row, "constraint"),
		Compartment: t.cell(row, "compartment"), Merge: form.Merge(t.cell(row, "merge")),
		PII: t.cell(row, "pii"), Retention: t.cell(row, "retention"), Export: t.cell(row, "export"), HXL: t.cell(row, "hxl"),
		Sites: splitSites(t.cell(row, "sites")), Generate: form.Generation(t.cell(row, "generate")),
	}
}

func (r *reader) flag(t *table, row int, column string) bool {
	switch strings.ToLower(t.cell(row, column)) {
	case "yes", "true", "true()":
		return true
	case "", "no", "false", "false()":
		return false
	}
	r.fail(t.sheet.Name, row, column, "is neither yes nor no", "conditions are not supported here")
	return false
}
