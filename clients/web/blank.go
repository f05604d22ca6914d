package web

import (
	"escale/clients/caption"
	"escale/clients/text"
	"escale/schema/form"
)

// blankView is a form on paper: everything that it may ask.
type blankView struct {
	Title string
	Items []blankItem
}

type blankItem struct {
	Label, Hint string
	Choices     []string
	Several     bool
	Lines       bool // room for writing
	Group       bool
	Note        bool
	Children    []blankItem
}

// blank shows a form to be printed and filled in by hand.
func (v *visit) blank() error {
	id, ok := v.sitting.forms[v.r.PathValue("form")]
	if !ok {
		return errGone
	}
	f, err := v.sitting.book.FormNamed(id)
	if err != nil {
		return err
	}
	d := &blankView{Title: caption.Title(f, v.say.Lang()), Items: v.blanks(f, f.Items)}
	return v.show("blank", frame{Title: text.PageBlank, Here: "today", Data: d})
}

// maxPrinted is how many choices are printed; of a longer list the answer is written by hand.
const maxPrinted = 40

func (v *visit) blanks(f *form.Form, items []form.Item) (out []blankItem) {
	choices := map[string][]form.Choice{}
	for _, fd := range f.Fields {
		choices[fd.Name] = fd.Choices
	}
	in := func(t form.Text) string { return t.In(v.say.Lang(), f.DefaultLanguage) }
	for _, i := range items {
		if !i.Type.Encloses() && (!i.Type.IsShown() || i.ReadOnly && i.Type != form.TypeNote) {
			continue
		}
		b := blankItem{Label: in(i.Label), Hint: in(i.Hint), Group: i.Type.Encloses(), Note: i.Type == form.TypeNote, Several: i.Type == form.TypeSelectMultiple}
		if b.Group {
			b.Children = v.blanks(f, i.Children)
		} else if list := choices[i.Name]; i.Type.IsSelect() && len(list) <= maxPrinted {
			for _, c := range list {
				b.Choices = append(b.Choices, caption.Or(c.Label, v.say.Lang(), c.Name))
			}
		}
		b.Lines = !b.Group && !b.Note && len(b.Choices) == 0
		out = append(out, b)
	}
	return out
}
