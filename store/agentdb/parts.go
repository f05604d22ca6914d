package agentdb

import (
	"strings"

	"escale/schema"
)

// runs are the row counts of statements over many parts: few shapes, each prepared once. One call of SQLite costs as much
// as a row of it.
var runs = [...]int{64, 8, 1}

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
func places(group string, n int) string { return strings.Repeat(group+",", n-1) + group }

func upsertParts(n int) string {
	return `INSERT INTO parts (object, record, scope, sealed) VALUES ` + places("(?, ?, ?, ?)", n) +
		` ON CONFLICT (object) DO UPDATE SET record = excluded.record, scope = excluded.scope, sealed = excluded.sealed`
}

// resealParts leaves record and scope alone, and so their indexes: to name them would write both anew.
func resealParts(n int) string {
	return `INSERT INTO parts (object, record, scope, sealed) VALUES ` + places("(?, ?, ?, ?)", n) +
		` ON CONFLICT (object) DO UPDATE SET sealed = excluded.sealed`
}

func selectParts(n int) string { return partColumns + `WHERE object IN (` + places("?", n) + `)` }

// manyParts are the statements over runs of parts.
func manyParts() (out []string) {
	for _, n := range runs {
		out = append(out, upsertParts(n), resealParts(n), selectParts(n))
	}
	return out
}

// PutParts stores or replaces what is stored of objects, each named once.
func (t *Tx) PutParts(rows []Part) error { return t.putParts(upsertParts, rows) }

// ResealParts replaces what is sealed of objects that are stored under the same record and scope.
func (t *Tx) ResealParts(rows []Part) error { return t.putParts(resealParts, rows) }

func (t *Tx) putParts(statement func(int) string, rows []Part) error {
	return inRuns(len(rows), func(from, n int) error {
		args := make([]any, 0, 4*n)
		for i := range rows[from : from+n] {
			p := &rows[from+i]
			args = append(args, p.Object[:], p.Record, p.Scope[:], p.Sealed)
		}
		_, err := t.exec(statement(n), args...)
		return err
	})
}

// PartsAt calls f for what is stored of each of the objects, in no order; of what is not stored it says nothing.
func (t *Tx) PartsAt(objects []schema.Object, f func(Part) error) error {
	return inRuns(len(objects), func(from, n int) error {
		args := make([]any, n)
		for i := range args {
			args[i] = objects[from+i][:]
		}
		return t.parts(f, selectParts(n), args...)
	})
}
