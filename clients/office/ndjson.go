package office

import (
	"bufio"
	"encoding/json"
	"io"
)

// ndjsonSink writes one JSON object a line, with exact values. A repeat needs no file of its own: the paths of its values
// carry the ids of the instances.
type ndjsonSink struct {
	records   map[*sheet]*lines
	joins     map[*sheet]*lines
	conflicts *lines
	report    *Report
}

// lines is one file of JSON lines.
type lines struct {
	buffer *bufio.Writer
	json   *json.Encoder
	report FileReport
}

func newLines(w io.Writer, name, form string) *lines {
	l := &lines{buffer: bufio.NewWriterSize(w, 64<<10), report: FileReport{Name: name, Form: form}}
	l.json = json.NewEncoder(l.buffer)
	l.json.SetEscapeHTML(false)
	return l
}

func (l *lines) write(v any) error {
	l.report.Records++
	return l.json.Encode(v)
}

// ndjsonStarts lists the files of a form, or those of no form, and how they begin.
func ndjsonStarts(s *sheet, deidentified bool) []planned {
	start := `{"id":"`
	if deidentified {
		start = `{"deidentified":true,"id":"`
	}
	if s == nil {
		return []planned{{conflictsName + "." + NDJSON, start}}
	}
	out := []planned{{s.id + "." + NDJSON, start}}
	if s.key != nil {
		out = append(out, planned{s.joinedName() + "." + NDJSON, start})
	}
	return out
}

func newNDJSONSink(dir *folder, e *export) (*ndjsonSink, error) {
	n := &ndjsonSink{records: map[*sheet]*lines{}, joins: map[*sheet]*lines{}, report: e.report}
	for _, s := range e.permit.sheets {
		var err error
		if n.records[s], err = createLines(dir, s.id, s.id); err != nil {
			return nil, err
		}
		if s.key == nil {
			continue
		}
		if n.joins[s], err = createLines(dir, s.joinedName(), s.id); err != nil {
			return nil, err
		}
	}
	var err error
	n.conflicts, err = createLines(dir, conflictsName, "")
	return n, err
}

func createLines(dir *folder, name, form string) (*lines, error) {
	name += "." + NDJSON
	w, err := dir.create(name)
	if err != nil {
		return nil, err
	}
	return newLines(w, name, form), nil
}

func (n *ndjsonSink) record(s *sheet, row *Row) error {
	if err := n.records[s].write(row); err != nil {
		return err
	}
	for _, line := range siblingLines(row) {
		if err := n.conflicts.write(line); err != nil {
			return err
		}
	}
	return nil
}

func (n *ndjsonSink) joined(s *sheet, j *Joint) error { return n.joins[s].write(j) }

func (n *ndjsonSink) flush() error {
	all := []*lines{n.conflicts}
	for _, l := range n.records {
		all = append(all, l)
	}
	for _, l := range n.joins {
		all = append(all, l)
	}
	for _, l := range all {
		if err := l.buffer.Flush(); err != nil {
			return err
		}
		n.report.Files = append(n.report.Files, l.report)
	}
	return nil
}

// SiblingLine is one sibling in the list of open conflicts.
type SiblingLine struct {
	Deidentified bool   `json:"deidentified,omitempty"`
	ID           string `json:"id"` // of the record
	Code         string `json:"code,omitempty"`
	Form         string `json:"form"`
	Site         string `json:"site,omitempty"`
	Country      string `json:"country,omitempty"`
	Field        string `json:"field"`
	Policy       string `json:"policy"`
	Since        string `json:"since,omitempty"`
	Sibling
}

func siblingLines(row *Row) []SiblingLine {
	var out []SiblingLine
	for _, c := range row.Conflicts {
		for _, s := range c.Siblings {
			out = append(out, SiblingLine{Deidentified: row.Deidentified, ID: row.ID, Code: row.Code, Form: row.Form, Site: row.Site,
				Country: row.Country, Field: c.Field, Policy: c.Policy, Since: c.Since, Sibling: s})
		}
	}
	return out
}
