package main

import (
	"context"
	"errors"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"escale/clients/dpo"
	"escale/clients/field"
	"escale/clients/profile"
	"escale/clients/text"
	"escale/crypto/custody"
	"escale/schema"
	"escale/store/audit"
)

func (p *program) eraseCommand() *cobra.Command {
	var why string
	var calls []string
	c := p.leaf("erase", "RECORD --why W [--call FILE]…", cobra.MaximumNArgs(1), p.unlocked(func(ctx context.Context, s *session, args []string) error {
		if strings.TrimSpace(why) == "" {
			return field.ErrWhy
		}
		call, err := s.eraseCall(ctx, calls, args)
		if err != nil {
			return err
		}
		if _, ok := s.prof.Officer(); !ok {
			return s.printCall(call, why)
		}
		return s.orderErasure(ctx, call, why)
	}))
	p.whyFlag(c, &why)
	c.Flags().StringArrayVar(&calls, "call", nil, p.say.S(text.FlagCall))
	c.AddCommand(p.eraseContinueCommand(), p.certificateCommand())
	return c
}

// eraseCall unites the calls of readers with what this laptop itself holds of a record.
func (s *session) eraseCall(ctx context.Context, files, args []string) (dpo.Call, error) {
	var all []dpo.Call
	for _, name := range files {
		b, err := os.ReadFile(name)
		if err != nil {
			return dpo.Call{}, err
		}
		call, err := dpo.ParseCall(string(b))
		if err != nil {
			return call, err
		}
		all = append(all, call)
	}
	for _, id := range args {
		own, err := s.ownCall(ctx, id)
		if err != nil && (len(files) == 0 || !errors.Is(err, field.ErrNoRecord)) {
			return own, about(err, "id", id)
		}
		all = append(all, own)
	}
	return dpo.Join(all...), nil
}

func (s *session) ownCall(ctx context.Context, id string) (dpo.Call, error) {
	b, err := s.book()
	if err != nil {
		return dpo.Call{}, err
	}
	r, err := b.Get(ctx, id)
	if err != nil {
		return dpo.Call{}, err
	}
	parts, err := s.prof.Holdings(ctx, r.ID)
	return dpo.Call{Records: []dpo.CalledRecord{{Record: r.ID, Parts: parts}}}, err
}

// printCall is what a reader hands to the officers.
func (s *session) printCall(call dpo.Call, why string) error {
	said, err := call.Text()
	if err != nil {
		return err
	}
	if err := s.record(audit.Entry{Kind: audit.Erasure, Count: uint64(len(call.Records)), Reason: why}); err != nil {
		return err
	}
	return s.print(map[string]any{"call": said}, func(w *page) { w.line(said) })
}

func (s *session) orderErasure(ctx context.Context, call dpo.Call, why string) error {
	d, c, err := s.desk(ctx)
	if err != nil {
		return err
	}
	defer c.Close()
	err = d.Erase(ctx, call)
	waits := errors.Is(err, dpo.ErrWaits)
	if err != nil && !waits {
		return err
	}
	if err := s.record(audit.Entry{Kind: audit.Erasure, Count: uint64(len(call.Records)), Reason: why}); err != nil {
		return err
	}
	order := ""
	if all, err := dpo.Erasures(s.prof.Log()); err == nil && !waits && len(all) > 0 {
		order = all[len(all)-1].Order.String()
	}
	return s.print(map[string]any{"order": order, "waits": waits}, func(w *page) {
		if waits {
			w.s(text.ErrOrderWaits)
			return
		}
		w.line(order)
		w.s(text.EraseOrdered)
	})
}

func (p *program) eraseContinueCommand() *cobra.Command {
	return p.leaf("erase continue", "", cobra.NoArgs, p.officer(func(ctx context.Context, s *session, d *dpo.Desk, _ []string) error {
		got, err := d.CarryOn(ctx)
		if err != nil {
			return err
		}
		if err := s.record(audit.Entry{Kind: audit.KeyOperation, Count: uint64(got.Closed + got.Destroyed), Reason: s.command}); err != nil {
			return err
		}
		docs, _ := s.endingDocs(got.Waiting)
		return s.print(map[string]any{"closed": got.Closed, "destroyed": got.Destroyed, "waiting": docs}, func(w *page) {
			w.s(text.EraseProgress, "closed", got.Closed, "destroyed", got.Destroyed, "waiting", len(docs))
		})
	}))
}

func (p *program) certificateCommand() *cobra.Command {
	return p.leaf("erase certificate", "ORDER", cobra.ExactArgs(1), p.officer(func(ctx context.Context, s *session, d *dpo.Desk, args []string) error {
		all, err := dpo.Erasures(s.prof.Log())
		if err != nil {
			return err
		}
		var order schema.Order
		for _, e := range all {
			if strings.EqualFold(e.Order.String(), args[0]) {
				order = e.Order
			}
		}
		cert, err := d.Certify(ctx, order)
		if err != nil {
			return err
		}
		signed, err := d.SignCertificate(cert)
		if err != nil {
			return err
		}
		return s.print(signed, func(w *page) { s.showCertificate(w, &cert) })
	}))
}

func (s *session) showCertificate(w *page, c *dpo.Certificate) {
	open := 0
	for _, sc := range c.Scopes {
		open += len(sc.Open)
	}
	w.s(text.EraseCertificate, "date", w.say.DateTime(s.clock()), "order", c.Order)
	w.s(text.EraseRemains, "objects", len(c.Objects), "deltas", c.Deltas, "sets", len(c.Sets))
	w.s(text.EraseKeys, "keys", open, "devices", len(c.NotAttested))
	for _, id := range c.NotAttested {
		w.line("  " + id.String())
	}
	for _, o := range c.OldCustody {
		w.s(text.EraseOldShares, "destroyed", o.Destroyed, "shares", o.Shares, "needed", o.Shares-o.Threshold+1)
	}
	if c.Complete {
		w.s(text.EraseComplete)
		return
	}
	w.s(text.EraseIncomplete)
}

func (p *program) splitCommand() *cobra.Command {
	var custodians []string
	var threshold uint
	c := p.leaf("key split", "--custodian DEVICE… --threshold K", cobra.NoArgs, p.officer(func(ctx context.Context, s *session, d *dpo.Desk, _ []string) error {
		var ids []schema.Device
		for _, name := range custodians {
			id, err := s.deviceNamed(name)
			if err != nil {
				return err
			}
			ids = append(ids, id)
		}
		err := d.FoundCustody(ctx, ids, threshold)
		waits := errors.Is(err, dpo.ErrWaits)
		if err != nil && !waits {
			return err
		}
		if err := s.record(audit.Entry{Kind: audit.KeyOperation, Count: uint64(len(ids)), Reason: s.command}); err != nil {
			return err
		}
		return s.print(map[string]any{"shares": len(ids), "threshold": threshold, "waits": waits}, func(w *page) {
			w.s(text.CustodySplit, "shares", len(ids), "threshold", threshold)
			if waits {
				w.s(text.ErrOrderWaits)
			}
		})
	}))
	c.Flags().StringArrayVar(&custodians, "custodian", nil, p.say.S(text.FlagCustodian))
	c.Flags().UintVar(&threshold, "threshold", 0, p.say.S(text.FlagThreshold))
	return c
}

// deviceNamed finds a device of the ledger by its whole id.
func (s *session) deviceNamed(name string) (schema.Device, error) {
	for _, d := range s.prof.Log().State().Devices() {
		if strings.EqualFold(d.ID.String(), name) {
			return d.ID, nil
		}
	}
	return schema.Device{}, profile.ErrNotEnrolled
}

func (p *program) handCommand() *cobra.Command {
	return p.leaf("key hand", "DEVICE", cobra.ExactArgs(1), p.unlocked(func(ctx context.Context, s *session, args []string) error {
		if s.prof.Log() == nil {
			return profile.ErrNotEnrolled
		}
		to, err := s.deviceNamed(args[0])
		if err != nil {
			return err
		}
		h, err := s.prof.HandShare(ctx, to)
		if err != nil {
			return err
		}
		said, err := h.Text()
		if err != nil {
			return err
		}
		if err := s.record(audit.Entry{Kind: audit.KeyOperation, Reason: s.command}); err != nil {
			return err
		}
		return s.print(map[string]any{"share": said}, func(w *page) { w.line(said) })
	}))
}

// namedShare says whose share is wrong.
func namedShare(err error) error {
	var wrong *custody.WrongShareError
	if errors.As(err, &wrong) {
		return about(err, "device", wrong.Custodian.String())
	}
	return err
}

func (p *program) recoverCommand() *cobra.Command {
	return p.leaf("key recover", "FILE…", cobra.MinimumNArgs(1), p.officer(func(ctx context.Context, s *session, d *dpo.Desk, args []string) error {
		var shares []profile.HandedShare
		for _, name := range args {
			b, err := os.ReadFile(name)
			if err != nil {
				return err
			}
			h, err := profile.ParseShare(string(b))
			if err != nil {
				return err
			}
			shares = append(shares, h)
		}
		n, err := d.Recover(ctx, shares)
		if err != nil {
			return namedShare(err)
		}
		if err := s.record(audit.Entry{Kind: audit.KeyOperation, Count: uint64(n), Reason: s.command}); err != nil {
			return err
		}
		return s.print(map[string]any{"recovered": n}, func(w *page) { w.s(text.CustodyRecovered, "keys", n) })
	}))
}
