package main

import (
	"context"
	"crypto/rand"
	"path/filepath"

	"github.com/spf13/cobra"

	"escale/cmd/escale-hub/serve"
	"escale/cmd/escale-hub/text"
	"escale/crypto/key"
	"escale/schema"
)

func (p *program) initCommand() *cobra.Command {
	var org string
	c := &cobra.Command{Use: "init", Short: p.say.Say("init_short", nil), Args: cobra.NoArgs}
	c.Flags().StringVar(&org, "org", "", p.say.Say("flag_org", nil))
	c.RunE = p.act(func(ctx context.Context, _ []string) error {
		var id schema.Org
		if err := id.UnmarshalText([]byte(org)); err != nil || id.IsZero() {
			return errOrg
		}
		pin, err := serve.Init(ctx, p.data, id, rand.Reader)
		if err != nil {
			return err
		}
		doc := struct {
			Data string        `json:"data"`
			Org  schema.Org    `json:"org"`
			Pin  key.TLSPublic `json:"pin"`
		}{p.data, id, pin}
		return p.print(doc, "init_done", text.Values{
			"Data": p.data, "Org": id, "Pin": pin, "KeyFile": filepath.Join(p.data, serve.KeyFile),
		})
	})
	return c
}
