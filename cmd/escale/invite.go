package main

import (
	"bytes"
	"context"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"escale/clients/caption"
	"escale/clients/dpo"
	"escale/clients/text"
	"escale/crypto/invite"
	"escale/crypto/ledger"
	"escale/schema/pack"
	"escale/store/audit"
)

type invitationDoc struct {
	Invitation string    `json:"invitation"`
	Code       string    `json:"code"`
	Role       string    `json:"role"`
	Sites      []string  `json:"sites"`
	Hub        string    `json:"hub"`
	Expires    time.Time `json:"expires"`
}

// invitationFlags say who is invited.
type invitationFlags struct {
	hub   hubFlags
	role  string
	sites []string
	name  string
}

func (p *program) inviteCommand() *cobra.Command {
	var f invitationFlags
	c := p.leaf("org invite", "--role ROLE --site SITE…", cobra.NoArgs, p.unlocked(func(ctx context.Context, s *session, _ []string) error {
		switch {
		case f.role == "":
			return missing("--role")
		case len(f.sites) == 0:
			return missing("--site")
		}
		return s.invite(ctx, &f)
	}))
	p.addHubFlags(c, &f.hub)
	c.Flags().StringVar(&f.role, "role", "", p.say.S(text.FlagRole))
	c.Flags().StringSliceVar(&f.sites, "site", nil, p.say.S(text.FlagSite))
	c.Flags().StringVar(&f.name, "name", "", p.say.S(text.FlagMemberName))
	return c
}

func (s *session) invite(ctx context.Context, f *invitationFlags) error {
	if _, ok := s.prof.Officer(); !ok {
		return dpo.ErrNotOfficer
	}
	d, done, err := s.founded(ctx, f.hub)
	if err != nil {
		return err
	}
	defer done()
	v, err := d.Invite(ctx, f.role, f.sites, f.name)
	if err != nil {
		return about(err, "role", f.role, "site", strings.Join(f.sites, ", "))
	}
	if err := s.record(audit.Entry{Kind: audit.Order, Record: v.ID[:], Reason: "invitation, " + f.role}); err != nil {
		return err
	}
	return s.printInvitation(v)
}

func (s *session) printInvitation(v *invite.Invitation) error {
	code, err := v.Code()
	if err != nil {
		return err
	}
	var qr bytes.Buffer
	if err := v.QR(&qr); err != nil {
		return err
	}
	doc := invitationDoc{Invitation: v.ID.String(), Code: code, Role: v.Role, Sites: v.Sites, Hub: v.Address, Expires: time.Unix(v.Expires, 0).UTC()}
	return s.print(doc, func(w *page) {
		w.s(text.JoinInvitation, "role", s.roleLabel(v.Role), "site", strings.Join(v.Sites, ", "))
		w.line("")
		w.line(code)
		w.line("")
		w.b.Write(qr.Bytes())
		w.s(text.JoinInvitationValid, "date", time.Unix(v.Expires, 0))
	})
}

// roleLabel is what people call a role.
func (s *session) roleLabel(role string) string { return caption.Role(s.prof, s.say.Lang(), role) }

// founded returns the officer's desk of an organisation that is at the hub; the first contact brings it there.
func (s *session) founded(ctx context.Context, f hubFlags) (*dpo.Desk, func(), error) {
	if s.published() {
		if err := s.sameHub(f); err != nil {
			return nil, nil, err
		}
		d, c, err := s.desk(ctx)
		if err != nil {
			return nil, nil, err
		}
		return d, c.Close, nil
	}
	hub, err := s.firstHub(ctx, f)
	if err != nil {
		return nil, nil, err
	}
	plan, source, err := s.founding(ctx)
	if err != nil {
		return nil, nil, err
	}
	c, err := s.dialAt(hub)
	if err != nil {
		return nil, nil, err
	}
	d, err := dpo.New(s.prof, c)
	if err == nil {
		err = d.Found(ctx, plan, hub, source)
	}
	if err != nil {
		c.Close()
		return nil, nil, err
	}
	return d, c.Close, s.record(audit.Entry{Kind: audit.KeyOperation, Reason: "founded at the hub"})
}

// published reports whether founding came to its end.
func (s *session) published() bool {
	if s.prof.Log() == nil {
		return false
	}
	_, ok := s.prof.Log().State().FormPack()
	return ok
}

// sameHub refuses flags that contradict the ledger: moving the hub is an order of its own.
func (s *session) sameHub(f hubFlags) error {
	if !f.given() {
		return nil
	}
	want, err := f.entry()
	if err != nil {
		return err
	}
	now, _ := s.prof.Log().State().Hub()
	if now.Address != want.Address || !slices.Equal(now.Pins, want.Pins) {
		return &wrongUse{text.ErrBadFlag, "--hub"}
	}
	return nil
}

func (s *session) firstHub(ctx context.Context, f hubFlags) (ledger.HubEntry, error) {
	if !f.given() {
		return s.contact(ctx)
	}
	hub, err := f.entry()
	if err != nil {
		return hub, err
	}
	return hub, s.keepHub(ctx, hub)
}

// founding returns what org create kept; only the founder's laptop has it.
func (s *session) founding(ctx context.Context) (*dpo.Plan, *pack.Source, error) {
	b, err := s.prof.Kept(ctx, keptPlan)
	if err != nil {
		return nil, nil, err
	}
	sheets, err := s.prof.Kept(ctx, keptPack)
	if err != nil {
		return nil, nil, err
	}
	if b == nil || sheets == nil {
		return nil, nil, dpo.ErrWaits // the founder's part is not done yet
	}
	plan, err := dpo.DecodePlan(b)
	if err != nil {
		return nil, nil, err
	}
	source, err := pack.ReadFile(bytes.NewReader(sheets))
	return plan, source, err
}
