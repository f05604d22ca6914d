package xlsform

import (
	"fmt"
	"slices"
	"strings"

	"escale/schema/expr"
	"escale/schema/form"
)

// item reads the cells of one row.
func (v *surveyor) item(row int, name string, k kind) form.Item {
	t := v.t
	item := form.Item{
		Type: k.typ, Name: name, Label: t.text(row, "label"), Hint: t.text(row, "hint"), Guidance: t.text(row, "guidance_hint"),
		Message: t.text(row, "constraint_message"), RequiredMessage: t.text(row, "required_message"), Media: t.media(row),
		Relevant: t.formula(row, "relevant"), Constraint: t.formula(row, "constraint"), Calculation: t.formula(row, "calculation"),
		Default: t.formula(row, "default"), ChoiceFilter: t.formula(row, "choice_filter"), RepeatCount: t.formula(row, "repeat_count"),
		Appearance: t.cell(row, "appearance"), Accept: t.cell(row, "accept"),
		Compartment: t.cell(row, "compartment"), Merge: form.Merge(t.cell(row, "merge")),
		PII: t.cell(row, "pii"), Retention: t.cell(row, "retention"), Export: t.cell(row, "export"), HXL: t.cell(row, "hxl"),
		Sites: splitSites(t.cell(row, "sites")), Generate: form.Generation(t.cell(row, "generate")), Was: t.cell(row, "was"),
	}
	item.Required, item.RequiredIf = v.flag(row, "required")
	item.ReadOnly, item.ReadOnlyIf = v.flag(row, "readonly")
	item.Key = yes(t.cell(row, "key"))
	if !item.Key && !no(t.cell(row, "key")) {
		v.report(row, "key", "is neither yes nor no", "")
	}
	item.Trigger = v.trigger(row)
	v.formulas = append(v.formulas, item.Relevant, item.Constraint, item.Calculation, item.Default, item.ChoiceFilter, item.RepeatCount)
	v.cells(item, row)
	return item
}

// cells reports what stands where it has no meaning.
func (v *surveyor) cells(item form.Item, row int) {
	if item.RepeatCount != "" && item.Type != form.TypeRepeat {
		v.warn(v.t.sheet.Name, row, "repeat_count", "only a repeat has a number of instances")
	}
	if item.ChoiceFilter != "" && (item.Type.Encloses() || item.Type == form.TypeText) {
		v.warn(v.t.sheet.Name, row, "choice_filter", "only a select filters choices")
	}
	if strings.HasPrefix(item.Appearance, "search(") {
		v.report(row, "appearance", "search() is not supported", "data of other files is not read; use choice_filter")
	}
}

// flag reads yes or no; anything else is an expression.
func (v *surveyor) flag(row int, column string) (bool, string) {
	cell := v.t.formula(row, column)
	if yes(cell) || no(cell) {
		return yes(cell), ""
	}
	if expr.IsName(cell) {
		v.report(row, column, "is neither yes nor no nor an expression", "")
		return false, ""
	}
	v.formulas = append(v.formulas, cell)
	return false, cell
}

// trigger reads references between commas.
func (v *surveyor) trigger(row int) []string {
	cell := v.t.cell(row, "trigger")
	if cell == "" {
		return nil
	}
	var names []string
	for part := range strings.SplitSeq(cell, ",") {
		part = strings.TrimSpace(part)
		name, ok := form.Reference(part)
		switch {
		case part == "":
		case !ok:
			v.report(row, "trigger", "is not a list of references", "${name}, with a comma between two")
			return nil
		default:
			names = append(names, name)
		}
	}
	return names
}

// choose attaches the list of a select.
func (v *surveyor) choose(item *form.Item, k kind, row int) {
	switch {
	case k.list == "":
		v.report(row, "type", "a select names its list", "select_one list_name")
		return
	case k.file:
		v.fromFile(item, k, row)
		return
	case form.IsReference(k.list):
		item.List = k.list
		return
	}
	l, ok := v.list(v.t.sheet.Name, row, k.list)
	if !ok {
		v.known[v.pathOf(item.Name)+" type"] = true
		return
	}
	item.List = k.list
	if v.external[k.list] != k.external {
		v.report(row, "type", fmt.Sprintf("list %q is on the other sheet of choices", bounded(k.list)), "select_one_external reads external_choices")
	}
	if k.typ == form.TypeSelectMultiple {
		v.spaces(l)
	}
	if k.other && item.ChoiceFilter != "" {
		v.report(row, "choice_filter", "or_other cannot be filtered", "")
	}
	if k.other {
		v.withOther(l)
	}
}

// spaces refuses names that would fall apart in a multiple answer.
func (v *surveyor) spaces(l *form.List) {
	for _, c := range l.Choices {
		key := l.Name + "/" + c.Name
		if strings.ContainsAny(c.Name, " \t\n") && !v.known[key+" name"] {
			v.fail("choices", v.choices[key], "name", "has a space, and several choices may be selected", "use _ instead")
			v.known[key+" name"] = true
		}
	}
}

func (v *surveyor) fromFile(item *form.Item, k kind, row int) {
	item.File = k.list
	dot := strings.LastIndexByte(k.list, '.')
	if dot < 0 || !slices.Contains([]string{".csv", ".xml", ".geojson"}, k.list[dot:]) {
		v.report(row, "type", fmt.Sprintf("file %q has no extension that can hold choices", bounded(k.list)), ".csv, .xml or .geojson")
		return
	}
	v.files[k.list[:dot]] = true
	v.warn(v.t.sheet.Name, row, "type", "choices of a file are not read: nothing can be selected")
}
