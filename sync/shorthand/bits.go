package shorthand

import (
	"errors"
	"math/bits"
)

// errShort reports bits that end too early, or a number that no writer writes.
var errShort = errors.New("bits end too early")

// bitWriter appends numbers to a string of bits, most significant first.
type bitWriter struct {
	b    []byte
	free int // unused bits of the last byte
}

func (w *bitWriter) bits(v uint64, n int) {
	for n > 0 {
		if w.free == 0 {
			w.b, w.free = append(w.b, 0), 8
		}
		k := min(n, w.free)
		part := byte(v >> (n - k) & (1<<k - 1))
		w.b[len(w.b)-1] |= part << (w.free - k)
		w.free -= k
		n -= k
	}
}

func (w *bitWriter) bit(set bool) {
	v := uint64(0)
	if set {
		v = 1
	}
	w.bits(v, 1)
}

// number writes v in an exponential Golomb code: short if v is below 2^k, and twice two bits more for each doubling.
func (w *bitWriter) number(v uint64, k int) {
	high := v>>k + 1
	n := bits.Len64(high)
	w.bits(0, n-1)
	w.bits(high, n)
	w.bits(v&(1<<k-1), k)
}

// signed writes a number of either sign.
func (w *bitWriter) signed(v int64, k int) { w.number(uint64(v<<1)^uint64(v>>63), k) }

// bitReader reads what a bitWriter wrote. The first fault stays.
type bitReader struct {
	b   []byte
	pos int
	err error
}

func (r *bitReader) bits(n int) uint64 {
	if r.err != nil || r.pos+n > 8*len(r.b) {
		r.err = errShort
		return 0
	}
	v := uint64(0)
	for n > 0 {
		left := 8 - r.pos%8
		k := min(n, left)
		v = v<<k | uint64(r.b[r.pos/8]>>(left-k))&(1<<k-1)
		r.pos += k
		n -= k
	}
	return v
}

func (r *bitReader) bit() bool { return r.bits(1) == 1 }

// number reads a number below 2^62.
func (r *bitReader) number(k int) uint64 {
	n := 1
	for r.err == nil && !r.bit() {
		if n++; n+k > 62 {
			r.err = errShort
		}
	}
	high := uint64(1)<<(n-1) | r.bits(n-1)
	low := r.bits(k)
	if r.err != nil {
		return 0
	}
	return (high-1)<<k | low
}

// count reads a number that is at most limit.
func (r *bitReader) count(k, limit int) int {
	n := r.number(k)
	if r.err == nil && n > uint64(limit) {
		r.err = errShort
	}
	if r.err != nil {
		return 0
	}
	return int(n)
}

func (r *bitReader) signed(k int) int64 {
	v := r.number(k)
	return int64(v>>1) ^ -int64(v&1)
}
