package simtest_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"maps"
	mrand "math/rand/v2"
	"slices"
	"testing"
	"time"

	"escale/clients/dpo"
	"escale/crypto/invite"
	"escale/schema"
	"escale/store/faultdisk"
	"escale/store/hubsqlite"
	"escale/sync/hub"
)

// held are the names of edits that surely lie somewhere.
type held map[string]bool

// backup is a copy of the hub's database.
type backup struct {
	file  []byte
	holds held
}

// parcel is a change-set that somebody carries by hand.
type parcel struct {
	raw   []byte
	set   schema.Hash
	scope schema.Scope
}

// thing is an object that people write, its scope, and the record of which it is a part.
type thing struct {
	id     schema.Object
	scope  schema.Scope
	record schema.Record
}

// world is everything that exists in one seed.
type world struct {
	t    *testing.T
	base *base
	rng  *mrand.Rand
	now  time.Time

	hubDisk  *faultdisk.Disk
	store    *hubsqlite.Store
	hub      *hub.Hub
	hubHolds held
	backups  []backup
	late     []func() // calls that are still on their way
	bag      []parcel
	inSets   map[schema.Hash][]string // names of the edits in a change-set

	laptops   []*laptop
	officer   *laptop // nil until needed
	desk      *dpo.Desk
	newcomer  bool
	published int                            // form packs since the beginning
	aside     map[schema.Scope][]schema.Hash // crafted change-sets that belong into quarantine
	unread    map[schema.Scope][]schema.Hash // crafted change-sets that nobody can open
	// ledgerLost: the hub was restored after the ledger grew. Until everybody exchanged, it may not know who enrolled
	// since, nor serve the keys that were wrapped since, and says so.
	ledgerLost bool
	forked     bool
	scopes     []schema.Scope
	things     []thing
	model      *model
	streams    uint64 // of randomness
	copies     int
	done       map[string]int // events, by name
	story      *story
}

func newWorld(t *testing.T, b *base, seed uint64) *world {
	t.Helper()
	w := &world{t: t, base: b, now: begin, rng: mrand.New(mrand.NewPCG(seed, 7)), hubHolds: held{}, model: newModel(),
		inSets: map[schema.Hash][]string{}, aside: map[schema.Scope][]schema.Hash{}, unread: map[schema.Scope][]schema.Hash{},
		done: map[string]int{}, streams: seed << 20, story: &story{}}
	w.startHub(b.hub)
	return w
}

// populate draws who takes part: at least one who reads every scope.
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
	for _, name := range scopeNames[:1+w.rng.IntN(len(scopeNames))] {
		w.scopes = append(w.scopes, must[schema.Scope](w.t)(w.laptops[0].p.Directory().ScopeOf(name)))
	}
}

// wake opens a laptop that was enrolled.
func (w *world) wake(m member) *laptop {
	w.t.Helper()
	l := w.newLaptop(m, w.base.disks[m.name])
	w.laptops = append(w.laptops, l)
	return l
}

// summonOfficer opens the officer's laptop, if it is not open yet.
func (w *world) summonOfficer() {
	w.t.Helper()
	if w.officer == nil {
		w.officer = w.newLaptop(w.base.officer, w.base.disks[w.base.officer.name])
		w.desk = must[*dpo.Desk](w.t)(dpo.New(w.officer.p, w.officer.line(nil)))
	}
}

// story is what happened, in words. It outlives its world: whoever tells it must not keep all disks in memory.
type story struct{ lines []string }

func (w *world) note(format string, args ...any) {
	w.story.lines = append(w.story.lines, fmt.Sprintf(format, args...))
}

const hubFile = "/hub.db"

// startHub opens a hub on what lies on a disk.
func (w *world) startHub(i faultdisk.Image) {
	w.t.Helper()
	w.hubDisk = must[*faultdisk.Disk](w.t)(faultdisk.New(i))
	w.openStore()
	w.openHub()
}

func (w *world) openStore() {
	w.t.Helper()
	w.store = must[*hubsqlite.Store](w.t)(hubsqlite.OpenOn(context.Background(), w.hubDisk.Name(), hubFile))
}

func (w *world) openHub() {
	w.t.Helper()
	w.hub = must[*hub.Hub](w.t)(hub.Open(context.Background(), w.store, hub.Options{Clock: func() time.Time { return w.now },
		Rand: rand.Reader, Key: w.base.hubKey, Joining: func(b []byte) (schema.Device, error) {
			r, err := invite.DecodeRequest(b)
			return r.Device, err
		}}))
}

// closeHub ends the hub properly and returns what lies on its disk.
func (w *world) closeHub() faultdisk.Image {
	w.t.Helper()
	ok(w.t, w.hub.Close(context.Background()))
	ok(w.t, w.store.Close())
	left := w.hubDisk.AfterKill()
	ok(w.t, w.hubDisk.Close())
	return left
}

// crashHub goes on from what a killed hub, or one whose power went, leaves on its disk.
func (w *world) crashHub(left faultdisk.Image) {
	w.t.Helper()
	if err := w.store.Close(); err != nil { // only frees memory: nobody looks at that disk again
		w.note("    the hub that crashed says %v", err)
	}
	ok(w.t, w.hubDisk.Close())
	w.startHub(left)
}

func (w *world) cutHub() { w.crashHub(w.hubDisk.AfterPowerCut(w.rng.IntN)) }

func (w *world) backupHub() {
	w.t.Helper()
	name := fmt.Sprintf("/backup-%d.db", len(w.backups))
	ok(w.t, w.store.Backup(context.Background(), name))
	w.backups = append(w.backups, backup{w.hubDisk.AfterKill()[name], maps.Clone(w.hubHolds)})
}

// restoreHub puts a backup in the place of the hub's database: announced by a new hub epoch, or unnoticed.
func (w *world) restoreHub(b backup, announced bool) {
	w.t.Helper()
	w.closeHub()
	w.hubDisk = must[*faultdisk.Disk](w.t)(faultdisk.New(faultdisk.Image{hubFile: b.file}))
	w.openStore()
	if announced {
		ok(w.t, hub.Renew(context.Background(), w.store, rand.Reader))
	}
	w.openHub()
	w.hubHolds = maps.Clone(b.holds)
}

// replaceHub puts an empty database in the place of the hub's. The officer brings the genesis; the rest is with the laptops.
func (w *world) replaceHub() {
	w.t.Helper()
	w.summonOfficer()
	w.closeHub()
	w.hubDisk = must[*faultdisk.Disk](w.t)(faultdisk.New(nil))
	w.openStore()
	ok(w.t, hub.Init(context.Background(), w.store, w.officer.m.keys.Org, rand.Reader))
	w.openHub()
	w.hubHolds = held{}
	_, err := w.officer.line(nil).Found(context.Background(), w.officer.p.LedgerEntries(0)[0])
	ok(w.t, err)
}

// pushLate lets the body of an old push arrive after all.
func (w *world) pushLate(d schema.Device, body []byte) {
	w.late = append(w.late, func() {
		if _, err := w.hub.Push(context.Background(), d, bytes.NewReader(body)); err != nil {
			w.note("    the late push: %v", err)
		}
	})
}

// end lets go of everything that is open.
func (w *world) end() {
	w.t.Helper()
	for _, l := range w.everybody() {
		ok(w.t, l.p.Close())
		ok(w.t, l.disk.Close())
	}
	w.closeHub()
}

// everybody is every laptop that is used, the officer's included.
func (w *world) everybody() []*laptop {
	out := slices.Clone(w.laptops)
	if w.officer != nil {
		out = append(out, w.officer)
	}
	return out
}
