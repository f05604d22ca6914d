package hubclient_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"math/big"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"escale/clients/hubclient"
	"escale/crypto/channel"
	"escale/crypto/key"
	"escale/schema"
	"escale/schema/canon"
	"escale/sync/wire"
)

// TestExchange goes once through everything with a real hub.
func TestExchange(t *testing.T) {
	r := newRig(t)
	c, ctx := r.client(t, hubclient.Options{}), t.Context()
	r.bring(t, c)
	page := must[wire.LedgerPage](t)(c.Ledger(ctx, wire.LedgerRead{From: 1}))
	if len(page.Entries) != int(page.Head.Height) || page.Head.Hash != r.log.Head().Hash {
		t.Fatalf("%d entries to head %v", len(page.Entries), page.Head)
	}
	blob := []byte("a sealed wrap")
	if err := c.PutBlobs(ctx, wire.Blobs{Blobs: [][]byte{blob}}); err != nil {
		t.Fatal(err)
	}
	s := r.set(t, 20)
	reply := must[wire.PushReply](t)(c.Push(ctx, func(w io.Writer) error { return wire.WriteSet(w, opening(s, 0), s.Raw) }))
	if len(reply.Results) != 1 || reply.Results[0].Status != wire.Accepted || reply.Results[0].Set != s.Hash {
		t.Fatalf("%+v", reply)
	}
	offsets := must[wire.Offsets](t)(c.Offsets(ctx, wire.Offers{Sets: []wire.Tip{tip(s)}}))
	if offsets.Offsets[0] != wire.Whole {
		t.Fatal(offsets)
	}
	pulled := must[wire.PullReply](t)(c.Pull(ctx, wire.PullAsk{Cursors: []wire.Cursor{{Scope: r.scope}}}))
	if len(pulled.Scopes) != 1 || len(pulled.Scopes[0].Items) != 1 || pulled.Scopes[0].Items[0].Set != s.Hash {
		t.Fatalf("%+v", pulled)
	}
	if q := must[wire.Quarantine](t)(c.Quarantined(ctx)); len(q.Sets) != 0 {
		t.Fatalf("%+v", q)
	}
	if q := must[wire.Requests](t)(c.Requests(ctx)); len(q.Requests) != 0 {
		t.Fatalf("%+v", q)
	}
}

// TestNoOp: one round trip, a small body, and the hub's time.
func TestNoOp(t *testing.T) {
	r := newRig(t)
	ahead := 36 * time.Hour
	c := r.client(t, hubclient.Options{Now: func() time.Time { return time.Now().Add(ahead) }})
	r.bring(t, c)
	if _, ok := c.Skew(); ok {
		t.Fatal("a skew is known before the first exchange")
	}
	first := must[wire.SyncReply](t)(c.Sync(t.Context(), wire.SyncAsk{}))
	if first.Same || first.Head == nil {
		t.Fatalf("%+v", first)
	}
	state := wire.StateHash(first.HubEpoch, first.Head.Hash, first.Scopes, first.Own)
	before := c.Stats()
	again := must[wire.SyncReply](t)(c.Sync(t.Context(), wire.SyncAsk{State: state}))
	after := c.Stats()
	if !again.Same || after.Requests != before.Requests+1 || after.Dials != before.Dials {
		t.Fatalf("%+v %+v %+v", again, before, after)
	}
	sent, received := after.BodySent-before.BodySent, after.BodyReceived-before.BodyReceived
	if sent == 0 || received == 0 || sent+received > 200 {
		t.Fatalf("bodies of %d and %d bytes, at most 200", sent, received)
	}
	if after.WireSent-before.WireSent <= sent || after.WireReceived-before.WireReceived <= received {
		t.Fatalf("the wire carried less than the bodies: %+v", after)
	}
	skew, ok := c.Skew()
	if !ok || (skew-ahead).Abs() > time.Minute {
		t.Fatalf("skew %v, want about %v", skew, ahead)
	}
}

// cutting is a dialer whose connections break after some bytes were sent.
type cutting struct {
	limit atomic.Int64
}

func (c *cutting) dial(ctx context.Context, network, addr string) (net.Conn, error) {
	conn, err := new(net.Dialer).DialContext(ctx, network, addr)
	return &cutConn{Conn: conn, left: &c.limit}, err
}

type cutConn struct {
	net.Conn
	left *atomic.Int64
}

func (c *cutConn) Write(b []byte) (int, error) {
	if c.left.Add(-int64(len(b))) < 0 {
		c.Close()
		return 0, net.ErrClosed
	}
	return c.Conn.Write(b)
}

func TestCutInMidPushGoesOnWhereItWas(t *testing.T) {
	r := newRig(t)
	cut := new(cutting)
	cut.limit.Store(1 << 40)
	c, ctx := r.client(t, hubclient.Options{Dial: cut.dial}), t.Context()
	r.bring(t, c)
	s := r.set(t, 300)
	cut.limit.Store(100_000)
	_, err := c.Push(ctx, func(w io.Writer) error { return wire.WriteSet(w, opening(s, 0), s.Raw) })
	if !errors.Is(err, hubclient.ErrUnreachable) {
		t.Fatalf("got %v", err)
	}
	cut.limit.Store(1 << 40)
	offset := uint64(0)
	for range 200 { // the hub may notice the cut a moment later
		if offset = must[wire.Offsets](t)(c.Offsets(ctx, wire.Offers{Sets: []wire.Tip{tip(s)}})).Offsets[0]; offset > 0 {
			break
		}
		time.Sleep(20 * time.Millisecond)
	}
	if offset < 32<<10 || offset >= uint64(len(s.Raw)) {
		t.Fatalf("%d of %d bytes are durable", offset, len(s.Raw))
	}
	before := c.Stats().BodySent
	reply := must[wire.PushReply](t)(c.Push(ctx, func(w io.Writer) error { return wire.WriteSet(w, opening(s, offset), s.Raw) }))
	if reply.Results[0].Status != wire.Accepted {
		t.Fatalf("%+v", reply)
	}
	if sent, rest := c.Stats().BodySent-before, int64(uint64(len(s.Raw))-offset); sent > rest+rest/100+500 {
		t.Fatalf("%d bytes sent for the remaining %d", sent, rest)
	}
}

func TestWriterThatFails(t *testing.T) {
	r := newRig(t)
	c := r.client(t, hubclient.Options{})
	r.bring(t, c)
	broken := errors.New("disk")
	for _, size := range []int{0, 100, 500_000} {
		_, err := c.Push(t.Context(), func(w io.Writer) error {
			if _, err := w.Write(make([]byte, size)); err != nil {
				return err
			}
			return broken
		})
		if size < 500_000 && !errors.Is(err, broken) || err == nil {
			t.Errorf("after %d bytes: %v", size, err)
		}
	}
}

func TestRefusals(t *testing.T) {
	r := newRig(t)
	c := r.client(t, hubclient.Options{})
	_, err := c.Sync(t.Context(), wire.SyncAsk{})
	var refused *hubclient.Refused
	if !errors.As(err, &refused) || refused.Code != wire.CodeNotMember || refused.HTTPStatus != http.StatusUnauthorized {
		t.Fatalf("before genesis: %v", err)
	}
	r.bring(t, c)
	_, err = c.Append(t.Context(), wire.LedgerAppend{After: schema.Hash{1}, Entries: r.log.Entries(2)})
	if !errors.Is(err, &hubclient.Refused{Problem: wire.Problem{Code: wire.CodeMoved}}) || !errors.As(err, &refused) ||
		refused.Head == nil || refused.Head.Hash != r.log.Head().Hash {
		t.Fatalf("moved on: %v", err)
	}
	// A push that is refused at its beginning ends at once, however much is still to be written.
	_, err = c.Push(t.Context(), func(w io.Writer) error {
		for range 10_000 {
			if _, err := w.Write(bytes.Repeat([]byte{'x'}, 1000)); err != nil {
				return err
			}
		}
		return nil
	})
	if !errors.Is(err, &hubclient.Refused{Problem: wire.Problem{Code: wire.CodeMalformed}}) && !errors.Is(err, hubclient.ErrUnreachable) {
		t.Fatalf("nonsense pushed: %v", err)
	}
}

func TestWrongPin(t *testing.T) {
	r := newRig(t)
	c := must[*hubclient.Client](t)(hubclient.New(r.addr, tlsKey(t, 2), []key.TLSPublic{tlsKey(t, 9).Public()}, hubclient.Options{}))
	_, err := c.Ledger(t.Context(), wire.LedgerRead{})
	if !errors.Is(err, hubclient.ErrWrongPin) || errors.Is(err, hubclient.ErrUnreachable) || !strings.Contains(err.Error(), r.pin.String()) {
		t.Fatalf("got %v", err)
	}
	if c.Stats().BodySent != 0 {
		t.Fatal("a body was sent to a wrong hub")
	}
}

// TestForgedChannel: what sits between and answers for the hub is told apart from a broken line.
func TestForgedChannel(t *testing.T) {
	k := must[*ecdsa.PrivateKey](t)(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), DNSNames: []string{"hub"}}
	der := must[[]byte](t)(x509.CreateCertificate(rand.Reader, template, template, k.Public(), k))
	forged := &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: k}}}
	classic := forged.Clone()
	classic.CurvePreferences = []tls.CurveID{tls.X25519}
	old := forged.Clone()
	old.MaxVersion = tls.VersionTLS12
	for name, config := range map[string]*tls.Config{"certificate": forged, "key exchange": classic, "TLS 1.2": old, "plain HTTP": nil} {
		addr := start(t, func(ctx context.Context, l net.Listener) error {
			return serveAnything(ctx, l, config)
		})
		_, err := client(t, addr, hubclient.Options{}).Ledger(t.Context(), wire.LedgerRead{})
		if !errors.Is(err, hubclient.ErrWrongPin) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func serveAnything(ctx context.Context, l net.Listener, config *tls.Config) error {
	if config != nil {
		l = tls.NewListener(l, config)
	}
	s := &http.Server{Handler: http.NotFoundHandler(), ErrorLog: nil}
	context.AfterFunc(ctx, func() { s.Close() })
	if err := s.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

func TestUnreachable(t *testing.T) {
	l := must[net.Listener](t)(net.Listen("tcp", "127.0.0.1:0"))
	addr := l.Addr().String()
	l.Close()
	if _, err := client(t, addr, hubclient.Options{}).Ledger(t.Context(), wire.LedgerRead{}); !errors.Is(err, hubclient.ErrUnreachable) {
		t.Fatalf("closed port: %v", err)
	}
	slow := hubclient.Options{Dial: func(ctx context.Context, _, _ string) (net.Conn, error) { <-ctx.Done(); return nil, ctx.Err() }, DialTimeout: 50 * time.Millisecond}
	if _, err := client(t, addr, slow).Ledger(t.Context(), wire.LedgerRead{}); !errors.Is(err, hubclient.ErrUnreachable) {
		t.Fatalf("dial that takes too long: %v", err)
	}
	silent := start(t, func(ctx context.Context, l net.Listener) error { <-ctx.Done(); return l.Close() })
	o := hubclient.Options{StallTimeout: 100 * time.Millisecond}
	if _, err := client(t, silent, o).Ledger(t.Context(), wire.LedgerRead{}); !errors.Is(err, hubclient.ErrUnreachable) {
		t.Fatalf("silent hub: %v", err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := client(t, silent, hubclient.Options{}).Ledger(ctx, wire.LedgerRead{}); !errors.Is(err, hubclient.ErrUnreachable) || !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("given up: %v", err)
	}
}

func TestStallInMidReply(t *testing.T) {
	hold := make(chan struct{})
	defer close(hold)
	addr := answering(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Length", "100")
		if _, err := w.Write(make([]byte, 10)); err != nil {
			return
		}
		w.(http.Flusher).Flush()
		select {
		case <-hold:
		case <-r.Context().Done():
		}
	})
	c := client(t, addr, hubclient.Options{StallTimeout: 200 * time.Millisecond})
	if _, err := c.Ledger(t.Context(), wire.LedgerRead{}); !errors.Is(err, hubclient.ErrUnreachable) {
		t.Fatalf("got %v", err)
	}
}

func TestNonsense(t *testing.T) {
	org, device := schema.Org{1}, schema.Device{2}
	hubKey := tlsKey(t, 1)
	signed := func(k key.TLSPrivate, o schema.Org, d schema.Device, at, said int64) []byte {
		sig := must[key.Signature](t)(k.Sign(key.ContextTime, wire.TimeMessage(o, d, at)))
		return must[[]byte](t)(canon.Encode(wire.SyncReply{Same: true, Time: said, TimeSig: sig, Scopes: []wire.ScopeState{}, Own: []wire.Tip{}}))
	}
	for name, c := range map[string]struct {
		status int
		body   []byte
		fine   bool
	}{
		"right":              {200, signed(hubKey, org, device, 5, 5), true},
		"other key":          {200, signed(tlsKey(t, 3), org, device, 5, 5), false},
		"other organisation": {200, signed(hubKey, schema.Org{9}, device, 5, 5), false},
		"other device":       {200, signed(hubKey, org, schema.Device{9}, 5, 5), false},
		"other time":         {200, signed(hubKey, org, device, 5, 6), false},
		"unsigned":           {200, must[[]byte](t)(canon.Encode(wire.SyncReply{Same: true})), false},
		"no message":         {200, []byte("<html>"), false},
		"nothing":            {200, nil, false},
		"page of an error":   {502, []byte("<html>bad gateway"), false},
		"redirect":           {302, nil, false},
		"huge":               {200, make([]byte, wire.MaxBody+1), false},
		"huge error":         {500, make([]byte, 1<<20), false},
	} {
		t.Run(name, func(t *testing.T) {
			addr := answering(t, func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Location", "https://elsewhere.example/")
				w.WriteHeader(c.status)
				if _, err := w.Write(c.body); err != nil {
					return
				}
			})
			_, err := client(t, addr, hubclient.Options{Org: org, Device: device}).Sync(t.Context(), wire.SyncAsk{})
			if c.fine && err != nil || !c.fine && !errors.Is(err, hubclient.ErrProtocol) {
				t.Fatalf("got %v", err)
			}
		})
	}
}

// TestHeadersSayNothing: no name of a program, of a laptop, of an organisation.
func TestHeadersSayNothing(t *testing.T) {
	seen, name := make(chan http.Header, 1), make(chan string, 1)
	addr := answering(t, func(w http.ResponseWriter, r *http.Request) {
		seen <- r.Header
		name <- r.TLS.ServerName
		w.WriteHeader(http.StatusTeapot)
	})
	if _, err := client(t, addr, hubclient.Options{}).Ledger(t.Context(), wire.LedgerRead{}); !errors.Is(err, hubclient.ErrProtocol) {
		t.Fatal(err)
	}
	for k := range <-seen {
		if k != "Content-Type" && k != "Content-Length" {
			t.Errorf("header %s", k)
		}
	}
	if s := <-name; s != "" {
		t.Errorf("server name %q", s)
	}
}

// TestStaleConnectionIsReplaced: a hub that restarted between two messages costs nobody an error.
func TestStaleConnectionIsReplaced(t *testing.T) {
	answer := must[[]byte](t)(canon.Encode(wire.LedgerPage{Entries: [][]byte{}}))
	config := must[*tls.Config](t)(channel.ServerConfig(tlsKey(t, 1)))
	l := tls.NewListener(must[net.Listener](t)(net.Listen("tcp", "127.0.0.1:0")), config)
	s := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if _, err := w.Write(answer); err != nil {
			return
		}
	}), IdleTimeout: 50 * time.Millisecond}
	go s.Serve(l)
	t.Cleanup(func() { s.Close() })
	c := client(t, l.Addr().String(), hubclient.Options{})
	for range 3 {
		must[wire.LedgerPage](t)(c.Ledger(t.Context(), wire.LedgerRead{}))
		time.Sleep(100 * time.Millisecond)
	}
}

func TestBadAddress(t *testing.T) {
	if _, err := hubclient.New("no-port", tlsKey(t, 2), []key.TLSPublic{{}}, hubclient.Options{}); err == nil {
		t.Fatal("taken")
	}
	if _, err := hubclient.New("127.0.0.1:1", tlsKey(t, 2), nil, hubclient.Options{}); !errors.Is(err, channel.ErrNoPin) {
		t.Fatal(err)
	}
}
