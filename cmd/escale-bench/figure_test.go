package main

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
)

func TestTargets(t *testing.T) {
	for _, c := range []struct {
		target target
		value  float64
		text   string
		met    bool
	}{
		{atLeast(0.5), 0.5, ">= 0.5", true}, {atLeast(0.5), 0.49, ">= 0.5", false},
		{atMost(160), 160, "<= 160", true}, {atMost(160), 161, "<= 160", false}, {target{}, -1, "", true},
	} {
		if got := c.target.met(c.value); got != c.met || c.target.String() != c.text {
			t.Errorf("%v at %v: %v %q", c.target, c.value, got, c.target.String())
		}
	}
}

func TestResultIsToldTwice(t *testing.T) {
	var r result
	r.add("push", 0.6125, "×", atLeast(0.7))
	r.tell("seconds", 3, "s")
	var table, doc bytes.Buffer
	if err := r.table(&table); err != nil {
		t.Fatal(err)
	}
	rows := strings.Split(strings.TrimSpace(table.String()), "\n")
	if len(rows) != 3 || strings.Join(strings.Fields(rows[1]), " ") != "push 0.613 × >= 0.7 NO" || strings.Join(strings.Fields(rows[2]), " ") != "seconds 3 s -" {
		t.Errorf("table:\n%s", table.String())
	}
	if err := r.json(&doc); err != nil {
		t.Fatal(err)
	}
	var back []map[string]any
	if err := json.Unmarshal(doc.Bytes(), &back); err != nil || len(back) != 2 {
		t.Fatalf("%s: %v", doc.String(), err)
	}
	if back[0]["name"] != "push" || back[0]["target"] != ">= 0.7" || back[0]["met"] != false || back[0]["unit"] != "×" || back[1]["target"] != "" || back[1]["met"] != true {
		t.Errorf("%v", back)
	}
	if missed := r.missed(); len(missed) != 1 || missed[0] != "push" {
		t.Errorf("missed %v", missed)
	}
}
