package serve

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"

	"escale/crypto/channel"
	"escale/sync/hubhttp"
)

// NoOps turns the operators' routes off.
const NoOps = "off"

// Addresses say where to serve.
type Addresses struct {
	Listen string // for laptops
	Ops    string // loopback, for operators; NoOps for none
}

// Server is a hub with its listeners open.
type Server struct {
	hub      *Hub
	exchange net.Listener
	ops      net.Listener // nil if off
	tls      *tls.Config
	handler  http.Handler
	operator http.Handler
}

// Listen opens the listeners. What is not nil of wrap stands around the handler of the exchange.
func (h *Hub) Listen(ctx context.Context, a Addresses, o hubhttp.Options, wrap func(http.Handler) http.Handler) (*Server, error) {
	if o.Metrics == nil {
		o.Metrics = hubhttp.NewMetrics()
	}
	config, err := channel.ServerConfig(h.key)
	if err != nil {
		return nil, err
	}
	s := &Server{hub: h, tls: config, handler: h.Handler(o), operator: hubhttp.Operators(h.Hub, o.Metrics)}
	if wrap != nil {
		s.handler = wrap(s.handler)
	}
	if s.ops, err = listenOps(ctx, a.Ops); err != nil {
		return nil, err
	}
	if s.exchange, err = new(net.ListenConfig).Listen(ctx, "tcp", a.Listen); err != nil {
		err = fmt.Errorf("%w: %w", ErrListen, err)
		if s.ops != nil {
			err = errors.Join(err, s.ops.Close())
		}
		return nil, err
	}
	return s, nil
}

func listenOps(ctx context.Context, addr string) (net.Listener, error) {
	if addr == NoOps {
		return nil, nil
	}
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrOps, err)
	}
	if host == "localhost" {
		host = "127.0.0.1"
	}
	ip, err := netip.ParseAddr(host)
	if err != nil || !ip.IsLoopback() {
		return nil, ErrOps
	}
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", net.JoinHostPort(host, port))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrListen, err)
	}
	return l, nil
}

// Addr returns where laptops are served.
func (s *Server) Addr() string { return s.exchange.Addr().String() }

// Ops returns where operators are served, or nothing.
func (s *Server) Ops() string {
	if s.ops == nil {
		return ""
	}
	return s.ops.Addr().String()
}

// Run serves until ctx ends or a listener fails, lets what runs finish, and leaves the hub open.
func (s *Server) Run(ctx context.Context) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	ended := make(chan error, 2)
	run := func(l net.Listener, h http.Handler, config *tls.Config) {
		defer stop() // one without the other is not what the operator asked for
		ended <- hubhttp.Serve(ctx, l, h, config)
	}
	running := 1
	go run(s.exchange, s.handler, s.tls)
	if s.ops != nil {
		running++
		go run(s.ops, s.operator, nil)
	}
	var errs []error
	for range running {
		errs = append(errs, <-ended)
	}
	return errors.Join(errs...)
}
