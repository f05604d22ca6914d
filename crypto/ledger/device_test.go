package ledger_test

import (
	"errors"
	"testing"

	"escale/crypto/key"
	"escale/crypto/ledger"
	"escale/schema"
)

func refused(t *testing.T, name string, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("%s: got %v, want %v", name, err, want)
	}
}

func TestGenesisIsRefused(t *testing.T) {
	fresh := func() *ledger.Genesis { return newWorld(t, 20, 3, 2).genesis }
	for name, spoil := range map[string]func(*ledger.Genesis){
		"suite":                func(g *ledger.Genesis) { g.Suite = 2 },
		"no officers":          func(g *ledger.Genesis) { g.Officers = nil },
		"threshold 0":          func(g *ledger.Genesis) { g.Threshold = 0 },
		"no majority":          func(g *ledger.Genesis) { g.Threshold = 1 },
		"above n":              func(g *ledger.Genesis) { g.Threshold = 4 },
		"custody":              func(g *ledger.Genesis) { g.Custody = g.Custody[:9] },
		"officer without desk": func(g *ledger.Genesis) { g.Officers[0].Device = schema.Device{1} },
		"another's desk":       func(g *ledger.Genesis) { g.Officers[0].Device = g.Officers[1].Device },
		"same member twice":    func(g *ledger.Genesis) { g.Officers[1] = g.Officers[0] },
		"desk of no officer":   func(g *ledger.Genesis) { g.Officers = g.Officers[:2] },
		"no keys":              func(g *ledger.Genesis) { g.Devices[0].Keys.KEM = key.DeviceKEM{} },
		"negative time":        func(g *ledger.Genesis) { g.Time = -1 },
	} {
		g := fresh()
		spoil(g)
		if _, err := g.Encode(); err == nil {
			t.Errorf("%s: encoded", name)
		}
	}
	for name, spoil := range map[string]func(*ledger.Genesis){
		"same officer key":  func(g *ledger.Genesis) { g.Officers[1].Key = g.Officers[0].Key },
		"same signing key":  func(g *ledger.Genesis) { g.Devices[1].Keys.Sign = g.Devices[0].Keys.Sign },
		"same channel key":  func(g *ledger.Genesis) { g.Devices[1].Keys.TLS = g.Devices[0].Keys.TLS },
		"same KEM key":      func(g *ledger.Genesis) { g.Devices[1].Keys.KEM = g.Devices[0].Keys.KEM },
		"one key two roles": func(g *ledger.Genesis) { g.Devices[1].Keys.TLS = key.TLSPublic(g.Devices[0].Keys.Sign) },
		"same device twice": func(g *ledger.Genesis) { g.Devices = append(g.Devices, g.Devices[0]) },
	} {
		g := fresh()
		spoil(g)
		b, err := g.Encode()
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		_, err = ledger.New(ledger.OrgOf(b), b)
		refused(t, name, err, ledger.ErrUsed)
	}
}

func TestEnrolling(t *testing.T) {
	w := newWorld(t, 21, 1, 1)
	a := w.enrol()
	stranger := w.laptop(schema.Member{1})
	refused(t, "unknown member", w.try(w.desks[0], w.order(&stranger.entry)), ledger.ErrUnknown)
	for name, spoil := range map[string]func(*ledger.DeviceEntry){
		"signing key": func(d *ledger.DeviceEntry) { d.Keys.Sign = a.entry.Keys.Sign },
		"channel key": func(d *ledger.DeviceEntry) { d.Keys.TLS = a.entry.Keys.TLS },
		"KEM key":     func(d *ledger.DeviceEntry) { d.Keys.KEM = a.entry.Keys.KEM },
		"id":          func(d *ledger.DeviceEntry) { d.Device = a.id() },
	} {
		l := w.laptop(a.entry.Member)
		spoil(&l.entry)
		refused(t, "another's "+name, w.try(w.desks[0], w.order(&l.entry)), ledger.ErrUsed)
	}
	d, ok := w.log.State().DeviceByTLS(a.entry.Keys.TLS)
	if !ok || d.ID != a.id() || d.EnrolledAt != w.log.Head().Height || d.StandsAt(d.EnrolledAt-1) || !d.StandsAt(d.EnrolledAt) {
		t.Errorf("enrolled device: %v, %v", ok, d)
	}
}

func TestNewTerms(t *testing.T) {
	w := newWorld(t, 22, 1, 1)
	a, scope := w.enrol(), w.scope()
	then := w.log.Head().Height
	var next key.DeviceKEM
	w.fill(next[:])
	w.results(a, &ledger.KEMSuccessor{Device: a.id(), KEM: next})
	again := a.entry // signed before the officers saw the successor
	again.Role, again.Read = "coordinator", []schema.Scope{scope}
	w.do(&again)
	d, _ := w.log.State().Device(a.id())
	if d.Now().Role != "coordinator" || d.Keys.KEM != next || d.EnrolledAt != then {
		t.Errorf("after new terms: role %s, enrolled at %d", d.Now().Role, d.EnrolledAt)
	}
	if old, ok := d.TermsAt(then); !ok || old.Role != a.entry.Role || len(old.Read) != 0 {
		t.Errorf("terms at enrolment: %v, %v", old, ok)
	}
	if _, ok := d.TermsAt(then - 1); ok {
		t.Error("terms before enrolment")
	}
	again.Member = w.genesis.Officers[0].Member
	refused(t, "another member", w.try(w.desks[0], w.order(&again)), ledger.ErrUsed)
	again = a.entry
	w.fill(again.Keys.KEM[:])
	refused(t, "officers replace a KEM key", w.try(w.desks[0], w.order(&again)), ledger.ErrUsed)
}

func TestRevoking(t *testing.T) {
	w := newWorld(t, 23, 1, 1)
	a := w.enrol()
	head := ledger.StreamHead{Stream: schema.Stream{3}, Seq: 2, Hash: w.hash()}
	w.do(&ledger.Revoke{Device: a.id(), Heads: []ledger.StreamHead{head}})
	at := w.log.Head().Height
	d, _ := w.log.State().Device(a.id())
	if d.RevokedAt != at || d.StandsAt(at) || !d.StandsAt(at-1) {
		t.Errorf("revoked at %d", d.RevokedAt)
	}
	if got, ok := d.HeadOf(head.Stream); !ok || got != head {
		t.Errorf("head of a named stream: %v, %v", got, ok)
	}
	if _, ok := d.HeadOf(schema.Stream{4}); ok {
		t.Error("an unnamed stream has a head")
	}
	refused(t, "revoked twice", w.try(w.desks[0], w.order(&ledger.Revoke{Device: a.id()})), ledger.ErrNotPermitted)
	refused(t, "new terms", w.try(w.desks[0], w.order(&a.entry)), ledger.ErrNotPermitted)
	order := w.do(&ledger.Accept{Set: w.hash()})
	attest := &ledger.Attest{Device: a.id(), Order: order, Destroyed: []schema.Hash{w.hash()}}
	refused(t, "a revoked signer", w.try(a, ledger.Results{attest}), ledger.ErrNotPermitted)
	refused(t, "unknown", w.try(w.desks[0], w.order(&ledger.Revoke{Device: schema.Device{1}})), ledger.ErrUnknown)
}

// A revoked officer's key counts no more, and revoking stops before nobody could order anything.
func TestRevokingOfficers(t *testing.T) {
	w := newWorld(t, 24, 3, 2)
	w.do(&ledger.Revoke{Device: w.desks[1].id()})
	refused(t, "signed with a revoked officer's key",
		w.try(w.desks[0], w.order(&ledger.Accept{Set: w.hash()})), ledger.ErrThreshold)
	w.officers[1] = w.officers[2]
	w.do(&ledger.Accept{Set: w.hash()})
	refused(t, "below the threshold",
		w.try(w.desks[0], w.order(&ledger.Revoke{Device: w.desks[2].id()})), ledger.ErrNotPermitted)
	refused(t, "linked by a revoked officer's device",
		w.try(w.desks[1], w.order(&ledger.Accept{Set: w.hash()})), ledger.ErrNotPermitted)
}

func TestStatements(t *testing.T) {
	w := newWorld(t, 25, 1, 1)
	a, b := w.enrol(), w.enrol()
	next := ledger.KEMSuccessor{Device: a.id(), KEM: b.entry.Keys.KEM}
	refused(t, "another's KEM key", w.try(a, ledger.Results{&next}), ledger.ErrUsed)
	w.fill(next.KEM[:])
	refused(t, "for another device", w.try(b, ledger.Results{&next}), ledger.ErrNotPermitted)
	w.results(a, &next)
	refused(t, "back to a former KEM key", w.try(a, ledger.Results{&ledger.KEMSuccessor{Device: a.id(), KEM: a.entry.Keys.KEM}}), ledger.ErrUsed)
	id := w.do(&ledger.Accept{Set: w.hash()})
	attest := &ledger.Attest{Device: a.id(), Order: id, Destroyed: []schema.Hash{w.hash()}}
	refused(t, "attested for another", w.try(b, ledger.Results{attest}), ledger.ErrNotPermitted)
	w.results(a, attest)
	refused(t, "of an unknown order", w.try(a, ledger.Results{&ledger.Attest{Device: a.id(), Order: schema.Order{1}, Destroyed: []schema.Hash{{1}}}}), ledger.ErrUnknown)
	horizon := &ledger.Horizon{HubEpoch: [8]byte{1}, Digest: w.hash(), Number: 5}
	refused(t, "a horizon of no officer", w.try(a, ledger.Results{horizon}), ledger.ErrNotPermitted)
	w.results(w.desks[0], horizon)
	refused(t, "a horizon that goes back", w.try(w.desks[0], ledger.Results{&ledger.Horizon{HubEpoch: [8]byte{1}, Digest: w.hash(), Number: 4}}), ledger.ErrNotPermitted)
	w.results(w.desks[0], &ledger.Horizon{HubEpoch: [8]byte{2}, Digest: w.hash(), Number: 1})
	if _, err := ledger.NewLink(w.log, a.id(), a.sign, ledger.Results{}, 0); !errors.Is(err, ledger.ErrInvalid) {
		t.Errorf("no results: %v", err)
	}
}

func TestAffairs(t *testing.T) {
	w := newWorld(t, 26, 1, 1)
	a := w.enrol()
	pack := &ledger.FormPack{Version: 2, Bundles: []ledger.BundleRef{{Hash: w.hash(), Pack: schema.Pack{1}}}}
	w.do(pack)
	refused(t, "the same pack version", w.try(w.desks[0], w.order(pack)), ledger.ErrNotPermitted)
	w.do(&ledger.FormPack{Version: 9, Bundles: pack.Bundles})
	if p, _ := w.log.State().FormPack(); p.Version != 9 || len(w.log.State().FormPacks()) != 2 {
		t.Errorf("newest pack %d", p.Version)
	}
	custody := &ledger.Custody{Shares: 1, Threshold: 1, Commitments: []schema.Hash{w.hash()}, Custodians: []schema.Device{{1}}}
	w.fill(custody.Key[:])
	refused(t, "an unknown custodian", w.try(w.desks[0], w.order(custody)), ledger.ErrUnknown)
	custody.Custodians = ids(a)
	w.do(custody)
	if k, ok := w.log.State().CustodyKey(); !ok || k != custody.Key {
		t.Error("custody key not replaced")
	}
	h := w.log.Head()
	other := ledger.Head{Height: h.Height, Hash: w.hash()}
	refused(t, "healing to the other head", w.try(w.desks[0], w.order(&ledger.Heal{Heads: [2]ledger.Head{h, other}, Write: other})), ledger.ErrNotPermitted)
	early := ledger.Head{Hash: schema.Hash(w.log.Org())}
	refused(t, "healing without a fork", w.try(w.desks[0], w.order(&ledger.Heal{Heads: [2]ledger.Head{h, early}, Write: h})), ledger.ErrNotPermitted)
	w.do(&ledger.Heal{Heads: [2]ledger.Head{other, h}, Write: h})
	if len(w.log.State().Heals()) != 1 {
		t.Error("healing not recorded")
	}
}
