package main

import (
	"context"
	"encoding/hex"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"escale/clients/hubclient"
	"escale/clients/text"
	"escale/clients/witness"
	"escale/crypto/ledger"
	"escale/schema"
	"escale/sync/causal"
	"escale/sync/replica"
	"escale/sync/wire"
)

// Bounds of --every.
const (
	watchDefault = 30 * time.Second
	watchLeast   = time.Second
)

type refusedDoc struct {
	Set    string `json:"change_set"`
	Reason string `json:"reason"`
}

type syncDoc struct {
	Synced       bool         `json:"synced"`
	Pushed       int          `json:"pushed"`
	Duplicates   int          `json:"duplicates"`
	Pulled       int          `json:"pulled"`
	Quarantined  int          `json:"quarantined"`
	Refused      []refusedDoc `json:"refused"`
	Caught       int          `json:"not_genuine"` // what the hub sent or answered and what was not taken
	Differ       []string     `json:"differ"`
	RoundTrips   int          `json:"round_trips"`
	BodySent     int64        `json:"bytes_sent"`
	BodyReceived int64        `json:"bytes_received"`
	WireSent     int64        `json:"wire_bytes_sent"`
	WireReceived int64        `json:"wire_bytes_received"`
	HubTime      *time.Time   `json:"hub_time"`
	Conflicts    int          `json:"open_conflicts"`
	NewConflicts int          `json:"new_conflicts"`
	Questions    int          `json:"open_questions"` // records that one deleted while others wrote in them
	NewQuestions int          `json:"new_questions"`
	Parallel     int          `json:"parallel_updates"` // that this exchange brought together
	ClosedScopes []string     `json:"waiting_scopes"`
	Repairs      []repairDoc  `json:"repairs"`
	Renewed      *renewedDoc  `json:"hub_renewed"`
}

func (p *program) syncCommand() *cobra.Command {
	var watch bool
	every := watchDefault
	c := p.leaf("sync", "", cobra.NoArgs, func(ctx context.Context, args []string) error {
		if every < watchLeast {
			return &wrongUse{text.ErrBadFlag, "--every"}
		}
		return p.unlocked(func(ctx context.Context, s *session, _ []string) error {
			if watch {
				return s.watch(ctx, every)
			}
			return s.sync(ctx)
		})(ctx, args)
	})
	c.Flags().BoolVar(&watch, "watch", false, p.say.S(text.FlagWatch))
	c.Flags().DurationVar(&every, "every", every, p.say.S(text.FlagEvery))
	return c
}

// sync exchanges once and prints what happened. What differs or was refused needs a person.
func (s *session) sync(ctx context.Context) error {
	c, err := s.dial(ctx)
	if err != nil {
		return err
	}
	defer c.Close()
	doc, err := s.syncOnce(ctx, c)
	if s.gone != nil {
		return err // leave says what became of it
	}
	person := errors.Is(err, replica.ErrDiverged) || errors.Is(err, replica.ErrRefused)
	if err != nil && !person {
		return err
	}
	if err := s.print(doc, func(w *page) { s.showSync(w, doc) }); err != nil {
		return err
	}
	if person {
		return &toldError{exitPerson}
	}
	return nil
}

func (s *session) syncOnce(ctx context.Context, c *hubclient.Client) (*syncDoc, error) {
	if err := s.mayExchange(ctx, c); err != nil {
		return nil, err
	}
	newest := s.prof.NewestSet()
	rep, err := s.exchange(ctx, c)
	doc := &syncDoc{Synced: rep.Synced, Pushed: rep.Pushed, Duplicates: rep.Duplicates, Pulled: rep.Received, Quarantined: rep.Quarantined,
		Refused: []refusedDoc{}, Differ: s.scopeNames(rep.Differ), RoundTrips: rep.RoundTrips, ClosedScopes: s.waitingScopes()}
	for _, r := range rep.Refused {
		doc.Refused = append(doc.Refused, refusedDoc{hex.EncodeToString(r.Set[:]), r.Reason})
	}
	doc.Caught = witness.Caught(&rep)
	st := c.Stats()
	doc.BodySent, doc.BodyReceived, doc.WireSent, doc.WireReceived = st.BodySent, st.BodyReceived, st.WireSent, st.WireReceived
	doc.Repairs = s.repairs(&rep)
	var renewErr error
	doc.Renewed, renewErr = s.renewed(ctx, &rep)
	err = errors.Join(err, renewErr)
	if rep.HubTime != 0 {
		at := time.UnixMilli(rep.HubTime).UTC()
		doc.HubTime = &at
	}
	return doc, errors.Join(err, s.noteArrival(ctx, newest, doc))
}

// noteArrival adds what came that people should hear of.
func (s *session) noteArrival(ctx context.Context, newest causal.Set, doc *syncDoc) error {
	book, err := s.book()
	if err != nil {
		return nil // an officer's laptop, or one that is not enrolled yet: it has no records
	}
	a, err := book.Arrived(ctx, newest)
	if err != nil {
		return err
	}
	doc.Conflicts, doc.Questions = len(a.Waiting.Conflicts), len(a.Waiting.Questions)
	doc.NewConflicts, doc.NewQuestions, doc.Parallel = a.Conflicts, a.Questions, a.Parallel
	return nil
}

// mayExchange asks whether an officer approved, as long as the laptop has not seen its own entry.
func (s *session) mayExchange(ctx context.Context, c *hubclient.Client) error {
	if _, err := s.prof.Self(); err == nil {
		return nil
	}
	v, err := s.invitation(ctx)
	if err != nil || v == nil {
		return err // a further officer's laptop is in the genesis
	}
	_, b, err := s.request(v)
	if err != nil {
		return err
	}
	enrolled, err := s.ask(ctx, c, b)
	if err == nil && !enrolled {
		err = errWaiting
	}
	return err
}

// scopeNames are what people call scopes, sorted.
func (s *session) scopeNames(ids []schema.Scope) []string {
	out := []string{}
	for _, id := range ids {
		if n, ok := s.prof.Directory().Scopes[id]; ok {
			out = append(out, n.String())
			continue
		}
		out = append(out, id.String())
	}
	slices.Sort(out)
	return out
}

// waitingScopes lists the scopes of this laptop in which nobody can write yet, because their first reader has not made
// the key, and those that it will read once a reader shares it.
func (s *session) waitingScopes() []string {
	self, err := s.prof.Self()
	if err != nil {
		return []string{}
	}
	out := s.unreadScopes(self)
	for _, id := range self.Now().Write {
		if _, ok := s.prof.Log().State().CurrentEpoch(id); !ok && !slices.Contains(out, id) {
			out = append(out, id)
		}
	}
	return s.scopeNames(out)
}

// unreadScopes lists the scopes that this laptop is to read and whose key has not reached it.
func (s *session) unreadScopes(self *ledger.Device) (out []schema.Scope) {
	for _, id := range self.Now().Read {
		if !s.prof.Reads(id) {
			out = append(out, id)
		}
	}
	return out
}

// showScopesWaiting names what is still to come for this laptop to read; status tells the rest.
func (s *session) showScopesWaiting(w *page) {
	self, err := s.prof.Self()
	if err != nil {
		return
	}
	if ids := s.unreadScopes(self); len(ids) > 0 {
		w.s(text.OrgEpochsWaiting, "scopes", strings.Join(s.scopeNames(ids), ", "))
	}
}

func (s *session) showSync(w *page, doc *syncDoc) {
	if doc.Pushed > 0 {
		w.n(text.SyncPushed, doc.Pushed)
	}
	if doc.Pulled > 0 {
		w.n(text.SyncPulled, doc.Pulled)
	}
	if doc.Quarantined > 0 {
		w.n(text.SyncQuarantined, doc.Quarantined)
	}
	for _, r := range doc.Refused {
		w.s(text.ErrHubRefused, "check", r.Reason)
	}
	if doc.Caught > 0 {
		w.n(text.SyncCaught, doc.Caught)
	}
	showRenewed(w, doc)
	showRepairs(w, doc)
	showArrival(w, doc)
	s.showScopesWaiting(w)
	switch {
	case !doc.Synced:
		w.n(text.SyncDiverged, len(doc.Differ))
		if len(doc.Differ) > 0 && len(doc.Refused) == 0 {
			w.s(text.SyncUnmended, "scopes", strings.Join(doc.Differ, ", "))
		}
	case s.captureOnly():
		w.s(text.SyncSyncedOwn)
	default:
		w.s(text.SyncSynced)
	}
}

// showArrival tells what was merged without asking, what is new to decide, and what waits from before.
func showArrival(w *page, doc *syncDoc) {
	if doc.Parallel > 0 {
		w.n(text.SyncParallel, doc.Parallel)
	}
	if doc.NewConflicts > 0 {
		w.n(text.SyncConflicts, doc.NewConflicts)
	}
	if doc.NewQuestions > 0 {
		w.n(text.SyncQuestions, doc.NewQuestions)
	}
	if doc.Conflicts > doc.NewConflicts {
		w.n(text.StatusConflicts, doc.Conflicts)
	}
	if doc.Questions > doc.NewQuestions {
		w.n(text.StatusQuestions, doc.Questions)
	}
}

// captureOnly reports a laptop that may read nothing but the directory.
func (s *session) captureOnly() bool {
	self, err := s.prof.Self()
	return err == nil && !slices.ContainsFunc(self.Now().Read, func(id schema.Scope) bool {
		_, named := s.prof.Directory().Scopes[id]
		return named
	})
}

// watch exchanges again and again until it is interrupted, which is how it is meant to end.
func (s *session) watch(ctx context.Context, every time.Duration) error {
	if err := s.note(s.say.S(text.SyncWatching)); err != nil {
		return err
	}
	c, err := s.dial(ctx)
	if err != nil {
		return err
	}
	defer c.Close()
	var last *syncDoc
	for {
		doc, err := s.syncOnce(ctx, c)
		switch {
		case ctx.Err() != nil:
			return s.endWatch(last)
		case comesBack(err):
			err = s.note(s.tell(err).Message)
		case err == nil:
			err = s.tellRound(last, doc)
			last = doc
		}
		if err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return s.endWatch(last)
		case <-time.After(every):
		}
	}
}

// comesBack reports whether trying again later may help without anybody's doing on this laptop: the hub is away, starts, or
// waits for its operator to make room.
func comesBack(err error) bool {
	return errors.Is(err, hubclient.ErrUnreachable) || errors.Is(err, &hubclient.Refused{Problem: wire.Problem{Code: wire.CodeFull}}) ||
		errors.Is(err, &hubclient.Refused{Problem: wire.Problem{Code: wire.CodeNotReady}})
}

// tellRound says what one round moved; a round that moved nothing is not worth a line.
func (s *session) tellRound(before, doc *syncDoc) error {
	if before != nil && before.Synced && doc.Pushed+doc.Pulled+len(doc.Repairs) == 0 && doc.Renewed == nil {
		return nil
	}
	w := &page{say: s.say}
	s.showSync(w, doc)
	return s.note(strings.TrimSuffix(w.b.String(), "\n"))
}

func (s *session) endWatch(last *syncDoc) error {
	if last == nil {
		return errInterrupted
	}
	if !s.json {
		return nil
	}
	return s.print(last, nil)
}
