package changeset_test

import (
	"testing"

	"escale/schema"
	"escale/sync/changeset"
)

func FuzzParse(f *testing.F) {
	s := sample(f)
	f.Add(s.Raw)
	f.Add(closed(f, draft(f, changeset.Delta{Create: true, Sealed: make([]byte, 80)})).Raw)
	erased, err := s.Erase(func(schema.Object) bool { return true })
	if err != nil {
		f.Fatal(err)
	}
	f.Add(erased)
	f.Add(s.Raw[:len(s.Raw)/2])
	f.Fuzz(func(t *testing.T, b []byte) {
		s, err := changeset.Parse(b)
		if err != nil {
			return
		}
		if len(s.Deltas) == 0 || len(s.Deltas) > schema.MaxDeltas || len(s.Header.Heads) > schema.MaxHeads || len(b) > schema.MaxChangeSet {
			t.Fatal("over a bound")
		}
		for _, d := range s.Deltas {
			for _, h := range d.Heads {
				if int(h) >= len(s.Header.Heads) {
					t.Fatal("a head that is not listed")
				}
			}
		}
		raw, err := s.Erase(func(schema.Object) bool { return false })
		if err != nil {
			t.Fatal(err)
		}
		again, err := changeset.Parse(raw)
		if err != nil || again.Hash != s.Hash {
			t.Fatalf("written again: %v", err)
		}
	})
}
