package main

import (
	"context"
	"crypto/rand"
	"errors"
	"time"

	"escale/clients/home"
	"escale/clients/profile"
	"escale/crypto/vault"
	"escale/sync/merge"
)

// readWithKeys reads what a member's keys open, all of it. Where the program shows less (records without names to the data
// manager, other people's files to a clinician), an export cannot prove that a value is there; what the laptop holds can.
func readWithKeys(ctx context.Context, at seat, passphrase string) (out map[string]shown, err error) {
	h := home.Home{Dir: at.home, Params: vault.Default(), Clock: time.Now, Rand: rand.Reader}
	p, err := h.Unlock(ctx, at.profile, vault.NewSecret([]byte(passphrase)))
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, p.Close()) }()
	out = map[string]shown{}
	err = p.Parts(ctx, func(part *profile.Part) error {
		deltas, err := p.Deltas(part)
		if err != nil {
			return err
		}
		id := part.Record.String()
		if out[id] == nil {
			out[id] = shown{}
		}
		for _, d := range deltas {
			for _, op := range d.Ops {
				out[id].write(op)
			}
		}
		return nil
	})
	return out, err
}

func (s shown) write(op merge.Op) {
	v := plain(op.Value)
	s[op.Path] = append(s[op.Path], v)
}
