package profile_test

import (
	"context"
	"testing"

	"escale/clients/dpo"
	"escale/crypto/ledger"
	"escale/schema"
	"escale/sync/replica"
)

// rotate orders the next epoch of scopes.
func (o *org) rotate(scopes ...schema.Scope) []dpo.Rotation {
	o.t.Helper()
	o.scopeState(scopes[0])
	plan := must[[]dpo.Rotation](o.t)(o.desk.PlanRotation(context.Background(), scopes))
	ok(o.t, o.desk.Rotate(context.Background(), plan))
	return plan
}

func (o *org) scopeState(s schema.Scope) *ledger.Scope {
	o.t.Helper()
	must[replica.Report](o.t)(o.desk.Sync(context.Background()))
	sc, _ := o.boss.Log().State().Scope(s)
	return sc
}

// settle lets laptops exchange until nothing is left to do.
func settle(ls ...*laptop) {
	for range 3 {
		for _, l := range ls {
			l.sync()
		}
	}
}

func (l *laptop) mustRead(x schema.Object, want string) {
	l.o.t.Helper()
	if got := l.state(x).Fields["lww"].Value; got != want {
		l.o.t.Fatalf("%s reads %v, want %q", l.name, got, want)
	}
}

// endAll closes, or destroys, all older epochs of a scope.
func (o *org) endAll(s schema.Scope, destroy bool) []dpo.Ending {
	o.t.Helper()
	ctx := context.Background()
	o.scopeState(s)
	if !destroy {
		plan := must[[]dpo.Ending](o.t)(o.desk.PlanClose(ctx, []schema.Scope{s}))
		ok(o.t, o.desk.Close(ctx, plan))
		return plan
	}
	plan := must[[]dpo.Ending](o.t)(o.desk.PlanDestroy(ctx, []schema.Scope{s}))
	ok(o.t, o.desk.Destroy(ctx, plan))
	return plan
}

func TestRotationCarriesKeysOver(t *testing.T) {
	t.Parallel()
	o, a, b := calais(t)
	s := a.admin()
	x := a.create(s, opOf("lww", "before"))
	settle(a, b)
	plan := o.rotate(s)
	if len(plan) != 1 || plan[0].Why != dpo.Rotated || plan[0].To != 2 || len(plan[0].Grantees) != 2 || len(plan[0].Dropped) != 0 {
		t.Fatalf("%+v", plan)
	}
	if again := must[[]dpo.Rotation](t)(o.desk.PlanRotation(context.Background(), []schema.Scope{s})); again[0].Why != dpo.Ordered {
		t.Fatalf("a second order is planned beside the first: %+v", again)
	}
	settle(a, b)
	sc := o.scopeState(s)
	cur, _ := sc.Current()
	if cur.Number != 2 || len(cur.Packs) != 1 || len(sc.Unconfirmed()) != 0 {
		t.Fatalf("epoch %d, %d packs, unconfirmed %v", cur.Number, len(cur.Packs), sc.Unconfirmed())
	}
	// A reader who never held epoch 1 reads what was written under it.
	c := o.ask("third", "social_worker", "calais")
	o.approveAll()
	settle(a, b, c)
	c.mustRead(x, "before")
	c.edit(x, opOf("lww", "by the third"))
	settle(c, a, b)
	a.mustRead(x, "by the third")
	o.closeAndDestroy(t, s, a, b, c)
	last := "by the third"
	for _, l := range []*laptop{a, b, c} {
		l.reopen()
		l.mustRead(x, last)
		last = "after " + l.name
		l.edit(x, opOf("lww", last))
		settle(l, a, b, c)
	}
	d := o.ask("fourth", "social_worker", "calais")
	o.approveAll()
	settle(a, b, c, d)
	d.mustRead(x, last)
}

func (o *org) closeAndDestroy(t *testing.T, s schema.Scope, ls ...*laptop) {
	t.Helper()
	if plan := o.endAll(s, true); len(plan) != 1 || plan[0].Refused != dpo.RefusedOpen {
		t.Fatalf("an open epoch is destroyed: %+v", plan)
	}
	if plan := o.endAll(s, false); len(plan) != 1 || plan[0].Refused != "" || plan[0].Left != 0 {
		t.Fatalf("close: %+v", plan)
	}
	settle(ls...)
	if plan := o.endAll(s, true); len(plan) != 1 || plan[0].Refused != "" || len(plan[0].Silent) != 0 || plan[0].Aside != 0 {
		t.Fatalf("destroy: %+v", plan)
	}
	settle(ls...)
	e, _ := o.scopeState(s).Epoch(1)
	if e.Status != ledger.Destroyed {
		t.Fatalf("epoch 1 is %s", e.Status)
	}
}
