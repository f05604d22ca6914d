package profile_test

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"flag"
	"fmt"
	"maps"
	"sync/atomic"
	"testing"

	"pgregory.net/rapid"

	"escale/clients/profile"
	"escale/schema"
	"escale/sync/merge"
	"escale/sync/wire"
)

// world is three laptops, one hub, and what each laptop acknowledged.
type world struct {
	o       *org
	laptops []*laptop
	scope   schema.Scope
	run     int
	objects map[schema.Object][]*laptop // who has seen it
	counted map[schema.Object]int64
	joined  map[schema.Object]map[string]bool
	typed   map[schema.Object]map[string]bool
}

func (w *world) step(t *rapid.T, i int) {
	l := w.laptops[rapid.IntRange(0, len(w.laptops)-1).Draw(t, "laptop")]
	var known []schema.Object
	for o := range l.shown(w.scope) {
		if _, ours := w.objects[o]; ours {
			known = append(known, o)
		}
	}
	act := rapid.SampledFrom([]string{"create", "edit", "edit", "edit", "blind", "sync", "sync", "cut", "lock", "restore"}).Draw(t, "act")
	if len(known) == 0 && (act == "edit" || act == "blind") {
		act = "create"
	}
	value := fmt.Sprintf("%d by %s", i, l.name)
	switch act {
	case "create":
		o := l.create(w.scope, opOf("kept", value), opOf("lww", value))
		w.objects[o], w.joined[o], w.typed[o] = nil, map[string]bool{}, map[string]bool{value: true}
	case "edit", "blind":
		o := known[rapid.IntRange(0, len(known)-1).Draw(t, "object")]
		part := l.part(o)
		view := l.p.View(part)
		if act == "blind" {
			view = nil
		}
		_, err := l.p.Save(context.Background(), change(part, view, opOf("kept", value), opOf("lww", value), opOf("count", int64(i)), opOf("set", []string{value})))
		ok(l.o.t, err)
		w.counted[o] += int64(i)
		w.joined[o][value], w.typed[o][value] = true, true
	case "sync":
		l.sync()
	case "cut":
		cut := w.o.line(l.p)
		at := rapid.IntRange(1, 8).Draw(t, "call")
		cut.after = func(call int, _ string) error {
			if call >= at {
				return errCut
			}
			return nil
		}
		if _, err := l.run(cut); err != nil && !errors.Is(err, errCut) {
			t.Fatal(err)
		}
	case "lock":
		l.reopen()
	case "restore": // from an image that the hub has seen: nothing that is only here is lost with the laptop
		l.sync()
		ok(l.o.t, l.p.CloseOpenSets(context.Background()))
		old := l.image(fmt.Sprintf("%s-%d-%d", l.name, w.run, i))
		l.edit(l.create(w.scope, opOf("lww", "unused")), opOf("lww", "unused"))
		l.sync()
		ok(l.o.t, l.p.Close())
		l.name, l.p = old.name, w.o.open(old.name, l.keys, l.hook)
	}
}

// check compares the laptops with each other, and each with what was typed.
func (w *world) check(t *rapid.T) {
	for range 2 {
		for _, l := range w.laptops {
			l.sync()
		}
	}
	want := w.laptops[0].shown(w.scope)
	for _, l := range w.laptops {
		if !maps.Equal(l.shown(w.scope), want) {
			t.Fatalf("%s differs", l.name)
		}
		for o := range w.objects {
			s := l.state(o)
			if got, _ := s.Fields["count"]; w.counted[o] != 0 && (got == nil || got.Value != w.counted[o]) {
				t.Fatalf("%s: counts %v, want %d", l.name, got, w.counted[o])
			}
			w.checkTyped(t, l, o, s)
		}
	}
}

// checkTyped finds every value that was typed in the history, and the elements of the set.
func (w *world) checkTyped(t *rapid.T, l *laptop, o schema.Object, s merge.State) {
	for _, path := range []string{"kept", "lww"} {
		have := map[string]bool{}
		for _, h := range s.Fields[path].History() {
			have[text(h.Value)] = true
		}
		for v := range w.typed[o] {
			if !have[v] {
				t.Fatalf("%s: %q of %s was acknowledged and is not in the history", l.name, v, path)
			}
		}
	}
	if len(w.joined[o]) == 0 {
		return
	}
	elements, _ := s.Fields["set"].Value.([]string)
	if len(elements) != len(w.joined[o]) {
		t.Fatalf("%s: the set holds %d, want %d", l.name, len(elements), len(w.joined[o]))
	}
}

func TestThreeLaptopsAgreeWhateverHappens(t *testing.T) {
	t.Parallel()
	o, a, b := calais(t)
	c := o.ask("calais-3", "social_worker", "calais")
	o.approveAll()
	w := &world{o: o, laptops: []*laptop{a, b, c}}
	for range 2 {
		for _, l := range w.laptops {
			l.sync()
		}
	}
	w.scope = a.admin()
	if checks := flag.Lookup("rapid.checks"); checks.Value.String() == checks.DefValue {
		ok(t, flag.Set("rapid.checks", "30")) // each is a story of its own; more on demand
	}
	rapid.Check(t, func(t *rapid.T) {
		w.run++
		w.objects, w.counted = map[schema.Object][]*laptop{}, map[schema.Object]int64{}
		w.joined, w.typed = map[schema.Object]map[string]bool{}, map[schema.Object]map[string]bool{}
		for i := range rapid.IntRange(1, 12).Draw(t, "steps") {
			w.step(t, i+1)
		}
		w.check(t)
		if w.run%10 == 0 {
			o.checkNonces(o.everything(a, w.scope))
		}
	})
}

// giveUp is a context that ends after it was asked a number of times: whoever waits for a save closes the lid.
type giveUp struct {
	context.Context
	left atomic.Int64
	done chan struct{}
}

func givingUp(after int) *giveUp {
	g := &giveUp{Context: context.Background(), done: make(chan struct{})}
	g.left.Store(int64(after))
	return g
}

func (g *giveUp) Done() <-chan struct{} {
	if g.left.Add(-1) == 0 {
		close(g.done)
	}
	return g.done
}

func (g *giveUp) Err() error {
	select {
	case <-g.done:
		return context.Canceled
	default:
		return nil
	}
}

// TestGivenUpAnywhere ends saves, closings and exchanges anywhere; memory then equals a fresh opening, and the next
// attempt succeeds.
func TestGivenUpAnywhere(t *testing.T) {
	t.Parallel()
	o, a, b := calais(t)
	scope := a.admin()
	x := a.create(scope, opOf("lww", int64(0)))
	a.sync()
	acts := map[string]func(ctx context.Context) error{
		"save": func(ctx context.Context) error {
			part := a.part(x)
			_, err := a.p.Save(ctx, change(part, a.p.View(part), opOf("count", int64(1))))
			return err
		},
		"close": func(ctx context.Context) error { return a.p.CloseOpenSets(ctx) },
		"follow": func(ctx context.Context) error {
			page, err := o.hub.Ledger(ctx, wire.LedgerRead{From: a.p.LedgerHead().Height + 1})
			if err != nil {
				return err
			}
			return a.p.Follow(ctx, page.Entries)
		},
		"offer again":  func(ctx context.Context) error { return a.p.OfferAgain(ctx, wire.HubEpoch{1}) },
		"restart":      a.p.Restart,
		"reset":        func(ctx context.Context) error { return a.p.ResetCursor(ctx, scope) },
		"open waiting": a.p.OpenWaiting,
		"receive": func(ctx context.Context) error {
			news, err := o.hub.Ledger(context.Background(), wire.LedgerRead{From: a.p.LedgerHead().Height + 1})
			ok(t, err)
			ok(t, a.p.Follow(context.Background(), news.Entries))
			return a.p.Receive(ctx, o.pageFor(a, scope))
		},
	}
	for name, act := range acts {
		for k := 1; k < 60; k += 4 {
			if k%16 == 1 {
				b.sync()
				b.create(scope, opOf("lww", "more to receive"))
				b.sync()
				o.ask(fmt.Sprint(name, k), "volunteer", "calais")
				o.approveAll()
				a.edit(x, opOf("lww", int64(k)))
			}
			err := act(givingUp(k))
			a.compareWithFresh(t)
			if err == nil {
				break
			}
		}
		if err := act(context.Background()); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		a.compareWithFresh(t)
	}
	a.sync()
	b.sync()
	if !maps.Equal(a.shown(scope), b.shown(scope)) {
		t.Error("the laptops differ")
	}
}

// pageFor is what the hub would send next.
func (o *org) pageFor(l *laptop, scope schema.Scope) wire.ScopePage {
	scopes, _, err := l.p.Local(context.Background())
	ok(o.t, err)
	for _, s := range scopes {
		if s.Scope != scope {
			continue
		}
		reply, err := o.hub.Pull(context.Background(), l.keys.Device, wire.PullAsk{Cursors: []wire.Cursor{{Scope: scope, Number: s.Number, Running: s.Running}}})
		ok(o.t, err)
		for _, page := range reply.Scopes {
			if !page.Reset {
				return page
			}
		}
	}
	return wire.ScopePage{Scope: scope}
}

// TestManyEditsOfOneSave fills change-sets up to their bounds.
func TestManyEditsOfOneSave(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	_, a, b := calais(t)
	scope := a.admin()
	var edits []profile.Edit
	for i := range 1500 {
		seed, _, err := a.p.NewObject(scope)
		ok(t, err)
		e := profile.Edit{Scope: scope, Seed: &seed, Payload: merge.Payload{Form: "note", Ops: []merge.Op{opOf("lww", int64(i))}}}
		edits = append(edits, e)
	}
	if _, err := a.p.Save(ctx, edits); !errors.Is(err, profile.ErrTooLarge) {
		t.Fatalf("%v", err)
	}
	for len(edits) > 0 {
		n := min(400, len(edits))
		_, err := a.p.Save(ctx, edits[:n])
		ok(t, err)
		edits = edits[n:]
	}
	noise := make([]byte, 15_000)
	for range 60 {
		_, err := rand.Read(noise)
		ok(t, err)
		a.create(scope, opOf("lww", hex.EncodeToString(noise)))
	}
	a.reopen()
	a.sync()
	b.sync()
	if n := len(b.shown(scope)); n != 1560 {
		t.Errorf("%d records came over, want 1560", n)
	}
}
