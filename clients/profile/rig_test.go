package profile_test

import (
	"context"
	"crypto/rand"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"escale/clients/dpo"
	"escale/clients/profile"
	"escale/crypto/invite"
	"escale/crypto/key"
	"escale/crypto/ledger"
	"escale/schema"
	"escale/schema/pack"
	"escale/store/agentdb"
	"escale/store/hubsqlite"
	"escale/sync/causal"
	"escale/sync/changeset"
	"escale/sync/hub"
	"escale/sync/merge"
	"escale/sync/replica"
	"escale/sync/wire"
)

// org is an organisation with a hub, for tests.
type org struct {
	t     testing.TB
	dir   string
	hub   *hub.Hub
	store *hubsqlite.Store
	key   key.TLSPrivate
	desk  *dpo.Desk
	keys  profile.Keys
	boss  *profile.Profile
	ahead atomic.Int64 // of the hub's clock, nanoseconds
}

func (o *org) line(p *profile.Profile) *line { return &line{o: o, tls: p.TLS().Public()} }

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

func newOrg(t testing.TB, sites ...string) *org {
	t.Helper()
	ctx := context.Background()
	o := &org{t: t, dir: t.TempDir()}
	source := must[*pack.Source](t)(pack.Build(os.DirFS("../../schema/pack/starter")))
	o.keys = must[profile.Keys](t)(profile.NewKeys(rand.Reader, true))
	card := must[dpo.Card](t)(dpo.CardOf(o.keys))
	plan := must[*dpo.Plan](t)(dpo.NewPlan(rand.Reader, time.Now(), "Invented", 1, []dpo.Card{card}, sites, source))
	o.keys.Org = ledger.OrgOf(plan.Genesis)
	o.key = must[key.TLSPrivate](t)(key.NewTLS(rand.Reader))
	ok(t, os.MkdirAll(filepath.Dir(o.hubPath()), 0o700))
	o.store = must[*hubsqlite.Store](t)(hubsqlite.Open(ctx, o.hubPath()))
	ok(t, hub.Init(ctx, o.store, o.keys.Org, rand.Reader))
	o.openHub()
	t.Cleanup(o.closeHub)
	o.boss = o.open("boss", o.keys, rand.Reader)
	o.desk = must[*dpo.Desk](t)(dpo.New(o.boss, o.line(o.boss)))
	ok(t, o.desk.Found(ctx, plan, ledger.HubEntry{Address: "127.0.0.1:1", Pins: []key.TLSPublic{o.key.Public()}}, source))
	return o
}

func (o *org) hubPath() string { return filepath.Join(o.dir, "hub", "hub.db") }

func (o *org) openHub() {
	o.t.Helper()
	ctx := context.Background()
	if o.store == nil {
		o.store = must[*hubsqlite.Store](o.t)(hubsqlite.Open(ctx, o.hubPath()))
	}
	clock := func() time.Time { return time.Now().Add(time.Duration(o.ahead.Load())) }
	o.hub = must[*hub.Hub](o.t)(hub.Open(ctx, o.store, hub.Options{Clock: clock, Rand: rand.Reader, Key: o.key, Joining: func(b []byte) (schema.Device, error) {
		r, err := invite.DecodeRequest(b)
		if err != nil {
			return schema.Device{}, err
		}
		return r.Device, nil
	}}))
}

func (o *org) closeHub() {
	ok(o.t, o.hub.Close(context.Background()))
	ok(o.t, o.store.Close())
	o.store = nil
}

// backupHub copies the hub's files; restoreHub puts them back, with a new hub epoch or unnoticed.
func (o *org) backupHub() string {
	o.t.Helper()
	o.closeHub()
	to := filepath.Join(o.t.TempDir(), "backup")
	copyFolder(o.t, filepath.Dir(o.hubPath()), to)
	o.openHub()
	return to
}

func (o *org) restoreHub(from string, renew bool) {
	o.t.Helper()
	o.closeHub()
	ok(o.t, os.RemoveAll(filepath.Dir(o.hubPath())))
	copyFolder(o.t, from, filepath.Dir(o.hubPath()))
	o.store = must[*hubsqlite.Store](o.t)(hubsqlite.Open(context.Background(), o.hubPath()))
	if renew {
		ok(o.t, hub.Renew(context.Background(), o.store, rand.Reader))
	}
	o.openHub()
}

func copyFolder(t testing.TB, from, to string) {
	t.Helper()
	ok(t, os.MkdirAll(to, 0o700))
	entries := must[[]os.DirEntry](t)(os.ReadDir(from))
	for _, e := range entries {
		if strings.HasSuffix(e.Name(), "-shm") {
			continue // rebuilt from the write-ahead log
		}
		b := must[[]byte](t)(os.ReadFile(filepath.Join(from, e.Name())))
		ok(t, os.WriteFile(filepath.Join(to, e.Name()), b, 0o600))
	}
}

// open opens the profile in a folder of its own.
func (o *org) open(name string, keys profile.Keys, random io.Reader) *profile.Profile {
	o.t.Helper()
	p, err := openIn(filepath.Join(o.dir, name), keys, random)
	ok(o.t, err)
	return p
}

func openIn(dir string, keys profile.Keys, random io.Reader) (*profile.Profile, error) {
	ctx := context.Background()
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	db, err := agentdb.Open(ctx, filepath.Join(dir, "store"))
	if err != nil {
		return nil, err
	}
	p, err := profile.Open(ctx, db, keys, profile.Options{Clock: time.Now, Rand: random})
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return p, nil
}

// hook is randomness that calls back.
type hook struct{ f func() error }

func (h *hook) Read(b []byte) (int, error) {
	if h.f != nil {
		if err := h.f(); err != nil {
			return 0, err
		}
	}
	return rand.Read(b)
}

// laptop is one enrolled device.
type laptop struct {
	o    *org
	name string
	keys profile.Keys
	hook *hook
	p    *profile.Profile
}

func (l *laptop) dir() string { return filepath.Join(l.o.dir, l.name) }

// ask lets a new laptop ask to join.
func (o *org) ask(name, role string, sites ...string) *laptop {
	o.t.Helper()
	ctx := context.Background()
	v := must[*invite.Invitation](o.t)(o.desk.Invite(ctx, role, sites, name))
	keys := must[profile.Keys](o.t)(profile.NewKeys(rand.Reader, false))
	keys.Org = v.Org
	l := &laptop{o: o, name: name, keys: keys, hook: &hook{}}
	l.p = o.open(name, keys, l.hook)
	pub := must[ledger.DeviceKeys](o.t)(keys.Public())
	r := invite.Request{Invitation: v.ID, Org: v.Org, Device: keys.Device, Member: keys.Member, Keys: pub, SealedName: []byte{}}
	b := must[[]byte](o.t)(r.Encode(v.Secret, l.p.SignKey()))
	must[wire.JoinReply](o.t)(o.hub.Join(ctx, wire.JoinRequest{Request: b}))
	return l
}

func (o *org) approveAll() {
	o.t.Helper()
	rs, _, err := o.desk.Requests(context.Background())
	ok(o.t, err)
	ok(o.t, o.desk.Approve(context.Background(), rs))
}

// calais is an organisation of two who read and write everything of a file's administrative part.
func calais(t testing.TB) (*org, *laptop, *laptop) {
	t.Helper()
	o := newOrg(t, "calais", "tripoli")
	a, b := o.ask("calais-1", "social_worker", "calais"), o.ask("calais-2", "social_supervisor", "calais")
	o.approveAll()
	for range 2 {
		a.sync()
		b.sync()
	}
	return o, a, b
}

func (l *laptop) run(line *line) (replica.Report, error) {
	return replica.New(profile.Exchange{Profile: l.p, Blobs: line}, line, nil).Run(context.Background())
}

func (l *laptop) sync() replica.Report {
	l.o.t.Helper()
	rep, err := l.run(l.o.line(l.p))
	if err != nil || !rep.Synced {
		l.o.t.Fatalf("%s: sync: %v %+v", l.name, err, rep)
	}
	return rep
}

func (l *laptop) reopen() {
	l.o.t.Helper()
	ok(l.o.t, l.p.Close())
	l.p = l.o.open(l.name, l.keys, l.hook)
	if keys, due := l.p.RenewedKeys(); due { // as clients/home does with the vault
		l.keys = keys
		ok(l.o.t, l.p.KeysKept(context.Background()))
	}
}

// image copies the laptop's folder as it lies on the disk now.
func (l *laptop) image(name string) *laptop {
	l.o.t.Helper()
	c := &laptop{o: l.o, name: name, keys: l.keys, hook: &hook{}}
	copyFolder(l.o.t, l.dir(), c.dir())
	return c
}

func (l *laptop) wake() *laptop {
	l.o.t.Helper()
	l.p = l.o.open(l.name, l.keys, l.hook)
	l.o.t.Cleanup(func() { ok(l.o.t, l.p.Close()) })
	return l
}

func (l *laptop) scope(site, kind, compartment string) schema.Scope {
	l.o.t.Helper()
	return must[schema.Scope](l.o.t)(l.p.Directory().ScopeOf(schema.ScopeName{Site: site, Kind: kind, Compartment: schema.Compartment(compartment)}))
}

func (l *laptop) admin() schema.Scope { return l.scope("calais", "case", "admin") }

// rules: a path says by its beginning how it merges.
func rules(path string) (merge.Rule, bool) {
	switch path[0] {
	case 'k':
		return merge.Rule{Policy: merge.KeepBoth}, true
	case 'c':
		return merge.Rule{Policy: merge.Counter}, true
	case 's':
		return merge.Rule{Policy: merge.SetUnion}, true
	case 'a':
		return merge.Rule{Policy: merge.Appending}, true
	}
	return merge.Rule{Policy: merge.LWW}, true
}

func opOf(path string, value any) merge.Op {
	kind := map[byte]merge.OpKind{'c': merge.Increment, 's': merge.Add, 'a': merge.Append}[path[0]]
	return merge.Op{Kind: kind, Path: path, Value: value}
}

func (l *laptop) tryCreate(ctx context.Context, scope schema.Scope, ops ...merge.Op) (schema.Object, error) {
	seed, o, err := l.p.NewObject(scope)
	if err != nil {
		return o, err
	}
	_, err = l.p.Save(ctx, []profile.Edit{{Scope: scope, Seed: &seed, Payload: merge.Payload{Form: "note", Ops: ops}}})
	return o, err
}

func (l *laptop) create(scope schema.Scope, ops ...merge.Op) schema.Object {
	l.o.t.Helper()
	return must[schema.Object](l.o.t)(l.tryCreate(context.Background(), scope, ops...))
}

func (l *laptop) part(o schema.Object) *profile.Part {
	l.o.t.Helper()
	parts := must[[]*profile.Part](l.o.t)(l.p.PartsOf(context.Background(), o))
	if len(parts) != 1 {
		l.o.t.Fatalf("%s: %d parts of %v", l.name, len(parts), o)
	}
	return parts[0]
}

func change(part *profile.Part, view causal.Context, ops ...merge.Op) []profile.Edit {
	e := profile.Edit{Scope: part.Scope, Object: part.Object, View: view, Payload: merge.Payload{Ops: ops}}
	for _, op := range ops {
		class := changeset.Mergeable
		if op.Path[0] == 'k' {
			class = changeset.Exclusive
		}
		e.Tags = append(e.Tags, profile.TagOf{Path: op.Path, Class: class})
	}
	return []profile.Edit{e}
}

func (l *laptop) edit(o schema.Object, ops ...merge.Op) {
	l.o.t.Helper()
	part := l.part(o)
	must[causal.Time](l.o.t)(l.p.Save(context.Background(), change(part, l.p.View(part), ops...)))
}

func (l *laptop) state(o schema.Object) merge.State {
	l.o.t.Helper()
	deltas := must[[]merge.Delta](l.o.t)(l.p.Deltas(l.part(o)))
	return merge.Merge(l.p.History(), deltas, rules)
}

// shown renders everything that a laptop shows, so that two laptops can be compared.
func (l *laptop) shown(scope schema.Scope) map[schema.Object]string {
	l.o.t.Helper()
	var objects []schema.Object
	ok(l.o.t, l.p.Parts(context.Background(), func(p *profile.Part) error {
		if p.Scope == scope && p.Created() {
			objects = append(objects, p.Object)
		}
		return nil
	}))
	out := map[schema.Object]string{}
	for _, o := range objects {
		out[o] = render(l.state(o))
	}
	return out
}

func render(s merge.State) string {
	var lines []string
	for path, f := range s.Fields {
		line := path + "=" + text(f.Value)
		var siblings []string
		for _, w := range f.Siblings {
			siblings = append(siblings, text(w.Value))
		}
		slices.Sort(siblings)
		lines = append(lines, line+" {"+strings.Join(siblings, "|")+"}")
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

func glob(dir string) ([]string, error) { return filepath.Glob(filepath.Join(dir, "*")) }

type hubStatus = hub.Status

// soundHub lets the hub check everything that it holds.
func (o *org) soundHub() {
	o.t.Helper()
	r := must[hub.Report](o.t)(o.hub.Verify(context.Background(), func(int64, int64) {}))
	if !r.OK() {
		o.t.Errorf("the hub's own check: %+v", r.Faults)
	}
}
