package hub_test

import (
	"bytes"
	"database/sql"
	"fmt"
	"path/filepath"
	"testing"

	"escale/schema"
	"escale/sync/changeset"
	"escale/sync/wire"
)

// BenchmarkPush is one change-set for each commit, as deltas per second, beside bare rows of the same bytes.
func BenchmarkPush(b *testing.B) {
	for _, n := range []int{20, 1000} {
		for _, edits := range []bool{false, true} {
			b.Run(fmt.Sprintf("deltas=%d/edits=%v", n, edits), func(b *testing.B) { benchPush(b, n, edits) })
		}
		b.Run(fmt.Sprintf("deltas=%d/bare", n), func(b *testing.B) { benchBare(b, n) })
	}
}

func benchPush(b *testing.B, n int, edits bool) {
	o := newOrganisation(b, 3, 1)
	s := o.serve(b)
	w := o.writer(o.people[0], o.scopes[0])
	bodies := make([][]byte, 0, b.N)
	for i := range b.N {
		var deltas []changeset.Delta
		for k := range n {
			d := create(uint64(i*n + k))
			if edits {
				d = edit(schema.Object{byte(k), byte(k >> 8)}, changeset.Own{Back: min(1, w.seq), Count: uint32(n) * uint32(min(1, w.seq))}, nil, tag(1))
			}
			d.Sealed = bytes.Repeat([]byte{1}, 144)
			deltas = append(deltas, d)
		}
		bodies = append(bodies, frames(b, w.next(nil, deltas...)))
	}
	b.ResetTimer()
	for _, body := range bodies {
		if r := s.pushBody(body); r[0].Status != wire.Accepted {
			b.Fatalf("%+v", r[0])
		}
	}
	b.ReportMetric(float64(n*b.N)/b.Elapsed().Seconds(), "deltas/s")
}

func benchBare(b *testing.B, n int) {
	db, err := sql.Open("sqlite", filepath.Join(b.TempDir(), "bare.db")+"?_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)")
	if err != nil {
		b.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Exec("CREATE TABLE r (id INTEGER PRIMARY KEY, object BLOB, body BLOB)"); err != nil {
		b.Fatal(err)
	}
	body, object := bytes.Repeat([]byte{1}, 144), make([]byte, 16)
	b.ResetTimer()
	for range b.N {
		tx, err := db.Begin()
		if err != nil {
			b.Fatal(err)
		}
		st, err := tx.Prepare("INSERT INTO r (object, body) VALUES (?, ?)")
		if err != nil {
			b.Fatal(err)
		}
		for range n {
			if _, err := st.Exec(object, body); err != nil {
				b.Fatal(err)
			}
		}
		if err := tx.Commit(); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(n*b.N)/b.Elapsed().Seconds(), "deltas/s")
}
