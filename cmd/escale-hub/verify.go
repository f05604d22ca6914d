package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"escale/cmd/escale-hub/serve"
	"escale/cmd/escale-hub/text"
	"escale/schema"
	"escale/sync/hub"
)

type faultDoc struct {
	Scope  schema.Scope `json:"scope"`
	Number uint64       `json:"number"` // 0: the scope as a whole
	Check  string       `json:"check"`
}

type verifyDoc struct {
	OK         bool       `json:"ok"`
	Scopes     int64      `json:"scopes"`
	ChangeSets int64      `json:"change_sets"`
	Entries    uint64     `json:"ledger_entries"`
	Count      int64      `json:"faults_found"`
	Faults     []faultDoc `json:"faults"`
}

func (p *program) verifyCommand() *cobra.Command {
	return &cobra.Command{
		Use: "verify", Short: p.say.Say("verify_short", nil), Args: cobra.NoArgs,
		RunE: p.act(func(ctx context.Context, _ []string) error { return p.verify(ctx) }),
	}
}

func (p *program) verify(ctx context.Context) (err error) {
	h, err := serve.Open(ctx, p.data, serve.Options{Clock: time.Now, Rand: rand.Reader})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, h.Close(ctx)) }()
	progress := &progress{program: p, told: time.Now()}
	r, err := h.Verify(ctx, progress.at)
	if err := errors.Join(err, progress.err); err != nil {
		return err
	}
	doc := verifyDoc{OK: r.OK(), Scopes: r.Scopes, ChangeSets: r.ChangeSets, Entries: r.Entries, Count: r.Count, Faults: []faultDoc{}}
	for _, f := range r.Faults {
		doc.Faults = append(doc.Faults, faultDoc(f))
	}
	id := "verify_good"
	if !doc.OK {
		id = "verify_bad"
	}
	err = p.print(doc, id, text.Values{"Sets": r.ChangeSets, "Scopes": r.Scopes, "Ledger": r.Entries, "Count": r.Count})
	if err != nil || doc.OK {
		return err
	}
	return errors.Join(errDiverged, listFaults(p.stderr, r.Faults))
}

func listFaults(w io.Writer, faults []hub.Fault) error {
	for _, f := range faults {
		if _, err := fmt.Fprintf(w, "%s %d: %s\n", f.Scope, f.Number, f.Check); err != nil {
			return fmt.Errorf("list the faults: %w", err)
		}
	}
	return nil
}

// progress tells how far a long check is, at most once a second.
type progress struct {
	program *program
	told    time.Time
	err     error
}

func (p *progress) at(done, total int64) {
	if time.Since(p.told) < time.Second || p.err != nil {
		return
	}
	p.told = time.Now()
	_, p.err = fmt.Fprintln(p.program.stderr, p.program.say.Say("verify_progress", text.Values{"Done": done, "Total": total}))
}
