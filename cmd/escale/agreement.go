package main

import (
	"context"
	"slices"
	"strings"
	"time"

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

// standingDoc is how one scope stands: since when both sides agree, and what is not at the hub and in a confirmed backup.
type standingDoc struct {
	Scope    string     `json:"scope"`
	AgreedAt *time.Time `json:"agreed_at"`
	Differs  bool       `json:"differs"` // at the newest sync
	Held     int        `json:"change_sets"`
	Open     int        `json:"being_written"`
	Unsent   int        `json:"unsent"`
	AtRisk   int        `json:"not_in_backup"` // at the hub, and in no backup that an officer confirmed
}

func (d *standingDoc) waits() int { return d.Open + d.Unsent }

// standing fills in what status says of agreement, and whether the laptop can be wiped without loss.
func (s *session) standing(ctx context.Context, doc *statusDoc) error {
	all, backup, err := s.prof.Standings(ctx)
	if err != nil {
		return err
	}
	if backup > 0 {
		at := time.Unix(backup, 0).UTC()
		doc.Backup = &at
	}
	doc.SafeToWipe = true
	for _, x := range all {
		d := standingDoc{Scope: s.scopeName(x.Scope), Differs: x.Differs, Held: x.Held, Open: x.Open, Unsent: x.Unsent, AtRisk: x.AtRisk}
		if x.AgreedAt != 0 {
			at := time.UnixMilli(x.AgreedAt).UTC()
			d.AgreedAt = &at
		}
		doc.SafeToWipe = doc.SafeToWipe && x.Safe()
		doc.Agreement = append(doc.Agreement, d)
	}
	slices.SortFunc(doc.Agreement, func(a, b standingDoc) int { return strings.Compare(a.Scope, b.Scope) })
	return nil
}

// showAgreement says since when both sides are the same; scope by scope where that is not one answer, and what waits.
func showAgreement(w *page, doc *statusDoc) {
	newest, exceptions := agreedMostly(doc)
	for _, d := range exceptions {
		switch {
		case d.Differs && d.AgreedAt == nil:
			w.s(text.StatusDiffersNever, "scope", d.Scope)
		case d.Differs:
			w.s(text.StatusDiffers, "scope", d.Scope, "date", d.AgreedAt.Local())
		case d.AgreedAt == nil:
			w.s(text.StatusAgreedNever, "scope", d.Scope)
		default:
			w.s(text.StatusAgreedScope, "scope", d.Scope, "date", d.AgreedAt.Local())
		}
	}
	switch {
	case newest == nil:
	case len(exceptions) == 0:
		w.s(text.StatusAgreedAll, "date", newest.Local())
	default:
		w.s(text.StatusAgreedOthers, "date", newest.Local())
	}
	for i := range doc.Agreement {
		if d := &doc.Agreement[i]; d.waits() > 0 {
			w.n(text.StatusWaits, d.waits(), "scope", d.Scope)
		}
	}
}

// agreedMostly returns the newest moment at which scopes were the same, and the scopes that were not then.
func agreedMostly(doc *statusDoc) (newest *time.Time, exceptions []*standingDoc) {
	for i := range doc.Agreement {
		if d := &doc.Agreement[i]; !d.Differs && d.AgreedAt != nil && (newest == nil || d.AgreedAt.After(*newest)) {
			newest = d.AgreedAt
		}
	}
	for i := range doc.Agreement {
		if d := &doc.Agreement[i]; d.Differs || d.AgreedAt == nil || !d.AgreedAt.Equal(*newest) {
			exceptions = append(exceptions, d)
		}
	}
	return newest, exceptions
}

// showSafety says whether the laptop can be wiped, and if not, what would be lost or could be.
func showSafety(w *page, doc *statusDoc) {
	if doc.Backup == nil {
		w.s(text.StatusBackupNone)
	} else {
		w.s(text.StatusBackup, "date", doc.Backup.Local())
	}
	if doc.SafeToWipe {
		w.s(text.StatusSafeToWipe)
		return
	}
	w.s(text.StatusNotSafeToWipe)
	for i := range doc.Agreement {
		d := &doc.Agreement[i]
		if d.Open > 0 {
			w.n(text.StatusWipeOpen, d.Open, "scope", d.Scope)
		}
		if d.Unsent > 0 {
			w.n(text.StatusWipeUnsent, d.Unsent, "scope", d.Scope)
		}
		if d.AtRisk > 0 {
			w.n(text.StatusWipeAtRisk, d.AtRisk, "scope", d.Scope)
		}
	}
}

// renewedDoc says that the hub's database is another one than before.
type renewedDoc struct {
	Again  int      `json:"offered_again"`
	Behind []string `json:"behind_backup"` // scopes of which it held less than the newest confirmed backup
}

func (s *session) renewed(ctx context.Context, rep *replica.Report) (*renewedDoc, error) {
	if rep.Renewed == nil {
		return nil, nil
	}
	behind, err := s.prof.BehindHorizon(ctx, rep.Renewed.Scopes)
	return &renewedDoc{Again: rep.Renewed.Again, Behind: s.scopeNames(behind)}, err
}

func showRenewed(w *page, doc *syncDoc) {
	if doc.Renewed == nil {
		return
	}
	w.s(text.SyncHubRestored)
	if len(doc.Renewed.Behind) > 0 {
		w.s(text.SyncBehindHorizon, "scopes", strings.Join(doc.Renewed.Behind, ", "))
	}
}
