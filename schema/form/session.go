package form

import (
	"errors"
	"io"
	"slices"
	"strings"
	"time"

	"escale/schema/expr"
)

// Bounds of a running form.
const (
	MaxInstances = 512 // of one repeat, inside one instance of what encloses it
	maxEntries   = 200_000
)

// Sources are what the running form and the agent make values of.
type Sources struct {
	Random io.Reader
	Now    time.Time // in the writer's zone
	Member string    // the writer's code
	Parent string    // the code of the parent record; "" when there is none
	Site   string    // the site that the record belongs to
	Hidden map[string]bool

	Email, Phone, Device string // metadata, for forms that ask for it
}

// Session is a form that is being filled in: it keeps what is relevant, calculated and asked for up to date after each
// answer. It is used by one goroutine.
type Session struct {
	form     *Form
	sources  Sources
	language string
	root     *entry
	lists    map[string]*expr.Node // secondary instances in the language shown
	bare     bool                  // repeats begin without an instance
	frozen   bool                  // values stand as they were given: nothing is calculated
	entries  int
	err      error // of the random source
	began    time.Time
	shuffle  int64
	depth    int
	foreign  Answers // answers that the form has no field for
	strays   []Entry // values of a draft that this version of the form has no place for
}

// Begin starts an empty form: defaults are set and everything is calculated once. The error is that of the random source.
func (f *Form) Begin(language string, s Sources) (*Session, error) {
	x := f.open(language, s)
	x.root = x.newEntry(f.root, nil)
	x.plant()
	x.preload(x.root)
	x.defaults(x.root)
	x.everything()
	return x, x.err
}

func (f *Form) open(language string, s Sources) *Session {
	return &Session{form: f, sources: s, language: language, lists: map[string]*expr.Node{}, began: s.Now}
}

// plant puts the tree under a document root, so that absolute paths have a beginning.
func (s *Session) plant() {
	expr.NewRoot().Append(s.root.node)
}

// Form returns the form that is filled in.
func (s *Session) Form() *Form { return s.form }

// Language returns the language shown.
func (s *Session) Language() string { return s.language }

// SetLanguage changes the language of labels.
func (s *Session) SetLanguage(language string) {
	s.language = language
	clear(s.lists)
}

// SetNow moves the clock that now() and today() read; what was calculated before stays.
func (s *Session) SetNow(now time.Time) { s.sources.Now = now }

func (s *Session) context(e *entry) expr.Context {
	return expr.Context{
		Node: e.node, Now: s.sources.Now, Random: s.sources.Random, Instance: s.instance, Label: s.itemLabel, Version: s.form.Version,
		Lookup:     func(ref expr.Reference) expr.Value { return s.lookup(e, ref) },
		ChoiceName: func(field, value string) string { return s.choiceName(e, field, value) },
	}
}

// lookup resolves ${name}.
func (s *Session) lookup(e *entry, ref expr.Reference) expr.Value {
	p := s.form.resolve(e.part, ref.Name)
	if p == nil {
		return expr.Missing()
	}
	var entries []*entry
	if ref.All {
		entries = s.root.of(p)
	} else {
		entries = e.seen(p)
	}
	nodes := make([]*expr.Node, 0, len(entries))
	for _, x := range entries {
		if !x.node.Absent {
			nodes = append(nodes, x.node)
		}
	}
	return expr.Nodes(nodes...)
}

// test evaluates a condition. One that fails while running counts as not fulfilled.
func (s *Session) test(e *entry, x *expr.Expression) truth {
	held, err := x.Test(s.context(e))
	switch {
	case errors.Is(err, expr.ErrSealed):
		return unknown
	case err != nil || !held:
		return no
	default:
		return yes
	}
}

// preload sets what the agent knows of itself.
func (s *Session) preload(from *entry) {
	from.each(func(e *entry) {
		switch e.part.item.Type {
		case TypeStart:
			e.node.Value = s.began.Format(expr.ISO)
		case TypeToday:
			e.node.Value = s.began.Format(time.DateOnly)
		case TypeUsername:
			e.node.Value = s.sources.Member
		case TypeEmail:
			e.node.Value = s.sources.Email
		case TypePhone:
			e.node.Value = s.sources.Phone
		case TypeDevice:
			e.node.Value = s.sources.Device
		}
	})
}

// Finish sets the moment at which the form was ended.
func (s *Session) Finish(now time.Time) {
	s.sources.Now = now
	changed := map[int]bool{}
	s.root.each(func(e *entry) {
		if e.part.item.Type == TypeEnd {
			e.node.Value = now.Format(expr.ISO)
			changed[e.part.index] = true
		}
	})
	s.spread(changed)
}

// defaults sets what a question holds before anybody answers it; static ones first, because others may read them.
func (s *Session) defaults(from *entry) {
	from.each(func(e *entry) {
		if e.part.item.Default != "" && e.part.initial == nil && !e.part.item.Type.Encloses() {
			e.node.Value = e.part.normal(e.part.item.Default)
		}
	})
	from.each(func(e *entry) {
		if e.part.initial != nil {
			if text, ok := s.compute(e, e.part.initial); ok {
				e.node.Value = text
			}
		}
	})
}

// compute evaluates a value as the type of the question writes it. It returns false when the value cannot be known here.
func (s *Session) compute(e *entry, x *expr.Expression) (string, bool) {
	v, err := x.Eval(s.context(e))
	switch {
	case errors.Is(err, expr.ErrSealed):
		return "", false
	case err != nil:
		return "", true
	}
	return e.part.fromValue(v, s.sources.Now.Location()), true
}

// find resolves a key.
func (s *Session) find(key string) (*entry, bool) {
	at := s.root
	if key == "" {
		return at, true
	}
	for step := range strings.SplitSeq(strings.TrimPrefix(key, "/"), "/") {
		name, id, _ := strings.Cut(step, "~")
		at = at.child(name, id)
		if at == nil {
			return nil, false
		}
	}
	return at, true
}

func (e *entry) child(name, id string) *entry {
	for i, p := range e.part.children {
		if p.item.Name != name {
			continue
		}
		for _, child := range e.slots[i] {
			if child.id == id {
				return child
			}
		}
	}
	return nil
}

// key addresses an entry for as long as the form is open, and in drafts: names, with "~" and the id where a repeat is.
func (e *entry) key() string {
	if e.parent == nil {
		return ""
	}
	key := e.parent.key() + "/" + e.part.item.Name
	if e.id != "" {
		key += "~" + e.id
	}
	return key
}

// ErrNoEntry reports a key that the form does not have, or no longer has.
var ErrNoEntry = errors.New("form: no such question or group")

// Set answers a question. The text is as answers are written in XForms; names of several choices have spaces between them.
// Whatever a person wrote is kept: Check tells what is wrong with it. What follows from the answer is brought up to date.
func (s *Session) Set(key, text string) error {
	e, ok := s.find(key)
	if !ok || e.part.item.Type.Encloses() {
		return ErrNoEntry
	}
	e.touched = true
	s.assign(e, e.part.normal(text))
	if e.computed() { // what the form calculates stands, whatever was written over it
		if text, known := s.compute(e, e.part.calculation); known {
			s.assign(e, text)
		}
	}
	return s.err
}

// computed tells whether the form calculates the value all the time.
func (e *entry) computed() bool { return e.part.calculation != nil && len(e.part.item.Trigger) == 0 }

// assign sets a value and brings up to date what follows from it.
func (s *Session) assign(e *entry, text string) {
	if e.node.Value == text {
		return
	}
	e.node.Value = text
	changed := map[int]bool{e.part.index: true}
	for _, target := range e.part.targets {
		s.trigger(e, target, changed)
	}
	s.spread(changed)
}

// trigger sets the questions that are to change when e does, in the same instance.
func (s *Session) trigger(e *entry, target *part, changed map[int]bool) {
	for _, t := range e.seen(target) {
		text := ""
		if target.calculation != nil {
			var known bool
			if text, known = s.compute(t, target.calculation); !known {
				continue
			}
		}
		if t.node.Value != text {
			t.node.Value = text
			changed[target.index] = true
		}
	}
}

// Add appends an instance to a repeat; key names the repeat without an id. It returns the key of the instance.
func (s *Session) Add(key string) (string, error) {
	above, name, _ := cutLast(key)
	parent, ok := s.find(above)
	if !ok {
		return "", ErrNoEntry
	}
	slot := slices.IndexFunc(parent.part.children, func(p *part) bool { return p.item.Name == name && p.item.Type == TypeRepeat })
	if slot < 0 || len(parent.slots[slot]) >= MaxInstances {
		return "", ErrNoEntry
	}
	e := s.grow(parent, slot)
	s.spread(s.inside(e))
	return e.key(), s.err
}

// grow adds an instance with its defaults; what is computed inside follows.
func (s *Session) grow(parent *entry, slot int) *entry {
	id, err := newOrderedID(len(parent.slots[slot]), s.sources.Random)
	if err != nil {
		s.err = err
	}
	return s.growAs(parent, slot, id)
}

func (s *Session) growAs(parent *entry, slot int, id string) *entry {
	loading := s.bare
	s.bare = true
	e := s.newEntry(parent.part.children[slot], parent)
	s.bare = loading
	e.id = id
	parent.insert(slot, e, len(parent.slots[slot]))
	e.settle()
	if loading {
		return e
	}
	s.preload(e)
	s.defaults(e)
	s.computeInside(e)
	return e
}

func (s *Session) firstID() string {
	id, err := newOrderedID(0, s.sources.Random)
	if err != nil {
		s.err = err
	}
	return id
}

// Remove takes an instance of a repeat out, with everything in it.
func (s *Session) Remove(key string) error {
	e, ok := s.find(key)
	if !ok || e.part.item.Type != TypeRepeat || e.parent == nil {
		return ErrNoEntry
	}
	changed := s.inside(e)
	e.parent.remove(e.part.slot, slices.Index(e.parent.slots[e.part.slot], e))
	s.spread(changed)
	return s.err
}

// inside lists the parts of an instance: all of them change when it comes or goes.
func (s *Session) inside(e *entry) map[int]bool {
	changed := map[int]bool{}
	e.part.each(func(p *part) { changed[p.index] = true })
	return changed
}
