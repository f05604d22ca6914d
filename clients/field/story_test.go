package field_test

import (
	"context"
	"errors"
	"slices"
	"testing"

	"escale/clients/field"
	"escale/clients/profile"
	"escale/schema/form"
)

var intake = form.Answers{"site_code": "calais", "activity": "day_centre", "consent_case": "given", "consent_scopes": []string{"msf_social"},
	"alias": "Nour (invented person)", "age_band": "a18_24", "gender": "f", "risk_level": "medium", "living": "street", "opened_on": "2026-11-20"}

func calais(t *testing.T) (*org, *laptop, *laptop) {
	t.Helper()
	o := newOrg(t, "calais", "tripoli")
	a := o.ask("calais-1", "social_worker", "calais")
	b := o.ask("calais-2", "social_supervisor", "calais")
	o.approveAll()
	for range 2 {
		a.sync()
		b.sync()
	}
	return o, a, b
}

func TestTwoLaptopsAgreeAndResolve(t *testing.T) {
	ctx := context.Background()
	_, a, b := calais(t)
	saved, err := a.book().Create(ctx, field.New{Form: "case_intake", Answers: intake})
	ok(t, err)
	if rep := a.sync(); !rep.Synced || rep.Pushed == 0 {
		t.Fatalf("author: %+v", rep)
	}
	if rep := b.sync(); !rep.Synced || rep.Pulled == 0 {
		t.Fatalf("reader: %+v", rep)
	}
	r, err := b.book().Get(ctx, saved.ID.String())
	ok(t, err)
	if r.Fields["alias"].Value != intake["alias"] {
		t.Fatalf("alias is %v", r.Fields["alias"].Value)
	}

	edit := func(l *laptop, answers form.Answers) {
		t.Helper()
		if _, err := l.book().Edit(ctx, saved.ID.String(), field.Change{Answers: answers}); err != nil {
			t.Fatal(err)
		}
	}
	edit(a, form.Answers{"living": "squat", "risk_level": "high"})
	edit(b, form.Answers{"household": "alone", "risk_level": "extreme"})
	a.reopen()
	a.sync()
	b.sync()
	a.sync()
	for _, l := range []*laptop{a, b} {
		cs, err := l.book().Conflicts(ctx)
		ok(t, err)
		if len(cs) != 1 || cs[0].Field != "risk_level" || len(cs[0].Siblings) != 2 {
			t.Fatalf("%s: conflicts %+v", l.path, cs)
		}
		r, err := l.book().Get(ctx, saved.ID.String())
		ok(t, err)
		if r.Fields["living"].Value != "squat" || r.Fields["household"].Value != "alone" || r.Fields["risk_level"].Value != "extreme" {
			t.Fatalf("%s: %v %v %v", l.path, r.Fields["living"].Value, r.Fields["household"].Value, r.Fields["risk_level"].Value)
		}
	}
	if _, err := b.book().Resolve(ctx, saved.ID.String(), "risk_level", 0, "high", "seen together at the clinic"); err != nil {
		t.Fatal(err)
	}
	b.sync()
	a.sync()
	cs, err := a.book().Conflicts(ctx)
	ok(t, err)
	if len(cs) != 0 {
		t.Fatalf("still in conflict: %+v", cs)
	}
	r, err = a.book().Get(ctx, saved.ID.String())
	ok(t, err)
	if r.Fields["risk_level"].Value != "high" || len(r.Fields["risk_level"].History()) != 4 {
		t.Fatalf("%v, %d writes", r.Fields["risk_level"].Value, len(r.Fields["risk_level"].History()))
	}
}

func TestRefusedConsentIsSavedWithoutAName(t *testing.T) {
	ctx := context.Background()
	_, a, _ := calais(t)
	refused := form.Answers{"site_code": "calais", "activity": "day_centre", "consent_case": "refused", "age_band": "unknown", "gender": "f", "risk_level": "low", "opened_on": "2026-11-20"}
	saved, err := a.book().Create(ctx, field.New{Form: "case_intake", Answers: refused})
	ok(t, err)
	r, err := a.book().Get(ctx, saved.ID.String())
	ok(t, err)
	if _, ok := r.Parts["identity"]; ok && r.Parts["identity"] != field.PartSealed {
		t.Fatalf("identity part is %v", r.Parts["identity"])
	}
}

// TestAnEditCitesWhatWasShown: what came in after a record was opened is not written over.
func TestAnEditCitesWhatWasShown(t *testing.T) {
	ctx := context.Background()
	_, a, b := calais(t)
	saved, err := a.book().Create(ctx, field.New{Form: "case_intake", Answers: intake})
	ok(t, err)
	a.sync()
	b.sync()
	book := b.book()
	shown, err := book.Get(ctx, saved.ID.String())
	ok(t, err)
	_, err = a.book().Edit(ctx, saved.ID.String(), field.Change{Answers: form.Answers{"risk_level": "high"}})
	ok(t, err)
	a.sync()
	b.sync()
	_, err = book.EditShown(ctx, shown, field.Change{Answers: form.Answers{"risk_level": "extreme"}})
	ok(t, err)
	cs, err := book.Conflicts(ctx)
	ok(t, err)
	if len(cs) != 1 || len(cs[0].Siblings) != 2 {
		t.Fatalf("conflicts %+v", cs)
	}
}

// TestAPartWithoutReadersIsRefusedAndNamesWhoCouldReadIt: what nobody could ever open again is not taken in.
func TestAPartWithoutReadersIsRefusedAndNamesWhoCouldReadIt(t *testing.T) {
	ctx := context.Background()
	o := newOrg(t, "calais")
	a := o.ask("calais-1", "social_worker", "calais")
	o.approveAll()
	a.sync()
	saved, err := a.book().Create(ctx, field.New{Form: "case_intake", Answers: intake})
	ok(t, err)
	_, err = a.book().Create(ctx, field.New{Form: "encounter", Code: saved.Code, Answers: form.Answers{"mode": "outreach", "discipline": "social",
		"safe_to_talk": "yes", "case_status": "open", "note_legal": "for a lawyer, and none has joined"}})
	var none *field.NoReaderError
	if !errors.As(err, &none) || !errors.Is(err, profile.ErrScopeClosed) || none.Part != "legal" || !slices.Contains(none.Roles, "legal_officer") {
		t.Fatalf("%v", err)
	}
	notes, err := a.book().List(ctx, "encounter")
	ok(t, err)
	if len(notes) != 0 {
		t.Fatal("half of the note was saved")
	}
}
