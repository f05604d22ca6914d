package form_test

import (
	"strings"
	"testing"

	"escale/schema/form"
)

// version makes a form of one field, beside one that stays.
func version(t *testing.T, number string, change func(*form.Item)) *form.Form {
	t.Helper()
	rank := func(n int) *int { return &n }
	item := form.Item{Type: form.TypeText, Name: "answer", Compartment: "admin", Merge: form.LWW}
	change(&item)
	f, err := form.New(form.Definition{ID: "f", Version: number, DefaultLanguage: "fr", RecordKind: "k", Items: []form.Item{item,
		{Type: form.TypeText, Name: "other", Compartment: "admin", Merge: form.LWW}},
		Lists: []form.List{{Name: "yn", Choices: []form.Choice{{Name: "yes", Rank: rank(0)}, {Name: "no", Rank: rank(1)}}}}})
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestSuccession(t *testing.T) {
	first := version(t, "1", func(*form.Item) {})
	for want, change := range map[string]func(*form.Item){
		"":            func(*form.Item) {},
		"type":        func(i *form.Item) { i.Type = form.TypeInteger },
		"compartment": func(i *form.Item) { i.Compartment = "medical" },
		"merge":       func(i *form.Item) { i.Merge = form.KeepBoth },
	} {
		faults := version(t, "2", change).Succession(first)
		if (want == "") != (len(faults) == 0) || want != "" && (faults[0].Column != want || faults[0].Hint == "") {
			t.Errorf("%s: %v", want, faults)
		}
	}
	renamed := version(t, "2", func(i *form.Item) { i.Name = "reply" })
	if faults := renamed.Succession(first); len(faults) > 0 {
		t.Errorf("a removed field was refused: %v", faults)
	}
	mapped := version(t, "2", func(i *form.Item) { i.Type, i.List, i.Was = form.TypeSelectOne, "yn", "text: oui=yes, non=no; integer" })
	if faults := mapped.Succession(first); len(faults) > 0 {
		t.Errorf("a mapped type was refused: %v", faults)
	}
}

func TestUpgrade(t *testing.T) {
	first := version(t, "1", func(*form.Item) {})
	second := version(t, "2", func(i *form.Item) { i.Type, i.List, i.Was = form.TypeSelectOne, "yn", "text: oui=yes" })
	for written, want := range map[string]any{"oui": "yes", "no": "no", "peut-être": nil} {
		upgraded, apart := second.Upgrade(first, form.Answers{"answer": written, "other": "x", "gone": int64(3)})
		if upgraded["answer"] != want || upgraded["other"] != "x" || apart["gone"] != int64(3) {
			t.Errorf("%s: %v, apart %v", written, upgraded, apart)
		}
		if want == nil && apart["answer"] != written {
			t.Errorf("%s was lost: %v", written, apart)
		}
	}
}

func TestWasNamesTypes(t *testing.T) {
	_, err := form.New(form.Definition{ID: "f", Version: "1", DefaultLanguage: "fr", RecordKind: "k", Items: []form.Item{
		{Type: form.TypeText, Name: "a", Compartment: "admin", Merge: form.LWW, Was: "telegram"}}})
	if err == nil || !strings.Contains(err.Error(), "was") {
		t.Errorf("%v", err)
	}
}
