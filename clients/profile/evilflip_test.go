package profile_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"os"
	"testing"

	"escale/crypto/ledger"
	"escale/crypto/seal"
	"escale/schema"
	"escale/sync/admit"
	"escale/sync/changeset"
	"escale/sync/wire"
)

// TestEvilHubFlips changes single bytes of what a hub serves: every one of them with EVIL set (make evil), else some drawn
// evenly. Each is refused by whoever verifies, with no other's help.
func TestEvilHubFlips(t *testing.T) {
	t.Parallel()
	o, a, b := calais(t)
	scope := a.admin()
	x := a.create(scope, opOf("lww", "one"))
	a.edit(x, opOf("lww", "two"))
	settle(a, b)
	log := a.p.Log()
	flips(t, "change-set", o.served(t, b, scope), func(raw []byte) error {
		set, err := changeset.Parse(raw)
		if err == nil {
			_, err = admit.Examine(log, set)
		}
		return err
	})
	entries := log.Entries(0)
	short := must[*ledger.Log](t)(ledger.Replay(o.keys.Org, entries[:len(entries)-1]))
	flips(t, "ledger entry", entries[len(entries)-1], short.Verify)
	flips(t, "genesis", entries[0], func(raw []byte) error { _, err := ledger.New(o.keys.Org, raw); return err })
	epoch := must[seal.EpochPrivate](t)(seal.NewEpoch(rand.Reader))
	name := seal.EpochName{Org: o.keys.Org, Scope: scope, Number: 1}
	device := must[seal.DevicePrivate](t)(seal.DeviceFromSeed(a.keys.KEM))
	wrap := must[[]byte](t)(seal.WrapEpoch(epoch, name, schema.Order{1}, a.keys.Device, device.Public()))
	flips(t, "wrap", wrap, func(raw []byte) error {
		_, err := seal.UnwrapEpoch(device, name, schema.Order{1}, a.keys.Device, epoch.Public(), raw)
		return err
	})
}

// served is the newest change-set of a scope as the hub serves it to a laptop that has none.
func (o *org) served(t *testing.T, to *laptop, scope schema.Scope) []byte {
	t.Helper()
	reply := must[wire.PullReply](t)(o.hub.Pull(context.Background(), to.keys.Device, wire.PullAsk{Cursors: []wire.Cursor{{Scope: scope}}, Own: true}))
	items := reply.Scopes[0].Items
	return items[len(items)-1].Raw
}

func flips(t *testing.T, what string, raw []byte, verify func([]byte) error) {
	t.Helper()
	if err := verify(raw); err != nil {
		t.Fatalf("the honest control, %s: %v", what, err)
	}
	step := max(1, len(raw)/60)
	if os.Getenv("EVIL") != "" {
		step = 1
	}
	for at := 0; at < len(raw); at += step {
		bad := bytes.Clone(raw)
		bad[at] ^= 1 << (at % 8)
		if verify(bad) == nil {
			t.Errorf("%s: byte %d of %d is not looked at", what, at, len(raw))
		}
	}
}
