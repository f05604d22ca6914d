package profile_test

import (
	"context"
	"errors"
	"testing"

	"escale/clients/profile"
	"escale/sync/replica"
)

// TestNothingIsSeenThatWasNotShown edits what was shown before something else came in.
func TestNothingIsSeenThatWasNotShown(t *testing.T) {
	t.Parallel()
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
	t.Parallel()
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

// TestCarriedOutOfOrder hands change-sets over without a hub: the answer before the question, and everything twice.
func TestCarriedOutOfOrder(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	_, a, b := calais(t)
	reader := b.image("reader").wake()
	scope := a.admin()
	x := a.create(scope, opOf("kept", "question"))
	a.sync()
	b.sync()
	b.edit(x, opOf("kept", "answer"))
	ok(t, b.p.CloseOpenSets(ctx))
	carried := [][]byte{b.bytes(), a.bytes()}
	for _, raw := range [][]byte{carried[0], carried[0], carried[1], carried[1], carried[0]} {
		ok(t, reader.p.ReceiveSet(ctx, raw))
	}
	if f := reader.state(x).Fields["kept"]; f.Value != "answer" || len(f.Siblings) > 1 {
		t.Errorf("%v of %d siblings", f.Value, len(f.Siblings))
	}
	before := render(reader.state(x))
	reader.reopen()
	if got := render(reader.state(x)); got != before {
		t.Errorf("after opening again\n%s\nbefore\n%s", got, before)
	}
	if err := reader.p.ReceiveSet(ctx, carried[0][1:]); err == nil {
		t.Error("a cut change-set was taken")
	}
	second := a.create(scope, opOf("kept", "later"))
	a.edit(second, opOf("kept", "later still"))
	ok(t, a.p.CloseOpenSets(ctx))
	a.create(scope, opOf("kept", "last"))
	ok(t, a.p.CloseOpenSets(ctx))
	if err := reader.p.ReceiveSet(ctx, a.bytes()); !errors.Is(err, profile.ErrGap) {
		t.Errorf("a change-set without its predecessor: %v", err)
	}
	reader.compareWithFresh(t)
	reader.sync()
}

// bytes is the newest change-set that this laptop wrote.
func (l *laptop) bytes() []byte {
	l.o.t.Helper()
	unsent := must[[]replica.Offer](l.o.t)(l.p.Unsent(context.Background()))
	if len(unsent) > 0 {
		return must[[]byte](l.o.t)(l.p.SetBytes(context.Background(), unsent[len(unsent)-1].Set))
	}
	scopes := l.o.everything(l, l.admin())
	for i := len(scopes) - 1; i >= 0; i-- {
		if scopes[i].Header.Device == l.keys.Device {
			return scopes[i].Raw
		}
	}
	l.o.t.Fatal("it wrote nothing")
	return nil
}

// TestOfAnOpenChangeSetOnlyWhatWasShownIsCited: a page was shown while its change-set was open, another window wrote into
// that, and the laptop began a new incarnation. What the page's reader then writes has not seen the other window's words.
func TestOfAnOpenChangeSetOnlyWhatWasShownIsCited(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	_, a, b := calais(t)
	x := a.create(a.admin(), opOf("kept", "start"))
	part := a.part(x)
	view := a.p.View(part)
	_, err := a.p.Save(ctx, change(part, view, opOf("kept", "other window")))
	ok(t, err)
	ok(t, a.p.Restart(ctx))
	_, err = a.p.Save(ctx, change(part, view, opOf("kept", "this window")))
	ok(t, err)
	a.sync()
	b.sync()
	if n := len(b.state(x).Fields["kept"].Siblings); n != 2 {
		t.Errorf("%d siblings, want 2", n)
	}
}
