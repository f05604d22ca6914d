package wire_test

import (
	"testing"

	"pgregory.net/rapid"

	"escale/schema"
	"escale/schema/canon"
	"escale/sync/wire"
)

func drawTip(t *rapid.T) wire.Tip {
	return wire.Tip{
		Stream: schema.Stream{rapid.Byte().Draw(t, "stream")}, Seq: rapid.Uint64Range(1, 3).Draw(t, "seq"),
		Set: schema.Hash{rapid.Byte().Draw(t, "set")},
	}
}

func TestDigestIsOverTheSetOfTips(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		tips := rapid.SliceOfN(rapid.Custom(drawTip), 1, 8).Draw(t, "tips")
		d := wire.Digest(schema.Hash{1}, tips)
		if wire.Digest(schema.Hash{1}, rapid.Permutation(tips).Draw(t, "order")) != d {
			t.Fatal("order changes the digest")
		}
		if wire.Digest(schema.Hash{2}, tips) == d || wire.Digest(schema.Hash{1}, tips[1:]) == d {
			t.Fatal("another ledger head, or a tip less, has the same digest")
		}
		changed := append([]wire.Tip(nil), tips...)
		changed[0].Set[31] ^= 1
		if wire.Digest(schema.Hash{1}, changed) == d {
			t.Fatal("another tip has the same digest")
		}
	})
}

func TestStateDependsOnAllThatItCovers(t *testing.T) {
	scopes := []wire.ScopeState{{Scope: schema.Scope{1}, Number: 2}, {Scope: schema.Scope{2}}}
	own := []wire.Tip{{Stream: schema.Stream{1}, Seq: 1}}
	state := func(f func()) schema.Hash {
		f()
		return wire.StateHash(wire.HubEpoch{1}, schema.Hash{1}, scopes, own)
	}
	first := state(func() {})
	if state(func() { scopes[0], scopes[1] = scopes[1], scopes[0] }) != first {
		t.Error("order changes the state")
	}
	for what, change := range map[string]func(){
		"number": func() { scopes[0].Number++ }, "running": func() { scopes[0].Running[0]++ }, "digest": func() { scopes[0].Digest[0]++ },
		"own": func() { own[0].Seq++ }, "scope less": func() { scopes = scopes[:1] },
	} {
		before := state(func() {})
		if state(change) == before {
			t.Errorf("%s is not in the state", what)
		}
	}
	if wire.StateHash(wire.HubEpoch{2}, schema.Hash{1}, scopes, own) == wire.StateHash(wire.HubEpoch{1}, schema.Hash{1}, scopes, own) {
		t.Error("hub epoch is not in the state")
	}
}

func TestRunningHashDependsOnOrder(t *testing.T) {
	a, b := schema.Hash{1}, schema.Hash{2}
	if wire.RunningHash(wire.RunningHash(schema.Hash{}, a), b) == wire.RunningHash(wire.RunningHash(schema.Hash{}, b), a) {
		t.Error("order is not in the running hash")
	}
	if wire.RunningHash(a, b) == wire.RunningHash(schema.Hash{}, b) {
		t.Error("what came before is not in the running hash")
	}
}

func TestNoOpIsSmall(t *testing.T) {
	ask, err := canon.Encode(wire.SyncAsk{})
	if err != nil {
		t.Fatal(err)
	}
	reply, err := canon.Encode(wire.SyncReply{Same: true, Time: 1 << 42, Scopes: []wire.ScopeState{}, Own: []wire.Tip{}})
	if err != nil {
		t.Fatal(err)
	}
	if len(ask) > 200 || len(reply) > 200 {
		t.Errorf("no-op of %d and %d bytes", len(ask), len(reply))
	}
}
