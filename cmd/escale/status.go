package main

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"escale/clients/field"
	"escale/clients/profile"
	"escale/clients/text"
	"escale/schema"
	"escale/sync/merge"
)

type statusDoc struct {
	State        string         `json:"state"` // unfounded, waiting, joined or revoked
	Profile      int            `json:"profile"`
	Organisation string         `json:"organisation"`
	Org          schema.Org     `json:"org"`
	Device       schema.Device  `json:"device"`
	Member       schema.Member  `json:"member"`
	MemberCode   string         `json:"member_code"`
	Officer      bool           `json:"officer"`
	Role         string         `json:"role"`
	Sites        []string       `json:"sites"`
	Hub          string         `json:"hub"`
	LedgerHeight uint64         `json:"ledger_height"`
	LedgerHead   schema.Hash    `json:"ledger_head"`
	Records      int            `json:"records"`
	ByForm       map[string]int `json:"records_by_form"`
	ChangeSets   int            `json:"change_sets"`
	Unsent       int            `json:"unsent"`
	Waiting      int            `json:"waiting"` // change-sets that cannot be opened yet
	Quarantined  int            `json:"quarantined"`
	Conflicts    int            `json:"open_conflicts"`
	Queue        *queueDoc      `json:"queue"`
	Locked       string         `json:"locked,omitempty"` // why nothing here is shown: revoked, contract_ended or lease_lapsed
	LocksOn      *time.Time     `json:"locks_on"`         // without a contact before
	LastAgreed   *time.Time     `json:"last_agreed"`
	Readable     int            `json:"scopes_readable"`
	Writable     int            `json:"scopes_writable"`
	WriteOnly    int            `json:"scopes_write_only"`
	ClosedScopes []string       `json:"waiting_scopes"`
	SafeToWipe   bool           `json:"safe_to_wipe"`
	Backup       *time.Time     `json:"backup_confirmed"` // when the newest confirmed backup of the hub was read back
	Agreement    []standingDoc  `json:"agreement"`
	Scopes       []scopeDoc     `json:"scopes"` // that this device may pull
}

// scopeDoc is how far a scope was read. Two readers that hold the same of it, at the same ledger head, have the same digest.
type scopeDoc struct {
	Scope  string      `json:"scope"`
	ID     string      `json:"id"`
	Number uint64      `json:"number"`
	Digest schema.Hash `json:"digest"`
}

func (p *program) statusCommand() *cobra.Command {
	var safe bool
	c := p.leaf("status", "[--safe-to-wipe]", cobra.NoArgs, p.unlocked(func(ctx context.Context, s *session, _ []string) error {
		doc, err := s.status(ctx)
		if err != nil {
			return err
		}
		if err := s.print(doc, func(w *page) { s.showStatus(w, doc, safe) }); err != nil {
			return err
		}
		if safe && !doc.SafeToWipe {
			return &toldError{exitPerson}
		}
		return nil
	}))
	c.Flags().BoolVar(&safe, "safe-to-wipe", false, p.say.S(text.FlagSafeToWipe))
	return c
}

func (s *session) status(ctx context.Context) (*statusDoc, error) {
	k := s.prof.Keys
	doc := &statusDoc{State: "unfounded", Profile: s.n, Organisation: s.prof.Directory().Name, Org: k.Org, Device: k.Device, Member: k.Member,
		MemberCode: field.MemberCode(k.Member), Sites: []string{}, ByForm: map[string]int{}, ClosedScopes: s.waitingScopes(), Scopes: []scopeDoc{}, Agreement: []standingDoc{}}
	_, doc.Officer = s.prof.Officer()
	if hub, err := s.contact(ctx); err == nil {
		doc.Hub = hub.Address
	} else if !errors.Is(err, errNoHub) {
		return nil, err
	}
	sum, err := s.prof.Summary(ctx)
	if err != nil {
		return nil, err
	}
	doc.ChangeSets, doc.Unsent, doc.Waiting, doc.Quarantined = sum.Sets, sum.Unsent, sum.Waiting, sum.Quarantined
	if sum.AgreedAt != 0 {
		at := time.UnixMilli(sum.AgreedAt).UTC()
		doc.LastAgreed = &at
	}
	if err := s.standing(ctx, doc); err != nil {
		return nil, err
	}
	if v, err := s.invitation(ctx); err != nil {
		return nil, err
	} else if v != nil {
		doc.State, doc.Role, doc.Sites = "waiting", v.Role, v.Sites
	}
	return doc, s.statusOfMember(ctx, doc)
}

// scopes lists how far each scope was read.
func (s *session) scopes(ctx context.Context) ([]scopeDoc, error) {
	out := []scopeDoc{}
	local, _, err := s.prof.Local(ctx)
	for _, l := range local {
		out = append(out, scopeDoc{Scope: s.scopeName(l.Scope), ID: l.Scope.String(), Number: l.Number, Digest: l.Digest})
	}
	return out, err
}

// statusOfMember adds what only an enrolled laptop knows.
func (s *session) statusOfMember(ctx context.Context, doc *statusDoc) error {
	if log := s.prof.Log(); log != nil {
		doc.LedgerHeight, doc.LedgerHead = log.Head().Height, log.Head().Hash
	}
	var err error
	if doc.Queue, err = s.queue(ctx, nil); err != nil {
		return err
	}
	self, err := s.prof.Self()
	if errors.Is(err, profile.ErrNotEnrolled) {
		return nil
	}
	if err != nil {
		return err
	}
	terms := self.Now()
	if _, ok := s.prof.Log().State().Hub(); ok {
		doc.State = "joined"
	}
	if self.RevokedAt > 0 {
		doc.State = "revoked"
	}
	doc.Role, doc.Sites, doc.Writable = terms.Role, s.siteCodes(terms.Sites), len(terms.Write)
	for _, id := range terms.Write {
		if !s.prof.Reads(id) {
			doc.WriteOnly++
		}
	}
	doc.Readable = s.readable()
	if doc.Scopes, err = s.scopes(ctx); err != nil {
		return err
	}
	if until, ok := s.prof.LeaseUntil(); ok {
		until = until.UTC()
		doc.LocksOn = &until
	}
	b, err := s.book()
	if lockedOut(err) {
		doc.Locked = s.tell(err).Code
		return nil // what lies here is not shown
	}
	if err != nil {
		return err
	}
	doc.Queue, err = s.queue(ctx, b, func(r *field.Record) {
		if r.Exists != merge.Deleted {
			doc.Records++
			doc.ByForm[r.FormID]++
		}
	})
	if err == nil {
		doc.Conflicts = doc.Queue.Conflicts
	}
	return err
}

// organisation is what the organisation is called, or its identity until the directory is here.
func (s *session) organisation() string {
	if name := s.prof.Directory().Name; name != "" {
		return name
	}
	return s.prof.Keys.Org.String()
}

func (s *session) showStatus(w *page, doc *statusDoc, safe bool) {
	w.s(text.StatusOrganisation, "name", s.organisation())
	w.s(text.StatusMember, "id", doc.MemberCode)
	w.s(text.StatusDevice, "id", doc.Device)
	if doc.Role != "" {
		w.s(text.StatusRole, "role", s.roleLabel(doc.Role))
		w.s(text.StatusSites, "sites", strings.Join(doc.Sites, ", "))
	}
	if doc.State == "waiting" {
		w.s(text.ErrWaitingApproval)
	}
	if err := s.prof.Standing(); err != nil {
		w.line(s.tell(withDate(err)).Message)
	} else if doc.LocksOn != nil {
		w.s(text.StatusLocksOn, "date", doc.LocksOn.Local())
	}
	if doc.Hub != "" {
		w.s(text.StatusHub, "address", doc.Hub)
	}
	s.showHoldings(w, doc)
	showAgreement(w, doc)
	if safe {
		showSafety(w, doc)
	}
}

func (s *session) showHoldings(w *page, doc *statusDoc) {
	w.n(text.StatusRecords, doc.Records)
	s.showQueue(w, doc.Queue)
	if doc.LastAgreed == nil {
		w.s(text.StatusNeverContact)
	} else {
		w.s(text.StatusLastContact, "date", doc.LastAgreed.Local())
	}
	s.showDecisions(w, doc.Queue)
	if doc.Quarantined > 0 {
		w.n(text.StatusQuarantined, doc.Quarantined)
	}
	w.s(text.StatusScopes, "readable", doc.Readable, "writable", doc.Writable, "sealed", doc.WriteOnly)
	switch {
	case doc.Writable > 0 && doc.Readable == 0:
		w.s(text.StatusCaptureOnly)
	case doc.WriteOnly > 0:
		w.s(text.StatusMixedCapture)
	}
	if len(doc.ClosedScopes) > 0 {
		w.s(text.OrgEpochsWaiting, "scopes", strings.Join(doc.ClosedScopes, ", "))
	}
}
