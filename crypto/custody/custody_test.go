package custody

import (
	"crypto/rand"
	"errors"
	"fmt"
	"testing"

	"github.com/cloudflare/circl/group"
	"github.com/cloudflare/circl/secretsharing"
	"pgregory.net/rapid"

	"escale/crypto/ledger"
	"escale/crypto/seal"
	"escale/schema"
)

func split(t testing.TB, n int, k uint) (schema.Org, *ledger.Custody, []Share) {
	t.Helper()
	var custodians []schema.Device
	for range n {
		d, err := schema.NewDevice(rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		custodians = append(custodians, d)
	}
	org := schema.Org{1}
	c, shares, err := Split(rand.Reader, org, custodians, k)
	if err != nil {
		t.Fatal(err)
	}
	return org, c, shares
}

// Any k shares, in any order, give the key that opens what was wrapped for custody.
func TestAnyThresholdOpens(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		n := rapid.IntRange(1, 7).Draw(r, "n")
		k := rapid.IntRange(1, n).Draw(r, "k")
		org, c, shares := split(t, n, uint(k))
		some := rapid.Permutation(shares).Draw(r, "order")[:k]
		priv, err := Combine(org, c, some)
		if err != nil {
			r.Fatal(err)
		}
		epoch, err := seal.NewEpoch(rand.Reader)
		if err != nil {
			r.Fatal(err)
		}
		name := seal.EpochName{Org: org, Number: 3}
		wrap, err := seal.WrapEpochToCustody(epoch, name, schema.Order{4}, c.Key)
		if err != nil {
			r.Fatal(err)
		}
		got, err := seal.UnwrapEpochFromCustody(priv, name, schema.Order{4}, epoch.Public(), wrap)
		if err != nil || got.Public() != epoch.Public() {
			r.Fatalf("the recovered key opens nothing: %v", err)
		}
		name.Number++
		if _, err := seal.UnwrapEpochFromCustody(priv, name, schema.Order{4}, epoch.Public(), wrap); !errors.Is(err, seal.ErrWrongKey) {
			r.Fatalf("opened as another epoch: %v", err)
		}
	})
}

// One share less is refused by us; and without us, interpolation over one share less gives another key.
func TestOneShareLessOpensNothing(t *testing.T) {
	org, c, shares := split(t, 5, 3)
	if _, err := Combine(org, c, shares[1:3]); !errors.Is(err, ErrTooFew) {
		t.Fatalf("two of three: %v", err)
	}
	if _, err := Combine(org, c, []Share{shares[0], shares[0], shares[4]}); !errors.Is(err, ErrTooFew) {
		t.Fatalf("one of them twice: %v", err)
	}
	var points []secretsharing.Share
	for _, s := range shares[:2] {
		v := group.Ristretto255.NewScalar()
		if err := v.UnmarshalBinary(s.Value); err != nil {
			t.Fatal(err)
		}
		points = append(points, secretsharing.Share{ID: group.Ristretto255.NewScalar().SetUint64(uint64(s.Index)), Value: v})
	}
	guess, err := secretsharing.Recover(1, points)
	if err != nil {
		t.Fatal(err)
	}
	k, err := keyOf(org, guess)
	if err != nil || k.Public() == c.Key {
		t.Fatalf("two shares made the key: %v", err)
	}
}

// A wrong share is named by its custodian and never combined.
func TestWrongShareIsNamed(t *testing.T) {
	org, c, shares := split(t, 4, 2)
	for _, spoil := range []func(*Share){
		func(s *Share) { s.Value = append([]byte{s.Value[0] ^ 1}, s.Value[1:]...) },
		func(s *Share) { s.Blind = append([]byte{s.Blind[0] ^ 1}, s.Blind[1:]...) },
		func(s *Share) { s.Index = 1 }, // the neighbour's place
	} {
		bad := shares[2]
		spoil(&bad)
		_, err := Combine(org, c, []Share{shares[1], bad})
		var wrong *WrongShareError
		if !errors.As(err, &wrong) || wrong.Custodian != c.Custodians[bad.Index-1] {
			t.Fatalf("not named: %v", err)
		}
	}
	if _, err := Combine(schema.Org{2}, c, shares); !errors.Is(err, ErrShare) {
		t.Fatalf("shares of another organisation: %v", err)
	}
}

func TestSharesAreSealedToOneCustodian(t *testing.T) {
	org, c, shares := split(t, 2, 2)
	mine, err := seal.NewDevice(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	b, err := shares[0].Encode()
	if err != nil {
		t.Fatal(err)
	}
	name := seal.ShareName{Org: org, Commitment: c.Commitments[0], To: c.Custodians[0]}
	sealed, err := seal.SealShare(b, name, mine.Public())
	if err != nil {
		t.Fatal(err)
	}
	opened, err := seal.OpenShare(mine, name, sealed)
	if err != nil || string(opened) != string(b) {
		t.Fatalf("the custodian cannot open it: %v", err)
	}
	name.To = c.Custodians[1]
	if _, err := seal.OpenShare(mine, name, sealed); !errors.Is(err, seal.ErrWrongKey) {
		t.Fatalf("opened under another name: %v", err)
	}
}

func TestSplitRefusesWhatCannotBe(t *testing.T) {
	for _, x := range []struct {
		n int
		k uint
	}{{0, 0}, {2, 0}, {2, 3}, {ledger.MaxShares + 1, 2}} {
		if _, _, err := Split(rand.Reader, schema.Org{}, make([]schema.Device, x.n), x.k); !errors.Is(err, ErrPolicy) {
			t.Errorf("%d of %d: %v", x.k, x.n, err)
		}
	}
}

func TestShareHidesItself(t *testing.T) {
	_, _, shares := split(t, 1, 1)
	if s := fmt.Sprintf("%v %+v %#v %x", shares[0], shares, &shares[0], shares[0]); len(s) > 120 {
		t.Fatalf("a share printed itself")
	}
}

func FuzzDecodeShare(f *testing.F) {
	_, _, shares := split(f, 2, 2)
	b, err := shares[1].Encode()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Add(b[:20])
	f.Fuzz(func(t *testing.T, b []byte) {
		s, err := DecodeShare(b)
		if err != nil {
			return
		}
		again, err := s.Encode()
		if err != nil || string(again) != string(b) {
			t.Fatalf("read one way and written another: %v", err)
		}
	})
}
