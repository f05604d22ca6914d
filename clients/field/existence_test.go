package field_test

import (
	"context"
	"errors"
	"maps"
	"slices"
	"testing"

	"escale/clients/field"
	"escale/clients/orgtest"
	"escale/schema/form"
	"escale/sync/merge"
)

// trio is two laptops that hold the same file, and a shorthand for what is done with it.
type trio struct {
	t    *testing.T
	o    *orgtest.Org
	a, b *orgtest.Laptop
	id   string
}

func sharedFile(t *testing.T) *trio {
	t.Helper()
	o, a, b := calais(t)
	saved, err := a.Book().Create(context.Background(), field.New{Form: "case_intake", Answers: intake})
	orgtest.OK(t, err)
	s := &trio{t, o, a, b, saved.ID.String()}
	s.exchange()
	return s
}

// exchange brings both laptops to the same.
func (s *trio) exchange() {
	s.t.Helper()
	s.a.Sync()
	s.b.Sync()
	s.a.Sync()
}

func (s *trio) edit(l *orgtest.Laptop, answers form.Answers) {
	s.t.Helper()
	_, err := l.Book().Edit(context.Background(), s.id, field.Change{Answers: answers})
	orgtest.OK(s.t, err)
}

func (s *trio) waiting(l *orgtest.Laptop) *field.Waiting {
	s.t.Helper()
	return orgtest.Must[*field.Waiting](s.t)(l.Book().Waiting(context.Background()))
}

// are wants both laptops to say the same about the file.
func (s *trio) are(want merge.Existence, questions int) {
	s.t.Helper()
	for _, l := range []*orgtest.Laptop{s.a, s.b} {
		r, err := l.Book().Get(context.Background(), s.id)
		orgtest.OK(s.t, err)
		if w := s.waiting(l); r.Exists != want || len(w.Questions) != questions {
			s.t.Fatalf("%s: existence %d, %d questions; want %d and %d", l.Name, r.Exists, len(w.Questions), want, questions)
		}
		list, err := l.Book().List(context.Background(), "")
		orgtest.OK(s.t, err)
		gone, err := l.Book().ListDeleted(context.Background(), "")
		orgtest.OK(s.t, err)
		if deleted := want == merge.Deleted; (len(gone) == 1) != deleted || (len(list) == 1) == deleted {
			s.t.Fatalf("%s: %d listed, %d among the deleted", l.Name, len(list), len(gone))
		}
	}
}

func (s *trio) do(_ field.Saved, err error) {
	s.t.Helper()
	orgtest.OK(s.t, err)
	s.exchange()
}

func TestADeletedFileLeavesListsAndKeepsItsHistory(t *testing.T) {
	ctx := context.Background()
	s := sharedFile(t)
	if _, err := s.a.Book().Delete(ctx, s.id, " "); !errors.Is(err, field.ErrWhy) {
		t.Fatalf("without a reason: %v", err)
	}
	s.do(s.a.Book().Delete(ctx, s.id, "opened twice for one person"))
	s.are(merge.Deleted, 0)
	found, err := s.b.Book().Search(ctx, "nour")
	orgtest.OK(t, err)
	gone, err := s.b.Book().SearchDeleted(ctx, "nour")
	orgtest.OK(t, err)
	if len(found) != 0 || len(gone) != 1 {
		t.Fatalf("found %d, among the deleted %d", len(found), len(gone))
	}
	if _, err := s.b.Book().Edit(ctx, s.id, field.Change{Answers: form.Answers{"living": "squat"}}); !errors.Is(err, field.ErrDeleted) {
		t.Fatalf("edit of a deleted file: %v", err)
	}
	r, err := s.b.Book().Get(ctx, s.id)
	orgtest.OK(t, err)
	entries, err := s.b.Book().History(ctx, r)
	orgtest.OK(t, err)
	last := entries[len(entries)-1]
	if entries[0].What != "entered" || last.What != "deleted" || last.Why != "opened twice for one person" || last.Own {
		t.Fatalf("history ends with %+v", last)
	}
	if again, err := s.b.Book().Delete(ctx, s.id, "again"); err != nil || again.Time != 0 {
		t.Fatalf("deleted twice: %+v %v", again, err)
	}
	s.do(s.b.Book().Restore(ctx, s.id, "they are two people"))
	s.are(merge.Alive, 0)
	s.edit(s.b, form.Answers{"living": "squat"})
}

// TestAnEditBesideADeletionIsAQuestion: neither author knew of the other; both are asked, and either answer ends it.
func TestAnEditBesideADeletionIsAQuestion(t *testing.T) {
	ctx := context.Background()
	for _, keep := range []bool{true, false} {
		s := sharedFile(t)
		s.edit(s.b, form.Answers{"living": "squat"})
		s.do(s.a.Book().Delete(ctx, s.id, "opened twice for one person"))
		s.are(merge.Question, 1)
		q := s.waiting(s.a).Questions[0]
		if len(q.Endings) != 1 || !q.Endings[0].Own || len(q.Late) != 1 || q.Late[0].Knew || q.Late[0].Kept || !slices.Equal(q.Late[0].Fields, []string{"living"}) {
			t.Fatalf("question %+v", q)
		}
		s.do(s.b.Book().Answer(ctx, s.id, keep, "asked her"))
		if want := map[bool]merge.Existence{true: merge.Alive, false: merge.Deleted}[keep]; true {
			s.are(want, 0)
		}
		if _, err := s.b.Book().Answer(ctx, s.id, keep, "once more"); !errors.Is(err, field.ErrNoQuery) {
			t.Fatalf("answered twice: %v", err)
		}
	}
}

// TestTwoAnswersToOneQuestion: the same answer twice asks nobody again; different answers do.
func TestTwoAnswersToOneQuestion(t *testing.T) {
	ctx := context.Background()
	for _, test := range []struct {
		a, b      bool
		want      merge.Existence
		questions int
	}{
		{true, true, merge.Alive, 0},
		{false, false, merge.Deleted, 0},
		{true, false, merge.Question, 1},
	} {
		s := sharedFile(t)
		s.edit(s.b, form.Answers{"living": "squat"})
		s.do(s.a.Book().Delete(ctx, s.id, "opened twice for one person"))
		_, err := s.a.Book().Answer(ctx, s.id, test.a, "a decides")
		orgtest.OK(t, err)
		s.do(s.b.Book().Answer(ctx, s.id, test.b, "b decides"))
		s.are(test.want, test.questions)
		if test.questions == 0 {
			continue
		}
		if q := s.waiting(s.b).Questions[0]; !slices.ContainsFunc(q.Late, func(l field.Late) bool { return l.Kept }) {
			t.Fatalf("the question does not say that somebody kept it: %+v", q)
		}
		s.do(s.b.Book().Answer(ctx, s.id, false, "we talked"))
		s.are(merge.Deleted, 0)
	}
}

// TestAPartThatTheDeletionDidNotReachIsAsked: a name that a colleague wrote down meanwhile, in a part that nobody had begun.
func TestAPartThatTheDeletionDidNotReachIsAsked(t *testing.T) {
	ctx := context.Background()
	o, a, b := calais(t)
	plain := maps.Clone(intake)
	delete(plain, "alias")
	saved, err := a.Book().Create(ctx, field.New{Form: "case_intake", Answers: plain})
	orgtest.OK(t, err)
	s := &trio{t, o, a, b, saved.ID.String()}
	s.exchange()
	s.edit(b, form.Answers{"alias": "Nour (invented person)"})
	s.do(a.Book().Delete(ctx, s.id, "opened by mistake"))
	s.are(merge.Question, 1)
	q := s.waiting(b).Questions[0]
	if !slices.Equal(q.Parts, []string{"identity"}) {
		t.Fatalf("untouched parts %v", q.Parts)
	}
	s.do(b.Book().Answer(ctx, s.id, false, "yes, by mistake"))
	s.are(merge.Deleted, 0)
}

// TestWhoMayDelete: who reads a part and may not write in it does not decide over it.
func TestWhoMayDelete(t *testing.T) {
	ctx := context.Background()
	o := orgtest.New(t, "calais")
	a := o.Ask("calais-1", "social_worker", "calais")
	m := o.Ask("paris-1", "data_manager", "calais")
	o.ApproveAll()
	for range 2 {
		a.Sync()
		m.Sync()
	}
	saved, err := a.Book().Create(ctx, field.New{Form: "case_intake", Answers: intake})
	orgtest.OK(t, err)
	a.Sync()
	m.Sync()
	if _, err := m.Book().Delete(ctx, saved.ID.String(), "tidying up"); !errors.Is(err, field.ErrReadOnly) {
		t.Fatalf("a data manager deletes: %v", err)
	}
	if q, err := a.Profile.Queue(ctx); err != nil || q.Saves != 0 || q.Sets != 0 {
		t.Fatalf("nothing waits: %+v %v", q, err)
	}
	_, err = a.Book().Delete(ctx, saved.ID.String(), "opened twice")
	orgtest.OK(t, err)
	if q, err := a.Profile.Queue(ctx); err != nil || q.Saves != 1 || q.Sets == 0 || q.Bytes == 0 || q.Oldest.IsZero() {
		t.Fatalf("one save waits: %+v %v", q, err)
	}
	m.Sync()
}
