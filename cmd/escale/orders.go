package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"escale/clients/dpo"
	"escale/clients/text"
	"escale/crypto/ledger"
	"escale/schema"
	"escale/store/audit"
)

type orderDoc struct {
	Order      schema.Order `json:"order"`
	Bodies     []string     `json:"bodies"`
	Signatures int          `json:"signatures"`
	Needed     uint         `json:"needed"`
	Mine       bool         `json:"signed_by_me"`
	Expires    time.Time    `json:"expires"`
}

func (p *program) ordersCommand() *cobra.Command {
	return p.leaf("org orders", "", cobra.NoArgs, p.officer(func(ctx context.Context, s *session, d *dpo.Desk, _ []string) error {
		pending, err := d.Orders(ctx)
		if err != nil {
			return err
		}
		docs := []orderDoc{}
		for _, o := range pending {
			docs = append(docs, describeOrder(o))
		}
		return s.print(map[string]any{"orders": docs}, func(w *page) { showOrders(w, docs) })
	}))
}

func describeOrder(o dpo.Pending) orderDoc {
	doc := orderDoc{Order: o.Order.ID, Bodies: []string{}, Signatures: o.Signatures, Needed: o.Needed, Mine: o.Mine, Expires: time.Unix(o.Order.Expires, 0).UTC()}
	count := map[ledger.Kind]int{}
	var kinds []ledger.Kind
	for _, b := range o.Order.Bodies {
		if count[b.Kind] == 0 {
			kinds = append(kinds, b.Kind)
		}
		count[b.Kind]++
	}
	for _, k := range kinds {
		doc.Bodies = append(doc.Bodies, fmt.Sprintf("%s ×%d", bodyName(k), count[k]))
	}
	return doc
}

// bodyName is a stable name of what an order does.
func bodyName(k ledger.Kind) string {
	names := map[ledger.Kind]string{ledger.KindMember: "member", ledger.KindDevice: "device", ledger.KindRevoke: "revoke", ledger.KindScopes: "scopes",
		ledger.KindOpenEpoch: "open_epoch", ledger.KindGrant: "grant", ledger.KindCloseEpoch: "close_epoch", ledger.KindDestroyEpoch: "destroy_epoch",
		ledger.KindCustody: "custody", ledger.KindFormPack: "form_pack", ledger.KindErase: "erase", ledger.KindAccept: "accept",
		ledger.KindHub: "hub", ledger.KindSettings: "settings", ledger.KindHeal: "heal"}
	if name, ok := names[k]; ok {
		return name
	}
	return fmt.Sprintf("kind_%d", k)
}

func showOrders(w *page, docs []orderDoc) {
	if len(docs) == 0 {
		w.s(text.OrgOrdersNone)
		return
	}
	var rows [][]string
	for _, o := range docs {
		rows = append(rows, []string{o.Order.String(), strings.Join(o.Bodies, ", "), fmt.Sprintf("%d/%d", o.Signatures, o.Needed), w.say.Date(o.Expires)})
	}
	w.table([]text.Key{text.TableOrder, text.TableContent, text.TableSignatures, text.TableExpires}, rows)
}

func (p *program) signCommand() *cobra.Command {
	return p.leaf("org sign", "ORDER", cobra.ExactArgs(1), p.officer(func(ctx context.Context, s *session, d *dpo.Desk, args []string) error {
		o, err := findOrder(ctx, d, args[0])
		if err != nil {
			return err
		}
		err = d.Sign(ctx, o)
		waits := errors.Is(err, dpo.ErrWaits)
		if err != nil && !waits {
			return err
		}
		if err := s.record(audit.Entry{Kind: audit.Order, Record: o.Order.ID[:]}); err != nil {
			return err
		}
		if !waits {
			if _, err := d.Sync(ctx); err != nil { // carries out what the order asks of this laptop
				return err
			}
		}
		doc := map[string]any{"order": o.Order.ID, "linked": !waits}
		return s.print(doc, func(w *page) {
			w.s(text.OrgOrderSigned, "order", o.Order.ID)
			if !waits {
				w.s(text.OrgOrderLinked, "order", o.Order.ID)
			}
		})
	}))
}

// findOrder returns the one order whose id begins with text.
func findOrder(ctx context.Context, d *dpo.Desk, text string) (out dpo.Pending, err error) {
	pending, err := d.Orders(ctx)
	if err != nil {
		return out, err
	}
	hits := 0
	for _, o := range pending {
		if strings.HasPrefix(o.Order.ID.String(), strings.ToLower(text)) {
			out = o
			hits++
		}
	}
	if hits != 1 {
		return out, errNoOrder
	}
	return out, nil
}
