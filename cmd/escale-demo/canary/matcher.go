package canary

import (
	"bytes"
	"slices"
)

const (
	blockSize = 3
	tableBits = 20
	tableSize = 1 << tableBits
)

// matcher finds many patterns at once (Wu and Manber): it looks at the last block of a window as long as the shortest
// pattern and steps over what no pattern can hold. Chosen over Aho-Corasick: most bytes are never looked at.
type matcher struct {
	patterns []pattern
	window   int
	longest  int
	shift    []uint8
	ending   map[uint32][]int // patterns by the hash of the block that ends their window
}

func newMatcher(patterns []pattern) *matcher {
	m := &matcher{patterns: patterns, window: 255, shift: make([]uint8, tableSize), ending: map[uint32][]int{}}
	for _, p := range patterns {
		m.window = min(m.window, len(p.bytes))
		m.longest = max(m.longest, len(p.bytes))
	}
	for i := range m.shift {
		m.shift[i] = uint8(m.window - blockSize + 1)
	}
	for i, p := range patterns {
		m.enter(i, p.bytes)
	}
	return m
}

func (m *matcher) enter(index int, text []byte) {
	for end := blockSize; end <= m.window; end++ {
		block := hash(text[end-blockSize : end])
		m.shift[block] = min(m.shift[block], uint8(m.window-end))
		if end == m.window && !slices.Contains(m.ending[block], index) {
			m.ending[block] = append(m.ending[block], index)
		}
	}
}

func hash(b []byte) uint32 {
	v := uint32(b[0]) | uint32(b[1])<<8 | uint32(b[2])<<16
	return (v * 2654435761) >> (32 - tableBits)
}

// each calls found with the start of every pattern that lies whole in data.
func (m *matcher) each(data []byte, found func(start int, p pattern)) {
	for end := m.window; end <= len(data); {
		block := hash(data[end-blockSize : end])
		if step := m.shift[block]; step > 0 {
			end += int(step)
			continue
		}
		for _, index := range m.ending[block] {
			if p := m.patterns[index]; bytes.HasPrefix(data[end-m.window:], p.bytes) {
				found(end-m.window, p)
			}
		}
		end++
	}
}
