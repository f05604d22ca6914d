package canon

import (
	"encoding/binary"
	"fmt"
)

// Reader reads the deterministic form by hand: for messages of which there are so many that finding their fields by
// reflection would cost more than everything else. It accepts what Decode accepts of arrays, byte strings and unsigned
// numbers, save null, which Decode takes for an empty string or array. The first failure stays; ask Err or End.
type Reader struct {
	rest []byte
	err  error
}

// The major types that a Reader knows.
const (
	majorUint  = 0
	majorBytes = 2
	majorArray = 4
)

// NewReader reads b. What Bytes returns lies inside b.
func NewReader(b []byte) Reader { return Reader{rest: b} }

// Err returns the first failure.
func (r *Reader) Err() error { return r.err }

// End returns the first failure, and refuses bytes that nothing has read.
func (r *Reader) End() error {
	if r.err == nil && len(r.rest) > 0 {
		r.fail("%d bytes after the end", len(r.rest))
	}
	return r.err
}

func (r *Reader) fail(format string, args ...any) {
	if r.err == nil {
		r.err = fmt.Errorf("%w: "+format, append([]any{ErrFormat}, args...)...)
	}
	r.rest = nil
}

// Uint reads an unsigned number that is at most most.
func (r *Reader) Uint(most uint64) uint64 {
	n := r.head(majorUint)
	if n > most {
		r.fail("%d, at most %d", n, most)
		return 0
	}
	return n
}

// Bytes reads a byte string without copying it. It is nil only after a failure.
func (r *Reader) Bytes() []byte {
	n := r.head(majorBytes)
	if n > uint64(len(r.rest)) {
		r.fail("byte string of %d bytes, %d are left", n, len(r.rest))
	}
	if r.err != nil {
		return nil
	}
	b := r.rest[:n:n]
	r.rest = r.rest[n:]
	return b
}

// Fixed reads a byte string of one length into an identifier.
func (r *Reader) Fixed(into []byte) {
	b := r.Bytes()
	if r.err == nil && len(b) != len(into) {
		r.fail("byte string of %d bytes, want %d", len(b), len(into))
	}
	copy(into, b)
}

// Array reads the head of an array and returns how many elements follow. It is never more than the bytes that are left,
// since none is empty.
func (r *Reader) Array() int {
	n := r.head(majorArray)
	if n > uint64(len(r.rest)) || n > maxArray {
		r.fail("array of %d elements, %d bytes are left", n, len(r.rest))
	}
	if r.err != nil {
		return 0
	}
	return int(n)
}

// Tuple reads the head of an array that has a fixed number of elements.
func (r *Reader) Tuple(n int) {
	if got := r.Array(); r.err == nil && got != n {
		r.fail("array of %d elements, want %d", got, n)
	}
}

// head reads the head of an item: its major type, and its argument in the shortest form.
func (r *Reader) head(major byte) uint64 {
	if r.err != nil {
		return 0
	}
	if len(r.rest) == 0 {
		r.fail("cut off")
		return 0
	}
	first := r.rest[0]
	if first>>5 != major {
		r.fail("type %d, want %d", first>>5, major)
		return 0
	}
	info := first & 0x1f
	if info < 24 {
		r.rest = r.rest[1:]
		return uint64(info)
	}
	return r.argument(info)
}

// argument reads an argument that stands in the 1, 2, 4 or 8 bytes after the first.
func (r *Reader) argument(info byte) uint64 {
	if info > 27 {
		r.fail("length %d is reserved or indefinite", info)
		return 0
	}
	size := 1 << (info - 24)
	if len(r.rest) < 1+size {
		r.fail("cut off")
		return 0
	}
	var wide [8]byte
	copy(wide[8-size:], r.rest[1:1+size])
	n := binary.BigEndian.Uint64(wide[:])
	if n < [...]uint64{24, 1 << 8, 1 << 16, 1 << 32}[info-24] {
		r.fail("%d is not in its shortest form", n)
		return 0
	}
	r.rest = r.rest[1+size:]
	return n
}
