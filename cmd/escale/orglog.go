package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"escale/clients/dpo"
	"escale/clients/field"
	"escale/clients/profile"
	"escale/clients/text"
	"escale/crypto/ledger"
	"escale/schema"
)

// linkDoc is one entry of the ledger: what officers decided, or devices stated, and who signed it.
type linkDoc struct {
	Height   uint64          `json:"height"`
	Time     time.Time       `json:"time"`   // by the clock of who linked it
	Linked   schema.Device   `json:"linked"` // by this device
	Code     string          `json:"code"`
	Order    *schema.Order   `json:"order,omitempty"`
	Officers []schema.Member `json:"officers"` // who signed the order
	Contents []contentDoc    `json:"contents"`
	Devices  []schema.Device `json:"devices"` // that it enrols, renews or revokes
	Reasons  []string        `json:"reasons"` // where the roster is read here
}

// logCommand shows the ledger, in which officers see each other's actions. It is the verified copy of this laptop.
func (p *program) logCommand() *cobra.Command {
	var last int
	c := p.leaf("org log", "[--last N]", cobra.NoArgs, p.unlocked(func(ctx context.Context, s *session, _ []string) error {
		if s.prof.Log() == nil {
			return profile.ErrNotEnrolled
		}
		reasons, err := dpo.Reasons(ctx, s.prof)
		if err != nil {
			return err
		}
		from := uint64(1) // entry 0 is the genesis
		if n := s.prof.Log().Head().Height; last > 0 && n > uint64(last) {
			from = n - uint64(last) + 1
		}
		docs := []linkDoc{}
		for i, b := range s.prof.Log().Entries(from) {
			doc, err := s.linkDoc(from+uint64(i), b, reasons)
			if err != nil {
				return err
			}
			docs = append(docs, doc)
		}
		return s.print(map[string]any{"entries": docs}, func(w *page) { s.showLedger(w, docs) })
	}))
	c.Flags().IntVar(&last, "last", 0, p.say.S(text.FlagLast))
	return c
}

func (s *session) linkDoc(height uint64, entry []byte, reasons map[schema.Device]string) (doc linkDoc, err error) {
	link, _, err := ledger.DecodeLink(entry)
	if err != nil {
		return doc, err
	}
	doc = linkDoc{Height: height, Time: time.UnixMilli(link.Time).UTC(), Linked: link.Device, Officers: []schema.Member{}, Contents: []contentDoc{},
		Devices: []schema.Device{}, Reasons: []string{}}
	state := s.prof.Log().State()
	if d, ok := state.Device(link.Device); ok {
		doc.Code = field.MemberCode(d.Member)
	}
	if link.Kind != ledger.PayloadOrder {
		return doc, doc.results(link)
	}
	signed, err := link.Order()
	if err != nil {
		return doc, err
	}
	for _, sig := range signed.Signatures {
		for _, o := range state.Officers() {
			if o.Key == sig.Officer {
				doc.Officers = append(doc.Officers, o.Member)
			}
		}
	}
	o, err := signed.Content()
	if err != nil {
		return doc, err
	}
	doc.Order, doc.Contents = &o.ID, contentsOf(o)
	return doc, doc.about(o, reasons)
}

// results names what devices stated without officers.
func (d *linkDoc) results(link *ledger.Link) error {
	results, err := link.Results()
	if err != nil {
		return err
	}
	count := map[string]int{}
	for _, r := range results {
		name := resultName(r.Kind())
		if count[name] == 0 {
			d.Contents = append(d.Contents, contentDoc{Kind: name})
		}
		count[name]++
	}
	for i := range d.Contents {
		d.Contents[i].Count = count[d.Contents[i].Kind]
	}
	return nil
}

// resultName is a stable name of what a device stated.
func resultName(k ledger.ResultKind) string {
	names := map[ledger.ResultKind]string{ledger.ResultEpoch: "epoch_made", ledger.ResultGrant: "grant_made", ledger.ResultKEMSuccessor: "kem_renewed",
		ledger.ResultConfirm: "confirmed", ledger.ResultAttest: "attested", ledger.ResultHorizon: "backup", ledger.ResultKeyPack: "key_pack"}
	if name, ok := names[k]; ok {
		return name
	}
	return fmt.Sprintf("result_%d", k)
}

// about names the devices that an order is about.
func (d *linkDoc) about(o *ledger.Order, reasons map[schema.Device]string) error {
	bodies, err := o.Decode()
	if err != nil {
		return err
	}
	for _, b := range bodies {
		switch b := b.(type) {
		case *ledger.DeviceEntry:
			d.Devices = append(d.Devices, b.Device)
		case *ledger.Revoke:
			d.Devices = append(d.Devices, b.Device)
			if why := reasons[b.Device]; why != "" {
				d.Reasons = append(d.Reasons, text.Clean(why))
			}
		}
	}
	return nil
}

func (s *session) showLedger(w *page, docs []linkDoc) {
	var rows [][]string
	for _, d := range docs {
		var officers, devices []string
		for _, m := range d.Officers {
			officers = append(officers, field.MemberCode(m))
		}
		for _, id := range d.Devices {
			devices = append(devices, id.String()[:8])
		}
		rows = append(rows, []string{fmt.Sprint(d.Height), s.say.DateTime(d.Time.Local()), d.Code, s.bodyTexts(d.Contents), strings.Join(officers, " "),
			strings.Join(devices, " "), strings.Join(d.Reasons, "; ")})
	}
	w.table([]text.Key{text.TableNumber, text.TableTime, text.TableMember, text.TableContent, text.TableSignatures, text.TableDevice, text.TableReason}, rows)
}
