package simtest_test

import (
	"bytes"
	"context"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"regexp"
	"testing"
	"testing/fstest"
	"time"

	"escale/clients/dpo"
	"escale/clients/profile"
	"escale/crypto/invite"
	"escale/crypto/key"
	"escale/crypto/ledger"
	"escale/schema"
	"escale/schema/pack"
	"escale/store/faultdisk"
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

// scopeNames are the scopes in which people write: testimonies, which outreach teams only capture, and two parts of files:
// the administrative one, which volunteers only capture, and protection, which outreach teams only capture.
var scopeNames = []schema.ScopeName{
	{Site: site, Kind: "testimony", Compartment: "testimony"},
	{Site: site, Kind: "case", Compartment: "admin"},
	{Site: site, Kind: "case", Compartment: "protection"},
}

// reads says which roles may read each of the scopes, as roles.csv and record_access.csv say it. It is written down here
// once more, so that a hub that serves too much is measured against something that it does not compute itself.
var reads = map[schema.ScopeName][]string{
	scopeNames[0]: {"protection_lead"},
	scopeNames[1]: {"protection_lead", "social_worker", "outreach"},
	scopeNames[2]: {"protection_lead", "social_worker"},
}

// member is a person with a laptop.
type member struct {
	name, role string
	keys       profile.Keys
}

// base is an organisation with its hub and its enrolled laptops, all closed and at rest in one folder. Seeds copy it.
type base struct {
	hubKey  key.TLSPrivate
	officer member
	members []member
	hub     faultdisk.Image
	disks   map[string]faultdisk.Image // of the laptops, by name
	named   map[schema.Scope]schema.ScopeName
	packs   []*pack.Source // what officers publish, one after the other
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
	b := &base{disks: map[string]faultdisk.Image{}, packs: newPacks(t)}
	w := &world{t: t, base: b, now: begin, rng: rand.New(rand.NewPCG(0, 0)), hubHolds: held{}, model: newModel(), story: &story{}}
	random, source := drawing(0, 1), b.packs[0]
	keys := must[profile.Keys](t)(profile.NewKeys(random, true))
	card := must[dpo.Card](t)(dpo.CardOf(keys))
	plan := must[*dpo.Plan](t)(dpo.NewPlan(random, begin, "Invented", 1, []dpo.Card{card}, []string{site}, source))
	keys.Org = ledger.OrgOf(plan.Genesis)
	b.officer, b.hubKey = member{"officer", "dpo", keys}, must[key.TLSPrivate](t)(key.NewTLS(random))
	w.hubDisk = must[*faultdisk.Disk](t)(faultdisk.New(nil))
	w.openStore()
	ok(t, hub.Init(ctx, w.store, keys.Org, random))
	w.openHub()
	officer := w.newLaptop(b.officer, nil)
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
	b.named = officer.p.Directory().Scopes
	for _, l := range all {
		ok(t, l.p.Close())
		b.disks[l.name] = l.disk.AfterKill()
		ok(t, l.disk.Close())
	}
	b.hub = w.closeHub()
	return b
}

// unlimited is what the simulation makes of max_offline_hours: its clocks leap by decades, and a laptop that locks itself
// for that saves nothing. What a lapsed lease does is clients/field's to test.
var unlimited = regexp.MustCompile(`(?m),[0-9]+\r?$`)

// newPacks reads the starter pack without leases, and makes a second version of it in which a form asks one question otherwise.
func newPacks(t *testing.T) []*pack.Source {
	t.Helper()
	const sheet, roles = "testimony/survey.csv", "_shared/roles.csv"
	dir := os.DirFS("../../schema/pack/starter")
	first, changed := fstest.MapFS{}, fstest.MapFS{}
	ok(t, fs.WalkDir(dir, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := fs.ReadFile(dir, name)
		if name == roles {
			b = unlimited.ReplaceAll(b, []byte(",0"))
		}
		first[name], changed[name] = &fstest.MapFile{Data: b}, &fstest.MapFile{Data: b}
		return err
	}))
	before := changed[sheet].Data
	changed[sheet].Data = bytes.Replace(before, []byte("Testimony code"), []byte("Code of the testimony"), 1)
	if bytes.Equal(before, changed[sheet].Data) {
		t.Fatal("the starter pack has no such question any more")
	}
	return []*pack.Source{must[*pack.Source](t)(pack.Build(first)), must[*pack.Source](t)(pack.Build(changed))}
}

// join lets a new laptop ask to join.
func (w *world) join(desk *dpo.Desk, name, role string, random io.Reader) *laptop {
	w.t.Helper()
	ctx := context.Background()
	v := must[*invite.Invitation](w.t)(desk.Invite(ctx, role, []string{site}, name))
	keys := must[profile.Keys](w.t)(profile.NewKeys(random, false))
	keys.Org = v.Org
	l := w.newLaptop(member{name, role, keys}, nil)
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
