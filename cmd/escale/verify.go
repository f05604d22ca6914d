package main

import (
	"context"
	"errors"

	"github.com/spf13/cobra"

	"escale/clients/profile"
	"escale/clients/text"
	"escale/store/agentdb"
	"escale/store/audit"
)

type verifyDoc struct {
	OK         bool   `json:"ok"`
	Entries    int    `json:"ledger_entries"`
	ChangeSets int    `json:"change_sets"`
	Deltas     int    `json:"deltas"`
	Signatures int    `json:"signatures"`
	AuditLog   uint64 `json:"audit_entries"`
	Broken     string `json:"broken,omitempty"` // where, for whoever helps
}

func (p *program) verifyCommand() *cobra.Command {
	return p.leaf("verify", "", cobra.NoArgs, p.unlocked(func(ctx context.Context, s *session, _ []string) error {
		g := s.newProgress()
		v, err := s.prof.Verify(ctx, func(int, int) { g.tell(func() string { return s.say.S(text.VerifyStarted) }) })
		var log audit.Report
		if err == nil {
			log, err = audit.Verify(s.home.AuditPath(s.n), s.seen)
		}
		g.end()
		doc := verifyDoc{OK: err == nil, Entries: v.Entries, ChangeSets: v.ChangeSets, Deltas: v.Deltas, Signatures: v.Signatures, AuditLog: log.Head.Number}
		if err != nil && !brokenChain(err) {
			return err
		}
		if err != nil {
			doc.Broken = shortError(err)
		}
		if err := s.print(doc, func(w *page) { showVerify(w, &doc) }); err != nil {
			return err
		}
		if !doc.OK {
			return &toldError{exitPerson}
		}
		return nil
	}))
}

// brokenChain tells what a person has to look at from what kept the check from running.
func brokenChain(err error) bool {
	for _, e := range []error{profile.ErrLedgerBroken, profile.ErrSetBroken, agentdb.ErrDamaged, audit.ErrChain, audit.ErrCut} {
		if errors.Is(err, e) {
			return true
		}
	}
	return false
}

func showVerify(w *page, doc *verifyDoc) {
	if doc.OK {
		w.s(text.VerifyGood, "change_sets", doc.ChangeSets, "signatures", doc.Signatures)
		return
	}
	w.s(text.VerifyBroken, "place", doc.Broken)
}
