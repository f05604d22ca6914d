package form

import (
	"fmt"
	"slices"
	"strings"
)

// Kind is the sort of an Element.
type Kind string

// The kinds of elements.
const (
	KindQuestion Kind = "question"
	KindGroup    Kind = "group"
	KindRepeat   Kind = "repeat" // its children are its instances
	KindInstance Kind = "instance"
)

// Element is what a page shows of one item, in the language of the session.
type Element struct {
	Kind Kind
	Key  string // names the element in Set, Add, Remove, Children; stays while the form is open, and in drafts
	Ref  string // positions instead of ids: /data/household[1]/person[2]
	Item Item   // as the form defines it: type, appearance, parameters …

	Label, Hint, Guidance string
	Media                 map[string]string // image, big-image, audio, video: name of a file

	Value    string
	Touched  bool // a person answered it since the form was begun
	Required bool
	ReadOnly bool
	Computed bool     // the form calculates the value: what a person writes does not stay
	Options  []Option // after the filter
	Position int      // of an instance, from 1

	CanAdd    bool // of a repeat whose number of instances a person decides
	CanRemove bool // of an instance of such a repeat
}

// Children lists what is shown directly inside a group, an instance or, for the key "", the form. Of a repeat it lists the
// instances. What is not relevant, or computed in silence, is left out.
func (s *Session) Children(key string) []Element {
	if e, ok := s.find(key); ok {
		return s.children(e)
	}
	above, name, _ := cutLast(key)
	parent, ok := s.find(above)
	if !ok {
		return nil
	}
	for slot, p := range parent.part.children {
		if p.item.Name == name && p.item.Type == TypeRepeat {
			return s.instances(parent.slots[slot])
		}
	}
	return nil
}

func cutLast(key string) (above, name string, ok bool) {
	i := strings.LastIndexByte(key, '/')
	if i < 0 {
		return "", key, false
	}
	return key[:i], key[i+1:], true
}

func (s *Session) children(e *entry) []Element {
	var list []Element
	for slot, p := range e.part.children {
		entries := e.slots[slot]
		switch {
		case p.item.Type == TypeRepeat:
			if s.offered(e, p, entries) {
				list = append(list, s.repeat(e, p, entries))
			}
		case len(entries) == 0 || entries[0].relevant != yes || p.silent() && !p.item.Type.Encloses():
		default:
			list = append(list, s.element(entries[0]))
		}
	}
	return list
}

// offered tells whether a repeat is shown: it has an instance, or a person may add one.
func (s *Session) offered(parent *entry, p *part, entries []*entry) bool {
	if slices.ContainsFunc(entries, func(e *entry) bool { return e.relevant == yes }) {
		return true
	}
	return len(entries) == 0 && p.count == nil && parent.relevant == yes && (p.relevant == nil || s.test(parent, p.relevant) == yes)
}

func (s *Session) repeat(parent *entry, p *part, entries []*entry) Element {
	at := parent
	if len(entries) > 0 {
		at = entries[0]
	}
	return Element{Kind: KindRepeat, Key: parent.key() + "/" + p.item.Name, Ref: parent.ref() + "/" + p.item.Name, Item: p.item,
		Label: s.fill(at, p.label), Hint: s.fill(at, p.hint), Guidance: s.fill(at, p.guidance), Media: s.media(p.item.Media),
		CanAdd: p.count == nil && len(entries) < MaxInstances}
}

func (s *Session) instances(entries []*entry) []Element {
	var list []Element
	for i, e := range entries {
		if e.relevant == yes {
			x := s.element(e)
			x.Kind, x.Position, x.CanRemove = KindInstance, i+1, e.part.count == nil
			list = append(list, x)
		}
	}
	return list
}

// Element shows one element again, after something changed; false when it is not relevant or not there any more.
func (s *Session) Element(key string) (Element, bool) {
	e, ok := s.find(key)
	if !ok || e.relevant != yes {
		return Element{}, false
	}
	return s.element(e), true
}

func (s *Session) element(e *entry) Element {
	p := e.part
	x := Element{Kind: KindQuestion, Key: e.key(), Ref: e.ref(), Item: p.item, Label: s.fill(e, p.label), Hint: s.fill(e, p.hint),
		Guidance: s.fill(e, p.guidance), Media: s.media(p.item.Media)}
	if p.item.Type.Encloses() {
		x.Kind = KindGroup
		return x
	}
	x.Value, x.Touched, x.Required, x.ReadOnly = e.text(), e.touched, s.required(e), s.readOnly(e)
	x.Computed = e.computed()
	if p.item.Type.IsSelect() || p.item.Type == TypeRank {
		x.Options = s.options(e)
		chosen := strings.Fields(x.Value)
		if p.item.Type == TypeSelectOne {
			chosen = []string{x.Value}
		}
		for i, o := range x.Options {
			x.Options[i].Selected = slices.Contains(chosen, o.Name)
		}
	}
	return x
}

func (s *Session) required(e *entry) bool {
	return e.part.item.Required || e.part.required != nil && s.test(e, e.part.required) == yes
}

func (s *Session) readOnly(e *entry) bool {
	p := e.part
	return p.item.ReadOnly || p.item.Type == TypeNote || p.readOnly != nil && s.test(e, p.readOnly) == yes
}

// fill writes a text with the values that it refers to.
func (s *Session) fill(e *entry, t template) string {
	return s.fillSegments(e, t.pick(s.language, s.form.DefaultLanguage))
}

// fillText is fill for the labels of choices, few of which have references.
func (s *Session) fillText(e *entry, text string) string {
	if nextReference(text) < 0 {
		return text
	}
	segments, _ := parseText(text)
	return s.fillSegments(e, segments)
}

func (s *Session) fillSegments(e *entry, segments []segment) string {
	var b strings.Builder
	for _, seg := range segments {
		if seg.value == nil {
			b.WriteString(seg.text)
			continue
		}
		if v, err := seg.value.Eval(s.context(e)); err == nil {
			b.WriteString(v.Text())
		}
	}
	return b.String()
}

func (s *Session) media(m map[string]Text) map[string]string {
	if len(m) == 0 {
		return nil
	}
	files := map[string]string{}
	for kind, t := range m {
		files[kind] = s.choose(t)
	}
	return files
}

// ref is the path of an entry by positions.
func (e *entry) ref() string {
	if e.parent == nil {
		return "/" + e.part.item.Name
	}
	position := slices.Index(e.parent.slots[e.part.slot], e) + 1
	return fmt.Sprintf("%s/%s[%d]", e.parent.ref(), e.part.item.Name, position)
}

// Line is one place of the way through a form.
type Line struct {
	Kind Kind // KindRepeat: a person may add the instance that Ref names
	Key  string
	Ref  string
}

// Outline lists everything that is shown, in order, without texts and values: the way through the form.
func (s *Session) Outline() []Line {
	var lines []Line
	s.outline(s.root, &lines)
	return lines
}

func (s *Session) outline(e *entry, lines *[]Line) {
	for slot, p := range e.part.children {
		entries := e.slots[slot]
		for _, x := range entries {
			if x.relevant != yes || p.silent() && !p.item.Type.Encloses() {
				continue
			}
			kind := KindQuestion
			switch p.item.Type {
			case TypeGroup:
				kind = KindGroup
			case TypeRepeat:
				kind = KindInstance
			}
			*lines = append(*lines, Line{kind, x.key(), x.ref()})
			s.outline(x, lines)
		}
		if p.item.Type == TypeRepeat && p.count == nil && s.offered(e, p, entries) && len(entries) < MaxInstances {
			ref := fmt.Sprintf("%s/%s[%d]", e.ref(), p.item.Name, len(entries)+1)
			*lines = append(*lines, Line{KindRepeat, e.key() + "/" + p.item.Name, ref})
		}
	}
}

// Leaf is one question of a running form, whether it is shown or not.
type Leaf struct {
	Key, Ref string
	Type     Type
	Relevant bool
	Value    string
}

// Leaves lists all questions, notes and calculated values, in the order of the form.
func (s *Session) Leaves() []Leaf {
	var leaves []Leaf
	s.root.each(func(e *entry) {
		if !e.part.item.Type.Encloses() && !e.part.item.Type.IsExternal() {
			leaves = append(leaves, Leaf{e.key(), e.ref(), e.part.item.Type, e.relevant == yes, e.text()})
		}
	})
	return leaves
}

// Name is the name that the form gives to what is being filled in; "" when it gives none.
func (s *Session) Name() string {
	if s.form.instanceName == nil {
		return ""
	}
	v, err := s.form.instanceName.Eval(s.context(s.root))
	if err != nil {
		return ""
	}
	return v.Text()
}
