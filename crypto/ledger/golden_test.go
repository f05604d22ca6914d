package ledger_test

import (
	"bytes"
	"encoding/hex"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"escale/crypto/ledger"
	"escale/schema"
)

var update = flag.Bool("update", false, "write testdata/*.golden anew (a change of format)")

// golden compares with a file, or writes it.
func golden(t *testing.T, file, got string) string {
	t.Helper()
	name := "testdata/" + file
	if *update {
		if err := os.WriteFile(name, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Fatalf("%s: the format changed", name)
	}
	return string(want)
}

// The log of the story, one entry a line, then its head. It is made anew, compared, and replayed from the file alone.
func TestGoldenLog(t *testing.T) {
	w := story(t)
	var out bytes.Buffer
	for _, e := range w.log.Entries(0) {
		fmt.Fprintf(&out, "%x\n", e)
	}
	fmt.Fprintf(&out, "head %d %s\n", w.log.Head().Height, w.log.Head().Hash)
	var entries [][]byte
	for line := range strings.Lines(golden(t, "log.golden", out.String())) {
		line = strings.TrimSpace(line)
		if strings.HasPrefix(line, "head") {
			continue
		}
		b, err := hex.DecodeString(line)
		entries = append(entries, must(t, b, err))
	}
	l, err := ledger.Replay(ledger.OrgOf(entries[0]), entries)
	if must(t, l, err).Head() != w.log.Head() {
		t.Fatal("replay of the file ends elsewhere")
	}
}

func TestGoldenWrapList(t *testing.T) {
	l, err := ledger.NewWrapList(schema.Scope{1}, 2, []ledger.WrapEntry{
		{Grantee: schema.Device{9}, Wrap: schema.Hash{3}}, {Grantee: schema.Device{4}, Wrap: schema.Hash{2}},
		{Grantee: ledger.CustodyGrantee(), Wrap: schema.Hash{1}},
	})
	must(t, l, err)
	b, err := l.Encode()
	must(t, b, err)
	h, err := l.Hash()
	golden(t, "wraplist.golden", fmt.Sprintf("%x\n%s\n", b, must(t, h, err)))
	again, err := ledger.DecodeWrapList(b)
	must(t, again, err)
	if err := again.Covers([]schema.Device{{4}, {9}}, true); err != nil {
		t.Error(err)
	}
	for _, g := range [][]schema.Device{{{4}}, {{4}, {9}, {5}}, {{4}, {5}}} {
		if again.Covers(g, true) == nil || again.Covers(g, false) == nil {
			t.Errorf("wraps for %v", g)
		}
	}
	if _, err := ledger.NewWrapList(schema.Scope{1}, 2, []ledger.WrapEntry{{Wrap: schema.Hash{1}}, {Wrap: schema.Hash{2}}}); err == nil {
		t.Error("two wraps for one grantee")
	}
}

// Every kind of body and result occurs in the story, so that the golden file freezes all of them.
func TestStoryHasEveryKind(t *testing.T) {
	bodies, results := map[ledger.Kind]bool{}, map[ledger.ResultKind]bool{}
	for _, e := range story(t).log.Entries(1) {
		link, _, err := ledger.DecodeLink(e)
		must(t, link, err)
		if link.Kind == ledger.PayloadResults {
			rs, err := link.Results()
			for _, r := range must(t, rs, err) {
				results[r.Kind()] = true
			}
			continue
		}
		s, err := link.Order()
		o, err2 := must(t, s, err).Content()
		for _, b := range must(t, o, err2).Bodies {
			bodies[b.Kind] = true
		}
	}
	if len(bodies) != int(ledger.KindHeal) || len(results) != int(ledger.ResultKeyPack) {
		t.Fatalf("%d kinds of bodies, %d of results", len(bodies), len(results))
	}
}
