package shorthand

import (
	"strings"

	"escale/sync/merge"
)

// shape says how a text is written: as prose behind the other texts, or among the bits if few letters occur in it.
type shape uint8

const (
	prose   shape = 0
	figures shape = 1 // digits and the signs of dates, times and telephone numbers
	code    shape = 2 // blocks of four letters, as codes are made
	hexes   shape = 3 // hexadecimal
)

// Alphabets of 16, 32 and 16 letters. They must never change.
const (
	figureLetters = "0123456789 +-:TZ"
	codeLetters   = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
	hexLetters    = "0123456789abcdef"
)

const (
	blockSize = 4
	maxBits   = 64 // letters that are worth writing among the bits
)

func shapeOf(s string) shape {
	switch {
	case s == "" || len(s) > maxBits:
		return prose
	case within(s, figureLetters):
		return figures
	case within(s, hexLetters):
		return hexes
	case isCode(s):
		return code
	}
	return prose
}

func within(s, letters string) bool {
	for _, c := range []byte(s) {
		if strings.IndexByte(letters, c) < 0 {
			return false
		}
	}
	return true
}

func isCode(s string) bool {
	for i, c := range []byte(s) {
		if i%(blockSize+1) == blockSize {
			if c != '-' {
				return false
			}
		} else if strings.IndexByte(codeLetters, c) < 0 {
			return false
		}
	}
	return len(s)%(blockSize+1) == blockSize
}

func (w *writer) text(s string) {
	way := shapeOf(s)
	w.bits(uint64(way), 2)
	switch way {
	case prose:
		w.number(uint64(len(s)), 4)
		w.prose = append(w.prose, s...)
	case figures:
		w.letters(s, figureLetters, 4)
	case hexes:
		w.letters(s, hexLetters, 4)
	case code:
		w.letters(strings.ReplaceAll(s, "-", ""), codeLetters, 5)
	}
}

func (w *writer) letters(s, letters string, n int) {
	w.number(uint64(len(s)), 3)
	for _, c := range []byte(s) {
		w.bits(uint64(strings.IndexByte(letters, c)), n)
	}
}

func (r *reader) text() string {
	switch shape(r.bits(2)) {
	case figures:
		return r.letters(figureLetters, 4)
	case hexes:
		return r.letters(hexLetters, 4)
	case code:
		return blocks(r.letters(codeLetters, 5))
	}
	n := r.count(4, merge.MaxText)
	if n > len(r.prose) {
		r.err = errShort
		return ""
	}
	s := r.prose[:n]
	r.prose = r.prose[n:]
	return s
}

func (r *reader) letters(letters string, n int) string {
	out := make([]byte, r.count(3, maxBits))
	for i := range out {
		out[i] = letters[r.bits(n)]
	}
	return string(out)
}

// blocks puts the hyphens back.
func blocks(s string) string {
	var b strings.Builder
	for i, c := range []byte(s) {
		if i > 0 && i%blockSize == 0 {
			b.WriteByte('-')
		}
		b.WriteByte(c)
	}
	return b.String()
}
