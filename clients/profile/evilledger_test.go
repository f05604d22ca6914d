package profile_test

import (
	"bytes"
	"crypto/rand"
	"slices"
	"testing"

	"escale/clients/profile"
	"escale/crypto/envelope"
	"escale/crypto/key"
	"escale/crypto/ledger"
	"escale/crypto/seal"
	"escale/schema"
	"escale/schema/canon"
	"escale/sync/admit"
	"escale/sync/replica"
	"escale/sync/wire"
)

// TestEvilHubLedger attacks who belongs, who may read, and what officers ordered. Each attack is played as in TestEvilHub.
func TestEvilHubLedger(t *testing.T) {
	t.Parallel()
	s := newLedgerStage(t)
	s.foreign = newOrg(t, "calais")
	for _, at := range slices.Concat(s.shown(), s.linked()) {
		t.Run(at.name, func(t *testing.T) { s.play(t, at) })
	}
}

// newLedgerStage lets the ledger grow after an image of the victim was kept: a laptop is enrolled, one is revoked, and
// something is written that cites all this.
func newLedgerStage(t *testing.T) *stage {
	t.Helper()
	o, a, b := calais(t)
	s := &stage{o: o, a: a, b: b, scope: a.admin()}
	s.x = a.create(s.scope, opOf("lww", "one"))
	gone := o.ask("gone", "volunteer", "calais")
	o.approveAll()
	settle(a, b)
	s.before = b.image("before")
	o.link(&ledger.Revoke{Device: gone.keys.Device, Heads: []ledger.StreamHead{}})
	o.ask("late", "volunteer", "calais")
	o.approveAll()
	settle(a, b)
	a.edit(s.x, opOf("lww", "two"))
	a.sync()
	s.half = a.shown(s.scope)
	must[replica.Report](t)(o.desk.Sync(t.Context()))
	return s
}

// shown are attacks of a hub that signs nothing, because it cannot.
func (s *stage) shown() []attack {
	late := func(f func(e []byte, kem []byte)) func(*stage, *testing.T) lie {
		return func(s *stage, t *testing.T) lie {
			k := s.lateKEM(t)
			return entries(func(p *wire.LedgerPage) {
				for i := range p.Entries {
					if at := bytes.Index(p.Entries[i], k); at >= 0 {
						p.Entries[i] = bytes.Clone(p.Entries[i])
						f(p.Entries[i], p.Entries[i][at:at+len(k)])
					}
				}
			})
		}
	}
	says := func(f func(p *wire.LedgerPage)) func(*stage, *testing.T) lie {
		return func(*stage, *testing.T) lie { return entries(f) }
	}
	const signed = "ledger: the link's signature"
	return []attack{
		{name: "another public key", leans: signed, want: key.ErrSignature, lie: late(func(_, k []byte) { k[40] ^= 1 })},
		{name: "no public key", leans: signed, want: key.ErrSignature, lie: late(func(_, k []byte) { clear(k) })},
		{name: "another role", leans: signed, want: key.ErrSignature, lie: late(func(e, _ []byte) {
			copy(e[max(0, bytes.Index(e, []byte("volunteer"))):], "dpo")
		})},
		{name: "entry left out", leans: "ledger.follows", want: ledger.ErrNotExtending, lie: says(func(p *wire.LedgerPage) { p.Entries = p.Entries[min(1, len(p.Entries)):] })},
		{name: "entries in another order", leans: "ledger.follows", want: ledger.ErrNotExtending, lie: says(func(p *wire.LedgerPage) { slices.Reverse(p.Entries) })},
		{name: "old row again", leans: "replica.ledger: it goes on", want: replica.ErrDiverged, lie: func(s *stage, _ *testing.T) lie {
			return entries(func(p *wire.LedgerPage) { p.Entries = s.o.boss.LedgerEntries(1)[:3] })
		}},
		{name: "ledger of another organisation", leans: "ledger.follows", want: ledger.ErrForeign, lie: func(s *stage, _ *testing.T) lie {
			return entries(func(p *wire.LedgerPage) { p.Entries = s.foreign.boss.LedgerEntries(1) })
		}},
		{name: "revocation hidden", leans: "admit.Examine: cited heads", want: admit.ErrUnknownLedger, lie: func(s *stage, _ *testing.T) lie {
			old, _ := s.o.boss.Log().HashAt(s.height())
			return func(r any) {
				whenSync(r, func(r *wire.SyncReply) { r.Head = &wire.Head{Height: s.height(), Hash: old} })
			}
		}},
		{name: "older head", leans: "replica.ledger", want: replica.ErrDiverged, lie: func(s *stage, _ *testing.T) lie {
			return func(r any) {
				whenSync(r, func(r *wire.SyncReply) { r.Head = &wire.Head{Height: 2, Hash: schema.Hash{9}} })
				entries(func(p *wire.LedgerPage) { p.Entries = s.o.boss.LedgerEntries(0)[2:3] })(r)
			}
		}},
	}
}

// height is that of the victim's ledger.
func (s *stage) height() uint64 {
	p := s.wakeAs("looked at " + rand.Text())
	return p.p.LedgerHead().Height
}

// lateKEM is the key of the device that the newest order enrols.
func (s *stage) lateKEM(t *testing.T) []byte {
	t.Helper()
	state := s.o.boss.Log().State()
	var newest *ledger.Device
	for _, d := range state.Devices() {
		if newest == nil || d.EnrolledAt > newest.EnrolledAt {
			newest = d
		}
	}
	return newest.Keys.KEM[:]
}

// linked are attacks with the help of members: they sign as themselves, and the hub serves it as the newest entry.
func (s *stage) linked() []attack {
	adds := func(by func(s *stage, t *testing.T) []byte) func(*stage, *testing.T) lie {
		return func(s *stage, t *testing.T) lie {
			e := by(s, t)
			return entries(func(p *wire.LedgerPage) { p.Entries = append(p.Entries, e); p.Head.Height++ })
		}
	}
	member := func(s *stage, t *testing.T) *ledger.DeviceEntry {
		keys := must[profile.Keys](t)(profile.NewKeys(rand.Reader, false))
		pub := must[ledger.DeviceKeys](t)(keys.Public())
		return &ledger.DeviceEntry{Device: keys.Device, Member: s.a.keys.Member, Keys: pub, Role: "dpo", Sites: []ledger.Site{}, Read: []schema.Scope{s.scope}, Write: []schema.Scope{}}
	}
	grant := func(s *stage) *ledger.Grant {
		return &ledger.Grant{Scope: s.scope, Number: 1, Grantees: []schema.Device{s.b.keys.Device}, Executor: s.a.keys.Device}
	}
	stranger := func(t *testing.T) *key.OfficerPrivate {
		k := must[key.OfficerPrivate](t)(key.NewOfficer(rand.Reader))
		return &k
	}
	const officers = "ledger.applyOrder: an officer's device links orders"
	return []attack{
		{name: "device added by a member", leans: officers, want: ledger.ErrNotPermitted,
			lie: adds(func(s *stage, t *testing.T) []byte { return s.entry(t, s.a, s.ordered(t, stranger(t), member(s, t))) })},
		{name: "grant by a member", leans: officers, want: ledger.ErrNotPermitted,
			lie: adds(func(s *stage, t *testing.T) []byte { return s.entry(t, s.a, s.ordered(t, stranger(t), grant(s))) })},
		{name: "grant signed by no officer", leans: "ledger: SignedOrder.Verify", want: ledger.ErrThreshold,
			lie: adds(func(s *stage, t *testing.T) []byte { return s.entry(t, nil, s.ordered(t, stranger(t), grant(s))) })},
		{name: "grant signed by nobody", leans: "ledger: threshold", want: ledger.ErrThreshold,
			lie: adds(func(s *stage, t *testing.T) []byte { return s.entry(t, nil, s.ordered(t, nil, grant(s))) })},
		{name: "order used twice", leans: "ledger.timely", want: ledger.ErrUsed,
			lie: adds(func(s *stage, t *testing.T) []byte { return s.entry(t, nil, s.lastOrder(t)) })},
		{name: "result of somebody else's order", leans: "ledger: EpochResult.apply", want: ledger.ErrUnknown,
			lie: adds(func(s *stage, t *testing.T) []byte {
				k := must[seal.EpochPrivate](t)(seal.NewEpoch(rand.Reader))
				return s.entry(t, s.a, ledger.Results{&ledger.EpochResult{Order: schema.Order{1}, Scope: s.scope, Number: 2, Public: k.Public(), Wraps: schema.Hash{1}}})
			})},
		{name: "link signed as a change-set", leans: "key: one context for each signed type", want: key.ErrSignature, lie: adds(mistyped)},
		{name: "two ledgers", leans: "ledger.Follow", want: ledger.ErrFork, lie: forked},
	}
}

func (s *stage) ordered(t *testing.T, sign *key.OfficerPrivate, bodies ...ledger.Body) *ledger.SignedOrder {
	t.Helper()
	order := must[*ledger.SignedOrder](t)(ledger.NewOrder(rand.Reader, s.o.keys.Org, 1<<40, s.o.boss.Log().Head(), bodies...))
	if sign != nil {
		ok(t, order.Sign(*sign))
	}
	return order
}

// lastOrder is the newest order that is linked, signatures and all.
func (s *stage) lastOrder(t *testing.T) *ledger.SignedOrder {
	t.Helper()
	all := s.o.boss.LedgerEntries(1)
	for i := len(all) - 1; ; i-- {
		link, _, err := ledger.DecodeLink(all[i])
		ok(t, err)
		if link.Kind == ledger.PayloadOrder {
			return must[*ledger.SignedOrder](t)(link.Order())
		}
	}
}

// mistyped is an entry that the officer's device signed as if it were a change-set.
func mistyped(s *stage, t *testing.T) []byte {
	t.Helper()
	var e ledger.SignedLink
	officer, _ := s.o.boss.Officer()
	ok(t, canon.Decode(s.entry(t, nil, s.ordered(t, &officer, &ledger.Settings{Entries: []ledger.Setting{{Key: "k", Text: "v"}}})), &e))
	msg := append(append([]byte("escale/v1/link\x00"), s.o.keys.Org[:]...), e.Link...)
	e.Signature = must[key.Signature](t)(s.o.boss.SignKey().Sign(key.ContextChangeSet, msg))
	return must[[]byte](t)(canon.Encode(&e))
}

// forked shows another entry, that an officer signed as well, in the place of the one that the victim follows next, and
// the rest after it.
func forked(s *stage, t *testing.T) lie {
	t.Helper()
	log := must[*ledger.Log](t)(ledger.Replay(s.o.keys.Org, s.o.boss.LedgerEntries(0)[:s.height()+1]))
	officer, _ := s.o.boss.Officer()
	order := must[*ledger.SignedOrder](t)(ledger.NewOrder(rand.Reader, s.o.keys.Org, 1<<40, log.Head(), &ledger.Settings{Entries: []ledger.Setting{{Key: "other", Text: "branch"}}}))
	ok(t, order.Sign(officer))
	other := must[[]byte](t)(ledger.NewLink(log, s.o.keys.Device, s.o.boss.SignKey(), order, 1))
	return entries(func(p *wire.LedgerPage) { p.Entries = append(p.Entries, other) })
}

// TestEvilHubWraps attacks the keys of a new reader.
func TestEvilHubWraps(t *testing.T) {
	t.Parallel()
	o, a, b := calais(t)
	s := &stage{o: o, a: a, b: b, scope: a.admin()}
	a.create(s.scope, opOf("lww", "one"))
	late := o.ask("late", "social_worker", "calais")
	s.before = late.image("before")
	o.approveAll()
	settle(a, b)
	for _, at := range wrapAttacks() {
		t.Run(at.name, func(t *testing.T) { s.play(t, at) })
	}
}

func wrapAttacks() []attack {
	blobs := func(f func(s *stage, t *testing.T, b []byte) []byte) func(*stage, *testing.T) lie {
		return func(s *stage, t *testing.T) lie {
			return func(r any) {
				if got, is := r.(*wire.Blobs); is {
					for i := range got.Blobs {
						got.Blobs[i] = f(s, t, got.Blobs[i])
					}
				}
			}
		}
	}
	isList := func(b []byte) bool { _, err := ledger.DecodeWrapList(b); return err == nil }
	return []attack{
		{name: "list of wraps overwritten", leans: "Exchange.wrapFor: the hash in the ledger", want: profile.ErrBlob,
			lie: blobs(func(_ *stage, t *testing.T, b []byte) []byte {
				list, err := ledger.DecodeWrapList(b)
				if err != nil {
					return b
				}
				list.Entries[0].Wrap[0] ^= 1
				return must[[]byte](t)(list.Encode())
			})},
		{name: "wrap of another key", leans: "seal.UnwrapEpoch: the public half in the ledger", want: seal.ErrWrongKey, lie: anothersKey},
		{name: "wrap of garbage", leans: "seal.unwrapFrom: a wrap that does not open", want: seal.ErrWrongKey, lie: blobs(func(_ *stage, _ *testing.T, b []byte) []byte {
			if isList(b) {
				return b
			}
			return bytes.Repeat([]byte{7}, len(b))
		})},
		{name: "wrap flipped", leans: "seal.unwrapFrom: a wrap that does not open", want: seal.ErrWrongKey, lie: blobs(func(_ *stage, _ *testing.T, b []byte) []byte {
			if isList(b) {
				return b
			}
			b = bytes.Clone(b)
			b[len(b)-1] ^= 1
			return b
		})},
		{name: "no wrap", leans: "seal.UnwrapEpoch", want: seal.ErrDamaged, lie: blobs(func(_ *stage, _ *testing.T, b []byte) []byte {
			if isList(b) {
				return b
			}
			return []byte{}
		})},
	}
}

// anothersKey seals, to the newcomer and well in every respect, epoch keys that the hub made itself.
func anothersKey(s *stage, t *testing.T) lie {
	t.Helper()
	lists := map[schema.Hash]*ledger.WrapList{} // by the name of a wrap in them
	made := must[seal.EpochPrivate](t)(seal.NewEpoch(rand.Reader))
	device := s.before.keys.Device
	return func(r any) {
		got, is := r.(*wire.Blobs)
		for i := 0; is && i < len(got.Blobs); i++ {
			if list, err := ledger.DecodeWrapList(got.Blobs[i]); err == nil {
				if name, ours := list.Wrap(device); ours {
					lists[name] = list
				}
				continue
			}
			list, ours := lists[envelope.BlobID(got.Blobs[i])]
			if !ours {
				continue
			}
			name := seal.EpochName{Org: s.o.keys.Org, Scope: list.Scope, Number: list.Number}
			got.Blobs[i] = must[[]byte](t)(seal.WrapEpoch(made, name, s.orderOf(list), device, s.before.kem(t)))
		}
	}
}

// orderOf finds the order that a list of wraps carries out.
func (s *stage) orderOf(list *ledger.WrapList) schema.Order {
	sc, _ := s.a.p.Log().State().Scope(list.Scope)
	e, _ := sc.Epoch(list.Number)
	if slices.Contains(e.Grantees, s.before.keys.Device) {
		return e.Order
	}
	for _, g := range e.Grants {
		if slices.Contains(g.Grantees, s.before.keys.Device) {
			return g.Order
		}
	}
	return schema.Order{}
}

func (l *laptop) kem(t *testing.T) key.DeviceKEM {
	t.Helper()
	return must[ledger.DeviceKeys](t)(l.keys.Public()).KEM
}
