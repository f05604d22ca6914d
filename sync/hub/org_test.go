package hub_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/binary"
	"io"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"escale/crypto/key"
	"escale/crypto/ledger"
	"escale/crypto/seal"
	"escale/schema"
	"escale/store/hubsqlite"
	"escale/sync/changeset"
	"escale/sync/hub"
	"escale/sync/wire"
)

// person is an enrolled laptop of this organisation's tests.
type person struct {
	entry ledger.DeviceEntry
	sign  key.SignPrivate
	tls   key.TLSPrivate
	kem   seal.DevicePrivate
}

func (p *person) id() schema.Device { return p.entry.Device }

// organisation is a small one: an officer, readers and a capture-only laptop, and open scopes.
type organisation struct {
	t       testing.TB
	genesis []byte
	officer key.OfficerPrivate
	boss    *person
	people  []*person
	scopes  []schema.Scope
	log     *ledger.Log
	epochs  map[schema.Scope]seal.EpochPrivate
}

func must[T any](t testing.TB) func(T, error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func newPerson(t testing.TB, role string) *person {
	t.Helper()
	p := &person{
		sign: must[key.SignPrivate](t)(key.NewSign(rand.Reader)),
		tls:  must[key.TLSPrivate](t)(key.NewTLS(rand.Reader)),
		kem:  must[seal.DevicePrivate](t)(seal.NewDevice(rand.Reader)),
	}
	p.entry = ledger.DeviceEntry{
		Device: must[schema.Device](t)(schema.NewDevice(rand.Reader)),
		Member: must[schema.Member](t)(schema.NewMember(rand.Reader)),
		Role:   role, LeaseSeconds: 3600,
		Keys: ledger.DeviceKeys{Sign: p.sign.Public(), KEM: p.kem.Public(), TLS: p.tls.Public()},
	}
	return p
}

// newOrganisation founds one with n scopes; everybody but the last person reads and writes all, the last only writes.
func newOrganisation(t testing.TB, people, n int) *organisation {
	t.Helper()
	o := &organisation{t: t, officer: must[key.OfficerPrivate](t)(key.NewOfficer(rand.Reader)), epochs: map[schema.Scope]seal.EpochPrivate{}}
	o.boss = newPerson(t, "officer")
	for range n {
		o.scopes = append(o.scopes, must[schema.Scope](t)(schema.NewScope(rand.Reader)))
	}
	g := ledger.Genesis{
		Suite: schema.Suite, Time: 1, Threshold: 1, Devices: []ledger.DeviceEntry{o.boss.entry},
		Officers: []ledger.Officer{{Member: o.boss.entry.Member, Device: o.boss.id(), Key: o.officer.Public()}},
	}
	o.genesis = must[[]byte](t)(g.Encode())
	o.log = must[*ledger.Log](t)(ledger.New(ledger.OrgOf(o.genesis), o.genesis))
	bodies := []ledger.Body{&ledger.Scopes{IDs: o.scopes}}
	for i := range people {
		p := newPerson(t, "outreach")
		p.entry.Write = o.scopes
		if i < people-1 {
			p.entry.Read = o.scopes
		}
		o.people = append(o.people, p)
		bodies = append(bodies, &ledger.Member{Member: p.entry.Member}, &p.entry)
	}
	o.order(bodies...)
	for _, s := range o.scopes {
		o.openEpoch(s)
	}
	return o
}

func (o *organisation) readers() (out []schema.Device) {
	for _, p := range o.people {
		if d, _ := o.log.State().Device(p.id()); len(p.entry.Read) > 0 && d.RevokedAt == 0 {
			out = append(out, p.id())
		}
	}
	return out
}

// order signs bodies as the officer and links them.
func (o *organisation) order(bodies ...ledger.Body) schema.Order {
	o.t.Helper()
	signed := must[*ledger.SignedOrder](o.t)(ledger.NewOrder(rand.Reader, o.log.Org(), 1<<40, o.log.Head(), bodies...))
	if err := signed.Sign(o.officer); err != nil {
		o.t.Fatal(err)
	}
	o.append(must[[]byte](o.t)(ledger.NewLink(o.log, o.boss.id(), o.boss.sign, signed, 1000)))
	return must[*ledger.Order](o.t)(signed.Content()).ID
}

func (o *organisation) append(entry []byte) {
	o.t.Helper()
	if err := o.log.Append(entry); err != nil {
		o.t.Fatal(err)
	}
}

// openEpoch orders and links the next epoch of a scope; the first reader makes it.
func (o *organisation) openEpoch(s schema.Scope) {
	o.t.Helper()
	number := uint32(1)
	if e, ok := o.log.State().CurrentEpoch(s); ok {
		number = e.Number + 1
	}
	readers := o.readers()
	by := o.people[0]
	id := o.order(&ledger.OpenEpoch{Scope: s, Number: number, Grantees: readers, Executor: by.id()})
	k := must[seal.EpochPrivate](o.t)(seal.NewEpoch(rand.Reader))
	o.epochs[s] = k
	result := &ledger.EpochResult{Order: id, Scope: s, Number: number, Public: k.Public(), Wraps: schema.Hash{1}}
	o.append(must[[]byte](o.t)(ledger.NewLink(o.log, by.id(), by.sign, ledger.Results{result}, 1000)))
}

// writer is one incarnation of a person in one scope.
type writer struct {
	o      *organisation
	p      *person
	inc    schema.Incarnation
	scope  schema.Scope
	prev   *changeset.Set
	seq    uint64
	sess   *seal.Session
	header []byte
	cites  schema.Hash // ledger head; zero: the newest
	epoch  uint32      // zero: the newest
}

func (o *organisation) writer(p *person, scope schema.Scope) *writer {
	o.t.Helper()
	w := &writer{o: o, p: p, scope: scope, inc: must[schema.Incarnation](o.t)(schema.NewIncarnation(rand.Reader))}
	w.session()
	return w
}

func (w *writer) session() {
	w.o.t.Helper()
	number := w.number()
	var err error
	w.sess, w.header, err = seal.NewSession(w.o.epochs[w.scope].Public(),
		seal.EpochName{Org: w.o.log.Org(), Scope: w.scope, Number: number}, w.p.id())
	if err != nil {
		w.o.t.Fatal(err)
	}
}

func (w *writer) number() uint32 {
	if w.epoch != 0 {
		return w.epoch
	}
	if e, ok := w.o.log.State().CurrentEpoch(w.scope); ok {
		return e.Number
	}
	return 1
}

func (w *writer) stream() schema.Stream { return schema.StreamOf(w.p.id(), w.inc, w.scope) }

// clone returns a writer that goes on from the same place, as a copied disk does.
func (w *writer) clone() *writer { c := *w; return &c }

func create(seed uint64) changeset.Delta {
	d := changeset.Delta{Create: true, Sealed: bytes.Repeat([]byte{0xc1}, 80)}
	binary.BigEndian.PutUint64(d.Seed[:], seed)
	return d
}

func tag(n byte) schema.Tag { return schema.Tag{0xf0, n} }

func edit(o schema.Object, own changeset.Own, heads []uint32, tags ...schema.Tag) changeset.Delta {
	d := changeset.Delta{Object: o, Own: own, Heads: heads, Sealed: bytes.Repeat([]byte{0xed}, 80)}
	for _, t := range tags {
		d.Tags = append(d.Tags, changeset.Tagged{Tag: t, Class: changeset.Exclusive})
	}
	return d
}

// draft prepares the next change-set without going on.
func (w *writer) draft(heads []changeset.Head, deltas ...changeset.Delta) changeset.Draft {
	w.o.t.Helper()
	h := changeset.Header{
		Org: w.o.log.Org(), Device: w.p.id(), Incarnation: w.inc, Scope: w.scope, Seq: w.seq + 1,
		Ledger: w.cites, Heads: heads, Pack: schema.Pack{1}, Epoch: w.number(), Session: w.sess.ID,
	}
	if w.cites.IsZero() {
		h.Ledger = w.o.log.Head().Hash
	}
	if w.prev != nil {
		h.Prev = w.prev.Hash
	}
	if _, err := io.ReadFull(rand.Reader, h.Salt[:]); err != nil {
		w.o.t.Fatal(err)
	}
	c, wrap, err := w.sess.NewChangeSet(rand.Reader, seal.Place{Stream: w.stream(), Seq: h.Seq, Pack: h.Pack, Salt: h.Salt})
	if err != nil || c == nil {
		w.o.t.Fatal(err)
	}
	d := changeset.Draft{Header: h, Wrap: wrap}
	if w.seq == 0 {
		d.Session = w.header
	}
	for i := range deltas {
		d.Deltas = append(d.Deltas, must[[]byte](w.o.t)(changeset.EncodeDelta(&deltas[i])))
	}
	return d
}

// next closes a change-set and goes on.
func (w *writer) next(heads []changeset.Head, deltas ...changeset.Delta) *changeset.Set {
	w.o.t.Helper()
	d := w.draft(heads, deltas...)
	w.prev = must[*changeset.Set](w.o.t)(d.Close(w.p.sign))
	w.seq++
	return w.prev
}

func headOf(s *changeset.Set) changeset.Head {
	return changeset.Head{Stream: s.Header.Stream(), Seq: s.Header.Seq, Set: s.Hash}
}

// server is a hub over a real store.
type server struct {
	*hub.Hub
	t     testing.TB
	o     *organisation
	store *hubsqlite.Store
	path  string
	now   time.Time
}

// serve makes a hub that holds the organisation's ledger.
func (o *organisation) serve(t testing.TB) *server {
	t.Helper()
	s := &server{t: t, o: o, path: filepath.Join(t.TempDir(), "hub.db"), now: time.UnixMilli(1_700_000_000_000)}
	s.store = must[*hubsqlite.Store](t)(hubsqlite.Open(context.Background(), s.path))
	if err := hub.Init(context.Background(), s.store, o.log.Org(), rand.Reader); err != nil {
		t.Fatal(err)
	}
	s.open()
	must[wire.Head](t)(s.Found(context.Background(), o.boss.tls.Public(), o.genesis))
	s.catchUp()
	t.Cleanup(func() {
		if err := s.store.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func (s *server) open() {
	s.t.Helper()
	s.Hub = must[*hub.Hub](s.t)(hub.Open(context.Background(), s.store, hub.Options{
		Clock: s.clock, Rand: rand.Reader, Key: must[key.TLSPrivate](s.t)(key.NewTLS(rand.Reader)),
	}))
}

// reopen closes and opens everything, as a restart does.
func (s *server) reopen() {
	s.t.Helper()
	if err := s.store.Close(); err != nil {
		s.t.Fatal(err)
	}
	s.store = must[*hubsqlite.Store](s.t)(hubsqlite.Open(context.Background(), s.path))
	s.open()
}

// catchUp brings the hub's ledger to the organisation's head.
func (s *server) catchUp() {
	s.t.Helper()
	page := must[wire.LedgerPage](s.t)(s.Ledger(context.Background(), wire.LedgerRead{From: 0}))
	entries := s.o.log.Entries(page.Head.Height + 1)
	if len(entries) == 0 {
		return
	}
	must[wire.Head](s.t)(s.Append(context.Background(), s.o.boss.id(), wire.LedgerAppend{After: page.Head.Hash, Entries: entries}))
}

func frames(t testing.TB, sets ...*changeset.Set) []byte {
	t.Helper()
	var b bytes.Buffer
	for _, s := range sets {
		if err := wire.WriteSet(&b, openingOf(s, 0), s.Raw); err != nil {
			t.Fatal(err)
		}
	}
	return b.Bytes()
}

func openingOf(s *changeset.Set, offset uint64) wire.Opening {
	return wire.Opening{Stream: s.Header.Stream(), Seq: s.Header.Seq, Set: s.Hash, Total: uint64(len(s.Raw)), Offset: offset}
}

// push sends change-sets as the boss and returns what became of each.
func (s *server) push(sets ...*changeset.Set) []wire.PushResult {
	s.t.Helper()
	return s.pushBody(frames(s.t, sets...))
}

func (s *server) pushBody(body []byte) []wire.PushResult {
	s.t.Helper()
	return must[wire.PushReply](s.t)(s.Push(context.Background(), s.o.boss.id(), bytes.NewReader(body))).Results
}

func (s *server) want(status wire.Status, reason string, sets ...*changeset.Set) {
	s.t.Helper()
	for _, set := range sets {
		if got := s.push(set)[0]; got.Status != status || got.Reason != reason || got.Set != set.Hash {
			s.t.Fatalf("change-set %d: status %d %q, want %d %q", set.Header.Seq, got.Status, got.Reason, status, reason)
		}
	}
}

// dot is a frontier row by names that are the same at every hub.
type dot struct {
	cell  hub.Cell
	set   schema.Hash
	index uint32
}

// frontier returns the frontier of a scope.
func (s *server) frontier(scope schema.Scope) map[dot]bool {
	s.t.Helper()
	out := map[dot]bool{}
	err := s.store.View(context.Background(), func(tx hub.Tx) error {
		rows, err := tx.Scopes()
		if err != nil {
			return err
		}
		for _, row := range rows {
			if row.Scope != scope {
				continue
			}
			names := map[int64]schema.Hash{}
			if err := tx.Log(row.ID, 0, func(e hub.LogEntry) (bool, error) { names[e.ID] = e.Hash; return true, nil }); err != nil {
				return err
			}
			return tx.EachDot(row.ID, func(d hub.Dot) error { out[dot{d.Cell, names[d.Set], d.Index}] = true; return nil })
		}
		return nil
	})
	if err != nil {
		s.t.Fatal(err)
	}
	return out
}

func (s *server) status() hub.Status {
	s.t.Helper()
	return must[hub.Status](s.t)(s.Status(context.Background()))
}

// sound verifies everything that the hub holds.
func (s *server) sound() {
	s.t.Helper()
	r := must[hub.Report](s.t)(s.Verify(context.Background(), func(int64, int64) {}))
	if !r.OK() {
		s.t.Fatalf("verification: %+v", r.Faults)
	}
}

func (s *server) clock() time.Time { return s.now }

// lose takes rows out of the database behind the hub's back, and starts it again. It returns what was lost, in order.
func (s *server) lose(which func(hub.LogEntry) bool) (out []*changeset.Set) {
	s.t.Helper()
	ids := []any{}
	err := s.store.View(context.Background(), func(tx hub.Tx) error {
		rows, err := tx.Scopes()
		if err != nil {
			return err
		}
		return tx.Log(rows[0].ID, 0, func(e hub.LogEntry) (bool, error) {
			if which(e) {
				ids = append(ids, e.ID)
				raw, err := tx.Raw(e.ID)
				if err != nil {
					return false, err
				}
				out = append(out, must[*changeset.Set](s.t)(changeset.Parse(slices.Clone(raw))))
			}
			return true, nil
		})
	})
	if err != nil || len(ids) == 0 {
		s.t.Fatalf("%d rows, %v", len(ids), err)
	}
	if err := s.store.Close(); err != nil {
		s.t.Fatal(err)
	}
	db := must[*sql.DB](s.t)(sql.Open("sqlite", s.path))
	for _, id := range ids {
		must[sql.Result](s.t)(db.Exec("DELETE FROM sets WHERE id = ?", id))
	}
	if err := db.Close(); err != nil {
		s.t.Fatal(err)
	}
	s.store = must[*hubsqlite.Store](s.t)(hubsqlite.Open(context.Background(), s.path))
	s.open()
	return out
}
