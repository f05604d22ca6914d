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
	if _, _, err := admit.EncodeCut(make([]wire.Tip, admit.MaxCut+1)); !errors.Is(err, admit.ErrCut) {
		t.Errorf("too many: %v", err)
	}
	if _, err := admit.ParseCut([]byte{0xf6}); !errors.Is(err, admit.ErrCut) {
		t.Errorf("null in place of nothing: %v", err)
	}
}

// A scope in which nobody wrote is closed like any other.
func TestCutOfNothing(t *testing.T) {
	b, _, err := admit.EncodeCut(nil)
	if err != nil {
		t.Fatal(err)
	}
	if heads, err := admit.ParseCut(b); err != nil || len(heads) != 0 {
		t.Fatalf("%v %v", heads, err)
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
