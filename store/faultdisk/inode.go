package faultdisk

import (
	"bytes"

	"modernc.org/libc"
)

// write is a change of a file that was not synced yet: bytes at an offset or, with none, a new length.
type write struct {
	at   int64
	data []byte
	cut  bool // at is the new length
}

// inode is a file without its name.
type inode struct {
	live    []byte  // as a running program sees it
	safe    []byte  // as it was last synced
	pending []write // since then
	holders map[*handle]level

	// The index of a write-ahead log: addresses in C's memory. It does not outlive the process.
	index     []uintptr
	indexSize int64
	slots     [slots]slot
}

// dropIndex forgets the index when nobody has the file open any more.
func (f *inode) dropIndex(tls *libc.TLS) {
	for _, address := range f.index {
		libc.Xfree(tls, address)
	}
	f.index, f.indexSize = nil, 0
}

func (f *inode) write(b []byte, at int64) {
	w := write{at: at, data: bytes.Clone(b)}
	f.live = w.apply(f.live)
	f.pending = append(f.pending, w)
}

func (f *inode) truncate(size int64) {
	w := write{at: size, cut: true}
	f.live = w.apply(f.live)
	f.pending = append(f.pending, w)
}

// sync makes everything that was written so far safe.
func (f *inode) sync() {
	for i := range f.pending {
		f.safe = f.pending[i].apply(f.safe)
	}
	f.pending = nil
}

// apply returns the content after the change.
func (w *write) apply(to []byte) []byte {
	if w.cut {
		if w.at <= int64(len(to)) {
			return to[:w.at]
		}
		return append(to, make([]byte, w.at-int64(len(to)))...)
	}
	if end := w.at + int64(len(w.data)); end > int64(len(to)) {
		to = append(to, make([]byte, end-int64(len(to)))...)
	}
	copy(to[w.at:], w.data)
	return to
}

// afterPowerCut draws what is left of the changes that were not synced: none, all, the first of them with a torn last one,
// or any of their sectors.
func (f *inode) afterPowerCut(draw func(n int) int) []byte {
	out := bytes.Clone(f.safe)
	if len(f.pending) == 0 {
		return out
	}
	switch draw(4) {
	case 0:
		return out
	case 1:
		return bytes.Clone(f.live)
	case 2:
		n := draw(len(f.pending))
		for i := range f.pending[:n] {
			out = f.pending[i].apply(out)
		}
		return f.pending[n].torn(out, draw)
	}
	for i := range f.pending {
		out = f.pending[i].scattered(out, draw)
	}
	return out
}

// torn applies the beginning of a write.
func (w *write) torn(to []byte, draw func(n int) int) []byte {
	if w.cut || len(w.data) == 0 {
		return to
	}
	begun := write{at: w.at, data: w.data[:draw(len(w.data))]}
	return begun.apply(to)
}

// scattered applies any of a write's sectors; a truncation happens or does not.
func (w *write) scattered(to []byte, draw func(n int) int) []byte {
	if w.cut {
		if draw(2) == 0 {
			return to
		}
		return w.apply(to)
	}
	for from := 0; from < len(w.data); from += sector {
		if draw(2) == 0 {
			continue
		}
		piece := write{at: w.at + int64(from), data: w.data[from:min(len(w.data), from+sector)]}
		to = piece.apply(to)
	}
	return to
}
