package faultdisk

import (
	"modernc.org/libc"
	sqlite3 "modernc.org/sqlite/lib"
)

// with runs f on an open file while nobody else changes the disk.
func (d *Disk) with(pFile uintptr, f func(*handle) int32) int32 {
	d.mu.Lock()
	defer d.mu.Unlock()
	return f(d.open[pFile])
}

func (d *Disk) xClose(tls *libc.TLS, pFile uintptr) int32 {
	return d.with(pFile, func(h *handle) int32 {
		h.leave()
		if h.delete && d.files[h.name] == h.file {
			delete(d.files, h.name)
		}
		delete(d.open, pFile)
		if !d.isOpen(h.file) {
			h.file.dropIndex(tls)
		}
		return sqlite3.SQLITE_OK
	})
}

func (d *Disk) isOpen(f *inode) bool {
	for _, h := range d.open {
		if h.file == f {
			return true
		}
	}
	return false
}

func (d *Disk) xRead(_ *libc.TLS, pFile, pBuffer uintptr, n int32, from int64) int32 {
	return d.with(pFile, func(h *handle) int32 {
		if d.dead {
			return sqlite3.SQLITE_IOERR_READ
		}
		into, got := memory(pBuffer, n), 0
		if from < int64(len(h.file.live)) {
			got = copy(into, h.file.live[from:])
		}
		if got < len(into) {
			clear(into[got:])
			return sqlite3.SQLITE_IOERR_SHORT_READ
		}
		return sqlite3.SQLITE_OK
	})
}

func (d *Disk) xWrite(_ *libc.TLS, pFile, pBuffer uintptr, n int32, to int64) int32 {
	return d.with(pFile, func(h *handle) int32 {
		alive, late := d.change()
		if !alive && !late {
			return sqlite3.SQLITE_IOERR_WRITE
		}
		if !d.fits(to + int64(n) - int64(len(h.file.live))) {
			return sqlite3.SQLITE_FULL
		}
		h.file.write(memory(pBuffer, n), to)
		if late {
			return sqlite3.SQLITE_IOERR_WRITE
		}
		return sqlite3.SQLITE_OK
	})
}

func (d *Disk) xTruncate(_ *libc.TLS, pFile uintptr, size int64) int32 {
	return d.with(pFile, func(h *handle) int32 {
		alive, late := d.change()
		if alive || late {
			h.file.truncate(size)
		}
		if !alive {
			return sqlite3.SQLITE_IOERR_TRUNCATE
		}
		return sqlite3.SQLITE_OK
	})
}

// xSync makes a file safe. The first sync of a new file makes its folder safe as well, as SQLite does on Unix.
func (d *Disk) xSync(_ *libc.TLS, pFile uintptr, _ int32) int32 {
	return d.with(pFile, func(h *handle) int32 {
		if alive, _ := d.change(); !alive {
			return sqlite3.SQLITE_IOERR_FSYNC
		}
		h.file.sync()
		if d.synced[h.name] != h.file {
			d.syncFolder()
		}
		return sqlite3.SQLITE_OK
	})
}

func (d *Disk) xFileSize(_ *libc.TLS, pFile, pSize uintptr) int32 {
	return d.with(pFile, func(h *handle) int32 {
		*at[int64](pSize) = int64(len(h.file.live))
		return sqlite3.SQLITE_OK
	})
}

func busyUnless(done bool) int32 {
	if done {
		return sqlite3.SQLITE_OK
	}
	return sqlite3.SQLITE_BUSY
}

func (d *Disk) xLock(_ *libc.TLS, pFile uintptr, want int32) int32 {
	return d.with(pFile, func(h *handle) int32 { return busyUnless(h.lock(want)) })
}

func (d *Disk) xUnlock(_ *libc.TLS, pFile uintptr, to int32) int32 {
	return d.with(pFile, func(h *handle) int32 {
		h.unlock(to)
		return sqlite3.SQLITE_OK
	})
}

func (d *Disk) xCheckReservedLock(_ *libc.TLS, pFile, pResult uintptr) int32 {
	return d.with(pFile, func(h *handle) int32 {
		*at[int32](pResult) = libc.Bool32(h.reserved())
		return sqlite3.SQLITE_OK
	})
}

func xFileControl(*libc.TLS, uintptr, int32, uintptr) int32 { return sqlite3.SQLITE_NOTFOUND }

func xSectorSize(*libc.TLS, uintptr) int32 { return sector }

// xDeviceCharacteristics claims what SQLite assumes of a disk on Unix: writing a range does not harm what lies beside it.
func xDeviceCharacteristics(*libc.TLS, uintptr) int32 {
	return sqlite3.SQLITE_IOCAP_POWERSAFE_OVERWRITE
}

func (d *Disk) xShmMap(tls *libc.TLS, pFile uintptr, region, size, extend int32, pp uintptr) int32 {
	return d.with(pFile, func(h *handle) int32 {
		*at[uintptr](pp) = 0
		for len(h.file.index) <= int(region) {
			switch {
			case extend == 0:
				return sqlite3.SQLITE_OK
			case d.dead || !d.fits(int64(size)):
				return sqlite3.SQLITE_IOERR_SHMSIZE
			}
			h.file.index = append(h.file.index, libc.Xcalloc(tls, 1, libc.Tsize_t(size)))
			h.file.indexSize += int64(size)
		}
		*at[uintptr](pp) = h.file.index[region]
		return sqlite3.SQLITE_OK
	})
}

func (d *Disk) xShmLock(_ *libc.TLS, pFile uintptr, first, n, flags int32) int32 {
	return d.with(pFile, func(h *handle) int32 { return busyUnless(h.lockIndex(first, n, flags)) })
}

// xShmBarrier takes the lock that every other method takes: what was written before is seen after.
func (d *Disk) xShmBarrier(*libc.TLS, uintptr) {
	d.mu.Lock()
	defer d.mu.Unlock()
}

// xShmUnmap releases the locks. The index itself lasts until the file's last connection closes: others may still read it.
func (d *Disk) xShmUnmap(_ *libc.TLS, pFile uintptr, _ int32) int32 {
	return d.with(pFile, func(h *handle) int32 {
		for i := range h.file.slots {
			h.file.slots[i].release(h)
		}
		return sqlite3.SQLITE_OK
	})
}
