package main

import (
	"context"
	"errors"
	"io"
	"net"
	"sync"
	"sync/atomic"
)

// line is the network between the laptops and the hub: a relay of bytes that can break in the middle. The laptops know
// its address; where the hub listens behind it may change.
type line struct {
	listener net.Listener
	mu       sync.Mutex
	target   string
	sent     atomic.Int64 // bytes from laptops to the hub
	cutAt    atomic.Int64 // break when sent reaches this; 0 = never
	onCut    func()       // what happens then, beside breaking
	down     atomic.Bool  // broken, until somebody mends it
}

func newLine(ctx context.Context) (*line, error) {
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	n := &line{listener: l}
	go n.accept(ctx)
	return n, nil
}

func (n *line) address() string { return n.listener.Addr().String() }

func (n *line) to(target string) { n.mu.Lock(); n.target = target; n.mu.Unlock() }

// cutAfter breaks the line once so many further bytes went from a laptop to the hub.
func (n *line) cutAfter(bytes int64, then func()) {
	n.mu.Lock()
	n.onCut = then
	n.mu.Unlock()
	n.cutAt.Store(n.sent.Load() + bytes)
}

// mend makes the line whole again.
func (n *line) mend() { n.cutAt.Store(0); n.down.Store(false) }

func (n *line) accept(ctx context.Context) {
	for {
		c, err := n.listener.Accept()
		if err != nil {
			return // closed at the end of the demonstration
		}
		go n.relay(ctx, c)
	}
}

func (n *line) relay(ctx context.Context, laptop net.Conn) {
	defer closeQuietly(laptop)
	if n.down.Load() {
		return
	}
	n.mu.Lock()
	target := n.target
	n.mu.Unlock()
	hub, err := new(net.Dialer).DialContext(ctx, "tcp", target)
	if err != nil {
		return // the laptop sees a closed connection: the hub is not there
	}
	defer closeQuietly(hub)
	go func() {
		defer closeQuietly(laptop)
		if _, err := io.Copy(laptop, hub); err != nil {
			return // the other direction ends it
		}
	}()
	n.up(hub, laptop)
}

// up copies from the laptop to the hub and breaks where it was told to.
func (n *line) up(hub, laptop net.Conn) {
	buf := make([]byte, 4<<10)
	for {
		k, err := laptop.Read(buf)
		if k > 0 {
			if _, err := hub.Write(buf[:k]); err != nil {
				return
			}
			sent := n.sent.Add(int64(k))
			if at := n.cutAt.Load(); at > 0 && sent >= at {
				n.cutAt.Store(0)
				n.down.Store(true)
				n.mu.Lock()
				then := n.onCut
				n.mu.Unlock()
				if then != nil {
					then()
				}
				return
			}
		}
		if err != nil {
			return
		}
	}
}

func (n *line) close() error { return n.listener.Close() }

func closeQuietly(c net.Conn) {
	if err := c.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
		return // nothing is left to do with a broken connection
	}
}
