package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"time"

	"escale/clients/dpo"
	"escale/clients/hubclient"
	"escale/clients/profile"
	"escale/cmd/escale-hub/serve"
	"escale/crypto/key"
	"escale/crypto/ledger"
	"escale/schema"
	"escale/store/agentdb"
	"escale/sync/hubhttp"
)

// rig is an organisation with one officer and a real hub in a folder, behind real TLS on loopback.
type rig struct {
	b    *bench
	dir  string
	hub  *served
	desk *dpo.Desk
	boss *laptop
}

// served is a hub that listens.
type served struct {
	*serve.Hub
	addr  string
	stop  context.CancelFunc
	ended chan error
}

func (b *bench) serve(dir string) (*served, error) {
	h, err := serve.Open(b.ctx, dir, serve.Options{Clock: time.Now, Rand: rand.Reader})
	if err != nil {
		return nil, err
	}
	s, err := h.Listen(b.ctx, serve.Addresses{Listen: "127.0.0.1:0", Ops: serve.NoOps}, hubhttp.Options{}, nil)
	if err != nil {
		return nil, errors.Join(err, h.Close(b.ctx))
	}
	ctx, stop := context.WithCancel(b.ctx)
	out := &served{Hub: h, addr: s.Addr(), stop: stop, ended: make(chan error, 1)}
	go func() { out.ended <- s.Run(ctx) }()
	return out, nil
}

func (s *served) close(ctx context.Context) error {
	s.stop()
	return errors.Join(<-s.ended, s.Hub.Close(context.WithoutCancel(ctx)))
}

// newRig founds an organisation in a folder of the measurement.
func (b *bench) newRig(name string, sites ...string) (*rig, error) {
	r := &rig{b: b, dir: filepath.Join(b.dir, name)}
	keys, err := profile.NewKeys(rand.Reader, true)
	if err != nil {
		return nil, err
	}
	card, err := dpo.CardOf(keys)
	if err != nil {
		return nil, err
	}
	plan, err := dpo.NewPlan(rand.Reader, time.Now(), "Invented", 1, []dpo.Card{card}, sites, b.source)
	if err != nil {
		return nil, err
	}
	keys.Org = ledger.OrgOf(plan.Genesis)
	if _, err := serve.Init(b.ctx, r.hubDir(), keys.Org, rand.Reader); err != nil {
		return nil, err
	}
	if r.hub, err = b.serve(r.hubDir()); err != nil {
		return nil, err
	}
	if err := r.found(keys, plan); err != nil {
		return nil, errors.Join(err, r.close())
	}
	return r, nil
}

func (r *rig) found(keys profile.Keys, plan *dpo.Plan) (err error) {
	if r.boss, err = r.laptop("boss", keys); err != nil {
		return err
	}
	if r.desk, err = dpo.New(r.boss.p, r.boss.hub); err != nil {
		return err
	}
	return r.desk.Found(r.b.ctx, plan, ledger.HubEntry{Address: r.hub.addr, Pins: []key.TLSPublic{r.hub.Pin}}, r.b.source)
}

func (r *rig) hubDir() string { return filepath.Join(r.dir, "hub") }

func (r *rig) close() error {
	var errs []error
	if r.boss != nil {
		errs = append(errs, r.boss.close())
	}
	return errors.Join(append(errs, r.hub.close(r.b.ctx))...)
}

// laptop is one profile that speaks to the hub.
type laptop struct {
	r    *rig
	path string
	keys profile.Keys
	p    *profile.Profile
	hub  *hubclient.Client
}

func (r *rig) laptop(name string, keys profile.Keys) (*laptop, error) {
	l := &laptop{r: r, path: filepath.Join(r.dir, name+".db"), keys: keys}
	if err := l.unlock(); err != nil {
		return nil, err
	}
	return l, l.connect()
}

// connect opens a client of the hub with counters at zero.
func (l *laptop) connect() (err error) {
	l.hub, err = hubclient.New(l.r.hub.addr, l.p.TLS(), []key.TLSPublic{l.r.hub.Pin}, hubclient.Options{Org: l.keys.Org, Device: l.keys.Device})
	return err
}

func (l *laptop) unlock() error {
	db, err := agentdb.Open(l.r.b.ctx, l.path)
	if err != nil {
		return err
	}
	l.p, err = profile.Open(l.r.b.ctx, db, l.keys, profile.Options{Clock: time.Now, Rand: rand.Reader})
	if err != nil {
		return errors.Join(err, db.Close())
	}
	return nil
}

func (l *laptop) close() error {
	l.hub.Close()
	return l.p.Close()
}

// terms are what an enrolled device may do.
type terms struct {
	role  string
	read  func(schema.ScopeName) bool
	write func(schema.ScopeName) bool
}

func all(schema.ScopeName) bool  { return true }
func none(schema.ScopeName) bool { return false }

// enrol enters devices by an order of the officer, without the letters of an invitation, and orders their keys.
func (r *rig) enrol(t terms, keys ...profile.Keys) error {
	if _, err := r.desk.Sync(r.b.ctx); err != nil { // laptops may have linked something since
		return err
	}
	var bodies []ledger.Body
	for i := range keys {
		entry, err := r.entry(t, &keys[i])
		if err != nil {
			return err
		}
		bodies = append(bodies, &ledger.Member{Member: keys[i].Member, Sealed: []byte{}}, entry)
	}
	p := r.boss.p
	order, err := ledger.NewOrder(rand.Reader, p.Keys.Org, time.Now().Add(time.Hour).Unix(), p.Log().Head(), bodies...)
	if err != nil {
		return err
	}
	officer, ok := p.Officer()
	if !ok {
		return dpo.ErrNotOfficer
	}
	if err := order.Sign(officer); err != nil {
		return err
	}
	if err := (profile.Exchange{Profile: p, Blobs: r.boss.hub}).Link(r.b.ctx, order); err != nil {
		return err
	}
	return r.desk.Approve(r.b.ctx, nil) // the grants that are due now
}

func (r *rig) entry(t terms, k *profile.Keys) (*ledger.DeviceEntry, error) {
	pub, err := k.Public()
	if err != nil {
		return nil, err
	}
	e := &ledger.DeviceEntry{Device: k.Device, Member: k.Member, Keys: pub, Role: t.role, Sites: []ledger.Site{}, Read: []schema.Scope{}, Write: []schema.Scope{}}
	d := r.boss.p.Directory()
	for id, n := range d.Scopes {
		if t.read(n) {
			e.Read = append(e.Read, id)
		}
		if t.write(n) {
			e.Write = append(e.Write, id)
		}
	}
	if len(e.Read) > 0 {
		e.Read = append(e.Read, d.Scope)
	}
	for _, list := range [][]schema.Scope{e.Read, e.Write} {
		slices.SortFunc(list, func(a, b schema.Scope) int { return slices.Compare(a[:], b[:]) })
	}
	return e, nil
}

// join enrols one laptop and brings it up to date, its keys and forms included.
func (r *rig) join(name string, t terms) (*laptop, error) {
	keys, err := profile.NewKeys(rand.Reader, false)
	if err != nil {
		return nil, err
	}
	keys.Org = r.boss.keys.Org
	if err := r.enrol(t, keys); err != nil {
		return nil, err
	}
	l, err := r.laptop(name, keys)
	if err != nil {
		return nil, err
	}
	if err := settle(l); err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", name, err), l.close())
	}
	return l, nil
}

// onLaptop runs a measurement on one laptop of an organisation that is founded for it and cleared away after.
func (b *bench) onLaptop(name string, measure func(*laptop) error) (err error) {
	r, err := b.newRig(name, site)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.close()) }()
	l, err := r.join("laptop", everything())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, l.close()) }()
	return measure(l)
}
