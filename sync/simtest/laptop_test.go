package simtest_test

import (
	"context"
	"errors"
	"io"
	"maps"
	"slices"
	"time"

	"escale/clients/profile"
	"escale/schema"
	"escale/store/agentdb"
	"escale/store/faultdisk"
	"escale/sync/causal"
	"escale/sync/merge"
	"escale/sync/replica"
)

// laptop is one copy of a member's disk that is in use. Several copies may be in use at once.
type laptop struct {
	w    *world
	name string
	m    member
	disk *faultdisk.Disk
	db   *agentdb.DB
	p    *profile.Profile
	rand *faultyRand
	skew time.Duration // of its clock
	memory
	pages []page
	kept  []image
	image faultdisk.Image // what a kill in the middle of an exchange left
}

// memory is what the simulation knows of a disk's contents.
type memory struct {
	holds held                    // edits that surely lie on it
	wrote map[causal.Set][]string // names of the edits that were saved into a change-set
}

func (m memory) clone() memory {
	wrote := map[causal.Set][]string{}
	for set, list := range m.wrote {
		wrote[set] = slices.Clone(list)
	}
	return memory{maps.Clone(m.holds), wrote}
}

// image is an older copy of a laptop's disk.
type image struct {
	files faultdisk.Image
	memory
}

// page is a record on somebody's screen: what it shows stays as it is while other work comes in.
type page struct {
	thing thing
	part  *profile.Part
	view  causal.Context
	shown map[string]bool // names of the edits that it shows
	state merge.State
}

// faultyRand is drawn randomness that can run dry.
type faultyRand struct {
	from io.Reader
	left int // reads until it fails; negative: never
}

var errDry = errors.New("no randomness")

func (r *faultyRand) Read(b []byte) (int, error) {
	if r.left == 0 {
		return 0, errDry
	}
	r.left--
	return r.from.Read(b)
}

func (w *world) newLaptop(m member, files faultdisk.Image) *laptop {
	w.t.Helper()
	l := &laptop{w: w, name: m.name, m: m, memory: memory{held{}, map[causal.Set][]string{}}}
	l.start(files)
	return l
}

// start opens the profile on a disk with these files.
func (l *laptop) start(files faultdisk.Image) {
	l.w.t.Helper()
	l.disk = must[*faultdisk.Disk](l.w.t)(faultdisk.New(files))
	l.open()
}

// open unlocks the profile.
func (l *laptop) open() {
	l.w.t.Helper()
	ctx := context.Background()
	l.w.streams++
	l.rand, l.pages, l.image = &faultyRand{drawing(l.w.streams, 2), -1}, nil, nil
	l.db = must[*agentdb.DB](l.w.t)(agentdb.OpenOn(ctx, l.disk.Name(), "/store"))
	p, err := profile.Open(ctx, l.db, l.m.keys, profile.Options{Clock: func() time.Time { return l.w.now.Add(l.skew) }, Rand: l.rand})
	if err != nil {
		l.w.t.Fatalf("%s cannot be opened: %v", l.name, errors.Join(err, l.db.Close()))
	}
	l.p = p
}

func (l *laptop) line(f *fault) *line { return &line{l: l, tls: l.p.TLS().Public(), fault: f} }

func (l *laptop) exchange(n *line) (replica.Report, error) {
	return replica.New(profile.Exchange{Profile: l.p, Blobs: n}, n, nil).Run(context.Background())
}

// kill drops the process and goes on from what lies on a disk.
func (l *laptop) kill(from faultdisk.Image) {
	l.w.t.Helper()
	if err := l.p.Close(); err != nil { // only frees memory: nobody looks at that disk again
		l.w.note("    the killed process says %v", err)
	}
	ok(l.w.t, l.disk.Close())
	l.start(from)
}

// powerCut goes on from what a power cut leaves.
func (l *laptop) powerCut() { l.kill(l.disk.AfterPowerCut(l.w.rng.IntN)) }

// takeImage keeps a copy of the disk for later.
func (l *laptop) takeImage() {
	l.kept = append(l.kept, image{l.disk.AfterKill(), l.memory.clone()})
}

// restore throws the disk away and puts an older copy in its place.
func (l *laptop) restore(i image) {
	l.w.t.Helper()
	l.kill(i.files)
	l.memory = i.memory.clone()
}

// clone opens a copy of the disk as a further laptop of the same member.
func (l *laptop) clone(name string) *laptop {
	l.w.t.Helper()
	c := &laptop{w: l.w, name: name, m: l.m, skew: l.skew, memory: l.memory.clone()}
	c.start(l.disk.AfterKill())
	l.w.laptops = append(l.w.laptops, c)
	return c
}

// noteSet remembers into which change-set an edit was saved: the one that is open in its scope.
func (l *laptop) noteSet(e *edit) {
	l.w.t.Helper()
	ok(l.w.t, l.db.Update(context.Background(), func(tx *agentdb.Tx) error {
		streams, err := tx.Streams()
		if err != nil {
			return err
		}
		return tx.OpenSets(func(s agentdb.Set) error {
			i := slices.IndexFunc(streams, func(x agentdb.Stream) bool { return x.ID == s.Stream })
			if streams[i].Scope == e.thing.scope {
				l.wrote[s.ID] = append(l.wrote[s.ID], e.name)
			}
			return nil
		})
	}))
}

// namesIn returns the names of the edits in a closed change-set. Whoever wrote it is asked; others know it from then on.
func (l *laptop) namesIn(set schema.Hash) []string {
	l.w.t.Helper()
	if names, known := l.w.inSets[set]; known {
		return names
	}
	var row agentdb.Set
	err := l.db.Update(context.Background(), func(tx *agentdb.Tx) (err error) { row, err = tx.SetByHash(set); return err })
	if err != nil {
		return nil
	}
	if names, mine := l.wrote[row.ID]; mine {
		l.w.inSets[set] = names
		return names
	}
	return nil
}

// may reports whether this laptop may read, or at least write, a scope.
func (l *laptop) may(s schema.Scope) (read, write bool) {
	self, err := l.p.Self()
	if err != nil {
		return false, false
	}
	terms := self.Now()
	read = slices.Contains(terms.Read, s)
	return read, read || slices.Contains(terms.Write, s)
}

// pack is the form bundle that the laptop's forms come from now; none, until it has fetched one.
func (l *laptop) pack() schema.Pack {
	d := l.p.Directory()
	k := d.Bundles[d.BundleOf[site]]
	if _, here := l.p.Bundle(k.Pack); !here {
		return schema.Pack{}
	}
	return k.Pack
}

// look shows an object, or false where it is not here.
func (l *laptop) look(x thing) (page, bool) {
	l.w.t.Helper()
	parts := must[[]*profile.Part](l.w.t)(l.p.PartsOf(context.Background(), x.record))
	parts = slices.DeleteFunc(parts, func(p *profile.Part) bool { return p.Object != x.id })
	if len(parts) == 0 || !parts[0].Created() {
		return page{}, false
	}
	if len(parts) > 1 {
		l.w.t.Fatalf("%s has %d parts of one object", l.name, len(parts))
	}
	g := page{thing: x, part: parts[0], view: l.p.View(parts[0]), shown: map[string]bool{}}
	deltas := must[[]merge.Delta](l.w.t)(l.p.Deltas(parts[0]))
	for _, d := range deltas {
		g.shown[nameOf(d)] = true
	}
	g.state = merge.Merge(l.p.History(), deltas, rules)
	return g, true
}

// nameOf returns the name of the edit that a delta is: its first operation carries it as reason.
func nameOf(d merge.Delta) string { return d.Ops[0].Why }
