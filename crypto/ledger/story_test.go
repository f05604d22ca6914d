package ledger_test

import (
	"escale/crypto/key"
	"escale/crypto/ledger"
	"escale/schema"
)

// story is a log in which every kind of body and of result occurs.
func story(t fataler) *world {
	w := newWorld(t, 1, 3, 2)
	a, b := w.scope(), w.scope()
	w.do(&ledger.Scopes{IDs: []schema.Scope{a, b}},
		&ledger.HubEntry{Address: "hub.invalid:8443", Pins: []key.TLSPublic{{1}, {2}}},
		&ledger.Settings{Entries: []ledger.Setting{{Key: "lease", Number: 1209600}, {Key: "retention/case", Text: "P2Y"}}},
		&ledger.FormPack{Version: 1, Bundles: []ledger.BundleRef{{ID: [8]byte{1}, Hash: w.hash(), Pack: schema.Pack{1}}}})
	r1, r2, r3 := w.enrol(a, b), w.enrol(a, b), w.enrol(a)
	w.roll(a, r1, r1, r2)
	grantStory(w, a, r1, r3)
	custodyStory(w, r1, r2, r3)
	w.roll(a, r1, r1, r2)
	closeStory(w, a, r1, r2, r3)
	voidStory(w, b, r1, r2)
	fork := ledger.Head{Height: 3, Hash: w.hash()}
	w.do(&ledger.Heal{Heads: [2]ledger.Head{w.log.Head(), fork}, Write: w.log.Head()})
	w.do(&ledger.Revoke{Device: r3.id(), Heads: []ledger.StreamHead{{Stream: schema.Stream{7}, Seq: 4, Hash: w.hash()}}},
		&ledger.Erase{Objects: []schema.Object{{1}, {2}}}, &ledger.Accept{Set: w.hash()})
	return w
}

func grantStory(w *world, scope schema.Scope, executor, reader *laptop) {
	id := w.do(&ledger.Grant{Scope: scope, Number: 1, Grantees: ids(reader), Executor: executor.id()})
	w.results(executor, &ledger.GrantResult{Order: id, Scope: scope, Number: 1, Wraps: w.hash()})
}

func custodyStory(w *world, holders ...*laptop) {
	c := &ledger.Custody{Shares: uint(len(holders)), Threshold: 2, Custodians: ids(holders...)}
	for range holders {
		c.Commitments = append(c.Commitments, w.hash())
	}
	w.fill(c.Key[:])
	w.do(c)
}

func closeStory(w *world, scope schema.Scope, first, second, gone *laptop) {
	cut, pack := w.hash(), w.hash()
	w.do(&ledger.CloseEpoch{Scope: scope, Number: 1, Cut: cut})
	w.results(first, &ledger.KeyPack{Scope: scope, Number: 2, Pack: pack, Cut: cut})
	w.results(second, &ledger.Confirm{Scope: scope, Number: 1, Pack: pack, Cut: cut, Complete: true})
	id := w.do(&ledger.DestroyEpoch{Scope: scope, Number: 1, Unaccounted: ids(gone)})
	var next key.DeviceKEM
	w.fill(next[:])
	w.results(second, &ledger.Attest{Device: second.id(), Order: id, Destroyed: []schema.Hash{w.hash()}},
		&ledger.KEMSuccessor{Device: second.id(), KEM: next})
	w.results(w.desks[1], &ledger.Horizon{HubEpoch: [8]byte{9}, Digest: w.hash(), Number: 77, Time: founded})
}

func voidStory(w *world, scope schema.Scope, lost, other *laptop) {
	old := w.do(&ledger.OpenEpoch{Scope: scope, Number: 1, Grantees: ids(lost, other), Executor: lost.id()})
	id := w.do(&ledger.OpenEpoch{Scope: scope, Number: 1, Grantees: ids(other), Executor: other.id(), Voids: &old})
	w.results(other, w.result(id, scope, 1))
}

// results links results that must be taken.
func (w *world) results(by *laptop, r ...ledger.Result) {
	w.t.Helper()
	if err := w.try(by, ledger.Results(r)); err != nil {
		w.t.Fatal(err)
	}
}
