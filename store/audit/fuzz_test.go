package audit

import (
	"bytes"
	"errors"
	"io"
	"testing"
)

// FuzzScan checks that any file ends in a typed answer, and that what counts as whole is found again when read alone.
func FuzzScan(f *testing.F) {
	_, b, ends := written(f)
	f.Add(b)
	f.Add(b[:ends[1]+7])
	f.Add(append(bytes.Clone(b), make([]byte, 50)...))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, b []byte) {
		s, err := newScanner(bytes.NewReader(b))
		if err != nil {
			if !errors.Is(err, ErrNotLog) && !errors.Is(err, io.ErrUnexpectedEOF) {
				t.Errorf("untyped: %v", err)
			}
			return
		}
		err = s.verify(Head{})
		if err != nil && !errors.Is(err, ErrChain) {
			t.Errorf("untyped: %v", err)
		}
		if err == nil && s.size+s.torn != int64(len(b)) {
			t.Errorf("%d whole and %d torn of %d bytes", s.size, s.torn, len(b))
		}
		again, err := newScanner(bytes.NewReader(b[:s.size]))
		if err != nil {
			t.Fatal(err)
		}
		if err := again.verify(s.head); err != nil || again.torn != 0 || again.head != s.head {
			t.Errorf("the whole part alone: %v", err)
		}
	})
}

// FuzzEntry checks that whatever a seal held, an entry that passes is within bounds.
func FuzzEntry(f *testing.F) {
	b, err := Entry{Number: 1, Time: noon, Kind: Export, Scope: []byte("s"), Count: 2, Reason: "why"}.encode()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Add([]byte{0xa0})
	f.Fuzz(func(t *testing.T, b []byte) {
		e, err := decodeEntry(b, 1)
		if err != nil {
			return
		}
		if len(e.Scope) > MaxID || len(e.Record) > MaxID || len(e.Reason) > MaxReason {
			t.Error("let through an entry out of bounds")
		}
	})
}
