package hubhttp_test

import (
	"bufio"
	"bytes"
	"crypto/ed25519"
	"crypto/tls"
	"crypto/x509"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"

	"escale/crypto/key"
	"escale/schema"
	"escale/schema/canon"
	"escale/sync/hubhttp"
	"escale/sync/wire"
)

// FuzzRequest sends what may come over the channel: nothing but an exactly spelled path reaches the hub, and every
// refusal of a known path is a Problem.
func FuzzRequest(f *testing.F) {
	for _, target := range append([]string{"/v1%2Fsync", "/v1/sync?x", "//v1/sync", "/v1/join/../sync", "*"}, allPaths...) {
		f.Add(target, []byte{0x81, 0x40}, true)
		f.Add(target, []byte{}, false)
	}
	sync, err := canon.Encode(wire.SyncAsk{})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(wire.PathSync, sync, true)
	var push bytes.Buffer
	if err := wire.WriteSet(&push, wire.Opening{Total: 10}, make([]byte, 10)); err != nil {
		f.Fatal(err)
	}
	f.Add(wire.PathPush, push.Bytes(), true)
	device := key.TLSPublic{1}
	f.Fuzz(func(t *testing.T, target string, body []byte, enrolled bool) {
		head := "POST " + target + " HTTP/1.1\r\nHost: hub\r\n\r\n"
		r, err := http.ReadRequest(bufio.NewReader(bytes.NewReader([]byte(head))))
		if err != nil {
			return
		}
		r.Body, r.ContentLength = http.NoBody, int64(len(body))
		if len(body) > 0 {
			r.Body = readCloser{bytes.NewReader(body)}
		}
		r.TLS = &tls.ConnectionState{
			Version: tls.VersionTLS13, CurveID: tls.X25519MLKEM768,
			PeerCertificates: []*x509.Certificate{{PublicKey: ed25519.PublicKey(device[:])}},
		}
		fake := &fakeHub{enrolled: map[key.TLSPublic]schema.Device{}}
		if enrolled {
			fake.enrolled[device] = testDevice
		}
		w := httptest.NewRecorder()
		hubhttp.New(fake, hubhttp.Options{}).ServeHTTP(w, r)
		exact := slices.Contains(allPaths, r.RequestURI)
		open := r.RequestURI == wire.PathJoin || r.RequestURI == wire.PathFound
		if n := fake.calls.Load(); n > 0 && (!exact || !enrolled && !open) {
			t.Fatalf("%q reached the hub", target)
		}
		if !exact && w.Code != http.StatusNotFound {
			t.Fatalf("%q: %d", target, w.Code)
		}
		if exact && w.Code != http.StatusOK {
			problem(t, w.Body.Bytes())
		}
	})
}

type readCloser struct{ *bytes.Reader }

func (readCloser) Close() error { return nil }
