package main

import (
	"context"
	"encoding/hex"
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"escale/clients/dpo"
	"escale/clients/hubclient"
	"escale/clients/profile"
	"escale/clients/text"
	"escale/crypto/ledger"
	"escale/schema"
	"escale/sync/wire"
)

type epochDoc struct {
	Scope     string `json:"scope"`
	ID        string `json:"id"`
	Number    uint32 `json:"epoch"`
	Status    string `json:"status"` // none, ordered, open, closed, destroyed or void
	Readers   int    `json:"readers"`
	Pending   int    `json:"pending_grants"`
	Here      bool   `json:"key_here"`
	Confirmed bool   `json:"confirmed"` // all of it was opened under the newest epoch by a second reader
	Attested  int    `json:"attested"`  // readers who stated that they destroyed its key
}

// scopeKeysDoc is the state of one scope's keys. What only the hub knows is missing where it was not asked.
type scopeKeysDoc struct {
	Scope       string          `json:"scope"`
	ID          string          `json:"id"`
	Epoch       uint32          `json:"epoch"` // 0: none yet
	Since       *time.Time      `json:"since,omitempty"`
	AgeDays     int             `json:"age_days"`
	Grantees    []schema.Device `json:"grantees"`
	Ordered     bool            `json:"next_ordered"`
	Executor    *schema.Device  `json:"executor,omitempty"` // of the next one
	Unconfirmed []uint32        `json:"unconfirmed"`        // older epochs whose keys nobody confirmed under the newest
	Packs       int             `json:"key_packs"`
	Left        *uint64         `json:"objects_under_older,omitempty"` // that no key pack carries yet
	Silent      []schema.Device `json:"not_heard_from"`                // since the newest epoch
	Here        bool            `json:"key_here"`
}

func (p *program) keyCommand() *cobra.Command {
	status := p.leaf("key status", "", cobra.NoArgs, p.unlocked(func(ctx context.Context, s *session, _ []string) error {
		if s.prof.Log() == nil {
			return profile.ErrNotEnrolled
		}
		report, err := s.keyReport(ctx)
		if err != nil {
			return err
		}
		docs, err := s.scopeDocs(ctx, report)
		if err != nil {
			return err
		}
		source := "laptop"
		if report != nil {
			source = "hub"
		}
		epochs := s.epochs()
		doc := map[string]any{"epochs": epochs, "scopes": docs, "counted_by": source}
		return s.print(doc, func(w *page) {
			showScopes(w, docs, report != nil)
			showOlder(w, docs, epochs)
		})
	}))
	return p.group("key", "key", status, p.rotateCommand(), p.drainCommand(), p.closeCommand(), p.destroyCommand(), p.splitCommand(), p.handCommand(), p.recoverCommand())
}

// keyReport asks the hub, where this is an officer's laptop and the hub can be reached.
func (s *session) keyReport(ctx context.Context) (*wire.KeyReport, error) {
	if _, ok := s.prof.Officer(); !ok || !s.published() {
		return nil, nil
	}
	_, c, err := s.desk(ctx)
	if errors.Is(err, hubclient.ErrUnreachable) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer c.Close()
	report, err := c.Keys(ctx)
	return &report, err
}

func (s *session) scopeDocs(ctx context.Context, report *wire.KeyReport) ([]scopeKeysDoc, error) {
	local, err := s.prof.KeysLeft(ctx)
	if err != nil {
		return nil, err
	}
	docs := []scopeKeysDoc{}
	for _, sc := range s.prof.Log().State().Scopes() {
		d := s.scopeKeysDoc(sc)
		if n, ok := local[sc.ID]; ok {
			left := uint64(n)
			d.Left = &left
		}
		if cur, ok := sc.Current(); ok && report != nil {
			s.fromHub(&d, sc, &cur, report)
		}
		docs = append(docs, d)
	}
	return docs, nil
}

func (s *session) scopeKeysDoc(sc *ledger.Scope) scopeKeysDoc {
	d := scopeKeysDoc{Scope: s.scopeName(sc.ID), ID: sc.ID.String(), Grantees: []schema.Device{}, Unconfirmed: []uint32{}, Silent: []schema.Device{}}
	if next, ok := sc.Pending(); ok {
		d.Ordered, d.Executor = true, &next.Executor
	}
	cur, ok := sc.Current()
	if !ok {
		return d
	}
	since := s.prof.LinkedAt(cur.LinkedAt).UTC()
	d.Epoch, d.Since, d.AgeDays = cur.Number, &since, max(0, int(s.clock().Sub(since).Hours()/24))
	d.Grantees = append(d.Grantees, cur.Readers()...)
	d.Unconfirmed = append(d.Unconfirmed, sc.Unconfirmed()...)
	d.Packs, d.Here = len(cur.Packs), s.prof.Reads(sc.ID)
	return d
}

func (s *session) fromHub(d *scopeKeysDoc, sc *ledger.Scope, cur *ledger.Epoch, report *wire.KeyReport) {
	left := uint64(0)
	for _, k := range report.Scopes {
		if k.Scope != sc.ID {
			continue
		}
		for _, n := range k.Epochs {
			left += n.LeftObjects
		}
	}
	d.Left = &left
	if cur.Number > 1 {
		d.Silent = append(d.Silent, dpo.Silent(s.prof.Log().State(), sc, cur.Number-1, report.Contacts)...)
	}
}

// epochs lists every epoch of every scope.
func (s *session) epochs() []epochDoc {
	docs := []epochDoc{}
	state := s.prof.Log().State()
	for _, sc := range state.Scopes() {
		name := s.scopeName(sc.ID)
		if len(sc.Epochs) == 0 {
			docs = append(docs, epochDoc{Scope: name, ID: sc.ID.String(), Status: "none"})
		}
		current, open := sc.Current()
		for _, e := range sc.Epochs {
			_, confirmed := sc.Carried(e.Number)
			d := epochDoc{Scope: name, ID: sc.ID.String(), Number: e.Number, Status: e.Status.String(), Readers: len(e.Readers()), Confirmed: confirmed}
			for _, g := range e.Grants {
				if g.LinkedAt == 0 {
					d.Pending++
				}
			}
			for _, id := range e.Readers() {
				if e.DestroyedAt != 0 && state.Attested(id, e.Public) {
					d.Attested++
				}
			}
			d.Here = open && current.Number == e.Number && s.prof.Reads(sc.ID)
			docs = append(docs, d)
		}
	}
	return docs
}

// scopeName is what people call a scope; directory and roster name themselves.
func (s *session) scopeName(id schema.Scope) string {
	for setting, kind := range map[string]string{profile.SettingDirectory: schema.KindDirectory, profile.SettingRoster: schema.KindRoster} {
		if own, ok := s.prof.ScopeSetting(setting); ok && own == id {
			return schema.SiteOrg + "/" + kind
		}
	}
	return s.scopeNames([]schema.Scope{id})[0]
}

func showScopes(w *page, docs []scopeKeysDoc, asked bool) {
	yes := map[bool]text.Key{true: text.PromptYes, false: text.PromptNo}
	var rows [][]string
	for _, d := range docs {
		state := text.StateOpen
		if d.Epoch == 0 {
			state = text.StateNone
		}
		row := []string{d.Scope, strconv.FormatUint(uint64(d.Epoch), 10), w.say.S(state), strconv.Itoa(len(d.Grantees)), w.say.S(yes[d.Here]), "", "", "",
			w.say.S(yes[len(d.Unconfirmed) > 0])}
		if d.Since != nil {
			row[5] = w.say.Date(d.Since.Local())
		}
		if d.Left != nil {
			row[6] = strconv.FormatUint(*d.Left, 10)
		}
		if asked {
			row[7] = strconv.Itoa(len(d.Silent))
		}
		rows = append(rows, row)
	}
	w.table([]text.Key{text.TableScope, text.TableEpoch, text.TableState, text.TableReaders, text.TableKeyHere, text.TableSince, text.TableOlder,
		text.TableSilent, text.TableUnconfirmed}, rows)
	if asked {
		w.s(text.KeyHubsWord)
	}
}

// showOlder lists the epochs that are not their scope's newest.
func showOlder(w *page, docs []scopeKeysDoc, epochs []epochDoc) {
	states := map[string]text.Key{"ordered": text.StateOrdered, "open": text.StateOpen, "closed": text.StateClosed, "destroyed": text.StateDestroyed,
		"void": text.StateVoid}
	yes := map[bool]text.Key{true: text.PromptYes, false: text.PromptNo}
	newest := map[string]uint32{}
	for _, d := range docs {
		newest[d.ID] = d.Epoch
	}
	var rows [][]string
	for _, e := range epochs {
		state, ok := states[e.Status]
		if !ok || e.Number == newest[e.ID] && e.Status == "open" {
			continue
		}
		rows = append(rows, []string{e.Scope, strconv.FormatUint(uint64(e.Number), 10), w.say.S(state), strconv.Itoa(e.Readers), w.say.S(yes[e.Confirmed]), strconv.Itoa(e.Attested)})
	}
	if len(rows) > 0 {
		w.line("")
		w.table([]text.Key{text.TableScope, text.TableEpoch, text.TableState, text.TableReaders, text.TableConfirmed, text.TableAttested}, rows)
	}
}

// scopeFlags say which scopes a command is about.
type scopeFlags struct {
	names []string
	all   bool
}

func (p *program) addScopeFlags(c *cobra.Command, f *scopeFlags) {
	c.Flags().StringArrayVar(&f.names, "scope", nil, p.say.S(text.FlagScope))
	c.Flags().BoolVar(&f.all, "all", false, p.say.S(text.FlagAll))
}

// find returns the named scopes; none means all.
func (f *scopeFlags) find(s *session, args []string) ([]schema.Scope, error) {
	names := append(append([]string{}, f.names...), args...)
	if f.all {
		return nil, nil
	}
	if len(names) == 0 {
		return nil, missing("--scope")
	}
	var out []schema.Scope
	for _, name := range names {
		found := false
		for _, sc := range s.prof.Log().State().Scopes() {
			if s.scopeName(sc.ID) == name || strings.EqualFold(sc.ID.String(), name) {
				out, found = append(out, sc.ID), true
			}
		}
		if !found {
			return nil, about(dpo.ErrNoScope, "scope", text.Clean(name))
		}
	}
	return out, nil
}

// drainCommand carries out the key work that waits for this laptop, also what is another laptop's to do.
func (p *program) drainCommand() *cobra.Command {
	return p.leaf("key drain", "", cobra.NoArgs, p.unlocked(func(ctx context.Context, s *session, _ []string) error {
		if s.prof.Log() == nil {
			return profile.ErrNotEnrolled
		}
		c, err := s.dial(ctx)
		if err != nil {
			return err
		}
		defer c.Close()
		if _, err := s.exchange(ctx, c); err != nil {
			return err
		}
		if err := (profile.Exchange{Profile: s.prof, Blobs: c}).Drain(ctx); err != nil {
			return err
		}
		if _, err := s.exchange(ctx, c); err != nil {
			return err
		}
		docs, err := s.scopeDocs(ctx, nil)
		if err != nil {
			return err
		}
		return s.drained(docs)
	}))
}

func (s *session) drained(docs []scopeKeysDoc) error {
	var left uint64
	unconfirmed := []string{}
	for _, d := range docs {
		if !d.Here {
			continue
		}
		if d.Left != nil {
			left += *d.Left
		}
		if len(d.Unconfirmed) > 0 {
			unconfirmed = append(unconfirmed, d.Scope)
		}
	}
	doc := map[string]any{"drained": left == 0 && len(unconfirmed) == 0, "objects_under_older": left, "unconfirmed": unconfirmed}
	return s.print(doc, func(w *page) {
		if left == 0 && len(unconfirmed) == 0 {
			w.s(text.KeyDrained)
		}
		if left > 0 {
			w.n(text.KeyLeft, int(left))
		}
		if len(unconfirmed) > 0 {
			w.s(text.KeyUnconfirmed, "scopes", strings.Join(unconfirmed, ", "))
		}
	})
}

// prefixed returns the one hash that begins with text.
func prefixed(all []schema.Hash, begins string) (out schema.Hash, ok bool) {
	hits := 0
	for _, h := range all {
		if begins != "" && strings.HasPrefix(hex.EncodeToString(h[:]), strings.ToLower(begins)) {
			out = h
			hits++
		}
	}
	return out, hits == 1
}
