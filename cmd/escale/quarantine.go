package main

import (
	"context"
	"encoding/hex"
	"errors"

	"github.com/spf13/cobra"

	"escale/clients/dpo"
	"escale/clients/text"
	"escale/schema"
	"escale/store/audit"
)

type asideDoc struct {
	Set    string        `json:"change_set"`
	Device schema.Device `json:"device"`
	Scope  string        `json:"scope"`
	Seq    uint64        `json:"sequence"`
	Reason string        `json:"reason"`
	Where  string        `json:"where"` // laptop or hub
}

func (p *program) quarantineCommand() *cobra.Command {
	list := p.leaf("quarantine list", "", cobra.NoArgs, p.unlocked(func(ctx context.Context, s *session, _ []string) error {
		docs := []asideDoc{}
		for _, q := range s.prof.Quarantined() {
			docs = append(docs, asideDoc{hex.EncodeToString(q.Set[:]), q.Device, s.scopeNames([]schema.Scope{q.Scope})[0], q.Seq, q.Reason, "laptop"})
		}
		// Officers' laptops read no field scopes: the hub tells them what it set aside.
		if _, ok := s.prof.Officer(); ok && s.published() {
			more, err := s.asideAtHub(ctx)
			if err != nil {
				return err
			}
			docs = append(docs, more...)
		}
		return s.print(map[string]any{"quarantined": docs}, func(w *page) { showAside(w, docs) })
	}))
	return p.group("quarantine", "quarantine", list, p.acceptCommand())
}

// acceptCommand lets quarantined change-sets count. Their readers open them at the next exchange.
func (p *program) acceptCommand() *cobra.Command {
	return p.leaf("quarantine accept", "HASH…", cobra.MinimumNArgs(1), p.officer(func(ctx context.Context, s *session, d *dpo.Desk, args []string) error {
		aside, err := s.asideAtHub(ctx)
		if err != nil {
			return err
		}
		var all, sets []schema.Hash
		for _, q := range aside {
			var h schema.Hash
			if err := h.UnmarshalText([]byte(q.Set)); err != nil {
				return err
			}
			all = append(all, h)
		}
		for _, begins := range args {
			h, ok := prefixed(all, begins)
			if !ok {
				return about(errNotAside, "hash", text.Clean(begins))
			}
			sets = append(sets, h)
		}
		err = d.Accept(ctx, sets)
		waits := errors.Is(err, dpo.ErrWaits)
		if err != nil && !waits {
			return err
		}
		return s.accepted(sets, waits)
	}))
}

func (s *session) accepted(sets []schema.Hash, waits bool) error {
	names := []string{}
	for _, h := range sets {
		names = append(names, hex.EncodeToString(h[:]))
		if err := s.record(audit.Entry{Kind: audit.Quarantine, Record: h[:], Reason: "accept"}); err != nil {
			return err
		}
	}
	return s.print(map[string]any{"accepted": names, "waits": waits}, func(w *page) {
		for _, name := range names {
			if !waits {
				w.s(text.QuarantineAccepted, "hash", name[:16])
			}
		}
		if waits {
			w.s(text.ErrOrderWaits)
		}
	})
}

func (s *session) asideAtHub(ctx context.Context) ([]asideDoc, error) {
	c, err := s.dial(ctx)
	if err != nil {
		return nil, err
	}
	defer c.Close()
	reply, err := c.Quarantined(ctx)
	if err != nil {
		return nil, err
	}
	var out []asideDoc
	for _, q := range reply.Sets {
		out = append(out, asideDoc{hex.EncodeToString(q.Set[:]), q.Device, s.scopeNames([]schema.Scope{q.Scope})[0], q.Seq, q.Reason, "hub"})
	}
	return out, nil
}

func showAside(w *page, docs []asideDoc) {
	if len(docs) == 0 {
		w.s(text.QuarantineNone)
		return
	}
	w.s(text.QuarantineHeading)
	var rows [][]string
	for _, d := range docs {
		rows = append(rows, []string{d.Set[:16], d.Device.String(), d.Scope, d.Reason})
	}
	w.table([]text.Key{text.TableChangeSet, text.TableDevice, text.TableScope, text.TableReason}, rows)
}
