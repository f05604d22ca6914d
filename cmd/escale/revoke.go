package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"escale/clients/dpo"
	"escale/clients/text"
	"escale/schema"
	"escale/store/audit"
)

// revokedDoc is the report of a revocation, to be filed.
type revokedDoc struct {
	rotationDoc
	Site    string          `json:"site,omitempty"`
	Devices []lastDoc       `json:"devices"`
	Kept    []schema.Device `json:"kept"`   // that work at other sites too
	Unread  []string        `json:"unread"` // scopes that nobody can read any more but through the custodians
}

// lastDoc says where a device's work ends.
type lastDoc struct {
	Device  schema.Device `json:"device"`
	Code    string        `json:"code"`
	Role    string        `json:"role"`
	Last    *time.Time    `json:"last_contact"`
	Streams int           `json:"streams"`     // each named with its last change-set that counts, and its hash
	Sets    uint64        `json:"change_sets"` // that count
}

func (p *program) revokeCommand() *cobra.Command {
	var reason string
	var yes bool
	c := p.leaf("org revoke", "DEVICE… --reason WHY [--yes]", cobra.MinimumNArgs(1), p.officer(func(ctx context.Context, s *session, d *dpo.Desk, args []string) error {
		var devices []schema.Device
		for _, begins := range args {
			id, err := s.findDevice(begins)
			if err != nil {
				return err
			}
			if !slices.Contains(devices, id) {
				devices = append(devices, id)
			}
		}
		if strings.TrimSpace(reason) == "" {
			return missing("--reason")
		}
		plan, err := d.PlanRevocation(ctx, devices)
		if err != nil {
			return err
		}
		return s.revoke(ctx, d, plan, reason, "", yes)
	}))
	c.Flags().StringVar(&reason, "reason", "", p.say.S(text.FlagReason))
	c.Flags().BoolVar(&yes, "yes", false, p.say.S(text.FlagYes))
	return c
}

func (p *program) suspendCommand() *cobra.Command {
	var reason string
	var yes bool
	c := p.leaf("org suspend", "SITE --reason WHY [--yes]", cobra.ExactArgs(1), p.officer(func(ctx context.Context, s *session, d *dpo.Desk, args []string) error {
		if strings.TrimSpace(reason) == "" {
			return missing("--reason")
		}
		plan, err := d.PlanSuspension(ctx, args[0])
		if err != nil {
			return about(err, "site", text.Clean(args[0]))
		}
		return s.revoke(ctx, d, plan, reason, args[0], yes)
	}))
	c.Flags().StringVar(&reason, "reason", "", p.say.S(text.FlagReason))
	c.Flags().BoolVar(&yes, "yes", false, p.say.S(text.FlagYes))
	return c
}

// revoke shows what the order would mean, where it leaves scopes without a reader asks for a word, and gives it.
func (s *session) revoke(ctx context.Context, d *dpo.Desk, plan *dpo.Revocation, reason, site string, yes bool) error {
	unread := s.scopeNames(plan.Unread)
	if len(unread) > 0 && !yes {
		if err := s.note(s.say.S(text.OrgUnread, "scopes", strings.Join(unread, ", "))); err != nil {
			return err
		}
		if err := s.confirmWord(text.OrgRevokeWarning, text.OrgRevokeWord); err != nil {
			return err
		}
	}
	err := d.Revoke(ctx, plan, reason)
	waits := errors.Is(err, dpo.ErrWaits)
	if err != nil && !waits {
		return err
	}
	doc := revokedDoc{rotationDoc: s.rotationDoc(plan.Rotations, reason, waits), Site: site, Devices: []lastDoc{}, Kept: append([]schema.Device{}, plan.Kept...), Unread: unread}
	for _, t := range plan.Devices {
		doc.Devices = append(doc.Devices, s.lastDoc(t.Device, len(t.Heads), t.Sets, t.Last))
		if err := s.record(audit.Entry{Kind: audit.KeyOperation, Record: t.Device[:], Count: uint64(doc.Ordered), Reason: "revoke: " + reason}); err != nil {
			return err
		}
	}
	return s.print(doc, func(w *page) { s.showRevoked(w, &doc) })
}

func (s *session) lastDoc(id schema.Device, streams int, sets uint64, last int64) lastDoc {
	doc := lastDoc{Device: id, Streams: streams, Sets: sets, Last: moment(last)}
	if dev, ok := s.prof.Log().State().Device(id); ok {
		doc.Code, doc.Role = memberCode(dev.Member), dev.Now().Role
	}
	return doc
}

// moment is a time in Unix milliseconds, or nil for never.
func moment(ms int64) *time.Time {
	if ms <= 0 {
		return nil
	}
	at := time.UnixMilli(ms).UTC()
	return &at
}

func (w *page) moment(at *time.Time) string {
	if at == nil {
		return w.say.S(text.StateNever)
	}
	return w.say.DateTime(at.Local())
}

func (s *session) showRevoked(w *page, doc *revokedDoc) {
	if doc.Site != "" {
		w.s(text.OrgSuspended, "site", doc.Site)
	}
	var rows [][]string
	for _, d := range doc.Devices {
		rows = append(rows, []string{d.Device.String(), d.Code, s.roleLabel(d.Role), w.moment(d.Last), strconv.Itoa(d.Streams), fmt.Sprint(d.Sets)})
	}
	w.table([]text.Key{text.TableDevice, text.TableMember, text.TableRole, text.TableContact, text.TableStreams, text.TableChangeSets}, rows)
	w.n(text.OrgRevoked, len(doc.Devices))
	if len(doc.Kept) > 0 {
		w.n(text.OrgKept, len(doc.Kept))
	}
	w.line("")
	showRotation(w, &doc.rotationDoc)
	if len(doc.Unread) > 0 {
		w.s(text.OrgUnread, "scopes", strings.Join(doc.Unread, ", "))
	}
}

// findDevice returns the one device whose id begins with text.
func (s *session) findDevice(begins string) (out schema.Device, err error) {
	hits := 0
	for _, d := range s.prof.Log().State().Devices() {
		if begins != "" && strings.HasPrefix(d.ID.String(), strings.ToLower(begins)) {
			out = d.ID
			hits++
		}
	}
	if hits != 1 {
		return out, about(dpo.ErrNoDevice, "device", text.Clean(begins))
	}
	return out, nil
}

// renewCommand sets the end of a member's contract, which locks the laptop with nobody clicking, or takes it back.
func (p *program) renewCommand() *cobra.Command {
	var end string
	c := p.leaf("org renew", "DEVICE --contract-end DATE|none", cobra.ExactArgs(1), p.officer(func(ctx context.Context, s *session, d *dpo.Desk, args []string) error {
		id, err := s.findDevice(args[0])
		if err != nil {
			return err
		}
		at, err := contractEnd(end)
		if err != nil {
			return err
		}
		err = d.Renew(ctx, id, at)
		waits := errors.Is(err, dpo.ErrWaits)
		if err != nil && !waits {
			return err
		}
		if err := s.record(audit.Entry{Kind: audit.Order, Record: id[:], Reason: "contract end: " + end}); err != nil {
			return err
		}
		doc := map[string]any{"device": id, "contract_end": moment(at * 1000), "waits": waits}
		return s.print(doc, func(w *page) {
			if waits {
				w.s(text.ErrOrderWaits)
				return
			}
			w.s(text.OrgRenewed, "device", id, "date", w.moment(moment(at*1000)))
		})
	}))
	c.Flags().StringVar(&end, "contract-end", "", p.say.S(text.FlagContractEnd))
	return c
}

// contractEnd reads the last day of a contract: the laptop works through that day, by UTC.
func contractEnd(day string) (int64, error) {
	switch day {
	case "":
		return 0, missing("--contract-end")
	case "none":
		return 0, nil
	}
	t, err := time.Parse(time.DateOnly, day)
	if err != nil || t.Unix() <= 0 {
		return 0, &wrongUse{text.ErrBadFlag, "--contract-end"}
	}
	return t.AddDate(0, 0, 1).Unix(), nil
}
