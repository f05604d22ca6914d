package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"strings"

	"escale/cmd/escale-demo/people"
	"escale/schema/form"
	"escale/schema/pack"
)

// acked is what the agent said once a record was durable.
type acked struct {
	Line int    `json:"line"`
	Ref  string `json:"ref"`
	ID   string `json:"id"`
	Code string `json:"code"`
}

func readAcks(path string) (map[string]acked, error) {
	out := map[string]acked{}
	err := eachLine(path, func(b []byte) error {
		var a acked
		if err := json.Unmarshal(b, &a); err != nil {
			return err
		}
		out[a.Ref] = a
		return nil
	})
	return out, err
}

func eachLine(path string, f func([]byte) error) (err error) {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	s := bufio.NewScanner(file)
	s.Buffer(make([]byte, 64<<10), 16<<20)
	for s.Scan() {
		if err := f(s.Bytes()); err != nil {
			return fmt.Errorf("%s: %w", filepath.Base(path), err)
		}
	}
	return s.Err()
}

// shown is one record as a reader's export shows it: for each field every value in it, siblings and entries included.
type shown map[string][]any

// readings is what each reader exported: by post, by record.
type readings map[string]map[string]shown

// exported is a line of an export, as far as the judge reads it.
type exported struct {
	ID        string         `json:"id"`
	Values    map[string]any `json:"values"`
	Conflicts []struct {
		Field    string `json:"field"`
		Siblings []struct {
			Value any `json:"value"`
		} `json:"siblings"`
	} `json:"conflicts"`
}

// readExports reads every NDJSON file of a folder.
func readExports(dir string) (map[string]shown, error) {
	out := map[string]shown{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".ndjson") || strings.Contains(path, ".joined.") || strings.HasPrefix(d.Name(), "conflicts") {
			return err
		}
		return eachLine(path, func(b []byte) error {
			var r exported
			if err := json.Unmarshal(b, &r); err != nil {
				return err
			}
			if out[r.ID] == nil {
				out[r.ID] = shown{}
			}
			out[r.ID].add(r)
			return nil
		})
	})
	return out, err
}

func (s shown) add(r exported) {
	for path, v := range r.Values {
		s[path] = append(s[path], v)
		for _, e := range list(v) {
			s[path] = append(s[path], e)
			if entry, ok := e.(map[string]any); ok {
				s[path] = append(s[path], entry["value"])
			}
		}
	}
	for _, c := range r.Conflicts {
		for _, sib := range c.Siblings {
			s[c.Field] = append(s[c.Field], sib.Value)
		}
	}
}

func list(v any) []any { l, _ := v.([]any); return l }

// judge compares, value by value, what was typed and acknowledged with what authorised readers read back.
type judge struct {
	source *pack.Source
	plan   people.Plan
	acks   map[string]acked
	read   readings       // exports, and lists where a role may not export
	keys   readings       // what keys open
	lost   map[string]int // by site
	first  []string       // a few of the lost values, by where they should have been
}

// record judges one typed record of a post.
func (j *judge) record(post people.Post, r people.Record, skip map[string]bool) error {
	ack, ok := j.acks[r.Ref]
	if !ok {
		return nil // never acknowledged, so not promised
	}
	b, err := j.source.BundleOf(post.Site)
	if err != nil {
		return err
	}
	f, ok := b.Form(r.Form)
	if !ok {
		return fmt.Errorf("form %q is not in the pack", r.Form)
	}
	for path, typed := range r.Values {
		fd, ok := f.Lookup(path)
		if !ok || skip[path] {
			continue
		}
		if !j.found(b, post, f, fd, ack.ID, typed) {
			j.lose(post.Site, fmt.Sprintf("%s %s: %s of %s", post.Name, r.Ref, path, r.Form))
		}
	}
	return nil
}

func (j *judge) lose(site, where string) {
	j.lost[site]++
	if len(j.first) < 10 {
		j.first = append(j.first, where)
	}
}

// found asks every reader who holds the key of the field's scope; one at least there must be, and none may lack the value.
// Where the program shows a reader the record in full, the reader's export must hold it; else what the reader's keys open.
func (j *judge) found(b *pack.Bundle, post people.Post, f *form.Form, fd *form.Field, id string, typed any) bool {
	readers := 0
	for _, reader := range j.plan.Posts {
		a := b.Access(reader.Role, f.RecordKind, fd.Compartment)
		if !a.Read || !covers(reader, post.Site) {
			continue
		}
		from := j.read
		if withoutNames(b, reader.Role) || (a.Scope == "own" && reader.Name != post.Name && !captured(b, post.Role, f.RecordKind)) {
			from = j.keys
		}
		readers++
		if !has(from[reader.Name][id][fd.Path], typed) {
			return false
		}
	}
	return readers > 0
}

// withoutNames reports whether a role's exports leave names out. They prove nothing about single values.
func withoutNames(b *pack.Bundle, role string) bool {
	r, ok := b.Tables.Role(role)
	if !ok {
		return true
	}
	for _, limit := range r.Records {
		if limit == "deid" {
			return true
		}
	}
	return false
}

// captured reports whether a role writes records of a kind that it cannot read: they are nobody's own.
func captured(b *pack.Bundle, role, kind string) bool {
	a := b.Access(role, kind, form.Anchor)
	return a.Write && !a.Read
}

func covers(p people.Post, site string) bool {
	if p.Site == site {
		return true
	}
	for _, s := range p.Covers {
		if s == site {
			return true
		}
	}
	return false
}

// has reports whether one of the values is the typed one; of a set, whether all of its elements are there, though several
// edits may have brought them.
func has(values []any, typed any) bool {
	want := plain(typed)
	var elements []any
	for _, v := range values {
		if reflect.DeepEqual(v, want) {
			return true
		}
		elements = append(elements, list(v)...)
	}
	wants, ok := want.([]any)
	return ok && contains(elements, wants)
}

func contains(all, some []any) bool {
	for _, w := range some {
		found := false
		for _, v := range all {
			found = found || reflect.DeepEqual(v, w)
		}
		if !found {
			return false
		}
	}
	return len(some) > 0
}

// plain brings a typed value into the types that JSON decoding gives.
func plain(v any) any {
	b, err := json.Marshal(v)
	if err != nil {
		return v
	}
	var out any
	if err := json.Unmarshal(b, &out); err != nil {
		return v
	}
	return out
}
