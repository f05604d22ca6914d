package main

import (
	"escale/clients/text"
	"escale/sync/replica"
)

// repairDoc is what was given back in one scope, in records.
type repairDoc struct {
	Scope string `json:"scope"`
	Here  int    `json:"fetched_again"`
	There int    `json:"given_again"`
}

func (s *session) repairs(rep *replica.Report) []repairDoc {
	out := []repairDoc{}
	for _, r := range rep.Repairs {
		out = append(out, repairDoc{Scope: s.scopeName(r.Scope), Here: r.Here, There: r.There})
	}
	return out
}

func showRepairs(w *page, doc *syncDoc) {
	for _, r := range doc.Repairs {
		if r.Here > 0 {
			w.n(text.SyncMendedHere, r.Here, "scope", r.Scope)
		}
		if r.There > 0 {
			w.n(text.SyncMendedThere, r.There, "scope", r.Scope)
		}
	}
}
