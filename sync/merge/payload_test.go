package merge_test

import (
	"bytes"
	"errors"
	"math"
	"reflect"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"escale/schema"
	"escale/schema/canon"
	"escale/sync/causal"
	"escale/sync/merge"
)

func samplePayloads() []merge.Payload {
	return []merge.Payload{
		{Time: 1, Form: "encounter", Parts: []schema.Compartment{"admin", "medical"}, Ops: []merge.Op{
			{Path: "site", Value: "calais"}, {Path: "persons", Value: int64(54)}, {Path: "weight", Value: 61.5},
			{Path: "urgent", Value: true}, {Path: "left", Value: nil}, {Kind: merge.Add, Path: "needs", Value: []string{"food", "water"}},
		}},
		{Time: 1 << 57, Form: "encounter", Record: schema.Record{1, 2}, Ops: []merge.Op{{Kind: merge.Append, Path: "note", Value: "vu ce soir"}}},
		{Time: 2, Form: "encounter"},
		{Time: 3, Ops: []merge.Op{{Kind: merge.Delete, Path: merge.Exists, Why: "entered twice"}}},
		{Time: 4, Ops: []merge.Op{
			{Kind: merge.Increment, Path: "kits", Value: int64(-2)}, {Kind: merge.Remove, Path: "needs", Value: []string{}},
			{Kind: merge.Resolve, Path: "child/0011223344556677/age", Value: int64(3), Why: "counted again"},
			{Kind: merge.Widen, Path: "consent", Value: "given", Lifts: []merge.Lift{{Author: schema.Device{9}, Time: 7}, {Time: 8}}},
		}},
	}
}

func TestPayloadRoundTrip(t *testing.T) {
	for i, in := range samplePayloads() {
		b, err := in.Encode()
		if err != nil {
			t.Fatalf("%d: %v", i, err)
		}
		out, err := merge.DecodePayload(b)
		if err != nil || !reflect.DeepEqual(*out, in) {
			t.Fatalf("%d: %+v, want %+v: %v", i, out, in, err)
		}
		for n := range b {
			if _, err := merge.DecodePayload(b[:n]); !errors.Is(err, merge.ErrPayload) {
				t.Fatalf("%d cut at %d: %v", i, n, err)
			}
		}
		if _, err := merge.DecodePayload(append(b, 0)); !errors.Is(err, merge.ErrPayload) {
			t.Fatalf("%d: a trailing byte: %v", i, err)
		}
	}
}

// TestPayloadBytes holds the format still: what one release writes, the next must read.
func TestPayloadBytes(t *testing.T) {
	p := merge.Payload{Time: 5, Form: "f", Parts: []schema.Compartment{"admin"}, Ops: []merge.Op{
		{Path: "a", Value: "x"}, {Kind: merge.Widen, Path: "b", Value: int64(1), Why: "w", Lifts: []merge.Lift{{Time: 2}}},
	}}
	b, err := p.Encode()
	want := append([]byte{0x84, 5, 0x82, 0x61, 'f', 0x81, 0x65}, "admin"...)
	want = append(want, 0x83, 0, 0x61, 'a', 0x61, 'x', 0x85, 8, 0x61, 'b', 1, 0x61, 'w', 0x82, 0x50)
	want = append(append(want, make([]byte, 16)...), 2)
	if err != nil || !bytes.Equal(b, want) {
		t.Fatalf("% x, want % x: %v", b, want, err)
	}
}

func TestPayloadRefusals(t *testing.T) {
	set := func(path string, v any) merge.Payload {
		return merge.Payload{Ops: []merge.Op{{Path: path, Value: v}}}
	}
	op := func(o merge.Op) merge.Payload { return merge.Payload{Ops: []merge.Op{o}} }
	deep := "a" + strings.Repeat("/0011223344556677/a", 5)
	for name, p := range map[string]merge.Payload{
		"nothing":             {Time: 1},
		"time":                {Time: math.MaxUint64, Form: "f"},
		"record, no form":     {Record: schema.Record{1}, Ops: []merge.Op{{Path: "a"}}},
		"parts and record":    {Form: "f", Record: schema.Record{1}, Parts: []schema.Compartment{"admin"}},
		"empty part":          {Form: "f", Parts: []schema.Compartment{""}},
		"too many parts":      {Form: "f", Parts: make([]schema.Compartment, 17)},
		"long form":           {Form: strings.Repeat("f", 65)},
		"too many ops":        {Form: "f", Ops: make([]merge.Op, 2001)},
		"no path":             set("", nil),
		"long path":           set(strings.Repeat("a", 201), nil),
		"half a path":         set("a/0011223344556677", nil),
		"short instance":      set("a/00/b", nil),
		"upper-case digits":   set("a/00112233445566AA/b", nil),
		"too deep":            set(deep, nil),
		"digit first":         set("1a", nil),
		"space":               set("a b", nil),
		"set exists":          set(merge.Exists, nil),
		"delete elsewhere":    op(merge.Op{Kind: merge.Delete, Path: "a"}),
		"delete with value":   op(merge.Op{Kind: merge.Delete, Path: merge.Exists, Value: "x"}),
		"kind":                op(merge.Op{Kind: 9, Path: "a"}),
		"add text":            op(merge.Op{Kind: merge.Add, Path: "a", Value: "x"}),
		"increment text":      op(merge.Op{Kind: merge.Increment, Path: "a", Value: "x"}),
		"increment fraction":  op(merge.Op{Kind: merge.Increment, Path: "a", Value: 1.0}),
		"append list":         op(merge.Op{Kind: merge.Append, Path: "a", Value: []string{"x"}}),
		"lifts without widen": op(merge.Op{Path: "a", Lifts: []merge.Lift{{}}}),
		"too many lifts":      op(merge.Op{Kind: merge.Widen, Path: "a", Lifts: make([]merge.Lift, 1001)}),
		"plain int":           set("a", 1),
		"infinite":            set("a", math.Inf(1)),
		"not a number":        set("a", math.NaN()),
		"long text":           set("a", strings.Repeat("x", 64<<10+1)),
		"broken text":         set("a", "\xff"),
		"broken reason":       op(merge.Op{Path: "a", Why: "\xff"}),
		"long list":           set("a", make([]string, 1001)),
		"broken element":      set("a", []string{"\xff"}),
		"map":                 set("a", map[string]string{}),
	} {
		if _, err := p.Encode(); !errors.Is(err, merge.ErrPayload) {
			t.Errorf("%s: %v", name, err)
		}
	}
	big := merge.Payload{Form: "f"}
	for range 9 {
		big.Ops = append(big.Ops, merge.Op{Path: "a", Value: strings.Repeat("x", 64<<10)})
	}
	if _, err := big.Encode(); !errors.Is(err, merge.ErrPayload) {
		t.Errorf("over the bound of a delta: %v", err)
	}
}

// TestForeignBytes gives the reader well-formed CBOR that Encode would not have written.
func TestForeignBytes(t *testing.T) {
	op := []any{uint8(0), "a", "x"}
	for name, v := range map[string]any{
		"map":                 map[string]int{"a": 1},
		"empty":               []any{},
		"negative time":       []any{-1, op},
		"text for time":       []any{"1", op},
		"two headers":         []any{1, []any{"f", []string{}}, []any{"f", []string{}}},
		"header at the end":   []any{1, op, []any{"f", []string{}}},
		"zero record":         []any{1, []any{"f", make([]byte, 16)}},
		"short record":        []any{1, []any{"f", []byte{1}}},
		"long record":         []any{1, []any{"f", bytes.Repeat([]byte{1}, 17)}},
		"numbers for parts":   []any{1, []any{"f", []int{1}}},
		"short op":            []any{1, []any{0, "a"}},
		"long op":             []any{1, []any{8, "a", nil, "", []any{make([]byte, 16), 1}, 1}},
		"empty reason":        []any{1, []any{0, "a", "x", ""}},
		"empty lifts":         []any{1, []any{8, "a", "x", "w", []any{}}},
		"odd lifts":           []any{1, []any{8, "a", "x", "w", []any{make([]byte, 16)}}},
		"short author":        []any{1, []any{8, "a", "x", "w", []any{[]byte{1}, 1}}},
		"negative kind":       []any{1, []any{-1, "a", "x"}},
		"great kind":          []any{1, []any{256, "a", "x"}},
		"mixed list":          []any{1, []any{0, "a", []any{"x", 1}}},
		"bytes":               []any{1, []any{0, "a", []byte{1}}},
		"map for a value":     []any{1, []any{0, "a", map[string]int{}}},
		"number out of range": []any{1, []any{0, "a", uint64(math.MaxUint64)}},
	} {
		b, err := canon.Encode(v)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := merge.DecodePayload(b); !errors.Is(err, merge.ErrPayload) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := merge.DecodePayload([]byte{0x82, 0x18, 1, 0x83, 0, 0x61, 'a', 0xf6}); !errors.Is(err, merge.ErrPayload) {
		t.Error("a long integer was taken")
	}
}

func TestDrawnPayloadsRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		roll := rapidDice(t)
		w := happen(roll, 5, fitting)
		for _, s := range w.sets {
			for _, d := range s.deltas {
				in := merge.Payload{Time: d.time, Ops: d.ops}
				b, err := in.Encode()
				if err != nil {
					t.Fatal(err)
				}
				out, err := merge.DecodePayload(b)
				if err != nil || !reflect.DeepEqual(*out, in) {
					t.Fatalf("%+v, want %+v: %v", out, in, err)
				}
			}
		}
	})
}

func FuzzDecodePayload(f *testing.F) {
	for _, p := range samplePayloads() {
		b, err := p.Encode()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		p, err := merge.DecodePayload(b)
		if err != nil {
			if !errors.Is(err, merge.ErrPayload) {
				t.Fatalf("untyped refusal: %v", err)
			}
			return
		}
		again, err := p.Encode()
		if err != nil || !bytes.Equal(again, b) {
			t.Fatalf("% x came back as % x: %v", b, again, err)
		}
		// Whatever can be decoded can be merged.
		var h causal.History
		h.Add(1, 1, 1, 0)
		d := merge.Delta{Dot: causal.Dot{Set: 1}, Time: p.Time, Ops: p.Ops}
		for _, field := range merge.Merge(&h, []merge.Delta{d, d}, rules).Fields {
			field.History()
		}
	})
}
