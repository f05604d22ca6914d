package ledger_test

import (
	"crypto/sha256"
	"encoding/binary"
	"io"
	"testing"

	"escale/crypto/key"
	"escale/crypto/ledger"
	"escale/schema"
)

// drawn is a reader that yields the same bytes for the same seed.
type drawn struct {
	seed, n uint64
	rest    []byte
}

func (d *drawn) Read(p []byte) (int, error) {
	for i := range p {
		if len(d.rest) == 0 {
			var b [16]byte
			binary.BigEndian.PutUint64(b[:8], d.seed)
			binary.BigEndian.PutUint64(b[8:], d.n)
			sum := sha256.Sum256(b[:])
			d.rest, d.n = sum[:], d.n+1
		}
		p[i], d.rest = d.rest[0], d.rest[1:]
	}
	return len(p), nil
}

// fataler is what *testing.T, *testing.B, *testing.F and *rapid.T share.
type fataler interface {
	Helper()
	Fatal(...any)
	Fatalf(string, ...any)
}

func must[T any](t fataler, v T, err error) T {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// laptop is a device with its private signing key.
type laptop struct {
	entry ledger.DeviceEntry
	sign  key.SignPrivate
}

func (l *laptop) id() schema.Device { return l.entry.Device }

// world is an organisation with all its private keys.
type world struct {
	t        fataler
	rand     io.Reader
	log      *ledger.Log
	genesis  *ledger.Genesis
	officers []key.OfficerPrivate
	desks    []*laptop // the officers' devices
	clock    int64     // unix milliseconds
	expires  int64
}

const founded = 1_767_225_600 // unix seconds

func newWorld(t fataler, seed uint64, n, m int) *world {
	t.Helper()
	w := &world{t: t, rand: &drawn{seed: seed}, clock: founded * 1000, expires: founded + 1<<20}
	g := &ledger.Genesis{Suite: schema.Suite, Time: founded, Threshold: uint(m)}
	w.fill(g.Nonce[:])
	g.Custody = make([]byte, key.KEMPublicSize)
	w.fill(g.Custody)
	for range n {
		member := must(t, first(schema.NewMember(w.rand)), nil)
		desk := w.laptop(member)
		officer := must(t, first(key.NewOfficer(w.rand)), nil)
		g.Officers = append(g.Officers, ledger.Officer{Member: member, Device: desk.id(), Key: officer.Public()})
		g.Devices = append(g.Devices, desk.entry)
		w.officers, w.desks = append(w.officers, officer), append(w.desks, desk)
	}
	w.genesis = g
	b, err := g.Encode()
	must(t, b, err)
	w.log, err = ledger.New(ledger.OrgOf(b), b)
	must(t, w.log, err)
	return w
}

// first drops an error that a drawn reader cannot cause.
func first[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func (w *world) fill(p []byte) {
	if _, err := io.ReadFull(w.rand, p); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) hash() (h schema.Hash)      { w.fill(h[:]); return h }
func (w *world) scope() schema.Scope        { return first(schema.NewScope(w.rand)) }
func (w *world) epochKEM() (k key.EpochKEM) { w.fill(k[:]); return k }

// laptop makes the keys of a device that is not enrolled yet.
func (w *world) laptop(member schema.Member, read ...schema.Scope) *laptop {
	sign, tls := first(key.NewSign(w.rand)), first(key.NewTLS(w.rand))
	l := &laptop{sign: sign, entry: ledger.DeviceEntry{
		Device: first(schema.NewDevice(w.rand)), Member: member, Role: "outreach", Sites: []ledger.Site{{1}},
		Keys: ledger.DeviceKeys{Sign: sign.Public(), TLS: tls.Public()}, Read: read, Write: read, LeaseSeconds: 14 * 86400,
	}}
	w.fill(l.entry.Keys.KEM[:])
	return l
}

// order makes an order signed by the first officers up to the threshold.
func (w *world) order(bodies ...ledger.Body) *ledger.SignedOrder {
	w.t.Helper()
	o, err := ledger.NewOrder(w.rand, w.log.Org(), w.expires, w.log.Head(), bodies...)
	must(w.t, o, err)
	for _, k := range w.officers[:w.genesis.Threshold] {
		if err := o.Sign(k); err != nil {
			w.t.Fatal(err)
		}
	}
	return o
}

func (w *world) orderID(o *ledger.SignedOrder) schema.Order {
	c, err := o.Content()
	return must(w.t, c, err).ID
}

// link makes the next entry.
func (w *world) link(by *laptop, p ledger.Payload) []byte {
	w.t.Helper()
	w.clock += 1000
	b, err := ledger.NewLink(w.log, by.id(), by.sign, p, w.clock)
	return must(w.t, b, err)
}

func (w *world) try(by *laptop, p ledger.Payload) error {
	w.t.Helper()
	return w.log.Append(w.link(by, p))
}

// do links an order that must be taken.
func (w *world) do(bodies ...ledger.Body) schema.Order {
	w.t.Helper()
	o := w.order(bodies...)
	if err := w.try(w.desks[0], o); err != nil {
		w.t.Fatal(err)
	}
	return w.orderID(o)
}

// enrol enters a new member with a laptop.
func (w *world) enrol(read ...schema.Scope) *laptop {
	w.t.Helper()
	member := first(schema.NewMember(w.rand))
	l := w.laptop(member, read...)
	w.do(&ledger.Member{Member: member, Sealed: []byte("sealed elsewhere")}, &l.entry)
	return l
}

func ids(ls ...*laptop) (out []schema.Device) {
	for _, l := range ls {
		out = append(out, l.id())
	}
	return out
}

// result answers the order of an epoch.
func (w *world) result(order schema.Order, scope schema.Scope, number uint32) *ledger.EpochResult {
	return &ledger.EpochResult{Order: order, Scope: scope, Number: number, Public: w.epochKEM(), Wraps: w.hash()}
}

// roll orders and links the next epoch of a scope.
func (w *world) roll(scope schema.Scope, executor *laptop, readers ...*laptop) uint32 {
	w.t.Helper()
	number := uint32(1)
	if cur, ok := w.log.State().CurrentEpoch(scope); ok {
		number = cur.Number + 1
	}
	id := w.do(&ledger.OpenEpoch{Scope: scope, Number: number, Grantees: ids(readers...), Executor: executor.id()})
	if err := w.try(executor, ledger.Results{w.result(id, scope, number)}); err != nil {
		w.t.Fatal(err)
	}
	return number
}

var (
	_ fataler = (*testing.T)(nil)
	_ fataler = (*testing.B)(nil)
	_ fataler = (*testing.F)(nil)
)
