package hubsqlite

import (
	"database/sql"
	"strings"

	"escale/schema"
	"escale/sync/hub"
)

// runs are the row counts of statements over many rows: few shapes, so that each is prepared once.
var runs = [...]int{128, 16, 1}

// inRuns cuts n things into runs.
func inRuns(n int, f func(from, n int) error) error {
	from := 0
	for _, size := range runs {
		for n-from >= size {
			if err := f(from, size); err != nil {
				return err
			}
			from += size
		}
	}
	return nil
}

// places repeats a group of parameters.
func places(group string, n int) string {
	return strings.Repeat(group+",", n-1) + group
}

const cellSize = len(schema.Object{}) + len(schema.Tag{})

func cellOf(c hub.Cell) []byte {
	b := make([]byte, 0, cellSize)
	return append(append(b, c.Object[:]...), c.Tag[:]...)
}

// cellColumn scans a cell.
type cellColumn struct{ to *hub.Cell }

// Scan splits the column.
func (c cellColumn) Scan(v any) error {
	var b [cellSize]byte
	if err := fixed(b[:]).Scan(v); err != nil {
		return err
	}
	copy(c.to.Object[:], b[:])
	copy(c.to.Tag[:], b[len(c.to.Object):])
	return nil
}

// Frontier returns what stands in the cells.
func (t *tx) Frontier(scope int64, cells []hub.Cell) (out []hub.Dot, err error) {
	err = inRuns(len(cells), func(from, n int) error {
		args := make([]any, 0, n+1)
		for _, c := range cells[from : from+n] {
			args = append(args, cellOf(c))
		}
		// CROSS JOIN fixes the order: one search for each cell.
		return t.rows("WITH c(cell) AS (VALUES "+places("(?)", n)+`) SELECT f.cell, f.dots FROM c
			CROSS JOIN frontier f ON f.scope = ? AND f.cell = c.cell`, func(rows *sql.Rows) error {
			out, err = scanDots(rows, out)
			return err
		}, append(args, scope)...)
	})
	return out, err
}

func scanDots(rows *sql.Rows, out []hub.Dot) ([]hub.Dot, error) {
	var c hub.Cell
	var b sql.RawBytes
	if err := rows.Scan(cellColumn{&c}, &b); err != nil {
		return out, err
	}
	return readDots(c, b, out)
}

// PutCells replaces what stands in the cells. One that is left without dots is removed.
func (t *tx) PutCells(scope int64, cells []hub.Cell, dots []hub.Dot) error {
	packed, err := packCells(cells, dots)
	if err != nil {
		return err
	}
	full := make([]hub.Cell, 0, len(cells))
	for _, c := range cells {
		if len(packed[c]) > 0 {
			full = append(full, c)
			continue
		}
		if err := t.exec("DELETE FROM frontier WHERE scope = ? AND cell = ?", scope, cellOf(c)); err != nil {
			return err
		}
	}
	return inRuns(len(full), func(from, n int) error {
		args := make([]any, 0, 3*n)
		for _, c := range full[from : from+n] {
			args = append(args, scope, cellOf(c), packed[c])
		}
		return t.exec("INSERT INTO frontier (scope, cell, dots) VALUES "+places("(?,?,?)", n)+
			" ON CONFLICT (scope, cell) DO UPDATE SET dots = excluded.dots", args...)
	})
}

// EachDot reads a scope's frontier in order.
func (t *tx) EachDot(scope int64, f func(hub.Dot) error) error {
	return t.rows("SELECT cell, dots FROM frontier WHERE scope = ? ORDER BY cell", func(rows *sql.Rows) error {
		dots, err := scanDots(rows, nil)
		for _, d := range dots {
			if err := f(d); err != nil {
				return err
			}
		}
		return err
	}, scope)
}

// ClearFrontier empties a scope's frontier and forgets which heads its change-sets wait for.
func (t *tx) ClearFrontier(scope int64) error {
	if err := t.exec("DELETE FROM frontier WHERE scope = ?", scope); err != nil {
		return err
	}
	return t.exec("DELETE FROM dangling WHERE set_id IN (SELECT id FROM sets WHERE scope = ?)", scope)
}

// AddDangling notes a head that is not here.
func (t *tx) AddDangling(head schema.Hash, set int64) error {
	return t.exec("INSERT INTO dangling (head, set_id) VALUES (?, ?) ON CONFLICT DO NOTHING", head[:], set)
}

// TakeDangling returns and forgets who waits for a head.
func (t *tx) TakeDangling(head schema.Hash) (out []int64, err error) {
	err = t.rows("SELECT set_id FROM dangling WHERE head = ? ORDER BY set_id", func(rows *sql.Rows) error {
		var id int64
		err := rows.Scan(&id)
		out = append(out, id)
		return err
	}, head[:])
	if err != nil || len(out) == 0 {
		return nil, err
	}
	return out, t.exec("DELETE FROM dangling WHERE head = ?", head[:])
}
