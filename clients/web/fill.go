package web

import (
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"escale/clients/caption"
	"escale/clients/field"
	"escale/clients/text"
	"escale/schema/form"
)

// filling is a form that somebody fills in, page by page. Each page is kept as a sealed draft, where the laptop may read what
// it writes; elsewhere it lies in memory, and locking forgets it.
type filling struct {
	*field.Filling
	began   time.Time
	step    int             // where the person is
	checked map[string]bool // questions that were answered or left once: what is wrong with them is said
	more    bool            // answers opened further questions on the same page
}

// open puts a form before the person.
func (v *visit) open(x *field.Filling) error {
	var b [8]byte
	if _, err := io.ReadFull(v.o.Rand, b[:]); err != nil {
		return fmt.Errorf("draw a word: %w", err)
	}
	x.Word = hex.EncodeToString(b[:])
	f := &filling{Filling: x, began: v.o.Clock(), checked: map[string]bool{}}
	v.sitting.fillings[f.Word] = f
	if err := v.keep(); err != nil {
		return err
	}
	return v.goTo(f.place(f.first()))
}

// keep makes the unfinished forms durable, as far as they may be.
func (v *visit) keep() error {
	var all []*field.Filling
	for _, word := range slices.Sorted(maps.Keys(v.sitting.fillings)) {
		all = append(all, v.sitting.fillings[word].Filling)
	}
	return v.sitting.book.KeepDrafts(v.r.Context(), all)
}

// again puts the unfinished forms of earlier sittings back.
func (v *visit) again(t *sitting) error {
	all, err := t.book.Drafts(v.r.Context(), v.say.Lang())
	for _, x := range all {
		f := &filling{Filling: x, checked: map[string]bool{}}
		if began, err := time.Parse(time.RFC3339Nano, x.Session.Draft().Began); err == nil {
			f.began = began
		}
		f.step = f.first()
		t.fillings[x.Word] = f
	}
	return err
}

func (f *filling) place(step int) string { return "/fill/" + f.Word + "/" + strconv.Itoa(step) }

// steps are the pages of the form: each group and each repeat at the outermost level, and what stands between them. They
// follow from the form alone, so that a page keeps its number whatever is answered.
func (f *filling) steps() [][]form.Item {
	var out [][]form.Item
	loose := false
	for _, item := range f.Form.Items {
		if item.Type.Encloses() || !loose {
			out = append(out, nil)
		}
		loose = !item.Type.Encloses()
		out[len(out)-1] = append(out[len(out)-1], item)
	}
	return out
}

// shown are the elements of a page as they are now.
func (f *filling) shown(step int) []form.Element {
	var out []form.Element
	steps := f.steps()
	if step < 0 || step >= len(steps) {
		return nil
	}
	for _, e := range f.Session.Children("") {
		if slices.ContainsFunc(steps[step], func(i form.Item) bool { return "/"+i.Name == e.Key }) && f.any(e) {
			out = append(out, e)
		}
	}
	return out
}

// any reports whether an element has something to show.
func (f *filling) any(e form.Element) bool {
	switch e.Kind {
	case form.KindQuestion:
		return f.Asks(e)
	case form.KindRepeat:
		return true
	}
	return slices.ContainsFunc(f.Session.Children(e.Key), f.any)
}

// keys lists the questions of a page.
func (f *filling) keys(list []form.Element) (out []string) {
	for _, e := range list {
		switch {
		case e.Kind != form.KindQuestion:
			out = append(out, f.keys(f.Session.Children(e.Key))...)
		case f.Asks(e) && answerable(e):
			out = append(out, e.Key)
		}
	}
	return out
}

// visible lists the numbers of the pages that have something to show.
func (f *filling) visible() (out []int) {
	for i := range f.steps() {
		if len(f.shown(i)) > 0 {
			out = append(out, i)
		}
	}
	return out
}

func (f *filling) first() int {
	if all := f.visible(); len(all) > 0 {
		return all[0]
	}
	return 0
}

// beside returns the page after a step, or before it; false at the end.
func (f *filling) beside(step, way int) (int, bool) {
	all := f.visible()
	if way < 0 {
		slices.Reverse(all)
	}
	for _, i := range all {
		if (i-step)*way > 0 {
			return i, true
		}
	}
	return step, false
}

// stepOf finds the page of a question.
func (f *filling) stepOf(key string) int {
	name, _, _ := strings.Cut(strings.TrimPrefix(key, "/"), "/")
	name, _, _ = strings.Cut(name, "~")
	for i, items := range f.steps() {
		if slices.ContainsFunc(items, func(item form.Item) bool { return item.Name == name }) {
			return i
		}
	}
	return f.first()
}

// current finds the filling and the page that an address names.
func (v *visit) current() (*filling, int, error) {
	f, ok := v.sitting.fillings[v.r.PathValue("filling")]
	step, err := strconv.Atoi(v.r.PathValue("step"))
	if !ok || err != nil || step < 0 || step >= len(f.steps()) {
		return nil, 0, errGone
	}
	f.Session.SetLanguage(v.say.Lang())
	f.Session.SetNow(v.sitting.Profile().Now())
	return f, step, nil
}

// fill shows a page of a form.
func (v *visit) fill() error {
	if place, ok := v.sitting.saved[v.r.PathValue("filling")]; ok {
		return v.goTo(place) // the back button after saving
	}
	f, step, err := v.current()
	if err != nil {
		return err
	}
	f.step = step
	return v.showFilling(f, nil)
}

func (v *visit) showFilling(f *filling, wrong []string) error {
	page := frame{Title: text.PageFill, Here: "today", Form: "fill", Wrong: wrong, Data: v.fillView(f)}
	if f.more {
		page.Said, f.more = []string{v.say.S(text.PageMoreQuestions)}, false
	}
	return v.show("fill", page)
}

// answer takes what was posted from a page, and does what its button says.
func (v *visit) answer() error {
	if place, ok := v.sitting.saved[v.r.PathValue("filling")]; ok {
		return v.goTo(place) // the button was pressed twice
	}
	f, step, err := v.current()
	if err != nil {
		return err
	}
	if err := f.take(v.r.PostForm); err != nil {
		return err
	}
	what, which, _ := strings.Cut(v.r.PostForm.Get("go"), ":")
	switch what {
	case "save":
		return v.save(f, step)
	case "drop":
		delete(v.sitting.fillings, f.Word)
		if err := v.keep(); err != nil {
			return err
		}
		return v.goTo("/")
	}
	step, err = v.turn(f, step, what, which)
	if err := errors.Join(err, v.keep()); err != nil {
		return err
	}
	return v.goTo(f.place(step))
}

// turn does what a button says that stays within the form, and returns the page to show.
func (v *visit) turn(f *filling, step int, what, which string) (int, error) {
	switch what {
	case "next":
		return f.next(step), nil
	case "language":
		v.Server.say = text.New(which)
	case "add":
		if _, err := f.Session.Add(which); err != nil {
			return step, errors.Join(errGone, err)
		}
	case "remove":
		if err := f.Session.Remove(which); err != nil {
			return step, errors.Join(errGone, err)
		}
	case "back":
		step, _ = f.beside(step, -1)
	case "step":
		if i, err := strconv.Atoi(which); err == nil && slices.Contains(f.visible(), i) {
			step = i
		}
	}
	return step, nil
}

// next goes on if nothing is wrong on the page, and if its answers opened no further questions on it.
func (f *filling) next(step int) int {
	if f.revealed(step) {
		f.more = true
		return step
	}
	for _, t := range f.Troubles() {
		if f.stepOf(t.Key) == step {
			return step
		}
	}
	step, _ = f.beside(step, 1)
	return step
}

// revealed reports whether a page shows questions that nobody has seen yet.
func (f *filling) revealed(step int) bool {
	return slices.ContainsFunc(f.keys(f.shown(step)), func(key string) bool { return !f.checked[key] })
}

// save finishes the form, or shows the first page on which something is wrong.
func (v *visit) save(f *filling, step int) error {
	if f.revealed(step) {
		f.more = true
		return v.goTo(f.place(step))
	}
	if all := f.Troubles(); len(all) > 0 {
		for _, t := range all {
			f.checked[t.Key] = true
		}
		return v.goTo(f.place(f.stepOf(all[0].Key)))
	}
	saved, err := v.sitting.book.Finish(v.r.Context(), f.Filling)
	if err != nil {
		f.step = step
		return v.showFilling(f, v.problems(f.Form, err))
	}
	v.finished(f, saved)
	if err := v.keep(); err != nil {
		return err
	}
	return v.goTo(v.sitting.saved[f.Word])
}

// finished says what was saved, and where it can be seen: a laptop that may not read it shows the first page.
func (v *visit) finished(f *filling, saved field.Saved) {
	name := saved.Code
	if name == "" {
		name = saved.ID.String()[:12]
	}
	said := text.RecordSaved
	switch {
	case f.Editing() && saved.Time == 0:
		said = text.RecordUnchanged
	case f.Editing():
		said = text.RecordEdited
	}
	v.sitting.said = append(v.sitting.said, v.say.S(said, "id", name))
	place := "/"
	if _, err := v.sitting.book.Get(v.r.Context(), saved.ID.String()); err == nil {
		place = "/record/" + v.sitting.recordWord(saved.ID)
	}
	delete(v.sitting.fillings, f.Word)
	v.sitting.saved[f.Word] = place
}

// problems names the fields that an error is about by their labels.
func (v *visit) problems(f *form.Form, err error) []string {
	var all form.Problems
	if !errors.As(err, &all) {
		var one form.Problem
		if !errors.As(err, &one) {
			return v.tell(err)
		}
		all = form.Problems{one}
	}
	var out []string
	for _, p := range all {
		label := p.Path
		if fd, ok := f.Lookup(p.Path); ok {
			label = caption.Field(f, fd, v.say.Lang())
		}
		out = append(out, v.say.S(text.ForCheck(string(p.Check)), "form", caption.Title(f, v.say.Lang()), "field", label, "limit", p.Limit))
	}
	return out
}

// unfinished lists the forms that were begun and not saved, oldest first.
func (v *visit) unfinished() (out []fillingRow) {
	for _, f := range v.sitting.fillings {
		out = append(out, fillingRow{Word: f.Word, Title: caption.Title(f.Form, v.say.Lang()), Step: f.step, Began: f.began, Kept: restText(v.sitting.book.RestOf(f.Filling))})
	}
	slices.SortFunc(out, func(a, b fillingRow) int { return a.Began.Compare(b.Began) })
	return out
}

// restText says what becomes of an unfinished form when the laptop locks.
func restText(r field.Rest) text.Key {
	switch r {
	case field.RestWhole:
		return text.PageBegunKept
	case field.RestReadable:
		return text.PageBegunPartly
	}
	return text.PageBegunNote
}
