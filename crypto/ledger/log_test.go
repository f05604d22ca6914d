package ledger_test

import (
	"bytes"
	"errors"
	"reflect"
	"testing"

	"pgregory.net/rapid"

	"escale/crypto/ledger"
	"escale/schema"
)

func TestReplayGivesTheSameState(t *testing.T) {
	w := story(t)
	again, err := ledger.Replay(w.log.Org(), w.log.Entries(0))
	must(t, again, err)
	if !reflect.DeepEqual(again.State(), w.log.State()) {
		t.Fatal("replay differs from the log that was built entry by entry")
	}
	for h := range w.log.Head().Height + 1 {
		hash, _ := w.log.HashAt(h)
		if at, ok := again.HeightOf(hash); !ok || at != h {
			t.Fatalf("height of entry %d: %d, %v", h, at, ok)
		}
	}
}

func TestStatesDoNotChange(t *testing.T) {
	w := story(t)
	org, entries := w.log.Org(), w.log.Entries(0)
	l, err := ledger.New(org, entries[0])
	must(t, l, err)
	states := []*ledger.State{l.State()}
	for _, e := range entries[1:] {
		if err := l.Append(e); err != nil {
			t.Fatal(err)
		}
		states = append(states, l.State())
	}
	for i, s := range states {
		part, err := ledger.Replay(org, entries[:i+1])
		must(t, part, err)
		if !reflect.DeepEqual(s, part.State()) {
			t.Fatalf("the state at height %d changed later", i)
		}
	}
}

func TestEveryFlippedByteIsRefused(t *testing.T) {
	w := story(t)
	org, entries := w.log.Org(), w.log.Entries(0)
	flip := func(e []byte, i int) []byte {
		out := bytes.Clone(e)
		out[i] ^= 1 << (i % 8)
		return out
	}
	for i := range entries[0] {
		if _, err := ledger.New(org, flip(entries[0], i)); !errors.Is(err, ledger.ErrForeign) {
			t.Fatalf("genesis with byte %d flipped: %v", i, err)
		}
	}
	l, err := ledger.New(org, entries[0])
	must(t, l, err)
	for n, e := range entries[1:] {
		before := l.State()
		for i := range e {
			if l.Append(flip(e, i)) == nil {
				t.Fatalf("entry %d with byte %d flipped was taken", n+1, i)
			}
		}
		if l.State() != before {
			t.Fatalf("a refused entry %d changed the state", n+1)
		}
		if err := l.Append(e); err != nil {
			t.Fatalf("entry %d after refusals: %v", n+1, err)
		}
	}
}

func TestTruncatedAndLengthenedEntriesAreRefused(t *testing.T) {
	w := newWorld(t, 2, 1, 1)
	e := w.link(w.desks[0], w.order(&ledger.Scopes{IDs: []schema.Scope{w.scope()}}))
	for i := range e {
		if w.log.Append(e[:i]) == nil {
			t.Fatalf("%d of %d bytes were taken", i, len(e))
		}
	}
	if w.log.Append(append(bytes.Clone(e), 0)) == nil {
		t.Fatal("a trailing byte was taken")
	}
	if err := w.log.Append(make([]byte, schema.MaxLedgerEntry+1)); !errors.Is(err, ledger.ErrBound) {
		t.Fatalf("oversized entry: %v", err)
	}
}

// A refused order leaves nothing behind, although its first bodies were good.
func TestAnOrderIsTakenAsAWhole(t *testing.T) {
	w := newWorld(t, 3, 1, 1)
	scope, reader := w.scope(), w.laptop(first(schema.NewMember(w.rand)))
	before := w.log.State()
	err := w.try(w.desks[0], w.order(
		&ledger.Scopes{IDs: []schema.Scope{scope}},
		&ledger.Member{Member: reader.entry.Member}, &reader.entry,
		&ledger.HubEntry{Address: "hub.invalid", Pins: w.pins(1)},
		&ledger.Settings{Entries: []ledger.Setting{{Key: "lease", Number: 1}}},
		&ledger.FormPack{Version: 3, Bundles: []ledger.BundleRef{{Hash: w.hash(), Pack: schema.Pack{1}}}},
		&ledger.Erase{Objects: []schema.Object{{1}}}, &ledger.Accept{Set: w.hash()},
		&ledger.OpenEpoch{Scope: scope, Number: 2, Grantees: ids(reader), Executor: reader.id()},
	))
	if !errors.Is(err, ledger.ErrNotPermitted) {
		t.Fatalf("epoch 2 before epoch 1: %v", err)
	}
	w.do(&ledger.Settings{Entries: []ledger.Setting{{Key: "other", Number: 1}}})
	after := w.log.State()
	if len(after.Scopes()) != 0 || len(after.Devices()) != len(before.Devices()) || len(after.Settings()) != 1 ||
		len(after.FormPacks()) != 0 || len(after.ErasedObjects()) != 0 || len(after.Members()) != len(before.Members()) {
		t.Fatal("bodies of a refused order took effect")
	}
	if _, ok := after.Hub(); ok {
		t.Fatal("the hub of a refused order took effect")
	}
	if _, ok := after.DeviceByTLS(reader.entry.Keys.TLS); ok {
		t.Fatal("the device of a refused order is known by its channel key")
	}
}

func TestVerifyAddsNothing(t *testing.T) {
	w := newWorld(t, 4, 1, 1)
	before, e := w.log.State(), w.link(w.desks[0], w.order(&ledger.Scopes{IDs: []schema.Scope{w.scope()}}))
	for range 2 {
		if err := w.log.Verify(e); err != nil {
			t.Fatal(err)
		}
	}
	if w.log.State() != before {
		t.Fatal("verifying changed the log")
	}
	if err := w.log.Append(e); err != nil {
		t.Fatal(err)
	}
	if err := w.log.Append(e); !errors.Is(err, ledger.ErrKnown) {
		t.Fatalf("the same entry again: %v", err)
	}
	if err := w.log.Follow(e); err != nil {
		t.Fatalf("following a known entry: %v", err)
	}
}

func TestLosingTheRaceMeansLinkingAgain(t *testing.T) {
	w := newWorld(t, 5, 2, 2)
	o := w.order(&ledger.Accept{Set: w.hash()})
	slow := w.link(w.desks[1], o)
	w.do(&ledger.Scopes{IDs: []schema.Scope{w.scope()}})
	if err := w.log.Append(slow); !errors.Is(err, ledger.ErrNotExtending) {
		t.Fatalf("the slower link: %v", err)
	}
	if err := w.try(w.desks[1], o); err != nil {
		t.Fatalf("linked again: %v", err)
	}
	if err := w.try(w.desks[0], o); !errors.Is(err, ledger.ErrUsed) {
		t.Fatalf("the same order by another link: %v", err)
	}
}

// Two histories that part after a drawn height: whoever follows one recognises the other and can prove it.
// TestBytesThatNobodySignedProveNoFork: a courier could else stop everybody with an entry of its own making.
func TestBytesThatNobodySignedProveNoFork(t *testing.T) {
	w := newWorld(t, 61, 1, 1)
	other, err := ledger.Replay(w.log.Org(), w.log.Entries(0))
	must(t, other, err)
	w.do(&ledger.Scopes{IDs: []schema.Scope{w.scope()}})
	mine := w.log
	w.log = other
	w.do(&ledger.Scopes{IDs: []schema.Scope{w.scope()}})
	entry := bytes.Clone(other.Entries(other.Head().Height)[0])
	entry[len(entry)-1] ^= 1 // of the signature, which stands last
	var fork *ledger.ForkError
	if err := mine.Follow(entry); err == nil || errors.As(err, &fork) {
		t.Errorf("%v", err)
	}
}

func TestForksAreProved(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		common, ours, theirs := rapid.IntRange(0, 3).Draw(t, "common"), rapid.IntRange(0, 4).Draw(t, "ours"), rapid.IntRange(1, 4).Draw(t, "theirs")
		w := newWorld(t, rapid.Uint64().Draw(t, "seed"), 1, 1)
		grow := func(n int) {
			for range n {
				w.do(&ledger.Scopes{IDs: []schema.Scope{w.scope()}})
			}
		}
		grow(common)
		other, err := ledger.Replay(w.log.Org(), w.log.Entries(0))
		must(t, other, err)
		grow(ours)
		mine := w.log
		w.log = other
		grow(theirs)
		checkFork(t, mine, other, uint64(common), ours > 0)
	})
}

func checkFork(t *rapid.T, mine, other *ledger.Log, common uint64, parted bool) {
	seen, head := other.Head(), mine.Head()
	for i, e := range other.Entries(1) {
		err := mine.Follow(e)
		height := uint64(i + 1)
		if height <= common || !parted {
			if err != nil {
				t.Fatalf("entry %d of a common history: %v", height, err)
			}
			continue
		}
		var fork *ledger.ForkError
		switch {
		case errors.As(err, &fork):
			if h, _ := mine.HashAt(fork.Height); ledger.HashOf(fork.Height, fork.Ours) != h || !bytes.Equal(fork.Theirs, e) {
				t.Fatal("the proof does not hold the two entries")
			}
		case height <= head.Height+1 || !errors.Is(err, ledger.ErrNotExtending):
			t.Fatalf("entry %d of another history: %v", height, err)
		}
	}
	if parted {
		if mine.Head() != head {
			t.Fatal("a fork moved the head")
		}
		if err := mine.Check(seen); !errors.Is(err, ledger.ErrRollback) {
			t.Fatalf("a log without the head that was seen: %v", err)
		}
	}
}

func TestGoingBackIsRefused(t *testing.T) {
	w := story(t)
	entries, seen := w.log.Entries(0), w.log.Head()
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, len(entries)-1).Draw(t, "entries")
		short, err := ledger.Replay(w.log.Org(), entries[:n])
		must(t, short, err)
		if err := short.Check(seen); !errors.Is(err, ledger.ErrRollback) {
			t.Fatalf("%d of %d entries: %v", n, len(entries), err)
		}
		if err := w.log.Check(short.Head()); err != nil {
			t.Fatalf("an older head is no going back: %v", err)
		}
	})
}

func TestForeignEntriesAreRefused(t *testing.T) {
	w, other := newWorld(t, 6, 1, 1), newWorld(t, 7, 1, 1)
	e := other.link(other.desks[0], other.order(&ledger.Scopes{IDs: []schema.Scope{other.scope()}}))
	if err := w.log.Append(e); !errors.Is(err, ledger.ErrForeign) {
		t.Fatalf("another organisation's entry: %v", err)
	}
	o := other.order(&ledger.Scopes{IDs: []schema.Scope{other.scope()}})
	if err := w.try(w.desks[0], o); !errors.Is(err, ledger.ErrForeign) {
		t.Fatalf("another organisation's order: %v", err)
	}
	if _, err := ledger.Replay(w.log.Org(), other.log.Entries(0)); !errors.Is(err, ledger.ErrForeign) {
		t.Fatalf("another organisation's log: %v", err)
	}
}
