package main

import "testing"

func TestHasNeedsEveryTypedValue(t *testing.T) {
	set := []any{"food", "shelter"}
	cases := []struct {
		name   string
		values []any
		typed  any
		want   bool
	}{
		{"the value", []any{"a", "b"}, "b", true},
		{"another value", []any{"a"}, "b", false},
		{"nothing", nil, "b", false},
		{"a number as JSON gives it", []any{float64(54)}, int64(54), true},
		{"another number", []any{float64(50)}, int64(54), false},
		{"a set", []any{set}, []string{"food", "shelter"}, true},
		{"a set that grew", []any{append([]any{"legal"}, set...)}, []string{"food", "shelter"}, true},
		{"a set by two edits", []any{[]any{"food"}, []any{"shelter"}}, []string{"food", "shelter"}, true},
		{"a set that lacks one", []any{[]any{"food"}}, []string{"food", "shelter"}, false},
		{"a list instead of a word", []any{set}, "food", false},
	}
	for _, c := range cases {
		if got := has(c.values, c.typed); got != c.want {
			t.Errorf("%s: %v", c.name, got)
		}
	}
}

func TestOutcomeKeepsNoPromiseUnlessAllHold(t *testing.T) {
	good := outcome{CanariesSearched: 200, ControlFound: 200, ControlPlanted: true, DigestsEqual: true}
	if !good.kept() {
		t.Fatal("a good outcome is refused")
	}
	for name, spoil := range map[string]func(*outcome){
		"lost":               func(o *outcome) { o.Lost = 1 },
		"found":              func(o *outcome) { o.CanariesFound = 1 },
		"unequal":            func(o *outcome) { o.DigestsEqual = false },
		"blind search":       func(o *outcome) { o.ControlPlanted = false },
		"weak control":       func(o *outcome) { o.ControlFound = 199 },
		"nothing looked for": func(o *outcome) { o.CanariesSearched, o.ControlFound = 0, 0 },
	} {
		bad := good
		spoil(&bad)
		if bad.kept() {
			t.Errorf("%s: passes", name)
		}
	}
}
