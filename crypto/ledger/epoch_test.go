package ledger_test

import (
	"errors"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"escale/crypto/ledger"
	"escale/schema"
)

// readers opens a scope and enrols laptops that may read it.
func (w *world) readers(n int) (schema.Scope, []*laptop) {
	scope := w.scope()
	w.do(&ledger.Scopes{IDs: []schema.Scope{scope}})
	var out []*laptop
	for range n {
		out = append(out, w.enrol(scope))
	}
	return scope, out
}

func (w *world) open(scope schema.Scope, number uint32, voids *schema.Order, executor *laptop, to ...*laptop) error {
	return w.try(w.desks[0], w.order(&ledger.OpenEpoch{
		Scope: scope, Number: number, Grantees: ids(to...), Executor: executor.id(), Voids: voids,
	}))
}

func TestFirstEpoch(t *testing.T) {
	w := newWorld(t, 30, 1, 1)
	scope, r := w.readers(2)
	capture := w.enrol()
	refused(t, "an unknown scope", w.open(w.scope(), 1, nil, r[0], r[0]), ledger.ErrUnknown)
	refused(t, "number 2 first", w.open(scope, 2, nil, r[0], r[0]), ledger.ErrNotPermitted)
	refused(t, "executor is no grantee", w.open(scope, 1, nil, r[1], r[0]), ledger.ErrNotPermitted)
	refused(t, "a grantee that may not read", w.open(scope, 1, nil, r[0], r[0], capture), ledger.ErrNotPermitted)
	refused(t, "nothing to void", w.open(scope, 1, &schema.Order{1}, r[0], r[0]), ledger.ErrNotPermitted)
	refused(t, "scope opened twice", w.try(w.desks[0], w.order(&ledger.Scopes{IDs: []schema.Scope{scope}})), ledger.ErrUsed)

	id := w.do(&ledger.OpenEpoch{Scope: scope, Number: 1, Grantees: ids(r[0]), Executor: r[0].id()})
	if _, ok := w.log.State().CurrentEpoch(scope); ok {
		t.Error("an ordered epoch counts before it is linked")
	}
	res := w.result(id, scope, 1)
	refused(t, "wrong executor", w.try(r[1], ledger.Results{res}), ledger.ErrNotPermitted)
	refused(t, "an officer as executor", w.try(w.desks[0], ledger.Results{res}), ledger.ErrNotPermitted)
	refused(t, "wrong number", w.try(r[0], ledger.Results{w.result(id, scope, 2)}), ledger.ErrUnknown)
	refused(t, "wrong order", w.try(r[0], ledger.Results{w.result(schema.Order{1}, scope, 1)}), ledger.ErrUnknown)
	refused(t, "twice in one link", w.try(r[0], ledger.Results{res, w.result(id, scope, 1)}), ledger.ErrUsed)
	w.results(r[0], res)
	refused(t, "a second result", w.try(r[0], ledger.Results{w.result(id, scope, 1)}), ledger.ErrUsed)
	cur, ok := w.log.State().CurrentEpoch(scope)
	if !ok || cur.Public != res.Public || cur.Status != ledger.Open || cur.LinkedAt != w.log.Head().Height || cur.Wraps[0] != res.Wraps {
		t.Errorf("linked epoch: %v, status %s", ok, cur.Status)
	}
}

func TestVoidOrders(t *testing.T) {
	w := newWorld(t, 31, 1, 1)
	scope, r := w.readers(2)
	old := w.do(&ledger.OpenEpoch{Scope: scope, Number: 1, Grantees: ids(r...), Executor: r[0].id()})
	refused(t, "unfinished order not voided", w.open(scope, 1, nil, r[1], r...), ledger.ErrNotPermitted)
	refused(t, "another order voided", w.open(scope, 1, &schema.Order{1}, r[1], r...), ledger.ErrNotPermitted)
	id := w.do(&ledger.OpenEpoch{Scope: scope, Number: 1, Grantees: ids(r[1]), Executor: r[1].id(), Voids: &old})
	refused(t, "result of a void order", w.try(r[0], ledger.Results{w.result(old, scope, 1)}), ledger.ErrNotPermitted)
	w.results(r[1], w.result(id, scope, 1))
	sc, _ := w.log.State().Scope(scope)
	if sc.Epochs[0].Status != ledger.Void || sc.Epochs[1].Status != ledger.Open {
		t.Errorf("statuses %s, %s", sc.Epochs[0].Status, sc.Epochs[1].Status)
	}
	if cur, ok := sc.Epoch(1); !ok || cur.Order != id {
		t.Error("epoch 1 is not that of the second order")
	}
}

func TestRevokedGranteesGetNoWraps(t *testing.T) {
	w := newWorld(t, 32, 1, 1)
	scope, r := w.readers(3)
	id := w.do(&ledger.OpenEpoch{Scope: scope, Number: 1, Grantees: ids(r[0], r[1]), Executor: r[0].id()})
	w.do(&ledger.Revoke{Device: r[1].id()})
	refused(t, "an order from before the revocation", w.try(r[0], ledger.Results{w.result(id, scope, 1)}), ledger.ErrNotPermitted)
	refused(t, "ordering for a revoked device", w.open(scope, 1, &id, r[0], r[0], r[1]), ledger.ErrNotPermitted)
	again := w.do(&ledger.OpenEpoch{Scope: scope, Number: 1, Grantees: ids(r[0]), Executor: r[0].id(), Voids: &id})
	w.results(r[0], w.result(again, scope, 1))
	grant := w.do(&ledger.Grant{Scope: scope, Number: 1, Grantees: ids(r[2]), Executor: r[0].id()})
	w.do(&ledger.Revoke{Device: r[2].id()})
	refused(t, "a grant from before the revocation",
		w.try(r[0], ledger.Results{&ledger.GrantResult{Order: grant, Scope: scope, Number: 1, Wraps: w.hash()}}), ledger.ErrNotPermitted)
}

func TestGrants(t *testing.T) {
	w := newWorld(t, 33, 3, 2)
	scope, r := w.readers(4)
	capture := w.enrol()
	w.roll(scope, r[0], r[0], r[1])
	grant := func(executor *laptop, until int64, to ...*laptop) error {
		return w.try(w.desks[0], w.order(&ledger.Grant{Scope: scope, Number: 1, Grantees: ids(to...), Executor: executor.id(), Until: until}))
	}
	refused(t, "executor does not read", grant(r[2], 0, r[3]), ledger.ErrNotPermitted)
	refused(t, "a grantee that may not read", grant(r[0], 0, capture), ledger.ErrNotPermitted)
	refused(t, "an unknown epoch", w.try(w.desks[0], w.order(&ledger.Grant{Scope: scope, Number: 2, Grantees: ids(r[2]), Executor: r[0].id()})), ledger.ErrUnknown)
	id := w.do(&ledger.Grant{Scope: scope, Number: 1, Grantees: ids(r[2]), Executor: r[1].id()})
	res := &ledger.GrantResult{Order: id, Scope: scope, Number: 1, Wraps: w.hash()}
	refused(t, "wrong executor", w.try(r[0], ledger.Results{res}), ledger.ErrNotPermitted)
	refused(t, "not yet a reader", grant(r[2], 0, r[3]), ledger.ErrNotPermitted)
	w.results(r[1], res)
	refused(t, "a second result", w.try(r[1], ledger.Results{res}), ledger.ErrUsed)
	cur, _ := w.log.State().CurrentEpoch(scope)
	if !slices.Contains(cur.Readers(), r[2].id()) || len(cur.Wraps) != 2 {
		t.Error("the grantee is no reader")
	}
	temporary := w.do(&ledger.Grant{Scope: scope, Number: 1, Grantees: ids(capture), Executor: r[2].id(), Until: founded + 3600})
	w.results(r[2], &ledger.GrantResult{Order: temporary, Scope: scope, Number: 1, Wraps: w.hash()})
	if cur, _ = w.log.State().CurrentEpoch(scope); slices.Contains(cur.Readers(), capture.id()) || len(cur.Wraps) != 3 {
		t.Error("a temporary grant made a standing reader")
	}
	alone := newWorld(t, 34, 1, 1)
	scope, r = alone.readers(2)
	alone.roll(scope, r[0], r[0])
	refused(t, "a temporary grant by one officer", alone.try(alone.desks[0], alone.order(
		&ledger.Grant{Scope: scope, Number: 1, Grantees: ids(r[1]), Executor: r[0].id(), Until: founded})), ledger.ErrThreshold)
}

func TestNextEpochs(t *testing.T) {
	w := newWorld(t, 35, 1, 1)
	scope, r := w.readers(4)
	w.roll(scope, r[0], r[0], r[1])
	refused(t, "number given again", w.open(scope, 1, nil, r[0], r[0]), ledger.ErrNotPermitted)
	refused(t, "number skipped", w.open(scope, 3, nil, r[0], r[0]), ledger.ErrNotPermitted)
	refused(t, "executor does not read yet", w.open(scope, 2, nil, r[2], r[2]), ledger.ErrNotPermitted)
	same := w.do(&ledger.OpenEpoch{Scope: scope, Number: 2, Grantees: ids(r[0]), Executor: r[0].id()})
	old, _ := w.log.State().CurrentEpoch(scope)
	reused := w.result(same, scope, 2)
	reused.Public = old.Public
	refused(t, "the same key again", w.try(r[0], ledger.Results{reused}), ledger.ErrUsed)
	w.results(r[0], w.result(same, scope, 2))
	w.do(&ledger.Revoke{Device: r[0].id()})
	refused(t, "no reader and no custodian", w.open(scope, 3, nil, r[2], r[2]), ledger.ErrNotPermitted)
	custodyStory(w, r[2], r[3])
	refused(t, "a former reader is no reader", w.open(scope, 3, nil, r[1], r[1]), ledger.ErrNotPermitted)
	w.roll(scope, r[2], r[3])
	refused(t, "a custodian while there is a reader", w.open(scope, 4, nil, r[2], r[2]), ledger.ErrNotPermitted)
}

func TestClosingAndDestroying(t *testing.T) {
	w := newWorld(t, 36, 1, 1)
	scope, r := w.readers(3)
	w.roll(scope, r[0], r[0], r[1], r[2])
	cut := w.hash()
	closing := func(n uint32) error {
		return w.try(w.desks[0], w.order(&ledger.CloseEpoch{Scope: scope, Number: n, Cut: cut}))
	}
	destroying := func(n uint32) error {
		return w.try(w.desks[0], w.order(&ledger.DestroyEpoch{Scope: scope, Number: n, Unaccounted: ids(r[2])}))
	}
	packed := w.hash()
	pack := func(by *laptop, n uint32) error {
		return w.try(by, ledger.Results{&ledger.KeyPack{Scope: scope, Number: n, Pack: packed, Cut: cut}})
	}
	confirm := func(by *laptop, c schema.Hash, complete bool) error {
		return w.try(by, ledger.Results{&ledger.Confirm{Scope: scope, Number: 1, Pack: packed, Cut: c, Complete: complete}})
	}
	refused(t, "closing the newest", closing(1), ledger.ErrNotPermitted)
	refused(t, "confirming without a successor", confirm(r[1], cut, true), ledger.ErrNotPermitted)
	w.roll(scope, r[0], r[0], r[1])
	refused(t, "destroying what is open", destroying(1), ledger.ErrNotPermitted)
	if err := closing(1); err != nil {
		t.Fatal(err)
	}
	refused(t, "closing twice", closing(1), ledger.ErrNotPermitted)
	refused(t, "destroying unconfirmed", destroying(1), ledger.ErrNotPermitted)
	refused(t, "confirming what nobody wrote", confirm(r[1], cut, true), ledger.ErrUnknown)
	refused(t, "a key pack by who does not read", pack(r[2], 2), ledger.ErrNotPermitted)
	if err := pack(r[0], 2); err != nil {
		t.Fatal(err)
	}
	refused(t, "a key pack twice", pack(r[0], 2), ledger.ErrUsed)
	refused(t, "confirmed by its writer", confirm(r[0], cut, true), ledger.ErrNotPermitted)
	refused(t, "confirmed by who does not read", confirm(r[2], cut, true), ledger.ErrNotPermitted)
	other := w.hash()
	for _, err := range []error{confirm(r[1], other, true), confirm(r[1], cut, false)} {
		if err != nil {
			t.Fatal(err)
		}
		refused(t, "a pack over another cut or an incomplete one", destroying(1), ledger.ErrNotPermitted)
	}
	refused(t, "a confirmation twice", confirm(r[1], other, true), ledger.ErrUsed)
	sc, _ := w.log.State().Scope(scope)
	if got := sc.Unconfirmed(); !slices.Equal(got, []uint32{1}) {
		t.Errorf("unconfirmed %v", got)
	}
	if err := errors.Join(confirm(r[1], cut, true), destroying(1)); err != nil {
		t.Fatal(err)
	}
	sc, _ = w.log.State().Scope(scope)
	if got := sc.Unconfirmed(); len(got) != 0 {
		t.Errorf("unconfirmed %v", got)
	}
	if e, _ := sc.Epoch(1); e.Status != ledger.Destroyed || e.Cut != cut || e.DestroyedAt != w.log.Head().Height {
		t.Errorf("destroyed epoch is %s", e.Status)
	}
	refused(t, "a grant to a destroyed epoch", w.try(w.desks[0], w.order(
		&ledger.Grant{Scope: scope, Number: 1, Grantees: ids(r[2]), Executor: r[0].id()})), ledger.ErrNotPermitted)
}

// Whatever officers and executors do, at each height the newest epoch is the one that a log cut there would name, and
// numbers rise without a gap.
func TestEpochAtAnyHeight(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := newWorld(t, rapid.Uint64().Draw(t, "seed"), 1, 1)
		scope, r := w.readers(3)
		for range rapid.IntRange(1, 8).Draw(t, "steps") {
			w.step(scope, r, rapid.IntRange(0, 3).Draw(t, "step"), rapid.IntRange(0, 2).Draw(t, "who"))
		}
		last, _ := w.log.State().Scope(scope)
		for h := range w.log.Head().Height + 1 {
			part, err := ledger.Replay(w.log.Org(), w.log.Entries(0)[:h+1])
			must(t, part, err)
			want, ok := part.State().CurrentEpoch(scope)
			got, found := last.EpochAt(h)
			if ok != found || want.Number != got.Number || want.Public != got.Public {
				t.Fatalf("at height %d: epoch %d, want %d", h, got.Number, want.Number)
			}
		}
		checkNumbers(t, last)
	})
}

func checkNumbers(t *rapid.T, sc *ledger.Scope) {
	next, pending := uint32(1), 0
	for _, e := range sc.Epochs {
		if e.Status == ledger.Ordered {
			pending++
		}
		if e.LinkedAt != 0 {
			if e.Number != next {
				t.Fatalf("epoch %d where %d was due", e.Number, next)
			}
			next++
		}
	}
	if pending > 1 {
		t.Fatalf("%d unfinished orders", pending)
	}
}

// step tries one thing; the log decides whether it may be.
func (w *world) step(scope schema.Scope, r []*laptop, what, who int) {
	sc, _ := w.log.State().Scope(scope)
	p, pending := sc.Pending()
	cur, _ := sc.Current()
	if !pending {
		p = ledger.Epoch{Order: schema.Order{1}, Number: 1}
	}
	var err error
	switch what {
	case 0:
		err = w.open(scope, cur.Number+1, nil, r[who], r[who], r[(who+1)%len(r)])
	case 1:
		err = w.open(scope, cur.Number+1, &p.Order, r[who], r[who])
	case 2:
		err = w.try(r[who], ledger.Results{w.result(p.Order, scope, p.Number)})
	case 3:
		if cur.Number == 0 {
			return
		}
		err = w.try(w.desks[0], w.order(&ledger.CloseEpoch{Scope: scope, Number: cur.Number, Cut: w.hash()}))
	}
	if err == nil && (what == 0 && pending || what > 0 && what < 3 && !pending || what == 3) {
		w.t.Fatalf("step %d was taken", what)
	}
}

// A pack carries keys over to one epoch: after the next rotation another one is due before anything is destroyed.
func TestConfirmedOnceIsNotConfirmedAfterTheNextRotation(t *testing.T) {
	w := newWorld(t, 37, 1, 1)
	scope, r := w.readers(2)
	w.roll(scope, r[0], r...)
	w.roll(scope, r[0], r...)
	cut, pack := w.hash(), w.hash()
	w.do(&ledger.CloseEpoch{Scope: scope, Number: 1, Cut: cut})
	w.results(r[0], &ledger.KeyPack{Scope: scope, Number: 2, Pack: pack, Cut: cut})
	w.results(r[1], &ledger.Confirm{Scope: scope, Number: 1, Pack: pack, Cut: cut, Complete: true})
	w.roll(scope, r[1], r...)
	destroy := w.order(&ledger.DestroyEpoch{Scope: scope, Number: 1})
	refused(t, "confirmed to the epoch before", w.try(w.desks[0], destroy), ledger.ErrNotPermitted)
	again := w.hash()
	w.results(r[1], &ledger.KeyPack{Scope: scope, Number: 3, Pack: again, Cut: cut})
	w.results(r[0], &ledger.Confirm{Scope: scope, Number: 1, Pack: again, Cut: cut, Complete: true})
	if err := w.try(w.desks[0], w.order(&ledger.DestroyEpoch{Scope: scope, Number: 1})); err != nil {
		t.Fatal(err)
	}
}
