// Package replica is a client's side of an exchange: it follows the ledger, offers what the hub lacks, reads what the hub
// has, and says "synced" only when both sides' digests match.
//
// It may be interrupted anywhere; the next run goes on where the hub's and the store's durable state say. It decides
// nothing about records and opens nothing. The store and the transport are declared here and given by the caller.
package replica

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"escale/schema"
	"escale/sync/wire"
)

// Errors that callers decide by.
var (
	ErrDiverged = errors.New("this laptop and the hub do not hold the same")
	ErrRestored = errors.New("the hub holds work of this device that is not here")
	ErrRefused  = errors.New("the hub refused some change-sets")
)

// Transport carries messages to a hub.
type Transport interface {
	Sync(ctx context.Context, ask wire.SyncAsk) (wire.SyncReply, error)
	Ledger(ctx context.Context, ask wire.LedgerRead) (wire.LedgerPage, error)
	Append(ctx context.Context, add wire.LedgerAppend) (wire.Head, error)
	Offsets(ctx context.Context, offers wire.Offers) (wire.Offsets, error)
	Push(ctx context.Context, write func(io.Writer) error) (wire.PushReply, error)
	Pull(ctx context.Context, ask wire.PullAsk) (wire.PullReply, error)
	Ranges(ctx context.Context, ask wire.RangesAsk) (wire.RangesReply, error)
	Fetch(ctx context.Context, ask wire.FetchAsk) (wire.FetchReply, error)
}

// Ledger is the store's ledger.
type Ledger interface {
	LedgerHead() wire.Head
	LedgerEntries(from uint64) [][]byte
	HoldsEntry(height uint64, hash schema.Hash) bool
	Follow(ctx context.Context, entries [][]byte) error
}

// Outbox is what the store has to offer.
type Outbox interface {
	CloseOpenSets(ctx context.Context) error
	Unsent(ctx context.Context) ([]Offer, error) // a predecessor comes before its successor
	SetBytes(ctx context.Context, set schema.Hash) ([]byte, error)
	Sent(ctx context.Context, sets []schema.Hash) error
	OfferAgain(ctx context.Context, hub wire.HubEpoch) error // another hub database: everything is unsent, cursors are void
}

// Offer is a change-set that is not known to be at the hub.
type Offer struct {
	wire.Tip
	Scope schema.Scope
}

// Inbox is where the store takes what comes.
type Inbox interface {
	HubEpoch() wire.HubEpoch
	Local(ctx context.Context) (scopes []wire.ScopeState, own []wire.Tip, err error) // digests at the own ledger head
	Receive(ctx context.Context, page wire.ScopePage) error                          // ErrRestored: own work that is not here
	Restart(ctx context.Context) error                                               // a new incarnation; read own work again
	ResetCursor(ctx context.Context, scope schema.Scope) error                       // read from the start, offer all of it again
	NoteOwn(ctx context.Context, tips []wire.Tip) error                              // what the hub holds of own streams that cannot be read back
	OpenWaiting(ctx context.Context) error
	Heard(ctx context.Context, hubTime int64) error // the hub's signed time, Unix milliseconds: it renews a lease
}

// Records finds out what is held of a scope, and takes back what is missing.
type Records interface {
	// Held returns the change-sets of a scope that are here and still are what was signed, sorted.
	Held(ctx context.Context, scope schema.Scope) ([]schema.Hash, error)
	// TakeBack stores change-sets that are missing here, a predecessor before its successor, each verified like any other.
	// It returns those that it took.
	TakeBack(ctx context.Context, scope schema.Scope, raws [][]byte) ([]schema.Hash, error)
	// Offer makes change-sets wait to be sent again.
	Offer(ctx context.Context, sets []schema.Hash) error
	// Objects counts the objects that change-sets touch.
	Objects(ctx context.Context, sets []schema.Hash) (int, error)
}

// Store is all that an exchange needs of a laptop.
type Store interface {
	Ledger
	Outbox
	Inbox
	Records
	// Attend does what the ledger asks of this device (make epochs, wrap keys) and fetches what it granted. It reports
	// whether there was anything to do; where there is not, it does not disturb the hub.
	Attend(ctx context.Context) (bool, error)
	// PutBack puts what lies beside the ledger to a hub whose ledger went back.
	PutBack(ctx context.Context) error
	// PutAgain gives the hub those of the blobs that it lacks which this device once put beside the ledger.
	PutAgain(ctx context.Context, lacking []schema.Hash) error
}

// Step is what an exchange is doing, for people who wait.
type Step string

// The steps of an exchange.
const (
	StepLedger Step = "ledger"
	StepPush   Step = "push"
	StepPull   Step = "pull"
	StepCheck  Step = "check"
	StepRepair Step = "repair"
)

// Report says what an exchange did.
type Report struct {
	Pushed      int
	Duplicates  int
	Quarantined int
	Refused     []wire.PushResult
	Pulled      int // entries of logs that were read, this device's own work as a hash included
	Received    int // change-sets that came whole
	RoundTrips  int
	Synced      bool           // both digests match
	Differ      []schema.Scope // where they do not
	Equal       []schema.Scope // where they do, although not everywhere
	Repairs     []Repair       // what was missing on either side and was given back
	Renewed     *Renewed       // another hub database than before
	HubTime     int64          // Unix milliseconds, signed by the hub
	Caught      []error        // why something that the hub said or sent was not taken, although the exchange may have ended well
}

// maxCaught bounds what is kept of a hub that never says anything else.
const maxCaught = 64

// catch keeps evidence: a hub that sends what is not genuine among what is, or takes back a refusal, is equal in the end.
func (r *Report) catch(err error) {
	if len(r.Caught) < maxCaught {
		r.Caught = append(r.Caught, err)
	}
}

// Renewed says that the hub's database is another one than this device last agreed with, and what it held when that was
// noticed.
type Renewed struct {
	Head   *wire.Head
	Scopes []wire.ScopeState
	Again  int // change-sets that were offered again
}

// Replica exchanges one store's change-sets with one hub.
type Replica struct {
	store     Store
	transport Transport
	progress  func(step Step, done, total int)
	taken     map[schema.Hash]bool // what the hub took of what it lacked
}

// New returns a replica. progress may be nil.
func New(store Store, transport Transport, progress func(step Step, done, total int)) *Replica {
	if progress == nil {
		progress = func(Step, int, int) {}
	}
	return &Replica{store: store, transport: transport, progress: progress, taken: map[schema.Hash]bool{}}
}

// Bounds of one exchange: how often it starts over while that brings it forward (others push, the ledger grows), and how
// often in a row while it does not.
const (
	maxRounds = 64
	maxIdle   = 2
	maxMends  = 3 // how often differences are looked for
)

// Run exchanges until both sides hold the same, or says why they do not.
func (r *Replica) Run(ctx context.Context) (Report, error) {
	var rep Report
	if err := r.store.CloseOpenSets(ctx); err != nil {
		return rep, err
	}
	var fault error  // of the newest round: what could not be taken while the rest went on
	var unmend error // of the newest repair
	idle, again, mends := 0, false, 0
	for round := 0; ; round++ {
		reply, err := r.ask(ctx, &rep)
		if err != nil {
			return rep, err
		}
		if len(reply.Lacks) > 0 {
			if err := r.store.PutAgain(ctx, reply.Lacks); err != nil {
				return rep, err
			}
		}
		if reply.Same {
			busy, err := r.store.Attend(ctx)
			if err != nil || !busy || round >= maxRounds {
				rep.Synced = err == nil
				return rep, err
			}
			continue
		}
		if idle >= maxIdle || round >= maxRounds || len(rep.Refused) > 0 {
			return rep, r.unequal(ctx, &reply, &rep, fault, unmend)
		}
		mended := false
		if idle > 0 && mends < maxMends {
			mends++
			if mended, unmend, err = r.mend(ctx, &reply, &rep); err != nil {
				return rep, err
			}
		}
		if mended {
			idle = 0
			continue
		}
		if idle > 0 && fault == nil && !again {
			again = true
			if err := r.readAgain(ctx, &reply); err != nil {
				return rep, err
			}
		}
		before, head := rep, r.store.LedgerHead()
		if fault, err = r.round(ctx, &reply, &rep); err != nil {
			return rep, errors.Join(err, fault)
		}
		idle++
		if rep.Pulled > before.Pulled || rep.Pushed > before.Pushed || r.store.LedgerHead() != head {
			idle = 0
		}
	}
}

// unequal says where and why both sides do not hold the same.
func (r *Replica) unequal(ctx context.Context, reply *wire.SyncReply, rep *Report, fault, unmend error) (err error) {
	if rep.Differ, err = r.differing(ctx, reply); err != nil {
		return err
	}
	for _, s := range reply.Scopes {
		if !slices.Contains(rep.Differ, s.Scope) {
			rep.Equal = append(rep.Equal, s.Scope)
		}
	}
	switch {
	case len(rep.Refused) > 0:
		return errors.Join(fmt.Errorf("%w: %d", ErrRefused, len(rep.Refused)), fault)
	case fault != nil:
		return fault
	case unmend != nil:
		return fmt.Errorf("%w in %d scopes: %w", ErrDiverged, len(rep.Differ), unmend)
	}
	return fmt.Errorf("%w in %d scopes", ErrDiverged, len(rep.Differ))
}

// readAgain offers and reads the scopes again whose digests differ although there is nothing left to send or to read: the
// hub may have lost what it once acknowledged, with no newer number to tell it by.
func (r *Replica) readAgain(ctx context.Context, reply *wire.SyncReply) error {
	scopes, err := r.differing(ctx, reply)
	if err != nil {
		return err
	}
	for _, s := range scopes {
		if err := r.store.ResetCursor(ctx, s); err != nil {
			return err
		}
	}
	return nil
}

// ask sends one hash over everything that both must agree on.
func (r *Replica) ask(ctx context.Context, rep *Report) (wire.SyncReply, error) {
	scopes, own, err := r.store.Local(ctx)
	if err != nil {
		return wire.SyncReply{}, err
	}
	unsent, err := r.store.Unsent(ctx)
	if err != nil {
		return wire.SyncReply{}, err
	}
	state := wire.StateHash(r.store.HubEpoch(), r.store.LedgerHead().Hash, scopes, own)
	if len(unsent) > 0 {
		state = schema.Hash{} // work that waits is never "the same"
	}
	rep.RoundTrips++
	reply, err := r.transport.Sync(ctx, wire.SyncAsk{State: state})
	if err != nil {
		return reply, fmt.Errorf("ask the hub: %w", err)
	}
	rep.HubTime = reply.Time
	if err := r.store.Heard(ctx, reply.Time); err != nil {
		return reply, err
	}
	if reply.Same && len(unsent) > 0 {
		return reply, fmt.Errorf("%w: the hub calls equal what was not sent yet", ErrDiverged)
	}
	return reply, nil
}

// round brings ledger, change-sets and keys forward once. What is wrong with one scope's log is a fault, and the rest goes
// on; an error ends the exchange.
func (r *Replica) round(ctx context.Context, reply *wire.SyncReply, rep *Report) (fault, err error) {
	if reply.HubEpoch != r.store.HubEpoch() {
		if err := r.offerAgain(ctx, reply, rep); err != nil {
			return nil, err
		}
	}
	if err := r.ledger(ctx, reply.Head, rep); err != nil {
		return nil, err
	}
	if err := r.store.NoteOwn(ctx, reply.Own); err != nil {
		return nil, err
	}
	changed, err := r.push(ctx, rep)
	if err != nil {
		return nil, err
	}
	if err := r.changed(ctx, reply, changed); err != nil {
		return nil, err
	}
	if fault, err = r.pullAll(ctx, changed, rep); err != nil {
		return fault, err
	}
	if _, err := r.store.Attend(ctx); err != nil {
		fault = errors.Join(fault, err)
	}
	return fault, errors.Join(ctx.Err(), r.store.OpenWaiting(ctx))
}

// offerAgain starts over with a hub database that is another one than before. At the first contact of all there is nothing
// to tell.
func (r *Replica) offerAgain(ctx context.Context, reply *wire.SyncReply, rep *Report) error {
	first := r.store.HubEpoch() == wire.HubEpoch{}
	if err := r.store.OfferAgain(ctx, reply.HubEpoch); err != nil || first {
		return err
	}
	unsent, err := r.store.Unsent(ctx)
	rep.Renewed = &Renewed{Head: reply.Head, Scopes: reply.Scopes, Again: len(unsent)}
	return err
}

// changed adds the scopes whose log at the hub is not the one that was read to its end, or that the hub does not name yet.
// A line that is paid for by the byte does not carry two hundred cursors for one that moved.
func (r *Replica) changed(ctx context.Context, reply *wire.SyncReply, into map[schema.Scope]bool) error {
	scopes, _, err := r.store.Local(ctx)
	if err != nil {
		return err
	}
	theirs := map[schema.Scope]wire.ScopeState{}
	for _, s := range reply.Scopes {
		theirs[s.Scope] = s
	}
	for _, s := range scopes {
		if t, ok := theirs[s.Scope]; !ok || t.Number != s.Number || t.Running != s.Running {
			into[s.Scope] = true
		}
	}
	return nil
}

// ledger follows the hub's ledger, or gives a restored hub the entries that it lost.
func (r *Replica) ledger(ctx context.Context, hub *wire.Head, rep *Report) error {
	if hub == nil {
		return nil
	}
	own := r.store.LedgerHead()
	if !own.Hash.IsZero() && hub.Height < own.Height && r.store.HoldsEntry(hub.Height, hub.Hash) {
		return r.restore(ctx, *hub, rep)
	}
	for r.store.LedgerHead().Hash != hub.Hash {
		before := r.store.LedgerHead()
		from := before.Height + 1
		if before.Hash.IsZero() {
			from = 0
		} else if hub.Height <= before.Height {
			from = hub.Height // the hub shows another entry where we have one: let the ledger judge it
		}
		rep.RoundTrips++
		page, err := r.transport.Ledger(ctx, wire.LedgerRead{From: from})
		if err != nil {
			return fmt.Errorf("read the ledger: %w", err)
		}
		if err := r.store.Follow(ctx, page.Entries); err != nil {
			return err
		}
		if r.store.LedgerHead() == before {
			return fmt.Errorf("%w: the hub's ledger does not go on", ErrDiverged)
		}
		if page.Head.Height > hub.Height {
			*hub = page.Head
		}
		r.progress(StepLedger, int(r.store.LedgerHead().Height), int(hub.Height))
	}
	return nil
}

// restore gives the hub the entries after a head, as many at a time as a message takes.
func (r *Replica) restore(ctx context.Context, after wire.Head, rep *Report) error {
	if err := r.store.PutBack(ctx); err != nil {
		return err
	}
	entries := r.store.LedgerEntries(after.Height + 1)
	for len(entries) > 0 {
		n, size := 0, 0
		for n < len(entries) && n < wire.MaxRefs && (n == 0 || size+len(entries[n]) <= wire.MaxLedger) {
			size += len(entries[n])
			n++
		}
		rep.RoundTrips++
		head, err := r.transport.Append(ctx, wire.LedgerAppend{After: after.Hash, Entries: entries[:n]})
		if err != nil {
			return fmt.Errorf("give the hub the ledger entries that it lost: %w", err)
		}
		if head.Height != after.Height+uint64(n) || !r.store.HoldsEntry(head.Height, head.Hash) {
			return fmt.Errorf("%w: the hub took ledger entries and shows others", ErrDiverged)
		}
		after, entries = head, entries[n:]
	}
	return nil
}

// differing names the scopes whose digests do not match.
func (r *Replica) differing(ctx context.Context, reply *wire.SyncReply) ([]schema.Scope, error) {
	scopes, _, err := r.store.Local(ctx)
	if err != nil {
		return nil, err
	}
	ours := map[schema.Scope]wire.ScopeState{}
	for _, s := range scopes {
		ours[s.Scope] = s
	}
	var out []schema.Scope
	for _, s := range reply.Scopes {
		if o := ours[s.Scope]; !bytes.Equal(o.Digest[:], s.Digest[:]) {
			out = append(out, s.Scope)
		}
		delete(ours, s.Scope)
	}
	for scope := range ours { // what the hub does not name at all
		out = append(out, scope)
	}
	return out, nil
}
