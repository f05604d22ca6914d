package hubhttp_test

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"escale/schema"
	"escale/sync/hub"
	"escale/sync/hubhttp"
	"escale/sync/wire"
)

var allPaths = []string{
	wire.PathFound, wire.PathJoin, wire.PathRequests, wire.PathLedger, wire.PathAppend, wire.PathPutBlobs, wire.PathGetBlobs,
	wire.PathSync, wire.PathOffsets, wire.PathPush, wire.PathPull, wire.PathQuarantine, wire.PathPutOrder, wire.PathOrders, wire.PathRanges, wire.PathFetch,
	wire.PathTraces,
}

// message returns a well-formed request of a route.
func message(t *testing.T, path string) []byte {
	t.Helper()
	switch path {
	case wire.PathFound:
		return []byte("genesis")
	case wire.PathJoin:
		return encode(t, wire.JoinRequest{Request: []byte("request")})
	case wire.PathLedger:
		return encode(t, wire.LedgerRead{})
	case wire.PathAppend:
		return encode(t, wire.LedgerAppend{Entries: [][]byte{}})
	case wire.PathPutOrder:
		return encode(t, wire.PendingOrder{Order: []byte("order")})
	case wire.PathPutBlobs:
		return encode(t, wire.Blobs{Blobs: [][]byte{}})
	case wire.PathGetBlobs:
		return encode(t, wire.BlobNames{Names: []schema.Hash{}})
	case wire.PathSync:
		return encode(t, wire.SyncAsk{})
	case wire.PathOffsets:
		return encode(t, wire.Offers{Sets: []wire.Tip{}})
	case wire.PathRanges:
		return encode(t, wire.RangesAsk{Prefixes: [][]byte{{}}})
	case wire.PathFetch:
		return encode(t, wire.FetchAsk{Sets: []schema.Hash{}})
	case wire.PathTraces:
		return encode(t, wire.TraceAsk{Devices: []schema.Device{}})
	case wire.PathPull:
		return encode(t, wire.PullAsk{Cursors: []wire.Cursor{}})
	}
	return nil
}

func TestEnrolledReachEachRoute(t *testing.T) {
	r := newRig(t, hubhttp.Options{})
	for i, path := range allPaths {
		status, b := r.post(t, r.known, path, bytes.NewReader(message(t, path)))
		if status != http.StatusOK || len(b) == 0 {
			t.Errorf("%s: %d %q", path, status, b)
		}
		if got := r.hub.calls.Load(); got != int64(i+1) {
			t.Fatalf("%s: the hub was called %d times, want %d", path, got, i+1)
		}
	}
}

func TestStrangersReachOnlyTheirRoutes(t *testing.T) {
	r := newRig(t, hubhttp.Options{})
	for _, path := range allPaths {
		open := path == wire.PathJoin || path == wire.PathFound
		before := r.hub.calls.Load()
		status, b := r.post(t, r.stranger, path, bytes.NewReader(message(t, path)))
		if open != (status == http.StatusOK) || open != (r.hub.calls.Load() == before+1) {
			t.Errorf("%s: a stranger got %d, the hub was called %d times", path, status, r.hub.calls.Load()-before)
		}
		if !open && problem(t, b).Code != wire.CodeNotMember {
			t.Errorf("%s: code %q", path, problem(t, b).Code)
		}
	}
}

func TestRevokedWhileConnected(t *testing.T) {
	r := newRig(t, hubhttp.Options{})
	if status, _ := r.post(t, r.known, wire.PathRequests, nil); status != http.StatusOK {
		t.Fatal(status)
	}
	r.hub.mu.Lock()
	clear(r.hub.enrolled)
	r.hub.mu.Unlock()
	if status, _ := r.post(t, r.known, wire.PathRequests, nil); status != http.StatusUnauthorized {
		t.Fatalf("a revoked device got %d on its open connection", status)
	}
}

// raw sends bytes as they are over the enrolled or another laptop's channel and returns the status.
func (r *rig) raw(t *testing.T, config *tls.Config, request string) int {
	t.Helper()
	c, err := tls.Dial("tcp", r.addr, config)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := c.SetDeadline(time.Now().Add(30 * time.Second)); err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(c, request); err != nil {
		t.Fatal(err)
	}
	resp, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		t.Fatalf("%q: %v", request, err)
	}
	defer resp.Body.Close()
	return resp.StatusCode
}

// TestOtherSpellings holds for strangers and for the enrolled: a path has one spelling.
func TestOtherSpellings(t *testing.T) {
	r := newRig(t, hubhttp.Options{})
	stranger := clientConfig(t, tlsKey(t, 3), tlsKey(t, 1))
	for _, target := range []string{
		"/v1%2Frequests", "/v1/%72equests", "/v1/requests/", "//v1/requests", "/v1//requests", "/v1/./requests",
		"/v1/join/../requests", "/v1/join/%2e%2e/requests", "/v1/join%2F..%2Frequests", "/v1/requests?x=1", "/v1/requests?",
		"/V1/requests", "/v1/requests%00", "/v1/requests;a", "/v1/join%2f%2e%2e%2frequests", "http://" + r.addr + "/v1/requests",
		"/v1/requests%20", "/v1/requests%2F", "/", "*", "/metrics", "/healthz", "/v1/found/../requests", `/v1\requests`,
	} {
		for name, config := range map[string]*tls.Config{"enrolled": r.config, "stranger": stranger} {
			request := fmt.Sprintf("POST %s HTTP/1.1\r\nHost: hub\r\nContent-Length: 0\r\nConnection: close\r\n\r\n", target)
			if status := r.raw(t, config, request); status != http.StatusNotFound && status != http.StatusBadRequest {
				t.Errorf("%s as %s: %d", target, name, status)
			}
		}
	}
	for _, method := range []string{"GET", "PUT", "DELETE", "OPTIONS", "PATCH", "HEAD"} {
		request := method + " /v1/requests HTTP/1.1\r\nHost: hub\r\nConnection: close\r\nX-HTTP-Method-Override: POST\r\n\r\n"
		if status := r.raw(t, r.config, request); status != http.StatusNotFound {
			t.Errorf("%s: %d", method, status)
		}
	}
	if n := r.hub.calls.Load(); n != 0 {
		t.Fatalf("the hub was called %d times", n)
	}
}

func TestWithoutChannel(t *testing.T) {
	h := hubhttp.New(&fakeHub{}, hubhttp.Options{})
	for _, path := range allPaths {
		w := recorder{header: http.Header{}}
		req, err := http.NewRequest(http.MethodPost, path, nil)
		if err != nil {
			t.Fatal(err)
		}
		req.RequestURI = path
		h.ServeHTTP(&w, req)
		if w.status != http.StatusUnauthorized {
			t.Errorf("%s without TLS: %d", path, w.status)
		}
	}
}

type recorder struct {
	header http.Header
	status int
}

func (r *recorder) Header() http.Header         { return r.header }
func (r *recorder) WriteHeader(s int)           { r.status = s }
func (r *recorder) Write(b []byte) (int, error) { return len(b), nil }

func TestBounds(t *testing.T) {
	r := newRig(t, hubhttp.Options{})
	for path, bound := range map[string]int64{
		wire.PathJoin: wire.MaxJoin + 64, wire.PathSync: 4 << 10, wire.PathPutBlobs: wire.MaxBody, wire.PathFound: schema.MaxLedgerEntry,
	} {
		// Declared: refused before a byte is read. The body is never sent, so the connection cannot break either.
		request := fmt.Sprintf("POST %s HTTP/1.1\r\nHost: hub\r\nContent-Length: %d\r\n\r\n", path, bound+1)
		if status := r.raw(t, r.config, request); status != http.StatusRequestEntityTooLarge {
			t.Errorf("%s declared: %d", path, status)
		}
	}
	// Not declared: cut at the bound.
	status, b := r.post(t, r.known, wire.PathSync, io.LimitReader(zeros{}, 5<<10))
	if p := problem(t, b); status != http.StatusRequestEntityTooLarge || p.Code != wire.CodeBound || !strings.Contains(p.Detail, "4096") {
		t.Errorf("undeclared: %d %+v", status, p)
	}
	if n := r.hub.calls.Load(); n != 0 {
		t.Fatalf("the hub was called %d times", n)
	}
}

type zeros struct{}

func (zeros) Read(b []byte) (int, error) { clear(b); return len(b), nil }

func TestMalformed(t *testing.T) {
	r := newRig(t, hubhttp.Options{})
	for _, body := range [][]byte{nil, {0xff}, []byte("{}"), encode(t, wire.SyncAsk{})[:10], append(encode(t, wire.SyncAsk{}), 0)} {
		status, b := r.post(t, r.known, wire.PathSync, bytes.NewReader(body))
		if p := problem(t, b); status != http.StatusBadRequest || p.Code != wire.CodeMalformed {
			t.Errorf("%x: %d %+v", body, status, p)
		}
	}
}

func TestRefusalsOfTheHub(t *testing.T) {
	r := newRig(t, hubhttp.Options{})
	head := &wire.Head{Height: 3, Hash: schema.Hash{9}}
	for code, want := range map[string]int{
		wire.CodeMalformed: 400, wire.CodeBound: 413, wire.CodeNotMember: 401, wire.CodeNotYours: 403, wire.CodeEnded: 403, wire.CodeMoved: 409,
		wire.CodeLedger: 400, wire.CodeForeign: 400, wire.CodeNotReady: 503, wire.CodeFull: 507, wire.CodeInternal: 500,
	} {
		r.hub.fail = fmt.Errorf("wrapped: %w", &hub.Error{Code: code, Detail: "why", Head: head})
		status, b := r.post(t, r.known, wire.PathAppend, bytes.NewReader(message(t, wire.PathAppend)))
		p := problem(t, b)
		if status != want || p.Code != code || p.Detail != "why" || p.Head == nil || *p.Head != *head {
			t.Errorf("%s: %d %+v", code, status, p)
		}
	}
	r.hub.fail = errors.New("secret inside")
	status, b := r.post(t, r.known, wire.PathAppend, bytes.NewReader(message(t, wire.PathAppend)))
	if p := problem(t, b); status != 500 || p.Code != wire.CodeInternal || strings.Contains(string(b), "secret") {
		t.Errorf("%d %+v", status, p)
	}
	if !strings.Contains(r.log.String(), "secret inside") {
		t.Error("the operator's log does not say why")
	}
}

func TestPanicIsContained(t *testing.T) {
	r := newRig(t, hubhttp.Options{})
	r.hub.during = func() { panic("value that nobody may read") }
	status, b := r.post(t, r.known, wire.PathSync, bytes.NewReader(message(t, wire.PathSync)))
	if p := problem(t, b); status != 500 || p.Code != wire.CodeInternal {
		t.Fatalf("%d %+v", status, p)
	}
	if log := r.log.String(); strings.Contains(log, "nobody may read") || !strings.Contains(log, "fakeHub") {
		t.Fatalf("log: %s", log)
	}
}

// TestLogSaysNothingPersonal also has its control: what must be there is.
func TestLogSaysNothingPersonal(t *testing.T) {
	r := newRig(t, hubhttp.Options{})
	body := encode(t, wire.JoinRequest{Request: []byte("CANARY-REQUEST")})
	r.post(t, r.known, wire.PathJoin, bytes.NewReader(body))
	r.raw(t, r.config, "POST /CANARY-PATH HTTP/1.1\r\nHost: CANARY-HOST\r\nUser-Agent: CANARY-AGENT\r\nContent-Length: 0\r\n\r\n")
	r.stop()
	log := r.log.String()
	for _, never := range []string{"CANARY", "127.0.0.1", testDevice.String(), tlsKey(t, 2).Public().String()} {
		if strings.Contains(log, never) {
			t.Errorf("the log holds %q:\n%s", never, log)
		}
	}
	for _, always := range []string{"route=/v1/join", "code=ok", "device=" + hubhttp.DeviceCode(testDevice), "code=no_route"} {
		if !strings.Contains(log, always) {
			t.Errorf("the log lacks %q:\n%s", always, log)
		}
	}
}
