package canary

import (
	"bytes"
	"errors"
	"fmt"
	"io"
)

// scan searches size bytes in chunks that overlap by what the longest pattern needs, and the frames that begin in them.
func (s *Searcher) scan(source string, r io.ReaderAt, size int64, depth int) error {
	overlap := max(s.match.longest, longestMagic) - 1
	buffer := make([]byte, min(size, chunkSize+int64(overlap)))
	for start := int64(0); start < size; {
		n, err := r.ReadAt(buffer[:min(int64(len(buffer)), size-start)], start)
		if err != nil && !errors.Is(err, io.EOF) {
			return fmt.Errorf("canary: read %s: %w", source, err)
		}
		// What ends within the overlap was reported with the chunk before.
		known := 0
		if start > 0 {
			known = overlap
		}
		data := buffer[:n]
		s.match.each(data, func(at int, p pattern) {
			if at+len(p.bytes) > known {
				s.note(p, Place{source, start + int64(at), p.encoding})
			}
		})
		if depth < MaxDepth {
			if err := s.scanFrames(source, r, size, start, data, known, depth); err != nil {
				return err
			}
		}
		if start+int64(n) >= size || n <= overlap {
			break
		}
		start += int64(n - overlap)
	}
	return nil
}

// scanFrames unpacks each frame whose magic ends beyond what is known of the chunk, and searches what comes out.
func (s *Searcher) scanFrames(source string, r io.ReaderAt, size, start int64, data []byte, known, depth int) error {
	for _, kind := range frameKinds() {
		for at := 0; ; at++ {
			next := bytes.Index(data[at:], kind.magic)
			if next < 0 {
				break
			}
			at += next
			if at+len(kind.magic) <= known {
				continue
			}
			offset := start + int64(at)
			inside, whole := s.unpack.open(kind, r, offset, size)
			if !whole && kind.name == "zstd" {
				s.tally.Unreadable++
			}
			if len(inside) == 0 {
				continue
			}
			s.tally.Frames++
			name := fmt.Sprintf("%s!%s@%d", source, kind.name, offset)
			if err := s.scan(name, bytes.NewReader(inside), int64(len(inside)), depth+1); err != nil {
				return err
			}
		}
	}
	return nil
}
