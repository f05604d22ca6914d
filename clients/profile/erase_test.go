package profile_test

import (
	"context"
	"testing"

	"escale/clients/dpo"
	"escale/clients/profile"
	"escale/schema"
	"escale/sync/changeset"
)

// call names all that a laptop holds of a record.
func (l *laptop) call(records ...schema.Object) dpo.Call {
	l.o.t.Helper()
	var c dpo.Call
	for _, r := range records {
		parts := must[[]profile.Holding](l.o.t)(l.p.Holdings(context.Background(), r))
		c.Records = append(c.Records, dpo.CalledRecord{Record: r, Parts: parts})
	}
	return c
}

// mustHoldHashesOnly looks at the stored bytes.
func (l *laptop) mustHoldHashesOnly(c dpo.Call) {
	l.o.t.Helper()
	for _, h := range c.Records[0].Parts[0].Sets {
		raw := must[[]byte](l.o.t)(l.p.SetBytes(context.Background(), h))
		set := must[*changeset.Set](l.o.t)(changeset.Parse(raw))
		for i := range set.Deltas {
			if d := &set.Deltas[i]; !d.Erased && d.Object == c.Records[0].Record {
				l.o.t.Fatalf("%s still stores a sealed delta of what was erased", l.name)
			}
		}
	}
}

func (l *laptop) mustLack(o schema.Object) {
	l.o.t.Helper()
	if parts := must[[]*profile.Part](l.o.t)(l.p.PartsOf(context.Background(), o)); len(parts) != 0 {
		l.o.t.Fatalf("%s still shows what was erased", l.name)
	}
}

// TestErasedEverywhereAndNeverBack: what officers erase is gone from hub and laptops, chains verify on, and neither a
// re-offer by a laptop that was away, nor a hub restored from yesterday, nor a copied laptop brings it back.
func TestErasedEverywhereAndNeverBack(t *testing.T) {
	t.Parallel()
	o, a, b := calais(t)
	s := a.admin()
	x := a.create(s, opOf("lww", "to be forgotten"))
	y := a.create(s, opOf("lww", "a neighbour")) // in the same change-set
	settle(a, b)
	yesterday := o.backupHub()
	b.edit(x, opOf("lww", "written while it was being erased"))
	b.edit(y, opOf("lww", "the neighbour was edited"))
	copied := a.image("copy")
	o.scopeState(s)
	call := a.call(x)
	ok(t, o.desk.Erase(context.Background(), call))
	settle(b, a)
	a.mustHoldHashesOnly(call)
	b.mustHoldHashesOnly(call)
	for _, l := range []*laptop{a, b} {
		l.mustLack(x)
		l.mustRead(y, "the neighbour was edited")
		l.reopen()
		l.mustLack(x)
		l.mustRead(y, "the neighbour was edited")
	}
	o.soundHub()
	copied.wake().sync()
	copied.mustLack(x)
	copied.mustRead(y, "the neighbour was edited")
	o.restoreHub(yesterday, true)
	settle(a, b)
	for _, l := range []*laptop{a, b} {
		l.mustLack(x)
		l.mustRead(y, "the neighbour was edited")
	}
	o.soundHub()
	late := o.ask("late", "social_worker", "calais")
	o.approveAll()
	settle(a, b, late)
	late.mustLack(x)
	late.mustRead(y, "the neighbour was edited")
}
