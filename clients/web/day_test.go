package web_test

import (
	"html"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"escale/clients/caption"
	"escale/clients/field"
	"escale/clients/orgtest"
	"escale/clients/text"
	"escale/schema/form"
)

// team is two laptops of one site.
func team(t *testing.T) (*orgtest.Laptop, *orgtest.Laptop) {
	t.Helper()
	o := orgtest.New(t, "calais")
	a := o.Ask("calais-1", "social_worker", "calais")
	b := o.Ask("calais-2", "social_supervisor", "calais")
	o.ApproveAll()
	for range 2 {
		a.Sync()
		b.Sync()
	}
	return a, b
}

// begin starts the form of a new case.
func (b *browser) begin(lang string) {
	b.t.Helper()
	f, err := b.laptop.Book().FormNamed("case_intake")
	orgtest.OK(b.t, err)
	b.visit("/")
	b.post("/begin", "form", b.button("form", caption.Title(f, lang)))
}

// intake answers the pages of a new case, as somebody does who overlooks one thing.
func (b *browser) intake(lang, alias string) {
	b.t.Helper()
	b.begin(lang)
	b.wants(http.StatusOK, `dir="`+text.New(lang).Dir()+`"`)
	b.answer("next", nil) // the activity was overlooked
	b.wants(http.StatusOK, `aria-invalid="true"`, `aria-describedby="q`)
	b.answer("next", map[string]string{"activity": "day_centre"})
	b.answer("next", map[string]string{"consent_case": "given"})
	b.wants(http.StatusOK, say(lang, text.PageMoreQuestions))
	b.answer("next", map[string]string{"consent_scopes": "msf_social"})
	b.answer("next", map[string]string{"alias": alias})
	b.answer("next", map[string]string{"age_band": "a18_24", "gender": "f", "living": "street"})
	for !strings.Contains(b.page, `value="save"`) {
		b.answer("next", nil)
	}
	b.answer("save", map[string]string{"risk_level": "medium"})
}

// TestADayInEachLanguage: unlock, a form, the record, its history, search, sync, lock; and the places say nothing.
func TestADayInEachLanguage(t *testing.T) {
	l := worker(t)
	for lang, alias := range map[string]string{"fr": "Élodie (inventée)", "en": "Nour (invented)", "ar": "أُمَيْمَة (مختلقة)"} {
		t.Run(lang, func(t *testing.T) {
			b := unlocked(t, l, lang)
			b.intake(lang, alias)
			if !regexp.MustCompile(`^/record/[0-9a-f]{16}$`).MatchString(b.path()) {
				t.Fatalf("after saving: %s: %s", b.path(), b.page)
			}
			b.wants(http.StatusOK, "<bdi>"+html.EscapeString(alias)+"</bdi>", say(lang, text.RecordStateUnsent), say(lang, text.RecordSealedPart))
			record := b.path()
			b.visit(record + "/history")
			b.wants(http.StatusOK, html.EscapeString(alias))
			b.visit("/records")
			b.wants(http.StatusOK, record)
			for _, query := range map[string][]string{"fr": {"elodie"}, "en": {"NOUR"}, "ar": {"اميمه"}}[lang] {
				b.post("/search", "query", query)
				b.wants(http.StatusOK, record, html.EscapeString(query))
			}
			b.visit("/sync")
			b.post("/sync")
			b.wants(http.StatusOK, say(lang, text.SyncSynced), say(lang, text.PageScopeSame))
			b.visit("/")
			b.wants(http.StatusOK, say(lang, text.StatusAllSent), say(lang, text.PageNothingToDecide))
			b.visit(b.link("/blank/"))
			b.wants(http.StatusOK, `class="boxes`, `class="line"`)
			b.post("/lock")
			b.wants(http.StatusOK, say(lang, text.PagePassphrase))
			b.visit(record)
			b.wants(http.StatusOK, say(lang, text.PagePassphrase))
			b.saysNothing(alias)
		})
	}
}

// saysNothing checks that no address and no title holds anything of a record.
func (b *browser) saysNothing(words ...string) {
	b.t.Helper()
	records, err := b.laptop.Book().List(b.t.Context(), "")
	orgtest.OK(b.t, err)
	for _, r := range records {
		words = append(words, r.ID.String()[:8], r.Code)
	}
	plain := regexp.MustCompile(`^http://127\.0\.0\.1:\d+/[0-9a-f]{32}/(enter/[0-9a-f]{32}|[a-z]*(/[0-9a-f]{16})?(/history|/\d+)?)$`)
	for _, at := range b.places {
		if !plain.MatchString(at) {
			b.t.Errorf("an address of another shape: %s", at)
		}
		for _, w := range words {
			if strings.Contains(at, w) {
				b.t.Errorf("an address names a record: %s", at)
			}
		}
	}
}

// TestSwitchLanguageInMidForm: what was typed stays.
func TestSwitchLanguageInMidForm(t *testing.T) {
	b := unlocked(t, worker(t), "fr")
	b.begin("fr")
	b.answer("language:ar", map[string]string{"activity": "day_centre"})
	b.wants(http.StatusOK, `lang="ar" dir="rtl"`, `value="day_centre" checked`, "الفتح")
	b.answer("next", nil)
	b.wants(http.StatusOK, "الإعلام والموافقة")
}

// TestRefusedConsentAsksForNoName: consent comes first.
func TestRefusedConsentAsksForNoName(t *testing.T) {
	b := unlocked(t, worker(t), "en")
	b.begin("en")
	b.answer("next", map[string]string{"activity": "day_centre"})
	b.answer("next", map[string]string{"consent_case": "refused"})
	for range 10 {
		if strings.Contains(b.page, "/alias") || strings.Contains(b.page, "/full_name") {
			t.Fatal("a name is asked for after a refusal")
		}
		if strings.Contains(b.page, `value="save"`) {
			return
		}
		b.answer("next", map[string]string{"age_band": "a18_24", "gender": "f"})
	}
	t.Fatal("the form does not end")
}

// TestChangeARecord: an edit through the page writes what was changed and nothing else.
func TestChangeARecord(t *testing.T) {
	l := worker(t)
	b := unlocked(t, l, "en")
	b.intake("en", "Nour (invented)")
	record := b.path()
	b.post(record)
	for !strings.Contains(b.page, "/living") {
		b.answer("next", nil)
	}
	b.answer("next", map[string]string{"living": "squat"})
	for !strings.Contains(b.page, `value="save"`) {
		b.answer("next", nil)
	}
	b.answer("save", nil)
	b.wants(http.StatusOK, "<bdi>Squat</bdi>")
	records, err := l.Book().List(t.Context(), "")
	orgtest.OK(t, err)
	entries, err := l.Book().History(t.Context(), records[0])
	orgtest.OK(t, err)
	changed := 0
	for _, e := range entries {
		if e.What != "entered" && e.What != "added" {
			changed++
			if e.Field != "living" {
				t.Errorf("%s %s", e.What, e.Field)
			}
		}
	}
	if changed != 1 {
		t.Errorf("%d changes", changed)
	}
}

// TestDecideAConflict: both versions side by side, a reason, and the next one.
func TestDecideAConflict(t *testing.T) {
	for _, lang := range []string{"fr", "en", "ar"} {
		t.Run(lang, func(t *testing.T) {
			one, two := team(t)
			saved, err := one.Book().Create(t.Context(), field.New{Form: "case_intake", Answers: form.Answers{"activity": "day_centre", "consent_case": "given",
				"consent_scopes": []string{"msf_social"}, "alias": "Nour", "age_band": "a18_24", "gender": "f", "risk_level": "medium"}})
			orgtest.OK(t, err)
			one.Sync()
			two.Sync()
			for l, level := range map[*orgtest.Laptop]string{one: "high", two: "extreme"} {
				_, err := l.Book().Edit(t.Context(), saved.ID.String(), field.Change{Answers: form.Answers{"risk_level": level}})
				orgtest.OK(t, err)
			}
			two.Sync()
			b := unlocked(t, one, lang)
			b.visit("/sync")
			b.post("/sync")
			b.visit("/conflicts")
			b.visit(b.link("/decide/"))
			b.wants(http.StatusOK, `accesskey="1"`, `accesskey="2"`, say(lang, text.ConflictSawNone), `class="version"`)
			b.post(b.path(), "choice", "1")
			b.wants(http.StatusOK, say(lang, text.PageReasonNeeded), `role="alert"`)
			b.post(b.path(), "why", "Vue ensemble")
			b.wants(http.StatusOK, say(lang, text.PageChoose), "Vue ensemble")
			b.post(b.path(), "choice", "2", "why", "Vue ensemble")
			b.wants(http.StatusOK, say(lang, text.PageDecided), say(lang, text.PageNothingToDecide))
			left, err := one.Book().Conflicts(t.Context())
			orgtest.OK(t, err)
			if len(left) != 0 {
				t.Errorf("%d conflicts left", len(left))
			}
			b.saysNothing("risk", "Vue")
		})
	}
}

// TestDraftsSurviveAKill: what was posted with Next is there after the page ended without a word; once it is saved, it is
// not offered again.
func TestDraftsSurviveAKill(t *testing.T) {
	l := worker(t)
	first := unlocked(t, l, "fr")
	first.begin("fr")
	first.answer("next", map[string]string{"activity": "day_centre"})
	first.answer("next", map[string]string{"consent_case": "given"})
	first.answer("next", map[string]string{"consent_scopes": "msf_social"})
	first.answer("next", map[string]string{"alias": "Nour (inventée)"})
	l.Reopen()
	second := unlocked(t, l, "fr")
	second.wants(http.StatusOK, say("fr", text.PageBegunPartly))
	second.visit(second.link("/fill/"))
	second.answer("next", nil)
	second.answer("next", nil)
	second.wants(http.StatusOK, "Nour (inventée)")
	second.answer("next", nil)
	second.answer("next", map[string]string{"age_band": "a18_24", "gender": "f"})
	for !strings.Contains(second.page, `value="save"`) {
		second.answer("next", nil)
	}
	second.answer("save", map[string]string{"risk_level": "medium"})
	second.wants(http.StatusOK, "Nour (inventée)")
	l.Reopen()
	third := unlocked(t, l, "fr")
	if strings.Contains(third.page, "/fill/") {
		t.Error("a form that was saved is offered again")
	}
}

// TestWriteOnlyFormsLeaveNoDraft: and a testimony needs that help does not depend on it, in a safe place.
func TestWriteOnlyFormsLeaveNoDraft(t *testing.T) {
	o := orgtest.New(t, "tripoli")
	w, r := o.Ask("tripoli", "outreach", "tripoli"), o.Ask("lead", "protection_lead", "tripoli")
	o.ApproveAll()
	for range 2 {
		r.Sync()
		w.Sync()
	}
	b := unlocked(t, w, "en")
	f, err := w.Book().FormNamed("testimony")
	orgtest.OK(t, err)
	b.post("/begin", "form", b.button("form", caption.Title(f, "en")))
	b.answer("next", map[string]string{"person_status": "adult", "no_dependency": "no", "safe_setting": "yes", "reprisal_risk": "low"})
	b.wants(http.StatusOK, `aria-invalid="true"`, "/no_dependency")
	b.visit("/")
	b.wants(http.StatusOK, say("en", text.PageBegunNote))
	w.Reopen()
	b = unlocked(t, w, "en")
	if strings.Contains(b.page, "/fill/") {
		t.Error("a draft of what may not be read here was kept")
	}
}
