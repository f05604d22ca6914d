package people

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// Bounds of a story.
const (
	MinRecords = 200
	MaxRecords = 1_000_000
)

// ErrRecords reports a number of records outside MinRecords to MaxRecords.
var ErrRecords = errors.New("people: number of records out of range")

// Record is one line of an import. Values hold string, int64 or []string (sorted, each once), by field name.
type Record struct {
	Ref    string         `json:"ref"`
	Parent string         `json:"parent,omitempty"` // Ref of an earlier record of the same batch
	Form   string         `json:"form"`
	Values map[string]any `json:"values"`
}

// Batch is what one post captures, in order: a parent stands before its children.
type Batch struct {
	Post    Post
	Records []Record
}

// Edit changes some fields of a record of the story.
type Edit struct {
	Post string
	Ref  string
	Set  map[string]any
}

// Conflict is one field that two posts set differently at the same time, so that a person has to decide.
type Conflict struct {
	Ref, Field string
	Values     []any
	Shown      any // until then: the most severe
}

// Night is the shipwreck: the people taken in, and the two reports that a spoken code joins.
type Night struct {
	Code        string
	People      []string // refs of case files
	Reports     []string // refs of incident reports
	KitsGiven   int64    // sum over the reports
	PersonsMins []int64  // stand beside each other
}

// Canary is a marker and the one text that holds it.
type Canary struct {
	Marker                        string
	Post, Site                    string
	Ref, Form, Field, Compartment string
	Readers                       []string // posts whose exports must show it
}

// Story is everything that happens at the posts.
type Story struct {
	Opening  Batch // one case, captured and exchanged before anything else
	Batches  []Batch
	Edits    []Edit         // of the opening case, made without having seen each other
	Merged   map[string]any // what its fields hold after merging
	Conflict Conflict
	Night    Night
	Canaries []Canary
}

// Records lists everything captured, the opening case first.
func (s *Story) Records() []Record {
	records := append([]Record{}, s.Opening.Records...)
	for _, b := range s.Batches {
		records = append(records, b.Records...)
	}
	return records
}

// Typed gives for each ref what was typed, to be compared value by value. Edits are not applied.
func (s *Story) Typed() map[string]Record {
	typed := map[string]Record{}
	for _, r := range s.Records() {
		typed[r.Ref] = r
	}
	return typed
}

// Markers lists the markers of the canaries.
func (s *Story) Markers() []string {
	markers := make([]string, 0, len(s.Canaries))
	for _, c := range s.Canaries {
		markers = append(markers, c.Marker)
	}
	return markers
}

// WriteLines writes records as an import reads them, one JSON object a line.
func WriteLines(w io.Writer, records []Record) error {
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	for _, r := range records {
		if err := encoder.Encode(r); err != nil {
			return fmt.Errorf("people: write %s: %w", r.Ref, err)
		}
	}
	return nil
}
