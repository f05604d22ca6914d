package ledger_test

import (
	"errors"
	"testing"

	"pgregory.net/rapid"

	"escale/crypto/key"
	"escale/crypto/ledger"
	"escale/schema"
)

func (w *world) pins(n int) (out []key.TLSPublic) {
	for range n {
		out = append(out, first(key.NewTLS(w.rand)).Public())
	}
	return out
}

func (w *world) unsigned(bodies ...ledger.Body) *ledger.SignedOrder {
	o, err := ledger.NewOrder(w.rand, w.log.Org(), w.expires, w.log.Head(), bodies...)
	return must(w.t, o, err)
}

// An order counts exactly when a threshold of distinct officers signed it, in whatever order and however often.
func TestThreshold(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 7).Draw(t, "officers")
		m := rapid.IntRange(n/2+1, n).Draw(t, "threshold")
		w := newWorld(t, rapid.Uint64().Draw(t, "seed"), n, m)
		o := w.unsigned(&ledger.Scopes{IDs: []schema.Scope{w.scope()}})
		signers := rapid.SliceOfN(rapid.IntRange(0, n-1), 0, 2*n).Draw(t, "signers")
		distinct := map[int]bool{}
		for _, i := range signers {
			distinct[i] = true
			if err := o.Sign(w.officers[i]); err != nil {
				t.Fatal(err)
			}
		}
		err := w.try(w.desks[rapid.IntRange(0, n-1).Draw(t, "linker")], o)
		if enough := len(distinct) >= m; enough != (err == nil) || !enough && !errors.Is(err, ledger.ErrThreshold) {
			t.Fatalf("%d of %d signatures: %v", len(distinct), m, err)
		}
	})
}

func TestSignaturesThatDoNotCount(t *testing.T) {
	w := newWorld(t, 10, 3, 2)
	fresh := func() *ledger.SignedOrder { return w.unsigned(&ledger.Accept{Set: w.hash()}) }
	sign := func(o *ledger.SignedOrder, k key.OfficerPrivate) {
		if err := o.Sign(k); err != nil {
			t.Fatal(err)
		}
	}
	stranger := fresh()
	sign(stranger, w.officers[0])
	sign(stranger, first(key.NewOfficer(w.rand)))
	if err := w.try(w.desks[0], stranger); !errors.Is(err, ledger.ErrThreshold) {
		t.Errorf("a stranger's signature: %v", err)
	}
	twice := fresh()
	sign(twice, w.officers[0])
	twice.Signatures = append(twice.Signatures, twice.Signatures[0])
	if err := twice.Verify(w.log.State()); !errors.Is(err, ledger.ErrInvalid) {
		t.Errorf("one officer twice: %v", err)
	}
	a, b := fresh(), fresh()
	sign(a, w.officers[0])
	sign(a, w.officers[1])
	b.Signatures = a.Signatures
	if err := b.Verify(w.log.State()); !errors.Is(err, key.ErrSignature) {
		t.Errorf("signatures of another order: %v", err)
	}
	if err := a.Verify(w.log.State()); err != nil {
		t.Errorf("the order itself: %v", err)
	}
}

func TestOnlyOfficersDevicesLinkOrders(t *testing.T) {
	w := newWorld(t, 11, 1, 1)
	l := w.enrol()
	o := w.order(&ledger.Accept{Set: w.hash()})
	if err := w.try(l, o); !errors.Is(err, ledger.ErrNotPermitted) {
		t.Errorf("a field laptop's link of an order: %v", err)
	}
	second := w.laptop(w.genesis.Officers[0].Member)
	w.do(&second.entry)
	if err := w.try(second, o); err != nil {
		t.Errorf("an officer's second laptop: %v", err)
	}
	stranger := w.laptop(l.entry.Member)
	if err := w.try(stranger, ledger.Results{&ledger.KEMSuccessor{Device: stranger.id(), KEM: stranger.entry.Keys.KEM}}); !errors.Is(err, ledger.ErrUnknown) {
		t.Errorf("a laptop that is not enrolled: %v", err)
	}
	forged := &laptop{entry: w.desks[0].entry, sign: l.sign}
	if err := w.try(forged, w.order(&ledger.Accept{Set: w.hash()})); !errors.Is(err, key.ErrSignature) {
		t.Errorf("a link in another's name: %v", err)
	}
}

func TestExpiryIsComparedWithTheLinksTime(t *testing.T) {
	w := newWorld(t, 12, 1, 1)
	o := w.order(&ledger.Accept{Set: w.hash()})
	w.clock = (w.expires + 1) * 1000
	if err := w.try(w.desks[0], o); !errors.Is(err, ledger.ErrExpired) {
		t.Errorf("linked a second late: %v", err)
	}
	w.clock = w.expires*1000 - 1000
	if err := w.try(w.desks[0], o); err != nil {
		t.Errorf("linked in the last second: %v", err)
	}
	w.clock = 0
	w.do(&ledger.Accept{Set: w.hash()}) // a clock that went back decides nothing
}

func TestLeastHead(t *testing.T) {
	w := newWorld(t, 13, 1, 1)
	short, err := ledger.Replay(w.log.Org(), w.log.Entries(0))
	must(t, short, err)
	w.do(&ledger.Accept{Set: w.hash()})
	o := w.order(&ledger.Accept{Set: w.hash()})
	long := w.log
	w.log = short
	if err := w.try(w.desks[0], o); !errors.Is(err, ledger.ErrLeast) {
		t.Errorf("a log that is too short: %v", err)
	}
	w.do(&ledger.Accept{Set: w.hash()})
	if err := w.try(w.desks[0], o); !errors.Is(err, ledger.ErrLeast) {
		t.Errorf("another history: %v", err)
	}
	w.log = long
	if err := w.try(w.desks[0], o); err != nil {
		t.Errorf("the history that the officers saw: %v", err)
	}
}

func TestWaitingOrders(t *testing.T) {
	w := newWorld(t, 14, 3, 3)
	o := w.unsigned(&ledger.Accept{Set: w.hash()})
	for _, k := range w.officers {
		b, err := o.Encode()
		must(t, b, err)
		o, err = ledger.DecodeSignedOrder(b)
		must(t, o, err)
		if err := o.Verify(w.log.State()); !errors.Is(err, ledger.ErrThreshold) {
			t.Fatalf("before all signed: %v", err)
		}
		if err := o.Sign(k); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.try(w.desks[2], o); err != nil {
		t.Fatal(err)
	}
}

func TestBodiesAreBounded(t *testing.T) {
	w := newWorld(t, 15, 1, 1)
	many := make([]ledger.Body, ledger.MaxBodies+1)
	for i := range many {
		many[i] = &ledger.Accept{Set: w.hash()}
	}
	scopes := make([]schema.Scope, ledger.MaxScopes+1)
	for i := range scopes {
		scopes[i] = w.scope()
	}
	for name, bodies := range map[string][]ledger.Body{
		"bodies":  many,
		"scopes":  {&ledger.Scopes{IDs: scopes}},
		"address": {&ledger.HubEntry{Address: string(make([]byte, 256)), Pins: w.pins(1)}},
		"pins":    {&ledger.HubEntry{Address: "a", Pins: w.pins(5)}},
		"sealed":  {&ledger.Member{Member: schema.Member{1}, Sealed: make([]byte, ledger.MaxSealedName+1)}},
	} {
		if _, err := ledger.NewOrder(w.rand, w.log.Org(), w.expires, w.log.Head(), bodies...); !errors.Is(err, ledger.ErrBound) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestBodiesThatSayNothing(t *testing.T) {
	w := newWorld(t, 16, 1, 1)
	scope := w.scope()
	for name, b := range map[string]ledger.Body{
		"member": &ledger.Member{}, "device": &ledger.DeviceEntry{}, "revoke": &ledger.Revoke{}, "scopes": &ledger.Scopes{},
		"same scope twice": &ledger.Scopes{IDs: []schema.Scope{scope, scope}},
		"epoch":            &ledger.OpenEpoch{Scope: scope}, "grant": &ledger.Grant{}, "close": &ledger.CloseEpoch{}, "destroy": &ledger.DestroyEpoch{},
		"custody": &ledger.Custody{}, "pack": &ledger.FormPack{}, "erase": &ledger.Erase{}, "accept": &ledger.Accept{},
		"hub": &ledger.HubEntry{}, "settings": &ledger.Settings{}, "heal": &ledger.Heal{},
		"unsorted": &ledger.Settings{Entries: []ledger.Setting{{Key: "b"}, {Key: "a"}}},
	} {
		if _, err := ledger.NewOrder(w.rand, w.log.Org(), w.expires, w.log.Head(), b); !errors.Is(err, ledger.ErrInvalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := ledger.NewOrder(w.rand, w.log.Org(), w.expires, w.log.Head()); !errors.Is(err, ledger.ErrInvalid) {
		t.Errorf("no body: %v", err)
	}
}
