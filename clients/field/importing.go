package field

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"unicode/utf8"

	"escale/schema/form"
	"escale/store/agentdb"
	"escale/sync/merge"
)

// MaxLine is the size of one line of an import, in bytes.
const MaxLine = 1 << 20

// Errors of a line of an import.
var (
	ErrLine     = errors.New(`a line holds "form" and "values" for a new record, or "id" and "set" for an edit`)
	ErrLongLine = errors.New("the line is too long")
	ErrEncoding = errors.New("the line is not UTF-8")
)

// byteOrderMark begins text files of some editors, and our own exports.
var byteOrderMark = []byte("\xef\xbb\xbf")

// line is one line of an import: form and values for a new record, id and set for an edit. ref names a new record for
// later lines of the same file, which may say it as parent or id. key is the author's own name of the line: what was saved
// under a key is not saved again, so that an import that broke off is simply run again.
type line struct {
	Key    string          `json:"key"`
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
	// Again says that the line was saved by an earlier import, under its key.
	Again bool  `json:"again,omitempty"`
	Err   error `json:"-"`
}

// Import reads lines of JSON. Each record is durable before the next line is read, and is reported then; a line that is
// refused is reported and stops nothing. What no later line could survive, such as a full disk, ends the import.
func (b *Book) Import(ctx context.Context, r io.Reader, report func(Imported) error) error {
	lines := bufio.NewReaderSize(r, MaxLine)
	refs := map[string]Saved{}
	for n := 1; ; n++ {
		text, err := readLine(lines)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil && !errors.Is(err, ErrLongLine) {
			return fmt.Errorf("line %d: %w", n, err)
		}
		if n == 1 {
			text = bytes.TrimPrefix(text, byteOrderMark)
		}
		if text = bytes.TrimSpace(text); len(text) == 0 && err == nil {
			continue
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		done := Imported{Line: n, Err: err}
		if err == nil {
			b.importText(ctx, text, refs, &done)
		}
		if hopeless(done.Err) {
			return fmt.Errorf("line %d: %w", n, done.Err)
		}
		if err := report(done); err != nil {
			return err
		}
	}
}

// readLine returns the next line, valid until the next call. A line longer than MaxLine is read to its end and refused.
func readLine(r *bufio.Reader) ([]byte, error) {
	text, err := r.ReadSlice('\n')
	long := errors.Is(err, bufio.ErrBufferFull)
	for errors.Is(err, bufio.ErrBufferFull) {
		_, err = r.ReadSlice('\n')
	}
	switch {
	case err != nil && !errors.Is(err, io.EOF):
		return nil, err
	case long:
		return nil, ErrLongLine
	case len(text) > 0:
		return text, nil // the last line may lack its end
	}
	return nil, err
}

// hopeless reports whether an error is about this laptop and not about the line, so that every further line would fail too.
func hopeless(err error) bool {
	return slices.ContainsFunc([]error{agentdb.ErrFull, agentdb.ErrReadOnly, agentdb.ErrDamaged, agentdb.ErrInUse, context.Canceled,
		context.DeadlineExceeded}, func(target error) bool { return errors.Is(err, target) })
}

// importText carries out one line and notes what became of it.
func (b *Book) importText(ctx context.Context, text []byte, refs map[string]Saved, done *Imported) {
	var l line
	if done.Err = decodeLine(text, &l); done.Err != nil {
		return
	}
	done.Ref = l.Ref
	var saved Saved
	if saved, done.Again, done.Err = b.importOnce(ctx, l, refs); done.Err != nil {
		return
	}
	done.ID, done.Code = saved.ID.String(), saved.Code
	if l.Ref != "" {
		refs[l.Ref] = saved
	}
}

// decodeLine refuses whatever it would have to guess at: a second document on the line would be acknowledged and lost, bytes
// that are not UTF-8 would be saved as something else.
func decodeLine(text []byte, l *line) error {
	if !utf8.Valid(text) {
		return ErrEncoding
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(l); err != nil {
		return fmt.Errorf("%w: %w", ErrLine, scrub(err))
	}
	if d.InputOffset() != int64(len(text)) {
		return fmt.Errorf("%w: more follows from byte %d on", ErrLine, d.InputOffset())
	}
	creates, edits := l.Form != "" && l.Values != nil, l.ID != "" && l.Set != nil
	if creates == edits || (creates && (l.ID != "" || l.Set != nil)) || (edits && (l.Form != "" || l.Values != nil)) {
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

// importOnce carries out a line unless one of the same key was carried out before.
func (b *Book) importOnce(ctx context.Context, l line, refs map[string]Saved) (s Saved, again bool, err error) {
	once, err := b.markOf(l.Key)
	if err != nil {
		return s, false, err
	}
	if s, again, err = b.marked(ctx, once); err != nil || again {
		return s, again, err
	}
	if l.ID != "" {
		s, err = b.importEdit(ctx, l, refs, once)
	} else {
		s, err = b.importNew(ctx, l, refs, once)
	}
	return s, false, err
}

func (b *Book) importNew(ctx context.Context, l line, refs map[string]Saved, once mark) (Saved, error) {
	f, err := b.formNamed(l.Form)
	if err != nil {
		return Saved{}, err
	}
	answers, err := f.ParseAnswers(l.Values, b.p.Rand())
	if err != nil {
		return Saved{}, err
	}
	n := New{Form: l.Form, Site: l.Site, Parent: l.Parent, Answers: answers, once: once}
	if s, ok := refs[l.Parent]; ok {
		if n.Code = s.Code; n.Code == "" {
			return Saved{}, ErrNoParent // saved by an earlier import, and this laptop cannot read its code
		}
	}
	return b.Create(ctx, n)
}

func (b *Book) importEdit(ctx context.Context, l line, refs map[string]Saved, once mark) (Saved, error) {
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
	return b.EditShown(ctx, r, Change{Answers: answers, How: merge.How{Why: l.Why}, once: once})
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
