package form

import (
	"slices"
	"strings"
	"time"
)

// Draft is a form that is not finished, as plain data. It remembers the version in which it was begun.
type Draft struct {
	Form    string  `cbor:"1,keyasint"`
	Version string  `cbor:"2,keyasint"`
	Began   string  `cbor:"3,keyasint"` // RFC 3339
	Entries []Entry `cbor:"4,keyasint"`
}

// Entry is one value of a draft, or one instance of a repeat.
type Entry struct {
	Key     string `cbor:"1,keyasint"`
	Value   string `cbor:"2,keyasint,omitempty"`
	Touched bool   `cbor:"3,keyasint,omitempty"`
}

// Draft returns the state of the form, to be resumed later. Values that this version of the form has no place for stay in it.
func (s *Session) Draft() Draft {
	d := Draft{Form: s.form.ID, Version: s.form.Version, Began: s.began.Format(time.RFC3339Nano)}
	s.root.each(func(e *entry) {
		if e.id != "" || e.text() != "" || e.touched {
			d.Entries = append(d.Entries, Entry{e.key(), e.text(), e.touched})
		}
	})
	d.Entries = append(d.Entries, s.strays...)
	return d
}

// Resume opens a draft, also one of another version of the form: each value goes where its question is now; what has no place
// any more is kept aside and listed by Strays. Defaults are not set again.
func (f *Form) Resume(d Draft, language string, src Sources) (*Session, error) {
	s := f.open(language, src)
	if began, err := time.Parse(time.RFC3339Nano, d.Began); err == nil {
		s.began = began.In(src.Now.Location())
	}
	s.bare = true
	s.root = s.newEntry(f.root, nil)
	s.plant()
	for _, entry := range d.Entries {
		if len(d.Entries) > maxEntries || !s.restore(entry) {
			s.strays = append(s.strays, entry)
		}
	}
	s.bare = false
	s.everything()
	return s, s.err
}

// Strays lists the values of a resumed draft that this version of the form has no place for.
func (s *Session) Strays() []Entry { return slices.Clone(s.strays) }

// restore puts a value back, making the instances on its way. When groups were moved the question is found by its name.
func (s *Session) restore(entry Entry) bool {
	e := s.reach(strings.Split(strings.TrimPrefix(entry.Key, "/"), "/"))
	if e == nil {
		e = s.moved(entry.Key)
	}
	if e == nil {
		return false
	}
	if e.part.item.Type.Encloses() {
		return entry.Value == ""
	}
	e.node.Value, e.touched = entry.Value, entry.Touched
	return true
}

func (s *Session) reach(steps []string) *entry {
	at := s.root
	for _, step := range steps {
		name, id, _ := strings.Cut(step, "~")
		next := at.child(name, id)
		if next == nil && id != "" {
			next = s.instanceOf(at, name, id)
		}
		if next == nil {
			return nil
		}
		at = next
	}
	return at
}

// instanceOf makes the instance with an id, if the part has such a repeat.
func (s *Session) instanceOf(at *entry, name, id string) *entry {
	slot := slices.IndexFunc(at.part.children, func(p *part) bool { return p.item.Name == name && p.item.Type == TypeRepeat })
	if slot < 0 || !validInstanceID(id) || len(at.slots[slot]) >= MaxInstances || s.entries > maxEntries {
		return nil
	}
	return s.growAs(at, slot, id)
}

// moved finds a question by the repeats it lies in and its name, whatever the groups around it.
func (s *Session) moved(key string) *entry {
	steps := strings.Split(strings.TrimPrefix(key, "/"), "/")
	name, _, _ := strings.Cut(steps[len(steps)-1], "~")
	p := s.form.resolve(s.form.root, name)
	if p == nil || p.item.Type.Encloses() {
		return nil
	}
	var ids []string
	for _, step := range steps[:len(steps)-1] {
		if _, id, repeat := strings.Cut(step, "~"); repeat {
			ids = append(ids, id)
		}
	}
	if len(ids) != len(p.repeats) {
		return nil
	}
	return s.reach(stepsTo(p, ids))
}

// stepsTo writes the way to a part, with the ids of the instances on it.
func stepsTo(p *part, ids []string) []string {
	var steps []string
	for q := p; q.parent != nil; q = q.parent {
		step := q.item.Name
		if q.item.Type == TypeRepeat {
			step += "~" + ids[len(ids)-1]
			ids = ids[:len(ids)-1]
		}
		steps = append(steps, step)
	}
	slices.Reverse(steps)
	return steps
}
