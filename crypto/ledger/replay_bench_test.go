package ledger_test

import (
	"testing"

	"escale/crypto/ledger"
	"escale/schema"
)

// BenchmarkReplay verifies 5,000 entries: every second one an order of two officers, the others a device's results.
func BenchmarkReplay(b *testing.B) {
	w := newWorld(b, 40, 3, 2)
	scope, r := w.readers(2)
	w.roll(scope, r[0], r...)
	for w.log.Head().Height+1 < 5000 {
		id := w.do(&ledger.Accept{Set: w.hash()})
		w.results(r[0], &ledger.Attest{Device: r[0].id(), Order: id, Destroyed: []schema.Hash{w.hash()}})
	}
	org, entries := w.log.Org(), w.log.Entries(0)
	b.ResetTimer()
	for b.Loop() {
		l, err := ledger.Replay(org, entries)
		must(b, l, err)
	}
	b.ReportMetric(float64(len(entries)), "entries")
}

// BenchmarkState takes the snapshot that follows each new entry of that log.
func BenchmarkState(b *testing.B) {
	w := newWorld(b, 41, 1, 1)
	for range 2000 {
		w.do(&ledger.Accept{Set: w.hash()})
	}
	for b.Loop() {
		w.do(&ledger.Accept{Set: w.hash()})
		w.log.State()
	}
}
