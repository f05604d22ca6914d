package faultdisk

import sqlite3 "modernc.org/sqlite/lib"

// level is how far a connection has locked a file; the numbers are SQLite's.
type level = int32

// slots is how many locks guard the index of a write-ahead log.
const slots = sqlite3.SQLITE_SHM_NLOCK

// handle is one opening of a file.
type handle struct {
	name   string
	file   *inode
	delete bool // when it is closed
}

// slot is one lock of an index: held by one connection alone, or shared.
type slot struct {
	alone  *handle
	shared map[*handle]bool
}

// lock raises a connection's lock, and reports whether nobody stood in the way.
func (h *handle) lock(want level) bool {
	mine := h.file.holders[h]
	if mine >= want {
		return true
	}
	others := level(sqlite3.SQLITE_LOCK_NONE)
	for other, l := range h.file.holders {
		if other != h {
			others = max(others, l)
		}
	}
	free := others < sqlite3.SQLITE_LOCK_PENDING
	switch {
	case want == sqlite3.SQLITE_LOCK_RESERVED:
		free = others < sqlite3.SQLITE_LOCK_RESERVED
	case want == sqlite3.SQLITE_LOCK_EXCLUSIVE && others == sqlite3.SQLITE_LOCK_SHARED:
		h.file.holders[h] = sqlite3.SQLITE_LOCK_PENDING // no new reader comes in, and the old ones leave
		return false
	case want == sqlite3.SQLITE_LOCK_EXCLUSIVE:
		free = others == sqlite3.SQLITE_LOCK_NONE
	}
	if free {
		h.file.holders[h] = want
	}
	return free
}

// unlock lowers a connection's lock.
func (h *handle) unlock(to level) {
	if to == sqlite3.SQLITE_LOCK_NONE {
		delete(h.file.holders, h)
		return
	}
	h.file.holders[h] = min(to, h.file.holders[h])
}

// reserved reports whether somebody means to write.
func (h *handle) reserved() bool {
	for _, l := range h.file.holders {
		if l >= sqlite3.SQLITE_LOCK_RESERVED {
			return true
		}
	}
	return false
}

// lockIndex takes or releases n locks of the index from the first on, all or none.
func (h *handle) lockIndex(first, n int32, flags int32) bool {
	list := h.file.slots[first : first+n]
	alone := flags&sqlite3.SQLITE_SHM_EXCLUSIVE != 0
	if flags&sqlite3.SQLITE_SHM_UNLOCK != 0 {
		for i := range list {
			list[i].release(h)
		}
		return true
	}
	for i := range list {
		if !list[i].free(h, alone) {
			return false
		}
	}
	for i := range list {
		list[i].take(h, alone)
	}
	return true
}

func (s *slot) release(h *handle) {
	if s.alone == h {
		s.alone = nil
	}
	delete(s.shared, h)
}

func (s *slot) free(h *handle, alone bool) bool {
	if s.alone != nil && s.alone != h {
		return false
	}
	for other := range s.shared {
		if alone && other != h {
			return false
		}
	}
	return true
}

func (s *slot) take(h *handle, alone bool) {
	if alone {
		s.alone = h
		return
	}
	if s.shared == nil {
		s.shared = map[*handle]bool{}
	}
	s.shared[h] = true
}

// leave releases everything that a connection holds.
func (h *handle) leave() {
	delete(h.file.holders, h)
	for i := range h.file.slots {
		h.file.slots[i].release(h)
	}
}
