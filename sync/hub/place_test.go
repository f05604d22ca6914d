package hub_test

import (
	"bytes"
	"database/sql"
	"errors"
	"maps"
	"testing"

	"escale/crypto/ledger"
	"escale/schema"
	"escale/sync/admit"
	"escale/sync/changeset"
	"escale/sync/hub"
	"escale/sync/wire"
)

// TestAChangeSetStandsAfterItsPredecessor: the device signs whatever it likes; the hub gives a place to what has the next
// number of its own stream only. Else a gap would lie in a chain that both sides call whole.
func TestAChangeSetStandsAfterItsPredecessor(t *testing.T) {
	o := newOrganisation(t, 2, 1)
	s := o.serve(t)
	a, b := o.writer(o.people[0], o.scopes[0]), o.writer(o.people[0], o.scopes[0])
	s.want(wire.Accepted, "", a.next(nil, create(1)), b.next(nil, create(1)))
	for what, change := range map[string]func(*changeset.Header){
		"a number is skipped":   func(h *changeset.Header) { h.Seq++ },
		"another stream's head": func(h *changeset.Header) { h.Prev = b.prev.Hash },
	} {
		d := a.draft(nil, create(2))
		change(&d.Header)
		set := must[*changeset.Set](t)(d.Close(a.p.sign))
		if got := s.push(set)[0]; got.Status != wire.Refused || got.Reason != "chain" {
			t.Errorf("%s: status %d %q", what, got.Status, got.Reason)
		}
	}
	s.want(wire.Accepted, "", a.next(nil, create(2)))
	s.sound()
}

// results links what a person's device states.
func (o *organisation) results(p *person, r ...ledger.Result) {
	o.t.Helper()
	o.append(must[[]byte](o.t)(ledger.NewLink(o.log, p.id(), p.sign, ledger.Results(r), 1000)))
}

// TestNothingComesBackOnceItsKeysAreDestroyed: what officers accepted before the destruction counts; what they accept
// after it stays aside, because nobody can open it any more.
func TestNothingComesBackOnceItsKeysAreDestroyed(t *testing.T) {
	o := newOrganisation(t, 3, 1)
	s, scope := o.serve(t), o.scopes[0]
	a, b := o.writer(o.people[0], scope), o.writer(o.people[1], scope)
	inside := a.next(nil, create(1))
	intime, late := a.next(nil, create(2)), b.next(nil, create(1))
	s.want(wire.Accepted, "", inside, intime, late)
	cut, name, err := admit.EncodeCut([]wire.Tip{{Stream: a.stream(), Seq: 1, Set: inside.Hash}})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.PutBlobs(ctx, o.boss.id(), wire.Blobs{Blobs: [][]byte{cut}}); err != nil {
		t.Fatal(err)
	}
	o.openEpoch(scope)
	o.order(&ledger.CloseEpoch{Scope: scope, Number: 1, Cut: name})
	o.order(&ledger.Accept{Set: intime.Hash})
	pack := schema.Hash{1, 2, 3}
	o.results(o.people[0], &ledger.KeyPack{Scope: scope, Number: 2, Pack: pack, Cut: name})
	o.results(o.people[1], &ledger.Confirm{Scope: scope, Number: 1, Pack: pack, Cut: name, Complete: true})
	o.order(&ledger.DestroyEpoch{Scope: scope, Number: 1})
	o.order(&ledger.Accept{Set: late.Hash})
	s.catchUp()
	q := must[wire.Quarantine](t)(s.Quarantined(ctx, o.boss.id()))
	if len(q.Sets) != 1 || q.Sets[0].Set != late.Hash || q.Sets[0].Reason != string(admit.DestroyedEpoch) {
		t.Fatalf("%+v", q.Sets)
	}
	s.sound()
}

// TestAnOrderedEpochGrantsOnceItIsLinked: until its key exists nobody can read under it, and both sides leave the scope
// out of what they compare.
func TestAnOrderedEpochGrantsOnceItIsLinked(t *testing.T) {
	o := newOrganisation(t, 3, 1)
	scope := schema.Scope{0xee}
	o.order(&ledger.Scopes{IDs: []schema.Scope{scope}})
	e := o.people[0].entry
	e.Read = append(append([]schema.Scope{}, e.Read...), scope)
	o.order(&e, &ledger.OpenEpoch{Scope: scope, Number: 1, Grantees: []schema.Device{o.people[0].id()}, Executor: o.people[0].id()})
	if got := admit.Readable(o.log.State(), o.people[0].id()); len(got) != 1 || got[0] != o.scopes[0] {
		t.Fatalf("an epoch without a key grants: %v", got)
	}
}

// TestWhatIsSetAsideHidesNothing: an edit that does not count has seen another; that one stands nevertheless.
func TestWhatIsSetAsideHidesNothing(t *testing.T) {
	o := newOrganisation(t, 3, 1)
	s, scope := o.serve(t), o.scopes[0]
	stale := o.writer(o.people[1], scope)
	o.openEpoch(scope)
	s.catchUp()
	w := o.writer(o.people[0], scope)
	x := schema.ObjectOf(w.stream(), [8]byte{7: 1})
	s.want(wire.Accepted, "", w.next(nil, create(1)), w.next(nil, edit(x, changeset.Own{}, nil, tag(1))))
	stale.epoch = 1
	heads := []changeset.Head{headOf(w.prev)}
	s.want(wire.Quarantined, "wrong_epoch", stale.next(heads, edit(x, changeset.Own{}, []uint32{0}, tag(1))))
	got := s.frontier(scope)
	if len(got) != 1 || !got[dot{hub.Cell{Object: x, Tag: tag(1)}, w.prev.Hash, 0}] {
		t.Fatalf("%v", got)
	}
	s.sound()
}

// TestSeenEndsWhereTheAuthorStoppedReading: of a change-set the first delta only; of the branch that a clone left, what lies
// before the parting only.
func TestSeenEndsWhereTheAuthorStoppedReading(t *testing.T) {
	o := newOrganisation(t, 3, 1)
	s, scope := o.serve(t), o.scopes[0]
	w, other := o.writer(o.people[0], scope), o.writer(o.people[1], scope)
	x := schema.ObjectOf(w.stream(), [8]byte{7: 1})
	two := []changeset.Delta{edit(x, changeset.Own{}, nil, tag(1)), edit(x, changeset.Own{}, nil, tag(2))}
	s.want(wire.Accepted, "", w.next(nil, create(1)), w.next(nil, two...))
	begun := w.prev.Hash
	twin := w.clone()
	s.want(wire.Accepted, "", w.next(nil, edit(x, changeset.Own{Back: 1, Count: 1}, nil, tag(1), tag(2), tag(3))))
	s.want(wire.Accepted, "", twin.next(nil, create(2)), twin.next(nil, create(3)))
	heads := []changeset.Head{headOf(twin.prev)}
	s.want(wire.Accepted, "", other.next(heads, edit(x, changeset.Own{}, []uint32{0}, tag(3))))
	cell := func(n byte) hub.Cell { return hub.Cell{Object: x, Tag: tag(n)} }
	want := map[dot]bool{
		{cell(1), w.prev.Hash, 0}: true,
		{cell(2), begun, 1}:       true, {cell(2), w.prev.Hash, 0}: true,
		{cell(3), w.prev.Hash, 0}: true, {cell(3), other.prev.Hash, 0}: true,
	}
	if got := s.frontier(scope); !maps.Equal(got, want) {
		t.Fatalf("%v, want %v", got, want)
	}
	s.sound()
}

// TestWhatComesIsWhatWasAnnounced: the answer names what the opening named, so a device could be told that a change-set is
// durable of which the hub never saw a byte.
func TestWhatComesIsWhatWasAnnounced(t *testing.T) {
	o := newOrganisation(t, 2, 1)
	s := o.serve(t)
	w := o.writer(o.people[0], o.scopes[0])
	other := w.clone()
	announced, sent := w.next(nil, create(1)), other.next(nil, create(2))
	var body bytes.Buffer
	opening := openingOf(announced, 0)
	opening.Total = uint64(len(sent.Raw))
	if err := wire.WriteSet(&body, opening, sent.Raw); err != nil {
		t.Fatal(err)
	}
	if got := s.pushBody(body.Bytes())[0]; got.Set != announced.Hash || got.Status != wire.Refused || got.Reason != "hash" {
		t.Fatalf("%+v", got)
	}
	if n := s.status().ChangeSets; n != 0 {
		t.Errorf("%d change-sets kept", n)
	}
	s.want(wire.Accepted, "", announced)
}

// TestTheDigestIsOfWhatIsHeldNow: an answer that was right before the last push would call unequal sides synced.
func TestTheDigestIsOfWhatIsHeldNow(t *testing.T) {
	o := newOrganisation(t, 2, 1)
	s := o.serve(t)
	w := o.writer(o.people[0], o.scopes[0])
	for n := range uint64(3) {
		s.want(wire.Accepted, "", w.next(nil, create(n+1)))
		want := wire.Digest(o.log.Head().Hash, []wire.Tip{{Stream: w.stream(), Seq: w.seq, Set: w.prev.Hash}})
		if got := s.scopeState(o.people[0].id(), o.scopes[0]).Digest; got != want {
			t.Errorf("after push %d the digest is another", n+1)
		}
	}
}

// TestAReaderOfOneScopePullsNoOther: a right to read here is no right to read there.
func TestAReaderOfOneScopePullsNoOther(t *testing.T) {
	o := newOrganisation(t, 3, 2)
	s := o.serve(t)
	scope := schema.Scope{0xee}
	o.order(&ledger.Scopes{IDs: []schema.Scope{scope}})
	s.catchUp()
	_, err := s.Pull(ctx, o.people[0].id(), wire.PullAsk{Cursors: []wire.Cursor{{Scope: o.scopes[0]}, {Scope: scope}}})
	wantCode(t, err, wire.CodeNotYours)
}

// TestTheRevokedAreRefusedOnAnOpenChannel: the channel was opened before the revocation. Over it the device learns that it is
// revoked and hands over what it has not sent; it is told of no scope, and reads nothing.
func TestTheRevokedAreRefusedOnAnOpenChannel(t *testing.T) {
	o := newOrganisation(t, 3, 1)
	s := o.serve(t)
	gone := o.people[1].id()
	must[wire.SyncReply](t)(s.Sync(ctx, gone, wire.SyncAsk{}))
	o.order(&ledger.Revoke{Device: gone})
	s.catchUp()
	if r := must[wire.SyncReply](t)(s.Sync(ctx, gone, wire.SyncAsk{})); len(r.Scopes)+len(r.Own) != 0 || r.Head.Hash != o.log.Head().Hash {
		t.Fatalf("%+v", r)
	}
	must[wire.PushReply](t)(s.Push(ctx, gone, bytes.NewReader(nil)))
	for what, try := range map[string]func() error{
		"pull":   func() error { _, err := s.Pull(ctx, gone, wire.PullAsk{}); return err },
		"blobs":  func() error { _, err := s.GetBlobs(ctx, gone, wire.BlobNames{}); return err },
		"put":    func() error { return s.PutBlobs(ctx, gone, wire.Blobs{}) },
		"ranges": func() error { _, err := s.Ranges(ctx, gone, wire.RangesAsk{}); return err },
		"fetch":  func() error { _, err := s.Fetch(ctx, gone, wire.FetchAsk{}); return err },
		"link":   func() error { _, err := s.Append(ctx, gone, wire.LedgerAppend{}); return err },
		"check":  func() error { _, err := s.CheckPack(ctx, gone, wire.PackCheck{}); return err },
		"orders": func() error { _, err := s.Orders(ctx, gone); return err },
	} {
		t.Run(what, func(t *testing.T) { wantCode(t, try(), wire.CodeNotMember) })
	}
}

// TestVerifyFindsARearrangedLog: a running hash in the middle is not what the log before it gives.
func TestVerifyFindsARearrangedLog(t *testing.T) {
	o := newOrganisation(t, 2, 1)
	s := o.serve(t)
	w := o.writer(o.people[0], o.scopes[0])
	s.want(wire.Accepted, "", w.next(nil, create(1)), w.next(nil, create(2)))
	db, err := sql.Open("sqlite", s.path)
	if err != nil {
		t.Fatal(err)
	}
	_, err = db.Exec("UPDATE sets SET running = ? WHERE number = 1", bytes.Repeat([]byte{1}, len(schema.Hash{})))
	if err := errors.Join(err, db.Close()); err != nil {
		t.Fatal(err)
	}
	if r := must[hub.Report](t)(s.Verify(ctx, func(int64, int64) {})); r.OK() {
		t.Fatal("nothing was found")
	}
}

// TestWhoAsksForOwnWorkGetsItWhole: a laptop that was restored from an older image reads back what it wrote since; any other
// gets the hash of what it wrote itself.
func TestWhoAsksForOwnWorkGetsItWhole(t *testing.T) {
	o := newOrganisation(t, 2, 1)
	s := o.serve(t)
	set := o.writer(o.people[0], o.scopes[0]).next(nil, create(1))
	s.want(wire.Accepted, "", set)
	for own, want := range map[bool][]byte{true: set.Raw, false: {}} {
		reply := must[wire.PullReply](t)(s.Pull(ctx, o.people[0].id(), wire.PullAsk{Own: own, Cursors: []wire.Cursor{{Scope: o.scopes[0]}}}))
		if len(reply.Scopes) != 1 || len(reply.Scopes[0].Items) != 1 || !bytes.Equal(reply.Scopes[0].Items[0].Raw, want) {
			t.Errorf("own work asked for %v: %+v", own, reply)
		}
	}
}
