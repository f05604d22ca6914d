package profile_test

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"maps"
	"path/filepath"
	"slices"
	"testing"

	"escale/clients/profile"
	"escale/schema"
	"escale/sync/merge"
	"escale/sync/replica"
	"escale/sync/wire"
)

// damage runs SQL on a database that no program of ours has open, with none of its checks.
func damage(t *testing.T, path string, statements ...string) {
	t.Helper()
	db := must[*sql.DB](t)(sql.Open("sqlite", path))
	for _, s := range statements {
		res, err := db.Exec(s)
		if err != nil {
			t.Fatalf("%s: %v", s, err)
		}
		if n, err := res.RowsAffected(); err != nil || n == 0 {
			t.Fatalf("%s changed nothing (%v)", s, err)
		}
	}
	ok(t, db.Close())
}

// damageHub stops the hub, damages its database and starts it again.
func (o *org) damageHub(statements ...string) {
	o.t.Helper()
	o.closeHub()
	damage(o.t.(*testing.T), o.hubPath(), statements...)
	o.openHub()
}

func (l *laptop) damage(statements ...string) {
	l.o.t.Helper()
	ok(l.o.t, l.p.Close())
	damage(l.o.t.(*testing.T), filepath.Join(l.dir(), "store"), statements...)
	l.p = l.o.open(l.name, l.keys, l.hook)
}

// many saves objects in change-sets of their own each.
func (l *laptop) many(scope schema.Scope, sets, objects int) {
	l.o.t.Helper()
	ctx := context.Background()
	for range sets {
		var edits []profile.Edit
		for range objects {
			seed, _, err := l.p.NewObject(scope)
			ok(l.o.t, err)
			edits = append(edits, profile.Edit{Scope: scope, Seed: &seed, Payload: merge.Payload{Form: "note", Ops: []merge.Op{opOf("lww", "x"), opOf("count", int64(1))}}})
		}
		_, err := l.p.Save(ctx, edits)
		ok(l.o.t, err)
		ok(l.o.t, l.p.CloseOpenSets(ctx))
	}
}

func repaired(rep replica.Report) (here, there int) {
	for _, r := range rep.Repairs {
		here, there = here+r.Here, there+r.There
	}
	return here, there
}

// TestRowsLostOnTheLaptopComeBack drops and alters rows of a laptop's database. The laptop that wrote them and one that
// only read them both get them back, and show what they showed.
func TestRowsLostOnTheLaptopComeBack(t *testing.T) {
	t.Parallel()
	longest := `(SELECT stream FROM sets GROUP BY stream ORDER BY count(*) DESC LIMIT 1)`
	at := func(seq string) string { return `stream = ` + longest + ` AND seq = ` + seq }
	for name, statements := range map[string][]string{
		"the newest":       {`DELETE FROM sets WHERE ` + at(`20`)},
		"one in the midst": {`DELETE FROM sets WHERE ` + at(`7`)},
		"row and bytes":    {`DELETE FROM set_bytes WHERE id = (SELECT id FROM sets WHERE ` + at(`7`) + `)`, `DELETE FROM sets WHERE ` + at(`7`)},
		"three":            {`DELETE FROM sets WHERE stream = ` + longest + ` AND seq IN (5, 6, 20)`},
		"its name":         {`UPDATE sets SET hash = randomblob(32) WHERE ` + at(`20`)},
	} {
		for _, reader := range []bool{false, true} {
			t.Run(name+map[bool]string{false: ", its author", true: ", a reader"}[reader], func(t *testing.T) {
				o, a, b := calais(t)
				o.t = t
				scope := a.admin()
				a.many(scope, 20, 3)
				a.sync()
				b.sync()
				victim := a
				if reader {
					victim = b
				}
				victim.o.t = t
				before := victim.shown(scope)
				victim.damage(statements...)
				rep := victim.sync()
				here, there := repaired(rep)
				if here == 0 || here%3 != 0 || there != 0 {
					t.Errorf("%d records came back here, %d there: %+v", here, there, rep.Repairs)
				}
				if got := victim.shown(scope); !maps.Equal(got, before) {
					t.Errorf("shows %d objects, before %d", len(got), len(before))
				}
				if rep := victim.sync(); rep.RoundTrips != 1 || len(rep.Repairs) != 0 {
					t.Errorf("again: %+v", rep)
				}
				victim.reopen()
				must[profile.Verified](t)(victim.p.Verify(context.Background(), nil))
				victim.create(scope, opOf("lww", "goes on"))
				victim.sync()
				a.sync()
				b.sync()
				if !maps.Equal(a.shown(scope), b.shown(scope)) {
					t.Error("the laptops differ")
				}
			})
		}
	}
}

// TestBytesLostOnTheLaptopComeBack: no digest tells of them. A verification does, and the next exchange fetches them again.
func TestBytesLostOnTheLaptopComeBack(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	for name, statement := range map[string]string{
		"gone":    `DELETE FROM set_bytes WHERE id = (SELECT max(id) - 3 FROM sets)`,
		"altered": `UPDATE set_bytes SET raw = CAST(substr(raw, 1, 300) || x'deadbeef' || substr(raw, 305) AS BLOB) WHERE id = (SELECT max(id) - 3 FROM sets)`,
	} {
		t.Run(name, func(t *testing.T) {
			_, a, _ := calais(t)
			a.o.t = t
			scope := a.admin()
			a.many(scope, 6, 2)
			a.sync()
			before := a.shown(scope)
			a.damage(statement)
			if _, err := a.p.Verify(ctx, nil); !errors.Is(err, profile.ErrSetBroken) {
				t.Fatalf("%v", err)
			}
			a.reopen() // the doubt survives
			rep := a.sync()
			if here, _ := repaired(rep); here != 2 {
				t.Errorf("%+v", rep.Repairs)
			}
			must[profile.Verified](t)(a.p.Verify(ctx, nil))
			if !maps.Equal(a.shown(scope), before) {
				t.Error("shows something else")
			}
			if rep := a.sync(); rep.RoundTrips != 1 {
				t.Errorf("again: %+v", rep)
			}
		})
	}
}

// TestRowsLostAtTheHubAreGivenBack drops rows of the hub's database. Whoever holds them gives them back, into their places:
// the others need to read nothing again.
func TestRowsLostAtTheHubAreGivenBack(t *testing.T) {
	t.Parallel()
	longest := `(SELECT stream FROM sets GROUP BY stream ORDER BY count(*) DESC LIMIT 1)`
	for name, c := range map[string]struct {
		lost       int
		statements []string
	}{
		"the newest":       {1, []string{`DELETE FROM sets WHERE seq = 20 AND stream = ` + longest}},
		"one in the midst": {1, []string{`DELETE FROM sets WHERE seq = 7 AND stream = ` + longest}},
		"with its bytes":   {1, []string{`DELETE FROM set_bytes WHERE id IN (SELECT id FROM sets WHERE seq = 7 AND stream = ` + longest + `)`, `DELETE FROM sets WHERE seq = 7 AND stream = ` + longest}},
		"the first":        {1, []string{`DELETE FROM sets WHERE seq = 1 AND stream = ` + longest}},
		"two neighbours":   {2, []string{`DELETE FROM sets WHERE seq IN (7, 8) AND stream = ` + longest}},
		"the end":          {5, []string{`DELETE FROM sets WHERE seq > 15 AND stream = ` + longest}},
		"here and there":   {4, []string{`DELETE FROM sets WHERE seq IN (2, 9, 13, 20) AND stream = ` + longest}},
	} {
		t.Run(name, func(t *testing.T) {
			o, a, b := calais(t)
			o.t = t
			scope := a.admin()
			a.many(scope, 20, 3)
			a.sync()
			b.sync()
			o.damageHub(c.statements...)
			rep := b.sync() // a reader is enough
			if here, there := repaired(rep); here != 0 || there != 3*c.lost && name != "the end" {
				t.Errorf("%d records came back here, %d were given: %+v", here, there, rep)
			}
			o.soundHub()
			if rep := a.sync(); name != "the end" && rep.RoundTrips != 1 {
				t.Errorf("its author had to do something: %+v", rep)
			}
			late := o.ask("late", "social_worker", "calais")
			o.approveAll()
			for range 2 {
				a.sync()
				b.sync()
				late.sync()
			}
			if got := len(late.shown(scope)); got != 60 {
				t.Errorf("a newcomer reads %d objects", got)
			}
			s := must[hubStatus](t)(o.hub.Status(context.Background()))
			if s.Mismatches == 0 || s.Torn != 0 || name != "the end" && s.Repairs != int64(c.lost) {
				t.Errorf("%d mismatches, %d repairs, %d torn scopes", s.Mismatches, s.Repairs, s.Torn)
			}
		})
	}
}

// TestBytesAlteredAtTheHub: the first who is to read them notices, and who holds them gives them back.
func TestBytesAlteredAtTheHub(t *testing.T) {
	t.Parallel()
	for name, statement := range map[string]string{
		"altered": `UPDATE set_bytes SET raw = CAST(substr(raw, 1, 300) || x'deadbeef' || substr(raw, 305) AS BLOB) WHERE id = (SELECT max(id) - 3 FROM sets)`,
		"gone":    `DELETE FROM set_bytes WHERE id = (SELECT max(id) - 3 FROM sets)`,
	} {
		t.Run(name, func(t *testing.T) {
			o, a, b := calais(t)
			o.t = t
			scope := a.admin()
			a.many(scope, 6, 2)
			a.sync()
			o.damageHub(statement)
			if rep, err := b.run(o.line(b.p)); err == nil || rep.Synced {
				t.Fatalf("%v %+v", err, rep)
			}
			if _, there := repaired(a.sync()); there != 2 {
				t.Errorf("%d records were given back", there)
			}
			b.sync()
			o.soundHub()
			if !maps.Equal(a.shown(scope), b.shown(scope)) {
				t.Error("the laptops differ")
			}
		})
	}
}

// TestCaptureOnlyGivesBack: the only one who holds a testimony cannot read it, and compares tips only.
func TestCaptureOnlyGivesBack(t *testing.T) {
	t.Parallel()
	o := newOrg(t, "tripoli")
	w := o.ask("outreach", "outreach", "tripoli")
	r := o.ask("lead", "protection_lead", "tripoli")
	o.approveAll()
	for range 2 {
		r.sync()
		w.sync()
	}
	secret := w.scope("tripoli", "testimony", "testimony")
	for range 5 {
		w.create(secret, opOf("lww", "told"))
		ok(t, w.p.CloseOpenSets(context.Background()))
	}
	w.sync()
	o.damageHub(`DELETE FROM sets WHERE seq = 3 AND stream = (SELECT stream FROM sets GROUP BY stream ORDER BY count(*) DESC, stream DESC LIMIT 1)`)
	if rep, err := r.run(o.line(r.p)); err == nil || rep.Synced {
		t.Fatalf("the hub has a hole: %v %+v", err, rep)
	}
	w.sync()
	r.sync()
	o.soundHub()
	if n := len(r.shown(secret)); n != 5 {
		t.Errorf("the lead reads %d testimonies", n)
	}
}

// TestOneOfTwentyThousand finds one change-set among many with few messages and few bytes.
func TestOneOfTwentyThousand(t *testing.T) {
	t.Parallel()
	o, a, b := calais(t)
	scope := a.admin()
	a.many(scope, 800, 25)
	a.sync()
	b.sync()
	for side, break1 := range map[string]func(){
		"laptop": func() { b.damage(`DELETE FROM sets WHERE id = (SELECT max(id) - 400 FROM sets)`) },
		"hub":    func() { o.damageHub(`DELETE FROM sets WHERE id = (SELECT max(id) - 400 FROM sets)`) },
	} {
		break1()
		line := o.line(b.p)
		asked, bytes := 0, 0
		line.replies = func(reply any) {
			switch r := reply.(type) {
			case *wire.RangesReply:
				asked++
				for i := range r.Ranges {
					bytes += len(r.Ranges[i].Sums) + 32*len(r.Ranges[i].Sets)
				}
			case *wire.FetchReply:
				for _, raw := range r.Sets {
					bytes += len(raw)
				}
			case *wire.PullReply:
				for i := range r.Scopes {
					for _, item := range r.Scopes[i].Items {
						bytes += len(item.Raw)
					}
				}
			}
		}
		rep, err := b.run(line)
		ok(t, err)
		here, there := repaired(rep)
		if !rep.Synced || here+there != 25 {
			t.Errorf("%s: %+v", side, rep)
		}
		if asked != 2 || rep.RoundTrips > 8 || bytes > 24<<10 {
			t.Errorf("%s: %d questions, %d round trips, %d bytes", side, asked, rep.RoundTrips, bytes)
		}
		t.Logf("%s: %d questions, %d round trips, %d bytes", side, asked, rep.RoundTrips, bytes)
		if n := len(b.shown(scope)); n != 20000 {
			t.Errorf("%s: shows %d objects", side, n)
		}
	}
	o.soundHub()
}

// TestHubThatLiesInFingerprints never agrees, and answers about ranges and names as it likes: no laptop goes on asking for
// ever, takes anything that does not verify, or says synced.
func TestHubThatLiesInFingerprints(t *testing.T) {
	t.Parallel()
	_, a, b := calais(t)
	scope := a.admin()
	a.many(scope, 150, 1)
	a.sync()
	b.sync()
	foreign, fa, _ := calais(t)
	fa.many(fa.admin(), 1, 1)
	fa.sync()
	strange := foreign.everything(fa, fa.admin())[0].Raw
	random := func(n int) []byte { b := make([]byte, n); _, _ = rand.Read(b); return b }
	listed := func(hashes ...schema.Hash) wire.Range {
		return wire.Range{Count: uint64(len(hashes)), Sets: hashes, Sums: []byte{}}
	}
	split := func() wire.Range {
		return wire.Range{Count: 1 << 60, Sets: []schema.Hash{}, Sums: random(wire.FanOut * 16)}
	}
	fetches := map[string]func(f *wire.FetchReply){
		"nothing":     func(f *wire.FetchReply) { f.Sets = nil },
		"garbage":     func(f *wire.FetchReply) { f.Sets = [][]byte{random(500), {}, nil} },
		"another's":   func(f *wire.FetchReply) { f.Sets = [][]byte{strange} },
		"many things": func(f *wire.FetchReply) { f.Sets = slices.Repeat([][]byte{random(10)}, 5000) },
	}
	ranges := map[string]func() wire.Range{
		"differ everywhere": split,
		"hold nothing":      func() wire.Range { return listed() },
		"name what is not":  func() wire.Range { return listed(schema.Hash(random(32))) },
		"cannot be":         func() wire.Range { return wire.Range{Count: 3} },
	}
	for about, r := range ranges {
		for gives, f := range fetches {
			t.Run(about+", gives "+gives, func(t *testing.T) {
				crooked := b.o.line(b.p)
				crooked.replies = func(reply any) {
					switch x := reply.(type) {
					case *wire.SyncReply:
						x.Same = false
						for i := range x.Scopes {
							if x.Scopes[i].Scope == scope {
								x.Scopes[i].Digest = schema.Hash(random(32))
							}
						}
					case *wire.RangesReply:
						for i := range x.Ranges {
							x.Ranges[i] = r()
						}
					case *wire.FetchReply:
						f(x)
					}
				}
				before := must[profile.Summary](t)(b.p.Summary(context.Background()))
				b.create(scope, opOf("lww", "so that there is something to do"))
				rep, err := b.run(crooked)
				if err == nil || rep.Synced || len(rep.Repairs) != 0 {
					t.Errorf("%v %+v", err, rep)
				}
				if crooked.calls > 200 {
					t.Errorf("%d calls", crooked.calls)
				}
				if after := must[profile.Summary](t)(b.p.Summary(context.Background())); after.Sets != before.Sets+1 {
					t.Errorf("%d change-sets, before %d", after.Sets, before.Sets)
				}
			})
		}
	}
	b.sync()
}
