package main

import (
	"context"
	"encoding/hex"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"escale/clients/text"
	"escale/store/audit"
)

// auditPage is how many entries are read from the log at once.
const auditPage = 1000

type auditDoc struct {
	Number uint64    `json:"number"`
	Time   time.Time `json:"time"`
	Kind   string    `json:"kind"`
	Scope  string    `json:"scope,omitempty"`
	Record string    `json:"record,omitempty"`
	Count  uint64    `json:"count,omitempty"`
	Reason string    `json:"reason,omitempty"`
}

func (p *program) auditCommand() *cobra.Command {
	show := p.leaf("audit show", "", cobra.NoArgs, p.unlocked(func(_ context.Context, s *session, _ []string) error {
		docs, err := s.auditEntries()
		if err != nil {
			return err
		}
		return s.print(map[string]any{"entries": docs}, func(w *page) { s.showAudit(w, docs) })
	}))
	verify := p.leaf("audit verify", "", cobra.NoArgs, p.unlocked(func(_ context.Context, s *session, _ []string) error {
		rep, err := audit.Verify(s.home.AuditPath(s.n), s.seen)
		if err != nil {
			return err
		}
		doc := map[string]any{"ok": true, "entries": rep.Head.Number, "head": hex.EncodeToString(rep.Head.Hash[:])}
		return s.print(doc, func(w *page) { w.n(text.AuditGood, int(rep.Head.Number)) })
	}))
	return p.group("audit", "audit", show, verify)
}

func (s *session) auditEntries() ([]auditDoc, error) {
	docs := []auditDoc{}
	var after uint64
	for {
		entries, err := s.log.Entries(after, auditPage)
		if err != nil || len(entries) == 0 {
			return docs, err
		}
		for _, e := range entries {
			docs = append(docs, auditDoc{e.Number, e.Time, e.Kind.String(), hex.EncodeToString(e.Scope), hex.EncodeToString(e.Record), e.Count, e.Reason})
			after = e.Number
		}
	}
}

func (s *session) showAudit(w *page, docs []auditDoc) {
	w.s(text.AuditHeading)
	var rows [][]string
	for _, d := range docs {
		name := s.say.S(text.ForEvent(d.Kind))
		rows = append(rows, []string{fmt.Sprint(d.Number), s.say.DateTime(d.Time.Local()), name, d.Record, d.Reason})
	}
	w.table([]text.Key{text.TableNumber, text.TableTime, text.TableEvent, text.TableRecord, text.TableReason}, rows)
}
