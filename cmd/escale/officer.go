package main

import (
	"context"
	"errors"
	"net"

	"github.com/spf13/cobra"

	"escale/clients/dpo"
	"escale/clients/profile"
	"escale/clients/text"
	"escale/crypto/key"
	"escale/crypto/ledger"
	"escale/schema"
	"escale/store/audit"
)

type cardDoc struct {
	Card        string        `json:"card"`
	Fingerprint string        `json:"fingerprint"`
	Device      schema.Device `json:"device"`
}

// cardCommand makes a further officer's profile and prints the card that the founder needs.
func (p *program) cardCommand() *cobra.Command {
	c := p.leaf("org card", "", cobra.NoArgs, func(ctx context.Context, _ []string) (err error) {
		keys, err := profile.NewKeys(p.rand, true)
		if err != nil {
			return err
		}
		card, err := dpo.CardOf(keys)
		if err != nil {
			return err
		}
		doc := cardDoc{Fingerprint: card.Fingerprint(), Device: card.Device}
		if doc.Card, err = card.Text(); err != nil {
			return err
		}
		s, err := p.create(ctx, keys)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, s.close(ctx)) }()
		return p.print(doc, func(w *page) {
			w.line(doc.Card)
			w.s(text.JoinFingerprint, "fingerprint", doc.Fingerprint)
			w.s(text.OrgCardNext)
		})
	})
	p.kdfFlag(c)
	return c
}

// hubFlags are an officer's words about where the hub is.
type hubFlags struct{ address, pin string }

func (p *program) addHubFlags(c *cobra.Command, f *hubFlags) {
	c.Flags().StringVar(&f.address, "hub", "", p.say.S(text.FlagHub))
	c.Flags().StringVar(&f.pin, "pin", "", p.say.S(text.FlagPin))
}

func (f hubFlags) given() bool { return f.address != "" || f.pin != "" }

func (f hubFlags) entry() (hub ledger.HubEntry, err error) {
	switch {
	case f.address == "":
		return hub, missing("--hub")
	case f.pin == "":
		return hub, missing("--pin")
	}
	if _, _, err := net.SplitHostPort(f.address); err != nil {
		return hub, &wrongUse{text.ErrBadFlag, "--hub"}
	}
	pin, err := parsePin(f.pin)
	return ledger.HubEntry{Address: f.address, Pins: []key.TLSPublic{pin}}, err
}

type attendDoc struct {
	Org    schema.Org `json:"org"`
	Synced bool       `json:"synced"`
}

// attendCommand brings a further officer's laptop to the organisation that the founder made with the card.
func (p *program) attendCommand() *cobra.Command {
	var f hubFlags
	var org string
	c := p.leaf("org attend", "--hub ADDR --pin PIN --org ID", cobra.NoArgs, p.unlocked(func(ctx context.Context, s *session, _ []string) error {
		hub, err := f.entry()
		if err != nil {
			return err
		}
		var id schema.Org
		if err := id.UnmarshalText([]byte(org)); err != nil || id.IsZero() {
			return &wrongUse{text.ErrBadFlag, "--org"}
		}
		return s.attend(ctx, hub, id)
	}))
	p.addHubFlags(c, &f)
	c.Flags().StringVar(&org, "org", "", p.say.S(text.FlagOrg))
	return c
}

func (s *session) attend(ctx context.Context, hub ledger.HubEntry, org schema.Org) error {
	if _, ok := s.prof.Officer(); !ok {
		return dpo.ErrNotOfficer
	}
	if err := s.prof.Attach(ctx, org); err != nil {
		return err
	}
	if err := s.keepHub(ctx, hub); err != nil {
		return err
	}
	c, err := s.dialAt(hub)
	if err != nil {
		return err
	}
	defer c.Close()
	rep, err := s.exchange(ctx, c)
	if err != nil {
		return err
	}
	if err := s.record(audit.Entry{Kind: audit.Join}); err != nil {
		return err
	}
	return s.print(attendDoc{org, rep.Synced}, func(w *page) { w.s(text.OrgAttended, "org", org) })
}
