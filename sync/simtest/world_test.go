package simtest_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"maps"
	mrand "math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"escale/clients/dpo"
	"escale/crypto/invite"
	"escale/schema"
	"escale/store/hubsqlite"
	"escale/sync/hub"
)

// held are the names of edits that surely lie somewhere.
type held map[string]bool

// lateBody is the body of a push that is still on its way.
type lateBody struct {
	device schema.Device
	bytes  []byte
}

// backup is a copy of the hub's database.
type backup struct {
	file  string
	holds held
}

// parcel is a change-set that somebody carries by hand.
type parcel struct {
	raw   []byte
	scope schema.Scope
}

// thing is an object that people write, and its scope.
type thing struct {
	id    schema.Object
	scope schema.Scope
}

// world is everything that exists in one seed.
type world struct {
	t    *testing.T
	base *base
	dir  string
	rng  *mrand.Rand
	now  time.Time

	hubDir   string
	store    *hubsqlite.Store
	hub      *hub.Hub
	hubHolds held
	backups  []backup
	late     []lateBody
	bag      []parcel

	laptops  []*laptop
	officer  *laptop // nil until needed
	desk     *dpo.Desk
	newcomer bool
	// ledgerLost: the hub was restored after the newcomer came. Until everybody exchanged, it may not know who enrolled
	// since, nor serve the keys that were wrapped since, and says so.
	ledgerLost bool
	forked     bool
	scopes     []schema.Scope
	things     []thing
	model      *model
	streams    uint64 // of randomness
	folders    int
	done       map[string]int // events, by name
	trace      []string
}

func newWorld(t *testing.T, b *base, seed uint64) *world {
	t.Helper()
	w := &world{t: t, base: b, dir: t.TempDir(), now: begin, rng: mrand.New(mrand.NewPCG(seed, 7)), hubHolds: held{}, model: newModel(),
		done: map[string]int{}, streams: seed << 20}
	w.hubDir = filepath.Join(w.dir, "hub")
	copyFolder(t, filepath.Join(b.dir, "hub"), w.hubDir)
	w.openHub()
	return w
}

// populate draws who takes part: at least one who reads both scopes.
func (w *world) populate() {
	w.t.Helper()
	order := w.rng.Perm(len(w.base.members))
	n := 2 + w.rng.IntN(4)
	order = append([]int{w.rng.IntN(3)}, order...)
	seen := map[int]bool{}
	for _, i := range order {
		if len(w.laptops) < n && !seen[i] {
			seen[i] = true
			w.wake(w.base.members[i])
		}
	}
	for _, name := range scopeNames[:1+w.rng.IntN(2)] {
		w.scopes = append(w.scopes, must[schema.Scope](w.t)(w.laptops[0].p.Directory().ScopeOf(name)))
	}
}

// wake opens a laptop that was enrolled.
func (w *world) wake(m member) *laptop {
	w.t.Helper()
	dir := w.folder(m.name)
	copyFolder(w.t, w.base.path(m), dir)
	l := w.newLaptop(m, dir)
	w.laptops = append(w.laptops, l)
	return l
}

func (w *world) folder(name string) string {
	w.folders++
	return filepath.Join(w.dir, fmt.Sprintf("%s-%d", name, w.folders))
}

func (w *world) note(format string, args ...any) {
	w.trace = append(w.trace, fmt.Sprintf(format, args...))
}

func (w *world) hubFile() string { return filepath.Join(w.hubDir, "hub.db") }

func (w *world) openHub() {
	w.t.Helper()
	ctx := context.Background()
	if w.store == nil {
		w.store = must[*hubsqlite.Store](w.t)(hubsqlite.Open(ctx, w.hubFile()))
	}
	w.hub = must[*hub.Hub](w.t)(hub.Open(ctx, w.store, hub.Options{Clock: func() time.Time { return w.now }, Rand: rand.Reader, Key: w.base.hubKey,
		Joining: func(b []byte) (schema.Device, error) {
			r, err := invite.DecodeRequest(b)
			return r.Device, err
		}}))
}

func (w *world) closeHub() {
	w.t.Helper()
	ok(w.t, w.hub.Close(context.Background()))
	ok(w.t, w.store.Close())
	w.store = nil
}

// crashHub goes on from the hub's files as they lie on the disk now.
func (w *world) crashHub() {
	w.t.Helper()
	to := w.folder("hub")
	copyFolder(w.t, w.hubDir, to)
	ok(w.t, w.store.Close())
	ok(w.t, os.RemoveAll(w.hubDir))
	w.store, w.hubDir = nil, to
	w.openHub()
}

func (w *world) backupHub() {
	w.t.Helper()
	file := filepath.Join(w.dir, fmt.Sprintf("backup-%d.db", len(w.backups)))
	ok(w.t, w.store.Backup(context.Background(), file))
	w.backups = append(w.backups, backup{file, maps.Clone(w.hubHolds)})
}

// restoreHub puts a backup in the place of the hub's database: announced by a new hub epoch, or unnoticed.
func (w *world) restoreHub(b backup, announced bool) {
	w.t.Helper()
	ctx := context.Background()
	ok(w.t, w.hub.Close(ctx))
	ok(w.t, w.store.Close())
	ok(w.t, os.RemoveAll(w.hubDir))
	w.hubDir = w.folder("hub")
	ok(w.t, os.MkdirAll(w.hubDir, 0o700))
	ok(w.t, os.WriteFile(w.hubFile(), must[[]byte](w.t)(os.ReadFile(b.file)), 0o600))
	w.store = must[*hubsqlite.Store](w.t)(hubsqlite.Open(ctx, w.hubFile()))
	if announced {
		ok(w.t, hub.Renew(ctx, w.store, rand.Reader))
	}
	w.openHub()
	w.hubHolds = maps.Clone(b.holds)
}

// deliverLate lets the body of an old push arrive after all.
func (w *world) deliverLate(i int) {
	w.t.Helper()
	b := w.late[i]
	_, err := w.hub.Push(context.Background(), b.device, bytes.NewReader(b.bytes))
	ok(w.t, err)
}

// end lets go of everything that is open.
func (w *world) end() {
	w.t.Helper()
	for _, l := range w.everybody() {
		ok(w.t, l.p.Close())
	}
	w.closeHub()
}

// everybody is every laptop that is used, the officer's included.
func (w *world) everybody() []*laptop {
	out := append([]*laptop{}, w.laptops...)
	if w.officer != nil {
		out = append(out, w.officer)
	}
	return out
}
