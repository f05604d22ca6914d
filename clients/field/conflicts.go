package field

import (
	"context"
	"slices"
	"time"

	"escale/schema/form"
	"escale/sync/causal"
	"escale/sync/merge"
)

// Sibling is one of several values between which a person has to choose.
type Sibling struct {
	Number int `json:"number"`
	Value  any `json:"value"`
	Writer
	Moment
	Saw     []int     `json:"saw"`               // numbers of the siblings that its author had seen; in a conflict, none
	HadSeen []Earlier `json:"had_seen"`          // what the field said to its author before
	Also    []Writer  `json:"also_by,omitempty"` // who wrote the same value
}

// Earlier is a value that the author of a later one had seen.
type Earlier struct {
	Value any `json:"value"`
	Writer
	At time.Time `json:"at"`
}

// Conflict is a field that waits for a person.
type Conflict struct {
	Record   *Record   `json:"-"`
	ID       string    `json:"record"`
	Code     string    `json:"code,omitempty"`
	Form     string    `json:"form"`
	Site     string    `json:"site"`
	Field    string    `json:"field"`
	Policy   string    `json:"policy"`
	Urgent   bool      `json:"urgent"` // the record says that somebody is in danger
	Since    time.Time `json:"since"`
	Siblings []Sibling `json:"siblings"`
}

// Waiting is all that waits for a person: urgent first, then the oldest first.
type Waiting struct {
	Conflicts []Conflict `json:"conflicts"`
	Questions []Question `json:"questions"`
}

// Waiting returns the queue of what waits for a person. It calls each visitor with every record on its way.
func (b *Book) Waiting(ctx context.Context, visitors ...func(*Record)) (*Waiting, error) {
	if err := b.readNames(ctx); err != nil {
		return nil, err
	}
	w := &Waiting{Conflicts: []Conflict{}, Questions: []Question{}}
	err := b.each(ctx, func(r *Record) error {
		for _, visit := range visitors {
			visit(r)
		}
		return b.addWaiting(ctx, w, r)
	})
	if err != nil {
		return nil, err
	}
	slices.SortStableFunc(w.Conflicts, func(x, y Conflict) int { return ByUrgency(x.Urgent, x.Since, y.Urgent, y.Since) })
	slices.SortStableFunc(w.Questions, func(x, y Question) int { return ByUrgency(x.Urgent, x.Since, y.Urgent, y.Since) })
	return w, nil
}

// WaitingIn returns what waits for a person in one record.
func (b *Book) WaitingIn(ctx context.Context, r *Record) (*Waiting, error) {
	if err := b.readNames(ctx); err != nil {
		return nil, err
	}
	w := &Waiting{Conflicts: []Conflict{}, Questions: []Question{}}
	return w, b.addWaiting(ctx, w, r)
}

// Conflicts returns the fields that wait for a person: urgent first, then the oldest first.
func (b *Book) Conflicts(ctx context.Context) ([]Conflict, error) {
	w, err := b.Waiting(ctx)
	if err != nil {
		return nil, err
	}
	return w.Conflicts, nil
}

// ByUrgency orders what waits: urgent first, then the oldest first.
func ByUrgency(urgentX bool, x time.Time, urgentY bool, y time.Time) int {
	switch {
	case urgentX == urgentY:
		return x.Compare(y)
	case urgentX:
		return -1
	}
	return 1
}

// addWaiting adds what waits in one record. A deleted record waits for nobody.
func (b *Book) addWaiting(ctx context.Context, w *Waiting, r *Record) error {
	if r.Exists == merge.Deleted {
		return nil
	}
	for _, c := range r.Conflicts() {
		if !r.MayShowField(c.Path) {
			continue
		}
		one := b.conflict(r, c)
		if err := b.date(ctx, &one, c.Siblings); err != nil {
			return err
		}
		w.Conflicts = append(w.Conflicts, one)
	}
	if r.Exists != merge.Question {
		return nil
	}
	q, err := b.question(ctx, r)
	w.Questions = append(w.Questions, q)
	return err
}

// conflict describes one field that waits, with the times by the authors' clocks only.
func (b *Book) conflict(r *Record, c merge.Conflict) Conflict {
	out := Conflict{Record: r, ID: r.ID.String(), Code: r.Code, Form: r.FormID, Site: r.Site, Field: c.Path, Policy: string(c.Policy), Urgent: r.Urgent()}
	history := r.Fields[c.Path].History()
	for i, w := range c.Siblings {
		s := Sibling{Number: i + 1, Value: w.Value, Writer: b.writer(w.Author), Moment: Moment{At: w.Time.Wall()}, Saw: []int{},
			HadSeen: b.hadSeen(r, history, w), Also: b.alsoBy(history, w)}
		seen := r.contextOf(w.Dot)
		for j, other := range c.Siblings {
			if j != i && b.p.History().Saw(seen, other.Dot) {
				s.Saw = append(s.Saw, j+1)
			}
		}
		if s.At.After(out.Since) {
			out.Since = s.At
		}
		out.Siblings = append(out.Siblings, s)
	}
	return out
}

// date holds the authors' clocks against others', and says since when the conflict has been there.
func (b *Book) date(ctx context.Context, c *Conflict, writes []merge.Write) (err error) {
	c.Since = time.Time{}
	for i := range c.Siblings {
		s := &c.Siblings[i]
		if s.Moment, err = b.moment(ctx, writes[i].Dot, writes[i].Time); err != nil {
			return err
		}
		if at := s.Best(); at.After(c.Since) {
			c.Since = at
		}
	}
	return nil
}

// hadSeen returns what the author of a write had before them: the writes of the field that they had seen, without those
// that another of these had already seen past.
func (b *Book) hadSeen(r *Record, history []merge.Write, of merge.Write) []Earlier {
	seen := r.contextOf(of.Dot)
	var known []merge.Write
	for _, w := range history {
		if w.Dot != of.Dot && b.p.History().Saw(seen, w.Dot) {
			known = append(known, w)
		}
	}
	out := []Earlier{}
	for _, w := range known {
		past := slices.ContainsFunc(known, func(o merge.Write) bool {
			return o.Dot != w.Dot && b.p.History().Saw(r.contextOf(o.Dot), w.Dot)
		})
		if !past {
			out = append(out, Earlier{Value: w.Value, Writer: b.writer(w.Author), At: w.Time.Wall()})
		}
	}
	return out
}

// alsoBy names those who wrote the same value as a sibling, without having seen it.
func (b *Book) alsoBy(history []merge.Write, of merge.Write) []Writer {
	var out []Writer
	for _, w := range history {
		if w.Dot != of.Dot && w.Mark == merge.Shown && merge.Equal(w.Value, of.Value) {
			out = append(out, b.writer(w.Author))
		}
	}
	return out
}

func (r *Record) contextOf(d causal.Dot) causal.Context {
	for _, deltas := range r.deltas {
		for i := range deltas {
			if deltas[i].Dot == d {
				return deltas[i].Context
			}
		}
	}
	return nil
}

// Urgent reports whether a field of the record says what cannot wait, also in a value that waits for a decision.
func (r *Record) Urgent() bool {
	if r.Form == nil {
		return false
	}
	for path, f := range r.Fields {
		fd, ok := r.Form.Lookup(path)
		if ok && (form.Gravest(fd, f.Value) || slices.ContainsFunc(f.Siblings, func(w merge.Write) bool { return form.Gravest(fd, w.Value) })) {
			return true
		}
	}
	return false
}

// Joined are records that have the same key, such as one incident reported by two teams.
type Joined struct {
	Records []*Record
	Fields  []merge.Joined
}

// JoinedWith returns the records that share a record's key, itself included; nil if it stands alone.
func (b *Book) JoinedWith(ctx context.Context, r *Record) (*Joined, error) {
	key, ok := joinKey(r)
	if !ok {
		return nil, nil
	}
	j := &Joined{}
	var states []merge.State
	err := b.each(ctx, func(other *Record) error {
		if k, ok := joinKey(other); ok && k == key && other.Kind == r.Kind {
			j.Records = append(j.Records, other)
			states = append(states, other.whole())
		}
		return nil
	})
	if err != nil || len(j.Records) < 2 {
		return nil, err
	}
	j.Fields = merge.Join(states)
	return j, nil
}

// joinKey is what a record is joined by. A deleted one is joined with nothing.
func joinKey(r *Record) (string, bool) {
	if r.Form == nil || r.Form.KeyField() == nil || r.Exists == merge.Deleted {
		return "", false
	}
	s := r.text(r.Form.KeyField().Path)
	return s, s != ""
}

// whole is the record's merged state over all its parts.
func (r *Record) whole() merge.State { return merge.State{Fields: r.Fields, Exists: r.Exists} }
