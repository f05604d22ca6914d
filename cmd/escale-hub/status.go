package main

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"time"

	"github.com/spf13/cobra"

	"escale/cmd/escale-hub/serve"
	"escale/cmd/escale-hub/text"
	"escale/crypto/key"
	"escale/schema"
	"escale/sync/hub"
	"escale/sync/hubhttp"
)

type deviceDoc struct {
	Device     schema.Device `json:"device"`
	Code       string        `json:"code"` // as in logs and metrics
	Role       string        `json:"role"`
	Last       *time.Time    `json:"last_contact"`
	Mismatches int64         `json:"digest_mismatches"`
}

type statusDoc struct {
	Org         schema.Org    `json:"org"`
	Pin         key.TLSPublic `json:"pin"`
	HubEpoch    string        `json:"hub_epoch"`
	Ready       bool          `json:"ready"`
	Entries     uint64        `json:"ledger_entries"`
	Head        *schema.Hash  `json:"ledger_head"`
	Devices     []deviceDoc   `json:"devices"`
	Requests    int           `json:"join_requests"`
	Scopes      int64         `json:"scopes"`
	ChangeSets  int64         `json:"change_sets"`
	Quarantined int64         `json:"quarantined"`
	Conflicts   int64         `json:"open_conflicts"`

	ConflictSince *time.Time `json:"oldest_conflict_since"`
	AsideSince    *time.Time `json:"oldest_quarantine_since"`
	Backlog       int64      `json:"backlog_change_sets"`
	BacklogSize   int64      `json:"backlog_bytes"`
	Mismatches    int64      `json:"digest_mismatches"`
	Bytes         int64      `json:"store_bytes"`
}

func (p *program) statusCommand() *cobra.Command {
	return &cobra.Command{
		Use: "status", Short: p.say.Say("status_short", nil), Args: cobra.NoArgs,
		RunE: p.act(func(ctx context.Context, _ []string) error { return p.status(ctx) }),
	}
}

func (p *program) status(ctx context.Context) (err error) {
	h, err := serve.Open(ctx, p.data, serve.Options{Clock: time.Now, Rand: rand.Reader, Beside: true})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, h.Close(ctx)) }()
	s, err := h.Status(ctx)
	if err != nil {
		return err
	}
	doc := describe(&s, h.Pin)
	doc.Ready = h.Ready(ctx) == nil
	ready := "no"
	if doc.Ready {
		ready = "yes"
	}
	return p.print(doc, "status_text", text.Values{
		"Org": doc.Org, "Pin": doc.Pin, "Ready": p.say.Say(ready, nil), "Ledger": doc.Entries, "Devices": len(doc.Devices),
		"Scopes": doc.Scopes, "Sets": doc.ChangeSets, "Conflicts": doc.Conflicts, "ConflictSince": days(s.Now, s.ConflictSince),
		"Quarantined": doc.Quarantined, "AsideSince": days(s.Now, s.AsideSince),
		"Partial": doc.Backlog, "Requests": doc.Requests, "Bytes": doc.Bytes,
	})
}

// known is a moment, or nothing where there was none.
func known(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC()
	return &t
}

// days is how many whole days ago something was.
func days(now, since time.Time) int {
	if since.IsZero() {
		return 0
	}
	return int(now.Sub(since) / (24 * time.Hour))
}

func describe(s *hub.Status, pin key.TLSPublic) *statusDoc {
	doc := &statusDoc{
		Org: s.Org, Pin: pin, HubEpoch: hex.EncodeToString(s.HubEpoch[:]), Devices: []deviceDoc{}, Requests: s.Joining,
		Scopes: s.Scopes, ChangeSets: s.ChangeSets, Quarantined: s.Quarantined, Conflicts: s.Conflicts,
		Backlog: s.Partials, BacklogSize: s.PartialSize, Mismatches: s.Mismatches, Bytes: s.Bytes,
		ConflictSince: known(s.ConflictSince), AsideSince: known(s.AsideSince),
	}
	if s.Founded {
		doc.Entries, doc.Head = s.Ledger.Height+1, &s.Ledger.Hash
	}
	for _, d := range s.Devices {
		x := deviceDoc{Device: d.Device, Code: hubhttp.DeviceCode(d.Device), Role: d.Role, Last: known(d.Last), Mismatches: d.Mismatches}
		doc.Devices = append(doc.Devices, x)
	}
	return doc
}
