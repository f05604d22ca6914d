package changeset_test

import (
	"bytes"
	"testing"

	"escale/crypto/envelope"
	"escale/crypto/key"
	"escale/schema"
	"escale/sync/changeset"
)

// The samples use fixed keys and bytes in place of sealed parts, so that their encoding never changes.
func signer(t testing.TB, n byte) key.SignPrivate {
	t.Helper()
	k, err := key.SignFromSeed(bytes.Repeat([]byte{n}, 32))
	if err != nil {
		t.Fatal(err)
	}
	return k
}

var (
	org    = schema.Org{1}
	device = schema.Device{2}
	scope  = schema.Scope{3}
	stream = schema.StreamOf(device, schema.Incarnation{4}, scope)
	object = schema.ObjectOf(stream, schema.ObjectSeed{5})
)

func sampleSession(t testing.TB) []byte {
	t.Helper()
	s := envelope.Session{
		Suite: schema.Suite, KEM: key.KEM, Scope: scope, Epoch: 1, Device: device,
		Enc: bytes.Repeat([]byte{6}, envelope.EncapsulatedSize), Confirm: bytes.Repeat([]byte{7}, envelope.ConfirmSize),
	}
	b, err := s.Encode()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func sampleDeltas() []changeset.Delta {
	return []changeset.Delta{
		{Create: true, Seed: schema.ObjectSeed{5}, Sealed: bytes.Repeat([]byte{8}, 80)},
		{
			Object: object, Own: changeset.Own{Back: 0, Count: 1}, Heads: []uint32{1},
			Tags:   []changeset.Tagged{{Tag: schema.Tag{9}, Class: changeset.Exclusive}, {Tag: changeset.TagAddendum}},
			Sealed: bytes.Repeat([]byte{10}, 96), Chunks: []schema.Hash{{11}, {12}},
		},
		{Object: schema.Object{13}, Tags: []changeset.Tagged{{Tag: changeset.TagExists}}, Sealed: bytes.Repeat([]byte{14}, 80)},
	}
}

func draft(t testing.TB, deltas ...changeset.Delta) changeset.Draft {
	t.Helper()
	d := changeset.Draft{
		Header: changeset.Header{
			Org: org, Device: device, Incarnation: schema.Incarnation{4}, Scope: scope, Seq: 1, Ledger: schema.Hash{15},
			Heads: []changeset.Head{{Stream: schema.Stream{16}, Seq: 17, Set: schema.Hash{18}}, {Stream: schema.Stream{19}, Seq: 20, Set: schema.Hash{21}}},
			Pack:  schema.Pack{22}, Epoch: 1, Session: envelope.SessionID(sampleSession(t)), Salt: [16]byte{23},
		},
		Session: sampleSession(t), Wrap: bytes.Repeat([]byte{24}, envelope.WrapSize),
	}
	for i := range deltas {
		b, err := changeset.EncodeDelta(&deltas[i])
		if err != nil {
			t.Fatal(err)
		}
		d.Deltas = append(d.Deltas, b)
	}
	return d
}

func closed(t testing.TB, d changeset.Draft) *changeset.Set {
	t.Helper()
	s, err := d.Close(signer(t, 1))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func sample(t testing.TB) *changeset.Set {
	t.Helper()
	return closed(t, draft(t, sampleDeltas()...))
}
