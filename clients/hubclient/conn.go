package hubclient

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"sync/atomic"
	"time"
)

// Stats counts what a client moved. Body bytes are messages; wire bytes are all that crossed the connection, handshakes
// included.
type Stats struct {
	Requests     int64
	Dials        int64
	BodySent     int64
	BodyReceived int64
	WireSent     int64
	WireReceived int64
}

type counters struct {
	requests, dials, bodySent, bodyReceived, wireSent, wireReceived atomic.Int64
}

// Stats returns the counts since the client was made.
func (c *Client) Stats() Stats {
	n := &c.counters
	return Stats{
		Requests: n.requests.Load(), Dials: n.dials.Load(),
		BodySent: n.bodySent.Load(), BodyReceived: n.bodyReceived.Load(),
		WireSent: n.wireSent.Load(), WireReceived: n.wireReceived.Load(),
	}
}

// conn counts bytes, and fails when nothing moved in either direction for a while: while a long body goes out, the read
// that waits for the reply must not time out.
type conn struct {
	net.Conn
	stall time.Duration
	n     *counters
}

func (c *conn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	c.n.wireReceived.Add(int64(n))
	return n, c.progress(err)
}

func (c *conn) Write(b []byte) (int, error) {
	if err := c.progress(nil); err != nil {
		return 0, err
	}
	n, err := c.Conn.Write(b)
	c.n.wireSent.Add(int64(n))
	return n, c.progress(err)
}

func (c *conn) progress(err error) error {
	if err != nil {
		return err
	}
	if err := c.SetDeadline(time.Now().Add(c.stall)); err != nil {
		return fmt.Errorf("watch for a stall: %w", err)
	}
	return nil
}

// dial opens a connection and meets the hub on it.
func (c *Client) dial(ctx context.Context, network, addr string) (net.Conn, error) {
	c.counters.dials.Add(1)
	dialCtx, cancel := context.WithTimeout(ctx, c.options.DialTimeout)
	defer cancel()
	raw, err := c.options.Dial(dialCtx, network, addr)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrUnreachable, err)
	}
	if err := boundBuffer(raw); err != nil {
		return nil, withClose(fmt.Errorf("%w: %w", ErrUnreachable, err), raw)
	}
	counted := &conn{Conn: raw, stall: c.options.StallTimeout, n: &c.counters}
	t := tls.Client(counted, c.tls)
	if err := t.HandshakeContext(ctx); err != nil {
		// The handshake's error says more than a second one from closing the same connection could.
		return nil, withClose(handshakeError(err), raw)
	}
	return t, nil
}

// sendBuffer is small so that the kernel takes bytes about as fast as the link: it makes room only when a third of its
// buffer has drained, and at 2 KB a second a large one would look like a stall.
const sendBuffer = 64 << 10

func boundBuffer(c net.Conn) error {
	b, ok := c.(interface{ SetWriteBuffer(int) error })
	if !ok {
		return nil // a dialer's own kind of connection
	}
	if err := b.SetWriteBuffer(sendBuffer); err != nil {
		return fmt.Errorf("bound the send buffer: %w", err)
	}
	return nil
}

func withClose(err error, c net.Conn) error {
	if closeErr := c.Close(); closeErr != nil {
		return fmt.Errorf("%w (and closing: %w)", err, closeErr)
	}
	return err
}
