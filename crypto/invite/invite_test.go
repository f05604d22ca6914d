package invite_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"escale/crypto/invite"
	"escale/crypto/key"
	"escale/crypto/ledger"
	"escale/schema"
	"escale/schema/canon"
)

var now = time.Unix(1_767_225_600, 0)

func must[T any](t interface{ Fatal(...any) }, v T, err error) T {
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func invitation() *invite.Invitation {
	return &invite.Invitation{
		ID: invite.ID{1}, Org: schema.Org{2}, Head: ledger.Head{Height: 7, Hash: schema.Hash{3}},
		Address: "hub.invalid:8443", Pins: []key.TLSPublic{{4}}, Role: "outreach_worker", Sites: []string{"calais"},
		Secret: invite.Secret{5, 6, 7}, Expires: now.Unix() + 3600,
	}
}

// drawn returns an invitation with every field drawn.
func drawn(t *rapid.T) *invite.Invitation {
	random := rand.NewChaCha8([32]byte{byte(rapid.Uint8().Draw(t, "seed"))})
	fill := func(p []byte) {
		if _, err := random.Read(p); err != nil {
			t.Fatal(err)
		}
		p[0] |= 1
	}
	v := &invite.Invitation{
		Address: rapid.StringMatching(`[a-z.:0-9]{1,60}`).Draw(t, "address"),
		Role:    rapid.StringMatching(`[a-z_]{1,30}`).Draw(t, "role"),
		Sites:   rapid.SliceOfN(rapid.StringMatching(`[a-z]{1,12}`), 1, 5).Draw(t, "sites"),
		Expires: now.Unix() + int64(rapid.IntRange(0, 1<<20).Draw(t, "expires")),
		Pins:    make([]key.TLSPublic, rapid.IntRange(1, 4).Draw(t, "pins")),
	}
	for _, p := range [][]byte{v.ID[:], v.Org[:], v.Head.Hash[:], v.Secret[:]} {
		fill(p)
	}
	for i := range v.Pins {
		fill(v.Pins[i][:])
	}
	v.Head.Height = rapid.Uint64().Draw(t, "height")
	return v
}

// What a person or a mail program does to a code does not matter.
func TestCodesSurviveHandling(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := drawn(t)
		code, err := v.Code()
		text := must(t, code, err)
		for name, f := range map[string]func(string) string{
			"as it is":    func(s string) string { return s },
			"lower case":  strings.ToLower,
			"no hyphens":  func(s string) string { return strings.ReplaceAll(s, "-", "") },
			"line breaks": func(s string) string { return "\n  " + strings.ReplaceAll(s, "-", "\r\n\t") + " \n" },
			"letter O":    func(s string) string { return strings.ReplaceAll(s, "0", "O") },
			"letters I l": func(s string) string { return strings.ReplaceAll(strings.Replace(s, "1", "I", 2), "1", "l") },
		} {
			got, err := invite.Parse(f(text), now)
			if err != nil || !reflect.DeepEqual(got, v) {
				t.Fatalf("%s: %v", name, err)
			}
		}
	})
}

func TestDamagedCodes(t *testing.T) {
	code, err := invitation().Code()
	text := must(t, code, err)
	for i := range text {
		_, err := invite.Parse(text[:i], now)
		if !errors.Is(err, invite.ErrTruncated) || !errors.Is(err, invite.ErrDamaged) {
			t.Fatalf("cut after %d characters: %v", i, err)
		}
	}
	const alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
	for i := len("ESCALE1-"); i < len(text); i++ {
		for _, c := range alphabet + "U$é" {
			if text[i] == '-' || rune(text[i]) == c {
				continue
			}
			if _, err := invite.Parse(text[:i]+string(c)+text[i+1:], now); !errors.Is(err, invite.ErrDamaged) {
				t.Fatalf("character %d as %c: %v", i, c, err)
			}
		}
	}
	for name, s := range map[string]string{
		"one more character": text + "0", "swapped": swap(text), "another thing": "https://hub.invalid/join", "twice": text + text,
	} {
		if _, err := invite.Parse(s, now); !errors.Is(err, invite.ErrMistyped) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// swap exchanges the first two neighbours that differ.
func swap(s string) string {
	b := []byte(s)
	for i := 20; i+1 < len(b); i++ {
		if b[i] != b[i+1] && b[i] != '-' && b[i+1] != '-' {
			b[i], b[i+1] = b[i+1], b[i]
			break
		}
	}
	return string(b)
}

func TestRefusedCodes(t *testing.T) {
	code, err := invitation().Code()
	text := must(t, code, err)
	if _, err := invite.Parse(strings.Replace(text, "ESCALE1", "ESCALE2", 1), now); !errors.Is(err, invite.ErrVersion) {
		t.Errorf("another version: %v", err)
	}
	if _, err := invite.Parse(text, now.Add(3601*time.Second)); !errors.Is(err, invite.ErrExpired) {
		t.Errorf("a second late: %v", err)
	}
	if _, err := invite.Parse(text, now.Add(3600*time.Second)); err != nil {
		t.Errorf("in the last second: %v", err)
	}
	if _, err := invite.Parse(strings.Repeat(" ", invite.MaxCode+1), now); !errors.Is(err, invite.ErrBound) {
		t.Errorf("too long: %v", err)
	}
}

func TestInvitationsLackingAPart(t *testing.T) {
	for name, spoil := range map[string]func(*invite.Invitation){
		"id": func(v *invite.Invitation) { v.ID = invite.ID{} }, "org": func(v *invite.Invitation) { v.Org = schema.Org{} },
		"head": func(v *invite.Invitation) { v.Head = ledger.Head{} }, "secret": func(v *invite.Invitation) { v.Secret = invite.Secret{} },
		"address": func(v *invite.Invitation) { v.Address = "" }, "pins": func(v *invite.Invitation) { v.Pins = nil },
		"empty pin": func(v *invite.Invitation) { v.Pins[0] = key.TLSPublic{} }, "role": func(v *invite.Invitation) { v.Role = "" },
		"expiry": func(v *invite.Invitation) { v.Expires = 0 }, "site": func(v *invite.Invitation) { v.Sites = []string{""} },
	} {
		v := invitation()
		spoil(v)
		if _, err := v.Code(); !errors.Is(err, invite.ErrInvalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, spoil := range map[string]func(*invite.Invitation){
		"pins":    func(v *invite.Invitation) { v.Pins = make([]key.TLSPublic, 5); fillPins(v.Pins) },
		"address": func(v *invite.Invitation) { v.Address = strings.Repeat("a", ledger.MaxAddress+1) },
		"sites":   func(v *invite.Invitation) { v.Sites = strings.Split(strings.Repeat("a,", 40)+"a", ",") },
		"site":    func(v *invite.Invitation) { v.Sites = []string{strings.Repeat("a", invite.MaxSite+1)} },
	} {
		v := invitation()
		spoil(v)
		if _, err := v.Code(); !errors.Is(err, invite.ErrBound) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func fillPins(p []key.TLSPublic) {
	for i := range p {
		p[i][0] = byte(i + 1)
	}
}

func TestQR(t *testing.T) {
	var out bytes.Buffer
	if err := invitation().QR(&out); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n")
	for i, l := range lines {
		if n := len([]rune(l)); n != len([]rune(lines[0])) || n < 29 {
			t.Fatalf("line %d of %d characters", i, n)
		}
		if strings.Trim(l, "█▀▄ ") != "" || !strings.HasPrefix(l, "████") || !strings.HasSuffix(l, "████") {
			t.Fatalf("line %d has no light margin", i)
		}
	}
	// The finder pattern in the corner: seven dark modules wide and high, a light ring inside.
	for i, want := range []string{" ▄▄▄▄▄ ", " █   █ ", " █▄▄▄█ ", "▄▄▄▄▄▄▄"} {
		if got := string([]rune(lines[2+i])[4:11]); got != want {
			t.Errorf("finder, line %d: %q", i, got)
		}
	}
	broken := errors.New("broken pipe")
	if err := invitation().QR(failing{broken}); !errors.Is(err, broken) {
		t.Errorf("a writer that fails: %v", err)
	}
	v := invitation()
	v.Address, v.Pins = strings.Repeat("a", ledger.MaxAddress), make([]key.TLSPublic, 4)
	fillPins(v.Pins)
	for len(v.Sites) < invite.MaxSites {
		v.Sites = append(v.Sites, strings.Repeat("s", invite.MaxSite))
	}
	if err := v.QR(&out); err != nil {
		t.Errorf("the largest invitation: %v", err)
	}
}

type failing struct{ err error }

func (f failing) Write([]byte) (int, error) { return 0, f.err }

func TestSecretsRedactThemselves(t *testing.T) {
	v := invitation()
	js, err := json.Marshal(v)
	for _, s := range []string{fmt.Sprintf("%v %+v %#v %x %d %s", v, *v, *v, v.Secret, v.Secret, v.Secret), string(must(t, js, err))} {
		if strings.Contains(s, "050607") || strings.Contains(s, "5 6 7") || strings.Contains(s, "5,6,7") || strings.Contains(s, "0x5, 0x6") {
			t.Errorf("the secret shows: %s", s)
		}
	}
}

var update = flag.Bool("update", false, "write testdata/*.golden anew (a change of format)")

func golden(t *testing.T, name, got string) {
	if *update {
		if err := os.WriteFile("testdata/"+name, []byte(got+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile("testdata/" + name)
	if string(must(t, want, err)) != got+"\n" {
		t.Fatalf("%s: the format changed", name)
	}
}

func TestGoldenFormats(t *testing.T) {
	code, err := invitation().Code()
	golden(t, "code.golden", must(t, code, err))
	b, r := request(t, invite.Secret{9})
	golden(t, "request.golden", fmt.Sprintf("%x\n%s", b, r.Fingerprint()))
}

func request(t interface{ Fatal(...any) }, secret invite.Secret) ([]byte, *invite.Request) {
	sign, err := key.SignFromSeed(bytes.Repeat([]byte{1}, 32))
	r := &invite.Request{
		Invitation: invite.ID{1}, Org: schema.Org{2}, Device: schema.Device{3}, Member: schema.Member{4}, SealedName: []byte("sealed"),
		Keys: ledger.DeviceKeys{Sign: must(t, sign, err).Public(), KEM: key.DeviceKEM{5}, TLS: key.TLSPublic{6}},
	}
	b, err := r.Encode(secret, sign)
	return must(t, b, err), r
}

func TestRequests(t *testing.T) {
	secret := invite.Secret{9}
	b, sent := request(t, secret)
	got, err := invite.DecodeRequest(b)
	if must(t, got, err).Keys != sent.Keys || got.Fingerprint() != sent.Fingerprint() || string(got.SealedName) != "sealed" {
		t.Error("the request changed on its way")
	}
	if err := got.Verify(secret); err != nil {
		t.Error(err)
	}
	if err := got.Verify(invite.Secret{8}); !errors.Is(err, invite.ErrSecret) {
		t.Errorf("another invitation's secret: %v", err)
	}
	if err := sent.Verify(invite.Secret{}); !errors.Is(err, invite.ErrSecret) {
		t.Errorf("a request that was never decoded: %v", err)
	}
	for i := range b {
		spoiled := bytes.Clone(b)
		spoiled[i] ^= 1 << (i % 8)
		if _, err := invite.DecodeRequest(spoiled); err == nil {
			t.Fatalf("byte %d flipped", i)
		}
		if _, err := invite.DecodeRequest(b[:i]); err == nil {
			t.Fatalf("cut after %d bytes", i)
		}
	}
	if _, err := invite.DecodeRequest(make([]byte, invite.MaxRequest+1)); !errors.Is(err, invite.ErrBound) {
		t.Errorf("too long: %v", err)
	}
}

// A hub that does not know the secret cannot put other keys into a request: with its own signature the MAC is missing.
func TestHubCannotReplaceKeys(t *testing.T) {
	secret := invite.Secret{9}
	_, theirs := request(t, secret)
	hub, err := key.SignFromSeed(bytes.Repeat([]byte{2}, 32))
	if _, err := theirs.Encode(secret, hub); !errors.Is(err, invite.ErrInvalid) {
		t.Errorf("signed with a key that is not the request's: %v", err)
	}
	before := theirs.Fingerprint()
	theirs.Keys.Sign = must(t, hub, err).Public()
	b, err := theirs.Encode(invite.Secret{1}, hub)
	got, err2 := invite.DecodeRequest(must(t, b, err))
	if err := must(t, got, err2).Verify(secret); !errors.Is(err, invite.ErrSecret) {
		t.Errorf("replaced keys: %v", err)
	}
	if got.Fingerprint() == before {
		t.Error("replaced keys, same fingerprint")
	}
}

func TestFingerprintCoversEveryPart(t *testing.T) {
	_, r := request(t, invite.Secret{9})
	seen := map[string]string{r.Fingerprint(): "unchanged"}
	for name, change := range map[string]func(*invite.Request){
		"org": func(r *invite.Request) { r.Org[5]++ }, "device": func(r *invite.Request) { r.Device[5]++ },
		"member": func(r *invite.Request) { r.Member[5]++ }, "sign": func(r *invite.Request) { r.Keys.Sign[5]++ },
		"kem": func(r *invite.Request) { r.Keys.KEM[5]++ }, "tls": func(r *invite.Request) { r.Keys.TLS[5]++ },
		"invitation": func(r *invite.Request) { r.Invitation[5]++ },
	} {
		c := *r
		change(&c)
		if other, twice := seen[c.Fingerprint()]; twice {
			t.Errorf("%s: same fingerprint as %s", name, other)
		}
		seen[c.Fingerprint()] = name
	}
}

func FuzzParse(f *testing.F) {
	code, err := invitation().Code()
	f.Add(must(f, code, err))
	f.Add(strings.ToLower(code))
	f.Add(code[:40])
	f.Add("ESCALE2-00000")
	f.Fuzz(func(t *testing.T, s string) {
		v, err := invite.Parse(s, now)
		if err != nil {
			return
		}
		again, err := v.Code()
		back, err2 := invite.Parse(must(t, again, err), now)
		if !reflect.DeepEqual(must(t, back, err2), v) {
			t.Fatal("a code reads differently when written again")
		}
	})
}

// The content behind the checksum, which a fuzzer would not guess.
func FuzzContent(f *testing.F) {
	b, err := canon.Encode(invitation())
	f.Add(must(f, b, err))
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) > 2000 {
			return
		}
		if v, err := invite.Parse(invite.Seal(b), now); err == nil {
			if again, err := canon.Encode(v); err != nil || !bytes.Equal(again, b) {
				t.Fatalf("an invitation has two forms: %v", err)
			}
		}
	})
}

func FuzzRequest(f *testing.F) {
	b, _ := request(f, invite.Secret{9})
	f.Add(b)
	f.Fuzz(func(t *testing.T, got []byte) {
		if r, err := invite.DecodeRequest(got); err == nil && r.Verify(invite.Secret{9}) == nil && !bytes.Equal(got, b) {
			t.Fatal("verified a request that nobody made")
		}
	})
}
