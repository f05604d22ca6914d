package xlsform

import (
	"fmt"
	"strings"

	"escale/schema/expr"
	"escale/schema/form"
)

func surveyLayout(language string) layout {
	return layout{language: language,
		plain: []string{"type", "name", "required", "readonly", "relevant", "constraint", "calculation", "default", "choice_filter",
			"repeat_count", "appearance", "trigger", "parameters", "accept", "disabled",
			"compartment", "merge", "pii", "retention", "export", "sites", "hxl", "generate", "key", "was"},
		translated: append([]string{"label", "hint", "guidance_hint", "constraint_message", "required_message"}, mediaColumns()...)}
}

// open is a group or repeat whose end has not been read yet.
type open struct {
	item    form.Item
	control string
	row     int
	path    string
	names   map[string]bool
	folded  map[string]bool // names in lower case
}

func newOpen(item form.Item, control, path string, row int) open {
	return open{item: item, control: control, path: path, row: row, names: map[string]bool{}, folded: map[string]bool{}}
}

// surveyor reads the rows of the sheet survey into a tree; the bottom of its stack is the form itself.
type surveyor struct {
	*reader
	t        *table
	root     string
	language string
	stack    []open

	geometries []geometry
	files      map[string]bool // files with choices, without their extension
}

func (r *reader) survey(s Sheet, d form.Definition) []form.Item {
	v := surveyor{reader: r, t: r.table(s, surveyLayout(d.DefaultLanguage)), root: d.Root, language: d.DefaultLanguage,
		stack: []open{newOpen(form.Item{}, "", "", 0)}, files: map[string]bool{}}
	if v.root == "" {
		v.root = defaultForm
	}
	r.unknown(v.t, v.t.extras)
	for _, column := range []string{"type", "name"} {
		if !v.t.has(column) {
			r.fail(s.Name, 0, column, "column is missing", "")
		}
	}
	if !v.t.has("type") {
		return nil
	}
	for _, row := range v.t.rows() {
		v.row(row)
	}
	v.checkGeometries()
	for len(v.stack) > 1 {
		top := v.top()
		r.fail(s.Name, top.row, "type", fmt.Sprintf("begin_%s is not ended", top.control), "end_"+top.control)
		v.end() // so that what it encloses is still checked
	}
	return v.stack[0].item.Children
}

func (v *surveyor) top() *open { return &v.stack[len(v.stack)-1] }

// end puts the innermost open item into the one that encloses it.
func (v *surveyor) end() {
	top := *v.top()
	v.stack = v.stack[:len(v.stack)-1]
	v.add(top.item)
}

func (v *surveyor) add(item form.Item) {
	top := v.top()
	top.item.Children = append(top.item.Children, item)
}

func (v *surveyor) report(row int, column, message, hint string) {
	v.fail(v.t.sheet.Name, row, column, message, hint)
	v.known[v.pathOf(v.t.cell(row, "name"))+" "+column] = true
}

func (v *surveyor) pathOf(name string) string { return v.top().path + "/" + name }

func (v *surveyor) row(row int) {
	cell := v.t.cell(row, "type")
	if yes(v.t.cell(row, "disabled")) {
		v.warn(v.t.sheet.Name, row, "disabled", "the row was left out")
		return
	}
	if cell == "" {
		if v.t.cell(row, "name") == "" && !v.t.hasText(row, "label") {
			v.warn(v.t.sheet.Name, row, "type", "a row without type, name and label was left out")
		} else {
			v.report(row, "type", "is missing", "")
		}
		return
	}
	k, ok := parseKind(cell)
	switch {
	case !ok:
		v.report(row, "type", fmt.Sprintf("type %q is not supported", bounded(cell)), "")
		k = kind{typ: form.TypeText} // so that references to it are not reported as well
	case k.end:
		v.close(k, row)
		return
	case k.begin:
		v.begin(k, row)
		return
	}
	v.question(k, row)
}

func (v *surveyor) close(k kind, row int) {
	if len(v.stack) == 1 || v.top().control != k.control {
		v.fail(v.t.sheet.Name, row, "type", fmt.Sprintf("end_%s has no beginning", k.control), "")
		return
	}
	v.end()
}

func (v *surveyor) begin(k kind, row int) {
	typ := form.TypeGroup
	switch k.control {
	case "repeat":
		typ = form.TypeRepeat
	case "loop":
		v.report(row, "type", "loop is not supported", "write the questions once for each choice, or use a repeat")
	}
	name := v.name(row, typ)
	item := v.item(row, name, kind{typ: typ})
	if typ == form.TypeRepeat {
		if v.repeats[name] {
			v.report(row, "name", "another repeat has this name", "names of repeats are unique in the whole form")
		}
		if name == v.root {
			v.report(row, "name", "a repeat cannot be named as the form itself", "")
		}
		v.repeats[name] = true
		if item.Label == nil && item.Media == nil {
			v.warn(v.t.sheet.Name, row, "label", "the repeat has no label")
		}
		v.count(item, row)
	}
	path := v.pathOf(name)
	v.stack = append(v.stack, newOpen(item, k.control, path, row))
}

// count reserves the name of the calculated number of instances.
func (v *surveyor) count(item form.Item, row int) {
	if item.RepeatCount != "" && !form.IsReference(item.RepeatCount) {
		v.reserve(row, item.Name+"_count")
	}
}

// reserve takes a name that the form makes for itself.
func (v *surveyor) reserve(row int, name string) {
	top := v.top()
	if top.names[name] {
		v.report(row, "name", fmt.Sprintf("the form needs the name %q for itself", bounded(name)), "rename the other question")
	}
	top.names[name] = true
}

// name checks and takes the name of a row.
func (v *surveyor) name(row int, typ form.Type) string {
	name, top := v.t.cell(row, "name"), v.top()
	switch {
	case name == "" && typ == form.TypeNote:
		name = fmt.Sprintf("generated_note_name_%d", row+1)
	case name == "" && typ == form.TypeAudit:
		name = "audit"
	case name == "":
		v.report(row, "name", "is missing", "")
	case !expr.IsName(name):
		v.report(row, "name", "is not a valid name", nameHint)
	case name == "meta":
		v.report(row, "name", "is reserved for what the form says of itself", "")
	case top.names[name]:
		v.report(row, "name", "is used twice in the same group or repeat", "")
	case top.folded[strings.ToLower(name)]:
		v.warn(v.t.sheet.Name, row, "name", "another name differs by capital letters only")
	}
	top.names[name], top.folded[strings.ToLower(name)] = true, true
	if _, twice := v.items[v.pathOf(name)]; !twice {
		v.items[v.pathOf(name)] = row
	}
	return name
}

func (v *surveyor) question(k kind, row int) {
	name := v.name(row, k.typ)
	item := v.item(row, name, k)
	if k.typ.IsSelect() || k.typ == form.TypeRank {
		v.choose(&item, k, row)
	}
	v.parameters(&item, k, row)
	v.visible(item, row)
	if item.Type == form.TypeCalculate && item.Calculation == "" && item.Default == "" {
		v.report(row, "calculation", "is missing", "")
	}
	if item.Type == form.TypeBackgroundGeopoint && (len(item.Trigger) == 0 || item.Calculation != "") {
		v.report(row, "trigger", "a background-geopoint has a trigger and no calculation", "")
	}
	if k.typ == form.TypeXMLExternal || k.typ == form.TypeCSVExternal {
		v.files[name] = true
	}
	v.add(item)
	if k.other {
		v.specify(item, row)
	}
}

// visible demands that a question shows something. A select with an appearance may show its choices alone: as the head of a table.
func (v *surveyor) visible(item form.Item, row int) {
	shown := item.Label != nil || item.Hint != nil || item.Media != nil
	silent := item.Calculation != "" || len(item.Trigger) > 0 || item.Type.IsSelect() && item.Appearance != ""
	if item.Type.IsShown() && !shown && !silent {
		v.report(row, "label", "the question has neither label nor hint", "")
	}
}

// specify adds the question that asks which other choice is meant.
func (v *surveyor) specify(item form.Item, row int) {
	name := item.Name + "_other"
	v.reserve(row, name)
	other := form.Item{Type: form.TypeText, Name: name, Label: form.Text{v.language: "Specify other."},
		Relevant:    fmt.Sprintf("selected(../%s, '%s')", item.Name, form.OtherChoice),
		Compartment: item.Compartment, Merge: item.Merge, PII: item.PII, Retention: item.Retention, Export: item.Export, Sites: item.Sites}
	if other.Merge != "" && !other.Merge.Suits(form.TypeText) {
		other.Merge = form.KeepBoth
	}
	v.items[v.pathOf(name)] = row
	v.add(other)
}
