package office

import (
	"context"
	"slices"
	"strings"

	"escale/sync/merge"
)

// Joint is what several records say about one thing: records of one form with the same key, each merged for itself.
type Joint struct {
	Deidentified bool                  `json:"deidentified,omitempty"`
	ID           string                `json:"id"` // the key
	Form         string                `json:"form"`
	Records      []JointRecord         `json:"records"`
	Values       map[string]JointValue `json:"values"`
}

// JointRecord is one observer's record.
type JointRecord struct {
	ID        string `json:"id"`
	Site      string `json:"site,omitempty"`
	Country   string `json:"country,omitempty"`
	CreatedAt string `json:"created_at,omitempty"`
	Author    string `json:"author,omitempty"`
}

// JointValue is one field: the sum of a counter, or what each record shows, in the order of the records. Nothing else is
// ever added up: two teams that saw the same people would count them twice.
type JointValue struct {
	Total  any   `json:"total,omitempty"`
	Each   []any `json:"each,omitempty"`
	Differ bool  `json:"differ,omitempty"`
}

func (e *export) writeJoined(ctx context.Context) error {
	quiet := e.mask
	if quiet != nil {
		silent := *quiet
		silent.report = newReport(&e.o, true) // what is left out was counted when the records were written
		quiet = &silent
	}
	for _, s := range e.permit.sheets {
		for _, ids := range e.keys[s] {
			e.total += len(ids)
		}
		for _, key := range e.jointOrder(s) {
			if err := e.writeJoint(ctx, s, key, quiet); err != nil {
				return err
			}
		}
	}
	return nil
}

// jointOrder sorts keys as they will be shown.
func (e *export) jointOrder(s *sheet) []string {
	keys := sortedKeys(e.keys[s])
	if e.mask != nil {
		slices.SortFunc(keys, func(a, b string) int {
			return strings.Compare(e.mask.pseudonym("value", a), e.mask.pseudonym("value", b))
		})
	}
	return keys
}

func (e *export) writeJoint(ctx context.Context, s *sheet, key string, m *mask) error {
	var rows []*Row
	var states []merge.State
	for _, id := range e.keys[s][key] {
		r, err := e.get(ctx, id)
		if err != nil {
			return err
		}
		if r != nil {
			rows, states = append(rows, e.row(s, r, m)), append(states, stateOf(r))
		}
		e.step()
	}
	j := newJoint(s, rows)
	j.ID = key
	if m != nil {
		j.ID, j.Deidentified = m.pseudonym("value", key), true
	}
	for _, field := range merge.Join(states) {
		if strings.Contains(field.Path, "/") || field.Path == s.key.Path {
			continue // instances of repeats stand beside each other in their own file
		}
		if v, ok := jointValue(s, rows, field, m); ok {
			j.Values[field.Path] = v
		}
	}
	return e.sink.joined(s, j)
}

// newJoint lists the records in the order in which they come, which is that of the ids that are shown.
func newJoint(s *sheet, rows []*Row) *Joint {
	j := &Joint{Form: s.id, Values: map[string]JointValue{}, Records: []JointRecord{}}
	for _, row := range rows {
		j.Records = append(j.Records, JointRecord{ID: row.ID, Site: row.Site, Country: row.Country, CreatedAt: row.CreatedAt, Author: row.Author})
	}
	return j
}

func jointValue(s *sheet, rows []*Row, field merge.Joined, m *mask) (JointValue, bool) {
	if field.Policy == merge.Counter {
		total, ok := field.Total, field.Total != nil
		if m != nil {
			total, ok = m.value(s, field.Path, field.Total)
		}
		return JointValue{Total: total}, ok
	}
	if m != nil && m.ruleOf(s, field.Path).do == drop {
		return JointValue{}, false
	}
	v := JointValue{Each: make([]any, len(rows))}
	var first any
	for i, row := range rows {
		value := row.Values[field.Path]
		if first == nil {
			first = value
		}
		v.Each[i] = value
		v.Differ = v.Differ || value != nil && cellOf(value) != cellOf(first)
	}
	return v, true
}
