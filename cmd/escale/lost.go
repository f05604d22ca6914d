package main

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"escale/clients/caption"
	"escale/clients/dpo"
	"escale/clients/field"
	"escale/clients/text"
	"escale/schema"
	"escale/store/audit"
)

// lostDoc is the fact sheet about a laptop: for whoever has to say within hours what was on it.
type lostDoc struct {
	Time       time.Time         `json:"time"`
	Org        schema.Org        `json:"org"`
	Device     schema.Device     `json:"device"`
	Code       string            `json:"code"`
	Name       string            `json:"name,omitempty"`
	Role       string            `json:"role"`
	Sites      []string          `json:"sites"`
	Revoked    bool              `json:"revoked"`
	HandedOver bool              `json:"handed_over"` // after it was revoked; it wipes itself then
	Last       *time.Time        `json:"last_contact"`
	AllSent    *time.Time        `json:"all_sent_at"` // when it last held what the hub holds, with nothing left to send
	LocksOn    *time.Time        `json:"locks_on"`    // without a contact
	AtRest     string            `json:"at_rest"`     // sealed: so it lies on the disk, always
	People     uint64            `json:"people_at_most"`
	Records    map[string]uint64 `json:"records_at_most"` // by kind
	Sensitive  []string          `json:"special_categories"`
	Scopes     []lostScopeDoc    `json:"scopes"`
	Taken      uint64            `json:"change_sets_taken"`
	Aside      uint64            `json:"change_sets_set_aside"`
}

type lostScopeDoc struct {
	Scope   string       `json:"scope"`
	ID      schema.Scope `json:"id"`
	Purpose string       `json:"purpose"`
	Article string       `json:"gdpr_article_9,omitempty"`
	Opens   string       `json:"opens"` // with_passphrase, or never: it only wrote there
	Keys    dpo.KeyState `json:"keys"`
	Epochs  []uint32     `json:"epochs"`
	Newest  uint32       `json:"newest_epoch"`
	Parts   uint64       `json:"parts_at_most"`
}

// What opens a part that lies on a lost laptop.
const (
	opensWithPassphrase = "with_passphrase"
	opensNever          = "never"
)

func (p *program) lostCommand() *cobra.Command {
	return p.leaf("org lost", "DEVICE", cobra.ExactArgs(1), p.officer(func(ctx context.Context, s *session, d *dpo.Desk, args []string) error {
		id, err := s.findDevice(args[0])
		if err != nil {
			return err
		}
		f, err := d.Lost(ctx, id)
		if err != nil {
			return err
		}
		names, err := s.names(ctx)
		if err != nil {
			return err
		}
		doc := s.lostDoc(f, names[f.Member.String()])
		if err := s.record(audit.Entry{Kind: audit.AccessRequest, Record: id[:], Reason: s.command}); err != nil {
			return err
		}
		return s.print(doc, func(w *page) { s.showLost(w, &doc) })
	}))
}

func (s *session) lostDoc(f *dpo.FactSheet, name string) lostDoc {
	doc := lostDoc{Time: s.clock().UTC().Truncate(time.Second), Org: s.prof.Keys.Org, Device: f.Device, Code: memberCode(f.Member), Name: name, Role: f.Role,
		Sites: f.Sites, Revoked: f.Revoked, HandedOver: f.Handed, Last: moment(f.Trace.Last), AllSent: moment(f.Trace.AgreedAt), AtRest: "sealed",
		People: f.People, Records: f.Records, Sensitive: []string{}, Scopes: []lostScopeDoc{}, Taken: f.Trace.Sets, Aside: f.Trace.Aside}
	if !f.LocksOn.IsZero() {
		at := f.LocksOn.UTC()
		doc.LocksOn = &at
	}
	for _, c := range f.Scopes {
		one := lostScopeDoc{Scope: s.scopeName(c.Scope), ID: c.Scope, Purpose: caption.Or(c.Purpose, s.say.Lang(), string(c.Name.Compartment)), Article: c.Article,
			Opens: opensNever, Keys: c.State, Epochs: c.Epochs, Newest: c.Newest, Parts: c.Objects}
		if c.Reads {
			one.Opens = opensWithPassphrase
		}
		if c.Article != "" && c.Objects > 0 && !slices.Contains(doc.Sensitive, one.Purpose) {
			doc.Sensitive = append(doc.Sensitive, one.Purpose)
		}
		doc.Scopes = append(doc.Scopes, one)
	}
	return doc
}

func (s *session) showLost(w *page, doc *lostDoc) {
	w.s(text.LostTitle, "date", w.say.DateTime(doc.Time.Local()), "org", s.organisation())
	w.s(text.LostWho, "device", doc.Device, "code", doc.Code, "name", doc.Name, "role", s.roleLabel(doc.Role), "sites", strings.Join(doc.Sites, ", "))
	w.s(text.LostContact, "last", w.moment(doc.Last), "sent", w.moment(doc.AllSent))
	switch {
	case doc.HandedOver:
		w.s(text.LostHandedOver)
	case doc.Revoked:
		w.s(text.LostRevoked)
	default:
		w.s(text.LostNotRevoked)
	}
	if doc.LocksOn != nil {
		w.s(text.LostLocksOn, "date", w.moment(doc.LocksOn))
	}
	w.line("")
	w.n(text.LostPeople, int(doc.People))
	var kinds []string
	for _, k := range slices.Sorted(maps.Keys(doc.Records)) {
		kinds = append(kinds, fmt.Sprintf("%s %d", k, doc.Records[k]))
	}
	w.s(text.LostRecords, "records", strings.Join(kinds, ", "))
	if len(doc.Sensitive) > 0 {
		w.s(text.LostSensitive, "list", strings.Join(doc.Sensitive, caption.Mark(s.say)))
	}
	w.line("")
	s.showLostScopes(w, doc.Scopes)
	for _, k := range []text.Key{text.LostSealed, text.LostOpen, text.LostUnsent, text.LostAtMost} {
		w.s(k)
	}
}

func (s *session) showLostScopes(w *page, docs []lostScopeDoc) {
	states := map[dpo.KeyState]text.Key{dpo.KeyNone: text.LostKeyNone, dpo.KeyNewest: text.LostKeyNewest, dpo.KeyOrdered: text.LostKeyOrdered, dpo.KeyOlder: text.LostKeyOlder}
	var rows [][]string
	for _, d := range docs {
		opens := text.LostOpensNever
		if d.Opens == opensWithPassphrase {
			opens = text.LostOpensPassphrase
		}
		rows = append(rows, []string{d.Scope, d.Purpose, d.Article, fmt.Sprint(d.Parts), w.say.S(opens), w.say.S(states[d.Keys])})
	}
	w.table([]text.Key{text.TableScope, text.TablePurpose, text.TableArticle, text.TableParts, text.TableOpens, text.TableKeys}, rows)
}

// memberCode stands for a member on paper.
func memberCode(m schema.Member) string { return field.MemberCode(m) }
