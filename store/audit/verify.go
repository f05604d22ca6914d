package audit

import (
	"errors"
	"fmt"
	"io"
	"os"
)

// Report is what a verification found.
type Report struct {
	Head Head
	Torn int64 // bytes of an unfinished entry at the end; the next Open drops them
}

// Verify checks the whole chain without opening any seal. Known is a head that was kept elsewhere, such as in the laptop's
// database; the zero Head compares nothing. Errors: ErrNotLog, ErrChain naming the entry, ErrCut.
func Verify(path string, known Head) (r Report, err error) {
	f, err := os.Open(path)
	if err != nil {
		return r, fmt.Errorf("open audit log: %w", err)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	s, err := newScanner(f)
	if err != nil {
		return r, err
	}
	if err := s.verify(known); err != nil {
		return r, err
	}
	return Report{Head: s.head, Torn: s.torn}, nil
}

// verify walks to the end and compares the head at the known number on the way.
func (s *scanner) verify(known Head) error {
	for {
		_, err := s.next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		if s.head.Number == known.Number && s.head != known {
			return fmt.Errorf("%w: entry %d is not the one that was noted", ErrChain, known.Number)
		}
	}
	if s.head.Number < known.Number {
		return fmt.Errorf("%w: %d entries, %d were noted", ErrCut, s.head.Number, known.Number)
	}
	return nil
}
