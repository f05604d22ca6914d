package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"escale/schema/form"
	"escale/schema/xlsform"
)

// walk is a recorded way through a form, event by event.
type walk struct {
	Form     string      `json:"form"`
	Seed     int         `json:"seed"`
	Language string      `json:"language"`
	Events   []walkEvent `json:"events"`
	Final    []finalLeaf `json:"final"`
	Volatile []string    `json:"volatile"`
}

type walkEvent struct {
	Event    string      `json:"event"`
	Ref      string      `json:"ref"`
	Label    string      `json:"label"`
	Hint     string      `json:"hint"`
	Required bool        `json:"required"`
	ReadOnly bool        `json:"readonly"`
	Before   *string     `json:"before"`
	Choices  [][]*string `json:"choices"`
	Count    int         `json:"choice_count"`
	Tries    [][]*string `json:"tries"`
	Add      bool        `json:"add"`
}

type finalLeaf struct {
	Ref      string  `json:"ref"`
	Relevant bool    `json:"relevant"`
	Value    *string `json:"value"`
}

func runWalks(dir, _ string, t *tally) error {
	files, err := filepath.Glob(filepath.Join(dir, "walks", "*.jsonl"))
	if err != nil {
		return fmt.Errorf("find walks: %w", err)
	}
	for _, file := range files {
		if err := runWalkFile(dir, file, t); err != nil {
			return fmt.Errorf("%s: %w", filepath.Base(file), err)
		}
	}
	return nil
}

func runWalkFile(dir, file string, t *tally) error {
	data, err := os.ReadFile(file)
	if err != nil {
		return fmt.Errorf("read walk: %w", err)
	}
	lines := bufio.NewScanner(bytes.NewReader(data))
	lines.Buffer(nil, 64<<20)
	for lines.Scan() {
		var w walk
		if err := json.Unmarshal(lines.Bytes(), &w); err != nil {
			return fmt.Errorf("parse walk: %w", err)
		}
		if err := w.run(dir, t); err != nil {
			return err
		}
	}
	if err := lines.Err(); err != nil {
		return fmt.Errorf("read walk: %w", err)
	}
	return nil
}

// run replays a walk. A form that cannot be opened fails all its events.
func (w walk) run(dir string, t *tally) error {
	name := fmt.Sprintf("%s seed %d", w.Form, w.Seed)
	s, err := w.open(dir)
	if err != nil {
		for _, e := range w.Events {
			t.add(w.Form, name+" "+e.Ref, "the form does not open: "+err.Error())
		}
		t.add(w.Form, name+" final", "the form does not open")
		return nil
	}
	p := player{session: s}
	for _, e := range w.Events {
		t.add(w.Form, name+" "+e.Event+" "+e.Ref, p.play(e))
	}
	s.Finish(moment())
	t.add(w.Form, name+" final", w.differs(s))
	return nil
}

// moment is the clock of the recordings.
func moment() time.Time { return time.Date(2026, 3, 15, 10, 0, 0, 0, time.UTC) }

func (w walk) open(dir string) (*form.Session, error) {
	data, err := os.ReadFile(filepath.Join(dir, "forms", w.Form))
	if err != nil {
		return nil, fmt.Errorf("read form: %w", err)
	}
	book, err := xlsform.ReadXLSX(bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	f, _, err := xlsform.ReadPlain(book)
	if err != nil {
		return nil, err
	}
	return f.Begin(xlsform.Language(w.Language), form.Sources{Now: moment(), Random: newCounter()})
}

// player remembers where in the form the walk is.
type player struct {
	session *form.Session
	last    string // ref of the last event
	made    string // the instance that the last event made: it is not entered once more
}

// play compares one event with the form and does what was done; it returns what differs.
func (p *player) play(e walkEvent) string {
	lines := p.session.Outline()
	at := slices.IndexFunc(lines, func(l form.Line) bool { return l.Ref == e.Ref })
	if at < 0 {
		return "is not shown"
	}
	problem := p.order(lines, at)
	p.last, p.made = e.Ref, ""
	var found string
	switch e.Event {
	case "question":
		found = p.question(lines[at].Key, e)
	case "new-repeat?":
		found = p.repeat(lines[at], e)
	default:
		found = p.group(lines[at].Key, e)
	}
	if problem == "" {
		problem = found
	}
	return problem
}

// order tells whether the event is the next thing that the form shows.
func (p *player) order(lines []form.Line, at int) string {
	next := slices.IndexFunc(lines, func(l form.Line) bool { return l.Ref == p.last }) + 1
	if next < len(lines) && lines[next].Ref == p.made && p.made != "" {
		next++
	}
	if next < at {
		return "the form shows " + lines[next].Ref + " first"
	}
	return ""
}

func (p *player) group(key string, e walkEvent) string {
	element, ok := p.session.Element(key)
	if !ok {
		return "is not shown"
	}
	return differShown(element.Label, e.Label)
}

func (p *player) repeat(line form.Line, e walkEvent) string {
	if line.Kind != form.KindRepeat {
		return "an instance is there already"
	}
	if !e.Add {
		return ""
	}
	if _, err := p.session.Add(line.Key); err != nil {
		return err.Error()
	}
	p.last = e.Ref
	return ""
}

func (p *player) question(key string, e walkEvent) string {
	element, ok := p.session.Element(key)
	if !ok {
		return "is not shown"
	}
	var problems []string
	note := func(name, problem string) {
		if problem != "" {
			problems = append(problems, name+" "+problem)
		}
	}
	note("label", differShown(element.Label, e.Label))
	note("hint", differShown(element.Hint, e.Hint))
	note("required", differ(fmt.Sprint(element.Required), fmt.Sprint(e.Required)))
	note("readonly", differ(fmt.Sprint(element.ReadOnly), fmt.Sprint(e.ReadOnly)))
	note("before", differ(element.Value, text(e.Before)))
	if element.Item.Type != form.TypeRank { // the engine that recorded offers no choices to rank
		note("choices", differChoices(element.Options, e))
	}
	for _, try := range e.Tries {
		note("try", p.try(key, try))
	}
	return strings.Join(problems, "; ")
}

// try gives an answer and compares what the form says to it.
func (p *player) try(key string, try []*string) string {
	if len(try) < 2 {
		return "is not complete"
	}
	value, verdict := text(try[0]), text(try[1])
	trouble, ok := p.session.Check(key, value)
	got := "ok"
	if !ok {
		got = string(trouble.Check)
	}
	var problem string
	if problem = differ(got, verdict); problem == "" && len(try) > 2 {
		problem = differShown(trouble.Message, text(try[2]))
	}
	if verdict == "ok" {
		if err := p.session.Set(key, value); err != nil {
			problem = err.Error()
		}
	}
	if problem != "" {
		return fmt.Sprintf("%q: %s", value, problem)
	}
	return ""
}

func text(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

// differShown compares texts as they are shown. "-" stands in recordings where the form has no text in the language.
func differShown(got, want string) string {
	if want == "-" {
		return ""
	}
	return differ(plainText(got), plainText(want))
}

// plainText leaves out what the recordings do not keep: runs of space and bent quotes.
func plainText(s string) string {
	straight := strings.NewReplacer("‘", "'", "’", "'", "“", "\"", "”", "\"")
	return strings.Join(strings.Fields(straight.Replace(s)), " ")
}

func differChoices(got []form.Option, e walkEvent) string {
	if len(got) != e.Count {
		return fmt.Sprintf("%d, expected %d", len(got), e.Count)
	}
	for i, want := range e.Choices {
		if len(want) < 2 {
			return "of the case are not complete"
		}
		if problem := differ(got[i].Name, text(want[0])); problem != "" {
			return problem
		}
		if problem := differShown(got[i].Label, text(want[1])); problem != "" {
			return problem
		}
	}
	return ""
}

// differs compares all values at the end.
func (w walk) differs(s *form.Session) string {
	got := map[string]form.Leaf{}
	for _, leaf := range s.Leaves() {
		got[leaf.Ref] = leaf
	}
	var problems []string
	for _, want := range w.Final {
		if slices.Contains(w.Volatile, want.Ref) || strings.Contains(want.Ref, "/meta[1]/") {
			continue
		}
		leaf, ok := got[want.Ref]
		switch {
		case !ok:
			problems = append(problems, want.Ref+" is missing")
		case leaf.Relevant != want.Relevant:
			problems = append(problems, fmt.Sprintf("%s relevant %v", want.Ref, leaf.Relevant))
		case want.Relevant && !sameValue(leaf.Value, text(want.Value)):
			problems = append(problems, want.Ref+" "+differ(leaf.Value, text(want.Value)))
		}
	}
	if len(problems) > 0 {
		return fmt.Sprintf("%d of %d values: %s", len(problems), len(w.Final), strings.Join(problems, "; "))
	}
	return ""
}

// sameValue compares numbers by what they mean: 1500 is 1500.0.
func sameValue(a, b string) bool {
	x, err1 := strconv.ParseFloat(a, 64)
	y, err2 := strconv.ParseFloat(b, 64)
	return a == b || err1 == nil && err2 == nil && x == y
}

// counter is a source of bytes that are never the same for long, and always the same in a new run.
type counter struct{ n byte }

func newCounter() *counter { return &counter{} }

func (c *counter) Read(b []byte) (int, error) {
	if len(b) == 0 {
		return 0, errors.New("nothing to read")
	}
	for i := range b {
		c.n++
		b[i] = c.n
	}
	return len(b), nil
}
