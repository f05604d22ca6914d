package hubclient_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/tls"
	"net"
	"net/http"
	"path/filepath"
	"testing"
	"time"

	"escale/clients/hubclient"
	"escale/crypto/channel"
	"escale/crypto/envelope"
	"escale/crypto/key"
	"escale/crypto/ledger"
	"escale/schema"
	"escale/store/hubsqlite"
	"escale/sync/changeset"
	"escale/sync/hub"
	"escale/sync/hubhttp"
	"escale/sync/wire"
)

func must[T any](t *testing.T) func(T, error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func tlsKey(t *testing.T, n byte) key.TLSPrivate {
	t.Helper()
	return must[key.TLSPrivate](t)(key.TLSFromSeed(bytes.Repeat([]byte{n}, 32)))
}

// rig is a real hub, in a file, over real TLS on loopback, for an organisation of one officer who writes in one scope.
type rig struct {
	addr    string
	pin     key.TLSPublic
	laptop  key.TLSPrivate
	sign    key.SignPrivate
	officer key.OfficerPrivate
	genesis []byte
	entry   ledger.DeviceEntry
	scope   schema.Scope
	log     *ledger.Log
	inc     schema.Incarnation
}

func newRig(t *testing.T) *rig {
	t.Helper()
	r := &rig{laptop: tlsKey(t, 2), scope: schema.Scope{7}, inc: schema.Incarnation{8}}
	r.sign = must[key.SignPrivate](t)(key.SignFromSeed(bytes.Repeat([]byte{3}, 32)))
	r.officer = must[key.OfficerPrivate](t)(key.OfficerFromSeed(bytes.Repeat([]byte{4}, 32)))
	r.found(t)
	r.serve(t, r.hub(t))
	return r
}

// found makes the ledger: genesis, a scope, its first epoch.
func (r *rig) found(t *testing.T) {
	t.Helper()
	r.entry = ledger.DeviceEntry{
		Device: schema.Device{1}, Member: schema.Member{2}, Role: "officer",
		Keys: ledger.DeviceKeys{Sign: r.sign.Public(), KEM: key.DeviceKEM{5}, TLS: r.laptop.Public()},
	}
	g := ledger.Genesis{
		Suite: schema.Suite, Time: 1, Threshold: 1, Devices: []ledger.DeviceEntry{r.entry},
		Officers: []ledger.Officer{{Member: r.entry.Member, Device: r.entry.Device, Key: r.officer.Public()}},
	}
	r.genesis = must[[]byte](t)(g.Encode())
	r.log = must[*ledger.Log](t)(ledger.New(ledger.OrgOf(r.genesis), r.genesis))
	terms := r.entry
	terms.Read, terms.Write = []schema.Scope{r.scope}, []schema.Scope{r.scope}
	r.order(t, &ledger.Scopes{IDs: []schema.Scope{r.scope}}, &terms)
	id := r.order(t, &ledger.OpenEpoch{Scope: r.scope, Number: 1, Grantees: []schema.Device{r.entry.Device}, Executor: r.entry.Device})
	result := &ledger.EpochResult{Order: id, Scope: r.scope, Number: 1, Public: key.EpochKEM{9}, Wraps: schema.Hash{1}}
	r.link(t, ledger.Results{result})
}

func (r *rig) order(t *testing.T, bodies ...ledger.Body) schema.Order {
	t.Helper()
	signed := must[*ledger.SignedOrder](t)(ledger.NewOrder(rand.Reader, r.log.Org(), 1<<40, r.log.Head(), bodies...))
	if err := signed.Sign(r.officer); err != nil {
		t.Fatal(err)
	}
	r.link(t, signed)
	return must[*ledger.Order](t)(signed.Content()).ID
}

func (r *rig) link(t *testing.T, p ledger.Payload) {
	t.Helper()
	if err := r.log.Append(must[[]byte](t)(ledger.NewLink(r.log, r.entry.Device, r.sign, p, 1000))); err != nil {
		t.Fatal(err)
	}
}

func (r *rig) hub(t *testing.T) *hub.Hub {
	t.Helper()
	ctx := t.Context()
	store := must[*hubsqlite.Store](t)(hubsqlite.Open(ctx, filepath.Join(t.TempDir(), "hub.db")))
	t.Cleanup(func() {
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	})
	if err := hub.Init(ctx, store, r.log.Org(), rand.Reader); err != nil {
		t.Fatal(err)
	}
	k := tlsKey(t, 1)
	r.pin = k.Public()
	return must[*hub.Hub](t)(hub.Open(ctx, store, hub.Options{Clock: time.Now, Rand: rand.Reader, Key: k}))
}

func (r *rig) serve(t *testing.T, h hubhttp.Hub) {
	t.Helper()
	r.addr = start(t, func(ctx context.Context, l net.Listener) error {
		return hubhttp.Serve(ctx, l, hubhttp.New(h, hubhttp.Options{}), must[*tls.Config](t)(channel.ServerConfig(tlsKey(t, 1))))
	})
}

// start runs a server on loopback until the test ends.
func start(t *testing.T, serve func(context.Context, net.Listener) error) string {
	t.Helper()
	l := must[net.Listener](t)(net.Listen("tcp", "127.0.0.1:0"))
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- serve(ctx, l) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return l.Addr().String()
}

// answering starts a hub of one's own making, with the right key.
func answering(t *testing.T, h http.HandlerFunc) (addr string) {
	t.Helper()
	config := must[*tls.Config](t)(channel.ServerConfig(tlsKey(t, 1)))
	return start(t, func(ctx context.Context, l net.Listener) error { return hubhttp.Serve(ctx, l, h, config) })
}

func client(t *testing.T, addr string, o hubclient.Options) *hubclient.Client {
	t.Helper()
	c := must[*hubclient.Client](t)(hubclient.New(addr, tlsKey(t, 2), []key.TLSPublic{tlsKey(t, 1).Public()}, o))
	t.Cleanup(c.Close)
	return c
}

func (r *rig) client(t *testing.T, o hubclient.Options) *hubclient.Client {
	t.Helper()
	o.Org, o.Device = r.log.Org(), r.entry.Device
	return client(t, r.addr, o)
}

// bring gives the hub its genesis and the ledger.
func (r *rig) bring(t *testing.T, c *hubclient.Client) {
	t.Helper()
	head := must[wire.Head](t)(c.Found(t.Context(), r.genesis))
	got := must[wire.Head](t)(c.Append(t.Context(), wire.LedgerAppend{After: head.Hash, Entries: r.log.Entries(1)}))
	if got.Hash != r.log.Head().Hash {
		t.Fatalf("head %v, want %v", got, r.log.Head())
	}
}

// set makes the first change-set of the laptop's stream, with n creating deltas.
func (r *rig) set(t *testing.T, n int) *changeset.Set {
	t.Helper()
	session := envelope.Session{
		Suite: schema.Suite, KEM: key.KEM, Scope: r.scope, Epoch: 1, Device: r.entry.Device,
		Enc: make([]byte, envelope.EncapsulatedSize), Confirm: make([]byte, envelope.ConfirmSize),
	}
	header := must[[]byte](t)(session.Encode())
	d := changeset.Draft{Session: header, Wrap: make([]byte, envelope.WrapSize)}
	d.Header = changeset.Header{
		Org: r.log.Org(), Device: r.entry.Device, Incarnation: r.inc, Scope: r.scope, Seq: 1, Ledger: r.log.Head().Hash,
		Epoch: 1, Session: envelope.SessionID(header),
	}
	for i := range n {
		delta := changeset.Delta{Create: true, Seed: schema.ObjectSeed{byte(i), byte(i >> 8)}, Sealed: make([]byte, 512)}
		d.Deltas = append(d.Deltas, must[[]byte](t)(changeset.EncodeDelta(&delta)))
	}
	return must[*changeset.Set](t)(d.Close(r.sign))
}

func opening(s *changeset.Set, offset uint64) wire.Opening {
	return wire.Opening{Stream: s.Header.Stream(), Seq: s.Header.Seq, Set: s.Hash, Total: uint64(len(s.Raw)), Offset: offset}
}

func tip(s *changeset.Set) wire.Tip {
	return wire.Tip{Stream: s.Header.Stream(), Seq: s.Header.Seq, Set: s.Hash}
}
