package web

import (
	"errors"
	"slices"
	"strings"
	"time"

	"escale/clients/caption"
	"escale/clients/field"
	"escale/clients/profile"
	"escale/clients/text"
	"escale/schema/form"
)

// todayView is what there is to do.
type todayView struct {
	Queue     profile.Queue
	KiB       int64
	AgreedAt  time.Time
	Waiting   int // decisions
	Urgent    int
	Fillings  []fillingRow
	Forms     []formRow
	Sites     []string
	WriteOnly bool // nothing that is written here can be read again after locking
}

type formRow struct {
	Word, Title string
	ID          string
	Child       bool // belongs to another record
}

type fillingRow struct {
	Word, Title string
	Step        int
	Began       time.Time
	Kept        text.Key // what locking leaves of it
}

func (v *visit) today() error {
	ctx, t := v.r.Context(), v.sitting
	q, err := t.Profile().Queue(ctx)
	if err != nil {
		return err
	}
	sum, err := t.Profile().Summary(ctx)
	if err != nil {
		return err
	}
	w, err := t.book.Waiting(ctx)
	if err != nil {
		return err
	}
	d := &todayView{Queue: q, KiB: (q.Bytes + 1023) / 1024, Waiting: len(w.Conflicts) + len(w.Questions), Urgent: urgent(w),
		Forms: v.forms(), Sites: t.book.Sites(), Fillings: v.unfinished()}
	if sum.AgreedAt != 0 {
		d.AgreedAt = time.UnixMilli(sum.AgreedAt)
	}
	d.WriteOnly = v.writeOnly()
	return v.show("today", frame{Title: text.PageToday, Here: "today", Data: d})
}

func urgent(w *field.Waiting) int {
	n := 0
	for _, c := range w.Conflicts {
		if c.Urgent {
			n++
		}
	}
	for _, q := range w.Questions {
		if q.Urgent {
			n++
		}
	}
	return n
}

// writeOnly reports a laptop that can read nothing of what it writes.
func (v *visit) writeOnly() bool {
	p := v.sitting.Profile()
	self, err := p.Self()
	if err != nil {
		return false
	}
	terms := self.Now()
	for _, id := range terms.Write {
		if p.Reads(id) {
			return false
		}
	}
	return len(terms.Write) > 0
}

// forms lists what can be started, those that stand alone first.
func (v *visit) forms() []formRow {
	var out []formRow
	for _, f := range v.sitting.book.Forms() {
		if !v.sitting.book.MayBegin(f) {
			continue
		}
		out = append(out, formRow{Word: v.sitting.formWord(f.ID), Title: caption.Title(f, v.say.Lang()), ID: f.ID, Child: f.ParentKind != ""})
	}
	slices.SortStableFunc(out, func(a, b formRow) int {
		switch {
		case a.Child == b.Child:
			return strings.Compare(a.Title, b.Title)
		case a.Child:
			return 1
		}
		return -1
	})
	return out
}

// startView asks what has to be known before a form begins.
type startView struct {
	Form   formRow
	Sites  []string
	Site   string
	Parent string // what was typed
	Asks   bool   // for the record that it belongs to
	Record string // the word of that record, where it is known
}

// begin starts a form, and asks first for which site and to which record it belongs, where that is not known.
func (v *visit) begin() error {
	t, post := v.sitting, v.r.PostForm
	id, ok := t.forms[post.Get("form")]
	if !ok {
		return errGone
	}
	f, err := t.book.FormNamed(id)
	if err != nil {
		return err
	}
	n := field.New{Form: id, Site: post.Get("site"), Parent: strings.TrimSpace(post.Get("parent"))}
	if r, ok := t.records[post.Get("record")]; ok {
		n.Parent = r.String()
		if parent, err := t.book.Get(v.r.Context(), n.Parent); err == nil && n.Site == "" {
			n.Site = parent.Site
		}
	}
	if f.ParentKind != "" && n.Parent == "" && post.Get("asked") == "" {
		return v.start(f, n)
	}
	x, err := t.book.Begin(v.r.Context(), n, v.say.Lang())
	if errors.Is(err, field.ErrNoSite) {
		return v.start(f, n)
	}
	if err != nil {
		return err
	}
	return v.open(x)
}

func (v *visit) start(f *form.Form, n field.New) error {
	d := &startView{Form: formRow{Word: v.sitting.formWord(f.ID), Title: caption.Title(f, v.say.Lang())}, Sites: v.sitting.book.Sites(), Site: n.Site,
		Parent: n.Parent, Asks: f.ParentKind != "", Record: v.r.PostForm.Get("record")}
	return v.show("start", frame{Title: text.PageStart, Here: "today", Data: d})
}
