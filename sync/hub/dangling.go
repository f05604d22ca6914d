package hub

import (
	"fmt"

	"escale/schema"
	"escale/sync/changeset"
)

// arrived lets the edits that relied on a change-set before it came remove what they are now proved to have seen.
func (w *weigher) arrived(row SetRow) error {
	waiting, err := w.tx.TakeDangling(row.Hash)
	if err != nil {
		return err
	}
	for _, id := range waiting {
		raw, err := w.tx.Raw(id)
		if err != nil {
			return err
		}
		set, err := changeset.Parse(raw)
		if err != nil {
			return fmt.Errorf("stored change-set: %w", err)
		}
		if err := w.settle(row, set); err != nil {
			return err
		}
	}
	return nil
}

// settle applies one head to the edits of one change-set that cite it.
func (w *weigher) settle(head SetRow, set *changeset.Set) error {
	context := []seen{{at: head.At, count: all}}
	for from := 0; from < len(set.Deltas); {
		cells := map[Cell]*cell{}
		for ; from < len(set.Deltas) && len(cells) < maxCells; from++ {
			d := &set.Deltas[from]
			if !cites(set, d, head.Hash) {
				continue
			}
			for _, t := range d.Tags {
				cells[Cell{d.Object, t.Tag}] = nil
			}
		}
		if len(cells) == 0 {
			continue
		}
		if err := w.settleCells(cells, context); err != nil {
			return err
		}
	}
	return nil
}

func (w *weigher) settleCells(cells map[Cell]*cell, context []seen) error {
	if err := w.load(cells); err != nil {
		return err
	}
	for _, c := range cells {
		if err := w.drop(c, context); err != nil {
			return err
		}
	}
	return w.store(cells)
}

func cites(set *changeset.Set, d *changeset.Delta, head schema.Hash) bool {
	for _, i := range d.Heads {
		if set.Header.Heads[i].Set == head {
			return true
		}
	}
	return false
}
