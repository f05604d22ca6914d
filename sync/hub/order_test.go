package hub_test

import (
	"context"
	"maps"
	"os"
	"path/filepath"
	"testing"
	"time"

	"pgregory.net/rapid"

	"escale/schema"
	"escale/store/hubsqlite"
	"escale/sync/changeset"
	"escale/sync/hub"
	"escale/sync/wire"
)

// story is a drawn history: some writers, one of them cloned, each edit with a drawn context.
type story struct {
	o       *organisation
	writers []*writer
	sets    []*changeset.Set
	objects []schema.Object
}

func drawStory(t *rapid.T, o *organisation) *story {
	s := &story{o: o}
	for i := range 3 {
		w := o.writer(o.people[i], o.scopes[0])
		s.writers = append(s.writers, w)
		s.objects = append(s.objects, schema.ObjectOf(w.stream(), [8]byte{7: 1}))
		s.sets = append(s.sets, w.next(nil, create(1)))
	}
	s.writers = append(s.writers, s.writers[0].clone(), s.writers[0].clone())
	for range rapid.IntRange(4, 14).Draw(t, "change-sets") {
		w := s.writers[rapid.IntRange(0, len(s.writers)-1).Draw(t, "writer")]
		if rapid.IntRange(0, 9).Draw(t, "not permitted") == 0 {
			w.epoch = 9
		}
		s.sets = append(s.sets, s.draw(t, w))
		w.epoch = 0
	}
	return s
}

// draw writes the next change-set of a writer: edits of drawn cells that have seen drawn things.
func (s *story) draw(t *rapid.T, w *writer) *changeset.Set {
	var heads []changeset.Head
	for range rapid.IntRange(0, 2).Draw(t, "heads") {
		heads = append(heads, headOf(s.sets[rapid.IntRange(0, len(s.sets)-1).Draw(t, "head")]))
	}
	var deltas []changeset.Delta
	for i := range rapid.IntRange(1, 4).Draw(t, "deltas") {
		own := changeset.Own{}
		if rapid.Bool().Draw(t, "own") {
			own.Back = rapid.Uint64Range(0, w.seq).Draw(t, "back")
			limit := uint32(4)
			if own.Back == 0 {
				limit = uint32(i)
			}
			own.Count = rapid.Uint32Range(0, limit).Draw(t, "count")
		}
		var cited []uint32
		for h := range heads {
			if rapid.Bool().Draw(t, "cited") {
				cited = append(cited, uint32(h))
			}
		}
		tags := []schema.Tag{tag(byte(rapid.IntRange(0, 1).Draw(t, "tag")))}
		if rapid.Bool().Draw(t, "two tags") {
			tags = []schema.Tag{tag(0), tag(1)}
		}
		object := s.objects[rapid.IntRange(0, len(s.objects)-1).Draw(t, "object")]
		deltas = append(deltas, edit(object, own, cited, tags...))
	}
	return w.next(heads, deltas...)
}

// oracle computes the frontier from the definition alone: of each cell, what no other delta has in its context.
func (s *story) oracle() (frontier map[dot]bool, conflicts int64) {
	type edit struct {
		set   *changeset.Set
		index uint32
	}
	cells := map[hub.Cell][]edit{}
	for _, x := range s.sets {
		for i := range x.Deltas {
			for _, tg := range x.Deltas[i].Tags {
				if x.Header.Epoch != 9 { // what is quarantined does not count
					c := hub.Cell{Object: x.Deltas[i].Object, Tag: tg.Tag}
					cells[c] = append(cells[c], edit{x, uint32(i)})
				}
			}
		}
	}
	byHash := map[schema.Hash]*changeset.Set{}
	for _, x := range s.sets {
		byHash[x.Hash] = x
	}
	frontier = map[dot]bool{}
	for c, edits := range cells {
		n := 0
		for i, e := range edits {
			seen := false
			for j, other := range edits {
				seen = seen || i != j && saw(byHash, other.set, &other.set.Deltas[other.index], e.set.Hash, e.index)
			}
			if !seen {
				frontier[dot{c, e.set.Hash, e.index}] = true
				n++
			}
		}
		if n > 1 {
			conflicts++
		}
	}
	return frontier, conflicts
}

// saw reports whether delta d of change-set x has the index-th delta of another in its context.
func saw(byHash map[schema.Hash]*changeset.Set, x *changeset.Set, d *changeset.Delta, set schema.Hash, index uint32) bool {
	upTo := func(from *changeset.Set) bool {
		for ; from != nil; from = byHash[from.Header.Prev] {
			if from.Hash == set {
				return true
			}
		}
		return false
	}
	for _, h := range d.Heads {
		if upTo(byHash[x.Header.Heads[h].Set]) {
			return true
		}
	}
	if d.Own.Back == 0 && d.Own.Count == 0 {
		return false
	}
	at := x
	for range d.Own.Back {
		at = byHash[at.Header.Prev]
	}
	if at.Hash == set {
		return index < d.Own.Count
	}
	return upTo(byHash[at.Header.Prev])
}

// template is the file of a hub that holds a ledger and nothing else, to be copied.
func (o *organisation) template(t *testing.T) []byte {
	s := o.serve(t)
	path := filepath.Join(t.TempDir(), "template.db")
	if err := s.store.Backup(context.Background(), path); err != nil {
		t.Fatal(err)
	}
	return must[[]byte](t)(os.ReadFile(path))
}

func (o *organisation) fromTemplate(t testing.TB, file []byte) *server {
	s := &server{t: t, o: o, path: filepath.Join(t.TempDir(), "hub.db"), now: time.UnixMilli(1)}
	if err := os.WriteFile(s.path, file, 0o600); err != nil {
		t.Fatal(err)
	}
	s.store = must[*hubsqlite.Store](t)(hubsqlite.Open(context.Background(), s.path))
	s.open()
	return s
}

// deliver pushes all change-sets in a drawn order, some twice, until each is here: what comes before its predecessor is
// sent again.
func deliver(t *rapid.T, s *server, sets []*changeset.Set) {
	for todo := rapid.Permutation(sets).Draw(t, "order"); len(todo) > 0; {
		size := rapid.IntRange(1, len(todo)).Draw(t, "together")
		for i, r := range s.push(todo[:size]...) {
			if r.Status == wire.Gap {
				todo = append(todo, todo[i])
			}
			if r.Status == wire.Refused {
				t.Fatalf("refused: %q", r.Reason)
			}
		}
		todo = todo[size:]
	}
	s.push(sets...)
}

func TestEveryOrderGivesTheSameFrontierAndDigest(t *testing.T) {
	o := newOrganisation(t, 4, 1)
	file := o.template(t)
	rapid.Check(t, func(rt *rapid.T) {
		story := drawStory(rt, o)
		frontier, conflicts := story.oracle()
		var digest schema.Hash
		for i := range 10 {
			s := o.fromTemplate(t, file)
			deliver(rt, s, story.sets)
			if got := s.frontier(o.scopes[0]); !maps.Equal(got, frontier) {
				rt.Fatalf("frontier %d of %d dots, want %d", i, len(got), len(frontier))
			}
			if got := s.status().Conflicts; got != conflicts {
				rt.Fatalf("%d open conflicts, want %d", got, conflicts)
			}
			d := s.scopeState(o.people[0].id(), o.scopes[0]).Digest
			if i == 0 {
				digest = d
				s.sound()
			}
			if d != digest {
				rt.Fatalf("digest %s, was %s", d, digest)
			}
			if err := s.store.Close(); err != nil {
				rt.Fatal(err)
			}
		}
	})
}

func (s *server) scopeState(dev schema.Device, scope schema.Scope) wire.ScopeState {
	s.t.Helper()
	for _, x := range must[wire.SyncReply](s.t)(s.Sync(ctx, dev, wire.SyncAsk{})).Scopes {
		if x.Scope == scope {
			return x
		}
	}
	s.t.Fatal("scope is not listed")
	return wire.ScopeState{}
}
