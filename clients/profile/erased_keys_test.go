package profile_test

import (
	"context"
	"path/filepath"
	"testing"

	"escale/clients/dpo"
	"escale/crypto/custody"
	"escale/crypto/ledger"
	"escale/crypto/seal"
	"escale/schema"
	"escale/store/hubsqlite"
	"escale/sync/changeset"
	"escale/sync/hub"
)

// thief has a copy of the hub's database, and private keys.
type thief struct {
	entries [][]byte
	blobs   map[schema.Hash][]byte
	sets    []*changeset.Set
	kems    map[schema.Device][][]byte // seeds
	custody []seal.CustodyPrivate
	epochs  []seal.EpochPrivate
}

// steal reads everything of a copied hub.
func (o *org) steal(folder string, s schema.Scope) *thief {
	o.t.Helper()
	ctx := context.Background()
	th := &thief{blobs: map[schema.Hash][]byte{}, kems: map[schema.Device][][]byte{}}
	store := must[*hubsqlite.Store](o.t)(hubsqlite.Open(ctx, filepath.Join(folder, "hub.db")))
	defer func() { ok(o.t, store.Close()) }()
	ok(o.t, store.View(ctx, func(tx hub.Tx) error {
		if err := tx.Entries(0, func(e []byte) error { th.entries = append(th.entries, append([]byte{}, e...)); return nil }); err != nil {
			return err
		}
		rows, err := tx.Scopes()
		if err != nil {
			return err
		}
		for _, row := range rows {
			if row.Scope != s {
				continue
			}
			err = tx.Log(row.ID, 0, func(e hub.LogEntry) (bool, error) {
				raw, err := tx.Raw(e.ID)
				if err != nil {
					return false, err
				}
				set, err := changeset.Parse(append([]byte{}, raw...))
				th.sets = append(th.sets, set)
				return true, err
			})
		}
		sc := th.scope(o, s)
		for _, e := range sc.Epochs {
			for _, list := range e.Wraps {
				b, found, err := tx.Blob(list)
				if err != nil || !found {
					continue
				}
				w := must[*ledger.WrapList](o.t)(ledger.DecodeWrapList(b))
				for _, x := range w.Entries {
					if b, found, err := tx.Blob(x.Wrap); err == nil && found {
						th.blobs[x.Wrap] = append([]byte{}, b...)
					}
				}
				th.blobs[list] = append([]byte{}, b...)
			}
		}
		return err
	}))
	return th
}

func (th *thief) scope(o *org, s schema.Scope) *ledger.Scope {
	log := must[*ledger.Log](o.t)(ledger.Replay(o.keys.Org, th.entries))
	sc, _ := log.State().Scope(s)
	return sc
}

// unwrap tries every key on every wrap.
func (th *thief) unwrap(o *org, s schema.Scope) {
	for _, e := range th.scope(o, s).Epochs {
		name := seal.EpochName{Org: o.keys.Org, Scope: s, Number: e.Number}
		orders := []schema.Order{e.Order}
		for _, g := range e.Grants {
			orders = append(orders, g.Order)
		}
		for _, wrap := range th.blobs {
			for _, order := range orders {
				for dev, seeds := range th.kems {
					for _, seed := range seeds {
						k := must[seal.DevicePrivate](o.t)(seal.DeviceFromSeed(seed))
						if got, err := seal.UnwrapEpoch(k, name, order, dev, e.Public, wrap); err == nil {
							th.epochs = append(th.epochs, got)
						}
					}
				}
				for _, c := range th.custody {
					if got, err := seal.UnwrapEpochFromCustody(c, name, order, e.Public, wrap); err == nil {
						th.epochs = append(th.epochs, got)
					}
				}
			}
		}
	}
}

// opens counts the deltas of an object that the keys open.
func (th *thief) opens(o *org, x schema.Object) (n int) {
	headers := map[schema.Hash][]byte{}
	for _, set := range th.sets {
		if len(set.Session) > 0 {
			headers[set.Header.Session] = set.Session
		}
	}
	for _, set := range th.sets {
		h := &set.Header
		for _, k := range th.epochs {
			session, err := seal.OpenSession(k, o.keys.Org, headers[h.Session])
			if err != nil {
				continue
			}
			cs, err := session.OpenChangeSet(seal.Place{Stream: h.Stream(), Seq: h.Seq, Pack: h.Pack, Salt: h.Salt}, set.Wrap)
			if err != nil {
				continue
			}
			for i := range set.Deltas {
				d := &set.Deltas[i]
				if d.Object != x || d.Erased {
					continue
				}
				if _, err := must[*seal.Entry](o.t)(cs.Entry(x)).Open(uint32(i), d.Sealed); err == nil {
					n++
				}
			}
		}
	}
	return n
}

// arm gives the thief every private key that exists now.
func (th *thief) arm(o *org, s schema.Scope, ls ...*laptop) {
	for _, l := range ls {
		th.kems[l.keys.Device] = append(th.kems[l.keys.Device], l.keys.KEM)
		th.epochs = append(th.epochs, l.p.HeldEpochs(s)...)
	}
	th.kems[o.keys.Device] = append(th.kems[o.keys.Device], o.keys.KEM)
	if c, ok := custodyOf(o, ls...); ok {
		th.custody = append(th.custody, c)
	}
}

// TestErasedDownToTheOldBackup: yesterday's backup of the hub and every private key that still exists, the renewed recovery
// key's too, open nothing of an erased record; its neighbour opens. The same thief with yesterday's keys opens it.
func TestErasedDownToTheOldBackup(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	o, a, b := calais(t)
	s := a.admin()
	c := o.ask("third", "social_worker", "calais")
	o.approveAll()
	settle(a, b, c)
	o.scopeState(s)
	ok(t, o.desk.FoundCustody(ctx, []schema.Device{a.keys.Device, b.keys.Device, c.keys.Device}, 2))
	settle(a, b, c)
	x := a.create(s, opOf("lww", "to be forgotten"))
	y := a.create(s, opOf("lww", "a neighbour"))
	settle(a, b, c)
	backup := o.backupHub()
	old := o.steal(backup, s)
	old.arm(o, s, a, b, c)
	old.epochs = nil // the wraps alone
	old.unwrap(o, s)
	if old.opens(o, x) == 0 || old.opens(o, y) == 0 || len(old.custody) == 0 {
		t.Fatal("the control: yesterday's keys open nothing")
	}
	ok(t, o.desk.Erase(ctx, a.call(x)))
	for range 3 {
		settle(a, b, c)
		must[dpo.Progress](t)(o.desk.CarryOn(ctx))
		for _, l := range []*laptop{a, b, c} {
			l.reopen()
		}
	}
	if p := must[dpo.Progress](t)(o.desk.CarryOn(ctx)); len(p.Waiting) != 0 {
		t.Fatalf("epochs still wait: %+v", p)
	}
	th := o.steal(backup, s)
	th.arm(o, s, a, b, c)
	th.unwrap(o, s)
	if len(th.epochs) == 0 || len(th.custody) == 0 {
		t.Fatal("no keys left to try with")
	}
	if n := th.opens(o, x); n != 0 {
		t.Fatalf("%d deltas of the erased record open", n)
	}
	for _, l := range []*laptop{a, b, c} {
		l.mustLack(x)
		l.mustRead(y, "a neighbour")
	}
	o.soundHub()
	cert := must[dpo.Certificate](t)(o.desk.Certify(ctx, must[[]dpo.Erasure](t)(dpo.Erasures(o.boss.Log()))[0].Order))
	if !cert.Complete || cert.Deltas != 1 || len(cert.NotAttested) != 0 || len(cert.OldCustody) != 1 || !cert.OldCustody[0].Rid() {
		t.Fatalf("%+v", cert)
	}
}

// custodyOf puts the present recovery key together from the shares that exist.
func custodyOf(o *org, ls ...*laptop) (k seal.CustodyPrivate, made bool) {
	o.t.Helper()
	c, named := ls[0].p.Log().State().Custody()
	var shares []custody.Share
	for _, l := range ls {
		if s, held := l.p.HeldShare(context.Background()); held {
			shares = append(shares, s)
		}
	}
	if !named {
		return k, false
	}
	return must[seal.CustodyPrivate](o.t)(custody.Combine(o.keys.Org, &c, shares)), true
}
