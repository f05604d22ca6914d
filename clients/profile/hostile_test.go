package profile_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"maps"
	"testing"

	"escale/clients/profile"
	"escale/crypto/seal"
	"escale/schema"
	"escale/sync/causal"
	"escale/sync/changeset"
	"escale/sync/merge"
	"escale/sync/replica"
	"escale/sync/wire"
)

// forger is a member's device that keeps to the signatures and to nothing else.
type forger struct {
	*laptop
	header  changeset.Header
	session *seal.Session
	keys    *seal.ChangeSet
	draft   changeset.Draft
}

func forge(t *testing.T, l *laptop, scope schema.Scope) *forger {
	t.Helper()
	log := l.p.Log()
	epoch, open := log.State().CurrentEpoch(scope)
	if !open {
		t.Fatal("the scope is closed")
	}
	session, header, err := seal.NewSession(epoch.Public, seal.EpochName{Org: l.keys.Org, Scope: scope, Number: epoch.Number}, l.keys.Device)
	ok(t, err)
	f := &forger{laptop: l, session: session}
	f.header = changeset.Header{Suite: schema.Suite, Org: l.keys.Org, Device: l.keys.Device, Incarnation: must[schema.Incarnation](t)(schema.NewIncarnation(rand.Reader)),
		Scope: scope, Seq: 1, Ledger: log.Head().Hash, Heads: []changeset.Head{}, Epoch: epoch.Number, Session: session.ID}
	f.open(t)
	f.draft.Session = header
	return f
}

func (f *forger) open(t *testing.T) {
	t.Helper()
	_, err := rand.Read(f.header.Salt[:])
	ok(t, err)
	h := &f.header
	f.keys, f.draft.Wrap, err = f.session.NewChangeSet(rand.Reader, seal.Place{Stream: h.Stream(), Seq: h.Seq, Pack: h.Pack, Salt: h.Salt})
	ok(t, err)
}

// after goes on with the change-set that follows one.
func (f *forger) after(t *testing.T, set *changeset.Set) {
	t.Helper()
	f.header.Seq, f.header.Prev, f.draft = set.Header.Seq+1, set.Hash, changeset.Draft{}
	f.open(t)
}

func (f *forger) seal(t *testing.T, o schema.Object, plain []byte) []byte {
	t.Helper()
	entry := must[*seal.Entry](t)(f.keys.Entry(o))
	return must[[]byte](t)(entry.Seal(uint32(len(f.draft.Deltas)), plain))
}

// packed compresses and pads as the directory's records are.
func packed(t *testing.T, p merge.Payload) []byte {
	t.Helper()
	codec := must[*seal.Codec](t)(seal.NewCodec())
	return must[[]byte](t)(codec.Pack(seal.Plain{Text: must[[]byte](t)(p.Encode())}))
}

func (f *forger) add(t *testing.T, d changeset.Delta) {
	t.Helper()
	f.draft.Deltas = append(f.draft.Deltas, must[[]byte](t)(changeset.EncodeDelta(&d)))
}

func (f *forger) closed(t *testing.T) *changeset.Set {
	t.Helper()
	f.draft.Header = f.header
	return must[*changeset.Set](t)(f.draft.Close(f.p.SignKey()))
}

func (f *forger) push(t *testing.T) *changeset.Set {
	t.Helper()
	set := f.closed(t)
	offer := wire.Opening{Stream: set.Header.Stream(), Seq: set.Header.Seq, Set: set.Hash, Total: uint64(len(set.Raw))}
	var body bytes.Buffer
	ok(t, wire.WriteSet(&body, offer, set.Raw))
	reply := must[wire.PushReply](t)(f.o.hub.Push(context.Background(), f.laptop.keys.Device, &body))
	if len(reply.Results) != 1 || reply.Results[0].Status != wire.Accepted {
		t.Fatalf("the hub says %+v", reply.Results)
	}
	return set
}

var anyTag = []changeset.Tagged{{Tag: changeset.TagAddendum}}

// TestOneScopeCannotWriteAnother: a member who may write encounters edits a file by naming its object.
func TestOneScopeCannotWriteAnother(t *testing.T) {
	t.Parallel()
	for _, early := range []bool{false, true} {
		t.Run(fmt.Sprintf("before the file arrived %v", early), func(t *testing.T) {
			o, a, b := calais(t)
			late := o.ask("late", "social_worker", "calais")
			o.approveAll()
			a.sync()
			b.sync()
			x := a.create(a.admin(), opOf("lww", "true"))
			if !early {
				a.sync()
				late.sync()
				late.sync()
			}
			f := forge(t, b, b.scope("calais", "encounter", "admin"))
			bad := merge.Payload{Time: causal.Time(1) << 62, Ops: []merge.Op{opOf("lww", "forged")}}
			f.add(t, changeset.Delta{Object: x, Tags: anyTag, Sealed: f.seal(t, x, packed(t, bad))})
			f.push(t)
			for range 2 {
				late.sync()
				a.sync()
				late.sync()
			}
			for _, l := range []*laptop{a, late} {
				part := l.part(x)
				if got := l.state(x).Fields["lww"].Value; got != "true" || part.Scope != a.admin() {
					t.Errorf("%s reads %v", l.name, got)
				}
				l.reopen()
				if got := l.shown(a.admin())[x]; got != render(a.state(x)) {
					t.Errorf("%s reads %v after opening again", l.name, got)
				}
			}
		})
	}
}

// TestSignedGarbageBlocksNothing: what a member's device signed and nobody can open is kept and shown as unread.
func TestSignedGarbageBlocksNothing(t *testing.T) {
	t.Parallel()
	o, a, b := calais(t)
	scope := a.admin()
	x := a.create(scope, opOf("lww", "before"))
	a.sync()
	b.sync()
	garbage := bytes.Repeat([]byte{7}, 100)
	good := func(f *forger, value string) schema.Object {
		seed := schema.ObjectSeed{byte(len(f.draft.Deltas)), value[0]}
		object := schema.ObjectOf(f.header.Stream(), seed)
		f.add(t, changeset.Delta{Create: true, Seed: seed, Sealed: f.seal(t, object, packed(t, merge.Payload{Form: "note", Ops: []merge.Op{opOf("lww", value)}}))})
		return object
	}
	mixed := forge(t, b, scope)
	first := good(mixed, "first")
	mixed.add(t, changeset.Delta{Object: x, Tags: anyTag, Sealed: garbage})
	mixed.add(t, changeset.Delta{Object: x, Tags: anyTag, Sealed: mixed.seal(t, x, garbage)})
	last := good(mixed, "last")
	mixed.push(t)
	unwrapped := forge(t, b, scope)
	unwrapped.draft.Wrap = bytes.Repeat([]byte{9}, len(unwrapped.draft.Wrap))
	good(unwrapped, "lost")
	unwrapped.push(t)
	after := b.create(scope, opOf("lww", "after"))
	b.sync()
	a.sync()
	for _, l := range []*laptop{a, b} {
		for _, object := range []schema.Object{x, first, last, after} {
			l.state(object)
		}
		sum := must[profile.Summary](t)(l.p.Summary(context.Background()))
		if sum.Waiting != 2 {
			t.Errorf("%s: %d unread, want 2", l.name, sum.Waiting)
		}
	}
	if !maps.Equal(a.shown(scope), b.shown(scope)) {
		t.Error("the laptops differ")
	}
	a.edit(x, opOf("lww", "goes on"))
	a.sync()
	b.sync()
	if got := b.state(x).Fields["lww"].Value; got != "goes on" {
		t.Errorf("reads %v", got)
	}
	o.checkNonces(o.everything(a, scope))
}

var _ replica.Transport = (*line)(nil)
