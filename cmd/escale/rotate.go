package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"escale/clients/dpo"
	"escale/clients/text"
	"escale/schema"
	"escale/store/audit"
)

// rotationDoc is the report of a rotation, to be filed.
type rotationDoc struct {
	Time    time.Time     `json:"time"`
	Org     schema.Org    `json:"org"`
	Officer schema.Member `json:"officer"`
	Reason  string        `json:"reason"`
	Waits   bool          `json:"waits"` // for further officers' signatures
	Ordered int           `json:"ordered"`
	Scopes  []rotatedDoc  `json:"scopes"`
}

type rotatedDoc struct {
	Scope    string          `json:"scope"`
	ID       schema.Scope    `json:"id"`
	From     uint32          `json:"from"`
	To       uint32          `json:"to"`
	State    string          `json:"state"`    // ordered now, carried_out, no_epoch, ordered or no_readers
	Executor *schema.Device  `json:"executor"` // who makes the key at its next exchange
	Grantees []schema.Device `json:"grantees"`
	Dropped  []schema.Device `json:"dropped"` // readers before who will not read what is written from now on
}

func (p *program) rotateCommand() *cobra.Command {
	var f scopeFlags
	var reason string
	c := p.leaf("key rotate", "[SCOPE]…", cobra.ArbitraryArgs, p.officer(func(ctx context.Context, s *session, d *dpo.Desk, args []string) error {
		scopes, err := f.find(s, args)
		if err != nil {
			return err
		}
		if strings.TrimSpace(reason) == "" {
			return missing("--reason")
		}
		plan, err := d.PlanRotation(ctx, scopes)
		if err != nil {
			return err
		}
		err = d.Rotate(ctx, plan)
		waits := errors.Is(err, dpo.ErrWaits)
		if err != nil && !waits {
			return err
		}
		doc := s.rotationDoc(plan, reason, waits)
		if err := s.record(audit.Entry{Kind: audit.KeyOperation, Count: uint64(doc.Ordered), Reason: "rotate: " + reason}); err != nil {
			return err
		}
		return s.print(doc, func(w *page) { showRotation(w, &doc) })
	}))
	p.addScopeFlags(c, &f)
	c.Flags().StringVar(&reason, "reason", "", p.say.S(text.FlagReason))
	return c
}

func (s *session) rotationDoc(plan []dpo.Rotation, reason string, waits bool) rotationDoc {
	doc := rotationDoc{Time: s.clock().UTC().Truncate(time.Second), Org: s.prof.Keys.Org, Officer: s.prof.Keys.Member, Reason: text.Clean(reason), Waits: waits, Scopes: []rotatedDoc{}}
	state := s.prof.Log().State()
	for _, r := range plan {
		one := rotatedDoc{Scope: s.scopeName(r.Scope), ID: r.Scope, From: r.From, To: r.To, State: string(r.Why),
			Grantees: append([]schema.Device{}, r.Grantees...), Dropped: append([]schema.Device{}, r.Dropped...)}
		if !r.Executor.IsZero() {
			one.Executor = &r.Executor
		}
		if r.Why == dpo.Rotated {
			doc.Ordered++
			one.State = "ordered_now"
			if cur, ok := state.CurrentEpoch(r.Scope); ok && cur.Number >= r.To {
				one.State = "carried_out"
			}
		}
		doc.Scopes = append(doc.Scopes, one)
	}
	return doc
}

func showRotation(w *page, doc *rotationDoc) {
	w.s(text.KeyReportTitle, "date", w.say.DateTime(doc.Time.Local()), "org", doc.Org)
	w.s(text.KeyReportReason, "reason", doc.Reason)
	states := map[string]text.Key{"ordered_now": text.KeyStateOrderedNow, "carried_out": text.KeyStateCarriedOut, string(dpo.NoEpoch): text.KeyStateNoEpoch,
		string(dpo.Ordered): text.KeyStateOrdered, string(dpo.NoReaders): text.KeyStateNoReaders}
	var rows [][]string
	for _, d := range doc.Scopes {
		executor := ""
		if d.Executor != nil {
			executor = d.Executor.String()
		}
		rows = append(rows, []string{d.Scope, fmt.Sprint(d.From), fmt.Sprint(d.To), w.say.S(states[d.State]), strconv.Itoa(len(d.Grantees)), strconv.Itoa(len(d.Dropped)), executor})
	}
	w.table([]text.Key{text.TableScope, text.TableEpoch, text.TableNext, text.TableState, text.TableReaders, text.TableDropped, text.TableExecutor}, rows)
	w.n(text.KeyRotated, doc.Ordered)
	if doc.Waits {
		w.s(text.ErrOrderWaits)
	}
}

// endingDoc is one epoch that is closed or destroyed, or why it is not.
type endingDoc struct {
	Scope   string          `json:"scope"`
	ID      schema.Scope    `json:"id"`
	Epoch   uint32          `json:"epoch"`
	Sets    uint64          `json:"change_sets"`
	Aside   uint64          `json:"set_aside"`
	Left    uint64          `json:"not_carried"`
	Silent  []schema.Device `json:"not_heard_from"`
	Refused string          `json:"refused,omitempty"` // unconfirmed, left or open
}

func (s *session) endingDocs(plan []dpo.Ending) (docs []endingDoc, able int) {
	docs = []endingDoc{}
	for _, e := range plan {
		docs = append(docs, endingDoc{s.scopeName(e.Scope), e.Scope, e.Number, e.Sets, e.Aside, e.Left, append([]schema.Device{}, e.Silent...), e.Refused})
		if e.Refused == "" {
			able++
		}
	}
	return docs, able
}

func showEndings(w *page, docs []endingDoc) {
	if len(docs) == 0 {
		w.s(text.KeyNothingToEnd)
		return
	}
	states := map[string]text.Key{"": text.PromptYes, dpo.RefusedUnconfirmed: text.KeyStateUnconfirmed, dpo.RefusedLeft: text.KeyStateLeft, dpo.RefusedOpen: text.KeyStateOpen}
	var rows [][]string
	for _, d := range docs {
		var silent []string
		for _, id := range d.Silent {
			silent = append(silent, id.String()[:8])
		}
		rows = append(rows, []string{d.Scope, fmt.Sprint(d.Epoch), fmt.Sprint(d.Sets), fmt.Sprint(d.Aside), fmt.Sprint(d.Left), strings.Join(silent, " "), w.say.S(states[d.Refused])})
	}
	w.table([]text.Key{text.TableScope, text.TableEpoch, text.TableChangeSets, text.TableAside, text.TableLeft, text.TableSilent, text.TablePossible}, rows)
	w.s(text.KeyHubsWord)
}

// epochEnding is the part that close and destroy have in common.
type epochEnding struct {
	plan    func(*dpo.Desk, context.Context, []schema.Scope) ([]dpo.Ending, error)
	act     func(*dpo.Desk, context.Context, []dpo.Ending) error
	warning text.Key // with the word that has to be typed
	word    text.Key
	done    text.Key
}

// endFlags are what both commands take.
type endFlags struct {
	scopeFlags
	yes bool
}

func (p *program) closeCommand() *cobra.Command {
	var f endFlags
	e := epochEnding{(*dpo.Desk).PlanClose, (*dpo.Desk).Close, text.KeyCloseWarning, text.KeyCloseWord, text.KeyClosed}
	return p.withEndFlags(&f, p.leaf("key close", "[SCOPE]… [--yes]", cobra.ArbitraryArgs, p.ending(&f, &e)))
}

func (p *program) destroyCommand() *cobra.Command {
	var f endFlags
	e := epochEnding{(*dpo.Desk).PlanDestroy, (*dpo.Desk).Destroy, text.KeyDestroyWarning, text.KeyDestroyWord, text.KeyDestroyed}
	return p.withEndFlags(&f, p.leaf("key destroy", "[SCOPE]… [--yes]", cobra.ArbitraryArgs, p.ending(&f, &e)))
}

func (p *program) withEndFlags(f *endFlags, c *cobra.Command) *cobra.Command {
	p.addScopeFlags(c, &f.scopeFlags)
	c.Flags().BoolVar(&f.yes, "yes", false, p.say.S(text.FlagYes))
	return c
}

func (p *program) ending(f *endFlags, e *epochEnding) func(context.Context, []string) error {
	return p.officer(func(ctx context.Context, s *session, d *dpo.Desk, args []string) error {
		scopes, err := f.find(s, args)
		if err != nil {
			return err
		}
		plan, err := e.plan(d, ctx, scopes)
		if err != nil {
			return err
		}
		return s.end(ctx, d, e, plan, f.yes)
	})
}

// end shows what an order would mean before it is given.
func (s *session) end(ctx context.Context, d *dpo.Desk, e *epochEnding, plan []dpo.Ending, yes bool) error {
	docs, able := s.endingDocs(plan)
	if able > 0 && !yes {
		w := &page{say: s.say}
		showEndings(w, docs)
		if err := s.note(strings.TrimRight(w.b.String(), "\n")); err != nil {
			return err
		}
		if err := s.confirmWord(e.warning, e.word); err != nil {
			return err
		}
	}
	err := e.act(d, ctx, plan)
	waits := errors.Is(err, dpo.ErrWaits)
	if err != nil && !waits {
		return err
	}
	if able > 0 {
		if err := s.record(audit.Entry{Kind: audit.KeyOperation, Count: uint64(able), Reason: s.command}); err != nil {
			return err
		}
	}
	doc := map[string]any{"epochs": docs, "ordered": able, "waits": waits}
	return s.print(doc, func(w *page) {
		showEndings(w, docs)
		if able > 0 {
			w.n(e.done, able)
		}
		if waits {
			w.s(text.ErrOrderWaits)
		}
	})
}

// confirmWord asks for a word before what cannot be taken back.
func (p *program) confirmWord(warning, word text.Key) error {
	want := p.say.S(word)
	answer, err := p.term.Line(p.say.S(warning, "word", want))
	if err != nil {
		return err
	}
	if !strings.EqualFold(strings.TrimSpace(answer), want) {
		return errNotConfirmed
	}
	return nil
}
