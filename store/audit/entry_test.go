package audit

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestEntryRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		e := Entry{
			Number: rapid.Uint64().Draw(t, "number"),
			Time:   time.UnixMilli(rapid.Int64Range(-1<<40, 1<<42).Draw(t, "time")).UTC(),
			Kind:   Kind(rapid.Uint16Range(1, 99).Draw(t, "kind")),
			Scope:  rapid.SliceOfN(rapid.Byte(), 1, MaxID).Draw(t, "scope"),
			Record: rapid.SliceOfN(rapid.Byte(), 1, MaxID).Draw(t, "record"),
			Count:  rapid.Uint64().Draw(t, "count"),
			Reason: rapid.StringN(0, 100, MaxReason).Draw(t, "reason"),
		}
		b, err := e.encode()
		if err != nil {
			t.Fatal(err)
		}
		got, err := decodeEntry(b, e.Number)
		if err != nil || got.Number != e.Number || !got.Time.Equal(e.Time) || got.Kind != e.Kind || got.Count != e.Count ||
			!bytes.Equal(got.Scope, e.Scope) || !bytes.Equal(got.Record, e.Record) || got.Reason != e.Reason {
			t.Errorf("%+v came back as %+v, %v", e, got, err)
		}
		if _, err := decodeEntry(b, e.Number+1); err == nil {
			t.Error("accepted in another place")
		}
	})
}

func TestKindNames(t *testing.T) {
	seen := map[string]bool{}
	for k := Opening; k <= UnfinishedTail; k++ {
		if name := k.String(); seen[name] || bytes.HasPrefix([]byte(name), []byte("kind_")) {
			t.Errorf("kind %d is called %s", k, name)
		}
		seen[k.String()] = true
	}
	if got := Kind(999).String(); got != "kind_999" {
		t.Errorf("a later release's kind is called %s", got)
	}
}

// TestGolden keeps the format readable for later releases.
func TestGolden(t *testing.T) {
	_, b, _ := written(t)
	golden := filepath.Join("testdata", "audit.golden")
	if os.Getenv("ESCALE_UPDATE_GOLDEN") != "" {
		if err := os.WriteFile(golden, b, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(b, want) {
		t.Error("the format changed: same entries, other bytes")
	}
	if r, err := Verify(golden, Head{}); err != nil || r.Head.Number != 3 {
		t.Errorf("golden file verifies as %+v, %v", r, err)
	}
}
