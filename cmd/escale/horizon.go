package main

import (
	"context"
	"errors"
	"time"

	"github.com/spf13/cobra"

	"escale/clients/dpo"
	"escale/clients/text"
	"escale/schema"
	"escale/store/audit"
	"escale/sync/horizon"
)

type horizonDoc struct {
	Digest     schema.Hash `json:"digest"`
	Time       time.Time   `json:"read_back"`
	ChangeSets uint64      `json:"change_sets"`
	Scopes     int         `json:"scopes"`
}

// horizonCommand confirms a backup of the hub that was read back.
func (p *program) horizonCommand() *cobra.Command {
	var digest string
	c := p.leaf("org horizon", "FILE [--digest DIGEST]", cobra.ExactArgs(1), p.officer(func(ctx context.Context, s *session, d *dpo.Desk, args []string) error {
		var want schema.Hash
		if digest != "" {
			if err := want.UnmarshalText([]byte(digest)); err != nil {
				return &wrongUse{text.ErrBadFlag, "--digest"}
			}
		}
		file, err := readSmall(args[0], horizon.MaxFile)
		if err != nil {
			return err
		}
		return s.confirmBackup(ctx, d, args[0], file, want)
	}))
	c.Flags().StringVar(&digest, "digest", "", p.say.S(text.FlagDigest))
	return c
}

func (s *session) confirmBackup(ctx context.Context, d *dpo.Desk, name string, file []byte, want schema.Hash) error {
	st, sum, err := d.ConfirmBackup(ctx, file, want)
	if err != nil {
		return about(err, "file", name)
	}
	if err := s.record(audit.Entry{Kind: audit.Order, Count: st.Sets, Reason: "backup confirmed"}); err != nil {
		return err
	}
	rep, err := d.Sync(ctx) // learns of it like any laptop
	if err != nil {
		return err
	}
	if rep.Synced {
		err = s.prof.Agreed(ctx, rep.HubTime)
	}
	signed, _ := s.prof.Log().State().Horizon()
	doc := horizonDoc{Digest: sum, Time: time.Unix(signed.Time, 0).UTC(), ChangeSets: st.Sets, Scopes: len(st.Scopes)}
	return errors.Join(err, s.print(doc, func(w *page) { w.s(text.OrgBackupConfirmed, "digest", sum) }))
}
