package wire_test

import (
	"bytes"
	"errors"
	"io"
	"testing"

	"pgregory.net/rapid"

	"escale/schema"
	"escale/sync/wire"
)

func opening(total, offset int) wire.Opening {
	return wire.Opening{Stream: schema.Stream{1}, Seq: 2, Set: schema.Hash{3}, Total: uint64(total), Offset: uint64(offset)}
}

func written(t interface{ Fatal(...any) }, raw []byte, offset int) []byte {
	var b bytes.Buffer
	if err := wire.WriteSet(&b, opening(len(raw), offset), raw); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// read returns the openings and the bytes that followed each.
func read(r io.Reader) (openings []wire.Opening, data [][]byte, err error) {
	f := wire.NewFrameReader(r)
	for {
		o, b, err := f.Next()
		switch {
		case err != nil:
			return openings, data, err
		case o != nil:
			openings, data = append(openings, *o), append(data, nil)
		case len(data) > 0:
			data[len(data)-1] = append(data[len(data)-1], b...)
		}
	}
}

func TestFramesCarryFromAnyOffset(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		raw := rapid.SliceOfN(rapid.Byte(), 1, 5000).Draw(t, "raw")
		offset := rapid.IntRange(0, len(raw)-1).Draw(t, "offset")
		body := append(written(t, raw, offset), written(t, raw, 0)...)
		openings, data, err := read(bytes.NewReader(body))
		if !errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || len(openings) != 2 {
			t.Fatalf("%d openings, %v", len(openings), err)
		}
		if openings[0] != opening(len(raw), offset) || !bytes.Equal(data[0], raw[offset:]) || !bytes.Equal(data[1], raw) {
			t.Fatal("other bytes came out")
		}
	})
}

func TestEveryFrameIsShort(t *testing.T) {
	var sizes sizes
	if err := wire.WriteSet(&sizes, opening(schema.MaxChangeSet, 0), make([]byte, schema.MaxChangeSet)); err != nil {
		t.Fatal(err)
	}
	if len(sizes) < 2 {
		t.Fatal("one frame")
	}
	for _, n := range sizes {
		if n > schema.MaxFrame {
			t.Fatalf("frame of %d bytes", n)
		}
	}
}

type sizes []int

func (s *sizes) Write(b []byte) (int, error) { *s = append(*s, len(b)); return len(b), nil }

func TestCutBodyIsTold(t *testing.T) {
	body := written(t, make([]byte, 3000), 0)
	whole := 0
	for n := range body {
		_, data, err := read(bytes.NewReader(body[:n]))
		if errors.Is(err, io.EOF) == errors.Is(err, io.ErrUnexpectedEOF) {
			t.Fatalf("cut at %d: %v", n, err)
		}
		if errors.Is(err, io.EOF) {
			whole++
		}
		if len(data) > 0 && len(data[0]) > n {
			t.Fatalf("cut at %d: %d bytes came out", n, len(data[0]))
		}
	}
	if whole != 4 { // at the start, after the opening, after each full data frame
		t.Errorf("%d cuts fall between frames", whole)
	}
}

func TestBodiesThatAreNoFramesAreRefused(t *testing.T) {
	for what, body := range map[string][]byte{
		"kind":     {'X', 0, 1, 1},
		"empty":    {'D', 0, 0},
		"too long": append([]byte{'D', 0xff, 0xff}, make([]byte, 0xffff)...),
	} {
		if _, _, err := read(bytes.NewReader(body)); !errors.Is(err, wire.ErrFrame) {
			t.Errorf("%s: %v", what, err)
		}
	}
	for what, o := range map[string]wire.Opening{
		"nothing": {}, "too big": {Total: schema.MaxChangeSet + 1}, "past its end": {Total: 5, Offset: 5},
	} {
		var b bytes.Buffer
		raw := make([]byte, o.Offset)
		if err := wire.WriteSet(&b, o, raw); err != nil {
			t.Fatal(err)
		}
		if _, _, err := read(&b); !errors.Is(err, wire.ErrFrame) {
			t.Errorf("%s: %v", what, err)
		}
	}
}

func FuzzFrameReader(f *testing.F) {
	f.Add(written(f, []byte("a short change-set"), 0))
	f.Add(written(f, make([]byte, 3000), 1200))
	f.Add(append(written(f, make([]byte, 1300), 0), written(f, make([]byte, 10), 9)...))
	f.Add([]byte{'D', 0, 1, 1})
	f.Fuzz(func(t *testing.T, b []byte) {
		openings, data, err := read(bytes.NewReader(b))
		if err == nil {
			t.Fatal("a body without end")
		}
		total := 0
		for i, o := range openings {
			total += len(data[i])
			if o.Total == 0 || o.Total > schema.MaxChangeSet || o.Offset >= o.Total {
				t.Fatalf("opening %+v", o)
			}
		}
		if total > len(b) {
			t.Fatal("more came out than went in")
		}
	})
}
