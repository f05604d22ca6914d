// Package audit keeps the local log of openings, exports, key operations and refusals: an append-only file in which each
// entry is sealed and each hash covers everything before it.
//
// File: magic, 16 random bytes, then frames of length (4 bytes, big-endian), chain hash (32 bytes) and sealed entry. The
// chain covers the sealed bytes, so that it can be verified while the laptop is locked. Inside its seal an entry repeats its
// number: sealed entries cannot change places even if the chain were computed anew. An entry is acknowledged only after
// fsync. What a crash left unfinished at the end is dropped, and an entry that says so takes its place.
//
// A chain shows what was changed, removed or inserted in the middle; that the end was cut off shows only to who kept a Head
// elsewhere. The package knows nothing of keys, users or languages. It takes no lock on the file: its caller holds the
// folder's lock, and a file that grew by another hand is refused.
package audit

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"time"
)

// Errors that a caller acts on.
var (
	ErrNotLog   = errors.New("not an audit log")
	ErrChain    = errors.New("audit chain is broken")
	ErrCut      = errors.New("audit log is shorter than it was")
	ErrEntry    = errors.New("audit entry out of bounds")
	ErrUnsealed = errors.New("audit entry does not open")
	ErrForeign  = errors.New("audit log was changed by another hand")
	ErrClosed   = errors.New("audit log is closed")
)

// Sealer keeps reasons, which may name people, from who holds the disk.
type Sealer interface {
	Seal(plain []byte) ([]byte, error)
	Open(sealed []byte) ([]byte, error)
}

// Head is the number and the chain hash of an entry. Number zero stands for the empty log.
type Head struct {
	Number uint64
	Hash   [32]byte
}

func (h Head) String() string { return fmt.Sprintf("%d %s", h.Number, hex.EncodeToString(h.Hash[:8])) }

const (
	magic      = "escale/v1/audit\n"
	prefixSize = len(magic) + 16
	frameHead  = 4 + sha256.Size
	maxSealed  = 16 << 10
)

// start is the head of the empty log; it binds the chain to this file.
func start(prefix []byte) Head { return Head{Hash: sha256.Sum256(prefix)} }

// next returns the head after an entry.
func (h Head) next(sealed []byte) Head {
	b := append([]byte(magic), h.Hash[:]...)
	b = binary.BigEndian.AppendUint64(b, h.Number+1)
	return Head{Number: h.Number + 1, Hash: sha256.Sum256(append(b, sealed...))}
}

func frame(h Head, sealed []byte) []byte {
	b := binary.BigEndian.AppendUint32(nil, uint32(len(sealed)))
	b = append(b, h.Hash[:]...)
	return append(b, sealed...)
}

// Clock tells the time of the entries that the log writes for itself.
type Clock func() time.Time
