package audit

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// scanner walks the frames of a log and verifies the chain as it goes.
type scanner struct {
	r    *bufio.Reader
	head Head
	size int64 // bytes of whole, verified frames, prefix included
	torn int64 // bytes after them that a crash left behind
}

// newScanner reads the prefix. A file cut short inside its prefix never held an entry and reports io.ErrUnexpectedEOF.
func newScanner(r io.Reader) (*scanner, error) {
	s := &scanner{r: bufio.NewReaderSize(r, 2*maxSealed)}
	prefix := make([]byte, prefixSize)
	n, err := io.ReadFull(s.r, prefix)
	if !bytes.HasPrefix(prefix, []byte(magic)[:min(n, len(magic))]) {
		return nil, fmt.Errorf("%w: magic", ErrNotLog)
	}
	if err != nil {
		return nil, fmt.Errorf("read prefix: %w", errors.Join(err, io.ErrUnexpectedEOF))
	}
	s.head, s.size = start(prefix), int64(prefixSize)
	return s, nil
}

// next returns the sealed bytes of the next whole entry, or io.EOF at the end, a torn one included.
func (s *scanner) next() ([]byte, error) {
	head := make([]byte, frameHead)
	n, err := io.ReadFull(s.r, head)
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return nil, s.tail(int64(n))
	}
	if err != nil {
		return nil, fmt.Errorf("read entry %d: %w", s.head.Number+1, err)
	}
	size := binary.BigEndian.Uint32(head)
	if size == 0 {
		return nil, s.zeros(head)
	}
	if size > maxSealed {
		return nil, fmt.Errorf("%w: entry %d of %d bytes, at most %d", ErrChain, s.head.Number+1, size, maxSealed)
	}
	return s.body(head, int(size))
}

func (s *scanner) body(head []byte, size int) ([]byte, error) {
	sealed := make([]byte, size)
	n, err := io.ReadFull(s.r, sealed)
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return nil, s.tail(int64(frameHead + n))
	}
	if err != nil {
		return nil, fmt.Errorf("read entry %d: %w", s.head.Number+1, err)
	}
	next := s.head.next(sealed)
	if !bytes.Equal(next.Hash[:], head[4:]) {
		return nil, s.mismatch(sealed)
	}
	s.head = next
	s.size += int64(frameHead + size)
	return sealed, nil
}

func (s *scanner) tail(n int64) error {
	s.torn = n
	return io.EOF
}

// zeros handles a frame without length: some file systems grow a file before they write into it, so zeros to the end are
// what a crash leaves. Anything else is not.
func (s *scanner) zeros(head []byte) error {
	rest, err := io.ReadAll(io.LimitReader(s.r, maxSealed))
	if err != nil {
		return fmt.Errorf("read end of log: %w", err)
	}
	if len(rest) == maxSealed || !allZero(head) || !allZero(rest) {
		return fmt.Errorf("%w: entry %d has no length", ErrChain, s.head.Number+1)
	}
	return s.tail(int64(len(head) + len(rest)))
}

// mismatch tells a last entry whose end was never written (a seal does not end in 16 zero bytes) from a changed one.
func (s *scanner) mismatch(sealed []byte) error {
	const tag = 16
	_, err := s.r.Peek(1)
	if errors.Is(err, io.EOF) && len(sealed) >= tag && allZero(sealed[len(sealed)-tag:]) {
		return s.tail(int64(frameHead + len(sealed)))
	}
	return fmt.Errorf("%w: at entry %d", ErrChain, s.head.Number+1)
}

func allZero(b []byte) bool {
	for _, c := range b {
		if c != 0 {
			return false
		}
	}
	return true
}
