package custody

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"os"
	"testing"

	"escale/crypto/ledger"
	"escale/crypto/seal"
	"escale/schema"
	"escale/schema/canon"
)

const vectorFile = "../../testdata/vectors/custody.json"

// vector is a recovery key in two of three shares, the third of them also sealed to its custodian, in hexadecimal.
type vector struct {
	Custody   string   `json:"ledger_entry"`
	Shares    []string `json:"shares"`
	Custodian string   `json:"custodian_seed"`
	Sealed    string   `json:"sealed_share"`
	Wrap      string   `json:"epoch_wrap"`
	Epoch     string   `json:"epoch_seed"`
}

var (
	vectorOrg   = schema.Org{1}
	vectorName  = seal.EpochName{Org: vectorOrg, Scope: schema.Scope{2}, Number: 3}
	vectorOrder = schema.Order{4}
)

func must[T any](t *testing.T) func(T, error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func unhex(t *testing.T, s string) []byte {
	t.Helper()
	return must[[]byte](t)(hex.DecodeString(s))
}

func shareName(c *ledger.Custody) seal.ShareName {
	return seal.ShareName{Org: vectorOrg, Commitment: c.Commitments[2], To: c.Custodians[2]}
}

func writeVector(t *testing.T) {
	t.Helper()
	c, shares, err := Split(rand.Reader, vectorOrg, []schema.Device{{7}, {8}, {9}}, 2)
	if err != nil {
		t.Fatal(err)
	}
	v := vector{Custody: hex.EncodeToString(must[[]byte](t)(canon.Encode(c)))}
	for _, s := range shares {
		v.Shares = append(v.Shares, hex.EncodeToString(must[[]byte](t)(s.Encode())))
	}
	custodian := must[seal.DevicePrivate](t)(seal.NewDevice(rand.Reader))
	v.Custodian = hex.EncodeToString(custodian.Seed())
	v.Sealed = hex.EncodeToString(must[[]byte](t)(seal.SealShare(unhex(t, v.Shares[2]), shareName(c), custodian.Public())))
	epoch := must[seal.EpochPrivate](t)(seal.NewEpoch(rand.Reader))
	v.Epoch = hex.EncodeToString(epoch.Seed())
	v.Wrap = hex.EncodeToString(must[[]byte](t)(seal.WrapEpochToCustody(epoch, vectorName, vectorOrder, c.Key)))
	b := must[[]byte](t)(json.MarshalIndent(v, "", "  "))
	if err := os.WriteFile(vectorFile, append(b, '\n'), 0o644); err != nil {
		t.Fatal(err)
	}
}

// TestVector recovers with shares that an earlier release handed out. ESCALE_UPDATE_GOLDEN=1 writes them anew, which only a
// new version of the format may call for.
func TestVector(t *testing.T) {
	if os.Getenv("ESCALE_UPDATE_GOLDEN") != "" {
		writeVector(t)
	}
	var v vector
	if err := json.Unmarshal(must[[]byte](t)(os.ReadFile(vectorFile)), &v); err != nil {
		t.Fatal(err)
	}
	var c ledger.Custody
	if err := canon.Decode(unhex(t, v.Custody), &c); err != nil {
		t.Fatal(err)
	}
	custodian := must[seal.DevicePrivate](t)(seal.DeviceFromSeed(unhex(t, v.Custodian)))
	opened := must[[]byte](t)(seal.OpenShare(custodian, shareName(&c), unhex(t, v.Sealed)))
	if !bytes.Equal(opened, unhex(t, v.Shares[2])) {
		t.Fatal("the sealed share is another one")
	}
	shares := []Share{must[Share](t)(DecodeShare(unhex(t, v.Shares[0]))), must[Share](t)(DecodeShare(opened))}
	key := must[seal.CustodyPrivate](t)(Combine(vectorOrg, &c, shares))
	want := must[seal.EpochPrivate](t)(seal.EpochFromSeed(unhex(t, v.Epoch)))
	got := must[seal.EpochPrivate](t)(seal.UnwrapEpochFromCustody(key, vectorName, vectorOrder, want.Public(), unhex(t, v.Wrap)))
	if !bytes.Equal(got.Seed(), want.Seed()) {
		t.Error("another key came out")
	}
}
