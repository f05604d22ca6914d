package agentdb_test

import (
	"encoding/binary"
	"path/filepath"
	"testing"

	"escale/schema"
	"escale/store/agentdb"
)

// TestManyPartsAtOnce: runs of every length keep each row, replace it, and find what is there and nothing else.
func TestManyPartsAtOnce(t *testing.T) {
	db := open(t, filepath.Join(t.TempDir(), "a.db"))
	defer db.Close()
	named := func(n int) (o schema.Object) {
		binary.BigEndian.PutUint32(o[:], uint32(n)*2654435761)
		return o
	}
	for _, n := range []int{0, 1, 7, 8, 9, 63, 64, 65, 200} {
		for _, mark := range []byte{1, 2, 3} { // written, replaced, and sealed again
			var rows []agentdb.Part
			ask := []schema.Object{{0xff}} // is not there
			for i := range n {
				rows = append(rows, agentdb.Part{Object: named(i), Record: []byte{mark, byte(i)}, Scope: schema.Scope{mark}, Sealed: []byte{mark, byte(n)}})
				ask = append(ask, named(i))
			}
			found := map[schema.Object]agentdb.Part{}
			update(t, db, func(tx *agentdb.Tx) error {
				put := tx.PutParts
				if mark == 3 {
					put = tx.ResealParts
				}
				if err := put(rows); err != nil {
					return err
				}
				return tx.PartsAt(ask, func(p agentdb.Part) error { found[p.Object] = p; return nil })
			})
			if len(found) != n {
				t.Fatalf("%d of %d were found", len(found), n)
			}
			for i := range n {
				p := found[named(i)]
				kept := min(mark, 2) // record and scope stay when only the seal is new
				if p.Record[0] != kept || p.Record[1] != byte(i) || p.Scope != (schema.Scope{kept}) || p.Sealed[0] != mark || p.Sealed[1] != byte(n) {
					t.Fatalf("%d of %d, written as %d: %+v", i, n, mark, p)
				}
			}
		}
	}
}
