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
	"escale/sync/horizon"
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

	Digest    *schema.Hash `json:"digest,omitempty"` // of the backup's statement: what an officer signs
	Statement string       `json:"statement,omitempty"`
}

func (p *program) verifyCommand() *cobra.Command {
	var backup, statement string
	c := &cobra.Command{Use: "verify", Short: p.say.Say("verify_short", nil), Args: cobra.NoArgs}
	c.Flags().StringVar(&backup, "backup", "", p.say.Say("flag_backup", nil))
	c.Flags().StringVar(&statement, "statement", "", p.say.Say("flag_statement", nil))
	c.RunE = func(c *cobra.Command, args []string) error {
		if backup == "" && statement != "" {
			return fmt.Errorf("--backup DIR")
		}
		if backup != "" {
			p.data = backup // a backup is a folder like a hub's
		}
		return p.act(func(ctx context.Context, _ []string) error { return p.verify(ctx, backup != "", statement) })(c, args)
	}
	return c
}

func (p *program) verify(ctx context.Context, backup bool, statement string) (err error) {
	h, err := serve.Open(ctx, p.data, serve.Options{Clock: time.Now, Rand: rand.Reader})
	if err != nil {
		return damaged(backup, p.data, err)
	}
	defer func() { err = errors.Join(err, h.Close(ctx)) }()
	progress := &progress{program: p, told: time.Now()}
	r, err := h.Verify(ctx, progress.at)
	if err := errors.Join(err, progress.err); err != nil {
		return damaged(backup, p.data, err)
	}
	doc := verifyDoc{OK: r.OK(), Scopes: r.Scopes, ChangeSets: r.ChangeSets, Entries: r.Entries, Count: r.Count, Faults: []faultDoc{}}
	for _, f := range r.Faults {
		doc.Faults = append(doc.Faults, faultDoc(f))
	}
	id := "verify_good"
	if !doc.OK {
		id = "verify_bad"
	}
	if backup && doc.OK {
		id = "verify_backup"
		if statement != "" {
			id = "verify_statement"
		}
		if err := doc.state(ctx, h, statement); err != nil {
			return at(statement, err)
		}
	}
	err = p.print(doc, id, text.Values{"Sets": r.ChangeSets, "Scopes": r.Scopes, "Ledger": r.Entries, "Count": r.Count,
		"Digest": doc.Digest, "File": statement})
	if err != nil || doc.OK {
		return err
	}
	return errors.Join(errDiverged, listFaults(p.stderr, r.Faults))
}

// damaged names a backup that cannot even be read.
func damaged(backup bool, dir string, err error) error {
	if !backup {
		return err
	}
	return at(dir, errors.Join(serve.ErrBackup, err))
}

// state makes the statement of a backup that was found whole, and writes it to a file that must not exist.
func (d *verifyDoc) state(ctx context.Context, h *serve.Hub, file string) error {
	f, err := h.Statement(ctx)
	if err != nil {
		return err
	}
	sum := horizon.Digest(f.Statement)
	d.Digest, d.Statement = &sum, file
	if file == "" {
		return nil
	}
	b, err := f.Encode()
	if err != nil {
		return err
	}
	return serve.WriteNew(file, b)
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
