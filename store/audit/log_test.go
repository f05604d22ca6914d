package audit

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"encoding/binary"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// gcm seals with a fixed key and counted nonces: enough to see that the log handles seals as it should.
type gcm struct {
	aead cipher.AEAD
	n    uint64
}

func newSealer(t testing.TB) *gcm {
	t.Helper()
	block, err := aes.NewCipher(make([]byte, 32))
	if err != nil {
		t.Fatal(err)
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		t.Fatal(err)
	}
	return &gcm{aead: aead}
}

func (g *gcm) Seal(plain []byte) ([]byte, error) {
	g.n++
	nonce := binary.BigEndian.AppendUint64(make([]byte, 4), g.n)
	return g.aead.Seal(nonce, nonce, plain, nil), nil
}

func (g *gcm) Open(sealed []byte) ([]byte, error) {
	if len(sealed) < 12 {
		return nil, errors.New("short")
	}
	return g.aead.Open(nil, sealed[:12], sealed[12:], nil)
}

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

func clock() time.Time { return noon }

func openLog(t testing.TB, path string, known Head) (*Log, error) {
	t.Helper()
	return Open(path, known, newSealer(t), clock, rand.NewChaCha8([32]byte{7}))
}

// written returns a log of three entries, its bytes and the place where each frame ends.
func written(t testing.TB) (path string, b []byte, ends []int) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "audit.log")
	l, err := openLog(t, path, Head{})
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range []Entry{
		{Time: noon, Kind: Unlock},
		{Time: noon.Add(time.Minute), Kind: Opening, Scope: []byte("scope"), Record: []byte("record"), Reason: "canary name"},
		{Time: noon.Add(time.Hour), Kind: Export, Count: 54, Reason: "تقرير"},
	} {
		if _, err := l.Append(e); err != nil {
			t.Fatal(err)
		}
		ends = append(ends, int(l.size))
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if b, err = os.ReadFile(path); err != nil {
		t.Fatal(err)
	}
	return path, b, ends
}

func write(t testing.TB, path string, b []byte) {
	t.Helper()
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestEntriesComeBack(t *testing.T) {
	path, b, _ := written(t)
	if bytes.Contains(b, []byte("canary")) {
		t.Error("a reason lies in clear")
	}
	l, err := openLog(t, path, Head{})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	got, err := l.Entries(1, 10)
	if err != nil || len(got) != 2 {
		t.Fatalf("%d entries, %v", len(got), err)
	}
	e := got[0]
	if e.Number != 2 || e.Kind != Opening || string(e.Scope) != "scope" || string(e.Record) != "record" ||
		e.Reason != "canary name" || !e.Time.Equal(noon.Add(time.Minute)) {
		t.Errorf("entry 2 came back as %+v", e)
	}
	if got[1].Count != 54 || got[1].Reason != "تقرير" {
		t.Errorf("entry 3 came back as %+v", got[1])
	}
	if got, err := l.Entries(0, 1); err != nil || len(got) != 1 || got[0].Kind != Unlock {
		t.Errorf("limit: %d entries, %v", len(got), err)
	}
}

func TestVerify(t *testing.T) {
	path, b, ends := written(t)
	r, err := Verify(path, Head{})
	if err != nil || r.Head.Number != 3 || r.Torn != 0 {
		t.Fatalf("report %+v, %v", r, err)
	}
	if _, err := Verify(path, r.Head); err != nil {
		t.Errorf("against its own head: %v", err)
	}
	if _, err := Verify(path, Head{Number: 2, Hash: r.Head.Hash}); !errors.Is(err, ErrChain) {
		t.Errorf("against another history: %v", err)
	}
	write(t, path, b[:ends[1]])
	if _, err := Verify(path, Head{}); err != nil {
		t.Errorf("nothing noted elsewhere: %v", err)
	}
	if _, err := Verify(path, r.Head); !errors.Is(err, ErrCut) {
		t.Errorf("cut at an entry: %v", err)
	}
	if _, err := openLog(t, path, r.Head); !errors.Is(err, ErrCut) {
		t.Errorf("open of a cut log: %v", err)
	}
	write(t, path, nil)
	if _, err := openLog(t, path, r.Head); !errors.Is(err, ErrCut) {
		t.Errorf("open of an emptied log: %v", err)
	}
}

// TestEveryFlip changes each byte in turn: it is noticed, or it makes the last entry look unfinished, which a noted head
// tells apart.
func TestEveryFlip(t *testing.T) {
	path, b, ends := written(t)
	whole, err := Verify(path, Head{})
	if err != nil {
		t.Fatal(err)
	}
	for i := range b {
		bad := bytes.Clone(b)
		bad[i] ^= 0x40
		write(t, path, bad)
		_, err := Verify(path, whole.Head)
		if !errors.Is(err, ErrChain) && !errors.Is(err, ErrNotLog) && !errors.Is(err, ErrCut) {
			t.Fatalf("byte %d of %d (entries end at %v): %v", i, len(b), ends, err)
		}
	}
}

func TestSwappedAndRemovedEntries(t *testing.T) {
	path, b, ends := written(t)
	frames := [][]byte{b[ends[0]:ends[1]], b[ends[1]:ends[2]]}
	for name, bad := range map[string][]byte{
		"swapped":  bytes.Join([][]byte{b[:ends[0]], frames[1], frames[0]}, nil),
		"removed":  bytes.Join([][]byte{b[:ends[0]], frames[1]}, nil),
		"repeated": bytes.Join([][]byte{b[:ends[1]], frames[0]}, nil),
	} {
		write(t, path, bad)
		if _, err := Verify(path, Head{}); !errors.Is(err, ErrChain) {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := openLog(t, path, Head{}); !errors.Is(err, ErrChain) {
			t.Errorf("%s, opened: %v", name, err)
		}
	}
}

// TestForgedOrder computes the chain anew over sealed entries in another order: the number inside the seal tells.
func TestForgedOrder(t *testing.T) {
	path, b, ends := written(t)
	h := start(b[:prefixSize])
	forged := bytes.Clone(b[:prefixSize])
	for _, sealed := range [][]byte{b[ends[1]+frameHead : ends[2]], b[ends[0]+frameHead : ends[1]]} {
		h = h.next(sealed)
		forged = append(forged, frame(h, sealed)...)
	}
	write(t, path, forged)
	l, err := openLog(t, path, Head{})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if _, err := l.Entries(0, 10); !errors.Is(err, ErrChain) {
		t.Errorf("forged order: %v", err)
	}
}

// TestTornTail cuts the log at every byte, with and without zeros after the cut: whole entries stay, the rest is noted.
func TestTornTail(t *testing.T) {
	path, b, ends := written(t)
	rapid.Check(t, func(rt *rapid.T) {
		at := rapid.IntRange(0, len(b)).Draw(rt, "cut")
		zeros := 0
		if at >= prefixSize {
			zeros = rapid.IntRange(0, 2).Draw(rt, "zeros") * 100
		}
		whole := 0
		for _, end := range ends {
			if at >= end {
				whole++
			}
		}
		write(t, path, append(bytes.Clone(b[:at]), make([]byte, zeros)...))
		l, err := openLog(t, path, Head{})
		if errors.Is(err, ErrChain) && zeros > 0 {
			return // a length or a hash was half written and zeros follow: told, nothing dropped
		}
		if err != nil {
			rt.Fatal(err)
		}
		defer l.Close()
		got, err := l.Entries(0, 10)
		if err != nil {
			rt.Fatal(err)
		}
		clean := at < prefixSize || zeros == 0 && (at == prefixSize || whole > 0 && at == ends[whole-1])
		if !clean {
			whole++
			if got[len(got)-1].Kind != UnfinishedTail {
				rt.Error("nothing notes what was dropped")
			}
		}
		if len(got) != whole {
			rt.Errorf("%d entries, want %d", len(got), whole)
		}
		if _, err := l.Append(Entry{Time: noon, Kind: Lock}); err != nil {
			rt.Error(err)
		}
	})
}

func TestLastEntryOfZeros(t *testing.T) {
	path, b, ends := written(t)
	for i := ends[2] - 40; i < ends[2]; i++ {
		b[i] = 0 // the disk grew the file and never wrote its end
	}
	write(t, path, b)
	r, err := Verify(path, Head{})
	if err != nil || r.Head.Number != 2 || r.Torn != int64(ends[2]-ends[1]) {
		t.Errorf("report %+v, %v", r, err)
	}
}

func TestRefusals(t *testing.T) {
	path, b, _ := written(t)
	l, err := openLog(t, path, Head{})
	if err != nil {
		t.Fatal(err)
	}
	for name, e := range map[string]Entry{
		"kind":   {},
		"scope":  {Kind: Export, Scope: make([]byte, MaxID+1)},
		"record": {Kind: Export, Record: make([]byte, MaxID+1)},
		"reason": {Kind: Export, Reason: string(make([]byte, MaxReason+1))},
		"UTF-8":  {Kind: Export, Reason: "\xff"},
	} {
		if _, err := l.Append(e); !errors.Is(err, ErrEntry) {
			t.Errorf("%s: %v", name, err)
		}
	}
	write(t, path, append(b, 1))
	if _, err := l.Append(Entry{Kind: Lock}); !errors.Is(err, ErrForeign) {
		t.Errorf("grown by another hand: %v", err)
	}
	if err := errors.Join(l.Close(), l.Close()); err != nil {
		t.Error(err)
	}
	if _, err := l.Append(Entry{Kind: Lock}); !errors.Is(err, ErrClosed) {
		t.Errorf("append after close: %v", err)
	}
	if _, err := l.Entries(0, 1); !errors.Is(err, ErrClosed) {
		t.Errorf("read after close: %v", err)
	}
	write(t, path, []byte("something else entirely, longer than a prefix"))
	if _, err := openLog(t, path, Head{}); !errors.Is(err, ErrNotLog) {
		t.Errorf("foreign file: %v", err)
	}
}

// TestFailedWrite makes the disk fail under the log: nothing is acknowledged and nothing half-written is followed.
func TestFailedWrite(t *testing.T) {
	path, b, _ := written(t)
	l, err := openLog(t, path, Head{})
	if err != nil {
		t.Fatal(err)
	}
	readOnly, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	before := l.Head()
	writable := l.f
	l.f = readOnly
	if _, err := l.Append(Entry{Kind: Lock}); err == nil {
		t.Fatal("acknowledged what was not written")
	}
	l.f = writable
	if _, err := l.Append(Entry{Kind: Lock}); err == nil {
		t.Error("went on after a failure that could not be undone")
	}
	if after, err := os.ReadFile(path); err != nil || !bytes.Equal(after, b) || l.Head() != before {
		t.Errorf("the log changed: %v", err)
	}
	if err := errors.Join(readOnly.Close(), writable.Close()); err != nil {
		t.Error(err)
	}
}
