// Package orgtest makes a small organisation for tests: a real hub and its store without a channel, an officer's desk, and
// laptops that join, exchange and unlock again. It belongs to tests only; no program links it.
package orgtest

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
func (d direct) Ranges(ctx context.Context, ask wire.RangesAsk) (wire.RangesReply, error) {
	return d.Hub.Ranges(ctx, d.device(), ask)
}
func (d direct) Fetch(ctx context.Context, ask wire.FetchAsk) (wire.FetchReply, error) {
	return d.Hub.Fetch(ctx, d.device(), ask)
}
func (d direct) PutBlobs(ctx context.Context, b wire.Blobs) error {
	return d.Hub.PutBlobs(ctx, d.device(), b)
}
func (d direct) GetBlobs(ctx context.Context, n wire.BlobNames) (wire.Blobs, error) {
	return d.Hub.GetBlobs(ctx, d.device(), n)
}
func (d direct) CheckPack(ctx context.Context, ask wire.PackCheck) (wire.PackChecked, error) {
	return d.Hub.CheckPack(ctx, d.device(), ask)
}
func (d direct) Traces(ctx context.Context, ask wire.TraceAsk) (wire.Traces, error) {
	return d.Hub.Traces(ctx, d.device(), ask)
}
func (d direct) Keys(ctx context.Context) (wire.KeyReport, error) {
	return d.Hub.Keys(ctx, d.device())
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

// Org is an organisation with a hub, for tests.
type Org struct {
	T     *testing.T
	Dir   string
	hub   *hub.Hub
	desk  *dpo.Desk
	keys  profile.Keys
	boss  *profile.Profile
	clock func() time.Time
	moved time.Duration
}

// Now returns everybody's clock.
func (o *Org) Now() time.Time { return o.clock() }

// Move moves everybody's clock, forward or back.
func (o *Org) Move(by time.Duration) { o.moved += by }

// Laptop is one enrolled device.
type Laptop struct {
	o       *Org
	Name    string
	Keys    profile.Keys
	Profile *profile.Profile
}

func (o *Org) direct(p *profile.Profile) direct { return direct{o.hub, p.TLS().Public()} }

// Must fails the test unless the call it is given succeeded.
func Must[T any](t testing.TB) func(T, error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// OK fails the test on an error.
func OK(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// New founds an organisation with these sites and opens its hub.
func New(t *testing.T, sites ...string) *Org {
	t.Helper()
	ctx := context.Background()
	o := &Org{T: t, Dir: t.TempDir()}
	o.clock = func() time.Time { return time.Now().Add(o.moved) }
	source := Must[*pack.Source](t)(pack.Build(os.DirFS("../../schema/pack/starter")))
	o.keys = Must[profile.Keys](t)(profile.NewKeys(rand.Reader, true))
	card := Must[dpo.Card](t)(dpo.CardOf(o.keys))
	plan := Must[*dpo.Plan](t)(dpo.NewPlan(rand.Reader, o.clock(), "Invented", 1, []dpo.Card{card}, sites, source))
	o.keys.Org = ledger.OrgOf(plan.Genesis)
	store := Must[*hubsqlite.Store](t)(hubsqlite.Open(ctx, filepath.Join(o.Dir, "hub.db")))
	OK(t, hub.Init(ctx, store, o.keys.Org, rand.Reader))
	k := Must[key.TLSPrivate](t)(key.NewTLS(rand.Reader))
	o.hub = Must[*hub.Hub](t)(hub.Open(ctx, store, hub.Options{Clock: o.clock, Rand: rand.Reader, Key: k, Joining: func(b []byte) (schema.Device, error) {
		r, err := invite.DecodeRequest(b)
		if err != nil {
			return schema.Device{}, err
		}
		return r.Device, nil
	}}))
	t.Cleanup(func() { OK(t, o.hub.Close(ctx)); OK(t, store.Close()) })
	o.boss = o.open("boss", o.keys)
	o.desk = Must[*dpo.Desk](t)(dpo.New(o.boss, o.direct(o.boss)))
	OK(t, o.desk.Found(ctx, plan, ledger.HubEntry{Address: "127.0.0.1:1", Pins: []key.TLSPublic{k.Public()}}, source))
	return o
}

func (o *Org) open(name string, keys profile.Keys) *profile.Profile {
	o.T.Helper()
	ctx := context.Background()
	db := Must[*agentdb.DB](o.T)(agentdb.Open(ctx, filepath.Join(o.Dir, name)))
	return Must[*profile.Profile](o.T)(profile.Open(ctx, db, keys, profile.Options{Clock: o.clock, Rand: rand.Reader}))
}

// Desk returns the officer's desk.
func (o *Org) Desk() *dpo.Desk { return o.desk }

// Boss returns the officer's profile.
func (o *Org) Boss() *profile.Profile { return o.boss }

// Hub returns the hub.
func (o *Org) Hub() *hub.Hub { return o.hub }

// Ask lets a new laptop ask to join.
func (o *Org) Ask(name, role string, sites ...string) *Laptop {
	o.T.Helper()
	ctx := context.Background()
	v := Must[*invite.Invitation](o.T)(o.desk.Invite(ctx, role, sites, name))
	keys := Must[profile.Keys](o.T)(profile.NewKeys(rand.Reader, false))
	keys.Org = v.Org
	l := &Laptop{o: o, Name: name, Keys: keys, Profile: o.open(name, keys)}
	pub := Must[ledger.DeviceKeys](o.T)(keys.Public())
	r := invite.Request{Invitation: v.ID, Org: v.Org, Device: keys.Device, Member: keys.Member, Keys: pub, SealedName: []byte{}}
	b := Must[[]byte](o.T)(r.Encode(v.Secret, l.Profile.SignKey()))
	Must[wire.JoinReply](o.T)(o.hub.Join(ctx, wire.JoinRequest{Request: b}))
	return l
}

// ApproveAll enrols every laptop that asked.
func (o *Org) ApproveAll() {
	o.T.Helper()
	ctx := context.Background()
	rs, unproved, err := o.desk.Requests(ctx)
	OK(o.T, err)
	if unproved != 0 {
		o.T.Fatalf("%d requests unproved", unproved)
	}
	OK(o.T, o.desk.Approve(ctx, rs))
}

// Exchange exchanges with the hub.
func (l *Laptop) Exchange() (replica.Report, error) {
	return replica.New(profile.Exchange{Profile: l.Profile, Blobs: l.o.direct(l.Profile)}, l.o.direct(l.Profile), nil).Run(context.Background())
}

// Sync exchanges with the hub and fails the test unless it succeeds.
func (l *Laptop) Sync() replica.Report {
	l.o.T.Helper()
	rep, err := l.Exchange()
	if err != nil {
		l.o.T.Fatalf("%s: sync: %v", l.Name, err)
	}
	return rep
}

// Book returns the records of the laptop.
func (l *Laptop) Book() *field.Book {
	l.o.T.Helper()
	return Must[*field.Book](l.o.T)(field.Open(l.Profile))
}

// Copy opens a copy of a laptop's store, which the caller made, with the same keys.
func (o *Org) Copy(l *Laptop, name string) *Laptop {
	o.T.Helper()
	return &Laptop{o: o, Name: name, Keys: l.Keys, Profile: o.open(name, l.Keys)}
}

// Reopen locks the laptop and unlocks it again.
func (l *Laptop) Reopen() {
	l.o.T.Helper()
	OK(l.o.T, l.Profile.Close())
	l.Open()
}

// Open unlocks a laptop that was locked.
func (l *Laptop) Open() {
	l.o.T.Helper()
	l.Profile = l.o.open(l.Name, l.Keys)
}
