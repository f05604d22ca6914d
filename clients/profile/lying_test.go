package profile_test

import (
	"context"
	"crypto/rand"
	"errors"
	"maps"
	"path/filepath"
	"testing"

	"escale/clients/profile"
	"escale/crypto/ledger"
	"escale/schema"
	"escale/sync/wire"
)

// lyingHub changes what a hub answers, and says what has to come of it.
func TestLyingHub(t *testing.T) {
	t.Parallel()
	_, a, b := calais(t)
	scope := a.admin()
	x := a.create(scope, opOf("lww", "one"))
	ok(t, a.p.CloseOpenSets(context.Background()))
	a.edit(x, opOf("lww", "two"))
	a.sync()
	foreign := newOrg(t, "calais")
	pages := func(f func(page *wire.ScopePage)) func(any) {
		return func(reply any) {
			if p, is := reply.(*wire.PullReply); is {
				for i := range p.Scopes {
					if p.Scopes[i].Scope == scope {
						f(&p.Scopes[i])
					}
				}
			}
		}
	}
	lies := map[string]func(any){
		"drops the first":        pages(func(p *wire.ScopePage) { p.Items = p.Items[min(1, len(p.Items)):] }),
		"drops the last":         pages(func(p *wire.ScopePage) { p.Items = p.Items[:max(0, len(p.Items)-1)] }),
		"drops all":              pages(func(p *wire.ScopePage) { p.Items = nil }),
		"turns the order round":  pages(func(p *wire.ScopePage) { p.Items[0], p.Items[len(p.Items)-1] = p.Items[len(p.Items)-1], p.Items[0] }),
		"sends everything twice": pages(func(p *wire.ScopePage) { p.Items = append(p.Items, p.Items...) }),
		"flips a bit": pages(func(p *wire.ScopePage) {
			p.Items[0].Raw = append([]byte(nil), p.Items[0].Raw...)
			p.Items[0].Raw[200] ^= 1
		}),
		"keeps the bytes":      pages(func(p *wire.ScopePage) { p.Items[0].Raw = []byte{} }),
		"names it otherwise":   pages(func(p *wire.ScopePage) { p.Items[0].Set[0] ^= 1 }),
		"says it is another's": pages(func(p *wire.ScopePage) { p.Scope[0] ^= 1 }),
		"resets for ever": func(r any) {
			whenPull(r, func(p *wire.PullReply) {
				for i := range p.Scopes {
					p.More, p.Scopes[i].Reset = true, true
				}
			})
		},
		"never comes to an end":   func(r any) { whenPull(r, func(p *wire.PullReply) { p.More, p.Scopes = true, nil }) },
		"equal, always":           func(r any) { whenSync(r, func(s *wire.SyncReply) { s.Same = true }) },
		"another hub each time":   func(r any) { whenSync(r, func(s *wire.SyncReply) { _, _ = rand.Read(s.HubEpoch[:]) }) },
		"a head that is nowhere":  func(r any) { whenSync(r, func(s *wire.SyncReply) { s.Head = &wire.Head{Height: 1 << 40} }) },
		"no head at all":          func(r any) { whenSync(r, func(s *wire.SyncReply) { s.Head = nil }) },
		"another's ledger":        func(r any) { foreignLedger(r, foreign) },
		"own work that never was": func(r any) { whenSync(r, func(s *wire.SyncReply) { s.Own = []wire.Tip{{Seq: 9}} }) },
		"loses a blob": func(r any) {
			if b, is := r.(*wire.Blobs); is {
				b.Blobs[0] = []byte{}
			}
		},
	}
	for name, lie := range lies {
		t.Run(name, func(t *testing.T) {
			victim := b.image("victim " + name).wake()
			y := victim.create(scope, opOf("lww", "mine"))
			crooked := victim.o.line(victim.p)
			crooked.replies = lie
			rep, err := victim.run(crooked)
			if err == nil && rep.Synced && !maps.Equal(victim.shown(scope), expected(t, victim, b, scope)) {
				t.Errorf("says synced, and is not")
			}
			if err == nil && !rep.Synced {
				t.Error("neither synced nor an error")
			}
			if crooked.calls > 500 {
				t.Errorf("%d calls", crooked.calls)
			}
			victim.sync()
			if got := victim.state(x).Fields["lww"].Value; got != "two" {
				t.Errorf("reads %v", got)
			}
			victim.part(y)
		})
	}
}

// expected is what an honest hub would have brought.
func expected(t *testing.T, victim, b *laptop, scope schema.Scope) map[schema.Object]string {
	t.Helper()
	honest := victim.image(victim.name + " honest").wake()
	honest.sync()
	return honest.shown(scope)
}

func whenPull(reply any, f func(*wire.PullReply)) {
	if p, is := reply.(*wire.PullReply); is {
		f(p)
	}
}

func whenSync(reply any, f func(*wire.SyncReply)) {
	if p, is := reply.(*wire.SyncReply); is {
		f(p)
	}
}

func foreignLedger(reply any, o *org) {
	switch r := reply.(type) {
	case *wire.SyncReply:
		head := o.boss.LedgerHead()
		head.Height += 100
		r.Head = &head
	case *wire.LedgerPage:
		r.Entries, r.Head = o.boss.LedgerEntries(1), o.boss.LedgerHead()
	}
}

// TestForkedLedger shows a laptop two ledgers of its own organisation.
func TestForkedLedger(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	o, a, b := calais(t)
	backup := o.backupHub()
	o.ask("one", "social_worker", "calais")
	o.approveAll()
	a.sync()
	saved := a.create(a.admin(), opOf("lww", "mine"))
	// The same officer's folder, as it was before, and an old hub: another entry follows the same head.
	o.restoreHub(backup, true)
	other := must[*profile.Profile](t)(openIn(filepath.Join(t.TempDir(), "boss"), o.keys, rand.Reader))
	defer func() { ok(t, other.Close()) }()
	page := must[wire.LedgerPage](t)(o.hub.Ledger(ctx, wire.LedgerRead{}))
	ok(t, other.Follow(ctx, page.Entries))
	entry := must[[]byte](t)(ledger.NewLink(other.Log(), o.keys.Device, other.SignKey(), o.anyOrder(other), 1))
	must[wire.Head](t)(o.hub.Append(ctx, o.keys.Device, wire.LedgerAppend{After: page.Head.Hash, Entries: [][]byte{entry}}))
	head := a.p.LedgerHead()
	rep, err := a.run(o.line(a.p))
	var fork *ledger.ForkError
	if !errors.As(err, &fork) || rep.Synced {
		t.Fatalf("%v %+v", err, rep)
	}
	if a.p.LedgerHead() != head {
		t.Error("the laptop went back")
	}
	a.reopen()
	if a.p.LedgerHead() != head {
		t.Error("the laptop went back")
	}
	a.part(saved)
	b.sync()
}

// anyOrder is an order that says nothing of importance.
func (o *org) anyOrder(p *profile.Profile) ledger.Payload {
	o.t.Helper()
	return o.order(p, &ledger.Settings{Entries: []ledger.Setting{{Key: "other", Text: "branch"}}})
}

func (o *org) order(p *profile.Profile, bodies ...ledger.Body) ledger.Payload {
	o.t.Helper()
	officer, _ := p.Officer()
	head := p.Log().Head()
	order := must[*ledger.SignedOrder](o.t)(ledger.NewOrder(rand.Reader, o.keys.Org, 1<<40, head, bodies...))
	ok(o.t, order.Sign(officer))
	return order
}
