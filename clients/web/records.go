package web

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"escale/clients/caption"
	"escale/clients/field"
	"escale/clients/text"
	"escale/store/audit"
	"escale/sync/merge"
)

// perPage is how many records a page of the list shows.
const perPage = 50

// maxQuery bounds what is searched for, in bytes.
const maxQuery = 400

type listView struct {
	Query          string
	Searched       bool
	Rows           []recordRow
	Total          int
	Earlier, Later int // pages; 0: there is none
}

type recordRow struct {
	Word, Name, Form, Site string
	Created                time.Time
	State                  text.Key
}

func (v *visit) row(r *field.Record) recordRow {
	return recordRow{Word: v.sitting.recordWord(r.ID), Name: caption.Name(r), Form: caption.FormOf(r, v.say.Lang()), Site: r.Site,
		Created: r.Created, State: stateOf(r)}
}

func stateOf(r *field.Record) text.Key {
	switch {
	case r.Exists == merge.Deleted:
		return text.RecordStateDeleted
	case r.Exists == merge.Question:
		return text.RecordStateQuestion
	case len(r.Conflicts()) > 0:
		return text.RecordStateConflict
	case !r.Sent():
		return text.RecordStateUnsent
	}
	return text.RecordStateSent
}

// records lists what this laptop may read, newest first.
func (v *visit) records() error {
	all, err := v.sitting.book.List(v.r.Context(), "")
	if err != nil {
		return err
	}
	page, err := strconv.Atoi(v.r.URL.Query().Get("page"))
	if err != nil || page < 1 {
		page = 1
	}
	d := &listView{Total: len(all), Earlier: page - 1}
	from := min((page-1)*perPage, len(all))
	to := min(from+perPage, len(all))
	if to < len(all) {
		d.Later = page + 1
	}
	for _, r := range all[from:to] {
		d.Rows = append(d.Rows, v.row(r))
	}
	return v.show("records", frame{Title: text.PageRecords, Here: "records", Data: d})
}

// search looks for words. They are posted, so that they stand in no address.
func (v *visit) search() error {
	d := &listView{Query: strings.TrimSpace(v.r.PostForm.Get("query")), Searched: true}
	if len(d.Query) > maxQuery {
		d.Query = strings.ToValidUTF8(d.Query[:maxQuery], "")
	}
	found, err := v.sitting.book.Search(v.r.Context(), d.Query)
	if err != nil {
		return err
	}
	d.Total = len(found)
	for _, r := range found[:min(perPage, len(found))] {
		d.Rows = append(d.Rows, v.row(r))
	}
	return v.show("records", frame{Title: text.PageRecords, Here: "records", Data: d})
}

type recordView struct {
	recordRow
	Author    string
	Parts     []partView
	Deleted   *field.Ending
	Question  bool
	Decisions []string // words of what waits in it
	MayChange bool
	Children  []formRow // forms that belong to a record of this kind
	Joined    int       // records of the same key, itself included
}

// partView is a part of a record: what it says, or why that is not shown.
type partView struct {
	Label  string
	Why    text.Key // sealed, or not yet arrived; empty if it is open
	Fields []fieldView
}

type fieldView struct {
	Label, Value string
	Conflict     bool
	Review       bool // consent: the most protective answer applies
	Twice        bool // written again although it is written once
}

func (v *visit) find() (*field.Record, error) {
	id, ok := v.sitting.records[v.r.PathValue("record")]
	if !ok {
		return nil, errGone
	}
	return v.sitting.book.Get(v.r.Context(), id.String())
}

// record shows everything of a record that the member may see.
func (v *visit) record() error {
	r, err := v.find()
	if err != nil {
		return err
	}
	b := v.sitting.book
	d := &recordView{recordRow: v.row(r), Author: b.AuthorCode(r.Author), Parts: v.parts(r), Question: r.Exists == merge.Question,
		MayChange: r.Form != nil && r.Exists != merge.Deleted && !r.Deidentified()}
	if r.Exists == merge.Deleted {
		if d.Deleted, err = b.Deletion(v.r.Context(), r); err != nil {
			return err
		}
	}
	w, err := b.WaitingIn(v.r.Context(), r)
	if err != nil {
		return err
	}
	for _, one := range v.decisions(w) {
		d.Decisions = append(d.Decisions, one.Word)
	}
	j, err := b.JoinedWith(v.r.Context(), r)
	if err != nil {
		return err
	}
	if j != nil {
		d.Joined = len(j.Records)
	}
	d.Children = v.children(r)
	if err := v.opened(audit.Entry{Record: r.ID[:]}); err != nil {
		return err
	}
	return v.show("record", frame{Title: text.PageRecord, Here: "records", Data: d})
}

// children are the forms that can be started for a record.
func (v *visit) children(r *field.Record) (out []formRow) {
	for _, f := range v.sitting.book.Forms() {
		if f.ParentKind == r.Kind && r.Exists != merge.Deleted && v.sitting.book.MayBegin(f) {
			out = append(out, formRow{Word: v.sitting.formWord(f.ID), Title: caption.Title(f, v.say.Lang())})
		}
	}
	return out
}

// parts are those of the form, in its order: each with what it says, or sealed, never left out.
func (v *visit) parts(r *field.Record) []partView {
	byPart := map[string][]fieldView{}
	for _, path := range r.Paths() {
		if one, ok := v.fieldView(r, path); ok {
			c := compartmentOf(r, path)
			byPart[c] = append(byPart[c], one)
		}
	}
	order := slices.Sorted(maps.Keys(r.Parts))
	if r.Form != nil {
		order = r.Form.Compartments()
	}
	var out []partView
	for _, c := range order {
		p := partView{Label: caption.Part(v.sitting.Profile(), v.say.Lang(), r, c), Fields: byPart[c]}
		switch r.Parts[c] {
		case field.PartSealed:
			p.Why = text.RecordSealedPart
		case field.PartPending:
			p.Why = text.RecordPendingPart
		}
		if p.Why != "" || len(p.Fields) > 0 {
			out = append(out, p)
		}
		delete(byPart, c)
	}
	for _, c := range slices.Sorted(maps.Keys(byPart)) { // of fields that this version of the form has no place for
		out = append(out, partView{Label: c, Fields: byPart[c]})
	}
	return out
}

func compartmentOf(r *field.Record, path string) string {
	if r.Form != nil {
		if fd, ok := r.Form.Lookup(path); ok {
			return fd.Compartment
		}
	}
	return ""
}

func (v *visit) fieldView(r *field.Record, path string) (fieldView, bool) {
	f := r.Fields[path]
	if !r.MayShowField(path) {
		return fieldView{}, false
	}
	one := fieldView{Label: caption.FieldOf(r, path, v.say.Lang()), Value: caption.Value(v.say, r.Form, path, f.Value), Conflict: f.Conflict,
		Review: f.Review, Twice: f.Violations > 0}
	return one, one.Value != "" || one.Conflict
}

// change starts an edit.
func (v *visit) change() error {
	r, err := v.find()
	if err != nil {
		return err
	}
	x, err := v.sitting.book.Change(r, v.say.Lang())
	if err != nil {
		return err
	}
	if err := v.opened(audit.Entry{Record: r.ID[:]}); err != nil {
		return err
	}
	return v.open(x)
}

type historyView struct {
	recordRow
	Entries []entryView
}

// entryView is one line of a history, with what else is to be said of it.
type entryView struct {
	Sentence, Value string
	Notes           []string
}

func (v *visit) history() error {
	r, err := v.find()
	if err != nil {
		return err
	}
	entries, err := v.sitting.book.History(v.r.Context(), r)
	if err != nil {
		return err
	}
	d := &historyView{recordRow: v.row(r)}
	for i := range entries {
		d.Entries = append(d.Entries, v.entry(r, &entries[i]))
	}
	if err := v.opened(audit.Entry{Record: r.ID[:], Reason: "history"}); err != nil {
		return err
	}
	return v.show("history", frame{Title: text.PageHistory, Here: "records", Data: d})
}

// sentences say what an entry of a history did.
func sentences(what string) text.Key {
	return map[string]text.Key{"entered": text.RecordHistoryEntered, "changed": text.RecordHistoryChanged, "added": text.RecordHistoryAdded,
		"removed": text.RecordHistoryRemoved, "counted": text.RecordHistoryCounted, "widened": text.RecordHistoryWidened,
		"decided": text.RecordHistoryResolved, "deleted": text.RecordHistoryDeleted, "restored": text.RecordHistoryRestored}[what]
}

func (v *visit) entry(r *field.Record, e *field.Entry) entryView {
	label := caption.FieldOf(r, e.Field, v.say.Lang())
	out := entryView{Sentence: v.say.S(sentences(e.What), "date", e.At.Local(), "who", caption.Who(v.say, e.Writer), "field", label, "why", e.Why)}
	if e.Field == merge.Exists {
		return out
	}
	out.Value = caption.Value(v.say, r.Form, e.Field, e.Value)
	if e.Why != "" && e.What != "decided" {
		out.Notes = append(out.Notes, v.say.S(text.RecordHistoryWhy, "why", e.Why))
	}
	if d := e.Decision; d != nil {
		out.Notes = append(out.Notes, v.say.S(text.RecordHistoryNotChosen, "who", caption.Who(v.say, d.Writer), "date", d.At.Local(), "why", d.Why))
	}
	switch e.Mark {
	case "loser":
		out.Notes = append(out.Notes, v.say.S(text.RecordHistoryLoser))
	case "violation":
		out.Notes = append(out.Notes, v.say.S(text.ConflictWriteOnce, "field", label))
	}
	if e.Parallel {
		out.Notes = append(out.Notes, v.say.S(text.RecordHistoryParallel))
	}
	return out
}
