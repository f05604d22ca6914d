package horizon_test

import (
	"bytes"
	"errors"
	"testing"
	"time"

	"escale/schema"
	"escale/schema/canon"
	"escale/sync/admit"
	"escale/sync/horizon"
	"escale/sync/wire"
)

func holding(n byte, tips ...wire.Tip) horizon.Holding {
	return horizon.Holding{State: wire.ScopeState{Scope: schema.Scope{n}, Number: 7, Running: schema.Hash{n}}, Tips: tips}
}

func sample(t testing.TB) *horizon.File {
	t.Helper()
	s := horizon.Statement{Org: schema.Org{1}, HubEpoch: wire.HubEpoch{2}, Ledger: wire.Head{Height: 3, Hash: schema.Hash{4}}}
	f, err := horizon.New(s, []horizon.Holding{
		holding(1, wire.Tip{Stream: schema.Stream{1}, Seq: 7, Set: schema.Hash{7}}),
		holding(2, wire.Tip{Stream: schema.Stream{3}, Seq: 2, Set: schema.Hash{8}}, wire.Tip{Stream: schema.Stream{2}, Seq: 5, Set: schema.Hash{9}}),
	}, time.Unix(5, 0))
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func encoded(t testing.TB, f *horizon.File) []byte {
	t.Helper()
	b, err := f.Encode()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestStatementReadsBack(t *testing.T) {
	b := encoded(t, sample(t))
	f, s, err := horizon.ParseFile(b)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(encoded(t, f), b) || !f.Whole() || s.Sets != 14 || len(s.Scopes) != 2 {
		t.Errorf("%+v", s)
	}
	tips, err := admit.ParseCut(f.Tips[1])
	if err != nil || len(tips) != 2 || tips[0].Stream != (schema.Stream{2}) {
		t.Errorf("%v %v", tips, err)
	}
	r := f.Result(s)
	if r.Number != 14 || r.Digest != horizon.Digest(f.Statement) || r.Time != 5 || r.HubEpoch != s.HubEpoch {
		t.Errorf("%+v", r)
	}
}

// An officer compares the digest that two readings of the same backup give.
func TestReadingBackAgainGivesTheSameDigest(t *testing.T) {
	s := horizon.Statement{Org: schema.Org{1}}
	first, err := horizon.New(s, []horizon.Holding{holding(1)}, time.Unix(5, 0))
	if err != nil {
		t.Fatal(err)
	}
	second, err := horizon.New(s, []horizon.Holding{holding(1)}, time.Unix(6, 0))
	if err != nil || horizon.Digest(first.Statement) != horizon.Digest(second.Statement) {
		t.Errorf("another digest a second later: %v", err)
	}
}

func TestStatementsThatCannotBeAreRefused(t *testing.T) {
	_, good, err := horizon.ParseFile(encoded(t, sample(t)))
	if err != nil {
		t.Fatal(err)
	}
	for what, change := range map[string]func(s *horizon.Statement, f *horizon.File){
		"label":    func(s *horizon.Statement, _ *horizon.File) { s.Label = "other" },
		"order":    func(s *horizon.Statement, _ *horizon.File) { s.Scopes[0], s.Scopes[1] = s.Scopes[1], s.Scopes[0] },
		"total":    func(s *horizon.Statement, _ *horizon.File) { s.Sets++ },
		"org":      func(s *horizon.Statement, _ *horizon.File) { s.Org = schema.Org{} },
		"a list":   func(_ *horizon.Statement, f *horizon.File) { f.Tips[0] = f.Tips[1] },
		"no lists": func(_ *horizon.Statement, f *horizon.File) { f.Tips = f.Tips[:1] },
	} {
		s, f := *good, sample(t)
		s.Scopes = append([]horizon.Scope(nil), good.Scopes...)
		change(&s, f)
		if f.Statement, err = canon.Encode(s); err != nil {
			t.Fatal(err)
		}
		if _, _, err := horizon.ParseFile(encoded(t, f)); !errors.Is(err, horizon.ErrStatement) {
			t.Errorf("%s: %v", what, err)
		}
	}
}

func FuzzParseFile(f *testing.F) {
	whole := sample(f)
	f.Add(encoded(f, whole))
	whole.Tips[0] = []byte{}
	f.Add(encoded(f, whole))
	f.Add(whole.Statement)
	f.Fuzz(func(t *testing.T, b []byte) {
		file, s, err := horizon.ParseFile(b)
		if err != nil {
			return
		}
		if len(file.Tips) != len(s.Scopes) {
			t.Fatal("lists without scopes")
		}
		if again := encoded(t, file); !bytes.Equal(again, b) {
			t.Fatal("two forms of one file")
		}
	})
}
