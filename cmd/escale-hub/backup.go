package main

import (
	"context"
	"crypto/rand"

	"github.com/spf13/cobra"

	"escale/cmd/escale-hub/serve"
	"escale/cmd/escale-hub/text"
	"escale/crypto/key"
)

func (p *program) backupCommand() *cobra.Command {
	return &cobra.Command{
		Use: "backup OUT", Short: p.say.Say("backup_short", nil), Args: cobra.ExactArgs(1),
		RunE: p.act(func(ctx context.Context, args []string) error {
			size, err := serve.Backup(ctx, p.data, args[0])
			if err != nil {
				return at(args[0], err)
			}
			doc := struct {
				Backup string `json:"backup"`
				Bytes  int64  `json:"bytes"`
			}{args[0], size}
			return p.print(doc, "backup_done", text.Values{"File": args[0], "Bytes": size})
		}),
	}
}

func (p *program) restoreCommand() *cobra.Command {
	return &cobra.Command{
		Use: "restore IN", Short: p.say.Say("restore_short", nil), Args: cobra.ExactArgs(1),
		RunE: p.act(func(ctx context.Context, args []string) error {
			pin, err := serve.Restore(ctx, args[0], p.data, rand.Reader)
			if err != nil {
				return at(args[0], err)
			}
			doc := struct {
				Data string        `json:"data"`
				Pin  key.TLSPublic `json:"pin"`
			}{p.data, pin}
			return p.print(doc, "restore_done", text.Values{"Data": p.data, "Pin": pin})
		}),
	}
}
