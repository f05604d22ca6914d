package profile_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"testing"

	"escale/clients/profile"
	"escale/schema"
	"escale/sync/changeset"
	"escale/sync/merge"
	"escale/sync/wire"
)

func text(v any) string { return fmt.Sprint(v) }

// everything is every change-set that the hub holds in a scope.
func (o *org) everything(as *laptop, scope schema.Scope) []*changeset.Set {
	o.t.Helper()
	var out []*changeset.Set
	cursor := wire.Cursor{Scope: scope}
	for more := true; more; {
		reply, err := o.hub.Pull(context.Background(), as.keys.Device, wire.PullAsk{Cursors: []wire.Cursor{cursor}, Own: true})
		ok(o.t, err)
		more = reply.More
		for _, page := range reply.Scopes {
			for _, item := range page.Items {
				out = append(out, must[*changeset.Set](o.t)(changeset.Parse(item.Raw)))
				cursor.Number++
				cursor.Running = wire.RunningHash(cursor.Running, item.Set)
			}
		}
	}
	return out
}

// checkNonces fails where two different texts were sealed under one salt and index, or two change-sets of one branch have
// the same number.
func (o *org) checkNonces(sets []*changeset.Set) {
	o.t.Helper()
	type nonce struct {
		salt  [16]byte
		index int
	}
	type after struct {
		stream schema.Stream
		prev   schema.Hash
		salt   [16]byte
	}
	sealed := map[nonce][]byte{}
	once := map[after]int{}
	for _, s := range sets {
		for i := range s.Deltas {
			n := nonce{[16]byte(s.Header.Salt), i}
			if before, used := sealed[n]; used && !bytes.Equal(before, s.Deltas[i].Sealed) {
				o.t.Errorf("change-set %d of %v: delta %d repeats a nonce", s.Header.Seq, s.Header.Device, i)
			}
			sealed[n] = s.Deltas[i].Sealed
		}
		once[after{s.Header.Stream(), s.Header.Prev, [16]byte(s.Header.Salt)}]++
	}
}

// TestKilledAtAnyMoment copies the folder at every draw of randomness and after every save, as a crash would leave it.
func TestKilledAtAnyMoment(t *testing.T) {
	ctx := context.Background()
	o, a, b := calais(t)
	scope := a.admin()
	acknowledged := map[schema.Object]string{}
	type shot struct {
		at   *laptop
		must map[schema.Object]string
	}
	var shots []shot
	take := func() error {
		shots = append(shots, shot{a.image(fmt.Sprintf("shot-%d", len(shots))), maps.Clone(acknowledged)})
		return nil
	}
	first := a.create(scope, opOf("lww", "start"))
	acknowledged[first] = render(a.state(first))
	for i := range 4 {
		a.hook.f = take
		n := a.create(scope, opOf("lww", int64(i)), opOf("kept", "x"))
		a.edit(first, opOf("lww", int64(i)), opOf("count", int64(1)))
		a.hook.f = nil
		acknowledged[n], acknowledged[first] = render(a.state(n)), render(a.state(first))
		ok(t, take())
		if i == 1 {
			ok(t, a.p.CloseOpenSets(ctx))
		}
	}
	if len(shots) < 16 {
		t.Fatalf("%d images", len(shots))
	}
	for i, s := range shots {
		if i%3 != 0 && i < len(shots)-3 {
			continue
		}
		s.at.wake()
		got := s.at.shown(scope)
		for object, want := range s.must {
			if have, here := got[object]; !here || (object != first && have != want) {
				t.Errorf("image %d: %v is %q, was acknowledged as %q", i, object, have, want)
			}
		}
		if v, err := s.at.p.Verify(ctx, nil); err != nil || v.Open != 0 {
			t.Errorf("image %d: %d open, %v", i, v.Open, err)
		}
		again := s.at.shown(scope)
		s.at.reopen()
		if !maps.Equal(again, s.at.shown(scope)) {
			t.Errorf("image %d: shows something else after opening again", i)
		}
		s.at.create(scope, opOf("lww", "afterwards"))
	}
	for _, l := range []*laptop{shots[0].at, a, shots[3].at, shots[len(shots)-1].at, a} {
		l.sync()
	}
	o.checkNonces(o.everything(b, scope))
	b.sync()
	a.sync()
	if !maps.Equal(a.shown(scope), b.shown(scope)) {
		t.Errorf("the laptops differ:\n%v\n%v", a.shown(scope), b.shown(scope))
	}
	if got := a.state(first).Fields["count"].Value; got != int64(4) {
		t.Errorf("%v increments, 4 were saved", got)
	}
}

// TestClonesContinue opens one folder twice; both write on, and both branches count.
func TestClonesContinue(t *testing.T) {
	o, a, b := calais(t)
	scope := a.admin()
	x := a.create(scope, opOf("kept", "start"), opOf("count", int64(1)))
	a.sync()
	a.edit(x, opOf("count", int64(10)))
	c := a.image("clone").wake()
	a.edit(x, opOf("count", int64(100)), opOf("kept", "by a"))
	c.edit(x, opOf("count", int64(1000)), opOf("kept", "by c"))
	for range 3 {
		for _, l := range []*laptop{a, c, b} {
			l.sync()
		}
	}
	a.edit(x, opOf("lww", "later a"))
	c.edit(x, opOf("count", int64(10000)))
	for range 2 {
		for _, l := range []*laptop{c, a, b} {
			l.sync()
		}
	}
	for _, l := range []*laptop{a, b, c} {
		s := l.state(x)
		if got := s.Fields["count"].Value; got != int64(11111) {
			t.Errorf("%s counts %v", l.name, got)
		}
		if n := len(s.Fields["kept"].Siblings); n != 2 {
			t.Errorf("%s has %d siblings, want 2", l.name, n)
		}
	}
	sets := o.everything(b, scope)
	o.checkNonces(sets)
	incarnations := map[schema.Incarnation]bool{}
	for _, s := range sets {
		if s.Header.Device == a.keys.Device {
			incarnations[s.Header.Incarnation] = true
		}
	}
	if len(incarnations) < 3 {
		t.Errorf("%d incarnations: a copy went on in the other's", len(incarnations))
	}
}

// TestOlderImageGetsItsWorkBack restores a laptop from before its last week.
func TestOlderImageGetsItsWorkBack(t *testing.T) {
	o, a, b := calais(t)
	scope := a.admin()
	x := a.create(scope, opOf("lww", "before"))
	a.sync()
	old := a.image("restored")
	a.edit(x, opOf("lww", "after"))
	y := a.create(scope, opOf("lww", "only after"))
	a.sync()
	b.sync()
	b.edit(x, opOf("kept", "by b"))
	b.sync()
	old.wake()
	z := old.create(scope, opOf("lww", "before it was noticed"))
	old.sync()
	w := old.create(scope, opOf("lww", "after it was noticed"))
	old.sync()
	b.sync()
	if got, want := old.shown(scope), b.shown(scope); !maps.Equal(got, want) || len(got) != 4 {
		t.Fatalf("the restored laptop shows\n%v\nothers\n%v", got, want)
	}
	for _, object := range []schema.Object{x, y, z, w} {
		old.part(object)
	}
	o.checkNonces(o.everything(b, scope))
	if rep := old.sync(); rep.RoundTrips != 1 {
		t.Errorf("%d round trips where there is nothing to do", rep.RoundTrips)
	}
}

// TestHubRestored puts back an old hub database, announced by a new hub epoch or unnoticed.
func TestHubRestored(t *testing.T) {
	for _, renew := range []bool{true, false} {
		t.Run(fmt.Sprintf("renewed %v", renew), func(t *testing.T) {
			o, a, b := calais(t)
			w := o.ask("tripoli", "outreach", "tripoli")
			r := o.ask("lead", "protection_lead", "tripoli")
			o.approveAll()
			for range 2 {
				for _, l := range []*laptop{r, w} {
					l.sync()
				}
			}
			scope := a.admin()
			x := a.create(scope, opOf("lww", "one"))
			a.sync()
			backup := o.backupHub()
			secret := w.scope("tripoli", "testimony", "testimony")
			w.create(secret, opOf("lww", "told in Tripoli"))
			w.sync()
			a.edit(x, opOf("lww", "two"))
			a.sync()
			b.sync()
			b.edit(x, opOf("lww", "three"))
			late := o.ask("late", "social_worker", "calais")
			o.approveAll() // ledger entries that the old hub has never seen
			b.sync()
			o.restoreHub(backup, renew)
			// Others bring back what the author of "two" thinks to be safe, and the ledger.
			b.sync()
			w.sync()
			r.sync()
			_, err := o.desk.Sync(context.Background())
			ok(t, err)
			a.sync()
			for range 2 {
				late.sync()
				b.sync()
			}
			if got := late.state(x).Fields["lww"].Value; got != "three" {
				t.Errorf("the newcomer reads %v", got)
			}
			if n := len(r.shown(secret)); n != 1 {
				t.Errorf("the lead reads %d testimonies, want 1", n)
			}
			if !maps.Equal(b.shown(scope), late.shown(scope)) {
				t.Error("the laptops differ")
			}
		})
	}
}

var errCut = errors.New("the line broke")

// TestCutAtEveryCall breaks the line before and after each call of an exchange. The next one finishes.
func TestCutAtEveryCall(t *testing.T) {
	_, a, b := calais(t)
	scope := a.admin()
	x := a.create(scope, opOf("lww", int64(0)))
	a.sync()
	b.sync()
	for _, late := range []bool{false, true} {
		for k := 1; ; k++ {
			a.edit(x, opOf("count", int64(1)))
			b.edit(x, opOf("lww", int64(k)))
			b.sync()
			cut := a.o.line(a.p)
			at := func(call int, _ string) error {
				if call >= k {
					return errCut
				}
				return nil
			}
			if cut.before = at; late {
				cut.before, cut.after = nil, at
			}
			rep, err := a.run(cut)
			if err == nil {
				break
			}
			if !errors.Is(err, errCut) || rep.Synced {
				t.Fatalf("call %d: %v, synced %v", k, err, rep.Synced)
			}
			a.sync()
			b.sync()
			if !maps.Equal(a.shown(scope), b.shown(scope)) {
				t.Fatalf("cut at call %d: the laptops differ", k)
			}
		}
	}
}

// TestNothingIsSeenThatWasNotShown edits what was shown before something else came in.
func TestNothingIsSeenThatWasNotShown(t *testing.T) {
	ctx := context.Background()
	_, a, b := calais(t)
	x := a.create(a.admin(), opOf("kept", "start"))
	a.sync()
	b.sync()
	part := b.part(x)
	view := b.p.View(part)
	a.edit(x, opOf("kept", "by a"))
	a.sync()
	b.sync() // comes in while the page is open
	_, err := b.p.Save(ctx, change(part, view, opOf("kept", "by b")))
	ok(t, err)
	b.sync()
	a.sync()
	for _, l := range []*laptop{a, b} {
		if n := len(l.state(x).Fields["kept"].Siblings); n != 2 {
			t.Errorf("%s: %d siblings, want 2", l.name, n)
		}
	}
	// An edit that has seen both joins them.
	a.edit(x, opOf("kept", "both"))
	a.sync()
	b.sync()
	if s := b.state(x).Fields["kept"]; len(s.Siblings) > 1 || s.Value != "both" {
		t.Errorf("%v of %d siblings", s.Value, len(s.Siblings))
	}
}

// TestOwnWorkCountsAsSeenOnlyIfShown edits the same field twice from one view of a page.
func TestOwnWorkCountsAsSeenOnlyIfShown(t *testing.T) {
	ctx := context.Background()
	_, a, b := calais(t)
	x := a.create(a.admin(), opOf("kept", "start"))
	part := a.part(x)
	view := a.p.View(part)
	for _, v := range []string{"first window", "second window"} {
		_, err := a.p.Save(ctx, change(part, view, opOf("kept", v)))
		ok(t, err)
	}
	a.sync()
	b.sync()
	for _, l := range []*laptop{a, b} {
		if n := len(l.state(x).Fields["kept"].Siblings); n != 2 {
			t.Errorf("%s: %d siblings, want 2", l.name, n)
		}
	}
}

// TestFailedSaveLeavesNothing fails each save at each draw of randomness; memory then equals a fresh opening.
func TestFailedSaveLeavesNothing(t *testing.T) {
	ctx := context.Background()
	_, a, _ := calais(t)
	scope := a.admin()
	x := a.create(scope, opOf("lww", "start"))
	errDry := errors.New("no randomness")
	for k := 0; ; k++ {
		left := k
		a.hook.f = func() error {
			if left--; left < 0 {
				return errDry
			}
			return nil
		}
		part := a.part(x)
		_, err := a.p.Save(ctx, append(change(part, a.p.View(part), opOf("lww", int64(k))), change(part, nil, opOf("kept", int64(k)))...))
		a.hook.f = nil
		a.compareWithFresh(t)
		if err == nil {
			break
		}
		if !errors.Is(err, errDry) {
			t.Fatal(err)
		}
		if got := a.state(x).Fields["lww"].Value; got != "start" {
			t.Fatalf("a failed save shows %v", got)
		}
		if k%2 == 0 {
			a.edit(x, opOf("count", int64(1)))
			a.compareWithFresh(t)
		}
	}
	a.sync()
}

// compareWithFresh compares what a profile answers with what a copy of its folder answers when it is opened.
func (l *laptop) compareWithFresh(t *testing.T) {
	t.Helper()
	ctx := context.Background()
	ok(t, l.p.CloseOpenSets(ctx))
	copied := l.image(fmt.Sprintf("fresh-%d", len(must[[]string](t)(glob(l.o.dir)))))
	fresh, err := openIn(copied.dir(), l.keys, &hook{})
	ok(t, err)
	defer func() { ok(t, fresh.Close()) }()
	if got, want := answers(t, l.p), answers(t, fresh); got != want {
		t.Fatalf("memory says\n%s\nthe disk\n%s", got, want)
	}
}

func answers(t *testing.T, p *profile.Profile) string {
	t.Helper()
	ctx := context.Background()
	scopes, own, err := p.Local(ctx)
	ok(t, err)
	unsent, err := p.Unsent(ctx)
	ok(t, err)
	sum, err := p.Summary(ctx)
	ok(t, err)
	out := fmt.Sprint(scopes, own, unsent, sum, p.LedgerHead(), p.HubEpoch(), p.LastTime())
	ok(t, p.Parts(ctx, func(part *profile.Part) error {
		deltas, err := p.Deltas(part)
		out += fmt.Sprintf("\n%v %v", render(merge.Merge(p.History(), deltas, rules)), p.View(part))
		return err
	}))
	return out
}
