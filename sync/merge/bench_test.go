package merge_test

import (
	"fmt"
	"testing"

	"escale/schema"
	"escale/sync/causal"
	"escale/sync/merge"
)

func newPart() merge.Payload {
	p := merge.Payload{Time: 1 << 57, Form: "encounter", Parts: []schema.Compartment{"admin", "identity"}}
	for i := range 15 {
		p.Ops = append(p.Ops, merge.Op{Path: fmt.Sprintf("field_%d", i), Value: "a short answer"})
	}
	return p
}

// BenchmarkMergeNewPart merges what unlocking finds most: one creating delta of 15 fields.
func BenchmarkMergeNewPart(b *testing.B) {
	var h causal.History
	h.Add(1, 1, 1, 0)
	deltas := []merge.Delta{{Dot: causal.Dot{Set: 1}, Author: schema.Device{1}, Time: 1, Ops: newPart().Ops}}
	declared := map[string]merge.Rule{}
	policies := []merge.Policy{merge.LWW, merge.KeepBoth, merge.SetUnion, merge.WriteOnce, merge.Appending}
	for i, op := range deltas[0].Ops {
		declared[op.Path] = merge.Rule{Policy: policies[i%len(policies)]}
	}
	find := func(path string) (merge.Rule, bool) { r, ok := declared[path]; return r, ok }
	b.ReportAllocs()
	for b.Loop() {
		merge.Merge(&h, deltas, find)
	}
}

func BenchmarkDecodePayload(b *testing.B) {
	p := newPart()
	raw, err := p.Encode()
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := merge.DecodePayload(raw); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkMergeLongHistory merges a field that one person rewrote 1,000 times.
func BenchmarkMergeLongHistory(b *testing.B) {
	var d desk
	for i := range 1000 {
		var seen []int
		if i > 0 {
			seen = []int{i}
		}
		d.save(1, i, seen, set("risk", "low"))
	}
	b.ReportAllocs()
	for b.Loop() {
		d.merge()
	}
}
