package office

import (
	"slices"
	"strconv"
	"strings"

	"escale/schema/form"
)

// recordColumns are the columns of a form's table: what is known of the record, then the fields in the order of the form.
func (c *csvSink) recordColumns(s *sheet) []column[*Row] {
	columns := c.headColumns()
	for _, fd := range s.within("") {
		columns = append(columns, fieldColumns(c, s, fd, func(row *Row) (*Row, string) { return row, fd.Path })...)
	}
	if !c.deidentified {
		columns = append(columns, text("other_values", "", func(row *Row) string { return others(s, row) }))
	}
	return columns
}

func (c *csvSink) headColumns() []column[*Row] {
	id := text("id", "#meta+id", func(r *Row) string { return r.ID })
	kind := text("kind", "", func(r *Row) string { return r.Kind })
	state := []column[*Row]{
		text("version", "#meta+version", func(r *Row) string { return r.Version }),
		text("exists", "", func(r *Row) string { return r.Exists }),
		text("parts", "", (*Row).partsText),
		count("open_conflicts", "", func(r *Row) int { return r.open }),
	}
	if c.deidentified {
		return append([]column[*Row]{id, text("country", "#country+code", func(r *Row) string { return r.Country }), kind}, state...)
	}
	return append([]column[*Row]{id,
		text("code", "#meta+code", func(r *Row) string { return r.Code }),
		text("site", "#meta+site", func(r *Row) string { return r.Site }), kind,
		text("created_at", "#date+created", func(r *Row) string { return r.CreatedAt }),
		text("author", "#meta+author", func(r *Row) string { return r.Author })}, state...)
}

// fieldColumns are the column of a field's values and, for a select whose codes are kept, that of their labels.
func fieldColumns[T any](c *csvSink, s *sheet, fd *form.Field, at func(T) (*Row, string)) []column[T] {
	tag, labelled := fd.HXL, fd.Type.IsSelect()
	if c.mask != nil {
		r := c.mask.rules[s][fd.Path]
		tag, labelled = r.tag(tag), labelled && r.do == keep
	}
	out := []column[T]{{fd.Name, tag, func(about T) cell {
		row, path := at(about)
		return cellOf(row.Values[path])
	}}}
	if labelled {
		out = append(out, text(fd.Name+"_label", tagLabel(tag, c.languageOf(s)), func(about T) string {
			row, path := at(about)
			return labelOf(fieldOf(fd, row, path), row.Values[path], c.language, s.versions[0].DefaultLanguage)
		}))
	}
	return out
}

func (c *csvSink) languageOf(s *sheet) string {
	if c.language == "" {
		return s.versions[0].DefaultLanguage
	}
	return c.language
}

// repeatColumns tie an instance to its record and to the instances around it.
func (c *csvSink) repeatColumns(s *sheet, repeat string) []column[instance] {
	columns := []column[instance]{text("id", "#meta+id", func(i instance) string { return i.row.ID })}
	for depth, name := range strings.Split(repeat, "/") {
		columns = append(columns, text(name+"_id", "#meta+id+instance", func(i instance) string { return i.ids[depth] }))
	}
	for _, fd := range s.within(repeat) {
		columns = append(columns, fieldColumns(c, s, fd, func(i instance) (*Row, string) { return i.row, i.prefix + fd.Name })...)
	}
	return columns
}

// siblingCell is a sibling, with what is needed to label its value.
type siblingCell struct {
	SiblingLine
	sheet *sheet
	row   *Row
}

func (c *csvSink) conflictColumns() []column[siblingCell] {
	id := text("id", "#meta+id", func(s siblingCell) string { return s.ID })
	formID := text("form", "", func(s siblingCell) string { return s.Form })
	what := []column[siblingCell]{
		text("field", "", func(s siblingCell) string { return s.Field }),
		text("policy", "", func(s siblingCell) string { return s.Policy }),
		count("number", "", func(s siblingCell) int { return s.Number }),
		{"value", "", func(s siblingCell) cell { return cellOf(s.Value) }},
		text("value_label", "", c.siblingLabel),
		text("saw", "", func(s siblingCell) string { return numbers(s.Saw) }),
	}
	if c.deidentified {
		return append([]column[siblingCell]{id, text("country", "#country+code", func(s siblingCell) string { return s.Country }), formID}, what...)
	}
	who := []column[siblingCell]{
		text("author", "#meta+author", func(s siblingCell) string { return s.Author }),
		text("at", "#date+created", func(s siblingCell) string { return s.At }),
		text("since", "", func(s siblingCell) string { return s.Since }),
	}
	return slices.Concat([]column[siblingCell]{id, text("code", "#meta+code", func(s siblingCell) string { return s.Code }),
		text("site", "#meta+site", func(s siblingCell) string { return s.Site }), formID}, what, who)
}

func (c *csvSink) siblingLabel(s siblingCell) string {
	fd, ok := s.sheet.lookup(s.Field)
	if !ok || !fd.Type.IsSelect() || c.mask != nil && c.mask.ruleOf(s.sheet, s.Field).do != keep {
		return ""
	}
	return labelOf(fieldOf(fd, s.row, s.Field), s.Value, c.language, s.sheet.versions[0].DefaultLanguage)
}

func numbers(list []int) string {
	out := make([]string, len(list))
	for i, n := range list {
		out[i] = strconv.Itoa(n)
	}
	return strings.Join(out, " ")
}

// jointColumns are those of a table of keys. A field that is not a counter has a numbered line for each record in which it is
// answered; the numbers are places in the column records.
func (c *csvSink) jointColumns(s *sheet) []column[*Joint] {
	each := func(get func(JointRecord) string) func(*Joint) string {
		return func(j *Joint) string {
			out := make([]string, len(j.Records))
			for i, r := range j.Records {
				out[i] = get(r)
			}
			return strings.Join(out, " ")
		}
	}
	columns := []column[*Joint]{
		text(s.key.Name, s.key.HXL, func(j *Joint) string { return j.ID }),
		count("observers", "", func(j *Joint) int { return len(j.Records) }),
		text("records", "", each(func(r JointRecord) string { return r.ID })),
	}
	if c.deidentified {
		columns = append(columns, text("countries", "", each(func(r JointRecord) string { return r.Country })))
	} else {
		columns = append(columns, text("sites", "", each(func(r JointRecord) string { return r.Site })),
			text("authors", "", each(func(r JointRecord) string { return r.Author })))
	}
	columns = append(columns, text("differ", "", differing))
	for _, fd := range s.within("") {
		if fd.Path == s.key.Path {
			continue
		}
		tag := ""
		if fd.Merge == form.Counter {
			tag = fd.HXL
		}
		columns = append(columns, column[*Joint]{fd.Name, tag, func(j *Joint) cell { return jointCell(j.Values[fd.Path]) }})
	}
	return columns
}

func differing(j *Joint) string {
	var out []string
	for _, path := range sortedKeys(j.Values) {
		if j.Values[path].Differ {
			out = append(out, path)
		}
	}
	return strings.Join(out, " ")
}

func jointCell(v JointValue) cell {
	if v.Each == nil {
		return cellOf(v.Total)
	}
	var out []string
	for i, value := range v.Each {
		if value != nil {
			out = append(out, strconv.Itoa(i+1)+": "+cellOf(value).text)
		}
	}
	return textCell(strings.Join(out, "\n"))
}
