package simtest_test

import (
	"context"
	"errors"
	"io"
	"maps"
	"os"
	"path/filepath"
	"time"

	"escale/clients/profile"
	"escale/schema"
	"escale/store/agentdb"
	"escale/sync/causal"
	"escale/sync/merge"
	"escale/sync/replica"
)

// laptop is one copy of a member's folder that is in use. Several copies may be in use at once.
type laptop struct {
	w     *world
	name  string
	m     member
	dir   string
	p     *profile.Profile
	rand  *faultyRand
	skew  time.Duration // of its clock
	holds held          // edits that surely lie in its folder
	pages []page
	kept  []image
	image string // a copy that a kill in the middle of an exchange left
}

// image is an older copy of a laptop's folder.
type image struct {
	dir   string
	holds held
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

func (w *world) newLaptop(m member, dir string) *laptop {
	w.t.Helper()
	l := &laptop{w: w, name: m.name, m: m, dir: dir, holds: held{}}
	l.open()
	return l
}

// open unlocks the folder.
func (l *laptop) open() {
	l.w.t.Helper()
	ctx := context.Background()
	l.w.streams++
	l.rand, l.pages, l.image = &faultyRand{drawing(l.w.streams, 2), -1}, nil, ""
	ok(l.w.t, os.MkdirAll(l.dir, 0o700))
	db := must[*agentdb.DB](l.w.t)(agentdb.Open(ctx, filepath.Join(l.dir, "store")))
	p, err := profile.Open(ctx, db, l.m.keys, profile.Options{Clock: func() time.Time { return l.w.now.Add(l.skew) }, Rand: l.rand})
	if err != nil {
		l.w.t.Fatalf("%s cannot be opened: %v", l.name, errors.Join(err, db.Close()))
	}
	l.p = p
}

func (l *laptop) line(f *fault) *line { return &line{l: l, tls: l.p.TLS().Public(), fault: f} }

func (l *laptop) exchange(n *line) (replica.Report, error) {
	return replica.New(profile.Exchange{Profile: l.p, Blobs: n}, n, nil).Run(context.Background())
}

func (l *laptop) copyNow() string {
	to := l.w.folder(l.name)
	copyFolder(l.w.t, l.dir, to)
	return to
}

// kill drops the process and goes on from a copy of the folder.
func (l *laptop) kill(from string) {
	l.w.t.Helper()
	old := l.p
	if err := old.Close(); err != nil { // only frees memory and file: nobody looks at that folder again
		l.w.note("%s: the killed process says %v", l.name, err)
	}
	ok(l.w.t, os.RemoveAll(l.dir))
	l.dir = from
	l.open()
}

// takeImage keeps a copy of the folder for later.
func (l *laptop) takeImage() {
	l.kept = append(l.kept, image{l.copyNow(), maps.Clone(l.holds)})
}

// restore throws the folder away and puts an older copy in its place.
func (l *laptop) restore(i image) {
	l.w.t.Helper()
	to := l.w.folder(l.name)
	copyFolder(l.w.t, i.dir, to)
	l.kill(to)
	l.holds = maps.Clone(i.holds)
}

// clone opens a copy of the folder as a further laptop of the same member.
func (l *laptop) clone(name string) *laptop {
	l.w.t.Helper()
	c := &laptop{w: l.w, name: name, m: l.m, dir: l.copyNow(), skew: l.skew, holds: maps.Clone(l.holds)}
	c.open()
	l.w.laptops = append(l.w.laptops, c)
	return c
}

// may reports whether this laptop may read, or at least write, a scope.
func (l *laptop) may(s schema.Scope) (read, write bool) {
	self, err := l.p.Self()
	if err != nil {
		return false, false
	}
	terms := self.Now()
	for _, x := range terms.Read {
		read = read || x == s
	}
	write = read
	for _, x := range terms.Write {
		write = write || x == s
	}
	return read, write
}

// look shows an object, or false where it is not here.
func (l *laptop) look(x thing) (page, bool) {
	l.w.t.Helper()
	parts := must[[]*profile.Part](l.w.t)(l.p.PartsOf(context.Background(), x.id))
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
