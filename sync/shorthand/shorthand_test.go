package shorthand_test

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"escale/schema"
	"escale/schema/form"
	"escale/sync/causal"
	"escale/sync/merge"
	"escale/sync/shorthand"
)

// definitions has two forms with every type that has a way of its own, a repeat in a repeat, and an equal name in both.
func definitions() []form.Definition {
	colours := form.List{Name: "colours", Choices: []form.Choice{{Name: "red"}, {Name: "green"}, {Name: "blue"}}}
	one := form.List{Name: "one", Choices: []form.Choice{{Name: "only"}}}
	item := func(t form.Type, name, list string) form.Item {
		return form.Item{Type: t, Name: name, List: list, Compartment: "admin"}
	}
	story := item(form.TypeText, "story", "")
	story.Compartment = "legal"
	inner := form.Item{Type: form.TypeRepeat, Name: "bags", Children: []form.Item{item(form.TypeText, "tag", "")}}
	return []form.Definition{
		{ID: "arrival", Lists: []form.List{colours, one}, Items: []form.Item{
			item(form.TypeText, "code", ""), story, item(form.TypeInteger, "age", ""), item(form.TypeDecimal, "weight", ""),
			{Type: form.TypeGroup, Name: "look", Children: []form.Item{
				item(form.TypeSelectOne, "colour", "colours"), item(form.TypeSelectMultiple, "colours", "colours")}},
			item(form.TypeSelectOne, "only", "one"), item(form.TypeDate, "day", ""), item(form.TypeDateTime, "moment", ""),
			{Type: form.TypeRepeat, Name: "people", Children: []form.Item{item(form.TypeText, "name", ""), inner}},
			{Type: form.TypeNote, Name: "thanks"},
		}},
		{ID: "departure", Items: []form.Item{item(form.TypeText, "code", ""), item(form.TypeDate, "left_on", "")}},
	}
}

const instance = "00112233445566ff"

var paths = []string{"code", "story", "age", "weight", "colour", "colours", "only", "day", "moment",
	"people/" + instance + "/name", "people/0000000000000001/name", "people/" + instance + "/bags/0123456789abcdef/tag"}

func drawValue(t *rapid.T) any {
	text := rapid.OneOf(rapid.String(), rapid.SampledFrom([]string{"", "red", "blue", "only", "2026-11-22", "2026-1-1", "1890-02-30",
		"2026-11-22T10:00:00+01:00", "TGR8-S4SQ-6CCF", "TGR8-S4", "+33 1 00 00", "0123456789abcdef", "ff", "-"}))
	return rapid.OneOf(
		rapid.Map(text, func(s string) any { return s }),
		rapid.Map(rapid.Int64(), func(n int64) any { return n }),
		rapid.Map(rapid.Int64Range(-3, 300), func(n int64) any { return n }),
		rapid.Map(rapid.Float64(), func(f float64) any { return f }),
		rapid.Map(rapid.Bool(), func(b bool) any { return b }),
		rapid.Map(rapid.SliceOfN(text, 0, 4), func(l []string) any { return l }),
		rapid.Just[any](nil),
	).Draw(t, "value")
}

func drawOp(t *rapid.T) merge.Op {
	o := merge.Op{Path: rapid.SampledFrom(paths).Draw(t, "path"), Why: rapid.SampledFrom([]string{"", "a mistake"}).Draw(t, "why")}
	switch kind := merge.OpKind(rapid.IntRange(0, 8).Draw(t, "kind")); kind {
	case merge.Add, merge.Remove:
		o.Kind, o.Value = kind, rapid.SliceOfN(rapid.String(), 0, 3).Draw(t, "elements")
	case merge.Increment:
		o.Kind, o.Value = kind, rapid.Int64().Draw(t, "amount")
	case merge.Append:
		o.Kind, o.Value = kind, rapid.String().Draw(t, "entry")
	case merge.Delete, merge.Restore:
		o.Kind, o.Path = kind, merge.Exists
	case merge.Widen:
		o.Kind, o.Value = kind, drawValue(t)
		for i := range rapid.IntRange(0, 2).Draw(t, "lifts") {
			o.Lifts = append(o.Lifts, merge.Lift{Author: schema.Device{byte(i), 7}, Time: causal.Time(rapid.Int64Min(0).Draw(t, "lift"))})
		}
	default:
		o.Kind, o.Value = kind, drawValue(t)
	}
	return o
}

func drawPayload(t *rapid.T) *merge.Payload {
	p := &merge.Payload{Time: causal.Time(rapid.Int64Range(0, 1<<60-1).Draw(t, "time")), Ops: rapid.SliceOfN(rapid.Custom(drawOp), 1, 12).Draw(t, "ops")}
	switch rapid.IntRange(0, 2).Draw(t, "header") {
	case 1:
		p.Form, p.Parts = "arrival", []schema.Compartment{"admin", "legal"}[:rapid.IntRange(0, 2).Draw(t, "parts")]
	case 2:
		p.Form, p.Record = "arrival", schema.Object{1, 2, 3}
	}
	return p
}

// What is read is what was written, to the last bit: NaN and the sign of zero included, since the canonical form is compared.
func TestWhatIsWrittenIsRead(t *testing.T) {
	lexicon := shorthand.NewLexicon(definitions())
	rapid.Check(t, func(t *rapid.T) {
		p := drawPayload(t)
		want, err := p.Encode()
		if err != nil {
			t.Skip(err)
		}
		head, prose, ok := lexicon.Write(p)
		if !ok {
			t.Fatalf("the lexicon has no words for %x", want)
		}
		back, err := lexicon.Read(head, prose)
		if err != nil {
			t.Fatal(err)
		}
		got, err := back.Encode()
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, want) {
			t.Fatalf("read\n%x, want\n%x", got, want)
		}
	})
}

func TestForeignWordsAreLeftToOthers(t *testing.T) {
	lexicon := shorthand.NewLexicon(definitions())
	for name, p := range map[string]merge.Payload{
		"form":        {Time: 1, Form: "elsewhere"},
		"field":       {Time: 1, Ops: []merge.Op{{Path: "unknown", Value: "x"}}},
		"two forms":   {Time: 1, Ops: []merge.Op{{Path: "age", Value: int64(1)}, {Path: "left_on", Value: "2026-01-01"}}},
		"compartment": {Time: 1, Form: "arrival", Parts: []schema.Compartment{"medical"}},
		"time":        {Time: 1 << 62, Ops: []merge.Op{{Path: "age", Value: int64(1)}}},
	} {
		if _, _, ok := lexicon.Write(&p); ok {
			t.Errorf("%s: was written", name)
		}
	}
	if _, _, ok := shorthand.NewLexicon(nil).Write(&merge.Payload{Time: 1, Form: "arrival"}); ok {
		t.Error("an empty lexicon wrote a form")
	}
}

// The numbers of a lexicon are part of the format: these bytes must be readable for ever.
func TestGolden(t *testing.T) {
	lexicon := shorthand.NewLexicon(definitions())
	p := &merge.Payload{Time: 0x01a204c456290003, Form: "arrival", Parts: []schema.Compartment{"admin"}, Ops: []merge.Op{
		{Path: "code", Value: "TGR8-S4SQ-6CCF"}, {Path: "age", Value: int64(31)}, {Path: "colours", Value: []string{"green", "blue"}},
		{Path: "day", Value: "2026-11-20"}, {Path: "people/" + instance + "/name", Value: "Invented"},
		{Kind: merge.Append, Path: "story", Value: "walked", Why: "asked"},
	}}
	head, prose, ok := lexicon.Write(p)
	if got := fmt.Sprintf("%x %s", head, prose); !ok || got != golden {
		t.Errorf("written as\n%s, want\n%s", got, golden)
	}
}

const golden = "1a204c4562925ca065350c2324cdccc63d446156c6ccc00112233445566ff983a4b4ac Inventedwalkedasked"

func FuzzRead(f *testing.F) {
	lexicon := shorthand.NewLexicon(definitions())
	seed, err := hex.DecodeString("1a204c4562925ca065350c2324cdccc63d446156c6ccc00112233445566ff983a4b4ac")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(seed, []byte("Inventedwalkedasked"))
	f.Fuzz(func(t *testing.T, head, prose []byte) {
		p, err := lexicon.Read(head, prose)
		if err != nil {
			return
		}
		again, text, ok := lexicon.Write(p)
		if !ok || !bytes.Equal(again, head) || !bytes.Equal(text, prose) {
			t.Errorf("%x %q is read, but written as %x %q", head, prose, again, text)
		}
	})
}
