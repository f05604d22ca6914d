package office_test

import (
	"context"
	"crypto/rand"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"escale/clients/dpo"
	"escale/clients/field"
	"escale/clients/profile"
	"escale/crypto/invite"
	"escale/crypto/key"
	"escale/crypto/ledger"
	"escale/schema"
	"escale/schema/pack"
	"escale/store/agentdb"
	"escale/store/hubsqlite"
	"escale/sync/hub"
	"escale/sync/replica"
	"escale/sync/wire"
)

// direct is a hub without a channel: the same calls, as one device.
type direct struct {
	*hub.Hub
	tls key.TLSPublic
}

func (d direct) device() schema.Device { dev, _ := d.Lookup(d.tls); return dev }
func (d direct) Sync(ctx context.Context, ask wire.SyncAsk) (wire.SyncReply, error) {
	return d.Hub.Sync(ctx, d.device(), ask)
}
func (d direct) Append(ctx context.Context, add wire.LedgerAppend) (wire.Head, error) {
	return d.Hub.Append(ctx, d.device(), add)
}
func (d direct) Offsets(ctx context.Context, o wire.Offers) (wire.Offsets, error) {
	return d.Hub.Offsets(ctx, d.device(), o)
}
func (d direct) Pull(ctx context.Context, ask wire.PullAsk) (wire.PullReply, error) {
	return d.Hub.Pull(ctx, d.device(), ask)
}
func (d direct) PutBlobs(ctx context.Context, b wire.Blobs) error {
	return d.Hub.PutBlobs(ctx, d.device(), b)
}
func (d direct) GetBlobs(ctx context.Context, n wire.BlobNames) (wire.Blobs, error) {
	return d.Hub.GetBlobs(ctx, d.device(), n)
}
func (d direct) Found(ctx context.Context, genesis []byte) (wire.Head, error) {
	return d.Hub.Found(ctx, d.tls, genesis)
}
func (d direct) Requests(ctx context.Context) (wire.Requests, error) {
	return d.Hub.Requests(ctx, d.device())
}
func (d direct) PutOrder(ctx context.Context, o wire.PendingOrder) error {
	return d.Hub.PutOrder(ctx, d.device(), o)
}
func (d direct) Orders(ctx context.Context) (wire.PendingOrders, error) {
	return d.Hub.Orders(ctx, d.device())
}
func (d direct) Push(ctx context.Context, write func(io.Writer) error) (wire.PushReply, error) {
	r, w := io.Pipe()
	go func() { w.CloseWithError(write(w)) }()
	return d.Hub.Push(ctx, d.device(), r)
}

// org is an organisation with a hub, for tests.
type org struct {
	t     *testing.T
	dir   string
	hub   *hub.Hub
	desk  *dpo.Desk
	keys  profile.Keys
	boss  *profile.Profile
	clock func() time.Time
}

// laptop is one enrolled device.
type laptop struct {
	o    *org
	path string
	keys profile.Keys
	p    *profile.Profile
}

func (o *org) direct(p *profile.Profile) direct { return direct{o.hub, p.TLS().Public()} }

func must[T any](t testing.TB) func(T, error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func ok(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func newOrg(t *testing.T, sites ...string) *org {
	t.Helper()
	ctx := context.Background()
	o := &org{t: t, dir: t.TempDir(), clock: time.Now}
	source := must[*pack.Source](t)(pack.Build(os.DirFS("../../schema/pack/starter")))
	o.keys = must[profile.Keys](t)(profile.NewKeys(rand.Reader, true))
	card := must[dpo.Card](t)(dpo.CardOf(o.keys))
	plan := must[*dpo.Plan](t)(dpo.NewPlan(rand.Reader, o.clock(), "Invented", 1, []dpo.Card{card}, sites, source))
	o.keys.Org = ledger.OrgOf(plan.Genesis)
	store := must[*hubsqlite.Store](t)(hubsqlite.Open(ctx, filepath.Join(o.dir, "hub.db")))
	ok(t, hub.Init(ctx, store, o.keys.Org, rand.Reader))
	k := must[key.TLSPrivate](t)(key.NewTLS(rand.Reader))
	o.hub = must[*hub.Hub](t)(hub.Open(ctx, store, hub.Options{Clock: o.clock, Rand: rand.Reader, Key: k, Joining: func(b []byte) (schema.Device, error) {
		r, err := invite.DecodeRequest(b)
		if err != nil {
			return schema.Device{}, err
		}
		return r.Device, nil
	}}))
	t.Cleanup(func() { ok(t, o.hub.Close(ctx)); ok(t, store.Close()) })
	o.boss = o.open("boss", o.keys)
	o.desk = must[*dpo.Desk](t)(dpo.New(o.boss, o.direct(o.boss)))
	ok(t, o.desk.Found(ctx, plan, ledger.HubEntry{Address: "127.0.0.1:1", Pins: []key.TLSPublic{k.Public()}}, source))
	return o
}

func (o *org) open(name string, keys profile.Keys) *profile.Profile {
	o.t.Helper()
	ctx := context.Background()
	db := must[*agentdb.DB](o.t)(agentdb.Open(ctx, filepath.Join(o.dir, name)))
	return must[*profile.Profile](o.t)(profile.Open(ctx, db, keys, profile.Options{Clock: o.clock, Rand: rand.Reader}))
}

// ask lets a new laptop ask to join.
func (o *org) ask(name, role string, sites ...string) *laptop {
	o.t.Helper()
	ctx := context.Background()
	v := must[*invite.Invitation](o.t)(o.desk.Invite(ctx, role, sites, name))
	keys := must[profile.Keys](o.t)(profile.NewKeys(rand.Reader, false))
	keys.Org = v.Org
	l := &laptop{o: o, path: name, keys: keys, p: o.open(name, keys)}
	pub := must[ledger.DeviceKeys](o.t)(keys.Public())
	r := invite.Request{Invitation: v.ID, Org: v.Org, Device: keys.Device, Member: keys.Member, Keys: pub, SealedName: []byte{}}
	b := must[[]byte](o.t)(r.Encode(v.Secret, l.p.SignKey()))
	must[wire.JoinReply](o.t)(o.hub.Join(ctx, wire.JoinRequest{Request: b}))
	return l
}

func (o *org) approveAll() {
	o.t.Helper()
	ctx := context.Background()
	rs, unproved, err := o.desk.Requests(ctx)
	ok(o.t, err)
	if unproved != 0 {
		o.t.Fatalf("%d requests unproved", unproved)
	}
	ok(o.t, o.desk.Approve(ctx, rs))
}

func (l *laptop) sync() replica.Report {
	l.o.t.Helper()
	rep, err := replica.New(profile.Exchange{Profile: l.p, Blobs: l.o.direct(l.p)}, l.o.direct(l.p), nil).Run(context.Background())
	if err != nil {
		l.o.t.Fatalf("%s: sync: %v", l.path, err)
	}
	return rep
}

func (l *laptop) book() *field.Book {
	l.o.t.Helper()
	return must[*field.Book](l.o.t)(field.Open(l.p))
}
