package hub_test

import (
	"maps"
	"testing"

	"escale/crypto/ledger"
	"escale/schema"
	"escale/sync/admit"
	"escale/sync/changeset"
	"escale/sync/hub"
	"escale/sync/wire"
)

func TestForkedStreamKeepsBothBranches(t *testing.T) {
	o := newOrganisation(t, 2, 1)
	s := o.serve(t)
	w := o.writer(o.people[0], o.scopes[0])
	s.want(wire.Accepted, "", w.next(nil, create(1)))
	x := schema.ObjectOf(w.stream(), [8]byte{7: 1})
	twin := w.clone()
	s.want(wire.Accepted, "", w.next(nil, edit(x, changeset.Own{}, nil, tag(1))), twin.next(nil, edit(x, changeset.Own{}, nil, tag(1))))
	s.want(wire.Accepted, "", w.next(nil, create(2)), twin.next(nil, create(3)))
	if st := s.status(); st.Conflicts != 1 || st.ChangeSets != 5 || st.ConflictSince.IsZero() || !st.AsideSince.IsZero() {
		t.Fatalf("%+v", st)
	}
	state := s.scopeState(o.people[0].id(), o.scopes[0])
	want := wire.Digest(o.log.Head().Hash, []wire.Tip{
		{Stream: w.stream(), Seq: 3, Set: w.prev.Hash}, {Stream: w.stream(), Seq: 3, Set: twin.prev.Hash},
	})
	if state.Digest != want {
		t.Fatal("digest is not over the tips of both branches")
	}
	// A resolution that has seen both settles the field.
	other := o.writer(o.people[0], o.scopes[0])
	heads := []changeset.Head{headOf(w.prev), headOf(twin.prev)}
	s.want(wire.Accepted, "", other.next(heads, edit(x, changeset.Own{}, []uint32{0, 1}, tag(1))))
	if st := s.status(); st.Conflicts != 0 || !st.ConflictSince.IsZero() {
		t.Fatalf("%d conflicts after the resolution", st.Conflicts)
	}
	s.sound()
}

func TestHeadThatComesLaterIsHeededThen(t *testing.T) {
	o := newOrganisation(t, 3, 1)
	s := o.serve(t)
	a, b := o.writer(o.people[0], o.scopes[0]), o.writer(o.people[1], o.scopes[0])
	first := a.next(nil, create(1))
	x := schema.ObjectOf(a.stream(), [8]byte{7: 1})
	second := a.next(nil, edit(x, changeset.Own{}, nil, tag(1)))
	third := a.next(nil, create(2))
	answer := b.next([]changeset.Head{headOf(third)}, edit(x, changeset.Own{}, []uint32{0}, tag(1)))
	s.want(wire.Accepted, "", first, answer, second)
	if st := s.status(); st.Conflicts != 1 {
		t.Fatalf("%d conflicts: what cannot be proved seen counts as unseen", st.Conflicts)
	}
	s.reopen()
	s.want(wire.Accepted, "", third)
	if got := s.frontier(o.scopes[0]); len(got) != 1 || s.status().Conflicts != 0 {
		t.Fatalf("%d dots after the head came", len(got))
	}
	s.sound()
}

func TestWhatMayNotCountIsSetAside(t *testing.T) {
	o := newOrganisation(t, 3, 3)
	s := o.serve(t)
	stale := o.writer(o.people[0], o.scopes[0])
	old := o.log.Head().Hash
	o.openEpoch(o.scopes[0])
	o.openEpoch(o.scopes[1])
	s.catchUp()
	boss := o.writer(o.boss, o.scopes[0]) // an officer's laptop has no right to write
	stale.epoch = 1
	s.want(wire.Quarantined, string(admit.WrongEpoch), stale.next(nil, create(1)))
	s.want(wire.Quarantined, string(admit.NotPermitted), boss.next(nil, create(1)))
	early := o.writer(o.people[0], o.scopes[1])
	early.cites = o.genesisHash()
	s.want(wire.Quarantined, string(admit.NotPermitted), early.next(nil, create(1))) // not enrolled then
	back := o.writer(o.people[1], o.scopes[2])
	s.want(wire.Accepted, "", back.next(nil, create(1)))
	back.cites = old
	s.want(wire.Quarantined, string(admit.LedgerWentBack), back.next(nil, create(2)))
	back.cites = schema.Hash{}
	s.want(wire.Accepted, "", back.next(nil, create(3))) // its successors go on
	q := must[wire.Quarantine](t)(s.Quarantined(ctx, o.boss.id()))
	if len(q.Sets) != 4 || s.status().Quarantined != 4 || s.status().AsideSince.IsZero() || q.Sets[0].Reason != "wrong_epoch" || q.Sets[0].Device != o.people[0].id() {
		t.Fatalf("%+v", q)
	}
	s.sound()
}

func (o *organisation) genesisHash() schema.Hash { return schema.Hash(o.log.Org()) }

func TestAcceptedByOfficersCountsFromThenOn(t *testing.T) {
	o := newOrganisation(t, 3, 1)
	s := o.serve(t)
	a := o.writer(o.people[0], o.scopes[0])
	first := a.next(nil, create(1))
	x := schema.ObjectOf(a.stream(), [8]byte{7: 1})
	late := o.writer(o.people[1], o.scopes[0])
	o.openEpoch(o.scopes[0])
	s.catchUp()
	late.epoch = 1
	aside := late.next(nil, edit(x, changeset.Own{}, nil, tag(1)))
	late.epoch = 2
	counts := late.next(nil, edit(x, changeset.Own{}, nil, tag(1)))
	s.want(wire.Accepted, "", first)
	s.want(wire.Quarantined, "wrong_epoch", aside)
	s.want(wire.Accepted, "", counts)
	before := s.scopeState(o.people[0].id(), o.scopes[0])
	o.order(&ledger.Accept{Set: aside.Hash})
	s.catchUp()
	if st := s.status(); st.Quarantined != 0 || st.Conflicts != 1 || !st.AsideSince.IsZero() || st.ConflictSince.IsZero() {
		t.Fatalf("%+v", st)
	}
	after := s.scopeState(o.people[0].id(), o.scopes[0])
	if after.Number != before.Number || after.Running != before.Running {
		t.Fatal("marks must not enter number or running hash")
	}
	s.reopen()
	s.sound()
}

func TestRevokedCountsUpToTheNamedHeads(t *testing.T) {
	o := newOrganisation(t, 3, 2)
	s := o.serve(t)
	a, b := o.writer(o.people[1], o.scopes[0]), o.writer(o.people[1], o.scopes[1])
	one, two, three := a.next(nil, create(1)), a.next(nil, create(2)), a.next(nil, create(3))
	unnamed := b.next(nil, create(1))
	s.want(wire.Accepted, "", one, unnamed)
	o.order(&ledger.Revoke{Device: o.people[1].id(), Heads: []ledger.StreamHead{{Stream: a.stream(), Seq: 2, Hash: two.Hash}}})
	s.catchUp()
	// Until the named head is here, nothing is proved to come before it.
	if n := s.status().Quarantined; n != 2 {
		t.Fatalf("%d quarantined, want 2", n)
	}
	s.want(wire.Accepted, "", two)
	if n := s.status().Quarantined; n != 1 {
		t.Fatalf("%d quarantined once the named head came, want 1", n)
	}
	s.want(wire.Quarantined, "revoked", three)
	if _, ok := s.Lookup(o.people[1].tls.Public()); !ok {
		t.Fatal("a revoked device cannot hand over what it has not sent")
	}
	s.sound()
}

func TestClosedEpochCountsUpToTheCut(t *testing.T) {
	o := newOrganisation(t, 3, 1)
	s := o.serve(t)
	a, b := o.writer(o.people[0], o.scopes[0]), o.writer(o.people[1], o.scopes[0])
	in, out := a.next(nil, create(1)), a.next(nil, create(2))
	s.want(wire.Accepted, "", in, out)
	late := b.next(nil, create(1))
	cut, name, err := admit.EncodeCut([]wire.Tip{{Stream: a.stream(), Seq: 1, Set: in.Hash}})
	if err != nil {
		t.Fatal(err)
	}
	o.openEpoch(o.scopes[0])
	s.catchUp()
	head := o.log.Head().Hash
	o.order(&ledger.CloseEpoch{Scope: o.scopes[0], Number: 1, Cut: name})
	entries := o.log.Entries(o.log.Head().Height)
	_, err = s.Append(ctx, o.boss.id(), wire.LedgerAppend{After: head, Entries: entries})
	wantCode(t, err, wire.CodeLedger) // the cut is not here
	if err := s.PutBlobs(ctx, o.boss.id(), wire.Blobs{Blobs: [][]byte{cut}}); err != nil {
		t.Fatal(err)
	}
	s.catchUp()
	if n := s.status().Quarantined; n != 1 {
		t.Fatalf("%d quarantined, want the one outside of the cut", n)
	}
	s.want(wire.Quarantined, "closed_epoch", late)
	o.order(&ledger.Accept{Set: late.Hash})
	s.catchUp()
	if n := s.status().Quarantined; n != 1 {
		t.Fatalf("%d quarantined after officers accepted one of two", n)
	}
	s.sound()
}

// TestACutsHeadThatComesLateUncoversWhatItHolds: the predecessors were set aside while nothing proved that the cut holds them.
func TestACutsHeadThatComesLateUncoversWhatItHolds(t *testing.T) {
	o := newOrganisation(t, 3, 1)
	s := o.serve(t)
	a := o.writer(o.people[0], o.scopes[0])
	one, two, three := a.next(nil, create(1)), a.next(nil, create(2)), a.next(nil, create(3))
	s.want(wire.Accepted, "", one)
	cut, name, err := admit.EncodeCut([]wire.Tip{{Stream: a.stream(), Seq: 2, Set: two.Hash}})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.PutBlobs(ctx, o.boss.id(), wire.Blobs{Blobs: [][]byte{cut}}); err != nil {
		t.Fatal(err)
	}
	o.openEpoch(o.scopes[0])
	o.order(&ledger.CloseEpoch{Scope: o.scopes[0], Number: 1, Cut: name})
	s.catchUp()
	if n := s.status().Quarantined; n != 1 {
		t.Fatalf("%d quarantined before the cut's head came, want 1", n)
	}
	s.want(wire.Accepted, "", two)
	if n := s.status().Quarantined; n != 0 {
		t.Fatalf("%d quarantined once the cut's head came", n)
	}
	s.want(wire.Quarantined, "closed_epoch", three)
	s.sound()
}

func TestThinnedOutChangeSetIsRefused(t *testing.T) {
	o := newOrganisation(t, 2, 1)
	s := o.serve(t)
	set := o.writer(o.people[0], o.scopes[0]).next(nil, create(1), create(2))
	raw, err := set.Erase(func(object schema.Object) bool { return object == set.Deltas[0].Object })
	if err != nil {
		t.Fatal(err)
	}
	thin := must[*changeset.Set](t)(changeset.Parse(raw))
	s.want(wire.Refused, "parts_erased", thin)
	s.want(wire.Accepted, "", set) // the whole one still finds its place
}

// covering is a Chains that knows nothing.
type covering struct{}

func (covering) Covers(_, _ schema.Hash) (bool, error)        { return false, nil }
func (covering) Cut(schema.Hash) ([]schema.Hash, bool, error) { return nil, false, nil }

func TestJudgementIsTheSameOnBothSides(t *testing.T) {
	o := newOrganisation(t, 3, 1)
	w := o.writer(o.people[0], o.scopes[0])
	set := w.next(nil, create(1))
	v, err := admit.Judge(o.log, set, nil, covering{})
	if err != nil || !v.Admitted() {
		t.Fatalf("%+v %v", v, err)
	}
	later := o.log.Head().Height + 1
	if v, err = admit.Judge(o.log, set, &later, covering{}); err != nil || v.Reason != admit.LedgerWentBack {
		t.Fatalf("%+v %v", v, err)
	}
	if got := admit.Readable(o.log.State(), o.people[2].id()); len(got) != 0 {
		t.Fatalf("capture-only reads %v", got)
	}
	if got := admit.Readable(o.log.State(), o.people[0].id()); len(got) != 1 || got[0] != o.scopes[0] {
		t.Fatalf("a reader reads %v", got)
	}
}

func TestBranchHasSeenWhatItsStreamHeldBeforeTheFork(t *testing.T) {
	o := newOrganisation(t, 2, 1)
	s := o.serve(t)
	w := o.writer(o.people[0], o.scopes[0])
	x := schema.ObjectOf(w.stream(), [8]byte{7: 1})
	s.want(wire.Accepted, "", w.next(nil, create(1)), w.next(nil, edit(x, changeset.Own{}, nil, tag(1))))
	twin := w.clone()
	s.want(wire.Accepted, "", w.next(nil, edit(x, changeset.Own{}, nil, tag(2))), twin.next(nil, create(2)))
	// The twin has seen the edit before the fork; what the other branch wrote after it, it cannot have seen.
	s.want(wire.Accepted, "", twin.next(nil, edit(x, changeset.Own{Back: 2, Count: 1}, nil, tag(1), tag(2))))
	got := s.frontier(o.scopes[0])
	want := map[dot]bool{
		{hub.Cell{Object: x, Tag: tag(1)}, twin.prev.Hash, 0}: true, {hub.Cell{Object: x, Tag: tag(2)}, twin.prev.Hash, 0}: true,
		{hub.Cell{Object: x, Tag: tag(2)}, w.prev.Hash, 0}: true,
	}
	if !maps.Equal(got, want) {
		t.Fatalf("%v", got)
	}
	s.sound()
}
