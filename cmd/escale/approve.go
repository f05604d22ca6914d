package main

import (
	"context"
	"errors"
	"strings"

	"github.com/spf13/cobra"

	"escale/clients/dpo"
	"escale/clients/text"
	"escale/schema"
	"escale/store/audit"
)

type requestDoc struct {
	Request     schema.Device `json:"request"`
	Member      schema.Member `json:"member"`
	Fingerprint string        `json:"fingerprint"`
	Role        string        `json:"role"`
	Sites       []string      `json:"sites"`
	Name        string        `json:"name,omitempty"`
	Approved    bool          `json:"approved"`
	Spent       bool          `json:"invitation_used"`   // for another laptop
	Shared      bool          `json:"invitation_shared"` // with another request that waits
}

type approvalDoc struct {
	Requests []requestDoc `json:"requests"`
	Unproved int          `json:"unproved"`  // requests that nobody's invitation proves
	CaughtUp bool         `json:"caught_up"` // keys were ordered for devices that were approved before
	Waits    bool         `json:"waits"`     // for more officers' signatures
}

func (p *program) approveCommand() *cobra.Command {
	var all, yes bool
	c := p.leaf("org approve", "[REQUEST | --all]", cobra.MaximumNArgs(1), p.officer(func(ctx context.Context, s *session, d *dpo.Desk, args []string) error {
		if all && len(args) > 0 {
			return errUsage
		}
		return s.approve(ctx, d, args, all, yes || all && s.json)
	}))
	c.Flags().BoolVar(&all, "all", false, p.say.S(text.FlagAll))
	c.Flags().BoolVar(&yes, "yes", false, p.say.S(text.FlagYes))
	return c
}

func (s *session) approve(ctx context.Context, d *dpo.Desk, args []string, all, yes bool) error {
	requests, unproved, err := d.Requests(ctx)
	if err != nil {
		return err
	}
	if unproved > 0 {
		if err := s.record(audit.Entry{Kind: audit.Refusal, Count: uint64(unproved), Reason: "requests_unproved"}); err != nil {
			return err
		}
	}
	doc := approvalDoc{Requests: []requestDoc{}, Unproved: unproved}
	var chosen []dpo.Request
	for _, r := range requests {
		x := describeRequest(r)
		wanted := all || len(args) > 0 && strings.HasPrefix(x.Request.String(), strings.ToLower(args[0]))
		if wanted && !x.Spent && (len(args) > 0 || !x.Shared) {
			if x.Approved, err = s.decide(&x, yes); err != nil {
				return err
			}
		}
		if x.Approved {
			chosen = append(chosen, r)
		}
		if wanted || len(args) == 0 {
			doc.Requests = append(doc.Requests, x)
		}
	}
	if len(args) > 0 && len(doc.Requests) == 0 {
		return errNoRequest
	}
	if err := s.approveThese(ctx, d, chosen, &doc); err != nil {
		return err
	}
	if err := s.print(doc, func(w *page) { s.showApproval(w, &doc) }); err != nil {
		return err
	}
	return doc.undecided(all || len(args) > 0)
}

// undecided ends the command for a person to decide, where it was told to approve and an invitation came from more than
// one laptop.
func (doc *approvalDoc) undecided(told bool) error {
	for _, x := range doc.Requests {
		if told && !x.Approved && (x.Spent || x.Shared) {
			return &toldError{exitPerson}
		}
	}
	return nil
}

// approveThese enrols the chosen. With none it still orders the keys that devices approved earlier lack, because their
// scopes' first epochs were not made then.
func (s *session) approveThese(ctx context.Context, d *dpo.Desk, chosen []dpo.Request, doc *approvalDoc) error {
	before := s.prof.Log().Head()
	err := d.Approve(ctx, chosen)
	doc.CaughtUp = len(chosen) == 0 && s.prof.Log().Head() != before
	if doc.Waits = errors.Is(err, dpo.ErrWaits); err != nil && !doc.Waits {
		return err
	}
	for _, r := range chosen {
		if err := s.record(audit.Entry{Kind: audit.Join, Record: r.Request.Device[:], Reason: r.Invitation.Role}); err != nil {
			return err
		}
	}
	return nil
}

func describeRequest(r dpo.Request) requestDoc {
	return requestDoc{Request: r.Request.Device, Member: r.Request.Member, Fingerprint: r.Request.Fingerprint(),
		Role: r.Invitation.Role, Sites: r.Invitation.Sites, Name: r.Name,
		Spent: r.Spent, Shared: r.Shared}
}

// decide shows a request and asks whether the joiner reads the same fingerprint.
func (s *session) decide(x *requestDoc, yes bool) (bool, error) {
	if yes {
		return true, nil
	}
	w := &page{say: s.say}
	s.showRequest(w, x)
	w.s(text.JoinCompare)
	if err := s.note(strings.TrimSuffix(w.b.String(), "\n")); err != nil {
		return false, err
	}
	answer, err := s.term.Line(s.say.S(text.PromptFingerprint))
	if err != nil || isYes(s.say, answer) {
		return err == nil, err
	}
	return false, s.note(s.say.S(text.JoinMismatch))
}

// isYes accepts the language's word and the English one.
func isYes(say *text.Printer, answer string) bool {
	return strings.EqualFold(answer, say.S(text.PromptYes)) || strings.EqualFold(answer, "yes")
}

func (s *session) showRequest(w *page, x *requestDoc) {
	w.table([]text.Key{text.TableRequest, text.TableRole, text.TableSites, text.TableName},
		[][]string{{x.Request.String(), s.roleLabel(x.Role), strings.Join(x.Sites, ", "), x.Name}})
	w.s(text.JoinFingerprint, "fingerprint", x.Fingerprint)
	switch {
	case x.Spent:
		w.s(text.JoinSpent)
	case x.Shared:
		w.s(text.JoinShared)
	}
}

func (s *session) showApproval(w *page, doc *approvalDoc) {
	if len(doc.Requests) == 0 {
		w.s(text.JoinNoRequests)
	}
	for i := range doc.Requests {
		x := &doc.Requests[i]
		if x.Approved && !doc.Waits {
			w.s(text.JoinApproved, "id", x.Request, "role", s.roleLabel(x.Role), "site", strings.Join(x.Sites, ", "))
			continue
		}
		s.showRequest(w, x)
	}
	if doc.CaughtUp {
		w.s(text.OrgCaughtUp)
	}
	if doc.Waits {
		w.s(text.ErrOrderWaits)
	}
	if doc.Unproved > 0 {
		w.n(text.JoinUnproved, doc.Unproved)
	}
}
