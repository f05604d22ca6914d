package killtest_test

import (
	"bytes"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/json"
	"fmt"
	"os"
	"slices"
)

// save is one line of an import: a new record of three parts, or an edit that writes into two. Its words are its own, so that
// each of them tells whether this save is there.
type save struct {
	key    string
	alias  string // of its record
	isNew  bool
	acked  bool
	author string
}

// word is what a save writes into a field: long, and nothing that could be compressed.
func (v *save) word(field string) string {
	a, b := sha256.Sum256([]byte(field+v.key)), sha512.Sum512([]byte(field+v.key))
	return fmt.Sprintf("%s of %s (invented) %x%x", field, v.key, a, b)
}

// line is the save as an import takes it. ids are those of the records that are known by now.
func (v *save) line(ids map[string]string) string {
	values := map[string]any{"wishes": v.word("wishes"), "safety_plan": v.word("safety_plan")}
	doc := map[string]any{"key": v.key}
	if v.isNew {
		for k, x := range map[string]any{"site_code": "calais", "activity": "day_centre", "consent_case": "given", "consent_scopes": []string{"msf_social"},
			"alias": v.alias, "age_band": "a18_24", "gender": "f", "risk_level": "low", "living": "street", "contact_rules": v.word("contact_rules")} {
			values[k] = x
		}
		doc["form"], doc["ref"], doc["values"] = "case_intake", v.alias, values
	} else {
		doc["id"], doc["set"] = v.alias, values
		if id, known := ids[v.alias]; known {
			doc["id"] = id
		}
	}
	b, err := json.Marshal(doc)
	if err != nil {
		panic(err) // strings only
	}
	return string(b) + "\n"
}

// shown is a record as somebody whose role reads it is shown it.
type shown struct {
	ID     string
	Values struct {
		Alias   string `json:"alias"`
		Contact string `json:"contact_rules"`
		Risk    string `json:"risk_level"`
		Gender  string `json:"gender"`
		Consent string `json:"consent_case"`
		Wishes  []struct{ Value string }
		Plan    []struct{ Value string } `json:"safety_plan"`
	}
}

// read lists everything that a person may read, by alias.
func (s *stage) read(who string) map[string]*shown {
	s.t.Helper()
	var list struct{ Records []*shown }
	s.must(&list, who, "record", "list", "--values")
	out := map[string]*shown{}
	for _, r := range list.Records {
		if before, twice := out[r.Values.Alias]; twice && r.Values.Alias != "" { // else its identity is still to come
			s.t.Errorf("%s reads %q twice, as %s and %s", who, r.Values.Alias, before.ID, r.ID)
		}
		out[r.Values.Alias] = r
	}
	return out
}

// pieces counts how often each piece of a save is there.
func (v *save) pieces(r *shown) map[string]int {
	out := map[string]int{"wishes": 0, "safety_plan": 0}
	if v.isNew {
		out["identity"], out["social"], out["admin"] = 0, 0, 0
	}
	if r == nil {
		return out
	}
	for _, w := range r.Values.Wishes {
		if w.Value == v.word("wishes") {
			out["wishes"]++
		}
	}
	for _, w := range r.Values.Plan {
		if w.Value == v.word("safety_plan") {
			out["safety_plan"]++
		}
	}
	if v.isNew {
		out["identity"] = count(r.Values.Contact == v.word("contact_rules"))
		out["social"] = count(r.Values.Gender == "f")
		out["admin"] = count(r.Values.Consent == "given")
	}
	return out
}

func count(b bool) int {
	if b {
		return 1
	}
	return 0
}

// judge holds what somebody reads against what was saved: every save that must be there is there whole, every other one whole or
// not at all, none twice. must says which have to be there.
func judge(read map[string]*shown, saves []*save, must func(*save) bool) (faults []string) {
	for _, v := range saves {
		pieces := v.pieces(read[v.alias])
		least, most := 2, 0
		for _, n := range pieces {
			least, most = min(least, n), max(most, n)
		}
		switch {
		case most > 1:
			faults = append(faults, fmt.Sprintf("%s is there twice: %v", v.key, pieces))
		case least != most:
			faults = append(faults, fmt.Sprintf("%s is half there: %v", v.key, pieces))
		case most == 0 && must(v):
			faults = append(faults, fmt.Sprintf("%s was acknowledged and is not there", v.key))
		}
	}
	slices.Sort(faults)
	return faults
}

// look lets a person read everything and judges it.
func (s *stage) look(when, who string, saves []*save, must func(*save) bool) {
	s.t.Helper()
	read := s.read(who)
	s.shown = read
	for _, fault := range judge(read, saves, must) {
		s.t.Errorf("%s, read by %s: %s", when, who, fault)
	}
	if s.t.Failed() {
		s.t.FailNow()
	}
}

func acked(v *save) bool { return v.acked }

func always(*save) bool { return true }

// acks reads which keys a file of acknowledgements names, and under which ids. A line without its end is no acknowledgement.
func acks(path string, lines []*save) (n int, ids map[string]string, err error) {
	b, err := os.ReadFile(path)
	if os.IsNotExist(err) {
		return 0, nil, nil
	}
	if err != nil {
		return 0, nil, err
	}
	ids = map[string]string{}
	for {
		text, rest, whole := bytes.Cut(b, []byte{'\n'})
		if !whole {
			return n, ids, nil
		}
		var ack struct {
			Line int
			ID   string
		}
		if err := json.Unmarshal(text, &ack); err != nil {
			return n, ids, fmt.Errorf("an acknowledgement that is none: %w", err)
		}
		lines[ack.Line-1].acked = true
		ids[lines[ack.Line-1].alias] = ack.ID
		n++
		b = rest
	}
}
