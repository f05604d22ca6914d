package office

import (
	"encoding/json"
	"strings"

	"escale/schema/form"
)

// csvSink writes one table per form and repeat, one of keys for forms whose records are joined, and one of open conflicts.
type csvSink struct {
	language     string
	deidentified bool
	mask         *mask
	report       *Report
	tables       []*counted
	main         map[*sheet]*tableOf[*Row]
	repeats      map[*sheet][]*repeatTable
	joins        map[*sheet]*tableOf[*Joint]
	conflicts    *tableOf[siblingCell]
}

// counted is a table and what the report says of it.
type counted struct {
	*table
	report FileReport
}

// tableOf is a table and its columns.
type tableOf[T any] struct {
	*counted
	columns []column[T]
}

func (t *tableOf[T]) add(about T) error {
	t.report.Records++
	return t.row(cellsOf(t.columns, about))
}

// repeatTable has a row for each instance of a repeat.
type repeatTable struct {
	repeat string
	tableOf[instance]
}

// instance is one instance of a repeat in a record.
type instance struct {
	row    *Row
	prefix string
	ids    []string
}

func newCSVSink(dir *folder, e *export) (*csvSink, error) {
	c := &csvSink{language: e.o.Language, deidentified: e.permit.deidentified, mask: e.mask, report: e.report,
		main: map[*sheet]*tableOf[*Row]{}, repeats: map[*sheet][]*repeatTable{}, joins: map[*sheet]*tableOf[*Joint]{}}
	var err error
	for _, s := range e.permit.sheets {
		if c.main[s], err = createTable(dir, c, s.id, s.id, c.recordColumns(s)); err != nil {
			return nil, err
		}
		for _, repeat := range s.repeats {
			t, err := createTable(dir, c, s.repeatName(repeat), s.id, c.repeatColumns(s, repeat))
			if err != nil {
				return nil, err
			}
			c.repeats[s] = append(c.repeats[s], &repeatTable{repeat, *t})
		}
		if s.key == nil {
			continue
		}
		if c.joins[s], err = createTable(dir, c, s.joinedName(), s.id, c.jointColumns(s)); err != nil {
			return nil, err
		}
	}
	c.conflicts, err = createTable(dir, c, conflictsName, "", c.conflictColumns())
	return c, err
}

func createTable[T any](dir *folder, c *csvSink, name, formID string, columns []column[T]) (*tableOf[T], error) {
	name += "." + CSV
	w, err := dir.create(name)
	if err != nil {
		return nil, err
	}
	t := &tableOf[T]{&counted{newTable(w), FileReport{Name: name, Form: formID}}, columns}
	c.tables = append(c.tables, t.counted)
	names, tags := header(columns)
	if err := t.row(names); err != nil {
		return nil, err
	}
	return t, t.row(tags)
}

func (c *csvSink) record(s *sheet, row *Row) error {
	if err := c.main[s].add(row); err != nil {
		return err
	}
	for _, t := range c.repeats[s] {
		for _, i := range instancesOf(s, row, t.repeat) {
			if err := t.add(i); err != nil {
				return err
			}
		}
	}
	for _, line := range siblingLines(row) {
		if err := c.conflicts.add(siblingCell{line, s, row}); err != nil {
			return err
		}
	}
	return nil
}

// instancesOf lists the instances of a repeat that have a value, by id.
func instancesOf(s *sheet, row *Row, repeat string) []instance {
	var out []instance
	seen := map[string]bool{}
	for _, path := range sortedKeys(row.Values) {
		fd, ok := s.lookup(path)
		if !ok || strings.Join(fd.Repeats, "/") != repeat {
			continue
		}
		prefix, ids := cutPath(path)
		if !seen[prefix] {
			seen[prefix] = true
			out = append(out, instance{row, prefix, ids})
		}
	}
	return out
}

func (c *csvSink) joined(s *sheet, j *Joint) error { return c.joins[s].add(j) }

func (c *csvSink) flush() error {
	for _, t := range c.tables {
		if err := t.flush(); err != nil {
			return err
		}
		c.report.Files = append(c.report.Files, t.report)
	}
	return nil
}

// others lists as JSON what a record holds and no version of its form has a column for: nothing is left out unsaid.
func others(s *sheet, row *Row) string {
	left := map[string]any{}
	for path, value := range row.Values {
		if _, ok := s.lookup(path); !ok {
			left[path] = value
		}
	}
	if len(left) == 0 {
		return ""
	}
	b, err := json.Marshal(left)
	if err != nil {
		return "?" // values are texts, numbers and lists of texts: they always encode
	}
	return string(b)
}

// fieldOf returns a field as the record's own version of the form has it.
func fieldOf(fd *form.Field, row *Row, path string) *form.Field {
	if row.form != nil {
		if own, ok := row.form.Lookup(path); ok {
			return own
		}
	}
	return fd
}

// csvStarts lists the tables of a form, or those of no form, and how they begin.
func csvStarts(s *sheet, deidentified bool) []planned {
	head, where := "id,code,", "sites"
	if deidentified {
		head, where = "id,country,", "countries"
	}
	if s == nil {
		return []planned{{conflictsName + "." + CSV, byteOrderMark + head}}
	}
	out := []planned{{s.id + "." + CSV, byteOrderMark + head}}
	for _, repeat := range s.repeats {
		outermost, _, _ := strings.Cut(repeat, "/")
		out = append(out, planned{s.repeatName(repeat) + "." + CSV, byteOrderMark + "id," + outermost + "_id,"})
	}
	if s.key != nil {
		out = append(out, planned{s.joinedName() + "." + CSV, byteOrderMark + s.key.Name + ",observers,records," + where + ","})
	}
	return out
}
