package field_test

import (
	"context"
	"errors"
	"slices"
	"testing"

	"escale/clients/field"
	"escale/clients/orgtest"
	"escale/clients/profile"
	"escale/schema/form"
)

var intake = form.Answers{"site_code": "calais", "activity": "day_centre", "consent_case": "given", "consent_scopes": []string{"msf_social"},
	"alias": "Nour (invented person)", "age_band": "a18_24", "gender": "f", "risk_level": "medium", "living": "street", "opened_on": "2026-11-20"}

func calais(t *testing.T) (*orgtest.Org, *orgtest.Laptop, *orgtest.Laptop) {
	t.Helper()
	o := orgtest.New(t, "calais", "tripoli")
	a := o.Ask("calais-1", "social_worker", "calais")
	b := o.Ask("calais-2", "social_supervisor", "calais")
	o.ApproveAll()
	for range 2 {
		a.Sync()
		b.Sync()
	}
	return o, a, b
}

func TestTwoLaptopsAgreeAndResolve(t *testing.T) {
	ctx := context.Background()
	_, a, b := calais(t)
	saved, err := a.Book().Create(ctx, field.New{Form: "case_intake", Answers: intake})
	orgtest.OK(t, err)
	if rep := a.Sync(); !rep.Synced || rep.Pushed == 0 {
		t.Fatalf("author: %+v", rep)
	}
	if rep := b.Sync(); !rep.Synced || rep.Pulled == 0 {
		t.Fatalf("reader: %+v", rep)
	}
	r, err := b.Book().Get(ctx, saved.ID.String())
	orgtest.OK(t, err)
	if r.Fields["alias"].Value != intake["alias"] {
		t.Fatalf("alias is %v", r.Fields["alias"].Value)
	}

	edit := func(l *orgtest.Laptop, answers form.Answers) {
		t.Helper()
		if _, err := l.Book().Edit(ctx, saved.ID.String(), field.Change{Answers: answers}); err != nil {
			t.Fatal(err)
		}
	}
	edit(a, form.Answers{"living": "squat", "risk_level": "high"})
	edit(b, form.Answers{"household": "alone", "risk_level": "extreme"})
	a.Reopen()
	a.Sync()
	b.Sync()
	a.Sync()
	for _, l := range []*orgtest.Laptop{a, b} {
		cs, err := l.Book().Conflicts(ctx)
		orgtest.OK(t, err)
		if len(cs) != 1 || cs[0].Field != "risk_level" || len(cs[0].Siblings) != 2 {
			t.Fatalf("%s: conflicts %+v", l.Name, cs)
		}
		r, err := l.Book().Get(ctx, saved.ID.String())
		orgtest.OK(t, err)
		if r.Fields["living"].Value != "squat" || r.Fields["household"].Value != "alone" || r.Fields["risk_level"].Value != "extreme" {
			t.Fatalf("%s: %v %v %v", l.Name, r.Fields["living"].Value, r.Fields["household"].Value, r.Fields["risk_level"].Value)
		}
	}
	if _, err := b.Book().Resolve(ctx, saved.ID.String(), "risk_level", 0, "high", "seen together at the clinic"); err != nil {
		t.Fatal(err)
	}
	b.Sync()
	a.Sync()
	cs, err := a.Book().Conflicts(ctx)
	orgtest.OK(t, err)
	if len(cs) != 0 {
		t.Fatalf("still in conflict: %+v", cs)
	}
	r, err = a.Book().Get(ctx, saved.ID.String())
	orgtest.OK(t, err)
	if r.Fields["risk_level"].Value != "high" || len(r.Fields["risk_level"].History()) != 4 {
		t.Fatalf("%v, %d writes", r.Fields["risk_level"].Value, len(r.Fields["risk_level"].History()))
	}
}

func TestRefusedConsentIsSavedWithoutAName(t *testing.T) {
	ctx := context.Background()
	_, a, _ := calais(t)
	refused := form.Answers{"site_code": "calais", "activity": "day_centre", "consent_case": "refused", "age_band": "unknown", "gender": "f", "risk_level": "low", "opened_on": "2026-11-20"}
	saved, err := a.Book().Create(ctx, field.New{Form: "case_intake", Answers: refused})
	orgtest.OK(t, err)
	r, err := a.Book().Get(ctx, saved.ID.String())
	orgtest.OK(t, err)
	if _, ok := r.Parts["identity"]; ok && r.Parts["identity"] != field.PartSealed {
		t.Fatalf("identity part is %v", r.Parts["identity"])
	}
}

// TestAnEditCitesWhatWasShown: what came in after a record was opened is not written over.
func TestAnEditCitesWhatWasShown(t *testing.T) {
	ctx := context.Background()
	_, a, b := calais(t)
	saved, err := a.Book().Create(ctx, field.New{Form: "case_intake", Answers: intake})
	orgtest.OK(t, err)
	a.Sync()
	b.Sync()
	book := b.Book()
	shown, err := book.Get(ctx, saved.ID.String())
	orgtest.OK(t, err)
	_, err = a.Book().Edit(ctx, saved.ID.String(), field.Change{Answers: form.Answers{"risk_level": "high"}})
	orgtest.OK(t, err)
	a.Sync()
	b.Sync()
	_, err = book.EditShown(ctx, shown, field.Change{Answers: form.Answers{"risk_level": "extreme"}})
	orgtest.OK(t, err)
	cs, err := book.Conflicts(ctx)
	orgtest.OK(t, err)
	if len(cs) != 1 || len(cs[0].Siblings) != 2 {
		t.Fatalf("conflicts %+v", cs)
	}
}

// TestAPartWithoutReadersIsRefusedAndNamesWhoCouldReadIt: what nobody could ever open again is not taken in.
func TestAPartWithoutReadersIsRefusedAndNamesWhoCouldReadIt(t *testing.T) {
	ctx := context.Background()
	o := orgtest.New(t, "calais")
	a := o.Ask("calais-1", "social_worker", "calais")
	o.ApproveAll()
	a.Sync()
	saved, err := a.Book().Create(ctx, field.New{Form: "case_intake", Answers: intake})
	orgtest.OK(t, err)
	_, err = a.Book().Create(ctx, field.New{Form: "encounter", Code: saved.Code, Answers: form.Answers{"mode": "outreach", "discipline": "social",
		"safe_to_talk": "yes", "case_status": "open", "note_legal": "for a lawyer, and none has joined"}})
	var none *field.NoReaderError
	if !errors.As(err, &none) || !errors.Is(err, profile.ErrScopeClosed) || none.Part != "legal" || !slices.Contains(none.Roles, "legal_officer") {
		t.Fatalf("%v", err)
	}
	notes, err := a.Book().List(ctx, "encounter")
	orgtest.OK(t, err)
	if len(notes) != 0 {
		t.Fatal("half of the note was saved")
	}
}
