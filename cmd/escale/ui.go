package main

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"time"

	"github.com/spf13/cobra"

	"escale/clients/profile"
	"escale/clients/text"
	"escale/clients/web"
	"escale/crypto/vault"
	"escale/store/audit"
	"escale/sync/replica"
)

// idleAfter is how long the page stays open while nobody uses it.
const idleAfter = 10 * time.Minute

func (p *program) uiCommand() *cobra.Command {
	var listen string
	c := p.leaf("ui", "[--listen 127.0.0.1:0]", cobra.NoArgs, func(ctx context.Context, _ []string) error {
		at, err := netip.ParseAddrPort(listen)
		if err != nil || at.Addr() != netip.AddrFrom4([4]byte{127, 0, 0, 1}) { // never a network
			return &wrongUse{text.ErrBadFlag, "--listen"}
		}
		l, err := net.Listen("tcp4", listen)
		if err != nil {
			return errors.Join(&wrongUse{text.ErrBadFlag, "--listen"}, err)
		}
		return p.serveUI(ctx, l)
	})
	c.Flags().StringVar(&listen, "listen", "127.0.0.1:0", p.say.S(text.FlagListen))
	return c
}

// serveUI serves the page until it is interrupted, which is how it is meant to end. The address is only printed: handed to
// a browser by a command, it would stand in the list of processes, which every user of the laptop can read.
func (p *program) serveUI(ctx context.Context, l net.Listener) error {
	s, err := web.New(l.Addr(), web.Options{Laptop: laptop{p}, Clock: p.clock, Rand: p.rand, Language: p.say.Lang(), Idle: idleAfter})
	if err != nil {
		return errors.Join(err, l.Close())
	}
	err = p.print(map[string]any{"url": s.Entry()}, func(w *page) {
		w.s(text.UiOpen)
		w.line(s.Entry())
		w.s(text.UiEnd)
	})
	if err != nil {
		return errors.Join(err, l.Close())
	}
	return s.Serve(ctx, l)
}

// laptop is this program as the page sees it.
type laptop struct{ p *program }

// Members lists the profiles of the folder.
func (l laptop) Members() ([]int, error) {
	h, err := l.p.openHome()
	if err != nil {
		return nil, err
	}
	return h.Profiles()
}

// Unlock opens a profile.
func (l laptop) Unlock(ctx context.Context, member int, passphrase vault.Secret) (web.Sitting, error) {
	q := *l.p
	q.profile = member
	s, err := q.unlockWith(ctx, passphrase)
	if err != nil {
		return nil, err
	}
	return sitting{s}, nil
}

// Tell says an error as commands do.
func (l laptop) Tell(say *text.Printer, err error) string {
	q := *l.p
	q.say = say
	return q.tell(&ranError{err}).Message
}

// sitting is an unlocked profile as the page sees it.
type sitting struct{ s *session }

// Profile returns the profile.
func (x sitting) Profile() *profile.Profile { return x.s.prof }

// Record adds to the log.
func (x sitting) Record(e audit.Entry) error { return x.s.record(e) }

// Exchange syncs once. What differs or was refused is said among the rest: it needs a person.
func (x sitting) Exchange(ctx context.Context, say *text.Printer) ([]string, error) {
	c, err := x.s.dial(ctx)
	if err != nil {
		return nil, err
	}
	defer c.Close()
	doc, err := x.s.syncOnce(ctx, c)
	if err != nil && !errors.Is(err, replica.ErrDiverged) && !errors.Is(err, replica.ErrRefused) {
		return nil, err
	}
	w := &page{say: say}
	x.s.showSync(w, doc)
	return w.lines(), nil
}

// Lock signs what is open, forgets the keys of the sitting, and closes.
func (x sitting) Lock(ctx context.Context) error {
	p := x.s.prof
	err := p.CloseOpenSets(ctx)
	return errors.Join(err, p.Forget(ctx), x.s.record(audit.Entry{Kind: audit.Lock}), x.s.close(ctx))
}
