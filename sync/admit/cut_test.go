package admit_test

import (
	"bytes"
	"errors"
	"testing"

	"escale/schema"
	"escale/sync/admit"
	"escale/sync/wire"
)

func tips() []wire.Tip {
	return []wire.Tip{
		{Stream: schema.Stream{2}, Seq: 1, Set: schema.Hash{3}}, {Stream: schema.Stream{1}, Seq: 300, Set: schema.Hash{4}},
		{Stream: schema.Stream{1}, Seq: 300, Set: schema.Hash{1}},
	}
}

func TestCutIsTheSameInEveryOrder(t *testing.T) {
	a, name, err := admit.EncodeCut(tips())
	if err != nil {
		t.Fatal(err)
	}
	other := tips()
	other[0], other[2] = other[2], other[0]
	b, again, err := admit.EncodeCut(other)
	if err != nil || !bytes.Equal(a, b) || name != again {
		t.Fatalf("order changes the cut: %v", err)
	}
	got, err := admit.ParseCut(a)
	if err != nil || len(got) != 3 || got[0].Set != (schema.Hash{1}) || got[2].Stream != (schema.Stream{2}) {
		t.Fatalf("%+v %v", got, err)
	}
}

func TestCutsThatCannotBeAreRefused(t *testing.T) {
	twice := append(tips(), tips()[0])
	doubled, _, err := admit.EncodeCut(twice)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := admit.ParseCut(doubled); !errors.Is(err, admit.ErrCut) {
		t.Errorf("a head twice: %v", err)
	}
	for what, n := range map[string]int{"none": 0, "too many": admit.MaxCut + 1} {
		if _, _, err := admit.EncodeCut(make([]wire.Tip, n)); !errors.Is(err, admit.ErrCut) {
			t.Errorf("%s: %v", what, err)
		}
	}
	if _, err := admit.ParseCut([]byte{0x80}); !errors.Is(err, admit.ErrCut) {
		t.Errorf("an empty cut: %v", err)
	}
}

func FuzzParseCut(f *testing.F) {
	b, _, err := admit.EncodeCut(tips())
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Add(b[:len(b)-1])
	f.Fuzz(func(t *testing.T, b []byte) {
		heads, err := admit.ParseCut(b)
		if err != nil {
			return
		}
		again, _, err := admit.EncodeCut(heads)
		if err != nil || !bytes.Equal(again, b) {
			t.Fatalf("a cut has two encodings: %v", err)
		}
	})
}
