package form

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"math"
	"strconv"
	"strings"
	"unicode"
)

// MaxJSON is the size of one answer set as JSON.
const MaxJSON = 1 << 20

// ParseAnswers reads an object of answers: {"path": value, …}. A repeat may also be an array of objects under its name; each
// gets an instance id from random. null clears. Numbers and sets may be written as text, as for ParseSet.
// What it returns still has to be validated. The error is Problems, or that of the random source.
func (f *Form) ParseAnswers(data []byte, random io.Reader) (Answers, error) {
	if len(data) > MaxJSON {
		return nil, Problems{{Form: f.ID, Check: CheckTooLong, Limit: MaxJSON}}
	}
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	p := jsonReader{form: f, decoder: d, random: random, answers: Answers{}}
	if err := p.read(); err != nil {
		return nil, err
	}
	if len(p.problems) > 0 {
		return nil, p.problems
	}
	return p.answers, nil
}

// ParseSet reads assignments of the form "field=value". A set is written with spaces or commas; nothing after "=" clears, and
// for a set under restrict_wins it means that nothing is allowed. The error is Problems.
func (f *Form) ParseSet(assignments []string) (Answers, error) {
	answers := Answers{}
	var problems Problems
	if len(assignments) > MaxAnswers {
		return nil, Problems{{Form: f.ID, Check: CheckTooMany, Limit: MaxAnswers}}
	}
	for _, a := range assignments {
		path, text, ok := strings.Cut(a, "=")
		path = strings.TrimSpace(path)
		if !ok {
			problems = append(problems, f.problem("", CheckSyntax))
			continue
		}
		field, known := f.Lookup(path)
		_, twice := answers[path]
		value, check := any(nil), CheckUnknown
		if known {
			value, check = field.parse(text)
		}
		if check == "" && twice {
			check = CheckTwice
		}
		if check != "" {
			problems = append(problems, f.problem(path, check))
			continue
		}
		answers[path] = value
	}
	if len(problems) > 0 {
		return nil, problems
	}
	return answers, nil
}

// parse reads the text of one value. nil means cleared.
func (f *Field) parse(text string) (any, Check) {
	if f.IsSet() {
		return f.set(strings.FieldsFunc(text, func(r rune) bool { return unicode.IsSpace(r) || r == ',' })), ""
	}
	trimmed := strings.TrimSpace(text)
	switch {
	case trimmed == "":
		return nil, ""
	case f.Type == TypeInteger, f.Type == TypeRange && !f.fractional():
		n, err := strconv.ParseInt(trimmed, 10, 64)
		return n, failUnless(err == nil, CheckType)
	case f.Type == TypeDecimal, f.Type == TypeRange:
		x, err := strconv.ParseFloat(trimmed, 64)
		return x, failUnless(err == nil && !math.IsNaN(x) && !math.IsInf(x, 0), CheckType)
	case f.Key:
		return CanonicalKey(text), ""
	case f.Type == TypeText, f.Type == TypeCalculate, f.Type == TypeHidden:
		return text, ""
	default:
		return trimmed, ""
	}
}

func (f *Field) set(names []string) any {
	if len(names) == 0 && !f.inclusive() {
		return nil
	}
	return CanonicalSet(names)
}

// jsonReader walks over tokens, so that a name given twice is seen.
type jsonReader struct {
	form     *Form
	decoder  *json.Decoder
	random   io.Reader
	answers  Answers
	problems Problems
}

// errSyntax ends the reading; the decoder's own message could quote a value.
var errSyntax = errors.New("not valid JSON")

func (r *jsonReader) read() error {
	if err := r.start(); err != nil {
		return r.syntax(err)
	}
	if _, err := r.decoder.Token(); !errors.Is(err, io.EOF) {
		return r.syntax(errSyntax)
	}
	return nil
}

func (r *jsonReader) start() error {
	if t, err := r.decoder.Token(); err != nil || t != json.Delim('{') {
		return errSyntax
	}
	return r.object("", "")
}

func (r *jsonReader) syntax(err error) error {
	if errors.Is(err, errSyntax) {
		return Problems{r.form.problem("", CheckSyntax)}
	}
	return err
}

func (r *jsonReader) add(path string, c Check) {
	r.problems = append(r.problems, r.form.problem(path, c))
}

// object reads the members of an object whose "{" was read. Prefix carries instance ids, template does not.
func (r *jsonReader) object(prefix, template string) error {
	for r.decoder.More() {
		t, err := r.decoder.Token()
		if err != nil {
			return errSyntax
		}
		name, ok := t.(string)
		if !ok {
			return errSyntax
		}
		if err := r.member(prefix, template, name); err != nil {
			return err
		}
	}
	if _, err := r.decoder.Token(); err != nil {
		return errSyntax
	}
	return nil
}

func (r *jsonReader) member(prefix, template, name string) error {
	if r.form.isRepeat(template + name) {
		return r.instances(prefix+name+"/", template+name+"/")
	}
	var value any
	if err := r.decoder.Decode(&value); err != nil {
		return errSyntax
	}
	path := prefix + name
	field, known := r.form.Lookup(path)
	if !known {
		r.add(path, CheckUnknown)
		return nil
	}
	if _, twice := r.answers[path]; twice {
		r.add(path, CheckTwice)
		return nil
	}
	parsed, check := field.fromJSON(value)
	if check != "" {
		r.add(path, check)
	}
	r.answers[path] = parsed
	return nil
}

func (r *jsonReader) instances(prefix, template string) error {
	if t, err := r.decoder.Token(); err != nil || t != json.Delim('[') {
		return errSyntax
	}
	for r.decoder.More() {
		if t, err := r.decoder.Token(); err != nil || t != json.Delim('{') || r.random == nil {
			return errSyntax
		}
		if len(r.answers) > MaxAnswers {
			return Problems{{Form: r.form.ID, Check: CheckTooMany, Limit: MaxAnswers}}
		}
		id, err := NewInstanceID(r.random)
		if err != nil {
			return err
		}
		if err := r.object(prefix+id+"/", template); err != nil {
			return err
		}
	}
	if _, err := r.decoder.Token(); err != nil {
		return errSyntax
	}
	return nil
}

// isRepeat tells whether a path without instance ids names a repeat.
func (f *Form) isRepeat(template string) bool {
	for _, field := range f.Fields {
		if strings.HasPrefix(field.Path, template+"/") {
			return true
		}
	}
	return false
}

func (f *Field) fromJSON(value any) (any, Check) {
	switch v := value.(type) {
	case nil:
		return nil, ""
	case string:
		return f.parse(v)
	case json.Number:
		if f.Type != TypeInteger && f.Type != TypeDecimal && f.Type != TypeRange {
			return nil, CheckType
		}
		return f.parse(v.String())
	case []any:
		return f.fromArray(v)
	}
	return nil, CheckType
}

func (f *Field) fromArray(values []any) (any, Check) {
	if !f.IsSet() {
		return nil, CheckType
	}
	names := make([]string, 0, len(values))
	for _, v := range values {
		name, ok := v.(string)
		if !ok {
			return nil, CheckType
		}
		names = append(names, name)
	}
	return f.set(names), ""
}
