package main

import (
	"errors"
	"fmt"

	"github.com/klauspost/compress/zstd"

	"escale/clients/field"
	"escale/schema/form"
)

// batchSize is how many new records travel in one exchange.
const batchSize = 500

// The one-compartment form: a service that is described for everybody to know. What belongs elsewhere is left out.
const (
	plainForm   = "service_directory"
	plainPart   = "admin"
	plainTarget = 2.0
)

// compressed returns the size of text under zstd.
func compressed(text []byte, level zstd.EncoderLevel) (n int, err error) {
	z, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(level), zstd.WithEncoderCRC(false), zstd.WithEncoderConcurrency(1))
	if err != nil {
		return 0, err
	}
	n = len(z.EncodeAll(text, nil))
	return n, z.Close()
}

// sent is what one batch of new records took.
type sent struct {
	records int
	parts   int
	pushed  int64 // bytes of the bodies of the pushes
	others  traffic
	typed   int // the batch's plain JSON as typed, under zstd at its default level
}

func (s *sent) per(bytes int64) float64 { return float64(bytes) / float64(s.records) }

// send enters a batch on a laptop, exchanges, and weighs it.
func (l *laptop) send(d *drawn, parents []string) (*sent, []string, error) {
	ids, err := l.enter(d, parents)
	if err != nil {
		return nil, nil, err
	}
	s := &sent{records: len(ids)}
	_, pushes, others, err := l.meteredSync()
	if err != nil {
		return nil, nil, err
	}
	s.pushed, s.others = pushes.sent, others
	if s.parts, err = l.parts(ids); err != nil {
		return nil, nil, err
	}
	s.typed, err = share(d.form.ID, d.values, zstd.SpeedDefault)
	return s, ids, err
}

// share returns the size of a batch's plain JSON under zstd.
func share(formID string, values []form.Answers, level zstd.EncoderLevel) (int, error) {
	text, err := lines(formID, values, nil)
	if err != nil {
		return 0, err
	}
	return compressed(text, level)
}

// wireNewOne weighs a batch of new records that have one part each.
func (b *bench) wireNewOne() error {
	return b.onLaptop("wire", func(l *laptop) error { return b.weighNewOne(l) })
}

func (b *bench) weighNewOne(l *laptop) error {
	d, err := b.draw(plainForm, plainPart, batchSize)
	if err != nil {
		return err
	}
	stock, _, err := l.send(d, nil)
	if err != nil {
		return err
	}
	b.out.tell("wire_new_one_stock", float64(stock.pushed)/float64(stock.typed), "× the same, for the demonstration's small stock of sentences, which only a batch can profit from")
	if err := l.sitting(); err != nil {
		return err
	}
	d.values = retell(d.values, seed)
	s, ids, err := l.send(d, nil)
	if err != nil {
		return err
	}
	if s.parts != s.records {
		return fmt.Errorf("%d records have %d parts, want one each", s.records, s.parts)
	}
	b.out.add("wire_new_one", float64(s.pushed)/float64(s.typed), "× share of the batch's typed JSON under zstd (default level)", atMost(plainTarget))
	b.out.tell("wire_new_one_bytes", s.per(s.pushed), "B a record in pushes")
	b.out.tell("wire_new_one_share", s.per(int64(s.typed)), "B a record of JSON under zstd, default level")
	b.out.tell("wire_new_one_others_sent", float64(s.others.sent), "B of all other requests of the exchange")
	b.out.tell("wire_new_one_others_received", float64(s.others.received), "B of all other replies")
	return l.otherShares(d, s, ids)
}

// otherShares prints what the figure would be against other readings of its yardstick.
func (l *laptop) otherShares(d *drawn, s *sent, ids []string) error {
	whole, err := l.saved(ids)
	if err != nil {
		return err
	}
	for _, o := range []struct {
		name, unit string
		values     []form.Answers
		level      zstd.EncoderLevel
	}{
		{"wire_new_one_vs_best", "× the same under zstd, best level", d.values, zstd.SpeedBestCompression},
		{"wire_new_one_vs_saved", "× JSON with the codes that the program made, default level", whole, zstd.SpeedDefault},
	} {
		n, err := share(d.form.ID, o.values, o.level)
		if err != nil {
			return err
		}
		l.r.b.out.tell(o.name, float64(s.pushed)/float64(n), o.unit)
	}
	return nil
}

const extraTarget = 120

// wireExtraCompartment weighs a batch of each form: what a record takes beyond its first part's allowance, for each
// further part.
func (b *bench) wireExtraCompartment() error {
	return b.onLaptop("wire", func(l *laptop) error { return b.weighExtraCompartment(l) })
}

func (b *bench) weighExtraCompartment(l *laptop) error {
	forms, err := b.forms()
	if err != nil {
		return err
	}
	parents, err := l.parents(50)
	if err != nil {
		return err
	}
	worst := 0.0
	for _, f := range forms {
		extra, err := l.extra(f, parents)
		if err != nil {
			return err
		}
		worst = max(worst, extra)
	}
	b.out.add("wire_extra_compartment", worst, "B for each further part, of the worst form", atMost(extraTarget))
	return nil
}

// parents enters case files that other records may belong to.
func (l *laptop) parents(n int) ([]string, error) {
	d, err := l.r.b.draw("case_intake", "", n)
	if err != nil {
		return nil, err
	}
	ids, err := l.enter(d, nil)
	if err != nil {
		return nil, err
	}
	_, err = l.sync()
	return ids, err
}

func (l *laptop) extra(f *form.Form, parents []string) (float64, error) {
	b := l.r.b
	d, err := b.draw(f.ID, "", batchSize)
	if err != nil {
		return 0, err
	}
	d.values = retell(d.values, seed)
	if f.ParentKind == "" {
		parents = nil
	}
	if err := l.sitting(); err != nil {
		return 0, err
	}
	s, _, err := l.send(d, parents)
	if err != nil {
		return 0, err
	}
	extra := (float64(s.pushed) - plainTarget*float64(s.typed)) / float64(s.parts-s.records)
	name := "wire_" + f.ID
	b.out.tell(name, s.per(s.pushed), "B a record in pushes")
	b.out.tell(name+"_parts", float64(s.parts)/float64(s.records), "parts a record")
	b.out.tell(name+"_share", s.per(int64(s.typed)), "B a record of JSON under zstd")
	b.out.tell(name+"_ratio", float64(s.pushed)/float64(s.typed), "× share")
	b.out.tell(name+"_extra", extra, "B for each further part")
	return extra, nil
}

// sitting begins a new one: sessions are not kept, so that every batch pays for its own.
func (l *laptop) sitting() error {
	if err := l.p.Forget(l.r.b.ctx); err != nil {
		return err
	}
	if err := l.close(); err != nil {
		return err
	}
	if err := l.unlock(); err != nil {
		return err
	}
	return l.connect()
}

const (
	editTarget = 160
	edits      = 50
)

// wireEdit weighs edits of one field each, in one change-set, of records that another device made.
func (b *bench) wireEdit() (err error) {
	r, err := b.newRig("wire", site)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.close()) }()
	author, err := r.join("author", everything())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, author.close()) }()
	ids, err := author.parents(edits)
	if err != nil {
		return err
	}
	editor, err := r.join("editor", everything())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, editor.close()) }()
	if err := settle(author, editor); err != nil {
		return err
	}
	for _, e := range []struct {
		name   string
		values [2]any
		path   string
		target target
	}{
		{"wire_edit", [2]any{"high", "extreme"}, "risk_level", atMost(editTarget)},
		{"wire_edit_again", [2]any{"medium", "low"}, "risk_level", target{}},
	} {
		bytes, err := editor.edit(ids, e.path, e.values)
		if err != nil {
			return err
		}
		b.out.add(e.name, bytes, fmt.Sprintf("B an edit of one field, %d in a change-set", edits), e.target)
	}
	return nil
}

// edit changes one field of each record to the first value, or where it is that already to the second.
func (l *laptop) edit(ids []string, path string, values [2]any) (float64, error) {
	book, err := field.Open(l.p)
	if err != nil {
		return 0, err
	}
	for _, id := range ids {
		r, err := book.Get(l.r.b.ctx, id)
		if err != nil {
			return 0, err
		}
		value := values[0]
		if r.Fields[path] != nil && r.Fields[path].Value == value {
			value = values[1]
		}
		if _, err := book.EditShown(l.r.b.ctx, r, field.Change{Answers: form.Answers{path: value}}); err != nil {
			return 0, err
		}
	}
	rep, pushes, _, err := l.meteredSync()
	if err != nil {
		return 0, err
	}
	if rep.Pushed != 1 {
		return 0, fmt.Errorf("the edits went in %d change-sets, want one", rep.Pushed)
	}
	return float64(pushes.sent) / float64(len(ids)), nil
}
