package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"escale/clients/caption"
	"escale/clients/dpo"
	"escale/clients/text"
	"escale/crypto/ledger"
	"escale/schema"
	"escale/store/audit"
)

type orderDoc struct {
	Order      schema.Order `json:"order"`
	Bodies     []string     `json:"bodies"`
	Contents   []contentDoc `json:"contents"`
	Signatures int          `json:"signatures"`
	Needed     uint         `json:"needed"`
	Mine       bool         `json:"signed_by_me"`
	Expires    time.Time    `json:"expires"`
	Enrols     []enrolDoc   `json:"enrols"` // devices, with what the joiner reads aloud
}

// contentDoc is how many bodies of one kind an order has.
type contentDoc struct {
	Kind  string `json:"kind"`
	Count int    `json:"count"`
}

type enrolDoc struct {
	Device      schema.Device `json:"device"`
	Role        string        `json:"role"`
	Sites       []string      `json:"sites"`
	Name        string        `json:"name,omitempty"`
	Fingerprint string        `json:"fingerprint"`
	Proved      bool          `json:"proved"` // by a request made with an officer's invitation
	Reads       int           `json:"scopes_readable"`
	Writes      int           `json:"scopes_writable"`
}

func (p *program) ordersCommand() *cobra.Command {
	return p.leaf("org orders", "", cobra.NoArgs, p.officer(func(ctx context.Context, s *session, d *dpo.Desk, _ []string) error {
		pending, err := d.Orders(ctx)
		if err != nil {
			return err
		}
		docs := []orderDoc{}
		for _, o := range pending {
			doc, err := describeOrder(ctx, d, o)
			if err != nil {
				return err
			}
			docs = append(docs, doc)
		}
		return s.print(map[string]any{"orders": docs}, func(w *page) { s.showOrders(w, docs) })
	}))
}

func describeOrder(ctx context.Context, d *dpo.Desk, o dpo.Pending) (orderDoc, error) {
	doc := orderDoc{Enrols: []enrolDoc{}, Order: o.Order.ID, Bodies: []string{}, Signatures: o.Signatures, Needed: o.Needed, Mine: o.Mine, Expires: time.Unix(o.Order.Expires, 0).UTC()}
	doc.Contents = contentsOf(o.Order)
	for _, c := range doc.Contents {
		doc.Bodies = append(doc.Bodies, fmt.Sprintf("%s ×%d", c.Kind, c.Count))
	}
	enrols, err := d.Enrolments(ctx, o)
	for _, e := range enrols {
		doc.Enrols = append(doc.Enrols, enrolDoc(e))
	}
	return doc, err
}

// contentsOf counts an order's bodies by kind, in the order in which they come.
func contentsOf(o *ledger.Order) []contentDoc {
	out := []contentDoc{}
	at := map[ledger.Kind]int{}
	for _, b := range o.Bodies {
		i, ok := at[b.Kind]
		if !ok {
			i = len(out)
			at[b.Kind] = i
			out = append(out, contentDoc{Kind: bodyName(b.Kind)})
		}
		out[i].Count++
	}
	return out
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

// bodyTexts says what an order decides, in words.
func (s *session) bodyTexts(contents []contentDoc) string {
	out := make([]string, len(contents))
	for i, c := range contents {
		out[i] = s.say.S(text.BodyLine, "what", s.say.S(text.ForBody(c.Kind)), "count", c.Count)
	}
	return strings.Join(out, caption.Mark(s.say))
}

// showOrders lists what waits, and of each laptop that would be enrolled what an officer has to compare before signing.
func (s *session) showOrders(w *page, docs []orderDoc) {
	if len(docs) == 0 {
		w.s(text.OrgOrdersNone)
		return
	}
	var rows [][]string
	for _, o := range docs {
		rows = append(rows, []string{o.Order.String(), s.bodyTexts(o.Contents), fmt.Sprintf("%d/%d", o.Signatures, o.Needed), w.say.Date(o.Expires)})
	}
	w.table([]text.Key{text.TableOrder, text.TableContent, text.TableSignatures, text.TableExpires}, rows)
	for _, o := range docs {
		for _, e := range o.Enrols {
			w.table([]text.Key{text.TableRequest, text.TableRole, text.TableSites, text.TableName},
				[][]string{{e.Device.String(), s.roleLabel(e.Role), strings.Join(e.Sites, ", "), e.Name}})
			w.s(text.JoinFingerprint, "fingerprint", e.Fingerprint)
			if !e.Proved {
				w.s(text.JoinUnprovedOrder)
			}
		}
	}
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
