package hub

import (
	"cmp"
	"context"
	"maps"
	"slices"

	"escale/crypto/ledger"
	"escale/schema"
	"escale/sync/wire"
)

// Traces tells an officer's device what is known of devices: when they were heard from, where each of their streams stands,
// and how much lies in the scopes that they read or wrote.
func (h *Hub) Traces(ctx context.Context, dev schema.Device, ask wire.TraceAsk) (wire.Traces, error) {
	out := wire.Traces{Devices: []wire.DeviceTrace{}, Scopes: []wire.ScopeCount{}}
	state, err := h.officer(dev)
	if err != nil {
		return out, err
	}
	if len(ask.Devices) > wire.MaxRefs {
		return out, refuse(wire.CodeBound, "%d devices asked for, at most %d", len(ask.Devices), wire.MaxRefs)
	}
	t := tracer{of: map[schema.Device]*wire.DeviceTrace{}, heads: map[schema.Stream]LogEntry{}}
	scopes := map[schema.Scope]bool{}
	for _, id := range ask.Devices {
		d, ok := state.Device(id)
		if !ok {
			return out, refuse(wire.CodeNotMember, "device %s was never enrolled", id)
		}
		t.of[id] = &wire.DeviceTrace{Device: id, Heads: []wire.Tip{}, Beside: []schema.Hash{}}
		mayTouch(d, scopes)
	}
	for _, c := range h.contacts.all() {
		if x := t.of[c.Device]; x != nil {
			x.Last, x.Agreed = c.Last.UnixMilli(), c.Agreed
			if !c.AgreedAt.IsZero() {
				x.AgreedAt = c.AgreedAt.UnixMilli()
			}
		}
	}
	err = h.store.View(ctx, func(tx Tx) error { return t.read(tx, state, scopes, &out) })
	return out, refusal(err)
}

// mayTouch adds every scope that a device was ever allowed to read or write.
func mayTouch(d *ledger.Device, scopes map[schema.Scope]bool) {
	for _, terms := range d.Terms {
		for _, list := range [][]schema.Scope{terms.Read, terms.Write} {
			for _, s := range list {
				scopes[s] = true
			}
		}
	}
}

// tracer follows the streams of some devices.
type tracer struct {
	of     map[schema.Device]*wire.DeviceTrace
	heads  map[schema.Stream]LogEntry // the newest that counts; where a stream has branches, of the longest
	forked []LogEntry                 // what counts of streams that have branches
}

func (t *tracer) read(tx Tx, state *ledger.State, scopes map[schema.Scope]bool, out *wire.Traces) error {
	rows, err := tx.Scopes()
	if err != nil {
		return err
	}
	for _, row := range rows {
		if !scopes[row.Scope] {
			continue
		}
		objects, err := t.follow(tx, state, row)
		if err != nil {
			return err
		}
		out.Scopes = append(out.Scopes, wire.ScopeCount{Scope: row.Scope, Sets: row.Number, Objects: objects})
	}
	slices.SortFunc(out.Scopes, func(a, b wire.ScopeCount) int { return slices.Compare(a.Scope[:], b.Scope[:]) })
	return t.finish(tx, out)
}

// follow reads one scope's log and counts the objects that somebody wrote in it and nobody erased.
func (t *tracer) follow(tx Tx, state *ledger.State, row ScopeRow) (uint64, error) {
	all := map[schema.Object]bool{}
	err := tx.Log(row.ID, 0, func(e LogEntry) (bool, error) {
		objects, err := objectsOf(tx, state, e.ID)
		if err != nil {
			return false, err
		}
		maps.Copy(all, objects)
		if x := t.of[e.Device]; x != nil {
			return true, t.note(tx, x, e)
		}
		return true, nil
	})
	return uint64(len(all)), err
}

// note counts one change-set of a device that was asked about.
func (t *tracer) note(tx Tx, x *wire.DeviceTrace, e LogEntry) error {
	if e.Reason != "" {
		x.Aside++
		return nil
	}
	x.Sets++
	if old, ok := t.heads[e.Stream]; !ok || e.At.Seq > old.At.Seq {
		t.heads[e.Stream] = e
	}
	lines, err := tx.Branches(e.At.Stream)
	if len(lines) > 1 {
		t.forked = append(t.forked, e)
	}
	return err
}

// finish names the heads, and beside them what counts now and does not come before one: the work of a copy.
func (t *tracer) finish(tx Tx, out *wire.Traces) error {
	for stream, e := range t.heads {
		x := t.of[e.Device]
		x.Heads = append(x.Heads, wire.Tip{Stream: stream, Seq: e.At.Seq, Set: e.Hash})
	}
	c := &chains{tx: tx}
	for _, e := range t.forked {
		covered, err := c.Covers(t.heads[e.Stream].Hash, e.Hash)
		if err != nil {
			return err
		}
		if !covered {
			t.of[e.Device].Beside = append(t.of[e.Device].Beside, e.Hash)
		}
	}
	for _, x := range t.of {
		slices.SortFunc(x.Heads, func(a, b wire.Tip) int { return slices.Compare(a.Stream[:], b.Stream[:]) })
		out.Devices = append(out.Devices, *x)
	}
	slices.SortFunc(out.Devices, func(a, b wire.DeviceTrace) int { return cmp.Compare(a.Device.String(), b.Device.String()) })
	return nil
}
