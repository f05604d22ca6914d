package field_test

import (
	"context"
	"testing"

	"escale/clients/field"
	"escale/clients/orgtest"
	"escale/schema/form"
	"escale/sync/merge"
)

// apart lets both laptops write in the same field without knowing of each other.
func (s *trio) apart(field, a, b string) {
	s.t.Helper()
	s.edit(s.a, form.Answers{field: a})
	s.edit(s.b, form.Answers{field: b})
	s.exchange()
}

func TestAConflictSaysWhoWroteWhatAndWhatTheyKnew(t *testing.T) {
	s := sharedFile(t)
	orgtest.OK(t, s.a.Profile.Agreed(context.Background(), s.a.Sync().HubTime))
	s.apart("risk_level", "high", "extreme")
	orgtest.OK(t, s.b.Profile.Agreed(context.Background(), s.b.Sync().HubTime))
	c := s.waiting(s.b).Conflicts[0]
	if c.Field != "risk_level" || !c.Urgent || len(c.Siblings) != 2 {
		t.Fatalf("%+v", c)
	}
	for i, sib := range c.Siblings {
		if own := i == 1; sib.Own != own || sib.Author == "" || sib.Device.IsZero() || len(sib.Saw) != 0 || sib.Clock != field.ClockPlausible || sib.After == nil || sib.Before == nil {
			t.Errorf("sibling %d: %+v", i+1, sib)
		}
		if len(sib.HadSeen) != 1 || sib.HadSeen[0].Value != "medium" || sib.HadSeen[0].Device != s.a.Keys.Device {
			t.Errorf("sibling %d had seen %+v", i+1, sib.HadSeen)
		}
	}
}

// TestTwoPeopleDecideTheSameConflict: the same choice asks nobody again, different choices do; who loses stays in history.
func TestTwoPeopleDecideTheSameConflict(t *testing.T) {
	ctx := context.Background()
	for _, test := range []struct {
		a, b string
		open int
	}{{"high", "high", 0}, {"high", "extreme", 1}} {
		s := sharedFile(t)
		s.apart("risk_level", "high", "extreme")
		_, err := s.a.Book().Resolve(ctx, s.id, "risk_level", 0, test.a, "a asked her")
		orgtest.OK(t, err)
		s.do(s.b.Book().Resolve(ctx, s.id, "risk_level", 0, test.b, "b asked her"))
		for _, l := range []*orgtest.Laptop{s.a, s.b} {
			if n := len(s.waiting(l).Conflicts); n != test.open {
				t.Fatalf("%s and %s: %d conflicts, want %d", test.a, test.b, n, test.open)
			}
		}
		if test.open > 0 {
			s.do(s.a.Book().Resolve(ctx, s.id, "risk_level", 1, nil, "we talked"))
			s.open(0)
		}
		s.lost("extreme")
	}
}

func (s *trio) open(want int) {
	s.t.Helper()
	for _, l := range []*orgtest.Laptop{s.a, s.b} {
		if n := len(s.waiting(l).Conflicts); n != want {
			s.t.Fatalf("%s: %d conflicts, want %d", l.Name, n, want)
		}
	}
}

// lost wants a value in the history with who decided against it, and why.
func (s *trio) lost(value string) {
	s.t.Helper()
	book := s.b.Book()
	r, err := book.Get(context.Background(), s.id)
	orgtest.OK(s.t, err)
	entries, err := book.History(context.Background(), r)
	orgtest.OK(s.t, err)
	for _, e := range entries {
		if e.Value == value && e.Decision != nil && e.Decision.Why == "a asked her" && e.Decision.Author != "" {
			return
		}
	}
	s.t.Fatalf("nobody decided against %s: %+v", value, entries)
}

func TestParallelUpdatesAreCountedOnceAndAskNobody(t *testing.T) {
	ctx := context.Background()
	s := sharedFile(t)
	s.edit(s.a, form.Answers{"living": "squat"})
	s.edit(s.b, form.Answers{"household": "alone"})
	s.a.Sync()
	newest := s.b.Profile.NewestSet()
	s.b.Sync()
	got, err := s.b.Book().Arrived(ctx, newest)
	orgtest.OK(t, err)
	if got.Parallel != 1 || got.Conflicts != 0 || len(got.Waiting.Conflicts) != 0 {
		t.Fatalf("%+v", got)
	}
	if again, err := s.b.Book().Arrived(ctx, s.b.Profile.NewestSet()); err != nil || again.Parallel != 0 {
		t.Fatalf("told twice: %+v %v", again, err)
	}
	r, err := s.b.Book().Get(ctx, s.id)
	orgtest.OK(t, err)
	entries, err := s.b.Book().History(ctx, r)
	orgtest.OK(t, err)
	for _, e := range entries {
		if want := e.Value == "squat" || e.Value == "alone"; e.Parallel != want {
			t.Errorf("%s %v: parallel %v", e.Field, e.Value, e.Parallel)
		}
	}
	if r.Exists != merge.Alive {
		t.Fatal("gone")
	}
}
