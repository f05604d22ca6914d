package storetest

import (
	"bytes"
	"context"
	"errors"
	"testing"

	"escale/schema"
	"escale/sync/changeset"
	"escale/sync/hub"
)

func frontier(t *testing.T, b *bench) {
	var one, two hub.SetRow
	cell := hub.Cell{Object: schema.Object{1}, Tag: schema.Tag{1}}
	other := hub.Cell{Object: schema.Object{1}, Tag: schema.Tag{2}}
	b.update(func(tx hub.Tx) (err error) {
		if one, err = addSet(tx, scopeA, 1, 1, []byte{1}); err != nil {
			return err
		}
		if two, err = addSet(tx, scopeA, 1, 2, []byte{1}); err != nil {
			return err
		}
		return tx.PutCells(one.Scope, []hub.Cell{cell, other}, []hub.Dot{
			{Cell: other, Set: two.ID, At: two.At}, {Cell: cell, Set: two.ID, At: two.At},
			{Cell: cell, Class: changeset.Exclusive, Set: one.ID, Index: 7, At: one.At},
		})
	})
	b.again()
	b.view(func(tx hub.Tx) error {
		dots, err := tx.Frontier(one.Scope, []hub.Cell{cell, {Object: schema.Object{9}}})
		if len(dots) != 2 {
			t.Fatalf("%+v", dots)
		}
		for _, d := range dots {
			want := hub.Dot{Cell: cell, Class: changeset.Exclusive, Set: one.ID, Index: 7, At: one.At}
			if d.Set == two.ID {
				want = hub.Dot{Cell: cell, Set: two.ID, At: two.At}
			}
			if d != want {
				t.Errorf("%+v, want %+v", d, want)
			}
		}
		none, e := tx.Frontier(one.Scope+1, []hub.Cell{cell})
		if len(none) != 0 {
			t.Error("a dot of another scope")
		}
		return errors.Join(err, e)
	})
	if got := dots(b, one.Scope); len(got) != 3 || got[0].Set != one.ID || got[1].Set != two.ID || got[2].Cell != other {
		t.Errorf("not in order: %+v", got)
	}
	stray := func(tx hub.Tx) error { return tx.PutCells(one.Scope, nil, []hub.Dot{{Cell: cell}}) }
	if err := b.store.Update(context.Background(), stray); err == nil {
		t.Error("a dot of a cell that is not named is taken")
	}
	b.update(func(tx hub.Tx) error {
		return tx.PutCells(one.Scope, []hub.Cell{other, cell}, []hub.Dot{{Cell: cell, Set: two.ID, At: two.At}})
	})
	if got := dots(b, one.Scope); len(got) != 1 || got[0].Cell != cell || got[0].Set != two.ID {
		t.Errorf("%+v", got)
	}
	b.update(func(tx hub.Tx) error { return tx.ClearFrontier(one.Scope) })
	if got := dots(b, one.Scope); len(got) != 0 {
		t.Errorf("%+v", got)
	}
}

func dots(b *bench, scope int64) (out []hub.Dot) {
	b.view(func(tx hub.Tx) error {
		return tx.EachDot(scope, func(d hub.Dot) error { out = append(out, d); return nil })
	})
	return out
}

func danglingHeads(t *testing.T, b *bench) {
	var one, two hub.SetRow
	b.update(func(tx hub.Tx) (err error) {
		if one, err = addSet(tx, scopeA, 1, 1, []byte{1}); err != nil {
			return err
		}
		if two, err = addSet(tx, scopeB, 2, 1, []byte{1}); err != nil {
			return err
		}
		return errors.Join(tx.AddDangling(hash(7), one.ID), tx.AddDangling(hash(7), one.ID), tx.AddDangling(hash(7), two.ID), tx.AddDangling(hash(8), one.ID))
	})
	b.again()
	take := func(n int) (out []int64) {
		b.update(func(tx hub.Tx) (err error) { out, err = tx.TakeDangling(hash(n)); return err })
		return out
	}
	b.update(func(tx hub.Tx) error { return tx.ClearFrontier(two.Scope) })
	if got := take(7); len(got) != 1 || got[0] != one.ID {
		t.Errorf("waiting for 7: %v", got)
	}
	if got := take(7); len(got) != 0 {
		t.Errorf("taken twice: %v", got)
	}
	if got := take(8); len(got) != 1 {
		t.Errorf("waiting for 8: %v", got)
	}
}

func partials(t *testing.T, b *bench) {
	k := hub.PartialKey{Stream: schema.Stream{1}, Seq: 2, Set: hash(3)}
	b.update(func(tx hub.Tx) error {
		return errors.Join(tx.PutPartial(k, schema.Device{1}, []byte("abc")), tx.PutPartial(k, schema.Device{1}, []byte("abcdef")))
	})
	b.again()
	size := func(k hub.PartialKey) (n uint64) {
		b.view(func(tx hub.Tx) (err error) { n, err = tx.PartialSize(k); return err })
		return n
	}
	b.view(func(tx hub.Tx) error {
		data, err := tx.Partial(k)
		if string(data) != "abcdef" {
			t.Errorf("%q", data)
		}
		return err
	})
	if n := size(hub.PartialKey{Stream: schema.Stream{1}, Seq: 3, Set: hash(3)}); n != 0 {
		t.Errorf("another sequence has %d bytes", n)
	}
	b.update(func(tx hub.Tx) error {
		for i := range 10 {
			key := hub.PartialKey{Set: hash(100 + i), Seq: ^uint64(0)}
			if err := tx.PutPartial(key, schema.Device{2}, []byte{1, 2}); err != nil {
				return err
			}
		}
		return tx.PrunePartials(schema.Device{2}, 4)
	})
	for i := range 10 {
		if n := size(hub.PartialKey{Set: hash(100 + i), Seq: ^uint64(0)}); (n != 0) != (i >= 6) {
			t.Errorf("partial %d has %d bytes after the oldest were forgotten", i, n)
		}
	}
	b.update(func(tx hub.Tx) error { return tx.DropPartial(k) })
	b.view(func(tx hub.Tx) error {
		c, err := tx.CountPartials()
		if c != (hub.PartialCount{Sets: 4, Bytes: 8}) {
			t.Errorf("%+v", c)
		}
		return err
	})
}

func blobs(t *testing.T, b *bench) {
	blob := bytes.Repeat([]byte("sealed"), 1<<16)
	b.update(func(tx hub.Tx) error {
		return errors.Join(tx.PutBlob(hash(1), blob), tx.PutBlob(hash(1), blob))
	})
	b.again()
	b.view(func(tx hub.Tx) error {
		got, found, err := tx.Blob(hash(1))
		if !bytes.Equal(got, blob) || !found {
			t.Error("blob")
		}
		n, found, e := tx.BlobSize(hash(1))
		if n != int64(len(blob)) || !found {
			t.Errorf("size %d", n)
		}
		_, found, e2 := tx.Blob(hash(2))
		if found {
			t.Error("a blob that was never put")
		}
		return errors.Join(err, e, e2)
	})
}

func droppedBlobs(t *testing.T, b *bench) {
	b.update(func(tx hub.Tx) error {
		return errors.Join(tx.PutBlob(hash(1), []byte("wrap")), tx.PutBlob(hash(2), []byte("kept")), tx.DropBlob(hash(1)), tx.DropBlob(hash(1)))
	})
	if err := b.store.Scrub(context.Background()); err != nil {
		t.Fatal(err)
	}
	b.again()
	b.update(func(tx hub.Tx) error { return tx.PutBlob(hash(1), []byte("wrap")) })
	b.view(func(tx hub.Tx) error {
		_, found, err := tx.BlobSize(hash(1))
		if found {
			t.Error("a dropped blob is taken again")
		}
		kept, _, e := tx.Blob(hash(2))
		if string(kept) != "kept" {
			t.Error("another blob went with it")
		}
		return errors.Join(err, e)
	})
}

// longLists: statements over many rows must not depend on how many.
func longLists(t *testing.T, b *bench) {
	const n = 1000
	var names []schema.Hash
	var cells []hub.Cell
	var scope int64
	b.update(func(tx hub.Tx) error {
		var all []hub.Dot
		for i := 1; i <= n; i++ {
			row, err := addSet(tx, scopeA, 1, i, []byte{1})
			if err != nil {
				return err
			}
			scope = row.Scope
			names = append(names, row.Hash, hash(-i))
			c := hub.Cell{Object: schema.Object(row.Hash[:16]), Tag: schema.Tag{1}}
			cells = append(cells, c)
			all = append(all, hub.Dot{Cell: c, Set: row.ID})
		}
		return tx.PutCells(scope, cells, all)
	})
	b.view(func(tx hub.Tx) error {
		rows, err := tx.FindSets(names)
		if len(rows) != n {
			t.Errorf("%d change-sets of %d", len(rows), n)
		}
		dots, e := tx.Frontier(scope, cells)
		if len(dots) != n {
			t.Errorf("%d dots of %d", len(dots), n)
		}
		return errors.Join(err, e)
	})
	b.update(func(tx hub.Tx) error { return tx.PutCells(scope, cells[:n-3], nil) })
	if got := dots(b, scope); len(got) != 3 {
		t.Errorf("%d dots left of 3", len(got))
	}
}
