package hubhttp_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"escale/crypto/channel"
	"escale/crypto/key"
	"escale/schema"
	"escale/schema/canon"
	"escale/sync/hub"
	"escale/sync/hubhttp"
	"escale/sync/wire"
)

// fakeHub stands for a hub: it counts what reaches it, and a push hands the frames that came whole to pushed.
type fakeHub struct {
	mu       sync.Mutex
	enrolled map[key.TLSPublic]schema.Device
	calls    atomic.Int64
	fail     error
	during   func() // runs inside Sync
	blob     int    // size of what GetBlobs returns
	frame    func() // runs after each whole frame of a push
	pushed   chan int
	status   hub.Status
	notReady error
}

func (f *fakeHub) Lookup(k key.TLSPublic) (schema.Device, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	d, ok := f.enrolled[k]
	return d, ok
}

func (f *fakeHub) called() error { f.calls.Add(1); return f.fail }

func (f *fakeHub) Found(context.Context, key.TLSPublic, []byte) (wire.Head, error) {
	return wire.Head{Height: 7}, f.called()
}

func (f *fakeHub) Join(context.Context, wire.JoinRequest) (wire.JoinReply, error) {
	return wire.JoinReply{Enrolled: true}, f.called()
}

func (f *fakeHub) PutOrder(context.Context, schema.Device, wire.PendingOrder) error {
	return f.called()
}

func (f *fakeHub) Orders(context.Context, schema.Device) (wire.PendingOrders, error) {
	return wire.PendingOrders{Orders: [][]byte{}}, f.called()
}

func (f *fakeHub) Requests(context.Context, schema.Device) (wire.Requests, error) {
	return wire.Requests{}, f.called()
}

func (f *fakeHub) Ledger(context.Context, wire.LedgerRead) (wire.LedgerPage, error) {
	return wire.LedgerPage{}, f.called()
}

func (f *fakeHub) Append(context.Context, schema.Device, wire.LedgerAppend) (wire.Head, error) {
	return wire.Head{}, f.called()
}

func (f *fakeHub) PutBlobs(context.Context, schema.Device, wire.Blobs) error { return f.called() }

func (f *fakeHub) GetBlobs(context.Context, schema.Device, wire.BlobNames) (wire.Blobs, error) {
	return wire.Blobs{Blobs: [][]byte{make([]byte, f.blob)}}, f.called()
}

func (f *fakeHub) Sync(context.Context, schema.Device, wire.SyncAsk) (wire.SyncReply, error) {
	if f.during != nil {
		f.during()
	}
	return wire.SyncReply{Same: true}, f.called()
}

func (f *fakeHub) Offsets(context.Context, schema.Device, wire.Offers) (wire.Offsets, error) {
	return wire.Offsets{}, f.called()
}

func (f *fakeHub) Ranges(context.Context, schema.Device, wire.RangesAsk) (wire.RangesReply, error) {
	return wire.RangesReply{Ranges: []wire.Range{}}, f.called()
}

func (f *fakeHub) Fetch(context.Context, schema.Device, wire.FetchAsk) (wire.FetchReply, error) {
	return wire.FetchReply{Sets: [][]byte{}}, f.called()
}

func (f *fakeHub) Push(ctx context.Context, _ schema.Device, body io.Reader) (wire.PushReply, error) {
	whole := 0
	frames := wire.NewFrameReader(body)
	for {
		_, _, err := frames.Next()
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			break
		}
		if err != nil {
			return wire.PushReply{}, &hub.Error{Code: wire.CodeMalformed, Detail: err.Error()}
		}
		whole++
		if f.frame != nil {
			f.frame()
		}
	}
	if f.pushed != nil {
		if ctx.Err() != nil {
			whole = -1 // a store could not have written any more
		}
		f.pushed <- whole
	}
	return wire.PushReply{Results: []wire.PushResult{{Offset: uint64(whole)}}}, f.called()
}

func (f *fakeHub) Pull(context.Context, schema.Device, wire.PullAsk) (wire.PullReply, error) {
	return wire.PullReply{Scopes: []wire.ScopePage{{Reset: true, Items: make([]wire.Item, 3)}}}, f.called()
}

func (f *fakeHub) Quarantined(context.Context, schema.Device) (wire.Quarantine, error) {
	return wire.Quarantine{}, f.called()
}

func (f *fakeHub) CheckPack(context.Context, schema.Device, wire.PackCheck) (wire.PackChecked, error) {
	return wire.PackChecked{}, f.called()
}

func (f *fakeHub) Traces(context.Context, schema.Device, wire.TraceAsk) (wire.Traces, error) {
	return wire.Traces{}, f.called()
}

func (f *fakeHub) Keys(context.Context, schema.Device) (wire.KeyReport, error) {
	return wire.KeyReport{}, f.called()
}

func (f *fakeHub) Ready(context.Context) error { return f.notReady }

func (f *fakeHub) Status(context.Context) (hub.Status, error) { return f.status, f.fail }

// rig is a fake hub behind real TLS on loopback, and two laptops: one enrolled, one not.
type rig struct {
	hub      *fakeHub
	addr     string
	log      *lockedBuffer
	known    *http.Client
	stranger *http.Client
	config   *tls.Config // of the enrolled laptop
	stop     context.CancelFunc
	stopped  chan error
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

var testDevice = schema.Device{0xd1, 0xd2, 0xd3}

func newRig(t *testing.T, o hubhttp.Options) *rig {
	t.Helper()
	hubKey, laptop, other := tlsKey(t, 1), tlsKey(t, 2), tlsKey(t, 3)
	r := &rig{
		hub: &fakeHub{enrolled: map[key.TLSPublic]schema.Device{laptop.Public(): testDevice}, pushed: make(chan int, 64)},
		log: new(lockedBuffer), stopped: make(chan error, 1),
	}
	o.Log = slog.New(slog.NewTextHandler(r.log, nil))
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r.addr = l.Addr().String()
	config, err := channel.ServerConfig(hubKey)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	r.stop = stop
	go func() { r.stopped <- hubhttp.Serve(ctx, l, hubhttp.New(r.hub, o), config) }()
	r.config = clientConfig(t, laptop, hubKey)
	r.known, r.stranger = httpClient(r.config), httpClient(clientConfig(t, other, hubKey))
	t.Cleanup(func() {
		r.known.CloseIdleConnections()
		r.stranger.CloseIdleConnections()
		stop()
		select {
		case err := <-r.stopped:
			if err != nil {
				t.Error(err)
			}
		case <-time.After(40 * time.Second):
			t.Error("the server did not stop")
		}
	})
	return r
}

func tlsKey(t *testing.T, n byte) key.TLSPrivate {
	t.Helper()
	k, err := key.TLSFromSeed(bytes.Repeat([]byte{n}, 32))
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func clientConfig(t *testing.T, own, hubKey key.TLSPrivate) *tls.Config {
	t.Helper()
	c, err := channel.ClientConfig(own, []key.TLSPublic{hubKey.Public()})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func httpClient(c *tls.Config) *http.Client {
	return &http.Client{Transport: &http.Transport{TLSClientConfig: c}, Timeout: time.Minute}
}

func encode(t *testing.T, v any) []byte {
	t.Helper()
	b, err := canon.Encode(v)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// post sends a body and returns status and reply.
func (r *rig) post(t *testing.T, c *http.Client, path string, body io.Reader) (int, []byte) {
	t.Helper()
	resp, err := c.Post("https://"+r.addr+path, "application/cbor", body)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, b
}

func problem(t *testing.T, b []byte) wire.Problem {
	t.Helper()
	var p wire.Problem
	if err := canon.Decode(b, &p); err != nil {
		t.Fatalf("not a problem: %q: %v", b, err)
	}
	return p
}
