package ledger_test

import (
	"bytes"
	"testing"

	"escale/crypto/ledger"
	"escale/schema"
	"escale/schema/canon"
)

// opened reads all that is inside an entry and returns how often it could.
func opened(link *ledger.Link) (int, error) {
	if link.Kind == ledger.PayloadResults {
		rs, err := link.Results()
		return len(rs), err
	}
	s, err := link.Order()
	if err != nil {
		return 0, err
	}
	o, err := s.Content()
	if err != nil {
		return 0, err
	}
	bs, err := o.Decode()
	return len(bs), err
}

func FuzzEntry(f *testing.F) {
	w := story(f)
	for _, e := range w.log.Entries(1) {
		f.Add(e)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		link, signed, err := ledger.DecodeLink(b)
		if err != nil {
			return
		}
		again, err := canon.Encode(signed)
		if err != nil || !bytes.Equal(again, b) {
			t.Fatalf("an entry has two forms: %v", err)
		}
		if n, err := opened(link); err == nil && n == 0 {
			t.Fatal("an entry that does nothing")
		}
	})
}

// Whatever is offered, the log takes only what it already holds.
func FuzzFollow(f *testing.F) {
	w := story(f)
	for _, e := range w.log.Entries(0) {
		f.Add(e)
	}
	head := w.log.Head()
	f.Fuzz(func(t *testing.T, b []byte) {
		if err := w.log.Follow(b); err == nil {
			if _, ok := w.log.HeightOf(ledger.HashOf(1, b)); !ok && !bytes.Equal(b, w.log.Entries(0)[0]) {
				t.Fatal("took an entry that nobody signed")
			}
		}
		if w.log.Head() != head {
			t.Fatal("the head moved")
		}
	})
}

func FuzzGenesis(f *testing.F) {
	f.Add(story(f).log.Entries(0)[0])
	f.Add(newWorld(f, 2, 1, 1).log.Entries(0)[0])
	f.Fuzz(func(t *testing.T, b []byte) {
		g, err := ledger.DecodeGenesis(b)
		if err != nil {
			return
		}
		again, err := g.Encode()
		if err != nil || !bytes.Equal(again, b) {
			t.Fatalf("a genesis has two forms: %v", err)
		}
		if l, err := ledger.New(ledger.OrgOf(b), b); err == nil && len(l.State().Officers()) == 0 {
			t.Fatal("an organisation without officers")
		}
	})
}

func FuzzSignedOrder(f *testing.F) {
	w := story(f)
	for _, e := range w.log.Entries(1) {
		link, _, err := ledger.DecodeLink(e)
		if must(f, link, err).Kind == ledger.PayloadOrder {
			f.Add(link.Payload)
		}
	}
	state := w.log.State()
	f.Fuzz(func(t *testing.T, b []byte) {
		s, err := ledger.DecodeSignedOrder(b)
		if err != nil {
			return
		}
		if again, err := s.Encode(); err != nil || !bytes.Equal(again, b) {
			t.Fatalf("an order has two forms: %v", err)
		}
		if s.Verify(state) != nil {
			return
		}
		o, err := s.Content()
		if _, used := state.OrderUsed(must(t, o, err).ID); !used {
			t.Fatal("verified an order that no officer signed")
		}
	})
}

func FuzzWrapList(f *testing.F) {
	l, err := ledger.NewWrapList(schema.Scope{1}, 1, []ledger.WrapEntry{{Wrap: schema.Hash{1}}, {Grantee: schema.Device{1}, Wrap: schema.Hash{2}}})
	b, err2 := must(f, l, err).Encode()
	f.Add(must(f, b, err2))
	f.Fuzz(func(t *testing.T, b []byte) {
		l, err := ledger.DecodeWrapList(b)
		if err != nil {
			return
		}
		if again, err := l.Encode(); err != nil || !bytes.Equal(again, b) {
			t.Fatalf("a list has two forms: %v", err)
		}
	})
}
