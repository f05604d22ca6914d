package profile_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"testing"

	"escale/clients/profile"
	"escale/crypto/ledger"
	"escale/crypto/seal"
	"escale/schema"
	"escale/sync/causal"
	"escale/sync/changeset"
	"escale/sync/merge"
	"escale/sync/replica"
	"escale/sync/wire"
)

// forger is a member's device that keeps to the signatures and to nothing else.
type forger struct {
	*laptop
	header changeset.Header
	keys   *seal.ChangeSet
	draft  changeset.Draft
}

func forge(t *testing.T, l *laptop, scope schema.Scope) *forger {
	t.Helper()
	log := l.p.Log()
	epoch, open := log.State().CurrentEpoch(scope)
	if !open {
		t.Fatal("the scope is closed")
	}
	session, header, err := seal.NewSession(epoch.Public, seal.EpochName{Org: l.keys.Org, Scope: scope, Number: epoch.Number}, l.keys.Device)
	ok(t, err)
	f := &forger{laptop: l}
	f.header = changeset.Header{Suite: schema.Suite, Org: l.keys.Org, Device: l.keys.Device, Incarnation: must[schema.Incarnation](t)(schema.NewIncarnation(rand.Reader)),
		Scope: scope, Seq: 1, Ledger: log.Head().Hash, Heads: []changeset.Head{}, Epoch: epoch.Number, Session: session.ID}
	_, err = rand.Read(f.header.Salt[:])
	ok(t, err)
	h := &f.header
	f.keys, f.draft.Wrap, err = session.NewChangeSet(rand.Reader, seal.Place{Stream: h.Stream(), Seq: h.Seq, Pack: h.Pack, Salt: h.Salt})
	ok(t, err)
	f.draft.Session = header
	return f
}

func (f *forger) seal(t *testing.T, o schema.Object, plain []byte) []byte {
	t.Helper()
	entry := must[*seal.Entry](t)(f.keys.Entry(o))
	return must[[]byte](t)(entry.Seal(uint32(len(f.draft.Deltas)), plain))
}

// packed compresses and pads as the directory's records are.
func packed(t *testing.T, p merge.Payload) []byte {
	t.Helper()
	codec := must[*seal.Codec](t)(seal.NewCodec(nil))
	return must[[]byte](t)(codec.Pack(must[[]byte](t)(p.Encode())))
}

func (f *forger) add(t *testing.T, d changeset.Delta) {
	t.Helper()
	f.draft.Deltas = append(f.draft.Deltas, must[[]byte](t)(changeset.EncodeDelta(&d)))
}

func (f *forger) push(t *testing.T) *changeset.Set {
	t.Helper()
	f.draft.Header = f.header
	set := must[*changeset.Set](t)(f.draft.Close(f.p.SignKey()))
	offer := wire.Opening{Stream: set.Header.Stream(), Seq: set.Header.Seq, Set: set.Hash, Total: uint64(len(set.Raw))}
	var body bytes.Buffer
	ok(t, wire.WriteSet(&body, offer, set.Raw))
	reply := must[wire.PushReply](t)(f.o.hub.Push(context.Background(), f.laptop.keys.Device, &body))
	if len(reply.Results) != 1 || reply.Results[0].Status != wire.Accepted {
		t.Fatalf("the hub says %+v", reply.Results)
	}
	return set
}

var anyTag = []changeset.Tagged{{Tag: changeset.TagAddendum}}

// TestOneScopeCannotWriteAnother: a member who may write encounters edits a file by naming its object.
func TestOneScopeCannotWriteAnother(t *testing.T) {
	for _, early := range []bool{false, true} {
		t.Run(fmt.Sprintf("before the file arrived %v", early), func(t *testing.T) {
			o, a, b := calais(t)
			late := o.ask("late", "social_worker", "calais")
			o.approveAll()
			a.sync()
			b.sync()
			x := a.create(a.admin(), opOf("lww", "true"))
			if !early {
				a.sync()
				late.sync()
				late.sync()
			}
			f := forge(t, b, b.scope("calais", "encounter", "admin"))
			bad := merge.Payload{Time: causal.Time(1) << 62, Ops: []merge.Op{opOf("lww", "forged")}}
			f.add(t, changeset.Delta{Object: x, Tags: anyTag, Sealed: f.seal(t, x, packed(t, bad))})
			f.push(t)
			for range 2 {
				late.sync()
				a.sync()
				late.sync()
			}
			for _, l := range []*laptop{a, late} {
				part := l.part(x)
				if got := l.state(x).Fields["lww"].Value; got != "true" || part.Scope != a.admin() {
					t.Errorf("%s reads %v", l.name, got)
				}
				l.reopen()
				if got := l.shown(a.admin())[x]; got != render(a.state(x)) {
					t.Errorf("%s reads %v after opening again", l.name, got)
				}
			}
		})
	}
}

// TestSignedGarbageBlocksNothing: what a member's device signed and nobody can open is kept and shown as unread.
func TestSignedGarbageBlocksNothing(t *testing.T) {
	o, a, b := calais(t)
	scope := a.admin()
	x := a.create(scope, opOf("lww", "before"))
	a.sync()
	b.sync()
	garbage := bytes.Repeat([]byte{7}, 100)
	good := func(f *forger, value string) schema.Object {
		seed := schema.ObjectSeed{byte(len(f.draft.Deltas)), value[0]}
		object := schema.ObjectOf(f.header.Stream(), seed)
		f.add(t, changeset.Delta{Create: true, Seed: seed, Sealed: f.seal(t, object, packed(t, merge.Payload{Form: "note", Ops: []merge.Op{opOf("lww", value)}}))})
		return object
	}
	mixed := forge(t, b, scope)
	first := good(mixed, "first")
	mixed.add(t, changeset.Delta{Object: x, Tags: anyTag, Sealed: garbage})
	mixed.add(t, changeset.Delta{Object: x, Tags: anyTag, Sealed: mixed.seal(t, x, garbage)})
	last := good(mixed, "last")
	mixed.push(t)
	unwrapped := forge(t, b, scope)
	unwrapped.draft.Wrap = bytes.Repeat([]byte{9}, len(unwrapped.draft.Wrap))
	good(unwrapped, "lost")
	unwrapped.push(t)
	after := b.create(scope, opOf("lww", "after"))
	b.sync()
	a.sync()
	for _, l := range []*laptop{a, b} {
		for _, object := range []schema.Object{x, first, last, after} {
			l.state(object)
		}
		sum := must[profile.Summary](t)(l.p.Summary(context.Background()))
		if sum.Waiting != 2 {
			t.Errorf("%s: %d unread, want 2", l.name, sum.Waiting)
		}
	}
	if !maps.Equal(a.shown(scope), b.shown(scope)) {
		t.Error("the laptops differ")
	}
	a.edit(x, opOf("lww", "goes on"))
	a.sync()
	b.sync()
	if got := b.state(x).Fields["lww"].Value; got != "goes on" {
		t.Errorf("reads %v", got)
	}
	o.checkNonces(o.everything(a, scope))
}

// lyingHub changes what a hub answers, and says what has to come of it.
func TestLyingHub(t *testing.T) {
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
		"keeps the bytes":         pages(func(p *wire.ScopePage) { p.Items[0].Raw = []byte{} }),
		"names it otherwise":      pages(func(p *wire.ScopePage) { p.Items[0].Set[0] ^= 1 }),
		"says it is another's":    pages(func(p *wire.ScopePage) { p.Scope[0] ^= 1 }),
		"resets for ever":         pages(func(p *wire.ScopePage) { p.Reset = true; p.Items = nil }),
		"never comes to an end":   func(r any) { whenPull(r, func(p *wire.PullReply) { p.More, p.Scopes = true, nil }) },
		"equal, always":           func(r any) { whenSync(r, func(s *wire.SyncReply) { s.Same = true }) },
		"another hub each time":   func(r any) { whenSync(r, func(s *wire.SyncReply) { _, _ = rand.Read(s.HubEpoch[:]) }) },
		"a head that is nowhere":  func(r any) { whenSync(r, func(s *wire.SyncReply) { s.Head = &wire.Head{Height: 1 << 40} }) },
		"no head at all":          func(r any) { whenSync(r, func(s *wire.SyncReply) { s.Head = nil }) },
		"another's ledger":        func(r any) { foreignLedger(r, foreign) },
		"own work that never was": func(r any) { whenSync(r, func(s *wire.SyncReply) { s.Own = []wire.Tip{{Seq: 9}} }) },
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
	officer, _ := p.Officer()
	head := p.Log().Head()
	order := must[*ledger.SignedOrder](o.t)(ledger.NewOrder(rand.Reader, o.keys.Org, 1<<40, head, &ledger.Settings{Entries: []ledger.Setting{{Key: "other", Text: "branch"}}}))
	ok(o.t, order.Sign(officer))
	return order
}

// TestWhatTripoliWroteIsSealedToTripoli takes images of a folder while testimonies are written that it may not read.
func TestWhatTripoliWroteIsSealedToTripoli(t *testing.T) {
	o := newOrg(t, "tripoli")
	w, r := o.ask("tripoli", "outreach", "tripoli"), o.ask("lead", "protection_lead", "tripoli")
	o.approveAll()
	for range 2 {
		r.sync()
		w.sync()
	}
	secret, open := w.scope("tripoli", "testimony", "testimony"), w.scope("tripoli", "case", "admin")
	if w.p.Reads(secret) || !w.p.Reads(open) {
		t.Fatal("the role changed")
	}
	var images []*laptop
	w.hook.f = func() error { images = append(images, w.image(fmt.Sprintf("seized-%d", len(images)))); return nil }
	words := func(i int) string { return fmt.Sprintf("zzqx words of testimony %d zzqx", i) }
	var told []schema.Object
	for i := range 3 {
		told = append(told, w.create(secret, opOf("lww", words(i)), opOf("note", words(i))))
		w.edit(told[i], opOf("note", words(i)+" more"))
		w.create(open, opOf("lww", "a file"))
	}
	w.hook.f = nil
	images = append(images, w.image("seized-last"))
	ok(t, w.p.CloseOpenSets(context.Background()))
	images = append(images, w.image("seized-closed"))
	for i, image := range images {
		if i%4 != 0 && i < len(images)-2 {
			continue
		}
		searchFolder(t, image.dir(), "zzqx", "testimony 1")
		image.wake()
		ok(t, image.p.Parts(context.Background(), func(part *profile.Part) error {
			if part.Scope == secret {
				t.Errorf("image %d shows a testimony", i)
			}
			return nil
		}))
	}
	last := images[len(images)-1]
	last.sync() // the seized copy pushes what it cannot read
	w.sync()
	w.sync()
	r.sync()
	for i, object := range told {
		if got := r.state(object).Fields["note"].Value; got != words(i)+" more" {
			t.Errorf("the lead reads %v", got)
		}
	}
	o.checkNonces(o.everything(r, secret))
}

func searchFolder(t *testing.T, dir string, words ...string) {
	t.Helper()
	for _, path := range must[[]string](t)(glob(dir)) {
		b := must[[]byte](t)(os.ReadFile(path))
		for _, w := range words {
			if bytes.Contains(b, []byte(w)) {
				t.Errorf("%s holds %q", filepath.Base(path), w)
			}
		}
	}
}

// TestOlderImageOfACaptureLaptop: what it wrote since lies at the hub and cannot be read back. It agrees nevertheless, and
// goes on in streams of its own; what the hub forgets it offers again.
func TestOlderImageOfACaptureLaptop(t *testing.T) {
	o := newOrg(t, "tripoli")
	w, r := o.ask("tripoli", "outreach", "tripoli"), o.ask("lead", "protection_lead", "tripoli")
	o.approveAll()
	for range 2 {
		r.sync()
		w.sync()
	}
	secret := w.scope("tripoli", "testimony", "testimony")
	w.create(secret, opOf("lww", "one"))
	w.sync()
	old := w.image("older")
	w.create(secret, opOf("lww", "two"))
	w.sync()
	old.wake()
	old.create(secret, opOf("lww", "three"))
	old.sync()
	old.create(secret, opOf("lww", "four"))
	old.sync()
	old.reopen()
	if rep := old.sync(); rep.RoundTrips != 1 {
		t.Errorf("%d round trips where there is nothing to do", rep.RoundTrips)
	}
	w.create(secret, opOf("lww", "five"))
	for range 2 {
		w.sync()
		old.sync()
	}
	r.sync()
	if n := len(r.shown(secret)); n != 5 {
		t.Errorf("the lead reads %d testimonies, want 5", n)
	}
	o.checkNonces(o.everything(r, secret))
}

// TestExecutorDiesAtAnyCall cuts the line of whoever makes the first epochs at each of its calls.
func TestExecutorDiesAtAnyCall(t *testing.T) {
	for k := 1; k < 40; k += 3 {
		o := newOrg(t, "calais")
		a, b := o.ask("one", "social_worker", "calais"), o.ask("two", "social_worker", "calais")
		o.approveAll()
		finished := false
		for _, l := range []*laptop{a, b} {
			cut := o.line(l.p)
			at := func(call int, _ string) error {
				if call == k {
					return errCut
				}
				return nil
			}
			if cut.before = at; k%2 == 0 {
				cut.before, cut.after = nil, at
			}
			_, err := l.run(cut)
			finished = err == nil
			l.reopen()
		}
		for range 3 {
			a.sync()
			b.sync()
		}
		x := a.create(a.admin(), opOf("lww", "read by both"))
		a.sync()
		b.sync()
		if got := b.state(x).Fields["lww"].Value; got != "read by both" {
			t.Fatalf("cut at %d: reads %v", k, got)
		}
		ok(t, a.p.Close())
		ok(t, b.p.Close())
		if finished {
			break
		}
	}
}

// TestExecutorLosesTheRace lets the ledger move on while a result is on its way.
func TestExecutorLosesTheRace(t *testing.T) {
	o, a, b := calais(t)
	c := o.ask("third", "social_worker", "calais")
	o.approveAll()
	raced := false
	for _, l := range []*laptop{a, b, c} {
		slow := o.line(l.p)
		slow.before = func(_ int, name string) error {
			if name == "append" && !raced {
				raced = true
				o.ask("fourth", "volunteer", "calais")
				o.approveAll()
			}
			return nil
		}
		rep, err := l.run(slow)
		if err != nil || !rep.Synced {
			t.Fatalf("%s: %v %+v", l.name, err, rep)
		}
	}
	if !raced {
		t.Fatal("nobody carried out an order")
	}
	for range 2 {
		a.sync()
		b.sync()
		c.sync()
	}
	x := a.create(a.admin(), opOf("lww", "read by all"))
	a.sync()
	c.sync()
	c.part(x)
}

var _ replica.Transport = (*line)(nil)
