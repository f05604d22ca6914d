package hub_test

import (
	"bytes"
	"crypto/rand"
	"errors"
	"slices"
	"sync"
	"testing"

	"escale/crypto/envelope"
	"escale/crypto/key"
	"escale/crypto/ledger"
	"escale/schema"
	"escale/sync/admit"
	"escale/sync/changeset"
	"escale/sync/hub"
	"escale/sync/wire"
)

func TestPullContinuesAfterTheCursorAndOwnComeAsHash(t *testing.T) {
	o := newOrganisation(t, 3, 2)
	s := o.serve(t)
	reader := o.people[0].id()
	own, other := o.writer(o.people[0], o.scopes[0]), o.writer(o.people[2], o.scopes[0])
	a, b := own.next(nil, create(1)), other.next(nil, create(1))
	s.want(wire.Accepted, "", a, b)
	ask := wire.PullAsk{Cursors: []wire.Cursor{{Scope: o.scopes[0]}, {Scope: o.scopes[1]}}}
	page := must[wire.PullReply](t)(s.Pull(ctx, reader, ask))
	if len(page.Scopes) != 1 || page.More || page.HubEpoch != s.Epoch() {
		t.Fatalf("%+v", page)
	}
	items := page.Scopes[0].Items
	if len(items) != 2 || items[0].Set != a.Hash || len(items[0].Raw) != 0 || !bytes.Equal(items[1].Raw, b.Raw) {
		t.Fatalf("%d items", len(items))
	}
	c := other.next(nil, create(2))
	s.want(wire.Accepted, "", c)
	ask.Cursors = ask.Cursors[:1]
	ask.Cursors[0].Number, ask.Cursors[0].Running = 2, wire.RunningHash(wire.RunningHash(schema.Hash{}, a.Hash), b.Hash)
	page = must[wire.PullReply](t)(s.Pull(ctx, reader, ask))
	if items := page.Scopes[0].Items; page.Scopes[0].Reset || len(items) != 1 || items[0].Set != c.Hash {
		t.Fatalf("%+v", page)
	}
	for _, wrong := range []wire.Cursor{
		{Scope: o.scopes[0], Number: 2, Running: schema.Hash{1}}, {Scope: o.scopes[0], Number: 9, Running: schema.Hash{1}},
		{Scope: o.scopes[0], Running: schema.Hash{1}},
	} {
		page = must[wire.PullReply](t)(s.Pull(ctx, reader, wire.PullAsk{Cursors: []wire.Cursor{wrong}}))
		if !page.Scopes[0].Reset || len(page.Scopes[0].Items) != 3 {
			t.Fatalf("cursor %+v: %+v", wrong, page.Scopes[0].Reset)
		}
	}
	if n := s.status().Mismatches; n != 3 {
		t.Fatalf("%d mismatches, want 3", n)
	}
}

func TestPullIsCutIntoPages(t *testing.T) {
	o := newOrganisation(t, 3, 1)
	s := o.serve(t)
	w := o.writer(o.people[2], o.scopes[0])
	var sets []*changeset.Set
	for i := range 22 {
		d := create(uint64(i))
		d.Sealed = bytes.Repeat([]byte{1}, 90<<10)
		e := create(uint64(100 + i))
		e.Sealed = d.Sealed
		sets = append(sets, w.next(nil, d, e))
	}
	for _, x := range sets {
		s.want(wire.Accepted, "", x)
	}
	w2 := o.writer(o.people[2], o.scopes[0])
	for i := range 10 {
		d := create(uint64(i))
		d.Sealed = bytes.Repeat([]byte{1}, 95<<10)
		sets = append(sets, w2.next(nil, d))
		s.want(wire.Accepted, "", sets[len(sets)-1])
	}
	cursor := wire.Cursor{Scope: o.scopes[0]}
	var got []schema.Hash
	pages := 0
	for more := true; more; pages++ {
		page := must[wire.PullReply](t)(s.Pull(ctx, o.people[0].id(), wire.PullAsk{Cursors: []wire.Cursor{cursor}}))
		size := 0
		for _, p := range page.Scopes {
			for _, item := range p.Items {
				size += len(item.Raw)
				got = append(got, item.Set)
				cursor.Number++
				cursor.Running = wire.RunningHash(cursor.Running, item.Set)
			}
		}
		if size > wire.MaxPullPage {
			t.Fatalf("page of %d bytes", size)
		}
		more = page.More
	}
	if len(got) != len(sets) || pages < 2 {
		t.Fatalf("%d change-sets of %d in %d pages", len(got), len(sets), pages)
	}
}

func TestNoOpIsSaidWhenBothSidesHoldTheSame(t *testing.T) {
	o := newOrganisation(t, 3, 3)
	s := o.serve(t)
	reader, writerOnly := o.people[0].id(), o.people[2].id()
	s.want(wire.Accepted, "", o.writer(o.people[0], o.scopes[0]).next(nil, create(1)))
	mute := o.writer(o.people[2], o.scopes[1])
	s.want(wire.Accepted, "", mute.next(nil, create(1)))
	for _, dev := range []schema.Device{reader, writerOnly} {
		first := must[wire.SyncReply](t)(s.Sync(ctx, dev, wire.SyncAsk{}))
		if first.Same || first.Head == nil {
			t.Fatalf("%+v", first)
		}
		state := wire.StateHash(first.HubEpoch, first.Head.Hash, first.Scopes, first.Own)
		again := must[wire.SyncReply](t)(s.Sync(ctx, dev, wire.SyncAsk{State: state}))
		if !again.Same || len(again.Scopes)+len(again.Own) != 0 || again.Head != nil {
			t.Fatalf("%+v", again)
		}
		s.want(wire.Accepted, "", mute.next(nil, create(uint64(len(again.Scopes)+2))))
		if after := must[wire.SyncReply](t)(s.Sync(ctx, dev, wire.SyncAsk{State: state})); after.Same {
			t.Fatal("the same although a change-set came")
		}
	}
	r := must[wire.SyncReply](t)(s.Sync(ctx, writerOnly, wire.SyncAsk{}))
	if len(r.Scopes) != 0 || len(r.Own) != 1 || r.Own[0].Set != mute.prev.Hash {
		t.Fatalf("capture-only: %+v", r)
	}
	if got := admit.WriteOnly(o.log.State(), writerOnly); len(got) != 3 || !slices.IsSortedFunc(got, func(a, b schema.Scope) int { return bytes.Compare(a[:], b[:]) }) {
		t.Fatalf("%v", got)
	}
}

func TestTimeIsSignedForOneDevice(t *testing.T) {
	o := newOrganisation(t, 2, 1)
	s := o.serve(t)
	k := must[key.TLSPrivate](t)(key.NewTLS(rand.Reader))
	h := must[*hub.Hub](t)(hub.Open(ctx, s.store, hub.Options{Clock: s.clock, Rand: rand.Reader, Key: k}))
	dev := o.people[0].id()
	r := must[wire.SyncReply](t)(h.Sync(ctx, dev, wire.SyncAsk{}))
	if r.Time != s.now.UnixMilli() {
		t.Fatalf("time %d", r.Time)
	}
	if err := k.Public().Verify(key.ContextTime, wire.TimeMessage(o.log.Org(), dev, r.Time), r.TimeSig); err != nil {
		t.Fatal(err)
	}
	if err := k.Public().Verify(key.ContextTime, wire.TimeMessage(o.log.Org(), o.boss.id(), r.Time), r.TimeSig); err == nil {
		t.Fatal("the time of one device serves another")
	}
}

func TestLedgerGrowsByCompareAndSwap(t *testing.T) {
	o := newOrganisation(t, 2, 1)
	s := o.serve(t)
	head := o.log.Head()
	signed := must[*ledger.SignedOrder](t)(ledger.NewOrder(rand.Reader, o.log.Org(), 1<<40, head, &ledger.Settings{Entries: []ledger.Setting{{Key: "a"}}}))
	if err := signed.Sign(o.officer); err != nil {
		t.Fatal(err)
	}
	loser := must[[]byte](t)(ledger.NewLink(o.log, o.boss.id(), o.boss.sign, signed, 2000))
	o.order(&ledger.Settings{Entries: []ledger.Setting{{Key: "b"}}})
	winner := o.log.Entries(head.Height + 1)
	if _, err := s.Append(ctx, o.boss.id(), wire.LedgerAppend{After: head.Hash, Entries: [][]byte{bytes.Clone(winner[0][:20])}}); err == nil {
		t.Fatal("torn entry was linked")
	}
	if _, err := s.Append(ctx, o.boss.id(), wire.LedgerAppend{After: head.Hash, Entries: [][]byte{winner[0], loser}}); err == nil {
		t.Fatal("two entries at one height were linked")
	}
	page := must[wire.LedgerPage](t)(s.Ledger(ctx, wire.LedgerRead{}))
	if page.Head.Hash != head.Hash {
		t.Fatal("a refused append left a trace")
	}
	must[wire.Head](t)(s.Append(ctx, o.boss.id(), wire.LedgerAppend{After: head.Hash, Entries: winner}))
	_, err := s.Append(ctx, o.boss.id(), wire.LedgerAppend{After: head.Hash, Entries: [][]byte{loser}})
	wantCode(t, err, wire.CodeMoved)
	var e *hub.Error
	if !errors.As(err, &e) || e.Head == nil || e.Head.Hash != o.log.Head().Hash {
		t.Fatalf("%+v", e)
	}
	must[wire.Head](t)(s.Append(ctx, o.boss.id(), wire.LedgerAppend{After: head.Hash, Entries: winner})) // a repeated message
	s.reopen()
	page = must[wire.LedgerPage](t)(s.Ledger(ctx, wire.LedgerRead{From: page.Head.Height + 1}))
	if len(page.Entries) != 1 || page.Head.Hash != o.log.Head().Hash {
		t.Fatalf("%+v", page.Head)
	}
}

func TestOnlyThisOrganisationsGenesisFounds(t *testing.T) {
	o, foreign := newOrganisation(t, 2, 1), newOrganisation(t, 2, 1)
	s := o.serve(t)
	_, err := s.Found(ctx, foreign.boss.tls.Public(), foreign.genesis)
	wantCode(t, err, wire.CodeForeign)
	_, err = s.Found(ctx, o.people[0].tls.Public(), o.genesis)
	wantCode(t, err, wire.CodeNotMember)
	again := must[wire.Head](t)(s.Found(ctx, o.boss.tls.Public(), o.genesis))
	if again.Height != o.log.Head().Height {
		t.Fatalf("founding again moved the head to %d", again.Height)
	}
	if err := hub.Init(ctx, s.store, o.log.Org(), rand.Reader); !errors.Is(err, hub.ErrTaken) {
		t.Fatalf("a second hub in one store: %v", err)
	}
	before := s.Epoch()
	if err := hub.Renew(ctx, s.store, rand.Reader); err != nil {
		t.Fatal(err)
	}
	s.reopen()
	if s.Epoch() == before {
		t.Fatal("a restored hub kept its epoch")
	}
}

func TestRequestsWaitForOfficersUntilEnrolled(t *testing.T) {
	o := newOrganisation(t, 2, 1)
	s := o.serve(t)
	joining := func(b []byte) (d schema.Device, err error) { return d, d.UnmarshalBinary(b) }
	h := must[*hub.Hub](t)(hub.Open(ctx, s.store, hub.Options{Clock: s.clock, Rand: rand.Reader, Joining: joining}))
	p := newPerson(t, "outreach")
	id := p.id()
	for range 2 {
		if r := must[wire.JoinReply](t)(h.Join(ctx, wire.JoinRequest{Request: id[:]})); r.Enrolled {
			t.Fatal("enrolled before officers decided")
		}
	}
	_, err := h.Join(ctx, wire.JoinRequest{Request: []byte("no request")})
	wantCode(t, err, wire.CodeMalformed)
	_, err = h.Requests(ctx, o.people[0].id())
	wantCode(t, err, wire.CodeNotYours)
	if r := must[wire.Requests](t)(h.Requests(ctx, o.boss.id())); len(r.Requests) != 1 || !bytes.Equal(r.Requests[0], id[:]) {
		t.Fatalf("%v", r)
	}
	head := o.log.Head()
	o.order(&ledger.Member{Member: p.entry.Member}, &p.entry)
	must[wire.Head](t)(h.Append(ctx, o.boss.id(), wire.LedgerAppend{After: head.Hash, Entries: o.log.Entries(head.Height + 1)}))
	if r := must[wire.JoinReply](t)(h.Join(ctx, wire.JoinRequest{Request: id[:]})); !r.Enrolled {
		t.Fatal("not enrolled although linked")
	}
	if r := must[wire.Requests](t)(h.Requests(ctx, o.boss.id())); len(r.Requests) != 0 {
		t.Fatalf("%v", r)
	}
}

func TestBlobsComeBackByName(t *testing.T) {
	o := newOrganisation(t, 2, 1)
	s := o.serve(t)
	blob := []byte("sealed")
	if err := s.PutBlobs(ctx, o.boss.id(), wire.Blobs{Blobs: [][]byte{blob, blob}}); err != nil {
		t.Fatal(err)
	}
	r := must[wire.Blobs](t)(s.GetBlobs(ctx, o.people[0].id(), wire.BlobNames{Names: []schema.Hash{{1}, envelope.BlobID(blob)}}))
	if len(r.Blobs) != 2 || len(r.Blobs[0]) != 0 || !bytes.Equal(r.Blobs[1], blob) {
		t.Fatalf("%q", r.Blobs)
	}
	wantCode(t, s.PutBlobs(ctx, o.boss.id(), wire.Blobs{Blobs: [][]byte{make([]byte, schema.MaxBlob+1)}}), wire.CodeBound)
}

// TestWhatIsAskedForInVainIsToldToEverybody: a restored hub does not know what it held; who asks tells it, and whoever
// kept the blob hears of it, also where nothing else differs.
func TestWhatIsAskedForInVainIsToldToEverybody(t *testing.T) {
	o := newOrganisation(t, 2, 1)
	s := o.serve(t)
	blob := []byte("sealed")
	lacks := func() []schema.Hash {
		return must[wire.SyncReply](t)(s.Sync(ctx, o.boss.id(), wire.SyncAsk{})).Lacks
	}
	ask := func(name schema.Hash) {
		must[wire.Blobs](t)(s.GetBlobs(ctx, o.people[0].id(), wire.BlobNames{Names: []schema.Hash{name, name}}))
	}
	ask(envelope.BlobID(blob))
	if got := lacks(); !slices.Equal(got, []schema.Hash{envelope.BlobID(blob)}) {
		t.Fatalf("lacks %v", got)
	}
	if err := s.PutBlobs(ctx, o.boss.id(), wire.Blobs{Blobs: [][]byte{blob}}); err != nil {
		t.Fatal(err)
	}
	if got := lacks(); len(got) != 0 {
		t.Fatalf("lacks %v, which came", got)
	}
	for i := range 3 * wire.MaxLacks {
		ask(schema.Hash{9, byte(i)})
	}
	if got := lacks(); len(got) != wire.MaxLacks || got[wire.MaxLacks-1] != (schema.Hash{9, 3*wire.MaxLacks - 1}) {
		t.Fatalf("lacks %d: %v", len(got), got)
	}
}

func TestFiftyPushAtOnce(t *testing.T) {
	o := newOrganisation(t, 4, 2)
	s := o.serve(t)
	var wg sync.WaitGroup
	bodies := make([][]byte, 50)
	for i := range bodies {
		w := o.writer(o.people[i%3], o.scopes[i%2])
		for k := range 6 {
			bodies[i] = append(bodies[i], frames(t, w.next(nil, create(uint64(k)), create(uint64(k+100))))...)
		}
	}
	failed := make(chan error, len(bodies))
	for _, b := range bodies {
		wg.Go(func() {
			r, err := s.Push(ctx, o.boss.id(), bytes.NewReader(b))
			for _, x := range r.Results {
				if x.Status != wire.Accepted {
					err = errors.Join(err, errors.New(x.Reason))
				}
			}
			failed <- err
		})
	}
	wg.Wait()
	close(failed)
	for err := range failed {
		if err != nil {
			t.Error(err)
		}
	}
	if n := s.status().ChangeSets; n != 300 {
		t.Fatalf("%d change-sets", n)
	}
	s.sound()
}

func TestVerifyFindsWhatWasTamperedWith(t *testing.T) {
	o := newOrganisation(t, 3, 1)
	for what, harm := range map[string]func(tx hub.Tx, row hub.ScopeRow) error{
		"a mark":         func(tx hub.Tx, _ hub.ScopeRow) error { return tx.MarkSet(1, "wrong_epoch") },
		"a counter":      func(tx hub.Tx, row hub.ScopeRow) error { row.Number++; return tx.PutScope(row) },
		"a running hash": func(tx hub.Tx, row hub.ScopeRow) error { row.Running[0] ^= 1; return tx.PutScope(row) },
		"conflicts":      func(tx hub.Tx, row hub.ScopeRow) error { row.Conflicts = 7; return tx.PutScope(row) },
		"the frontier": func(tx hub.Tx, row hub.ScopeRow) error {
			c := hub.Cell{Object: schema.Object{1}}
			return tx.PutCells(row.ID, []hub.Cell{c}, []hub.Dot{{Cell: c, Set: 1}})
		},
		"a tip": func(tx hub.Tx, _ hub.ScopeRow) error { return tx.PutBranch(1, 0, hub.Branch{Tip: 1}) },
	} {
		t.Run(what, func(t *testing.T) {
			s := o.serve(t)
			w := o.writer(o.people[0], o.scopes[0])
			s.want(wire.Accepted, "", w.next(nil, create(1)), w.next(nil, create(2)))
			err := s.store.Update(ctx, func(tx hub.Tx) error {
				rows, err := tx.Scopes()
				if err != nil {
					return err
				}
				return harm(tx, rows[0])
			})
			if err != nil {
				t.Fatal(err)
			}
			if r := must[hub.Report](t)(s.Verify(ctx, func(int64, int64) {})); r.OK() {
				t.Fatal("nothing was found")
			}
		})
	}
}
