package web

import (
	"bytes"
	"errors"
	"net/http"
	"strings"
	"time"

	"escale/clients/caption"
	"escale/clients/field"
	"escale/clients/text"
	"escale/store/audit"
)

// errGone reports an address that leads nowhere, or not any more.
var errGone = errors.New("there is nothing at this address")

// visit is one request that was let through.
type visit struct {
	*Server
	w http.ResponseWriter
	r *http.Request
}

// frame is what every page shows around its own.
type frame struct {
	v     *visit
	Form  string   // the form on the page that a change of language must not lose
	Title text.Key // never names a record: browsers keep titles in their history
	Here  string   // the entry of the navigation that the page belongs to
	Said  []string // what happened just now
	Wrong []string // what went wrong
	Data  any
}

// T says a sentence.
func (f *frame) T(key text.Key, args ...any) string { return f.v.say.S(key, args...) }

// N says a sentence that counts.
func (f *frame) N(key text.Key, n int, args ...any) string { return f.v.say.N(key, n, args...) }

// At is the address of a place on the page.
func (f *frame) At(place string) string { return f.v.base + place }

// CSRF is the token that each form carries.
func (f *frame) CSRF() string { return f.v.csrf }

// Style is the name of the style sheet.
func (f *frame) Style() string { return f.v.files.style.name }

// Lang and Dir are the language shown and its direction.
func (f *frame) Lang() string { return f.v.say.Lang() }
func (f *frame) Dir() string  { return f.v.say.Dir() }

// Place is where a change of language leads back to.
func (f *frame) Place() string {
	if f.v.r.Method == http.MethodGet {
		return f.v.r.URL.Path
	}
	return "/"
}

// Languages are those of the page, by code, with their own names.
func (f *frame) Languages() []language {
	return []language{{text.French, "Français"}, {text.English, "English"}, {text.Arabic, "العربية"}}
}

// language is one that can be chosen.
type language struct{ Code, Name string }

// Unlocked reports whether somebody is at work.
func (f *frame) Unlocked() bool { return f.v.sitting != nil }

// When says a moment in the zone of the laptop.
func (f *frame) When(t time.Time) string { return f.v.say.DateTime(t.Local()) }

// Age says how long ago something was.
func (f *frame) Age(t time.Time) string { return f.v.say.Age(f.v.o.Clock().Sub(t)) }

// Who is what to call the author of something.
func (f *frame) Who(w field.Writer) string { return caption.Who(f.v.say, w) }

// show renders a page.
func (v *visit) show(name string, f frame) error { return v.showAs(http.StatusOK, name, f) }

func (v *visit) showAs(status int, name string, f frame) error {
	f.v = v
	if v.sitting != nil {
		f.Said = append(f.Said, v.sitting.said...)
		v.sitting.said = nil
	}
	var b bytes.Buffer // a page that breaks off half-way would look like a short one
	if err := v.files.pages[name].ExecuteTemplate(&b, "frame", &f); err != nil {
		return err
	}
	v.w.Header().Set("Content-Type", "text/html; charset=utf-8")
	v.w.WriteHeader(status)
	_, err := b.WriteTo(v.w)
	return err
}

// goTo sends the browser on, so that reloading never posts again.
func (v *visit) goTo(place string) error {
	http.Redirect(v.w, v.r, v.base+place, http.StatusSeeOther)
	return nil
}

// tell is an error in sentences.
func (v *visit) tell(err error) []string {
	return strings.Split(v.o.Laptop.Tell(v.say, err), "\n")
}

// fail shows what went wrong.
func (v *visit) fail(err error) {
	status, wrong := http.StatusUnprocessableEntity, []string(nil)
	switch {
	case errors.Is(err, errGone), errors.Is(err, field.ErrNoRecord):
		status, wrong = http.StatusNotFound, []string{v.say.S(text.PageGone)}
	default:
		wrong = v.tell(err)
	}
	if err := v.showAs(status, "problem", frame{Title: text.PageProblem, Wrong: wrong}); err != nil {
		http.Error(v.w, v.say.S(text.PageRefused), http.StatusInternalServerError)
	}
}

// opened notes in the laptop's log that something of records was shown.
func (v *visit) opened(e audit.Entry) error {
	e.Kind = audit.Opening
	return v.sitting.Record(e)
}
