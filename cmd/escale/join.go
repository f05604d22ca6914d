package main

import (
	"context"
	"errors"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"escale/clients/hubclient"
	"escale/clients/profile"
	"escale/clients/text"
	"escale/crypto/invite"
	"escale/schema"
	"escale/store/audit"
	"escale/sync/replica"
	"escale/sync/wire"
)

// pollEvery is how often join --wait asks whether an officer decided.
const pollEvery = 2 * time.Second

type joinDoc struct {
	State       string        `json:"state"` // waiting or joined
	Org         schema.Org    `json:"org"`
	Device      schema.Device `json:"device"`
	Member      schema.Member `json:"member"`
	Fingerprint string        `json:"fingerprint"`
	Role        string        `json:"role"`
	Sites       []string      `json:"sites"`
	Synced      bool          `json:"synced"`
}

func (p *program) joinCommand() *cobra.Command {
	var wait bool
	c := p.leaf("join", "CODE|-", cobra.ArbitraryArgs, func(ctx context.Context, args []string) (err error) {
		s, err := p.joiner(ctx, args)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, s.close(ctx)) }()
		return s.join(ctx, wait)
	})
	c.Flags().BoolVar(&wait, "wait", false, p.say.S(text.FlagWait))
	p.kdfFlag(c)
	return c
}

// joiner returns the profile that joins: a new one for a code, the one at hand without or when the code is its own.
func (p *program) joiner(ctx context.Context, args []string) (*session, error) {
	code := strings.Join(args, " ")
	if code == "-" {
		b, err := io.ReadAll(io.LimitReader(p.stdin, invite.MaxCode+1))
		if err != nil {
			return nil, err
		}
		code = string(b)
	}
	if strings.TrimSpace(code) == "" {
		return p.unlock(ctx)
	}
	v, err := invite.Parse(code, time.Time{})
	if err != nil {
		return nil, err
	}
	h, err := p.openHome()
	if err != nil {
		return nil, err
	}
	if p.free(h, max(p.profile, 1)) != nil {
		return p.again(ctx, v)
	}
	if v, err = invite.Parse(code, p.clock()); err != nil {
		return nil, err
	}
	return p.newJoiner(ctx, v)
}

func (p *program) newJoiner(ctx context.Context, v *invite.Invitation) (*session, error) {
	keys, err := profile.NewKeys(p.rand, false)
	if err != nil {
		return nil, err
	}
	keys.Org = v.Org
	s, err := p.create(ctx, keys)
	if err != nil {
		return nil, err
	}
	code, err := v.Code()
	if err == nil {
		err = s.prof.Keep(ctx, keptInvitation, []byte(code))
	}
	if err != nil {
		return nil, errors.Join(err, s.close(ctx))
	}
	return s, nil
}

// again continues with a profile that answered the same invitation before.
func (p *program) again(ctx context.Context, v *invite.Invitation) (*session, error) {
	s, err := p.unlock(ctx)
	if err != nil {
		return nil, err
	}
	old, err := s.invitation(ctx)
	if err == nil && (old == nil || old.ID != v.ID) {
		err = errOtherInvite
	}
	if err != nil {
		return nil, errors.Join(err, s.close(ctx))
	}
	return s, nil
}

// request is the answer to the invitation, always the same.
func (s *session) request(v *invite.Invitation) (*invite.Request, []byte, error) {
	pub, err := s.prof.Keys.Public()
	if err != nil {
		return nil, nil, err
	}
	r := &invite.Request{Invitation: v.ID, Org: v.Org, Device: s.prof.Keys.Device, Member: s.prof.Keys.Member, Keys: pub, SealedName: []byte{}}
	b, err := r.Encode(v.Secret, s.prof.SignKey())
	return r, b, err
}

func (s *session) join(ctx context.Context, wait bool) error {
	v, err := s.invitation(ctx)
	if err != nil {
		return err
	}
	if v == nil {
		return profile.ErrNotEnrolled
	}
	c, err := s.dial(ctx)
	if err != nil {
		return err
	}
	defer c.Close()
	r, b, err := s.request(v)
	if err != nil {
		return err
	}
	doc := joinDoc{State: "waiting", Org: v.Org, Device: r.Device, Member: r.Member, Fingerprint: r.Fingerprint(), Role: v.Role, Sites: v.Sites}
	enrolled, err := s.ask(ctx, c, b)
	if err != nil {
		return err
	}
	if !enrolled && wait {
		if err := s.await(ctx, c, b, &doc); err != nil {
			return err
		}
		enrolled = true
	}
	if !enrolled {
		return s.print(doc, func(w *page) { s.showWaiting(w, &doc) })
	}
	return s.arrive(ctx, c, &doc)
}

// ask sends the request, which is harmless to repeat, and returns whether an officer approved it.
func (s *session) ask(ctx context.Context, c *hubclient.Client, request []byte) (bool, error) {
	if _, err := s.prof.Self(); err == nil {
		return true, nil
	}
	reply, err := c.Join(ctx, wire.JoinRequest{Request: request})
	return reply.Enrolled, err
}

func (s *session) await(ctx context.Context, c *hubclient.Client, request []byte, doc *joinDoc) error {
	w := &page{say: s.say}
	s.showWaiting(w, doc)
	if err := s.note(strings.TrimSuffix(w.b.String(), "\n")); err != nil {
		return err
	}
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(pollEvery):
		}
		if enrolled, err := s.ask(ctx, c, request); enrolled || err != nil && !errors.Is(err, hubclient.ErrUnreachable) {
			return err
		}
	}
}

func (s *session) showWaiting(w *page, doc *joinDoc) {
	w.s(text.JoinRequestSent)
	w.s(text.JoinFingerprint, "fingerprint", doc.Fingerprint)
	w.s(text.ErrWaitingApproval)
}

// arrive fetches ledger, keys, directory and forms. Joined means that this laptop has seen its own entry.
func (s *session) arrive(ctx context.Context, c *hubclient.Client, doc *joinDoc) error {
	_, before := s.prof.Self()
	rep, err := s.exchange(ctx, c)
	if err != nil && !errors.Is(err, replica.ErrDiverged) {
		return err
	}
	if _, err := s.prof.Self(); err != nil {
		return err
	}
	doc.State, doc.Synced = "joined", rep.Synced
	if before != nil {
		if err := s.record(audit.Entry{Kind: audit.Join}); err != nil {
			return err
		}
	}
	return s.print(doc, func(w *page) {
		w.s(text.JoinJoined, "name", s.organisation())
		s.showScopesWaiting(w)
	})
}
