package hub

import (
	"bytes"
	"fmt"
	"slices"

	"escale/schema"
	"escale/sync/changeset"
)

// weigher keeps the frontier of one scope: of each cell, the deltas that no other admitted delta on that cell has seen.
//
// A delta that arrives cannot have been seen by a stored one through a head that is here, because a stream arrives in
// order. So an edit only removes what it has seen and adds itself. Heads that were cited before they came are noted, and
// when one comes, the edits that relied on it remove what they are now proved to have seen. The outcome is the same in
// every order of arrival.
type weigher struct {
	tx     Tx
	chains *chains
	scope  *ScopeRow
}

// seen says that of one branch everything before a change-set was seen, and of that itself the first count deltas.
type seen struct {
	at    At
	count uint32
}

// all counts every delta of a change-set.
const all = ^uint32(0)

// maxCells bounds how many cells are in memory at once.
const maxCells = 2048

// weigh enters an admitted change-set.
func (w *weigher) weigh(row SetRow, set *changeset.Set) error {
	heads, err := w.heads(row, set)
	if err != nil {
		return err
	}
	for from := 0; from < len(set.Deltas); {
		to, cells := nextCells(set.Deltas, from)
		if len(cells) > 0 {
			if err := w.weighSome(row, set.Deltas[from:to], uint32(from), cells, heads); err != nil {
				return err
			}
		}
		from = to
	}
	return nil
}

// nextCells returns the cells that the deltas from a position on edit, and where it stopped.
func nextCells(deltas []changeset.Delta, from int) (to int, cells map[Cell]*cell) {
	cells = map[Cell]*cell{}
	for to = from; to < len(deltas) && len(cells) < maxCells; to++ {
		d := &deltas[to]
		for _, t := range d.Tags {
			cells[Cell{d.Object, t.Tag}] = nil
		}
	}
	return to, cells
}

// cell is what stands in one cell, before and after.
type cell struct {
	dots    []Dot
	changed bool
	before  bool // whether it was an open conflict
}

func (c *cell) conflict() bool {
	if len(c.dots) < 2 {
		return false
	}
	for _, d := range c.dots {
		if d.Class == changeset.Exclusive {
			return true
		}
	}
	return false
}

func (w *weigher) weighSome(row SetRow, deltas []changeset.Delta, base uint32, cells map[Cell]*cell, heads []*SetRow) error {
	if err := w.load(cells); err != nil {
		return err
	}
	for i := range deltas {
		d := &deltas[i]
		if d.Erased || d.Create {
			continue
		}
		context, err := w.context(row, d, heads)
		if err != nil {
			return err
		}
		for _, t := range d.Tags {
			c := cells[Cell{d.Object, t.Tag}]
			if err := w.drop(c, context); err != nil {
				return err
			}
			c.changed = true
			c.dots = append(c.dots, Dot{
				Cell: Cell{d.Object, t.Tag}, Class: t.Class, Set: row.ID, Index: base + uint32(i), At: row.At,
			})
		}
	}
	return w.store(cells)
}

// load reads what stands in the cells.
func (w *weigher) load(cells map[Cell]*cell) error {
	names := sorted(cells)
	for _, k := range names {
		cells[k] = &cell{}
	}
	dots, err := w.tx.Frontier(w.scope.ID, names)
	if err != nil {
		return err
	}
	for _, d := range dots {
		c, ok := cells[d.Cell]
		if !ok {
			return fmt.Errorf("%w: the store answered for a cell that was not asked for", errChain)
		}
		c.dots = append(c.dots, d)
	}
	for _, c := range cells {
		c.before = c.conflict()
	}
	return nil
}

// sorted returns the names of cells in the order in which a store keeps them: neighbours cost it less than strangers.
func sorted(cells map[Cell]*cell) []Cell {
	names := make([]Cell, 0, len(cells))
	for k := range cells {
		names = append(names, k)
	}
	slices.SortFunc(names, func(a, b Cell) int {
		if c := bytes.Compare(a.Object[:], b.Object[:]); c != 0 {
			return c
		}
		return bytes.Compare(a.Tag[:], b.Tag[:])
	})
	return names
}

// drop removes what a context has seen.
func (w *weigher) drop(c *cell, context []seen) error {
	kept := c.dots[:0]
	for _, d := range c.dots {
		was, err := w.saw(context, d)
		if err != nil {
			return err
		}
		if !was {
			kept = append(kept, d)
		}
	}
	c.changed = c.changed || len(kept) < len(c.dots)
	c.dots = kept
	return nil
}

func (w *weigher) saw(context []seen, d Dot) (bool, error) {
	for _, s := range context {
		if s.at == d.At {
			if d.Index < s.count {
				return true, nil
			}
			continue
		}
		if s.at.Seq <= d.At.Seq {
			continue
		}
		if yes, err := w.chains.follows(s.at, d.At); yes || err != nil {
			return yes, err
		}
	}
	return false, nil
}

// store writes what changed, and counts open conflicts.
func (w *weigher) store(cells map[Cell]*cell) error {
	var names []Cell
	var dots []Dot
	for _, k := range sorted(cells) {
		c := cells[k]
		if !c.changed {
			continue
		}
		names, dots = append(names, k), append(dots, c.dots...)
		switch after := c.conflict(); {
		case after && !c.before:
			w.scope.Conflicts++
		case !after && c.before:
			w.scope.Conflicts--
		}
	}
	if len(names) == 0 {
		return nil
	}
	return w.tx.PutCells(w.scope.ID, names, dots)
}

// context returns what the author of a delta can prove to have seen.
func (w *weigher) context(row SetRow, d *changeset.Delta, heads []*SetRow) (out []seen, err error) {
	if own := d.Own; (own.Back > 0 || own.Count > 0) && own.Back < row.At.Seq {
		at, err := w.back(row.At, own.Back)
		if err != nil {
			return nil, err
		}
		out = append(out, seen{at: at, count: own.Count})
	}
	for _, i := range d.Heads {
		if h := heads[i]; h != nil {
			out = append(out, seen{at: h.At, count: all})
		}
	}
	return out, nil
}

// back returns the place of the change-set that stands back places before at, which may be on the parent branch.
func (w *weigher) back(at At, back uint64) (At, error) {
	at.Seq -= back
	lines, err := w.chains.branches(at.Stream)
	if err != nil {
		return at, err
	}
	for int(at.Branch) < len(lines) {
		b := lines[at.Branch]
		if b.Parent == at.Branch || at.Seq > b.From {
			break
		}
		at.Branch = b.Parent
	}
	return at, nil
}

// heads finds the heads that the edits of a change-set rely on. One that is not here yet is noted; so is one that has a
// higher number, which happens when a scope is weighed again.
func (w *weigher) heads(row SetRow, set *changeset.Set) ([]*SetRow, error) {
	used, names := usedHeads(set)
	if len(names) == 0 {
		return nil, nil
	}
	found, err := w.tx.FindSets(names)
	if err != nil {
		return nil, err
	}
	byHash := make(map[schema.Hash]*SetRow, len(found))
	for i := range found {
		byHash[found[i].Hash] = &found[i]
	}
	out := make([]*SetRow, len(set.Header.Heads))
	for i := range out {
		if !used[i] {
			continue
		}
		name := set.Header.Heads[i].Set
		h := byHash[name]
		switch {
		case h == nil || h.Scope == row.Scope && h.Number > row.Number:
			if err := w.tx.AddDangling(name, row.ID); err != nil {
				return nil, err
			}
		case h.Scope == row.Scope:
			out[i] = h
		}
	}
	return out, nil
}

func usedHeads(set *changeset.Set) (used []bool, names []schema.Hash) {
	used = make([]bool, len(set.Header.Heads))
	for i := range set.Deltas {
		for _, h := range set.Deltas[i].Heads {
			if !used[h] {
				used[h] = true
				names = append(names, set.Header.Heads[h].Set)
			}
		}
	}
	return used, names
}
