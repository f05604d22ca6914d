package faultdisk

import (
	"crypto/rand"
	"errors"
	"fmt"
	"time"
	"unsafe"

	"modernc.org/libc"
	sqlite3 "modernc.org/sqlite/lib"
)

// registration is what SQLite knows of a disk. The tables lie in C's memory: a disk that a failed test forgot to close must
// not leave a hole in SQLite's list. The functions in the tables are closures of one disk: that way SQLite
// needs no number by which a table of all disks would have to find it.
type registration struct {
	name    string
	tls     *libc.TLS
	cname   uintptr
	vfs     uintptr // of a sqlite3_vfs
	methods uintptr // of a sqlite3_io_methods
	keep    []any   // the closures, which SQLite's tables do not keep alive
}

// function returns the address by which translated C calls a Go function.
func (r *registration) function(f any) uintptr {
	r.keep = append(r.keep, f)
	return (*[2]uintptr)(unsafe.Pointer(&f))[1]
}

// at turns an address that SQLite passed into a pointer.
func at[T any](address uintptr) *T { return *(**T)(unsafe.Pointer(&address)) }

// memory returns the n bytes at an address that SQLite passed.
func memory(address uintptr, n int32) []byte { return unsafe.Slice(at[byte](address), n) }

// allocate returns the address of a zero T in C's memory, or zero.
func allocate[T any](tls *libc.TLS) uintptr {
	var t T
	return libc.Xcalloc(tls, 1, libc.Tsize_t(unsafe.Sizeof(t)))
}

func (d *Disk) registerVFS() error {
	r := &d.register
	r.tls = libc.NewTLS()
	var err error
	r.vfs, r.methods = allocate[sqlite3.Tsqlite3_vfs](r.tls), allocate[sqlite3.Tsqlite3_io_methods](r.tls)
	if r.vfs == 0 || r.methods == 0 {
		return errors.New("no memory for a disk")
	}
	r.name = fmt.Sprintf("faultdisk-%x", r.vfs) // no two disks lie at one address at a time
	if r.cname, err = libc.CString(r.name); err != nil {
		return fmt.Errorf("name a disk: %w", err)
	}
	d.fillMethods(r)
	*at[sqlite3.Tsqlite3_vfs](r.vfs) = sqlite3.Tsqlite3_vfs{
		FiVersion: 1, FszOsFile: int32(unsafe.Sizeof(sqlite3.Tsqlite3_file{})), FmxPathname: 512, FzName: r.cname,
		FxOpen: r.function(d.xOpen), FxDelete: r.function(d.xDelete), FxAccess: r.function(d.xAccess),
		FxFullPathname: r.function(xFullPathname), FxRandomness: r.function(xRandomness), FxSleep: r.function(xSleep),
		FxCurrentTime: r.function(xCurrentTime), FxGetLastError: r.function(xGetLastError),
	}
	if rc := sqlite3.Xsqlite3_initialize(r.tls); rc != sqlite3.SQLITE_OK {
		return fmt.Errorf("start SQLite: %d", rc)
	}
	if rc := sqlite3.Xsqlite3_vfs_register(r.tls, r.vfs, 0); rc != sqlite3.SQLITE_OK {
		return fmt.Errorf("register a disk: %d", rc)
	}
	return nil
}

func (d *Disk) fillMethods(r *registration) {
	*at[sqlite3.Tsqlite3_io_methods](r.methods) = sqlite3.Tsqlite3_io_methods{
		FiVersion: 2, FxClose: r.function(d.xClose), FxRead: r.function(d.xRead), FxWrite: r.function(d.xWrite),
		FxTruncate: r.function(d.xTruncate), FxSync: r.function(d.xSync), FxFileSize: r.function(d.xFileSize),
		FxLock: r.function(d.xLock), FxUnlock: r.function(d.xUnlock), FxCheckReservedLock: r.function(d.xCheckReservedLock),
		FxFileControl: r.function(xFileControl), FxSectorSize: r.function(xSectorSize),
		FxDeviceCharacteristics: r.function(xDeviceCharacteristics), FxShmMap: r.function(d.xShmMap),
		FxShmLock: r.function(d.xShmLock), FxShmBarrier: r.function(d.xShmBarrier), FxShmUnmap: r.function(d.xShmUnmap),
	}
}

func (r *registration) end() error {
	rc := sqlite3.Xsqlite3_vfs_unregister(r.tls, r.vfs)
	for _, address := range []uintptr{r.cname, r.vfs, r.methods} {
		libc.Xfree(r.tls, address)
	}
	r.tls.Close()
	if rc != sqlite3.SQLITE_OK {
		return fmt.Errorf("forget a disk: %d", rc)
	}
	return nil
}

func (d *Disk) xOpen(_ *libc.TLS, _, zName, pFile uintptr, flags int32, pFlags uintptr) int32 {
	d.mu.Lock()
	defer d.mu.Unlock()
	at[sqlite3.Tsqlite3_file](pFile).FpMethods = 0 // so that SQLite does not close what was not opened
	if d.dead {
		return sqlite3.SQLITE_CANTOPEN
	}
	h := &handle{delete: flags&sqlite3.SQLITE_OPEN_DELETEONCLOSE != 0}
	if zName != 0 {
		h.name = libc.GoString(zName)
	}
	h.file = d.files[h.name]
	if h.file == nil && flags&sqlite3.SQLITE_OPEN_CREATE == 0 {
		return sqlite3.SQLITE_CANTOPEN
	}
	if h.file == nil {
		h.file = &inode{holders: map[*handle]level{}}
		if h.name != "" {
			d.files[h.name] = h.file
		}
	}
	if pFlags != 0 {
		*at[int32](pFlags) = flags
	}
	d.open[pFile] = h
	at[sqlite3.Tsqlite3_file](pFile).FpMethods = d.register.methods
	return sqlite3.SQLITE_OK
}

func (d *Disk) xDelete(_ *libc.TLS, _, zName uintptr, syncFolder int32) int32 {
	d.mu.Lock()
	defer d.mu.Unlock()
	alive, late := d.change()
	if !alive && !late {
		return sqlite3.SQLITE_IOERR_DELETE
	}
	name := libc.GoString(zName)
	if _, here := d.files[name]; !here {
		return sqlite3.SQLITE_IOERR_DELETE_NOENT
	}
	delete(d.files, name)
	if late {
		return sqlite3.SQLITE_IOERR_DELETE
	}
	if syncFolder != 0 {
		d.syncFolder()
	}
	return sqlite3.SQLITE_OK
}

// syncFolder makes every creation and deletion so far safe.
func (d *Disk) syncFolder() {
	clear(d.synced)
	for name, f := range d.files {
		d.synced[name] = f
	}
}

func (d *Disk) xAccess(_ *libc.TLS, _, zName uintptr, _ int32, pResult uintptr) int32 {
	d.mu.Lock()
	defer d.mu.Unlock()
	_, here := d.files[libc.GoString(zName)]
	*at[int32](pResult) = libc.Bool32(here)
	return sqlite3.SQLITE_OK
}

func xFullPathname(_ *libc.TLS, _, zName uintptr, room int32, zOut uintptr) int32 {
	name := libc.GoString(zName)
	if len(name) >= int(room) {
		return sqlite3.SQLITE_CANTOPEN
	}
	copy(memory(zOut, room), name+"\x00")
	return sqlite3.SQLITE_OK
}

func xRandomness(_ *libc.TLS, _ uintptr, n int32, zOut uintptr) int32 {
	got, err := rand.Read(memory(zOut, n))
	if err != nil {
		return 0
	}
	return int32(got)
}

func xSleep(_ *libc.TLS, _ uintptr, microseconds int32) int32 {
	time.Sleep(time.Duration(microseconds) * time.Microsecond)
	return microseconds
}

// xCurrentTime says that it is always the same moment: no statement of ours asks.
func xCurrentTime(_ *libc.TLS, _, pDay uintptr) int32 {
	*at[float64](pDay) = 2461000.5
	return sqlite3.SQLITE_OK
}

func xGetLastError(*libc.TLS, uintptr, int32, uintptr) int32 { return 0 }
