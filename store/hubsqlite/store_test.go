package hubsqlite_test

import (
	"context"
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"escale/schema"
	"escale/store/hubsqlite"
	"escale/store/migrate"
	"escale/store/storetest"
	"escale/sync/hub"
)

var ctx = context.Background()

func open(t *testing.T, path string) *hubsqlite.Store {
	t.Helper()
	s, err := hubsqlite.Open(ctx, path)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestContract(t *testing.T) {
	storetest.Run(t, func(t *testing.T) storetest.Opener {
		path := filepath.Join(t.TempDir(), "hub with ? and #.db")
		return func(t *testing.T) hub.Store { return open(t, path) }
	})
}

func TestNewerSchemaIsRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "hub.db")
	if err := open(t, path).Close(); err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.Exec("PRAGMA user_version = 99"); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := hubsqlite.Open(ctx, path); !errors.Is(err, migrate.ErrNewer) {
		t.Fatalf("%v", err)
	}
}

func TestEveryCommitWaitsForTheDisk(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "hub.db"))
	defer s.Close()
	for pragma, want := range map[string]string{"synchronous": "2", "journal_mode": "wal", "foreign_keys": "1"} {
		if got, err := s.PragmaForTest(ctx, pragma); err != nil || got != want {
			t.Errorf("%s = %s, want %s (%v)", pragma, got, want, err)
		}
	}
}

// TestACommitThatFailsIsToldAndLeavesNothing: the hub acknowledges what Update called durable.
func TestACommitThatFailsIsToldAndLeavesNothing(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "hub.db"))
	defer s.Close()
	put := func(n uint64) error {
		return s.Update(ctx, func(tx hub.Tx) error { return tx.PutIdentity(hub.Identity{Judged: n}) })
	}
	if err := errors.Join(put(1), s.FailCommitsForTest(true)); err != nil {
		t.Fatal(err)
	}
	if err := put(2); err == nil {
		t.Error("a commit that failed was called durable")
	}
	if err := s.FailCommitsForTest(false); err != nil {
		t.Fatal(err)
	}
	err := s.View(ctx, func(tx hub.Tx) error {
		id, _, err := tx.Identity()
		if id.Judged != 1 {
			t.Errorf("judged up to %d", id.Judged)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := put(3); err != nil {
		t.Fatalf("after the disk is well again: %v", err)
	}
}

func TestFullDiskHasAName(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "hub.db"))
	defer s.Close()
	if err := s.LimitForTest(ctx, 60); err != nil {
		t.Fatal(err)
	}
	put := func(n int) error {
		return s.Update(ctx, func(tx hub.Tx) error { return tx.PutBlob(schema.Hash{byte(n)}, make([]byte, n)) })
	}
	if err := put(1 << 20); !errors.Is(err, hub.ErrFull) {
		t.Fatalf("%v", err)
	}
	if err := put(100); err != nil {
		t.Fatalf("what fits, after what did not: %v", err)
	}
}

func TestFolderThatCannotBeWrittenHasAName(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "missing")
	if _, err := hubsqlite.Open(ctx, filepath.Join(dir, "hub.db")); !errors.Is(err, hub.ErrReadOnly) {
		t.Fatalf("missing folder: %v", err)
	}
	path := filepath.Join(t.TempDir(), "hub.db")
	if err := open(t, path).Close(); err != nil {
		t.Fatal(err)
	}
	s := open(t, path)
	defer s.Close()
	if err := s.WriteNothingForTest(ctx); err != nil {
		t.Fatal(err)
	}
	err := s.Update(ctx, func(tx hub.Tx) error { return tx.PutIdentity(hub.Identity{}) })
	if !errors.Is(err, hub.ErrReadOnly) {
		t.Fatalf("read-only: %v", err)
	}
}

func TestBackupHoldsWhatWasCommitted(t *testing.T) {
	dir := t.TempDir()
	s := open(t, filepath.Join(dir, "hub.db"))
	defer s.Close()
	if err := s.Update(ctx, func(tx hub.Tx) error { return tx.PutIdentity(hub.Identity{Judged: 7}) }); err != nil {
		t.Fatal(err)
	}
	copied := filepath.Join(dir, "copy.db")
	if err := s.Backup(ctx, copied); err != nil {
		t.Fatal(err)
	}
	if err := s.Backup(ctx, copied); !errors.Is(err, os.ErrExist) {
		t.Fatalf("a backup over another file: %v", err)
	}
	again := open(t, copied)
	defer again.Close()
	err := again.View(ctx, func(tx hub.Tx) error {
		id, found, err := tx.Identity()
		if !found || id.Judged != 7 {
			t.Errorf("%+v", id)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if n, err := s.Size(ctx); err != nil || n < 4096 {
		t.Errorf("size %d %v", n, err)
	}
}
