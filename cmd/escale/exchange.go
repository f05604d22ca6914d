package main

import (
	"context"
	"errors"
	"time"

	"escale/clients/hubclient"
	"escale/clients/profile"
	"escale/clients/text"
	"escale/clients/witness"
	"escale/crypto/ledger"
	"escale/store/audit"
	"escale/sync/replica"
	"escale/sync/wire"
)

// maxSkew is how far the clocks may be apart before a person is told.
const maxSkew = 24 * time.Hour

// pinned is a profile that believes no ledger without the entry that its invitation names.
type pinned struct {
	profile.Exchange
	head ledger.Head
}

// Follow takes ledger entries and compares them with the invitation as soon as they reach so far.
func (x pinned) Follow(ctx context.Context, entries [][]byte) error {
	if err := x.Exchange.Follow(ctx, entries); err != nil {
		return err
	}
	if x.Log() != nil && x.Log().Head().Height >= x.head.Height {
		return x.Log().Check(x.head)
	}
	return nil
}

// Attend takes no key from a ledger that ends before the invitation's entry.
func (x pinned) Attend(ctx context.Context) (bool, error) {
	if x.Log() != nil {
		if err := x.Log().Check(x.head); err != nil {
			return false, err
		}
	}
	return x.Exchange.Attend(ctx)
}

func (s *session) store(ctx context.Context, c *hubclient.Client) (replica.Store, error) {
	x := profile.Exchange{Profile: s.prof, Blobs: c}
	v, err := s.invitation(ctx)
	if err != nil || v == nil {
		return x, err
	}
	return pinned{x, v.Head}, nil
}

// exchange brings this laptop and the hub to the same, notes it, and tells what a person should know.
func (s *session) exchange(ctx context.Context, c *hubclient.Client) (replica.Report, error) {
	store, err := s.store(ctx, c)
	if err != nil {
		return replica.Report{}, err
	}
	keys, doubtful := s.readable(), s.prof.Doubtful()
	g := s.newProgress()
	r := replica.New(store, c, func(step replica.Step, done, total int) { g.tell(s.stepSentence(step, done, total)) })
	rep, err := r.Run(ctx)
	if s.foundAgain(ctx, c, err) {
		rep, err = r.Run(ctx)
	}
	g.end()
	err = errors.Join(err, s.witness(witness.Entries(&rep, err, doubtful, s.prof.Doubtful())), s.noteExchange(ctx, c, &rep, err, s.readable()-keys))
	return rep, s.farewell(ctx, &rep, err)
}

// witness records what of an exchange was not as it should be.
func (s *session) witness(entries []audit.Entry) error {
	var errs []error
	for _, e := range entries {
		errs = append(errs, s.record(e))
	}
	return errors.Join(errs...)
}

func (s *session) stepSentence(step replica.Step, done, total int) func() string {
	return func() string {
		switch step {
		case replica.StepPush:
			return s.say.S(text.SyncProgress, "sent", done, "total", total, "received", 0)
		case replica.StepPull:
			return s.say.N(text.SyncPulled, done)
		}
		return s.say.S(text.SyncStarted)
	}
}

func (s *session) noteExchange(ctx context.Context, c *hubclient.Client, rep *replica.Report, err error, newKeys int) error {
	var errs []error
	if rep.Synced && err == nil {
		errs = append(errs, s.prof.Agreed(ctx, rep.HubTime))
	}
	if len(rep.Differ) > 0 {
		errs = append(errs, s.prof.Compared(ctx, rep.HubTime, rep.Equal, rep.Differ))
	}
	if newKeys > 0 {
		errs = append(errs, s.record(audit.Entry{Kind: audit.KeyOperation, Count: uint64(newKeys), Reason: "scopes opened"}))
	}
	if errors.Is(err, hubclient.ErrWrongPin) || errors.Is(err, hubclient.ErrProtocol) {
		errs = append(errs, s.record(audit.Entry{Kind: audit.Refusal, Reason: "hub_not_genuine"}))
	}
	if skew, ok := c.Skew(); ok && (skew > maxSkew || skew < -maxSkew) {
		now := s.clock()
		errs = append(errs, s.note(s.say.S(text.ErrClockOff, "here", now, "hub", now.Add(-skew))))
	}
	return errors.Join(errs...)
}

// readable counts the scopes whose key is here.
func (s *session) readable() int {
	n := 0
	for id := range s.prof.Directory().Scopes {
		if s.prof.Reads(id) {
			n++
		}
	}
	return n
}

// foundAgain gives an empty hub that took the place of the one that was known, under its key, the organisation's genesis. A
// hub without one knows nobody, and takes it from a founding officer's laptop only. Where that does not help, what the hub
// said first stands.
func (s *session) foundAgain(ctx context.Context, c *hubclient.Client, err error) bool {
	var refused *hubclient.Refused
	if _, officer := s.prof.Officer(); !officer || s.prof.Log() == nil || !errors.As(err, &refused) || refused.Code != wire.CodeNotMember {
		return false
	}
	_, err = c.Found(ctx, s.prof.LedgerEntries(0)[0])
	return err == nil
}
