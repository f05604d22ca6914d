package simtest_test

import (
	"bytes"
	"context"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"escale/clients/dpo"
	"escale/clients/profile"
	"escale/crypto/invite"
	"escale/crypto/key"
	"escale/crypto/ledger"
	"escale/schema"
	"escale/schema/pack"
	"escale/store/hubsqlite"
	"escale/sync/hub"
	"escale/sync/replica"
	"escale/sync/wire"
)

// site is where everything happens.
const site = "tripoli"

// begin is when every simulation begins.
var begin = time.Date(2026, 11, 2, 7, 0, 0, 0, time.UTC)

// staff are the enrolled laptops of which a seed draws some. Each reads, only writes, or does not see each of the two
// scopes, as its role says.
var staff = []struct{ name, role string }{
	{"lead-1", "protection_lead"}, {"lead-2", "protection_lead"}, {"lead-3", "protection_lead"},
	{"worker", "social_worker"}, {"outreach", "outreach"}, {"volunteer", "volunteer"},
}

// scopeNames are the scopes in which people write: testimonies, which outreach teams only capture, and the
// administrative part of files, which volunteers only capture.
var scopeNames = []schema.ScopeName{
	{Site: site, Kind: "testimony", Compartment: "testimony"},
	{Site: site, Kind: "case", Compartment: "admin"},
}

// member is a person with a laptop.
type member struct {
	name string
	keys profile.Keys
}

// base is an organisation with its hub and its enrolled laptops, all closed and at rest in one folder. Seeds copy it.
type base struct {
	dir     string
	hubKey  key.TLSPrivate
	officer member
	members []member
}

// drawing returns a reader of drawn bytes.
func drawing(seed, stream uint64) io.Reader {
	var s [32]byte
	for i := range 8 {
		s[i], s[i+8] = byte(seed>>(8*i)), byte(stream>>(8*i))
	}
	return rand.NewChaCha8(s)
}

// newBase founds the organisation and enrols its laptops, once for all seeds.
func newBase(t *testing.T) *base {
	t.Helper()
	ctx := context.Background()
	b := &base{dir: t.TempDir()}
	w := &world{t: t, base: b, dir: b.dir, now: begin, rng: rand.New(rand.NewPCG(0, 0)), hubHolds: held{}, model: newModel()}
	random := drawing(0, 1)
	source := must[*pack.Source](t)(pack.Build(os.DirFS("../../schema/pack/starter")))
	keys := must[profile.Keys](t)(profile.NewKeys(random, true))
	card := must[dpo.Card](t)(dpo.CardOf(keys))
	plan := must[*dpo.Plan](t)(dpo.NewPlan(random, begin, "Invented", 1, []dpo.Card{card}, []string{site}, source))
	keys.Org = ledger.OrgOf(plan.Genesis)
	b.officer, b.hubKey = member{"officer", keys}, must[key.TLSPrivate](t)(key.NewTLS(random))
	w.hubDir = filepath.Join(b.dir, "hub")
	ok(t, os.MkdirAll(w.hubDir, 0o700))
	w.store = must[*hubsqlite.Store](t)(hubsqlite.Open(ctx, w.hubFile()))
	ok(t, hub.Init(ctx, w.store, keys.Org, random))
	w.openHub()
	officer := w.newLaptop(b.officer, b.path(b.officer))
	desk := must[*dpo.Desk](t)(dpo.New(officer.p, officer.line(nil)))
	ok(t, desk.Found(ctx, plan, ledger.HubEntry{Address: "127.0.0.1:1", Pins: []key.TLSPublic{b.hubKey.Public()}}, source))
	var all []*laptop
	for _, s := range staff {
		l := w.join(desk, s.name, s.role, random)
		b.members, all = append(b.members, l.m), append(all, l)
	}
	w.approve(desk)
	all = append(all, officer)
	for range 3 {
		for _, l := range all {
			must[replica.Report](t)(l.exchange(l.line(nil)))
		}
	}
	for _, l := range all {
		ok(t, l.p.Close())
	}
	w.closeHub()
	return b
}

func (b *base) path(m member) string { return filepath.Join(b.dir, m.name) }

// join lets a new laptop ask to join.
func (w *world) join(desk *dpo.Desk, name, role string, random io.Reader) *laptop {
	w.t.Helper()
	ctx := context.Background()
	v := must[*invite.Invitation](w.t)(desk.Invite(ctx, role, []string{site}, name))
	keys := must[profile.Keys](w.t)(profile.NewKeys(random, false))
	keys.Org = v.Org
	l := w.newLaptop(member{name, keys}, filepath.Join(w.dir, name))
	pub := must[ledger.DeviceKeys](w.t)(keys.Public())
	r := invite.Request{Invitation: v.ID, Org: v.Org, Device: keys.Device, Member: keys.Member, Keys: pub, SealedName: []byte{}}
	asked := must[[]byte](w.t)(r.Encode(v.Secret, l.p.SignKey()))
	must[wire.JoinReply](w.t)(w.hub.Join(ctx, wire.JoinRequest{Request: asked}))
	return l
}

// approve enrols everybody who asked.
func (w *world) approve(desk *dpo.Desk) {
	w.t.Helper()
	asked, unproved, err := desk.Requests(context.Background())
	ok(w.t, err)
	if unproved != 0 {
		w.t.Fatalf("%d requests unproved", unproved)
	}
	ok(w.t, desk.Approve(context.Background(), asked))
}

// copyFolder copies a folder as it lies on the disk now: what a crash would leave.
func copyFolder(t testing.TB, from, to string) {
	t.Helper()
	ok(t, os.MkdirAll(to, 0o700))
	for _, e := range must[[]os.DirEntry](t)(os.ReadDir(from)) {
		if strings.HasSuffix(e.Name(), "-shm") {
			continue // rebuilt from the write-ahead log
		}
		b := must[[]byte](t)(os.ReadFile(filepath.Join(from, e.Name())))
		ok(t, os.WriteFile(filepath.Join(to, e.Name()), bytes.Clone(b), 0o600))
	}
}

func ok(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
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
