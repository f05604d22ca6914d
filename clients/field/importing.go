package field

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"escale/schema/form"
	"escale/sync/merge"
)

// MaxLine is the size of one line of an import, in bytes.
const MaxLine = 1 << 20

// ErrLine reports a line of an import that is neither a new record nor an edit.
var ErrLine = errors.New(`a line holds "form" and "values" for a new record, or "id" and "set" for an edit`)

// line is one line of an import: form and values for a new record, id and set for an edit. ref names a new record for
// later lines of the same file, which may say it as parent or id.
type line struct {
	Form   string          `json:"form"`
	Values json.RawMessage `json:"values"`
	Site   string          `json:"site"`
	Ref    string          `json:"ref"`
	Parent string          `json:"parent"`
	ID     string          `json:"id"`
	Set    json.RawMessage `json:"set"`
	Why    string          `json:"why"`
}

// Imported is what became of one line.
type Imported struct {
	Line int    `json:"line"`
	Ref  string `json:"ref,omitempty"`
	ID   string `json:"id,omitempty"`
	Code string `json:"code,omitempty"`
	Err  error  `json:"-"`
}

// Import reads lines of JSON. Each record is durable before the next line is read, and is reported then; a line that is
// refused is reported and stops nothing.
func (b *Book) Import(ctx context.Context, r io.Reader, report func(Imported) error) error {
	scanner := bufio.NewScanner(r)
	scanner.Buffer(make([]byte, 64<<10), MaxLine)
	refs := map[string]Saved{}
	n := 0
	for scanner.Scan() {
		n++
		text := bytes.TrimSpace(scanner.Bytes())
		if len(text) == 0 {
			continue
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		done := Imported{Line: n}
		var l line
		var saved Saved
		if done.Err = decodeLine(text, &l); done.Err == nil {
			saved, done.Err = b.importLine(ctx, l, refs)
		}
		done.Ref = l.Ref
		if done.Err == nil {
			done.ID, done.Code = saved.ID.String(), saved.Code
			if l.Ref != "" {
				refs[l.Ref] = saved
			}
		}
		if err := report(done); err != nil {
			return err
		}
	}
	if err := scanner.Err(); err != nil {
		return fmt.Errorf("line %d: %w", n+1, err)
	}
	return nil
}

func decodeLine(text []byte, l *line) error {
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(l); err != nil {
		return fmt.Errorf("%w: %w", ErrLine, scrub(err))
	}
	if (l.Form == "") == (l.ID == "") || (l.Form != "" && l.Values == nil) || (l.ID != "" && l.Set == nil) {
		return ErrLine
	}
	return nil
}

// scrub keeps what a decoder quotes of the input out of messages: it may be somebody's words.
func scrub(err error) error {
	var syntax *json.SyntaxError
	if errors.As(err, &syntax) {
		return fmt.Errorf("not JSON from byte %d on", syntax.Offset)
	}
	var kind *json.UnmarshalTypeError
	if errors.As(err, &kind) {
		return fmt.Errorf("%q is not of the wanted type", kind.Field)
	}
	return errors.New("an unknown name, or the text breaks off")
}

func (b *Book) importLine(ctx context.Context, l line, refs map[string]Saved) (Saved, error) {
	if l.ID != "" {
		return b.importEdit(ctx, l, refs)
	}
	f, err := b.formNamed(l.Form)
	if err != nil {
		return Saved{}, err
	}
	answers, err := f.ParseAnswers(l.Values, b.p.Rand())
	if err != nil {
		return Saved{}, err
	}
	n := New{Form: l.Form, Site: l.Site, Parent: l.Parent, Answers: answers}
	if s, ok := refs[l.Parent]; ok {
		n.Code = s.Code
	}
	return b.Create(ctx, n)
}

func (b *Book) importEdit(ctx context.Context, l line, refs map[string]Saved) (Saved, error) {
	id := l.ID
	if s, ok := refs[l.ID]; ok {
		id = s.ID.String()
	}
	r, err := b.Get(ctx, id)
	if err != nil {
		return Saved{}, err
	}
	if r.Form == nil {
		return Saved{}, fmt.Errorf("%w: %q", ErrNoForm, r.FormID)
	}
	answers, err := r.Form.ParseAnswers(l.Set, b.p.Rand())
	if err != nil {
		return Saved{}, err
	}
	return b.EditShown(ctx, r, Change{Answers: answers, How: merge.How{Why: l.Why}})
}

// formNamed returns a form of any site of this device.
func (b *Book) formNamed(id string) (*form.Form, error) {
	for _, f := range b.Forms() {
		if f.ID == id {
			return f, nil
		}
	}
	return nil, fmt.Errorf("%w: %q", ErrNoForm, id)
}

// FormNamed returns a form of any site of this device.
func (b *Book) FormNamed(id string) (*form.Form, error) { return b.formNamed(id) }
