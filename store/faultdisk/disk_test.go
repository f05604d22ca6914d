package faultdisk_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"

	"escale/schema"
	"escale/store/agentdb"
	"escale/store/faultdisk"
	"escale/store/hubsqlite"
	"escale/sync/hub"
)

// notes is a store in which a test writes numbered notes, several in one transaction.
type notes interface {
	put(from, n int) error
	held(i int) (bool, error)
	close() error
}

type laptop struct{ db *agentdb.DB }

func name(i int) string { return fmt.Sprintf("note %d", i) }

func content(i int) []byte { return make([]byte, 100+37*i%3000) }

func (l laptop) put(from, n int) error {
	return l.db.Update(context.Background(), func(tx *agentdb.Tx) error {
		for i := from; i < from+n; i++ {
			if err := tx.PutMeta(name(i), content(i)); err != nil {
				return err
			}
		}
		return nil
	})
}

func (l laptop) held(i int) (found bool, err error) {
	err = l.db.Update(context.Background(), func(tx *agentdb.Tx) error {
		b, err := tx.Meta(name(i))
		if errors.Is(err, agentdb.ErrNotFound) {
			return nil
		}
		if err == nil && len(b) != len(content(i)) {
			return fmt.Errorf("note %d has %d bytes", i, len(b))
		}
		found = err == nil
		return errors.Join(err, tx.Check())
	})
	return found, err
}

func (l laptop) close() error { return l.db.Close() }

type harbour struct{ s *hubsqlite.Store }

func blobName(i int) (h schema.Hash) { h[0], h[1] = byte(i), byte(i>>8); return h }

func (h harbour) put(from, n int) error {
	return h.s.Update(context.Background(), func(tx hub.Tx) error {
		for i := from; i < from+n; i++ {
			if err := tx.PutBlob(blobName(i), content(i)); err != nil {
				return err
			}
		}
		return nil
	})
}

func (h harbour) held(i int) (found bool, err error) {
	err = h.s.View(context.Background(), func(tx hub.Tx) error {
		b, here, err := tx.Blob(blobName(i))
		if here && len(b) != len(content(i)) {
			return fmt.Errorf("blob %d has %d bytes", i, len(b))
		}
		found = here
		return err
	})
	return found, err
}

func (h harbour) close() error { return h.s.Close() }

// stores are the real stores, opened on a disk.
var stores = map[string]func(*faultdisk.Disk) (notes, error){
	"laptop": func(d *faultdisk.Disk) (notes, error) {
		db, err := agentdb.OpenOn(context.Background(), d.Name(), "/store")
		return laptop{db}, err
	},
	"hub": func(d *faultdisk.Disk) (notes, error) {
		s, err := hubsqlite.OpenOn(context.Background(), d.Name(), "/hub.db")
		return harbour{s}, err
	},
}

func newDisk(t *testing.T, i faultdisk.Image) *faultdisk.Disk {
	t.Helper()
	d, err := faultdisk.New(i)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// life opens a store and writes until it is done or the power goes; it returns how many notes were acknowledged.
func life(t *testing.T, d *faultdisk.Disk, open func(*faultdisk.Disk) (notes, error), batch, batches int) (acknowledged int) {
	t.Helper()
	s, err := open(d)
	if err != nil {
		if !d.Dead() {
			t.Fatal(err)
		}
		return 0
	}
	for b := range batches {
		if err := s.put(b*batch, batch); err != nil {
			if !d.Dead() {
				t.Fatal(err)
			}
			break
		}
		acknowledged += batch
	}
	if err := s.close(); err != nil && !d.Dead() {
		t.Fatal(err)
	}
	return acknowledged
}

// TestPowerCutAtEveryWrite cuts the power at each change that a store asks for, draws what is left, and opens it again:
// what was acknowledged is there, and no transaction is there in part.
func TestPowerCutAtEveryWrite(t *testing.T) {
	const batch, batches = 3, 6
	for kind, open := range stores {
		t.Run(kind, func(t *testing.T) {
			whole := newDisk(t, nil)
			life(t, whole, open, batch, batches)
			total := whole.Changes()
			ok(t, whole.Close())
			if total < 40 {
				t.Fatalf("only %d changes", total)
			}
			for at := 1; at <= total; at++ {
				d := newDisk(t, nil)
				d.CutAfter(at)
				acknowledged := life(t, d, open, batch, batches)
				rng := rand.New(rand.NewPCG(uint64(at), 5))
				for range 3 {
					afterwards(t, d.AfterPowerCut(rng.IntN), open, acknowledged, batch, batches)
				}
				ok(t, d.Close())
			}
		})
	}
}

func afterwards(t *testing.T, left faultdisk.Image, open func(*faultdisk.Disk) (notes, error), acknowledged, batch, batches int) {
	t.Helper()
	d := newDisk(t, left)
	s, err := open(d)
	ok(t, err)
	for b := range batches {
		n := 0
		for i := b * batch; i < (b+1)*batch; i++ {
			found, err := s.held(i)
			ok(t, err)
			if found {
				n++
			}
			if !found && i < acknowledged {
				t.Fatalf("note %d was acknowledged and is not there", i)
			}
		}
		if n != 0 && n != batch {
			t.Fatalf("%d of %d notes of one transaction are there", n, batch)
		}
	}
	ok(t, s.close())
	ok(t, d.Close())
}

// TestUnsyncedIsLost shows that the disk can tell: a database that does not sync loses what it acknowledged.
func TestUnsyncedIsLost(t *testing.T) {
	lost := 0
	for seed := range uint64(10) {
		d := newDisk(t, nil)
		db := raw(t, d, "OFF")
		exec(t, db, "CREATE TABLE t (v); INSERT INTO t VALUES (1)")
		exec(t, db, "INSERT INTO t VALUES (2)")
		after := newDisk(t, d.AfterPowerCut(rand.New(rand.NewPCG(seed, 1)).IntN))
		again := raw(t, after, "OFF")
		var n int
		if err := again.QueryRow("SELECT count(*) FROM t").Scan(&n); err != nil || n < 2 {
			lost++
		}
		for _, c := range []interface{ Close() error }{again, after, db, d} {
			ok(t, c.Close())
		}
	}
	if lost == 0 {
		t.Fatal("ten power cuts lost nothing of what was never synced")
	}
}

func raw(t *testing.T, d *faultdisk.Disk, synchronous string) *sql.DB {
	t.Helper()
	db, err := sql.Open("sqlite", "file:/t.db?vfs="+d.Name()+"&_pragma=locking_mode(EXCLUSIVE)&_pragma=journal_mode(WAL)&_pragma=synchronous("+synchronous+")")
	ok(t, err)
	db.SetMaxOpenConns(1)
	return db
}

func exec(t *testing.T, db *sql.DB, text string) {
	t.Helper()
	_, err := db.Exec(text)
	ok(t, err)
}

// TestFullDisk refuses what does not fit, by the name that each store gives it, and goes on when there is space again.
func TestFullDisk(t *testing.T) {
	full := map[string]error{"laptop": agentdb.ErrFull, "hub": hub.ErrFull}
	for kind, open := range stores {
		t.Run(kind, func(t *testing.T) {
			d := newDisk(t, nil)
			s, err := open(d)
			ok(t, err)
			ok(t, s.put(0, 3))
			d.Fill(9000)
			kept := 3
			for err = nil; err == nil; kept += 3 {
				err = s.put(kept, 3)
			}
			kept -= 3
			if !errors.Is(err, full[kind]) {
				t.Fatalf("a full disk is called %v", err)
			}
			for i := range kept + 3 {
				if found, err := s.held(i); err != nil || found != (i < kept) {
					t.Fatalf("note %d: %v, %v", i, found, err)
				}
			}
			d.Empty()
			ok(t, s.put(kept, 3))
			ok(t, s.close())
			ok(t, d.Close())
		})
	}
}

// TestReadersBesideAWriter uses the connections of a hub at once: the locks of the disk keep them apart.
func TestReadersBesideAWriter(t *testing.T) {
	d := newDisk(t, nil)
	s, err := stores["hub"](d)
	ok(t, err)
	failed := make(chan error, 5)
	for r := range 4 {
		go func() {
			var err error
			for i := 0; i < 200 && err == nil; i++ {
				_, err = s.held((i + r) % 100)
			}
			failed <- err
		}()
	}
	go func() {
		var err error
		for i := 0; i < 100 && err == nil; i++ {
			err = s.put(i, 1)
		}
		failed <- err
	}()
	for range 5 {
		ok(t, <-failed)
	}
	ok(t, s.close())
	ok(t, d.Close())
}

// TestOneProcessOwnsALaptopsStore: the second opening is refused by name.
func TestOneProcessOwnsALaptopsStore(t *testing.T) {
	d := newDisk(t, nil)
	s, err := stores["laptop"](d)
	ok(t, err)
	if _, err := stores["laptop"](d); !errors.Is(err, agentdb.ErrInUse) {
		t.Fatalf("opened twice: %v", err)
	}
	if err := d.Close(); !errors.Is(err, faultdisk.ErrInUse) {
		t.Fatalf("a disk in use is forgotten: %v", err)
	}
	ok(t, s.close())
	ok(t, d.Close())
}

func ok(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
