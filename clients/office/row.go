package office

import (
	"strings"
	"time"

	"escale/clients/field"
	"escale/schema/form"
	"escale/sync/merge"
)

// Row is one record as it leaves: an NDJSON line, and what tables are made of. Values hold string, int64, float64, bool,
// []string, []Entry for an append field, or nil for an answer that was taken back; a counter holds its total.
type Row struct {
	Deidentified bool                       `json:"deidentified,omitempty"`
	ID           string                     `json:"id"`
	Code         string                     `json:"code,omitempty"`
	Form         string                     `json:"form"`
	Version      string                     `json:"version"`
	Kind         string                     `json:"kind"`
	Site         string                     `json:"site,omitempty"`
	Country      string                     `json:"country,omitempty"`
	CreatedAt    string                     `json:"created_at,omitempty"` // by the author's clock
	Author       string                     `json:"author,omitempty"`     // code of the member
	Exists       string                     `json:"exists"`               // yes; question: deleted by one, edited by another
	Parts        map[string]field.PartState `json:"parts"`
	Values       map[string]any             `json:"values"` // what is shown, by path
	Conflicts    []Conflict                 `json:"conflicts"`
	Review       []string                   `json:"review,omitempty"` // consents that somebody wanted wider than they are

	open int // conflicts, those of dropped fields included
	form *form.Form
}

// Entry is one entry of an append field. A de-identified one has its text only.
type Entry struct {
	Value  string `json:"value"`
	Author string `json:"author,omitempty"`
	At     string `json:"at,omitempty"`
}

// Conflict is a field of a record that waits for a person.
type Conflict struct {
	Field    string    `json:"field"`
	Policy   string    `json:"policy"`
	Since    string    `json:"since,omitempty"`
	Siblings []Sibling `json:"siblings"`
}

// Sibling is one of the values between which a person has to choose.
type Sibling struct {
	Number int    `json:"number"`
	Value  any    `json:"value"`
	Author string `json:"author,omitempty"`
	At     string `json:"at,omitempty"`
	Saw    []int  `json:"saw"`
}

// stamp writes a moment, in milliseconds as hybrid time has them.
func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format("2006-01-02T15:04:05.000Z07:00")
}

// Describe returns a record in full, as an export of it would have it. It asks for no right to export: it is for showing a
// member what the member may see. A record that the member sees without names is refused.
func Describe(b *field.Book, r *field.Record) (*Row, error) {
	if r.Deidentified() {
		return nil, &Refused{Role: b.Role(), Form: r.FormID}
	}
	return fullRow(b, r), nil
}

func fullRow(b *field.Book, r *field.Record) *Row {
	row := &Row{ID: r.ID.String(), Code: r.Code, Form: r.FormID, Kind: r.Kind, Site: r.Site, CreatedAt: stamp(r.Created),
		Author: b.AuthorCode(r.Author), Exists: existence(r.Exists), Parts: r.Parts, Values: map[string]any{}, Conflicts: []Conflict{}, form: r.Form}
	if r.Form != nil {
		row.Version = r.Form.Version
	}
	for _, path := range r.Paths() {
		f := r.Fields[path]
		row.Values[path] = shown(b, f)
		if f.Review {
			row.Review = append(row.Review, path)
		}
	}
	for _, c := range b.ConflictsOf(r) {
		row.Conflicts = append(row.Conflicts, conflictOf(c))
	}
	row.open = len(row.Conflicts)
	return row
}

func existence(e merge.Existence) string {
	switch e {
	case merge.Deleted:
		return "deleted"
	case merge.Question:
		return "question"
	}
	return "yes"
}

func shown(b *field.Book, f *merge.Field) any {
	if f.Policy != merge.Appending {
		return f.Value
	}
	out := []Entry{}
	for _, w := range f.History() {
		if w.Mark != merge.Shown {
			continue
		}
		for _, text := range entriesOf(w.Value) {
			out = append(out, Entry{Value: text, Author: b.AuthorCode(w.Author), At: stamp(w.Time.Wall())})
		}
	}
	return out
}

func entriesOf(value any) []string {
	switch v := value.(type) {
	case string:
		return []string{v}
	case []string:
		return v
	}
	return nil
}

func conflictOf(c field.Conflict) Conflict {
	out := Conflict{Field: c.Field, Policy: c.Policy, Since: stamp(c.Since)}
	for _, s := range c.Siblings {
		out.Siblings = append(out.Siblings, Sibling{Number: s.Number, Value: s.Value, Author: s.Author, At: stamp(s.At), Saw: s.Saw})
	}
	return out
}

// partsText lists the states of a record's parts, in the order of the form.
func (row *Row) partsText() string {
	var out []string
	done := map[string]bool{}
	if row.form != nil {
		for _, c := range row.form.Compartments() {
			if state, ok := row.Parts[c]; ok {
				out, done[c] = append(out, c+":"+string(state)), true
			}
		}
	}
	for _, c := range sortedKeys(row.Parts) {
		if !done[c] {
			out = append(out, c+":"+string(row.Parts[c]))
		}
	}
	return strings.Join(out, " ")
}
