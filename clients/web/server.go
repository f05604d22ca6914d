package web

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"sync"
	"time"

	"escale/clients/text"
)

// Times of the server.
const (
	headerWait = 10 * time.Second
	bodyWait   = time.Minute
	looksEvery = 5 * time.Second // at how long nobody has used the page
)

// Options are what a server needs.
type Options struct {
	Laptop   Laptop
	Clock    func() time.Time
	Rand     io.Reader
	Language string
	Idle     time.Duration // after which it locks
}

// Server serves the page of one laptop to one browser.
type Server struct {
	o     Options
	host  string // as browsers must name it
	base  string // the path that the cookie belongs to
	csrf  string
	files *files
	mux   *http.ServeMux

	mu      sync.Mutex
	token   string // of the one-time address; empty once it was used
	cookie  string
	say     *text.Printer
	sitting *sitting // nil while it is locked
	used    time.Time
}

// New returns the page for an address, as the listener gives it.
func New(address net.Addr, o Options) (*Server, error) {
	s := &Server{o: o, host: address.String(), say: text.New(o.Language)}
	for _, secret := range []*string{&s.base, &s.csrf, &s.token, &s.cookie} {
		var b [16]byte
		if _, err := io.ReadFull(o.Rand, b[:]); err != nil {
			return nil, fmt.Errorf("draw a secret: %w", err)
		}
		*secret = hex.EncodeToString(b[:])
	}
	s.base = "/" + s.base
	var err error
	if s.files, err = load(); err != nil {
		return nil, err
	}
	s.mux = s.routes()
	return s, nil
}

// Entry is the one-time address that opens the page.
func (s *Server) Entry() string { return "http://" + s.host + s.base + "/enter/" + s.token }

// Serve answers until the context ends, and then locks.
func (s *Server) Serve(ctx context.Context, l net.Listener) error {
	// What net/http would log may name an address of the page.
	h := &http.Server{Handler: s, ReadHeaderTimeout: headerWait, ReadTimeout: bodyWait, ErrorLog: log.New(io.Discard, "", 0)}
	watched := make(chan error, 1)
	inner, stop := context.WithCancel(ctx)
	go func() { watched <- s.watch(inner, h) }()
	err := h.Serve(l)
	if errors.Is(err, http.ErrServerClosed) {
		err = nil
	}
	stop()
	return errors.Join(err, <-watched)
}

// watch locks a page that nobody uses, and closes the server at the end.
func (s *Server) watch(ctx context.Context, h *http.Server) error {
	tick := time.NewTicker(looksEvery)
	defer tick.Stop()
	var failed error
	for {
		select {
		case <-tick.C:
			s.mu.Lock()
			failed = errors.Join(failed, s.lockIfIdle(ctx))
			s.mu.Unlock()
		case <-ctx.Done():
			err := h.Close()
			s.mu.Lock()
			defer s.mu.Unlock()
			return errors.Join(failed, err, s.lock(context.WithoutCancel(ctx)))
		}
	}
}

func (s *Server) lockIfIdle(ctx context.Context) error {
	if s.sitting == nil || s.o.Clock().Sub(s.used) < s.o.Idle {
		return nil
	}
	return s.lock(ctx)
}

// lock ends the sitting. Whatever happens, nothing can be read through the page afterwards.
func (s *Server) lock(ctx context.Context) error {
	if s.sitting == nil {
		return nil
	}
	open := s.sitting.Sitting
	s.sitting = nil
	return open.Lock(ctx)
}
