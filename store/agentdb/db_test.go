package agentdb_test

import (
	"bytes"
	"context"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"escale/schema"
	"escale/store/agentdb"
	"escale/store/migrate"
	"escale/sync/causal"
	"escale/sync/wire"
)

func open(t *testing.T, path string) *agentdb.DB {
	t.Helper()
	db, err := agentdb.Open(context.Background(), path)
	if err != nil {
		t.Fatal(err)
	}
	return db
}

func update(t *testing.T, db *agentdb.DB, f func(*agentdb.Tx) error) {
	t.Helper()
	if err := db.Update(context.Background(), f); err != nil {
		t.Fatal(err)
	}
}

func TestAFolderMayBeCalledAnything(t *testing.T) {
	for _, name := range []string{"plain", "two words", "a?b", "a%41b", "a#b", "é ع", "100%", "a&mode=memory", "c:d"} {
		dir := filepath.Join(t.TempDir(), name)
		if err := os.Mkdir(dir, 0o700); err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(dir, "store")
		db := open(t, path)
		update(t, db, func(tx *agentdb.Tx) error { return tx.PutMeta("k", []byte("v")) })
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
		if info, err := os.Stat(path); err != nil || info.Size() == 0 {
			t.Errorf("%q: the store lies elsewhere: %v", name, err)
		}
	}
}

func TestOneProgramAtATime(t *testing.T) {
	path := filepath.Join(t.TempDir(), "store")
	db := open(t, path)
	if _, err := agentdb.Open(context.Background(), path); !errors.Is(err, agentdb.ErrInUse) {
		t.Fatalf("%v", err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if err := open(t, path).Close(); err != nil {
		t.Fatal(err)
	}
}

// TestNoSharedMemory: a file of shared memory needs room before anything can even be read, and nobody shares a store.
func TestNoSharedMemory(t *testing.T) {
	path := filepath.Join(t.TempDir(), "store")
	for range 2 { // made, and opened again
		db := open(t, path)
		update(t, db, func(tx *agentdb.Tx) error { return tx.PutMeta("k", []byte("v")) })
		if _, err := os.Stat(path + "-shm"); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("shared memory: %v", err)
		}
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

func TestANewerProgramsFileIsRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "store")
	db := open(t, path)
	if err := errors.Join(db.Newer(context.Background()), db.Close()); err != nil {
		t.Fatal(err)
	}
	if _, err := agentdb.Open(context.Background(), path); !errors.Is(err, migrate.ErrNewer) {
		t.Fatalf("%v", err)
	}
}

func TestWhatIsNoDatabaseIsDamaged(t *testing.T) {
	path := filepath.Join(t.TempDir(), "store")
	if err := os.WriteFile(path, bytes.Repeat([]byte("no database "), 1000), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := agentdb.Open(context.Background(), path); !errors.Is(err, agentdb.ErrDamaged) {
		t.Fatalf("%v", err)
	}
}

// TestFullDisk fails saves on a full disk; nothing of them is stored, and there is room again they succeed.
func TestFullDisk(t *testing.T) {
	ctx := context.Background()
	db := open(t, filepath.Join(t.TempDir(), "store"))
	if err := db.Limit(ctx, 1); err != nil {
		t.Fatal(err)
	}
	save := func(i byte) error {
		return db.Update(ctx, func(tx *agentdb.Tx) error {
			if err := tx.PutMeta("count", []byte{i}); err != nil {
				return err
			}
			return tx.PutBlob(schema.Hash{i}, bytes.Repeat([]byte{i}, 20_000))
		})
	}
	saved := byte(0)
	for i := byte(1); i < 20; i++ {
		err := save(i)
		if err == nil {
			saved = i
			continue
		}
		if !errors.Is(err, agentdb.ErrFull) {
			t.Fatalf("%v", err)
		}
	}
	if saved == 19 {
		t.Fatal("the disk never was full")
	}
	update(t, db, func(tx *agentdb.Tx) error {
		count, err := tx.Meta("count")
		if saved == 0 && !errors.Is(err, agentdb.ErrNotFound) || saved > 0 && count[0] != saved {
			t.Errorf("%v %v after a failed save", count, err)
		}
		return nil
	})
	if err := db.Limit(ctx, 0); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(save(30), db.Close()); err != nil {
		t.Fatal(err)
	}
}

// fill stores something in every table.
func fill(tx *agentdb.Tx) error {
	stream, err := tx.AddStream(agentdb.Stream{Name: schema.Stream{1}, Scope: schema.Scope{2}, Device: schema.Device{3}, Own: true})
	if err != nil {
		return err
	}
	parent := causal.Set(0)
	for i := range byte(20) {
		s := agentdb.Set{Stream: stream, Seq: uint64(i) + 1, Parent: parent, Hash: schema.Hash{9, i}, State: agentdb.State(i % 3), Opened: agentdb.Opened(i % 3)}
		if parent, err = tx.AddSet(s, bytes.Repeat([]byte{i}, 300)); err != nil {
			return err
		}
		err = errors.Join(tx.AddLedger(uint64(i), bytes.Repeat([]byte{i}, 200)), tx.PutCursor(wire.Cursor{Scope: schema.Scope{i}}),
			tx.PutParts([]agentdb.Part{{Object: schema.Object{i}, Record: []byte{i}, Sealed: []byte{i}}}), tx.PutEpochKey(schema.Scope{i}, 1, []byte{i}),
			tx.PutBundle(schema.Pack{i}, []byte{i}), tx.PutSession(agentdb.Session{ID: schema.Hash{i}, Header: []byte{i}, SealedKey: []byte{i}}))
		if err != nil {
			return err
		}
	}
	return nil
}

func readAll(tx *agentdb.Tx) error {
	_, err := tx.Streams()
	errs := []error{err, tx.Sets(func(agentdb.Set) error { return nil }), tx.OpenSets(func(agentdb.Set) error { return nil }),
		tx.UnsentSets(func(agentdb.Set) error { return nil }), tx.WaitingSets(func(agentdb.Set) error { return nil }),
		tx.Parts(func(agentdb.Part) error { return nil }), tx.EpochKeys(func(schema.Scope, uint32, []byte) error { return nil }),
		tx.Bundles(func(schema.Pack, []byte) error { return nil })}
	_, err = tx.Cursors()
	errs = append(errs, err)
	_, err = tx.Ledger()
	errs = append(errs, err)
	_, err = tx.KeptSession(schema.Scope{}, 0, 0, 1)
	if errors.Is(err, agentdb.ErrNotFound) {
		err = nil
	}
	return errors.Join(append(errs, err, tx.Check())...)
}

// TestFlippedBytes damages the file anywhere: opening and reading may fail, and never panics.
func TestFlippedBytes(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "store")
	db := open(t, path)
	update(t, db, fill)
	update(t, db, readAll)
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	random := rand.New(rand.NewPCG(1, 2))
	damaged := 0
	for range 150 {
		b := bytes.Clone(whole)
		for range 1 + random.IntN(3) {
			b[random.IntN(len(b))] ^= byte(1 + random.IntN(255))
		}
		broken := filepath.Join(dir, "broken")
		if err := os.WriteFile(broken, b, 0o600); err != nil {
			t.Fatal(err)
		}
		db, err := agentdb.Open(context.Background(), broken)
		if err != nil {
			damaged++
			continue
		}
		if err := db.Update(context.Background(), readAll); err != nil {
			damaged++
		}
		if err := db.Close(); err != nil && !errors.Is(err, agentdb.ErrDamaged) {
			t.Errorf("close: %v", err)
		}
	}
	if damaged == 0 {
		t.Error("no damage was ever noticed")
	}
}

func TestASetThatIsClosedStaysAsItWas(t *testing.T) {
	db := open(t, filepath.Join(t.TempDir(), "store"))
	update(t, db, func(tx *agentdb.Tx) error {
		stream, err := tx.AddStream(agentdb.Stream{})
		if err != nil {
			return err
		}
		id, err := tx.AddSet(agentdb.Set{Stream: stream, Seq: 1}, nil)
		if err != nil {
			return err
		}
		err = errors.Join(tx.PutDraft(id, []byte("draft"), true), tx.PutDelta(id, 0, []byte("zero")), tx.PutDelta(id, 1, []byte("one")))
		if err != nil {
			return err
		}
		draft, deltas, err := tx.Draft(id)
		if string(draft) != "draft" || len(deltas) != 2 || string(deltas[1]) != "one" {
			t.Errorf("%q %q", draft, deltas)
		}
		if err := errors.Join(err, tx.CloseSet(id, schema.Hash{1}, 2, []byte("raw"))); err != nil {
			return err
		}
		if _, _, err := tx.Draft(id); !errors.Is(err, agentdb.ErrNotFound) {
			t.Errorf("the draft is still there: %v", err)
		}
		if err := tx.CloseSet(id, schema.Hash{2}, 3, []byte("other")); err == nil {
			t.Error("a closed change-set was closed again")
		}
		return nil
	})
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestEverySaveWaitsForTheDisk(t *testing.T) {
	db := open(t, filepath.Join(t.TempDir(), "store"))
	defer db.Close()
	for pragma, want := range map[string]string{"synchronous": "2", "journal_mode": "wal", "foreign_keys": "1", "secure_delete": "1"} {
		if got, err := db.Pragma(context.Background(), pragma); err != nil || got != want {
			t.Errorf("%s = %s, want %s (%v)", pragma, got, want, err)
		}
	}
}

// TestASaveThatCannotBeCommittedIsNoSave: nobody is told that it is saved, and nothing of it stays.
func TestASaveThatCannotBeCommittedIsNoSave(t *testing.T) {
	ctx := context.Background()
	db := open(t, filepath.Join(t.TempDir(), "store"))
	defer db.Close()
	put := func(v string) error {
		return db.Update(ctx, func(tx *agentdb.Tx) error { return tx.PutMeta("k", []byte(v)) })
	}
	if err := errors.Join(put("one"), db.FailCommits(ctx, true)); err != nil {
		t.Fatal(err)
	}
	if err := put("two"); err == nil {
		t.Error("a commit that failed was called a save")
	}
	if err := db.FailCommits(ctx, false); err != nil {
		t.Fatal(err)
	}
	update(t, db, func(tx *agentdb.Tx) error {
		got, err := tx.Meta("k")
		if string(got) != "one" {
			t.Errorf("%q after a commit that failed", got)
		}
		return err
	})
}

// TestNothingStaysOfASaveThatIsGivenUp: the second step fails; the first is not there either.
func TestNothingStaysOfASaveThatIsGivenUp(t *testing.T) {
	db := open(t, filepath.Join(t.TempDir(), "store"))
	defer db.Close()
	given := errors.New("given up")
	err := db.Update(context.Background(), func(tx *agentdb.Tx) error {
		return errors.Join(tx.PutMeta("k", []byte("v")), given)
	})
	if !errors.Is(err, given) {
		t.Fatalf("%v", err)
	}
	update(t, db, func(tx *agentdb.Tx) error {
		if _, err := tx.Meta("k"); !errors.Is(err, agentdb.ErrNotFound) {
			t.Errorf("half a save is there: %v", err)
		}
		return nil
	})
}

// TestAPredecessorIsOfferedFirst: the hub answers a successor that comes first with a gap.
func TestAPredecessorIsOfferedFirst(t *testing.T) {
	db := open(t, filepath.Join(t.TempDir(), "store"))
	defer db.Close()
	update(t, db, func(tx *agentdb.Tx) error {
		stream, err := tx.AddStream(agentdb.Stream{})
		for seq, parent := uint64(1), causal.Set(0); err == nil && seq <= 5; seq++ {
			parent, err = tx.AddSet(agentdb.Set{Stream: stream, Seq: seq, Parent: parent, Hash: schema.Hash{byte(seq)}, State: agentdb.Ready}, []byte{1})
		}
		return err
	})
	next := uint64(1)
	update(t, db, func(tx *agentdb.Tx) error {
		return tx.UnsentSets(func(s agentdb.Set) error {
			if s.Seq != next {
				t.Errorf("number %d where %d is due", s.Seq, next)
			}
			next++
			return nil
		})
	})
	if next != 6 {
		t.Errorf("%d of 5 offered", next-1)
	}
}

func TestACursorMoves(t *testing.T) {
	db := open(t, filepath.Join(t.TempDir(), "store"))
	defer db.Close()
	last := wire.Cursor{Scope: schema.Scope{1}, Number: 9, Running: schema.Hash{9}}
	update(t, db, func(tx *agentdb.Tx) error {
		return errors.Join(tx.PutCursor(wire.Cursor{Scope: schema.Scope{1}, Number: 2, Running: schema.Hash{2}}), tx.PutCursor(last))
	})
	update(t, db, func(tx *agentdb.Tx) error {
		got, err := tx.Cursors()
		if len(got) != 1 || got[last.Scope] != last {
			t.Errorf("%+v", got)
		}
		return err
	})
}

// TestWhatTheHubMayLackIsOffered: a change-set waits from its closing to the acknowledgement, and again as soon as the hub
// may have lost it.
func TestWhatTheHubMayLackIsOffered(t *testing.T) {
	db := open(t, filepath.Join(t.TempDir(), "store"))
	defer db.Close()
	var sets []causal.Set
	update(t, db, func(tx *agentdb.Tx) error {
		for n := range byte(2) {
			stream, err := tx.AddStream(agentdb.Stream{Name: schema.Stream{n}, Scope: schema.Scope{n}})
			if err != nil {
				return err
			}
			id, err := tx.AddSet(agentdb.Set{Stream: stream, Seq: 1}, nil)
			if err := errors.Join(err, tx.PutDraft(id, []byte{n}, true), tx.PutDelta(id, 0, []byte{n})); err != nil {
				return err
			}
			sets = append(sets, id)
		}
		return nil
	})
	for _, step := range []struct {
		what string
		do   func(*agentdb.Tx) error
		want int
	}{
		{"open", func(*agentdb.Tx) error { return nil }, 0},
		{"closed", func(tx *agentdb.Tx) error {
			return errors.Join(tx.CloseSet(sets[0], schema.Hash{1}, 1, []byte{1}), tx.CloseSet(sets[1], schema.Hash{2}, 1, []byte{2}))
		}, 2},
		{"one acknowledged", func(tx *agentdb.Tx) error { return tx.MarkAtHub(sets[0]) }, 1},
		{"both acknowledged", func(tx *agentdb.Tx) error { return tx.MarkAtHub(sets[1]) }, 0},
		{"another hub", func(tx *agentdb.Tx) error { return tx.MarkAllUnsent() }, 2},
		{"acknowledged again", func(tx *agentdb.Tx) error { return errors.Join(tx.MarkAtHub(sets[0]), tx.MarkAtHub(sets[1])) }, 0},
		{"one scope lost", func(tx *agentdb.Tx) error { return tx.MarkScopeUnsent(schema.Scope{1}) }, 1},
	} {
		n := 0
		update(t, db, func(tx *agentdb.Tx) error {
			return errors.Join(step.do(tx), tx.UnsentSets(func(agentdb.Set) error { n++; return nil }))
		})
		if n != step.want {
			t.Errorf("%s: %d offered, want %d", step.what, n, step.want)
		}
	}
}
