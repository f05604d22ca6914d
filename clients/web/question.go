package web

import (
	"fmt"
	"net/url"
	"slices"
	"strings"

	"escale/clients/caption"
	"escale/clients/text"
	"escale/schema/form"
)

// posted names of a page: which questions it showed, and what was answered.
const (
	shownName  = "shown"
	answerName = "answer:"
)

// fillView is a page of a form.
type fillView struct {
	Title   string
	Word    string
	Step    int
	Steps   []stepRow
	Number  int // of the page among those that are shown
	Nodes   []*node
	Wrong   []wrongRow // what is wrong on this page
	Last    bool
	First   bool
	Editing bool
}

type stepRow struct {
	Step  int
	Label string
	Here  bool
	Wrong bool
}

// wrongRow leads from the summary to the question.
type wrongRow struct{ ID, Label, Message string }

// node is a question, a group or a repeat as the page shows it.
type node struct {
	ID, Kind    string // kind: group, repeat, instance, or the control of a question
	Key         string
	Label, Hint string
	Value       string
	Options     []form.Option
	Places      []int // of a rank
	Required    bool
	Message     string // what is wrong
	Position    int
	CanAdd      bool
	CanRemove   bool
	Step        string // of numbers
	Children    []*node
}

// DescribedBy lists what tells more of a question.
func (n *node) DescribedBy() string {
	var ids []string
	if n.Message != "" {
		ids = append(ids, n.ID+"-wrong")
	}
	if n.Hint != "" {
		ids = append(ids, n.ID+"-hint")
	}
	return strings.Join(ids, " ")
}

// Ranked returns what stands at a place of a rank.
func (n *node) Ranked(place int) string {
	if all := strings.Fields(n.Value); place < len(all) {
		return all[place]
	}
	return ""
}

// answerable reports whether a question takes an answer on this page.
func answerable(e form.Element) bool {
	return !e.ReadOnly && !e.Computed && e.Item.Type != form.TypeNote && !e.Item.Type.IsMedia()
}

func (v *visit) fillView(f *filling) *fillView {
	d := &fillView{Title: caption.Title(f.Form, v.say.Lang()), Word: f.Word, Step: f.step, Editing: f.Editing()}
	troubles := map[string]form.Trouble{}
	wrongSteps := map[int]bool{}
	for _, t := range f.Troubles() {
		if f.checked[t.Key] {
			troubles[t.Key] = t
			wrongSteps[f.stepOf(t.Key)] = true
		}
	}
	b := builder{v: v, f: f, troubles: troubles}
	for _, e := range f.shown(f.step) {
		d.Nodes = append(d.Nodes, b.node(e))
	}
	d.Wrong = b.wrong
	all := f.visible()
	for i, step := range all {
		d.Steps = append(d.Steps, stepRow{Step: step, Label: v.stepLabel(f, step, i+1), Here: step == f.step, Wrong: wrongSteps[step]})
		if step == f.step {
			d.Number = i + 1
		}
	}
	d.First, d.Last = len(all) == 0 || f.step == all[0], len(all) == 0 || f.step == all[len(all)-1]
	return d
}

// stepLabel is the label of a group, or the number of a page that is none.
func (v *visit) stepLabel(f *filling, step, number int) string {
	if shown := f.shown(step); len(shown) == 1 && shown[0].Kind != form.KindQuestion && shown[0].Label != "" {
		return shown[0].Label
	}
	return v.say.S(text.PageStep, "number", number)
}

// builder makes the nodes of a page.
type builder struct {
	v        *visit
	f        *filling
	troubles map[string]form.Trouble
	wrong    []wrongRow
	count    int
}

func (b *builder) node(e form.Element) *node {
	b.count++
	n := &node{ID: fmt.Sprintf("q%d", b.count), Key: e.Key, Label: e.Label, Hint: e.Hint, Position: e.Position, CanAdd: e.CanAdd, CanRemove: e.CanRemove}
	if e.Kind == form.KindQuestion {
		b.question(n, e)
		return n
	}
	n.Kind = string(e.Kind)
	for _, child := range b.f.Session.Children(e.Key) {
		if b.f.any(child) {
			n.Children = append(n.Children, b.node(child))
		}
	}
	return n
}

func (b *builder) question(n *node, e form.Element) {
	n.Kind, n.Value, n.Options, n.Required, n.Step = control(e), shownValue(e), e.Options, e.Required, e.Item.Parameters["step"]
	if n.Label == "" {
		n.Label = e.Item.Name
	}
	if n.Kind == "said" && e.Item.Type != form.TypeNote {
		n.Value = b.said(e)
	}
	for i := range n.Options {
		if n.Kind == "rank" {
			n.Places = append(n.Places, i)
		}
		if n.Options[i].Label == "" {
			n.Options[i].Label = n.Options[i].Name
		}
	}
	if t, ok := b.troubles[e.Key]; ok {
		n.Message = t.Message
		if n.Message == "" {
			n.Message = b.v.broken(t)
		}
		b.wrong = append(b.wrong, wrongRow{n.ID, n.Label, n.Message})
	}
}

// broken says which rule an answer broke, beside the question.
func (v *visit) broken(t form.Trouble) string {
	switch t.Check {
	case form.CheckRequired:
		return v.say.S(text.PageWrongRequired)
	case form.CheckType:
		return v.say.S(text.PageWrongType)
	case form.CheckConstraint:
		return v.say.S(text.PageWrongConstraint)
	case form.CheckTooLong, form.CheckTooMany:
		return v.say.S(text.PageWrongLimit, "limit", t.Limit)
	}
	return v.say.S(text.PageWrongOther)
}

// said is an answer that is only shown.
func (b *builder) said(e form.Element) string {
	var chosen []string
	for _, o := range e.Options {
		if o.Selected {
			chosen = append(chosen, o.Label)
		}
	}
	if len(chosen) > 0 {
		return strings.Join(chosen, caption.Mark(b.v.say))
	}
	return e.Value
}

// manyChoices is from how many on a list folds together.
const manyChoices = 12

// control is what a question is answered with.
func control(e form.Element) string {
	t := e.Item.Type
	switch {
	case t.IsMedia():
		return "media"
	case !answerable(e):
		return "said"
	case t == form.TypeSelectOne && len(e.Options) > manyChoices:
		return "list"
	case t == form.TypeSelectOne:
		return "one"
	case t == form.TypeSelectMultiple:
		return "several"
	}
	switch t {
	case form.TypeRank, form.TypeDate, form.TypeTime, form.TypeAcknowledge:
		return string(t)
	case form.TypeDateTime:
		return "moment"
	case form.TypeInteger:
		return "whole"
	case form.TypeDecimal, form.TypeRange:
		return "number"
	}
	if strings.Contains(e.Item.Appearance, "multiline") || e.Item.Merge == form.Append {
		return "long"
	}
	return "text"
}

// minuteLength is how much of a moment a browser's control takes: 2026-11-22T21:30.
const minuteLength = 16

// shownValue is an answer as its control shows it.
func shownValue(e form.Element) string {
	if e.Item.Type == form.TypeDateTime && len(e.Value) > minuteLength {
		return e.Value[:minuteLength]
	}
	if e.Item.Type == form.TypeTime && len(e.Value) > len("21:30") {
		return e.Value[:len("21:30")]
	}
	return e.Value
}

// take sets what was posted. What a page did not show is left as it is.
func (f *filling) take(post url.Values) error {
	keys := post[shownName]
	if len(keys) > form.MaxAnswers {
		return errGone
	}
	for _, key := range keys {
		e, ok := f.Session.Element(key)
		if !ok || e.Kind != form.KindQuestion || !f.Asks(e) || !answerable(e) {
			continue // it is not asked any more
		}
		f.checked[key] = true
		answer := written(post[answerName+key])
		if answer == shownValue(e) {
			continue // a moment keeps its seconds and its zone
		}
		if err := f.Session.Set(key, answer); err != nil {
			return err
		}
	}
	return nil
}

// written is what controls say as an answer of the form.
func written(values []string) string {
	var kept []string
	for _, s := range values {
		if s != "" && !slices.Contains(kept, s) {
			kept = append(kept, s)
		}
	}
	return strings.ReplaceAll(strings.Join(kept, " "), "\r\n", "\n")
}
