package office

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base32"
	"encoding/hex"
	"fmt"
	"io"
	"strings"

	"escale/schema/form"
	"escale/schema/pack"
)

// mask takes away what could tell who a record is about, by the rules of the sheets. Its key lives as long as one export:
// pseudonyms tie the files of one export together, and say nothing about those of another.
type mask struct {
	key     []byte
	country map[string]string // by site
	rules   map[*sheet]map[string]rule
	report  *Report
}

func newMask(random io.Reader, sheets []*sheet, bundles []*pack.Bundle, report *Report) (*mask, error) {
	m := &mask{key: make([]byte, sha256.Size), country: map[string]string{}, rules: map[*sheet]map[string]rule{}, report: report}
	if _, err := io.ReadFull(random, m.key); err != nil {
		return nil, fmt.Errorf("draw a key for pseudonyms: %w", err)
	}
	for _, b := range bundles {
		for _, s := range b.Tables.Sites {
			m.country[s.Name] = s.Country
		}
	}
	for _, s := range sheets {
		m.readRules(s)
	}
	return m, nil
}

// readRules settles the rules of a sheet and takes out the columns of what is dropped.
func (m *mask) readRules(s *sheet) {
	m.rules[s] = map[string]rule{}
	var kept []*form.Field
	for _, fd := range s.fields {
		r, reason := strictest(s.rules(fd.Path))
		m.rules[s][fd.Path] = r
		if r.do == drop {
			m.report.Dropped = append(m.report.Dropped, Dropped{Form: s.id, Field: fd.Path, Rule: r.text, Reason: reason})
			continue
		}
		kept = append(kept, fd)
	}
	s.fields = kept
}

// row returns what may go out of a record: never its own id, author or moment.
func (m *mask) row(s *sheet, full *Row) *Row {
	out := &Row{Deidentified: true, ID: m.pseudonym("record", full.ID), Form: full.Form, Version: full.Version, Kind: full.Kind,
		Country: m.country[full.Site], Exists: full.Exists, Parts: full.Parts, Values: map[string]any{}, Conflicts: []Conflict{},
		open: full.open, form: full.form}
	for _, path := range sortedKeys(full.Values) {
		if value, ok := m.value(s, path, full.Values[path]); ok {
			out.Values[m.path(path)] = value
		}
	}
	for _, c := range full.Conflicts {
		if masked, ok := m.conflict(s, c); ok {
			out.Conflicts = append(out.Conflicts, masked)
		} else {
			m.report.skip(SkippedConflict)
		}
	}
	for _, path := range full.Review {
		if m.ruleOf(s, path).do != drop {
			out.Review = append(out.Review, m.path(path))
		}
	}
	return out
}

func (m *mask) conflict(s *sheet, c Conflict) (Conflict, bool) {
	if m.ruleOf(s, c.Field).do == drop {
		return Conflict{}, false
	}
	out := Conflict{Field: m.path(c.Field), Policy: c.Policy}
	for _, sibling := range c.Siblings {
		value, ok := m.value(s, c.Field, sibling.Value)
		if !ok {
			value = nil
		}
		out.Siblings = append(out.Siblings, Sibling{Number: sibling.Number, Value: value, Saw: sibling.Saw})
	}
	return out, true
}

func (m *mask) ruleOf(s *sheet, path string) rule {
	fd, ok := s.lookup(path)
	if !ok {
		return rule{}
	}
	return m.rules[s][fd.Path]
}

// value applies a field's rule. What a rule cannot read is left out and counted, never passed on.
func (m *mask) value(s *sheet, path string, value any) (any, bool) {
	if _, known := s.lookup(path); !known {
		m.report.skip(SkippedField)
		return nil, false
	}
	r := m.ruleOf(s, path)
	if value == nil || r.do == drop {
		return nil, false
	}
	out, ok := m.apply(r, value)
	if !ok {
		m.report.skip(SkippedValue)
	}
	return out, ok
}

func (m *mask) apply(r rule, value any) (any, bool) {
	switch r.do {
	case keep:
		return bare(value), true
	case toDay, toWeek, toMonth:
		return r.truncate(value)
	case toBand:
		return r.band(value)
	case toCountry:
		site, ok := value.(string)
		country := m.country[site]
		return country, ok && country != ""
	case pseudonymise:
		return m.pseudonyms(value)
	}
	return nil, false
}

// bare drops from the entries of an append field who wrote them and when.
func bare(value any) any {
	entries, ok := value.([]Entry)
	if !ok {
		return value
	}
	out := make([]Entry, len(entries))
	for i, e := range entries {
		out[i] = Entry{Value: e.Value}
	}
	return out
}

func (m *mask) pseudonyms(value any) (any, bool) {
	switch v := value.(type) {
	case string:
		return m.pseudonym("value", v), true
	case []string:
		out := make([]string, len(v))
		for i, s := range v {
			out[i] = m.pseudonym("value", s)
		}
		return form.CanonicalSet(out), true
	}
	return nil, false
}

func (m *mask) mac(purpose, text string) []byte {
	h := hmac.New(sha256.New, m.key)
	h.Write([]byte("escale/v1/pseudonym\x00" + purpose + "\x00" + text))
	return h.Sum(nil)
}

// pseudonym is 80 bits: equal texts in one export get equal pseudonyms, and chance gives no two records the same.
func (m *mask) pseudonym(purpose, text string) string {
	return strings.ToLower(base32.StdEncoding.EncodeToString(m.mac(purpose, text)[:10]))
}

// path replaces the ids of instances, which are the same in every export.
func (m *mask) path(path string) string {
	parts := strings.Split(path, "/")
	for i := 1; i < len(parts); i += 2 {
		parts[i] = hex.EncodeToString(m.mac("instance", parts[i])[:form.InstanceIDSize])
	}
	return strings.Join(parts, "/")
}
