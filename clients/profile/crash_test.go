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
	t.Parallel()
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
	t.Parallel()
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

// TestFailedSaveLeavesNothing fails each save at each draw of randomness; memory then equals a fresh opening.
func TestFailedSaveLeavesNothing(t *testing.T) {
	t.Parallel()
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
