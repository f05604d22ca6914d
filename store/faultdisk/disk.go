package faultdisk

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
)

// sector is the smallest piece that a power cut leaves whole, bytes.
const sector = 512

// ErrInUse reports a disk that still has open files.
var ErrInUse = errors.New("a database on this disk is still open")

// Image is what lies on a disk: contents by the name of the file.
type Image map[string][]byte

// Clone returns a copy that shares nothing with i.
func (i Image) Clone() Image {
	out := make(Image, len(i))
	for name, b := range i {
		out[name] = bytes.Clone(b)
	}
	return out
}

// Disk is a machine's disk. It is safe for concurrent use.
type Disk struct {
	mu       sync.Mutex
	files    map[string]*inode // by name, as a running program sees them
	synced   map[string]*inode // by name, as the folder was last synced
	open     map[uintptr]*handle
	limit    int64 // bytes that the files may hold; 0: no bound
	changes  int   // writes, truncations, syncs and deletions so far
	cutAt    int   // the number of the change at which the power goes; 0: it does not
	dead     bool
	register registration
}

// New registers a disk that holds copies of an image's files. Close forgets it.
func New(i Image) (*Disk, error) {
	d := &Disk{files: map[string]*inode{}, synced: map[string]*inode{}, open: map[uintptr]*handle{}}
	for name, b := range i {
		d.files[name] = &inode{live: bytes.Clone(b), safe: bytes.Clone(b), holders: map[*handle]level{}}
	}
	maps.Copy(d.synced, d.files)
	if err := d.registerVFS(); err != nil {
		return nil, err
	}
	return d, nil
}

// Name is what SQLite calls the disk's file system.
func (d *Disk) Name() string { return d.register.name }

// Close forgets the disk. Whatever was opened on it has to be closed before.
func (d *Disk) Close() error {
	d.mu.Lock()
	n := len(d.open)
	d.mu.Unlock()
	if n > 0 {
		return fmt.Errorf("%w: %d files", ErrInUse, n)
	}
	return d.register.end()
}

// Changes returns how many changes the disk was asked for so far.
func (d *Disk) Changes() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.changes
}

// CutAfter lets the power go at the n-th change from now on, counted from one. That change may still reach the disk in
// part; everything after it fails.
func (d *Disk) CutAfter(n int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.cutAt = d.changes + n
}

// KeepOn takes back a CutAfter whose change has not come yet.
func (d *Disk) KeepOn() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.cutAt = 0
}

// Dead reports whether the power has gone.
func (d *Disk) Dead() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.dead
}

// Fill bounds the disk so that its files can grow by room bytes in all, and no more. Empty lifts the bound.
func (d *Disk) Fill(room int64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.limit = d.used() + room
}

// Empty lifts the bound of Fill: there is space again.
func (d *Disk) Empty() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.limit = 0
}

func (d *Disk) used() (n int64) {
	for _, f := range d.files {
		n += int64(len(f.live)) + f.indexSize
	}
	return n
}

// fits reports whether the files may grow by n bytes.
func (d *Disk) fits(n int64) bool { return n <= 0 || d.limit == 0 || d.used()+n <= d.limit }

// change counts a change and reports whether the machine still runs. The change at which the power goes returns late: it
// may have reached the disk, and nobody hears of it.
func (d *Disk) change() (alive, late bool) {
	if d.dead {
		return false, false
	}
	d.changes++
	if d.changes == d.cutAt {
		d.dead = true
		return false, true
	}
	return true, false
}

// AfterKill returns what lies on the disk when the process is killed now: all that it wrote.
func (d *Disk) AfterKill() Image {
	d.mu.Lock()
	defer d.mu.Unlock()
	out := Image{}
	for name, f := range d.files {
		out[name] = bytes.Clone(f.live)
	}
	return out
}

// AfterPowerCut returns what lies on the disk when the power goes now. draw returns a number below n and decides what
// becomes of everything that was not synced.
func (d *Disk) AfterPowerCut(draw func(n int) int) Image {
	d.mu.Lock()
	defer d.mu.Unlock()
	out := Image{}
	names := slices.Concat(slices.Collect(maps.Keys(d.files)), slices.Collect(maps.Keys(d.synced)))
	slices.Sort(names)
	for _, name := range slices.Compact(names) {
		now, before := d.files[name], d.synced[name]
		if now != before && draw(2) == 0 {
			now = before // the folder's entry had not reached the disk
		}
		if now != nil {
			out[name] = now.afterPowerCut(draw)
		}
	}
	return out
}
