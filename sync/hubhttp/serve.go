package hubhttp

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"time"

	"golang.org/x/net/netutil"
)

// Bounds of a server.
const (
	headerWait     = time.Minute     // for the handshake, and for a request's header
	idleWait       = 3 * time.Minute // between two requests of one connection
	maxHeader      = 8 << 10
	maxConnections = 1024
	grace          = 30 * time.Second // for what runs when the server is told to stop
	sendBuffer     = 256 << 10        // of a connection, in bytes; see boundedListener
)

// New returns the handler of the exchange: to be served inside the pinned channel, since it takes the caller's key from
// there and refuses everybody without.
func New(h Hub, o Options) http.Handler {
	o.fill()
	return newGate(h, o)
}

// Serve serves until ctx ends, then lets what runs finish for a bounded while. With a nil config it speaks plain HTTP,
// which is for operators' routes on a loopback address only.
func Serve(ctx context.Context, l net.Listener, handler http.Handler, config *tls.Config) error {
	s := &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: headerWait,
		IdleTimeout:       idleWait,
		MaxHeaderBytes:    maxHeader,
		Protocols:         new(http.Protocols),
		ErrorLog:          log.New(io.Discard, "", 0), // its lines name client addresses; failures are counted instead
		BaseContext:       func(net.Listener) context.Context { return context.WithoutCancel(ctx) },
	}
	s.Protocols.SetHTTP1(true)
	l = netutil.LimitListener(boundedListener{l}, maxConnections)
	if config != nil {
		l = tls.NewListener(l, config)
	}
	failed := make(chan error, 1)
	go func() { failed <- s.Serve(l) }()
	select {
	case err := <-failed:
		return fmt.Errorf("serve: %w", err)
	case <-ctx.Done():
	}
	if err := shutdown(ctx, s); err != nil {
		return err
	}
	if err := <-failed; !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serve: %w", err)
	}
	return nil
}

// boundedListener keeps the kernel from buffering megabytes for a slow reader. It says that there is room again only when
// a third of the buffer has drained, and at a few kilobytes a second that would look like a stall.
type boundedListener struct{ net.Listener }

// Accept waits for the next connection.
func (l boundedListener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	if t, ok := c.(*net.TCPConn); ok {
		if err := t.SetWriteBuffer(sendBuffer); err != nil {
			return c, nil // it is gone already, as the server finds out when it reads
		}
	}
	return c, nil
}

// shutdown cuts what has not finished after the grace. Nothing is lost by that: whole frames are durable, and the laptop
// goes on where it was cut.
func shutdown(ctx context.Context, s *http.Server) error {
	wait, cancel := context.WithTimeout(context.WithoutCancel(ctx), grace)
	defer cancel()
	err := s.Shutdown(wait)
	if errors.Is(err, context.DeadlineExceeded) {
		err = s.Close()
	}
	if err != nil {
		return fmt.Errorf("stop serving: %w", err)
	}
	return nil
}
