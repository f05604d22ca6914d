package seal_test

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"os"
	"testing"

	"escale/crypto/seal"
	"escale/schema"
)

const vectorFile = "../../testdata/vectors/sealed.json"

// vector is one sealed delta with every key on the way, in hexadecimal. What this release wrote, later ones must open.
type vector struct {
	EpochSeed  string `json:"epoch_seed"`
	DeviceSeed string `json:"device_seed"`
	EpochWrap  string `json:"epoch_wrap"`
	Session    string `json:"session"`
	Wrap       string `json:"wrap"`
	Sealed     string `json:"sealed"`
	EntryKey   string `json:"entry_key"`
	Tag        string `json:"tag_of_name"`
	Packed     string `json:"packed"`
	Plain      string `json:"plain"`
}

func unhex(t *testing.T, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestVectors opens what an earlier release sealed. ESCALE_UPDATE_GOLDEN=1 writes the file anew, which only a change of
// the format's version number may call for.
func TestVectors(t *testing.T) {
	if os.Getenv("ESCALE_UPDATE_GOLDEN") != "" {
		writeVector(t)
	}
	b, err := os.ReadFile(vectorFile)
	if err != nil {
		t.Fatal(err)
	}
	var v vector
	if err := json.Unmarshal(b, &v); err != nil {
		t.Fatal(err)
	}
	epoch, err := seal.EpochFromSeed(unhex(t, v.EpochSeed))
	if err != nil {
		t.Fatal(err)
	}
	device, err := seal.DeviceFromSeed(unhex(t, v.DeviceSeed))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := seal.UnwrapEpoch(device, name, schema.Order{1}, author, epoch.Public(), unhex(t, v.EpochWrap)); err != nil {
		t.Errorf("epoch wrap: %v", err)
	}
	packed, err := open(epoch, place, schema.Object{9}, 0, unhex(t, v.Session), unhex(t, v.Wrap), unhex(t, v.Sealed))
	if err != nil || hex.EncodeToString(packed) != v.Packed {
		t.Fatalf("delta: %x, %v", packed, err)
	}
	c, err := seal.NewCodec()
	if err != nil {
		t.Fatal(err)
	}
	plain, err := c.Unpack(packed)
	if err != nil || string(plain.Text) != v.Plain {
		t.Errorf("plain: %q, %v", plain.Text, err)
	}
	e := entryOf(t, epoch, unhex(t, v.Session), unhex(t, v.Wrap))
	if got := e.Secret(); !bytes.Equal(got, unhex(t, v.EntryKey)) {
		t.Errorf("entry key: %x", got)
	}
	tagger, err := e.Tagger()
	if err != nil {
		t.Fatal(err)
	}
	if got := tagger.Tag("name"); got.String() != v.Tag {
		t.Errorf("tag: %v", got)
	}
}

func entryOf(t *testing.T, k seal.EpochPrivate, session, wrap []byte) *seal.Entry {
	t.Helper()
	s, err := seal.OpenSession(k, name.Org, session)
	if err != nil {
		t.Fatal(err)
	}
	c, err := s.OpenChangeSet(place, wrap)
	if err != nil {
		t.Fatal(err)
	}
	e, err := c.Entry(schema.Object{9})
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func writeVector(t *testing.T) {
	t.Helper()
	epoch := mustEpoch(t)
	device, err := seal.NewDevice(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	epochWrap, err := seal.WrapEpoch(epoch, name, schema.Order{1}, author, device.Public())
	if err != nil {
		t.Fatal(err)
	}
	c, err := seal.NewCodec()
	if err != nil {
		t.Fatal(err)
	}
	v := vector{Plain: "quay, quay, quay, quay, quay, quay: the tide / المدّ"}
	packed, err := c.Pack(seal.Plain{Text: []byte(v.Plain)})
	if err != nil {
		t.Fatal(err)
	}
	session, wrap, sealed := chain(t, epoch, packed)
	e := entryOf(t, epoch, session, wrap)
	tagger, err := e.Tagger()
	if err != nil {
		t.Fatal(err)
	}
	h := hex.EncodeToString
	v.EpochSeed, v.DeviceSeed, v.EpochWrap = h(epoch.Seed()), h(device.Seed()), h(epochWrap)
	v.Session, v.Wrap, v.Sealed, v.EntryKey, v.Packed = h(session), h(wrap), h(sealed), h(e.Secret()), h(packed)
	v.Tag = tagger.Tag("name").String()
	b, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(vectorFile, append(b, '\n'), 0o644); err != nil {
		t.Fatal(err)
	}
}
