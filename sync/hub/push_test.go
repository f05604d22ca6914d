package hub_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"testing"

	"escale/schema"
	"escale/sync/changeset"
	"escale/sync/hub"
	"escale/sync/wire"
)

var ctx = context.Background()

func TestPushIsAcceptedThenDuplicateAlsoAfterRestart(t *testing.T) {
	o := newOrganisation(t, 2, 1)
	s := o.serve(t)
	w := o.writer(o.people[0], o.scopes[0])
	a, b := w.next(nil, create(1)), w.next(nil, create(2), create(3))
	for _, r := range s.push(a, b) {
		if r.Status != wire.Accepted {
			t.Fatalf("%+v", r)
		}
	}
	s.want(wire.Duplicate, "", a, b)
	s.reopen()
	s.want(wire.Duplicate, "", a, b)
	if st := s.status(); st.ChangeSets != 2 || st.Scopes != 1 || st.Ledger.Height != o.log.Head().Height {
		t.Fatalf("%+v", st)
	}
	s.sound()
}

func TestGapIsNamedAndLeavesNoTrace(t *testing.T) {
	o := newOrganisation(t, 2, 1)
	s := o.serve(t)
	w := o.writer(o.people[0], o.scopes[0])
	a, b, c := w.next(nil, create(1)), w.next(nil, create(2)), w.next(nil, create(3))
	s.want(wire.Gap, "", c, b)
	s.want(wire.Accepted, "", a)
	s.want(wire.Gap, "", c)
	s.want(wire.Accepted, "", b, c)
	s.sound()
}

func TestOneBadAmongGoodStopsNoOther(t *testing.T) {
	o := newOrganisation(t, 3, 1)
	s := o.serve(t)
	good, other := o.writer(o.people[0], o.scopes[0]), o.writer(o.people[1], o.scopes[0])
	a := good.next(nil, create(1))
	forged := forge(t, other)
	b := good.next(nil, create(2))
	torn := *a
	torn.Raw = bytes.Clone(b.Raw)
	torn.Raw[len(torn.Raw)-1] ^= 1
	torn.Hash = schema.Hash{9}
	res := s.push(forged, a, &torn, b)
	want := []wire.PushResult{
		{Set: forged.Hash, Status: wire.Refused, Reason: "signature"}, {Set: a.Hash},
		{Set: torn.Hash, Status: wire.Refused, Reason: res[2].Reason}, {Set: b.Hash},
	}
	for i := range want {
		if res[i] != want[i] {
			t.Errorf("%d: %+v, want %+v", i, res[i], want[i])
		}
	}
	// The forged one occupied no place: the true first of that stream is accepted.
	s.want(wire.Accepted, "", other.next(nil, create(1)))
	s.sound()
}

// forge makes the first change-set of a writer, signed with another's key.
func forge(t *testing.T, w *writer) *changeset.Set {
	d := w.draft(nil, create(77))
	return must[*changeset.Set](t)(d.Close(newPerson(t, "thief").sign))
}

func TestForeignUnknownAndFutureAreTold(t *testing.T) {
	o, foreign := newOrganisation(t, 2, 1), newOrganisation(t, 2, 1)
	s := o.serve(t)
	f := foreign.writer(foreign.people[0], foreign.scopes[0]).next(nil, create(1))
	s.want(wire.Refused, "other_org", f)
	stranger := newPerson(t, "outreach")
	s.want(wire.Refused, "unknown_dev", o.writer(stranger, o.scopes[0]).next(nil, create(1)))
	o.openEpoch(o.scopes[0]) // the hub has not heard of it
	later := o.writer(o.people[0], o.scopes[0]).next(nil, create(1))
	s.want(wire.NeedLedger, "", later)
	s.catchUp()
	s.want(wire.Accepted, "", later)
}

func TestPartialIsResumedAtEveryOffset(t *testing.T) {
	o := newOrganisation(t, 2, 1)
	s := o.serve(t)
	w := o.writer(o.people[0], o.scopes[0])
	for i := range 12 {
		deltas := []changeset.Delta{}
		for k := range 30 {
			deltas = append(deltas, create(uint64(100*i+k)))
		}
		set := w.next(nil, deltas...)
		whole := frames(t, set)
		cut := len(whole) * (i + 1) / 13
		got := s.pushBody(whole[:cut])
		if len(got) != 1 || got[0].Status != wire.Partial || got[0].Offset == 0 && cut > 1400 {
			t.Fatalf("cut at %d of %d: %+v", cut, len(whole), got)
		}
		s.reopen()
		offsets := must[wire.Offsets](t)(s.Offsets(ctx, o.boss.id(), wire.Offers{Sets: []wire.Tip{{Stream: set.Header.Stream(), Seq: set.Header.Seq, Set: set.Hash}}}))
		if offsets.Offsets[0] != got[0].Offset {
			t.Fatalf("offset %d, was told %d", offsets.Offsets[0], got[0].Offset)
		}
		if wrong := s.resume(set, got[0].Offset+1); wrong.Status != wire.Partial || wrong.Offset != got[0].Offset {
			t.Fatalf("a wrong offset: %+v", wrong)
		}
		if last := s.resume(set, got[0].Offset); last.Status != wire.Accepted {
			t.Fatalf("resumed at %d: %+v", got[0].Offset, last)
		}
	}
	if st := s.status(); st.Partials != 0 || st.ChangeSets != 12 {
		t.Fatalf("%+v", st)
	}
	s.sound()
}

func (s *server) resume(set *changeset.Set, offset uint64) wire.PushResult {
	s.t.Helper()
	var b bytes.Buffer
	if err := wire.WriteSet(&b, openingOf(set, offset), set.Raw); err != nil {
		s.t.Fatal(err)
	}
	return s.pushBody(b.Bytes())[0]
}

func TestPoisonedPartialIsForgotten(t *testing.T) {
	o := newOrganisation(t, 2, 1)
	s := o.serve(t)
	set := o.writer(o.people[0], o.scopes[0]).next(nil, create(1), create(2))
	poison := *set
	poison.Raw = bytes.Repeat([]byte{7}, len(set.Raw))
	body := frames(t, &poison)
	s.pushBody(body[:len(body)-5])
	at := s.resume(set, 0)
	if at.Status != wire.Partial || at.Offset == 0 {
		t.Fatalf("%+v", at)
	}
	if again := s.resume(set, at.Offset); again.Status != wire.Partial || again.Offset != 0 {
		t.Fatalf("what is wrong from its beginning must be asked for whole: %+v", again)
	}
	s.want(wire.Accepted, "", set)
}

func TestPartialsOfOneDeviceAreBounded(t *testing.T) {
	o := newOrganisation(t, 2, 1)
	s := o.serve(t)
	var body []byte
	for i := range 200 {
		opening := wire.Opening{Stream: schema.Stream{1}, Seq: 1, Set: schema.Hash{byte(i), 1}, Total: 5000}
		var b bytes.Buffer
		if err := wire.WriteSet(&b, opening, make([]byte, 2000)); err != nil {
			t.Fatal(err)
		}
		body = append(body, b.Bytes()...)
	}
	if n := len(s.pushBody(body)); n != 200 {
		t.Fatalf("%d results", n)
	}
	if st := s.status(); st.Partials != 64 || st.PartialSize != 64*2000 {
		t.Fatalf("%d partials of %d bytes", st.Partials, st.PartialSize)
	}
}

func TestBodiesOverTheirBoundAreRefusedByName(t *testing.T) {
	o := newOrganisation(t, 2, 1)
	s := o.serve(t)
	a := o.writer(o.people[0], o.scopes[0]).next(nil, create(1))
	endless := io.MultiReader(bytes.NewReader(frames(t, a)), &noise{})
	_, err := s.Push(ctx, o.boss.id(), endless)
	wantCode(t, err, wire.CodeMalformed)
	s.want(wire.Duplicate, "", a) // what was complete stays
	long := bytes.Repeat(frames(t, a), wire.MaxPush/len(frames(t, a))+100)
	_, err = s.Push(ctx, o.boss.id(), bytes.NewReader(long))
	wantCode(t, err, wire.CodeBound)
	_, err = s.Offsets(ctx, o.boss.id(), wire.Offers{Sets: make([]wire.Tip, wire.MaxRefs+1)})
	wantCode(t, err, wire.CodeBound)
	_, err = s.Pull(ctx, o.boss.id(), wire.PullAsk{Cursors: make([]wire.Cursor, wire.MaxRefs+1)})
	wantCode(t, err, wire.CodeBound)
	_, err = s.GetBlobs(ctx, o.boss.id(), wire.BlobNames{Names: make([]schema.Hash, wire.MaxRefs+1)})
	wantCode(t, err, wire.CodeBound)
	_, err = s.Join(ctx, wire.JoinRequest{Request: make([]byte, wire.MaxJoin+1)})
	wantCode(t, err, wire.CodeBound)
	_, err = s.Found(ctx, o.boss.tls.Public(), make([]byte, schema.MaxLedgerEntry+1))
	wantCode(t, err, wire.CodeBound)
}

type noise struct{}

func (*noise) Read(b []byte) (int, error) { clear(b); return len(b), nil }

func wantCode(t *testing.T, err error, code string) {
	t.Helper()
	var e *hub.Error
	if !errors.As(err, &e) || e.Code != code {
		t.Fatalf("error %v, want code %s", err, code)
	}
}

func TestStrangersAreRefused(t *testing.T) {
	o := newOrganisation(t, 2, 1)
	s := o.serve(t)
	stranger := newPerson(t, "outreach")
	if _, ok := s.Lookup(stranger.tls.Public()); ok {
		t.Fatal("a stranger is known")
	}
	if d, ok := s.Lookup(o.people[0].tls.Public()); !ok || d != o.people[0].id() {
		t.Fatal("a member is unknown")
	}
	for what, try := range map[string]func() error{
		"push": func() error { _, err := s.Push(ctx, stranger.id(), bytes.NewReader(nil)); return err },
		"pull": func() error { _, err := s.Pull(ctx, stranger.id(), wire.PullAsk{}); return err },
		"sync": func() error { _, err := s.Sync(ctx, stranger.id(), wire.SyncAsk{}); return err },
		"put":  func() error { return s.PutBlobs(ctx, stranger.id(), wire.Blobs{}) },
	} {
		t.Run(what, func(t *testing.T) { wantCode(t, try(), wire.CodeNotMember) })
	}
	_, err := s.Quarantined(ctx, o.people[0].id())
	wantCode(t, err, wire.CodeNotYours)
	_, err = s.Pull(ctx, o.people[1].id(), wire.PullAsk{Cursors: []wire.Cursor{{Scope: o.scopes[0]}}})
	wantCode(t, err, wire.CodeNotYours) // it may only write there
}

func TestBrokenLineKeepsWhatCame(t *testing.T) {
	o := newOrganisation(t, 2, 1)
	s := o.serve(t)
	w := o.writer(o.people[0], o.scopes[0])
	a, b := w.next(nil, create(1)), w.next(nil, bigDeltas(40)...)
	body := frames(t, a, b)
	gone, cancel := context.WithCancel(ctx)
	r := &breaking{b: body[:len(body)-100], cancel: cancel}
	reply := must[wire.PushReply](t)(s.Push(gone, o.boss.id(), r))
	if reply.Results[0].Status != wire.Accepted || reply.Results[1].Status != wire.Partial || reply.Results[1].Offset == 0 {
		t.Fatalf("%+v", reply.Results)
	}
	s.reopen()
	if last := s.resume(b, reply.Results[1].Offset); last.Status != wire.Accepted {
		t.Fatalf("%+v", last)
	}
}

// breaking is a line that breaks, and the client's context with it.
type breaking struct {
	b      []byte
	cancel func()
}

func (r *breaking) Read(p []byte) (int, error) {
	if len(r.b) == 0 {
		r.cancel()
		return 0, fmt.Errorf("line is gone: %w", io.ErrUnexpectedEOF)
	}
	n := copy(p, r.b)
	r.b = r.b[n:]
	return n, nil
}

func bigDeltas(n int) (out []changeset.Delta) {
	for i := range n {
		out = append(out, create(uint64(1000+i)))
	}
	return out
}
