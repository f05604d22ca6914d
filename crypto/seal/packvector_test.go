package seal_test

import (
	"bytes"
	"crypto/hpke"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"escale/crypto/envelope"
	"escale/crypto/key"
	"escale/crypto/seal"
	"escale/schema"
)

const packVectorFile = "../../testdata/vectors/keypack.json"

// packVector is a key pack of one segment, in hexadecimal.
type packVector struct {
	EpochSeed string `json:"epoch_seed"`
	Manifest  string `json:"manifest"`
	Segment   string `json:"segment"`
	Keys      string `json:"entry_keys"`
}

var packed = []envelope.PackedSet{{Set: envelope.SetName{1}, Objects: []schema.Object{{9}, {10}}}, {Set: envelope.SetName{2}, Objects: []schema.Object{}}}

func writePackVector(t *testing.T) {
	t.Helper()
	epoch := mustEpoch(t)
	session, header, err := seal.NewSession(epoch.Public(), name, author)
	if err != nil {
		t.Fatal(err)
	}
	keys := bytes.Repeat([]byte{1, 2, 3, 4}, 2*envelope.SecretSize/4)
	segment, err := session.SealSegment(rand.Reader, 0, packed, keys)
	if err != nil {
		t.Fatal(err)
	}
	m := envelope.NewKeyPack(name.Org, name.Scope, name.Number, schema.Hash{5}, schema.Hash{}, header)
	m.Segments = []envelope.SegmentRef{{Blob: envelope.BlobID(segment), Sets: 2, Entries: 2}}
	manifest, err := m.Encode()
	if err != nil {
		t.Fatal(err)
	}
	h := hex.EncodeToString
	b, err := json.MarshalIndent(packVector{h(epoch.Seed()), h(manifest), h(segment), h(keys)}, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(packVectorFile, append(b, '\n'), 0o644); err != nil {
		t.Fatal(err)
	}
}

// TestPackVector opens a key pack of an earlier release.
func TestPackVector(t *testing.T) {
	if os.Getenv("ESCALE_UPDATE_GOLDEN") != "" {
		writePackVector(t)
	}
	b, err := os.ReadFile(packVectorFile)
	if err != nil {
		t.Fatal(err)
	}
	var v packVector
	if err := json.Unmarshal(b, &v); err != nil {
		t.Fatal(err)
	}
	m, err := envelope.ParseKeyPack(unhex(t, v.Manifest))
	if err != nil {
		t.Fatal(err)
	}
	segment := unhex(t, v.Segment)
	if again, err := m.Encode(); err != nil || !bytes.Equal(again, unhex(t, v.Manifest)) || m.Segments[0].Blob != envelope.BlobID(segment) {
		t.Errorf("manifest: %v", err)
	}
	epoch, err := seal.EpochFromSeed(unhex(t, v.EpochSeed))
	if err != nil {
		t.Fatal(err)
	}
	session, err := seal.OpenSession(epoch, name.Org, m.Session)
	if err != nil {
		t.Fatal(err)
	}
	seg, sets, err := envelope.ParseSegment(segment)
	if err != nil || !bytes.Equal(envelope.EncodePairs(sets), envelope.EncodePairs(packed)) {
		t.Fatalf("segment: %+v %v", sets, err)
	}
	keys, err := session.OpenSegment(0, seg)
	if err != nil || hex.EncodeToString(keys) != v.Keys {
		t.Errorf("entry keys: %v", err)
	}
}

// TestTheKEMIsTheHybridOne: what this program calls its own mechanism, and what it runs, are MLKEM768-X25519.
func TestTheKEMIsTheHybridOne(t *testing.T) {
	const hybrid = 0x647a
	if key.KEM != hybrid || hpke.MLKEM768X25519().ID() != hybrid {
		t.Errorf("it says %#04x and runs %#04x", key.KEM, hpke.MLKEM768X25519().ID())
	}
}

// TestEveryVectorIsNamed compares the index of the vectors with what is there.
func TestEveryVectorIsNamed(t *testing.T) {
	const dir = "../../testdata/vectors"
	index, err := os.ReadFile(filepath.Join(dir, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if e.Name() != "README.md" && !strings.Contains(string(index), "`"+e.Name()+"`") {
			t.Errorf("the index does not name %s", e.Name())
		}
	}
	for _, m := range regexp.MustCompile("(?m)^\\| [^|]+ \\| `([^`]+)` \\| `([^`]+)` \\|$").FindAllStringSubmatch(string(index), -1) {
		at := filepath.Join("../..", m[1])
		if !strings.Contains(m[1], "/") {
			at = filepath.Join(dir, m[1])
		}
		for _, path := range []string{at, filepath.Join("../..", m[2])} {
			if _, err := os.Stat(path); err != nil {
				t.Errorf("the index names %s: %v", path, err)
			}
		}
	}
}
