package profile_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"testing"

	"escale/schema"
)

// TestOlderImageGetsItsWorkBack restores a laptop from before its last week.
func TestOlderImageGetsItsWorkBack(t *testing.T) {
	t.Parallel()
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
	t.Parallel()
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
	t.Parallel()
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

// TestAcknowledgedAndForgotten: the hub forgets what it acknowledged, and no number tells.
func TestAcknowledgedAndForgotten(t *testing.T) {
	t.Parallel()
	o, a, b := calais(t)
	scope := a.admin()
	backup := o.backupHub()
	x := a.create(scope, opOf("lww", "acknowledged"))
	cut := o.line(a.p)
	cut.before = func(_ int, name string) error {
		if name == "pull" {
			return errCut
		}
		return nil
	}
	if rep, err := a.run(cut); !errors.Is(err, errCut) || rep.Pushed == 0 {
		t.Fatalf("%v %+v", err, rep)
	}
	o.restoreHub(backup, false)
	a.sync()
	b.sync()
	b.part(x)
}
