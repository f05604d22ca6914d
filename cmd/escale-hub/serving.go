package main

import (
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"escale/cmd/escale-hub/serve"
	"escale/cmd/escale-hub/text"
	"escale/crypto/key"
	"escale/schema"
	"escale/sync/hubhttp"
)

// anyOps is the operators' address unless one is named: any free port, told when ready.
const anyOps = "127.0.0.1:0"

func (p *program) serveCommand() *cobra.Command {
	var where serve.Addresses
	var store string
	c := &cobra.Command{Use: "serve", Short: p.say.Say("serve_short", nil), Args: cobra.NoArgs}
	c.Flags().StringVar(&where.Listen, "listen", ":9443", p.say.Say("flag_listen", nil))
	c.Flags().StringVar(&where.Ops, "ops", anyOps, p.say.Say("flag_ops", nil))
	c.Flags().StringVar(&store, "store", "sqlite", p.say.Say("flag_store", nil))
	c.RunE = p.act(func(ctx context.Context, _ []string) error {
		if err := checkStore(store); err != nil {
			return err
		}
		return p.serve(ctx, where)
	})
	return c
}

func checkStore(store string) error {
	switch {
	case store == "sqlite":
		return nil
	case strings.HasPrefix(store, "postgres://"), strings.HasPrefix(store, "postgresql://"):
		return errPostgres
	}
	return errStore
}

func (p *program) serve(ctx context.Context, where serve.Addresses) (err error) {
	h, err := serve.Open(ctx, p.data, serve.Options{Clock: time.Now, Rand: rand.Reader})
	if err != nil {
		return err
	}
	// The signal that ended ctx must not keep the last contacts from being written.
	defer func() { err = errors.Join(err, h.Close(context.WithoutCancel(ctx))) }()
	s, err := h.Listen(ctx, where, hubhttp.Options{Log: p.logger()}, nil)
	if err != nil {
		return at(where.Listen, err)
	}
	if err := p.ready(h, s); err != nil {
		return err
	}
	if err := s.Run(ctx); err != nil {
		return err
	}
	if !p.json {
		return p.print(nil, "serve_stopped", nil)
	}
	return nil
}

func (p *program) logger() *slog.Logger {
	if p.json {
		return slog.New(slog.NewJSONHandler(p.stderr, nil))
	}
	return slog.New(slog.NewTextHandler(p.stderr, nil))
}

// ready prints the one line that scripts wait for.
func (p *program) ready(h *serve.Hub, s *serve.Server) error {
	doc := struct {
		Listen string        `json:"listen"`
		Ops    string        `json:"ops,omitempty"`
		Pin    key.TLSPublic `json:"pin"`
		Org    schema.Org    `json:"org"`
	}{s.Addr(), s.Ops(), h.Pin, h.Org()}
	if err := p.print(doc, "serve_ready", text.Values{"Listen": doc.Listen, "Pin": doc.Pin}); err != nil {
		return err
	}
	if p.json || doc.Ops == "" {
		return nil
	}
	return p.print(nil, "serve_ops", text.Values{"Ops": doc.Ops})
}
