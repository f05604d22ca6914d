package field

import (
	"context"
	"slices"
	"time"

	"escale/sync/causal"
	"escale/sync/merge"
)

// Sibling is one of several values between which a person has to choose.
type Sibling struct {
	Number int       `json:"number"`
	Value  any       `json:"value"`
	Author string    `json:"author"` // code of the member
	Own    bool      `json:"own"`
	At     time.Time `json:"at"`  // by the author's clock
	Saw    []int     `json:"saw"` // numbers of the siblings that its author had seen; in a conflict, none
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
	Since    time.Time `json:"since"`
	Siblings []Sibling `json:"siblings"`
}

// Conflicts returns the queue of what waits for a person, oldest first.
func (b *Book) Conflicts(ctx context.Context) ([]Conflict, error) {
	var out []Conflict
	err := b.each(ctx, func(r *Record) error {
		for _, c := range r.Conflicts() {
			if r.MayShowField(c.Path) {
				out = append(out, b.conflict(r, c))
			}
		}
		return nil
	})
	slices.SortStableFunc(out, func(x, y Conflict) int { return x.Since.Compare(y.Since) })
	return out, err
}

func (b *Book) conflict(r *Record, c merge.Conflict) Conflict {
	out := Conflict{Record: r, ID: r.ID.String(), Code: r.Code, Form: r.FormID, Site: r.Site, Field: c.Path, Policy: string(c.Policy)}
	for i, w := range c.Siblings {
		s := Sibling{Number: i + 1, Value: w.Value, Author: b.authorCode(w.Author), Own: w.Author == b.p.Keys.Device, At: w.Time.Wall(), Saw: []int{}}
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

// Entry is one operation in a record's history.
type Entry struct {
	Field  string    `json:"field"`
	Value  any       `json:"value"`
	Author string    `json:"author"`
	At     time.Time `json:"at"`
	Mark   string    `json:"mark"`
	Why    string    `json:"why,omitempty"`
}

var marks = [...]string{merge.Shown: "shown", merge.Superseded: "superseded", merge.Loser: "loser", merge.Violation: "violation",
	merge.Lifted: "lifted", merge.NotLifted: "not_lifted", merge.Resolved: "resolved", merge.Unfit: "unfit"}

// History returns every write of a record that the member may see, oldest first.
func (b *Book) History(r *Record) []Entry {
	var out []Entry
	for _, path := range r.Paths() {
		if !r.MayShowField(path) {
			continue
		}
		for _, w := range r.Fields[path].History() {
			out = append(out, Entry{Field: path, Value: w.Value, Author: b.authorCode(w.Author), At: w.Time.Wall(), Mark: marks[w.Mark], Why: w.Why})
		}
	}
	slices.SortStableFunc(out, func(x, y Entry) int { return x.At.Compare(y.At) })
	return out
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

func joinKey(r *Record) (string, bool) {
	if r.Form == nil || r.Form.KeyField() == nil {
		return "", false
	}
	s := r.text(r.Form.KeyField().Path)
	return s, s != ""
}

// whole is the record's merged state over all its parts.
func (r *Record) whole() merge.State { return merge.State{Fields: r.Fields, Exists: r.Exists} }
