package storetest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"slices"
	"testing"
	"time"

	"escale/schema"
	"escale/sync/hub"
	"escale/sync/wire"
)

// Opener opens the same store again and again, so that durability can be told from memory: every call after the first
// finds what the one before left. The suite closes each store before it opens the next.
type Opener func(t *testing.T) hub.Store

// Run tests a store. New returns the opener of an empty store.
func Run(t *testing.T, fresh func(t *testing.T) Opener) {
	for name, test := range map[string]func(*testing.T, *bench){
		"identity":           identity,
		"ledger":             ledger,
		"atomic":             atomic,
		"view cannot write":  viewCannotWrite,
		"sets and logs":      setsAndLogs,
		"places are unique":  placesAreUnique,
		"numbering":          numbering,
		"streams and forks":  streamsAndForks,
		"frontier":           frontier,
		"dangling heads":     danglingHeads,
		"marks":              marks,
		"partials":           partials,
		"blobs":              blobs,
		"dropped blobs":      droppedBlobs,
		"inbox and contacts": inboxAndContacts,
		"long lists":         longLists,
	} {
		t.Run(name, func(t *testing.T) {
			b := &bench{t: t, opener: fresh(t)}
			b.store = b.opener(t)
			defer func() {
				if err := b.store.Close(); err != nil {
					t.Error(err)
				}
			}()
			test(t, b)
		})
	}
}

// bench is one store under test.
type bench struct {
	t      *testing.T
	opener Opener
	store  hub.Store
}

// again closes and opens the store, as a restart does.
func (b *bench) again() {
	b.t.Helper()
	if err := b.store.Close(); err != nil {
		b.t.Fatal(err)
	}
	b.store = b.opener(b.t)
}

func (b *bench) update(f func(hub.Tx) error) {
	b.t.Helper()
	if err := b.store.Update(context.Background(), f); err != nil {
		b.t.Fatal(err)
	}
}

func (b *bench) view(f func(hub.Tx) error) {
	b.t.Helper()
	if err := b.store.View(context.Background(), f); err != nil {
		b.t.Fatal(err)
	}
}

func hash(n int) schema.Hash { return sha256.Sum256(binary.BigEndian.AppendUint64(nil, uint64(n))) }

var scopeA, scopeB = schema.Scope{1}, schema.Scope{2}

// addSet does what a hub does when it takes the n-th change-set of branch 0 of a stream.
func addSet(tx hub.Tx, scope schema.Scope, stream byte, n int, raw []byte) (hub.SetRow, error) {
	row, err := tx.LockScope(scope)
	if err != nil {
		return hub.SetRow{}, err
	}
	st, found, err := tx.FindStream(schema.Stream{stream})
	if err == nil && !found {
		st.ID, err = tx.AddStream(hub.StreamRow{Stream: schema.Stream{stream}, Device: schema.Device{stream}, Scope: row.ID})
	}
	if err != nil {
		return hub.SetRow{}, err
	}
	h := hash(int(stream)<<20 | n)
	row.Number, row.Running = row.Number+1, wire.RunningHash(row.Running, h)
	set := hub.SetRow{
		Hash: h, At: hub.At{Stream: st.ID, Seq: uint64(n)}, Scope: row.ID, Number: row.Number, Running: row.Running,
		Epoch: 3, Cited: 5, Before: 4,
	}
	if set.ID, err = tx.AddSet(set, raw); err != nil {
		return set, err
	}
	if err := tx.PutBranch(st.ID, 0, hub.Branch{Tip: set.ID}); err != nil {
		return set, err
	}
	return set, tx.PutScope(row)
}

func identity(t *testing.T, b *bench) {
	b.view(func(tx hub.Tx) error {
		_, found, err := tx.Identity()
		if found {
			t.Error("an empty store has an identity")
		}
		return err
	})
	want := hub.Identity{Org: schema.Org{1}, Epoch: wire.HubEpoch{2}, Judged: 3}
	b.update(func(tx hub.Tx) error { return tx.PutIdentity(hub.Identity{Org: schema.Org{9}}) })
	b.update(func(tx hub.Tx) error { return tx.PutIdentity(want) })
	b.again()
	b.view(func(tx hub.Tx) error {
		got, found, err := tx.Identity()
		if got != want || !found {
			t.Errorf("%+v %v", got, found)
		}
		return err
	})
}

func ledger(t *testing.T, b *bench) {
	for i := range 5 {
		b.update(func(tx hub.Tx) error { return tx.AddEntry(uint64(i), []byte{byte(i)}) })
	}
	for _, wrong := range []uint64{0, 4, 6} {
		if err := b.store.Update(context.Background(), func(tx hub.Tx) error { return tx.AddEntry(wrong, []byte{9}) }); !errors.Is(err, hub.ErrTaken) {
			t.Errorf("entry at height %d: %v", wrong, err)
		}
	}
	b.again()
	var got []byte
	b.view(func(tx hub.Tx) error {
		return tx.Entries(2, func(e []byte) error { got = append(got, e...); return nil })
	})
	if !bytes.Equal(got, []byte{2, 3, 4}) {
		t.Errorf("entries %v", got)
	}
}

func atomic(t *testing.T, b *bench) {
	stop := errors.New("stop")
	err := b.store.Update(context.Background(), func(tx hub.Tx) error {
		if _, err := addSet(tx, scopeA, 1, 1, []byte("raw")); err != nil {
			return err
		}
		if err := tx.PutCells(1, []hub.Cell{{}}, []hub.Dot{{Set: 1}}); err != nil {
			return err
		}
		return stop
	})
	if !errors.Is(err, stop) {
		t.Fatalf("error %v", err)
	}
	b.view(func(tx hub.Tx) error {
		rows, err := tx.Scopes()
		_, found, e := tx.FindSet(hash(1<<20 | 1))
		if len(rows) != 0 || found {
			t.Error("a transaction that failed left a trace")
		}
		return errors.Join(err, e)
	})
	b.update(func(tx hub.Tx) error { _, err := addSet(tx, scopeA, 1, 1, []byte("raw")); return err })
	gone, cancel := context.WithCancel(context.Background())
	cancel()
	if err := b.store.Update(gone, func(hub.Tx) error { return nil }); !errors.Is(err, context.Canceled) {
		t.Errorf("a cancelled update: %v", err)
	}
}

func viewCannotWrite(t *testing.T, b *bench) {
	err := b.store.View(context.Background(), func(tx hub.Tx) error { return tx.PutIdentity(hub.Identity{}) })
	if err == nil {
		t.Error("a view wrote")
	}
	b.update(func(tx hub.Tx) error { return tx.PutIdentity(hub.Identity{Judged: 1}) })
}

func setsAndLogs(t *testing.T, b *bench) {
	const n = 300
	var rows []hub.SetRow
	b.update(func(tx hub.Tx) error {
		for i := 1; i <= n; i++ {
			row, err := addSet(tx, scopeA, 1, i, bytes.Repeat([]byte{byte(i)}, i))
			if err != nil {
				return err
			}
			rows = append(rows, row)
			if _, err := addSet(tx, scopeB, 2, i, []byte{1}); err != nil {
				return err
			}
		}
		return nil
	})
	b.again()
	b.view(func(tx hub.Tx) error {
		after := 7
		err := tx.Log(rows[0].Scope, uint64(after), func(e hub.LogEntry) (bool, error) {
			if e.SetRow != rows[after] || e.Size != after+1 || e.Stream != (schema.Stream{1}) || e.Device != (schema.Device{1}) {
				t.Fatalf("entry %d: %+v", after, e)
			}
			raw, err := tx.Raw(e.ID)
			if len(raw) != e.Size || raw[0] != byte(after+1) {
				t.Fatalf("bytes of entry %d", after)
			}
			after++
			return after < n-1, err
		})
		if after != n-1 {
			t.Errorf("read up to %d", after)
		}
		return err
	})
	b.view(func(tx hub.Tx) error {
		h, found, err := tx.RunningAt(rows[0].Scope, 200)
		if h != rows[199].Running || !found {
			t.Error("running hash at 200")
		}
		if _, found, e := tx.RunningAt(rows[0].Scope, n+1); found || e != nil {
			t.Errorf("running hash past the end: %v", e)
		}
		got, found, e := tx.FindSet(rows[50].Hash)
		if got != rows[50] || !found {
			t.Errorf("%+v", got)
		}
		return errors.Join(err, e)
	})
}

func placesAreUnique(t *testing.T, b *bench) {
	var first hub.SetRow
	b.update(func(tx hub.Tx) (err error) { first, err = addSet(tx, scopeA, 1, 1, []byte{1}); return err })
	sameNumber, sameHash := first, first
	sameNumber.Hash, sameHash.Number = hash(99), 2
	for what, row := range map[string]hub.SetRow{"number": sameNumber, "hash": sameHash} {
		err := b.store.Update(context.Background(), func(tx hub.Tx) error { _, err := tx.AddSet(row, []byte{1}); return err })
		if !errors.Is(err, hub.ErrTaken) {
			t.Errorf("a second change-set with one %s: %v", what, err)
		}
	}
}

func streamsAndForks(t *testing.T, b *bench) {
	var one, two hub.SetRow
	b.update(func(tx hub.Tx) (err error) {
		if one, err = addSet(tx, scopeA, 1, 1, []byte{1}); err != nil {
			return err
		}
		if two, err = addSet(tx, scopeA, 1, 2, []byte{1}); err != nil {
			return err
		}
		return tx.PutBranch(one.At.Stream, 1, hub.Branch{Parent: 0, From: 1, Tip: one.ID})
	})
	b.again()
	b.view(func(tx hub.Tx) error {
		lines, err := tx.Branches(one.At.Stream)
		if !slices.Equal(lines, []hub.Branch{{Tip: two.ID}, {Parent: 0, From: 1, Tip: one.ID}}) {
			t.Errorf("%+v", lines)
		}
		tips, e := tx.Tips(one.Scope)
		want := []wire.Tip{{Stream: schema.Stream{1}, Seq: 1, Set: one.Hash}, {Stream: schema.Stream{1}, Seq: 2, Set: two.Hash}}
		if wire.Digest(schema.Hash{}, tips) != wire.Digest(schema.Hash{}, want) {
			t.Errorf("%+v", tips)
		}
		own, e2 := tx.TipsOf(schema.Device{1})
		none, e3 := tx.TipsOf(schema.Device{2})
		if len(own) != 2 || own[0].Scope != scopeA || len(none) != 0 {
			t.Errorf("%+v %+v", own, none)
		}
		return errors.Join(err, e, e2, e3)
	})
}

func marks(t *testing.T, b *bench) {
	var row hub.SetRow
	b.update(func(tx hub.Tx) (err error) {
		if row, err = addSet(tx, scopeA, 1, 1, []byte{1}); err != nil {
			return err
		}
		if _, err = addSet(tx, scopeA, 1, 2, []byte{1}); err != nil {
			return err
		}
		scope, err := tx.LockScope(scopeA)
		scope.ConflictSince, scope.AsideSince = 1_700_000_000_123, 1_700_000_000_456
		return errors.Join(err, tx.PutScope(scope), tx.MarkSet(row.ID, "revoked"))
	})
	b.again()
	b.view(func(tx hub.Tx) error {
		scopes, err := tx.Scopes()
		if len(scopes) != 1 || scopes[0].ConflictSince != 1_700_000_000_123 || scopes[0].AsideSince != 1_700_000_000_456 {
			t.Errorf("%+v %v", scopes, err)
		}
		q, err := tx.Quarantined(10)
		want := wire.QuarantinedSet{Set: row.Hash, Scope: scopeA, Device: schema.Device{1}, Stream: schema.Stream{1}, Seq: 1, Reason: "revoked"}
		if len(q) != 1 || q[0] != want {
			t.Errorf("%+v", q)
		}
		n, e := tx.CountQuarantined()
		if n != 1 {
			t.Errorf("%d quarantined", n)
		}
		return errors.Join(err, e)
	})
	b.update(func(tx hub.Tx) error { return errors.Join(tx.MarkSet(row.ID, ""), tx.ThinSet(row.ID, []byte("thin"))) })
	b.view(func(tx hub.Tx) error {
		raw, err := tx.Raw(row.ID)
		if string(raw) != "thin" {
			t.Errorf("a thinned change-set is %q", raw)
		}
		return err
	})
	b.view(func(tx hub.Tx) error {
		n, err := tx.CountQuarantined()
		if n != 0 {
			t.Errorf("%d quarantined after it was accepted", n)
		}
		return err
	})
}

func inboxAndContacts(t *testing.T, b *bench) {
	at := time.UnixMilli(1_700_000_000_123).UTC()
	b.update(func(tx hub.Tx) error {
		return errors.Join(tx.PutRequest(hash(2), []byte("second")), tx.PutRequest(hash(1), []byte("first")), tx.PutRequest(hash(2), []byte("second")),
			tx.PutContact(hub.Contact{Device: schema.Device{1}}), tx.PutContact(hub.Contact{Device: schema.Device{1}, Last: at, Mismatches: 2, Agreed: 7}))
	})
	b.again()
	b.view(func(tx hub.Tx) error {
		all, err := tx.Requests()
		if len(all) != 2 || string(all[0]) != "second" || string(all[1]) != "first" {
			t.Errorf("%q", all)
		}
		contacts, e := tx.Contacts()
		if len(contacts) != 1 || !contacts[0].Last.Equal(at) || contacts[0].Mismatches != 2 || contacts[0].Agreed != 7 {
			t.Errorf("%+v", contacts)
		}
		return errors.Join(err, e)
	})
	b.update(func(tx hub.Tx) error { return tx.DropRequest(hash(2)) })
	b.view(func(tx hub.Tx) error {
		n, err := tx.CountRequests()
		if n != 1 {
			t.Errorf("%d requests", n)
		}
		return err
	})
}
