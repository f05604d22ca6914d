package profile_test

import (
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"maps"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"escale/clients/witness"
	"escale/crypto/key"
	"escale/crypto/ledger"
	"escale/crypto/seal"
	"escale/schema"
	"escale/schema/canon"
	"escale/store/audit"
	"escale/sync/changeset"
	"escale/sync/replica"
	"escale/sync/wire"
)

// lie is the switch of one attack: it changes what the hub answers, before the laptop sees it.
type lie func(reply any)

// attack is one thing that a hub, or a device with its help, may try.
type attack struct {
	name  string
	leans string // the check that stops it: without it the subtest fails
	lie   func(s *stage, t *testing.T) lie
	want  error // that the exchange ends in
	write bool  // the victim has work of its own to send
}

// stage is an organisation in the middle of its day. The victim of each attack is an image of one laptop, as it stood
// before the news that the hub holds.
type stage struct {
	o       *org
	a, b    *laptop
	before  *laptop // an image that nobody wakes
	scope   schema.Scope
	x       schema.Object
	foreign *org
	old     wire.SyncReply           // what the hub said before the news
	half    map[schema.Object]string // what is shown when half of the news came
}

// auditSealer seals the log as the client program does.
type auditSealer struct{ *seal.Storage }

func (l auditSealer) Seal(plain []byte) ([]byte, error) {
	return l.Storage.Seal("audit", nil, plain)
}
func (l auditSealer) Open(sealed []byte) ([]byte, error) {
	return l.Storage.Open("audit", nil, sealed)
}

// watched exchanges through a line, and notes in a real log what the program would note.
func (l *laptop) watched(t *testing.T, lie lie) (replica.Report, []audit.Entry, error) {
	t.Helper()
	line := l.o.line(l.p)
	line.replies = lie
	before := l.p.Doubtful()
	rep, err := l.run(line)
	if line.calls > 500 {
		t.Errorf("%d calls", line.calls)
	}
	return rep, l.noted(t, witness.Entries(&rep, err, before, l.p.Doubtful())), err
}

// noted writes entries to the laptop's log and returns all that it holds, read back and verified.
func (l *laptop) noted(t *testing.T, entries []audit.Entry) []audit.Entry {
	t.Helper()
	path := filepath.Join(l.dir(), "audit")
	log := must[*audit.Log](t)(audit.Open(path, audit.Head{}, auditSealer{l.p.Storage()}, time.Now, rand.Reader))
	for _, e := range entries {
		e.Time = time.Now()
		must[audit.Head](t)(log.Append(e))
	}
	all := must[[]audit.Entry](t)(log.Entries(0, 100))
	head := log.Head()
	ok(t, log.Close())
	must[audit.Report](t)(audit.Verify(path, head))
	return all
}

// wakeAs wakes an image of the victim.
func (s *stage) wakeAs(name string) *laptop {
	l := s.before.image(name).wake()
	return l
}

// play runs the steps once with an honest hub, once with the attack, and then with an honest hub again.
func (s *stage) play(t *testing.T, at attack) {
	t.Helper()
	honest := s.wakeAs(at.name + " honest")
	if rep, log, err := honest.watched(t, nil); err != nil || !rep.Synced || len(log) != 0 {
		t.Fatalf("the honest control: %v %+v, %d entries in the log", err, rep, len(log))
	}
	victim := s.wakeAs(at.name)
	was := victim.shown(s.scope)
	if at.write {
		victim.create(s.scope, opOf("lww", "mine"))
	}
	mine := victim.shown(s.scope)
	rep, log, err := victim.watched(t, at.lie(s, t))
	told := errors.Join(append(rep.Caught, err)...)
	if !errors.Is(told, at.want) || rep.Synced != (err == nil) {
		t.Errorf("ends in %v, synced %v, want %v", told, rep.Synced, at.want)
	}
	if rep.Synced && !at.write && !maps.Equal(victim.shown(s.scope), honest.shown(s.scope)) {
		t.Error("says synced, and is not")
	}
	code, _ := witness.Code(at.want)
	if !slices.ContainsFunc(log, func(e audit.Entry) bool { return e.Reason == code && code != "" }) {
		t.Errorf("the log says %+v, nothing of %q", log, code)
	}
	for _, when := range []string{"then", "after opening again"} {
		s.nothingForged(t, when, victim, honest, was, mine, s.half)
		victim.reopen()
	}
	victim.sync()
	if !at.write && !maps.Equal(victim.shown(s.scope), honest.shown(s.scope)) {
		t.Error("does not read what the honest one reads once the hub is honest again")
	}
}

// nothingForged: whatever is shown was shown before, or is what an honest hub brings; and the ledger is the honest one.
func (s *stage) nothingForged(t *testing.T, when string, victim, honest *laptop, before ...map[schema.Object]string) {
	t.Helper()
	good := honest.shown(s.scope)
	for o, got := range victim.shown(s.scope) {
		known := got == good[o]
		for _, m := range before {
			known = known || got == m[o]
		}
		if !known {
			t.Errorf("%s: shows %q, which nobody wrote", when, got)
		}
	}
	if h := victim.p.LedgerHead(); !honest.p.HoldsEntry(h.Height, h.Hash) {
		t.Errorf("%s: follows another ledger", when)
	}
}

// outerForm is a change-set as it travels, for whoever means to change it on the way.
type outerForm struct {
	_         struct{} `cbor:",toarray"`
	Header    []byte
	Signature key.Signature
	Session   []byte
	Wrap      []byte
	Deltas    [][]byte
	Erased    []erasedForm
}

type erasedForm struct {
	_    struct{} `cbor:",toarray"`
	Part uint32
	Sum  schema.Hash
}

// partForm is a delta as it travels.
type partForm struct {
	_       struct{} `cbor:",toarray"`
	ID      []byte
	Context []uint64
	Tags    []byte
	Sealed  []byte
	Chunks  []schema.Hash
}

func sumOf(label string, parts ...[]byte) (out schema.Hash) {
	h := sha256.New()
	h.Write([]byte(label))
	for _, p := range parts {
		h.Write(p)
	}
	h.Sum(out[:0])
	return out
}

// rewrite changes a change-set. right puts the list of parts in the header right; sign signs it anew, if somebody can.
func rewrite(t *testing.T, raw []byte, right bool, sign *key.SignPrivate, f func(h *changeset.Header, o *outerForm)) wire.Item {
	t.Helper()
	var o outerForm
	var h changeset.Header
	ok(t, canon.DecodeLoose(raw, &o))
	ok(t, canon.Decode(o.Header, &h))
	f(&h, &o)
	if right {
		var sums []byte
		for _, p := range append([][]byte{o.Session, o.Wrap}, o.Deltas...) {
			sum := sha256.Sum256(p)
			sums = append(sums, sum[:]...)
		}
		h.Count, h.Parts = uint32(len(o.Deltas)), sumOf("escale/v1/parts\x00", sums)
	}
	o.Header = must[[]byte](t)(canon.Encode(h))
	item := wire.Item{Set: sumOf("escale/v1/change-set\x00", o.Header)}
	if sign != nil {
		o.Signature = must[key.Signature](t)(sign.Sign(key.ContextChangeSet, item.Set[:]))
	}
	item.Raw = must[[]byte](t)(canon.Encode(o))
	return item
}

// reparted changes one delta of a change-set.
func reparted(t *testing.T, o *outerForm, i int, f func(p *partForm)) {
	t.Helper()
	var p partForm
	ok(t, canon.DecodeLoose(o.Deltas[i], &p))
	f(&p)
	o.Deltas[i] = must[[]byte](t)(canon.Encode(p))
}

// pages changes the runs of the stage's scope in every answer.
func (s *stage) pages(f func(p *wire.ScopePage)) lie {
	return func(reply any) {
		whenPull(reply, func(r *wire.PullReply) {
			for i := range r.Scopes {
				if r.Scopes[i].Scope == s.scope && len(r.Scopes[i].Items) > 0 {
					f(&r.Scopes[i])
				}
			}
		})
		if r, is := reply.(*wire.FetchReply); is { // nor does it give back what it withheld
			r.Sets = [][]byte{}
		}
	}
}

// entries changes what the hub shows of the ledger.
func entries(f func(p *wire.LedgerPage)) lie {
	return func(reply any) {
		if p, is := reply.(*wire.LedgerPage); is {
			f(p)
		}
	}
}

// newStage lets two laptops agree, keeps an image of one, and lets the other write and sync.
func newStage(t *testing.T) *stage {
	t.Helper()
	o, a, b := calais(t)
	s := &stage{o: o, a: a, b: b, scope: a.admin()}
	s.x = a.create(s.scope, opOf("lww", "one"))
	y := a.create(s.scope, opOf("lww", "other"))
	settle(a, b)
	s.old = must[wire.SyncReply](t)(o.hub.Sync(t.Context(), b.keys.Device, wire.SyncAsk{}))
	s.before = b.image("before")
	a.edit(s.x, opOf("lww", "two"))
	a.edit(y, opOf("lww", "two, of the other"))
	ok(t, a.p.CloseOpenSets(t.Context()))
	s.half = a.shown(s.scope)
	a.edit(y, opOf("lww", "three"))
	a.create(s.scope, opOf("lww", "new"))
	a.sync()
	return s
}

// entry signs the entry that follows the boss's head, whoever may do so.
func (s *stage) entry(t *testing.T, by *laptop, p ledger.Payload) []byte {
	t.Helper()
	if by == nil {
		return must[[]byte](t)(ledger.NewLink(s.o.boss.Log(), s.o.keys.Device, s.o.boss.SignKey(), p, 1))
	}
	return must[[]byte](t)(ledger.NewLink(by.p.Log(), by.keys.Device, by.p.SignKey(), p, 1))
}
