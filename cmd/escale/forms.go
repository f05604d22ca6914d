package main

import (
	"context"
	"errors"

	"github.com/spf13/cobra"

	"escale/clients/dpo"
	"escale/clients/text"
	"escale/schema/pack"
	"escale/store/audit"
)

type publishedDoc struct {
	Version uint64   `json:"version"`
	Bundles []string `json:"bundles"`
	Waits   bool     `json:"waits"`
	Unused  []string `json:"unused_columns"`
}

func (p *program) publishCommand() *cobra.Command {
	return p.leaf("org forms publish", "FILE|DIR", cobra.ExactArgs(1), func(ctx context.Context, args []string) error {
		source, err := loadPack(args[0]) // before anybody is asked for a passphrase
		if err != nil {
			return err
		}
		return p.officer(func(ctx context.Context, s *session, d *dpo.Desk, _ []string) error {
			if !s.published() {
				return dpo.ErrUnfounded
			}
			err := d.Publish(ctx, source)
			if errors.Is(err, pack.ErrSuccession) {
				return formsRefused(args[0], err)
			}
			doc := publishedDoc{Bundles: source.Names(), Waits: errors.Is(err, dpo.ErrWaits), Unused: append([]string{}, source.Warnings()...)}
			if err != nil && !doc.Waits {
				return err
			}
			if _, err := d.Sync(ctx); err != nil {
				return err
			}
			if now, ok := s.prof.Log().State().FormPack(); ok {
				doc.Version = now.Version
			}
			if err := errors.Join(s.keepPack(ctx, source), s.record(audit.Entry{Kind: audit.Configuration, Count: doc.Version, Reason: "form pack"})); err != nil {
				return err
			}
			return s.print(doc, func(w *page) {
				if doc.Waits {
					w.s(text.ErrOrderWaits)
					return
				}
				w.s(text.OrgFormsPublished, "version", doc.Version)
			})
		})(ctx, args)
	})
}
