package hubclient

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync/atomic"
	"time"

	"escale/crypto/channel"
	"escale/crypto/key"
	"escale/schema"
	"escale/schema/canon"
	"escale/sync/wire"
)

// Defaults of Options. A cellar on 2G falls silent for a minute at a time and then goes on; waiting longer than that is
// cheaper there than a second handshake.
const (
	DefaultDialTimeout  = 30 * time.Second
	DefaultStallTimeout = 90 * time.Second
)

const maxProblem = 16 << 10 // bytes of a refusal

// Options are what a caller may change. The zero value is fit for the field, save for Sync, which needs Org and Device.
type Options struct {
	Org          schema.Org    // what the hub's signed time must be for
	Device       schema.Device // and for whom
	Dial         func(ctx context.Context, network, addr string) (net.Conn, error)
	DialTimeout  time.Duration // for the connection, before the handshake
	StallTimeout time.Duration // without a byte in either direction
	Now          func() time.Time
}

func (o *Options) fill() {
	if o.Dial == nil {
		o.Dial = new(net.Dialer).DialContext
	}
	if o.DialTimeout == 0 {
		o.DialTimeout = DefaultDialTimeout
	}
	if o.StallTimeout == 0 {
		o.StallTimeout = DefaultStallTimeout
	}
	if o.Now == nil {
		o.Now = time.Now
	}
}

// Client speaks to one hub. It is safe for concurrent use.
type Client struct {
	addr      string
	tls       *tls.Config
	transport *http.Transport
	options   Options
	counters  counters
	skew      atomic.Pointer[time.Duration]
}

// New returns a client of the hub at addr (host:port) that shows k and accepts only a hub that holds one of pins. It
// opens no connection yet.
func New(addr string, k key.TLSPrivate, pins []key.TLSPublic, o Options) (*Client, error) {
	if _, _, err := net.SplitHostPort(addr); err != nil {
		return nil, fmt.Errorf("hub address: %w", err)
	}
	config, err := channel.ClientConfig(k, pins)
	if err != nil {
		return nil, err
	}
	o.fill()
	c := &Client{addr: addr, tls: config, options: o}
	c.transport = &http.Transport{
		DialTLSContext:         c.dial,
		DisableCompression:     true, // sealed bytes do not compress
		MaxIdleConnsPerHost:    4,
		IdleConnTimeout:        o.StallTimeout,
		WriteBufferSize:        32 << 10,
		ReadBufferSize:         32 << 10,
		MaxResponseHeaderBytes: 8 << 10,
	}
	return c, nil
}

// Close drops idle connections.
func (c *Client) Close() { c.transport.CloseIdleConnections() }

// call sends one message and reads one. Nil for out expects an empty reply.
func (c *Client) call(ctx context.Context, path string, in, out any) (*http.Response, error) {
	var body []byte
	if in != nil {
		var err error
		if body, err = canon.Encode(in); err != nil {
			return nil, err
		}
	}
	return c.send(ctx, path, bytes.NewReader(body), out)
}

func (c *Client) send(ctx context.Context, path string, body io.Reader, out any) (*http.Response, error) {
	req, err := c.request(ctx, path, body)
	if err != nil {
		return nil, err
	}
	c.counters.requests.Add(1)
	resp, err := c.transport.RoundTrip(req)
	if err != nil {
		return nil, exchangeError(err)
	}
	return resp, errors.Join(c.reply(resp, out), closing(resp))
}

func (c *Client) request(ctx context.Context, path string, body io.Reader) (*http.Request, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "https://"+c.addr+path, body)
	if err != nil {
		return nil, fmt.Errorf("hub address: %w", err)
	}
	req.Header.Set("Content-Type", "application/cbor")
	req.Header.Set("User-Agent", "") // sends none
	if path != wire.PathAppend {
		// Present but empty: never sent, and tells the transport that it may repeat the message when an idle connection
		// turns out to be dead. Appending is not repeated blindly: whether it took effect is the caller's question.
		req.Header["Idempotency-Key"] = nil
	}
	if req.Body != nil {
		req.Body = &countedBody{req.Body, &c.counters.bodySent}
	}
	if again := req.GetBody; again != nil {
		req.GetBody = func() (io.ReadCloser, error) {
			b, err := again()
			return &countedBody{b, &c.counters.bodySent}, err
		}
	}
	return req, nil
}

type countedBody struct {
	io.ReadCloser
	n *atomic.Int64
}

func (b *countedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	b.n.Add(int64(n))
	return n, err
}

func closing(resp *http.Response) error {
	if err := resp.Body.Close(); err != nil {
		return exchangeError(err)
	}
	return nil
}

func (c *Client) reply(resp *http.Response, out any) error {
	limit := int64(wire.MaxBody)
	if resp.StatusCode != http.StatusOK {
		limit = maxProblem
	}
	b, err := io.ReadAll(io.LimitReader(resp.Body, limit+1))
	c.counters.bodyReceived.Add(int64(len(b)))
	switch {
	case err != nil:
		return exchangeError(err)
	case int64(len(b)) > limit:
		return fmt.Errorf("%w: more than %d bytes", ErrProtocol, limit)
	case resp.StatusCode != http.StatusOK:
		return refusal(resp.StatusCode, b)
	}
	if err := canon.DecodeLoose(b, out); err != nil {
		return fmt.Errorf("%w: %w", ErrProtocol, err)
	}
	return nil
}

func refusal(status int, b []byte) error {
	r := &Refused{HTTPStatus: status}
	if err := canon.DecodeLoose(b, &r.Problem); err != nil || r.Code == "" {
		return fmt.Errorf("%w: status %d without a reason", ErrProtocol, status)
	}
	return r
}
