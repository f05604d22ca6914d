package profile_test

import (
	"context"
	"errors"
	"slices"
	"testing"

	"escale/clients/dpo"
	"escale/clients/profile"
	"escale/crypto/custody"
	"escale/crypto/ledger"
	"escale/schema"
	"escale/sync/changeset"
)

// headsOf names the change-sets of a record as the last that count.
func (l *laptop) headsOf(x schema.Object) (out []ledger.StreamHead) {
	l.o.t.Helper()
	for _, h := range l.call(x).Records[0].Parts[0].Sets {
		set := must[*changeset.Set](l.o.t)(changeset.Parse(must[[]byte](l.o.t)(l.p.SetBytes(context.Background(), h))))
		out = append(out, ledger.StreamHead{Stream: set.Header.Stream(), Seq: set.Header.Seq, Hash: h})
	}
	return out
}

// TestRecoverAfterAllReadersAreGone: every reader of a scope is revoked; k custodians open its key for a newcomer, who
// reads on, a wrong share is named, and k−1 open nothing.
func TestRecoverAfterAllReadersAreGone(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	o, a, b := calais(t)
	guard := o.ask("guard", "data_manager", "tripoli")
	o.approveAll()
	settle(a, b, guard)
	s := a.admin()
	o.scopeState(s)
	ok(t, o.desk.FoundCustody(ctx, []schema.Device{o.keys.Device, guard.keys.Device, a.keys.Device}, 2))
	settle(a, b, guard)
	o.scopeState(s)
	x := a.create(s, opOf("lww", "before the loss"))
	settle(a, b, guard)
	hand := func(l *laptop) profile.HandedShare {
		return must[profile.HandedShare](t)(l.p.HandShare(ctx, o.keys.Device))
	}
	if _, err := o.desk.Recover(ctx, nil); !errors.Is(err, custody.ErrTooFew) {
		t.Fatalf("one share of two: %v", err)
	}
	bad := hand(guard)
	bad.Sealed = slices.Clone(bad.Sealed)
	bad.Sealed[len(bad.Sealed)-1] ^= 1
	var wrong *custody.WrongShareError
	if _, err := o.desk.Recover(ctx, []profile.HandedShare{bad}); !errors.As(err, &wrong) || wrong.Custodian != guard.keys.Device {
		t.Fatalf("a wrong share is not named: %v", err)
	}
	good := hand(guard)
	o.link(&ledger.Revoke{Device: a.keys.Device, Heads: a.headsOf(x)}, &ledger.Revoke{Device: b.keys.Device, Heads: []ledger.StreamHead{}})
	late := o.ask("late", "social_worker", "calais")
	o.approveAll()
	late.sync()
	if n := must[int](t)(o.desk.Recover(ctx, []profile.HandedShare{good})); n == 0 {
		t.Fatal("nothing was recovered")
	}
	settle(late)
	late.mustRead(x, "before the loss")
	if len(o.boss.HeldEpochs(s)) != 0 {
		t.Fatal("the officer's laptop kept a key that it only wrapped")
	}
	for _, r := range o.rotate(s) {
		if r.Why != dpo.Rotated {
			t.Fatalf("%+v", r)
		}
	}
}
