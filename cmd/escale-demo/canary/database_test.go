package canary_test

import (
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"pgregory.net/rapid"

	_ "modernc.org/sqlite"
)

func open(t testing.TB, path string, pageSize string) *sql.DB {
	t.Helper()
	db, err := sql.Open("sqlite", path+"?_pragma=page_size("+pageSize+")&_pragma=journal_mode(WAL)&_pragma=wal_autocheckpoint(0)")
	if err != nil {
		t.Fatal(err)
	}
	db.SetMaxOpenConns(1)
	return db
}

func must(t testing.TB, db *sql.DB, statement string, args ...any) {
	t.Helper()
	if _, err := db.Exec(statement, args...); err != nil {
		t.Fatal(err)
	}
}

// A marker anywhere in a long value is found, though the file spreads the value over pages, before and after checkpoints.
func TestValuesSpreadOverPagesAreJoined(t *testing.T) {
	for _, table := range []string{"create table v(k integer primary key, b)", "create table v(k primary key, b) without rowid"} {
		rapid.Check(t, func(r *rapid.T) {
			path := filepath.Join(t.TempDir(), "v.db")
			db := open(t, path, rapid.SampledFrom([]string{"512", "4096"}).Draw(r, "page"))
			must(t, db, table)
			must(t, db, "insert into v values (1, ?)", noise(1, 700))
			value := noise(2, rapid.IntRange(0, 9000).Draw(r, "before"))
			value = append(append(value, latin...), noise(3, rapid.IntRange(0, 9000).Draw(r, "after"))...)
			if rapid.Bool().Draw(r, "compressed") {
				value = zstded(t, value)
			}
			must(t, db, "insert into v values (2, ?)", value)
			if rapid.Bool().Draw(r, "checkpoint") {
				must(t, db, "pragma wal_checkpoint(truncate)")
			}
			s := search(t, latin, arabic)
			if err := s.ScanFile(path); err != nil {
				r.Fatal(err)
			}
			if err := s.ScanFile(path + "-wal"); err != nil && !os.IsNotExist(err) {
				r.Fatal(err)
			}
			if err := db.Close(); err != nil {
				r.Fatal(err)
			}
			if s.Count(latin) == 0 {
				r.Fatal("not found")
			}
			if s.Count(arabic) != 0 {
				r.Fatal("found what is not there")
			}
		})
	}
}

func FuzzDatabase(f *testing.F) {
	path := filepath.Join(f.TempDir(), "seed.db")
	db := open(f, path, "512")
	must(f, db, "create table v(b)")
	must(f, db, "insert into v values (?)", append(noise(4, 3000), latin...))
	must(f, db, "pragma wal_checkpoint(truncate)")
	if err := db.Close(); err != nil {
		f.Fatal(err)
	}
	seed, err := os.ReadFile(path)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(seed)
	f.Fuzz(func(t *testing.T, body []byte) {
		path := filepath.Join(t.TempDir(), "f.db")
		if err := os.WriteFile(path, body, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path+"-wal", body, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := search(t, latin).ScanFile(path); err != nil {
			t.Fatal(err)
		}
	})
}

// Every length and every position around the borders of pages: each row holds a marker of its own, and none may be missed.
func TestNoPositionInAPageIsMissed(t *testing.T) {
	for _, table := range []string{"create table v(k integer primary key, b)", "create table v(k primary key, b) without rowid"} {
		for _, checkpoint := range []bool{false, true} {
			path := filepath.Join(t.TempDir(), "v.db")
			db := open(t, path, "512")
			must(t, db, table)
			must(t, db, "begin")
			var markers []string
			for i := range 2400 {
				marker := fmt.Sprintf("%s%04d", latin, i)
				value := append(noise(uint64(i), i/2), marker...)
				if i%2 == 0 {
					value = append(value, noise(1, 1500)...)
				}
				must(t, db, "insert into v values (?, ?)", i, value)
				markers = append(markers, marker)
			}
			must(t, db, "commit")
			if checkpoint {
				must(t, db, "pragma wal_checkpoint(truncate)")
			}
			s := search(t, markers...)
			if err := s.ScanTree(filepath.Dir(path)); err != nil {
				t.Fatal(err)
			}
			if err := db.Close(); err != nil {
				t.Fatal(err)
			}
			if missing := s.Missing(); len(missing) > 0 {
				t.Errorf("%s, checkpoint %v: %d missed, first %s", table, checkpoint, len(missing), missing[0])
			}
		}
	}
}
