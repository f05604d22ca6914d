package hub_test

import (
	"context"
	"errors"
	"slices"
	"testing"

	"escale/schema"
	"escale/sync/hub"
	"escale/sync/wire"
)

func code(err error) string {
	var e *hub.Error
	if errors.As(err, &e) {
		return e.Code
	}
	return ""
}

// TestRangesAndFetchKeepToGrantsAndBounds asks for what a device may not see, for too much and for what is not there.
func TestRangesAndFetchKeepToGrantsAndBounds(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	o := newOrganisation(t, 3, 2)
	s := o.serve(t)
	reader, writer := o.people[0].id(), o.people[2].id()
	w, other := o.writer(o.people[0], o.scopes[0]), o.writer(o.people[0], o.scopes[1])
	mine, elsewhere := w.next(nil, create(1)), other.next(nil, create(2))
	s.want(wire.Accepted, "", mine, elsewhere)
	everything := [][]byte{{}}
	if _, err := s.Ranges(ctx, writer, wire.RangesAsk{Scope: o.scopes[0], Prefixes: everything}); code(err) != wire.CodeNotYours {
		t.Errorf("a device that may only write compares: %v", err)
	}
	if _, err := s.Fetch(ctx, writer, wire.FetchAsk{Scope: o.scopes[0], Sets: []schema.Hash{mine.Hash}}); code(err) != wire.CodeNotYours {
		t.Errorf("a device that may only write fetches: %v", err)
	}
	for name, prefixes := range map[string][][]byte{
		"none": {}, "too many": slices.Repeat([][]byte{{1}}, wire.MaxRanges+1), "too long": {make([]byte, 32)},
	} {
		if _, err := s.Ranges(ctx, reader, wire.RangesAsk{Scope: o.scopes[0], Prefixes: prefixes}); code(err) != wire.CodeBound {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := s.Fetch(ctx, reader, wire.FetchAsk{Scope: o.scopes[0], Sets: make([]schema.Hash, wire.MaxMissing+1)}); code(err) != wire.CodeBound {
		t.Errorf("too many names: %v", err)
	}
	got := must[wire.FetchReply](t)(s.Fetch(ctx, reader, wire.FetchAsk{Scope: o.scopes[0], Sets: []schema.Hash{mine.Hash, elsewhere.Hash, {9}}}))
	if len(got.Sets) != 1 || !slices.Equal(got.Sets[0], mine.Raw) {
		t.Errorf("%d change-sets, another scope's among them", len(got.Sets))
	}
	r := must[wire.RangesReply](t)(s.Ranges(ctx, reader, wire.RangesAsk{Scope: o.scopes[0], Prefixes: everything}))
	if len(r.Ranges) != 1 || !slices.Equal(r.Ranges[0].Sets, []schema.Hash{mine.Hash}) {
		t.Errorf("%+v", r.Ranges)
	}
}

// TestForkedStreamsGetTheirLostSetsBack takes rows from around the place where a copied laptop's stream forks.
func TestForkedStreamsGetTheirLostSetsBack(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	for name, lose := range map[string]func(e hub.LogEntry) bool{
		"before the fork":        func(e hub.LogEntry) bool { return e.At.Seq == 2 },
		"the second branch":      func(e hub.LogEntry) bool { return e.At.Branch == 1 },
		"its first":              func(e hub.LogEntry) bool { return e.At.Branch == 1 && e.At.Seq == 3 },
		"the first branch's end": func(e hub.LogEntry) bool { return e.At.Branch == 0 && e.At.Seq == 4 },
		"everything":             func(hub.LogEntry) bool { return true },
	} {
		t.Run(name, func(t *testing.T) {
			o := newOrganisation(t, 2, 1)
			s := o.serve(t)
			w := o.writer(o.people[0], o.scopes[0])
			for i := range uint64(2) {
				s.want(wire.Accepted, "", w.next(nil, create(i)))
			}
			copied := w.clone()
			for i := range uint64(2) {
				s.want(wire.Accepted, "", w.next(nil, create(10+i)), copied.next(nil, create(20+i)))
			}
			before := must[wire.SyncReply](t)(s.Sync(ctx, o.people[0].id(), wire.SyncAsk{})).Scopes[0]
			raws := s.lose(lose)
			if d := must[wire.SyncReply](t)(s.Sync(ctx, o.people[0].id(), wire.SyncAsk{})).Scopes[0].Digest; d == before.Digest {
				t.Fatal("the loss does not show")
			}
			s.want(wire.Accepted, "", raws...)
			s.sound()
			after := must[wire.SyncReply](t)(s.Sync(ctx, o.people[0].id(), wire.SyncAsk{})).Scopes[0]
			if after.Digest != before.Digest || after.Number != before.Number {
				t.Errorf("before %+v\nafter %+v", before, after)
			}
		})
	}
}
