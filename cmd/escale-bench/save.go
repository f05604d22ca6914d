package main

import (
	"errors"
	"path/filepath"
	"time"

	"escale/clients/field"
	"escale/store/bare"
)

const (
	saveTarget = 3
	saveWarm   = 10
	saveRounds = 400
)

// saveOne compares saving one record, validated, sealed and durable, with one durable row of a few hundred bytes.
func (b *bench) saveOne() error {
	return b.onLaptop("save", func(l *laptop) error { return b.weighSaves(l) })
}

func (b *bench) weighSaves(l *laptop) error {
	one, err := b.draw(plainForm, plainPart, saveWarm+saveRounds)
	if err != nil {
		return err
	}
	five, err := b.draw("case_intake", "", 8*(saveWarm+saveRounds))
	if err != nil {
		return err
	}
	five.keep(5, saveWarm+saveRounds)
	ratio, err := l.saving(one)
	if err != nil {
		return err
	}
	b.out.add("save_one", ratio, "× a bare row, one compartment", atMost(saveTarget))
	if ratio, err = l.saving(five); err != nil {
		return err
	}
	b.out.tell("save_one_five_compartments", ratio, "× a bare row, five compartments")
	return nil
}

// keep leaves the first records that touch so many compartments.
func (d *drawn) keep(compartments, count int) {
	kept := d.values[:0]
	for _, v := range d.values {
		if len(d.form.Split(v)) == compartments && len(kept) < count {
			kept = append(kept, v)
		}
	}
	d.values = kept
}

// rowSize is about what the sealed part and the sealed view of a small record take together.
const rowSize = 512

func (l *laptop) saving(d *drawn) (ratio float64, err error) {
	b := l.r.b
	book, err := field.Open(l.p)
	if err != nil {
		return 0, err
	}
	rows, err := bare.OpenRows(b.ctx, filepath.Join(l.r.dir, d.form.ID+"-bare.db"))
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	row := make([]byte, rowSize)
	if err := fill(row); err != nil {
		return 0, err
	}
	ours := func(round int) error {
		_, err := book.Create(b.ctx, field.New{Form: d.form.ID, Answers: d.values[round]})
		return err
	}
	took, err := inTurn(time.Now, saveWarm, saveRounds, ours, func(int) error { return rows.Add(b.ctx, [][]byte{row}) })
	if err != nil {
		return 0, err
	}
	return ofMedians(took[0], took[1])
}
