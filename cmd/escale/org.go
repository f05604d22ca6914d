package main

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"escale/clients/dpo"
	"escale/clients/profile"
	"escale/clients/text"
	"escale/crypto/ledger"
	"escale/schema"
	"escale/schema/pack"
	"escale/store/audit"
)

func (p *program) orgCommand() *cobra.Command {
	return p.group("org", "org", p.createCommand(), p.cardCommand(), p.attendCommand(), p.inviteCommand(), p.approveCommand(),
		p.devicesCommand(), p.revokeCommand(), p.suspendCommand(), p.renewCommand(), p.lostCommand(), p.logCommand(),
		p.ordersCommand(), p.signCommand(), p.horizonCommand(), p.group("org forms", "forms", p.publishCommand()))
}

// founding is what a founder decides.
type founding struct {
	name     string
	sites    []string
	officers string
	cards    []string
	pack     string
}

func (p *program) createCommand() *cobra.Command {
	var f founding
	c := p.leaf("org create", "--name NAME --site SITE… --pack FILE|DIR", cobra.NoArgs, func(ctx context.Context, _ []string) error {
		return p.found(ctx, &f)
	})
	c.Flags().StringVar(&f.name, "name", "", p.say.S(text.FlagName))
	c.Flags().StringSliceVar(&f.sites, "site", nil, p.say.S(text.FlagSite))
	c.Flags().StringVar(&f.officers, "officers", "1-of-1", p.say.S(text.FlagOfficers))
	c.Flags().StringArrayVar(&f.cards, "officer-card", nil, p.say.S(text.FlagOfficerCard))
	c.Flags().StringVar(&f.pack, "pack", "", p.say.S(text.FlagPack))
	p.kdfFlag(c)
	return c
}

func (p *program) kdfFlag(c *cobra.Command) {
	c.Flags().UintVar(&p.kdfMemory, "kdf-memory", 0, p.say.S(text.FlagKdfMemory))
}

func (f *founding) check() error {
	switch {
	case strings.TrimSpace(f.name) == "":
		return missing("--name")
	case len(f.sites) == 0:
		return missing("--site")
	case f.pack == "":
		return missing("--pack")
	}
	return nil
}

// threshold reads M-of-N and compares N with the cards.
func (f *founding) threshold() (uint, error) {
	bad := &wrongUse{text.ErrBadFlag, "--officers"}
	first, second, ok := strings.Cut(f.officers, "-of-")
	m, errM := strconv.ParseUint(first, 10, 8)
	n, errN := strconv.ParseUint(second, 10, 8)
	switch {
	case !ok || errM != nil || errN != nil || m == 0 || m > n || 2*m <= n:
		return 0, bad
	case int(n) > 1+len(f.cards):
		return 0, missing("--officer-card")
	case int(n) < 1+len(f.cards):
		return 0, bad
	}
	return uint(m), nil
}

type createdDoc struct {
	Org       schema.Org    `json:"org"`
	Name      string        `json:"name"`
	Device    schema.Device `json:"device"`
	Threshold uint          `json:"threshold"`
	Officers  int           `json:"officers"`
	Sites     []string      `json:"sites"`
	Warnings  []string      `json:"warnings"`
}

func (p *program) found(ctx context.Context, f *founding) (err error) {
	if err := f.check(); err != nil {
		return err
	}
	threshold, err := f.threshold()
	if err != nil {
		return err
	}
	source, err := loadPack(f.pack)
	if err != nil {
		return err
	}
	keys, err := profile.NewKeys(p.rand, true)
	if err != nil {
		return err
	}
	cards, err := f.gather(keys)
	if err != nil {
		return err
	}
	plan, err := dpo.NewPlan(p.rand, p.clock(), f.name, threshold, cards, f.sites, source)
	if err != nil {
		return about(err, "site", strings.Join(f.sites, ", "))
	}
	keys.Org = ledger.OrgOf(plan.Genesis)
	s, err := p.create(ctx, keys)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.close(ctx)) }()
	if err := s.keepFounding(ctx, plan, source); err != nil {
		return err
	}
	return p.printCreated(&createdDoc{Org: keys.Org, Name: f.name, Device: keys.Device, Threshold: threshold, Officers: len(cards), Sites: f.sites})
}

func (f *founding) gather(keys profile.Keys) ([]dpo.Card, error) {
	own, err := dpo.CardOf(keys)
	if err != nil {
		return nil, err
	}
	cards := []dpo.Card{own}
	for _, name := range f.cards {
		b, err := readSmall(name, 64<<10)
		if err != nil {
			return nil, err
		}
		card, err := dpo.ParseCard(string(b))
		if err != nil {
			return nil, err
		}
		cards = append(cards, card)
	}
	return cards, nil
}

// keepFounding keeps what the first contact with the hub needs. The first ledger entry is the founder's own.
func (s *session) keepFounding(ctx context.Context, plan *dpo.Plan, source *pack.Source) error {
	b, err := plan.Encode()
	if err != nil {
		return err
	}
	if err := s.prof.Keep(ctx, keptPlan, b); err != nil {
		return err
	}
	if err := s.keepPack(ctx, source); err != nil {
		return err
	}
	if err := s.prof.Follow(ctx, [][]byte{plan.Genesis}); err != nil {
		return err
	}
	return s.record(audit.Entry{Kind: audit.Order, Reason: "genesis"})
}

func (s *session) keepPack(ctx context.Context, source *pack.Source) error {
	var b bytes.Buffer
	if err := source.WriteFile(&b); err != nil {
		return err
	}
	return s.prof.Keep(ctx, keptPack, b.Bytes())
}

func (p *program) printCreated(doc *createdDoc) error {
	doc.Warnings = []string{}
	if doc.Threshold == 1 && doc.Officers == 1 {
		doc.Warnings = append(doc.Warnings, codeOf(text.OrgOneOfOne))
	}
	doc.Warnings = append(doc.Warnings, codeOf(text.OrgNoCustody))
	if err := p.print(doc, func(w *page) {
		w.s(text.OrgCreated, "name", doc.Name, "org", doc.Org)
		w.s(text.OrgHubNext, "org", doc.Org)
	}); err != nil || p.json {
		return err
	}
	for _, code := range doc.Warnings {
		if err := p.note(p.say.S(text.Key("org." + code))); err != nil {
			return err
		}
	}
	return nil
}

// loadPack reads a form pack from a file or a folder of sheets.
func loadPack(name string) (s *pack.Source, err error) {
	info, err := os.Stat(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, about(errNoFile, "file", name)
	}
	if err != nil {
		return nil, about(errBadFile, "file", name, "kind", "escalepack")
	}
	if info.IsDir() {
		s, err = pack.Build(os.DirFS(name))
		return s, formsRefused(name, err)
	}
	if s, err = readPack(name); err != nil {
		return nil, about(errors.Join(errBadFile, err), "file", name, "kind", "escalepack")
	}
	return s, nil
}

// formsRefused lists everything that is wrong with forms, a line each.
func formsRefused(name string, err error) error {
	if err == nil {
		return nil
	}
	return about(errors.Join(errForms, err), "file", name, "details", err.Error())
}

func readPack(name string) (s *pack.Source, err error) {
	r, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	return pack.ReadFile(r)
}
