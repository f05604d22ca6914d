package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"escale/clients/profile"
	"escale/clients/text"
	"escale/crypto/ledger"
	"escale/schema"
)

type epochDoc struct {
	Scope     string `json:"scope"`
	ID        string `json:"id"`
	Number    uint32 `json:"epoch"`
	Status    string `json:"status"` // none, ordered, open, closed, destroyed or void
	Readers   int    `json:"readers"`
	Pending   int    `json:"pending_grants"`
	Here      bool   `json:"key_here"`
	Confirmed bool   `json:"confirmed"`
}

func (p *program) keyCommand() *cobra.Command {
	status := p.leaf("key status", "", cobra.NoArgs, p.unlocked(func(_ context.Context, s *session, _ []string) error {
		if s.prof.Log() == nil {
			return profile.ErrNotEnrolled
		}
		docs := s.epochs()
		return s.print(map[string]any{"epochs": docs}, func(w *page) { showEpochs(w, docs) })
	}))
	return p.group("key", "key", status)
}

// epochs lists every epoch of every scope.
func (s *session) epochs() []epochDoc {
	docs := []epochDoc{}
	for _, sc := range s.prof.Log().State().Scopes() {
		name := s.scopeName(sc.ID)
		if len(sc.Epochs) == 0 {
			docs = append(docs, epochDoc{Scope: name, ID: sc.ID.String(), Status: "none"})
		}
		current, open := sc.Current()
		for _, e := range sc.Epochs {
			d := epochDoc{Scope: name, ID: sc.ID.String(), Number: e.Number, Status: e.Status.String(), Readers: len(e.Readers()), Confirmed: confirmed(sc, e.Number)}
			for _, g := range e.Grants {
				if g.LinkedAt == 0 {
					d.Pending++
				}
			}
			d.Here = open && current.Number == e.Number && s.prof.Reads(sc.ID)
			docs = append(docs, d)
		}
	}
	return docs
}

// scopeName is what people call a scope; directory and roster name themselves.
func (s *session) scopeName(id schema.Scope) string {
	for setting, kind := range map[string]string{profile.SettingDirectory: schema.KindDirectory, profile.SettingRoster: schema.KindRoster} {
		if own, ok := s.prof.ScopeSetting(setting); ok && own == id {
			return schema.SiteOrg + "/" + kind
		}
	}
	return s.scopeNames([]schema.Scope{id})[0]
}

func showEpochs(w *page, docs []epochDoc) {
	states := map[string]text.Key{"none": text.StateNone, "ordered": text.StateOrdered, "open": text.StateOpen, "closed": text.StateClosed,
		"destroyed": text.StateDestroyed, "void": text.StateVoid}
	var rows [][]string
	for _, d := range docs {
		here := text.PromptNo
		if d.Here {
			here = text.PromptYes
		}
		rows = append(rows, []string{d.Scope, fmt.Sprint(d.Number), w.say.S(states[d.Status]), fmt.Sprint(d.Readers), w.say.S(here)})
	}
	w.table([]text.Key{text.TableScope, text.TableEpoch, text.TableState, text.TableReaders, text.TableKeyHere}, rows)
}

// confirmed reports whether a second reader opened everything of an epoch under the newest one.
func confirmed(sc *ledger.Scope, number uint32) bool {
	_, ok := sc.Carried(number)
	return ok
}
