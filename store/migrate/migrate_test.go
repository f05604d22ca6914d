package migrate_test

import (
	"context"
	"database/sql"
	"errors"
	"path/filepath"
	"testing"
	"testing/fstest"

	_ "modernc.org/sqlite"

	"escale/store/migrate"
)

var ctx = context.Background()

func file(s string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(s)} }

func open(t *testing.T) *sql.DB {
	t.Helper()
	db, err := sql.Open("sqlite", filepath.Join(t.TempDir(), "x.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}

func TestOldRowsAreCarriedForward(t *testing.T) {
	db := open(t)
	files := fstest.MapFS{"0001_first.sql": file("CREATE TABLE a (x INTEGER); INSERT INTO a VALUES (1);")}
	if err := migrate.Up(ctx, db, files); err != nil {
		t.Fatal(err)
	}
	files["0002_second.sql"] = file("ALTER TABLE a ADD COLUMN y INTEGER NOT NULL DEFAULT 7; UPDATE a SET y = x + 1;")
	for range 2 {
		if err := migrate.Up(ctx, db, files); err != nil {
			t.Fatal(err)
		}
	}
	var y, version int
	if err := db.QueryRow("SELECT y FROM a").Scan(&y); err != nil || y != 2 {
		t.Fatalf("%d %v", y, err)
	}
	if err := db.QueryRow("PRAGMA user_version").Scan(&version); err != nil || version != 2 {
		t.Fatalf("version %d %v", version, err)
	}
}

func TestStepThatFailsLeavesNoTrace(t *testing.T) {
	db := open(t)
	files := fstest.MapFS{"0001_first.sql": file("CREATE TABLE a (x); INSERT INTO nowhere VALUES (1);")}
	if err := migrate.Up(ctx, db, files); err == nil {
		t.Fatal("no error")
	}
	files["0001_first.sql"] = file("CREATE TABLE a (x);")
	if err := migrate.Up(ctx, db, files); err != nil {
		t.Fatal(err)
	}
}

func TestNewerDatabaseIsRefused(t *testing.T) {
	db := open(t)
	files := fstest.MapFS{"0001_a.sql": file("CREATE TABLE a (x);"), "0002_b.sql": file("CREATE TABLE b (x);")}
	if err := migrate.Up(ctx, db, files); err != nil {
		t.Fatal(err)
	}
	delete(files, "0002_b.sql")
	if err := migrate.Up(ctx, db, files); !errors.Is(err, migrate.ErrNewer) {
		t.Fatalf("%v", err)
	}
}

func TestFilesMustBeNumbered(t *testing.T) {
	for name, files := range map[string]fstest.MapFS{
		"none": {}, "gap": {"0002_a.sql": file("")}, "twice": {"0001_a.sql": file(""), "0001_b.sql": file("")},
		"short": {"1_a.sql": file("")}, "no word": {"0001.sql": file("")},
	} {
		if _, err := migrate.Load(files, "."); !errors.Is(err, migrate.ErrSteps) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
