package profile_test

import (
	"context"
	"testing"
	"time"

	"escale/clients/profile"
	"escale/crypto/ledger"
	"escale/schema"
	"escale/sync/horizon"
	"escale/sync/wire"
)

// confirm lets the officer sign what the hub holds now, as a backup that was read back.
func (o *org) confirm() *horizon.File {
	o.t.Helper()
	_, err := o.desk.Sync(context.Background())
	ok(o.t, err)
	f := must[*horizon.File](o.t)(o.hub.Statement(context.Background()))
	b := must[[]byte](o.t)(f.Encode())
	_, _, err = o.desk.ConfirmBackup(context.Background(), b, horizon.Digest(f.Statement))
	ok(o.t, err)
	return f
}

// risks adds up what keeps a laptop from being wiped.
func (l *laptop) risks() (unsent, atRisk int) {
	l.o.t.Helper()
	all, _, err := l.p.Standings(context.Background())
	ok(l.o.t, err)
	for _, s := range all {
		unsent, atRisk = unsent+s.Open+s.Unsent, atRisk+s.AtRisk
	}
	return unsent, atRisk
}

// TestOnlyAConfirmedBackupMakesSafe follows a reader and a laptop that may only write through saves, syncs and backups.
func TestOnlyAConfirmedBackupMakesSafe(t *testing.T) {
	t.Parallel()
	o := newOrg(t, "tripoli")
	w, r := o.ask("outreach", "outreach", "tripoli"), o.ask("lead", "protection_lead", "tripoli")
	o.approveAll()
	for range 2 {
		r.sync()
		w.sync()
	}
	secret := w.scope("tripoli", "testimony", "testimony")
	save := func() { w.create(secret, opOf("lww", "told")); ok(t, w.p.CloseOpenSets(context.Background())) }
	save()
	if unsent, _ := w.risks(); unsent != 1 {
		t.Errorf("%d unsent", unsent)
	}
	w.sync()
	r.sync()
	for _, l := range []*laptop{w, r} {
		if unsent, atRisk := l.risks(); unsent != 0 || atRisk == 0 {
			t.Errorf("%s, before any backup: %d unsent, %d at risk", l.name, unsent, atRisk)
		}
	}
	o.confirm()
	if _, atRisk := w.risks(); atRisk == 0 {
		t.Error("safe without having heard of the backup")
	}
	w.sync()
	r.sync()
	for _, l := range []*laptop{w, r} {
		if unsent, atRisk := l.risks(); unsent+atRisk != 0 {
			t.Errorf("%s, after the backup: %d unsent, %d at risk", l.name, unsent, atRisk)
		}
		if rep := l.sync(); rep.RoundTrips != 1 {
			t.Errorf("%s: %d round trips for nothing", l.name, rep.RoundTrips)
		}
	}
	save()
	w.sync()
	w.reopen()
	if unsent, atRisk := w.risks(); unsent != 0 || atRisk != 1 {
		t.Errorf("saved since: %d unsent, %d at risk", unsent, atRisk)
	}
}

// TestHubCannotFeignABackup: a hub that serves another statement or other lists than the signed ones, or none, makes
// nothing safe.
func TestHubCannotFeignABackup(t *testing.T) {
	t.Parallel()
	o, a, _ := calais(t)
	a.many(a.admin(), 2, 1)
	a.sync()
	signed := o.confirm()
	a.many(a.admin(), 1, 1)
	feigned := must[*horizon.File](t)(o.hub.Statement(context.Background()))
	for name, lie := range map[string]func(b *wire.Blobs){
		"nothing": func(b *wire.Blobs) { b.Blobs = make([][]byte, len(b.Blobs)) },
		"another": func(b *wire.Blobs) { b.Blobs[0] = feigned.Statement },
		"another list": func(b *wire.Blobs) {
			if len(b.Blobs) > 1 {
				b.Blobs[0] = signed.Tips[0]
				b.Blobs[1] = signed.Tips[0]
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			victim := a.image("victim " + name).wake()
			crooked := o.line(victim.p)
			crooked.replies = func(reply any) {
				if b, is := reply.(*wire.Blobs); is && len(b.Blobs) > 0 {
					lie(b)
				}
			}
			rep, err := victim.run(crooked)
			if _, atRisk := victim.risks(); atRisk == 0 {
				t.Errorf("safe by a lie: %v %+v", err, rep)
			}
			victim.sync()
		})
	}
}

// TestOlderHubIsNoticed compares a hub that was put back with the newest confirmed backup.
func TestOlderHubIsNoticed(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	o, a, b := calais(t)
	a.many(a.admin(), 2, 1)
	a.sync()
	old := o.backupHub()
	a.many(a.admin(), 2, 1)
	a.sync()
	b.sync()
	newer := o.backupHub()
	o.confirm()
	a.sync()
	b.sync()
	for _, c := range []struct {
		backup string
		behind int
	}{{newer, 0}, {old, 1}} {
		o.restoreHub(c.backup, true)
		rep := a.sync()
		if rep.Renewed == nil || rep.Renewed.Again == 0 {
			t.Fatalf("not noticed: %+v", rep)
		}
		behind := must[[]schema.Scope](t)(a.p.BehindHorizon(ctx, rep.Renewed.Scopes))
		if len(behind) != c.behind {
			t.Errorf("behind in %d scopes, want %d", len(behind), c.behind)
		}
		b.sync()
		a.sync()
	}
	if rep := a.sync(); rep.Renewed != nil {
		t.Error("told twice")
	}
}

// TestAgreementIsKeptByScope: where one scope differs, the others keep their moment.
func TestAgreementIsKeptByScope(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	_, a, _ := calais(t)
	ok(t, a.p.Agreed(ctx, 1000))
	all, backup, err := a.p.Standings(ctx)
	ok(t, err)
	if backup != 0 || len(all) < 2 {
		t.Fatalf("%d scopes", len(all))
	}
	one, other := all[0].Scope, all[1].Scope
	ok(t, a.p.Compared(ctx, 2000, []schema.Scope{other}, []schema.Scope{one}))
	a.reopen()
	all, _, err = a.p.Standings(ctx)
	ok(t, err)
	for _, s := range all {
		want := profile.Standing{AgreedAt: 1000}
		switch s.Scope {
		case one:
			want.Differs = true
		case other:
			want.AgreedAt = 2000
		}
		if s.AgreedAt != want.AgreedAt || s.Differs != want.Differs {
			t.Errorf("%+v, want %+v", s, want)
		}
	}
}

// TestOneBackupIsConfirmedOnce, and the horizon of one hub never goes back.
func TestOneBackupIsConfirmedOnce(t *testing.T) {
	t.Parallel()
	o, a, _ := calais(t)
	first := must[*horizon.File](t)(o.hub.Statement(context.Background()))
	a.many(a.admin(), 1, 1)
	a.sync()
	f := o.confirm()
	height := o.boss.LedgerHead().Height
	b := must[[]byte](t)(f.Encode())
	_, _, err := o.desk.ConfirmBackup(context.Background(), b, schema.Hash{})
	ok(t, err)
	if o.boss.LedgerHead().Height != height {
		t.Error("linked twice")
	}
	b = must[[]byte](t)(first.Encode())
	if _, _, err := o.desk.ConfirmBackup(context.Background(), b, schema.Hash{}); err == nil {
		t.Error("the horizon went back")
	}
	if h, ok := o.boss.Log().State().Horizon(); !ok || h.Digest != horizon.Digest(f.Statement) || time.Unix(h.Time, 0).IsZero() {
		t.Errorf("%+v", ledger.Horizon(h))
	}
}
