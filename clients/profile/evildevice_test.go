package profile_test

import (
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"escale/clients/dpo"
	"escale/clients/profile"
	"escale/clients/witness"
	"escale/crypto/ledger"
	"escale/schema"
	"escale/schema/pack"
	"escale/sync/admit"
	"escale/sync/changeset"
	"escale/sync/merge"
	"escale/sync/replica"
	"escale/sync/wire"
)

// TestEvilDevice lets a member's laptop sign what no program of ours would. What is out of form an honest hub refuses, and
// a laptop to which a hostile hub serves it ends in the error named. What is in form and of no use is stored, set aside or
// left unread, with a line in the log, and nothing that is shown changes.
//
// Elsewhere: TestOneScopeCannotWriteAnother, TestSignedGarbageBlocksNothing, TestTwoExecuteOneOrder, TestPackOfGarbage,
// TestClonesContinue (the same sequence twice), crypto/custody's TestWrongShareIsNamed, crypto/seal's TestBombIsRefused and
// TestPadmeGrowsByAtMostAnEighth (lengths), crypto/vault's TestTamper (weaker Argon2), clients/dpo's requests to join.
func TestEvilDevice(t *testing.T) {
	t.Parallel()
	t.Run("out of form", outOfForm)
	t.Run("of no use", ofNoUse)
	t.Run("siblings without end", siblingsWithoutEnd)
	t.Run("lone officer", loneOfficer)
	t.Run("officers on two heads", twoHeads)
}

func outOfForm(t *testing.T) {
	s := newStage(t)
	signed := func(f func(t *testing.T, o *outerForm)) func(*stage, *testing.T) wire.Item {
		return func(s *stage, t *testing.T) wire.Item {
			sign := s.a.p.SignKey()
			return rewrite(t, edited(t, s.a, s.scope, s.x).Raw, true, &sign, func(_ *changeset.Header, o *outerForm) { f(t, o) })
		}
	}
	delta := func(f func(p *partForm)) func(*stage, *testing.T) wire.Item {
		return signed(func(t *testing.T, o *outerForm) { reparted(t, o, 0, f) })
	}
	for _, c := range []struct {
		name, reason string
		want         error
		made         func(*stage, *testing.T) wire.Item
	}{
		{"a million tags", "bound", changeset.ErrBound, delta(func(p *partForm) { p.Tags = bytes.Repeat([]byte{3}, 9*(schema.MaxTags+1)) })},
		{"a context that claims the future", "malformed", changeset.ErrMalformed, delta(func(p *partForm) { p.Context = []uint64{0, 9} })},
		{"a context before its own beginning", "malformed", changeset.ErrMalformed, delta(func(p *partForm) { p.Context = []uint64{7, 1} })},
		{"a context of heads that are not there", "malformed", changeset.ErrMalformed, delta(func(p *partForm) { p.Context = []uint64{0, 0, 5} })},
		{"an endless context", "bound", changeset.ErrBound, delta(func(p *partForm) { p.Context = make([]uint64, schema.MaxSeen+2) })},
		{"too large a content", "bound", changeset.ErrBound, delta(func(p *partForm) { p.Sealed = make([]byte, schema.MaxSealed+1) })},
		{"a short wrap", "malformed", changeset.ErrMalformed, signed(func(_ *testing.T, o *outerForm) { o.Wrap = o.Wrap[1:] })},
		{"nothing", "bound", changeset.ErrBound, signed(func(_ *testing.T, o *outerForm) { o.Deltas = [][]byte{} })},
	} {
		t.Run(c.name, func(t *testing.T) {
			item := c.made(s, t)
			offer := wire.Opening{Stream: schema.Stream{1}, Seq: 1, Set: item.Set, Total: uint64(len(item.Raw))}
			if r := s.o.pushed(t, s.a, offer, item.Raw); r.Status != wire.Refused || r.Reason != c.reason {
				t.Errorf("the hub says %+v", r)
			}
			s.play(t, attack{name: c.name, want: c.want, lie: func(s *stage, _ *testing.T) lie {
				return s.pages(func(p *wire.ScopePage) { p.Items = append(p.Items, item) })
			}})
		})
	}
}

// pushed sends one change-set to the hub, whoever made it.
func (o *org) pushed(t *testing.T, by *laptop, offer wire.Opening, raw []byte) wire.PushResult {
	t.Helper()
	var body bytes.Buffer
	ok(t, wire.WriteSet(&body, offer, raw))
	reply := must[wire.PushReply](t)(o.hub.Push(t.Context(), by.keys.Device, &body))
	return reply.Results[0]
}

func (o *org) pushedSet(t *testing.T, by *laptop, set *changeset.Set) wire.PushResult {
	t.Helper()
	return o.pushed(t, by, wire.Opening{Stream: set.Header.Stream(), Seq: set.Header.Seq, Set: set.Hash, Total: uint64(len(set.Raw))}, set.Raw)
}

// edited is a change-set with one edit of an object.
func edited(t *testing.T, l *laptop, scope schema.Scope, x schema.Object) *changeset.Set {
	t.Helper()
	f := forge(t, l, scope)
	f.edits(t, x, x, opOf("lww", "forged"))
	return f.closed(t)
}

// edits adds an edit of one object that was sealed for another.
func (f *forger) edits(t *testing.T, x, sealedFor schema.Object, ops ...merge.Op) {
	t.Helper()
	plain := packed(t, merge.Payload{Time: 1 << 50, Ops: ops})
	f.add(t, changeset.Delta{Object: x, Tags: anyTag, Sealed: f.seal(t, sealedFor, plain)})
}

// useless is a stage with a laptop that officers revoked; what it wrote before counts up to its first change-set.
type useless struct {
	*stage
	gone  *laptop
	first *changeset.Set
	y     schema.Object
}

func newUseless(t *testing.T) *useless {
	t.Helper()
	o, a, b := calais(t)
	u := &useless{stage: &stage{o: o, a: a, b: b, scope: a.admin()}}
	u.x, u.y = a.create(u.scope, opOf("lww", "one")), a.create(u.scope, opOf("lww", "other"))
	u.gone = o.ask("gone", "social_worker", "calais")
	o.approveAll()
	settle(a, b, u.gone)
	f := forge(t, u.gone, u.scope)
	f.made(t, 1)
	u.first = f.push(t)
	o.link(&ledger.Revoke{Device: u.gone.keys.Device, Heads: []ledger.StreamHead{{Stream: u.first.Header.Stream(), Seq: 1, Hash: u.first.Hash}}})
	settle(a, b)
	return u
}

// again is a forger of the revoked laptop in its own stream, under the ledger head that it held while it stood.
func (u *useless) again(t *testing.T) *forger {
	t.Helper()
	f := forge(t, u.gone, u.scope)
	f.header.Incarnation = u.first.Header.Incarnation
	session := f.draft.Session
	f.open(t)
	f.draft.Session = session
	return f
}

func ofNoUse(t *testing.T) {
	u := newUseless(t)
	garbage := bytes.Repeat([]byte{7}, 100)
	cases := []struct {
		name, log string
		verdict   admit.Reason
		made      func(t *testing.T) *changeset.Set
	}{
		{"garbage", witness.Unread, admit.Counts, func(t *testing.T) *changeset.Set {
			f := forge(t, u.a, u.scope)
			f.add(t, changeset.Delta{Object: u.x, Tags: anyTag, Sealed: garbage})
			return f.closed(t)
		}},
		{"sealed for another object", witness.Unread, admit.Counts, func(t *testing.T) *changeset.Set {
			f := forge(t, u.a, u.scope)
			f.edits(t, u.x, u.y, opOf("lww", "forged"))
			return f.closed(t)
		}},
		{"a wrap of nothing", witness.Unread, admit.Counts, func(t *testing.T) *changeset.Set {
			f := forge(t, u.a, u.scope)
			f.draft.Wrap = bytes.Repeat([]byte{9}, len(f.draft.Wrap))
			f.edits(t, u.x, u.x, opOf("lww", "forged"))
			return f.closed(t)
		}},
		{"backdated after its revocation", witness.Aside, admit.Revoked, func(t *testing.T) *changeset.Set {
			f := u.again(t)
			f.header.Seq, f.header.Prev = 2, u.first.Hash
			session := f.draft.Session
			f.open(t)
			f.draft.Session = session
			f.edits(t, u.x, u.x, opOf("lww", "forged"))
			return f.closed(t)
		}},
		{"a fork of its own stream below its revocation", witness.Aside, admit.Revoked, func(t *testing.T) *changeset.Set {
			f := u.again(t)
			f.edits(t, u.x, u.x, opOf("lww", "forged"))
			return f.closed(t)
		}},
		{"another stream after its revocation", witness.Aside, admit.Revoked, func(t *testing.T) *changeset.Set {
			return edited(t, u.gone, u.scope, u.x)
		}},
		{"an epoch that is not the newest", witness.Aside, admit.WrongEpoch, func(t *testing.T) *changeset.Set {
			sign := u.a.p.SignKey()
			item := rewrite(t, edited(t, u.a, u.scope, u.x).Raw, true, &sign, func(h *changeset.Header, o *outerForm) { h.Epoch, o.Session = 2, []byte{} })
			return must[*changeset.Set](t)(changeset.Parse(item.Raw))
		}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			set := c.made(t)
			u.before = u.b.image("before " + c.name)
			control := u.wakeAs(c.name + " honest")
			if rep, log, err := control.watched(t, nil); err != nil || !rep.Synced || len(log) != 0 {
				t.Fatalf("the honest control: %v %+v %+v", err, rep, log)
			}
			r := u.o.pushedSet(t, u.a, set)
			if counts := r.Status == wire.Accepted; counts != (c.verdict == admit.Counts) || r.Reason != string(c.verdict) {
				t.Errorf("the hub says %+v", r)
			}
			victim := u.wakeAs(c.name)
			rep, log, err := victim.watched(t, nil)
			if err != nil || !rep.Synced || len(log) != 1 || log[0].Reason != c.log || log[0].Count != 1 {
				t.Errorf("%v %+v, the log says %+v", err, rep, log)
			}
			for _, when := range []string{"then", "after opening again"} {
				if !maps.Equal(victim.shown(u.scope), control.shown(u.scope)) {
					t.Errorf("%s: shows %v", when, victim.shown(u.scope))
				}
				victim.reopen()
			}
			u.b.sync() // the next case begins where this one ended
		})
	}
}

// siblingsWithoutEnd: a laptop writes the same field over and over as if it had never seen it. All is stored, nothing is
// refused, and whoever has seen it all settles it with one edit.
func siblingsWithoutEnd(t *testing.T) {
	_, a, b := calais(t)
	scope := a.admin()
	x, y := a.create(scope, opOf("keep", "one")), a.create(scope, opOf("lww", "other"))
	settle(a, b)
	f := forge(t, a, scope)
	const many = 300
	for i := range many {
		plain := packed(t, merge.Payload{Time: 1 << 50, Ops: []merge.Op{opOf("keep", fmt.Sprintf("%d", i))}})
		f.add(t, changeset.Delta{Object: x, Tags: anyTag, Sealed: f.seal(t, x, plain)})
	}
	f.push(t)
	_, log, err := b.watched(t, nil)
	if err != nil || len(log) != 0 {
		t.Fatalf("%v %+v", err, log)
	}
	if n := len(b.state(x).Fields["keep"].Siblings); n < many {
		t.Errorf("%d siblings of %d are shown", n, many)
	}
	b.edit(x, opOf("keep", "settled"))
	settle(a, b)
	if got := a.state(x).Fields["keep"]; len(got.Siblings) > 1 || got.Value != "settled" {
		t.Errorf("%d siblings after one edit: %v", len(got.Siblings), got.Value)
	}
	b.mustRead(y, "other")
}

// loneOfficer: one of two officers signs and links alone.
func loneOfficer(t *testing.T) {
	ctx := t.Context()
	var keys [2]profile.Keys
	var cards []dpo.Card
	for i := range keys {
		keys[i] = must[profile.Keys](t)(profile.NewKeys(rand.Reader, true))
		cards = append(cards, must[dpo.Card](t)(dpo.CardOf(keys[i])))
	}
	source := must[*pack.Source](t)(pack.Build(os.DirFS("../../schema/pack/starter")))
	plan := must[*dpo.Plan](t)(dpo.NewPlan(rand.Reader, time.Now(), "Invented", 2, cards, []string{"calais"}, source))
	var both [2]*profile.Profile
	for i := range keys {
		keys[i].Org = ledger.OrgOf(plan.Genesis)
		both[i] = must[*profile.Profile](t)(openIn(filepath.Join(t.TempDir(), "officer"), keys[i], rand.Reader))
		defer func() { ok(t, both[i].Close()) }()
		ok(t, both[i].Follow(ctx, [][]byte{plan.Genesis}))
	}
	link := func(officers ...*profile.Profile) []byte {
		order := must[*ledger.SignedOrder](t)(ledger.NewOrder(rand.Reader, keys[0].Org, 1<<40, both[0].Log().Head(), &ledger.Settings{Entries: []ledger.Setting{{Key: "k", Text: "v"}}}))
		for _, p := range officers {
			officer, _ := p.Officer()
			ok(t, order.Sign(officer))
		}
		return must[[]byte](t)(ledger.NewLink(both[0].Log(), keys[0].Device, both[0].SignKey(), order, 1))
	}
	head := both[1].LedgerHead()
	err := both[1].Follow(ctx, [][]byte{link(both[0])})
	entries := witness.Entries(&replica.Report{}, err, profile.Doubtful{}, both[1].Doubtful())
	if !errors.Is(err, ledger.ErrThreshold) || both[1].LedgerHead() != head || len(entries) != 1 || entries[0].Reason != "too_few_officers" {
		t.Errorf("%v, the log says %+v", err, entries)
	}
	if err := both[1].Follow(ctx, [][]byte{link(both[0], both[1])}); err != nil || both[1].LedgerHead() == head {
		t.Errorf("the honest control: %v", err)
	}
}

// twoHeads: two orders are linked on the same head at once. One wins; the other is told and linked again.
func twoHeads(t *testing.T) {
	o, a, _ := calais(t)
	must[replica.Report](t)(o.desk.Sync(t.Context()))
	s := &stage{o: o, a: a}
	officer, _ := o.boss.Officer()
	order := func(v string) *ledger.SignedOrder {
		return s.ordered(t, &officer, &ledger.Settings{Entries: []ledger.Setting{{Key: "k", Text: v}}})
	}
	one, two := order("one"), order("two")
	after := o.boss.LedgerHead().Hash
	first, second := s.entry(t, nil, one), s.entry(t, nil, two)
	must[wire.Head](t)(o.hub.Append(t.Context(), o.keys.Device, wire.LedgerAppend{After: after, Entries: [][]byte{first}}))
	if _, err := o.hub.Append(t.Context(), o.keys.Device, wire.LedgerAppend{After: after, Entries: [][]byte{second}}); !errors.Is(err, wire.ErrMoved) {
		t.Errorf("the second: %v", err)
	}
	must[replica.Report](t)(o.desk.Sync(t.Context()))
	again := s.entry(t, nil, two)
	must[wire.Head](t)(o.hub.Append(t.Context(), o.keys.Device, wire.LedgerAppend{After: o.boss.LedgerHead().Hash, Entries: [][]byte{again}}))
	a.sync()
	held := a.p.LedgerEntries(1)
	if !slices.ContainsFunc(held, func(e []byte) bool { return bytes.Equal(e, first) }) || !bytes.Equal(held[len(held)-1], again) {
		t.Error("not both orders are linked")
	}
}
