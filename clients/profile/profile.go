// Package profile is one member's unlocked profile on one laptop: the keys, the store, the verified ledger, and what they
// make possible: sealing edits into the open change-set of a scope, opening what others sealed, keeping up with the
// ledger's duties.
//
// It holds these invariants. A save returns only when every part of it is durable. A change-set is never continued by
// another process: what an earlier one left open is closed and signed first. Of a scope whose private key this device
// does not hold, neither key nor opened words ever touch the disk. Nothing is sealed to an epoch that is not linked in the
// ledger. The package knows no forms and no policies; clients/field does.
package profile

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"escale/crypto/key"
	"escale/crypto/ledger"
	"escale/crypto/seal"
	"escale/schema"
	"escale/schema/pack"
	"escale/store/agentdb"
	"escale/sync/causal"
	"escale/sync/shorthand"
	"escale/sync/wire"
)

// Errors that callers decide by.
var (
	ErrNotEnrolled  = errors.New("this device is not in the ledger yet")
	ErrScopeClosed  = errors.New("nobody can read this scope yet: its first epoch is not linked")
	ErrNotPermitted = errors.New("not permitted for this device")
	ErrUnknownScope = errors.New("the directory does not name such a scope")
	ErrTooLarge     = errors.New("the record is too large")
)

// ClosedScopeError is ErrScopeClosed and says which scope.
type ClosedScopeError struct{ Name schema.ScopeName }

// Error names the scope.
func (e *ClosedScopeError) Error() string { return ErrScopeClosed.Error() + ": " + e.Name.String() }

// Is reports whether target is ErrScopeClosed.
func (e *ClosedScopeError) Is(target error) bool { return target == ErrScopeClosed }

// Options are what a profile takes from outside.
type Options struct {
	Clock func() time.Time
	Rand  io.Reader
}

// Profile is an unlocked profile. It is not safe for concurrent use; the program that opened it owns it.
type Profile struct {
	Keys Keys

	opts    Options
	db      *agentdb.DB
	keys    opened
	log     *ledger.Log
	inc     schema.Incarnation
	last    causal.Time
	saves   uint64 // number of the newest save that waits to be sent
	history causal.History
	sets    map[causal.Set]setInfo
	byHash  map[schema.Hash]causal.Set
	streams map[causal.Stream]agentdb.Stream
	byName  map[schema.Stream]causal.Stream
	tips    map[causal.Stream]causal.Set // newest change-set of each stream
	forked  map[causal.Stream]bool       // streams of several branches
	waiting map[causal.Set]bool          // stored, not opened yet

	epochs        map[epochID]seal.EpochPrivate
	packs         map[int64]packRow // key packs that are here, entirely or in part
	carriages     map[schema.Scope]carriage
	segment       *openedSegment
	cuts          map[schema.Hash][]schema.Hash
	judged        uint64      // ledger height up to which verdicts were computed
	renewed       *Keys       // what the vault is to hold from now on; nil if it does
	share         schema.Hash // of which share of the recovery key this device is known to hold
	erased        uint64      // and up to which erasures were carried out
	sessions      map[schema.Hash]*seal.Session
	open          map[schema.Scope]*openSet
	sitting       map[schema.Object]*Part // opened parts of capture-only scopes: memory only
	unsealed      map[schema.Object]*Part // what the transaction under way changes of sitting; nil takes away
	elsewhere     map[schema.Stream][]wire.Tip
	readOnly      bool // there was no room to close what an earlier process left open
	stale         bool // a transaction failed, and memory was not read again since
	scribes       map[schema.Pack]*shorthand.Scribe
	bundles       map[schema.Pack]*pack.Bundle
	directory     *Directory
	directoryRead bool // nothing of it came since
	doubts        map[schema.Scope]bool
	cursors       map[schema.Scope]wire.Cursor
	hub           wire.HubEpoch
	lease         lease
}

// setInfo is what is kept in memory of a stored change-set.
type setInfo struct {
	hash    schema.Hash
	stream  causal.Stream
	seq     uint64
	height  uint64
	epoch   uint32
	deltas  uint32
	state   agentdb.State
	opened  agentdb.Opened
	verdict string
}

type epochID struct {
	scope  schema.Scope
	number uint32
}

// Names of rows in meta.
const (
	metaIncarnation = "incarnation"
	metaTime        = "hybrid time"
	metaHub         = "hub epoch"
	metaAgreed      = "agreed"
)

// Open unlocks a profile whose vault was opened. It verifies the whole ledger, closes what an earlier process left
// open, and forgets what this device may no longer hold in memory. Where a full disk has no room for that closing, the
// profile can still be read; every writing fails with agentdb.ErrFull until there is room again.
func Open(ctx context.Context, db *agentdb.DB, keys Keys, opts Options) (*Profile, error) {
	p := &Profile{Keys: keys, opts: opts, db: db,
		sets: map[causal.Set]setInfo{}, byHash: map[schema.Hash]causal.Set{}, streams: map[causal.Stream]agentdb.Stream{},
		byName: map[schema.Stream]causal.Stream{}, tips: map[causal.Stream]causal.Set{}, forked: map[causal.Stream]bool{}, waiting: map[causal.Set]bool{}, epochs: map[epochID]seal.EpochPrivate{},
		sessions: map[schema.Hash]*seal.Session{}, open: map[schema.Scope]*openSet{}, sitting: map[schema.Object]*Part{}, unsealed: map[schema.Object]*Part{},
		scribes: map[schema.Pack]*shorthand.Scribe{}, bundles: map[schema.Pack]*pack.Bundle{}}
	var err error
	if p.keys, err = keys.open(opts.Rand); err != nil {
		return nil, err
	}
	if err := db.Update(ctx, p.load); err != nil {
		return nil, err
	}
	for _, step := range []func(context.Context) error{p.keyStored, p.CloseOpenSets, p.judgeAgain, p.erase, p.adoptKEM} {
		if err := step(ctx); errors.Is(err, agentdb.ErrFull) {
			p.readOnly = true // what an earlier process left open is as durable as it was; there is no room to sign it
		} else if err != nil {
			return nil, err
		}
	}
	if err := p.noteClock(ctx); err != nil {
		return nil, err
	}
	return p, p.ReadDirectory(ctx)
}

func (p *Profile) load(tx *agentdb.Tx) error {
	for _, step := range []func(*agentdb.Tx) error{p.loadOrg, p.loadMeta, p.loadOwn, p.loadDoubts, p.loadLedger, p.loadHistory, p.loadEpochs, p.loadBundles, p.loadPacks, p.loadCuts, p.loadJudged, p.loadErased, p.loadLease} {
		if err := step(tx); err != nil {
			return err
		}
	}
	return nil
}

func (p *Profile) loadMeta(tx *agentdb.Tx) error {
	b, err := tx.Meta(metaIncarnation)
	switch {
	case errors.Is(err, agentdb.ErrNotFound):
		if err := p.newIncarnation(tx); err != nil {
			return err
		}
	case err != nil:
		return err
	default:
		if err := p.inc.UnmarshalBinary(b); err != nil {
			return fmt.Errorf("%w: incarnation: %w", agentdb.ErrDamaged, err)
		}
	}
	if b, err = tx.Meta(metaTime); err == nil {
		p.last = causal.Time(number(b))
	} else if !errors.Is(err, agentdb.ErrNotFound) {
		return err
	}
	if b, err = tx.Meta(metaHub); err == nil {
		copy(p.hub[:], b)
	} else if !errors.Is(err, agentdb.ErrNotFound) {
		return err
	}
	if p.saves, err = tx.LastSave(); err != nil {
		return err
	}
	p.cursors, err = tx.Cursors()
	return err
}

// newIncarnation is drawn when the database is created, and when the hub shows that it was restored or cloned.
func (p *Profile) newIncarnation(tx *agentdb.Tx) error {
	inc, err := schema.NewIncarnation(p.opts.Rand)
	if err != nil {
		return err
	}
	p.inc = inc
	return tx.PutMeta(metaIncarnation, inc[:])
}

func (p *Profile) loadLedger(tx *agentdb.Tx) error {
	entries, err := tx.Ledger()
	switch {
	case err != nil:
		return err
	case len(entries) == 0:
		p.log = nil
		return nil
	case p.log != nil && p.log.Head().Height == uint64(len(entries)-1) && bytes.Equal(p.log.Entries(0)[len(entries)-1], entries[len(entries)-1]):
		return nil // each entry names its predecessor: what memory verified is what is stored
	}
	p.log, err = ledger.Replay(p.Keys.Org, entries)
	if err != nil {
		return fmt.Errorf("the stored ledger: %w", err)
	}
	return nil
}

func (p *Profile) loadHistory(tx *agentdb.Tx) error {
	streams, err := tx.Streams()
	if err != nil {
		return err
	}
	for _, s := range streams {
		p.noteStream(s)
	}
	return tx.Sets(func(s agentdb.Set) error { p.noteSet(s); return nil })
}

func (p *Profile) noteStream(s agentdb.Stream) {
	p.streams[s.ID], p.byName[s.Name] = s, s.ID
}

func (p *Profile) noteSet(s agentdb.Set) {
	p.history.Add(s.ID, s.Stream, s.Seq, s.Parent)
	p.sets[s.ID] = setInfo{hash: s.Hash, stream: s.Stream, seq: s.Seq, height: s.Height, epoch: s.Epoch, deltas: s.Deltas, state: s.State, opened: s.Opened, verdict: s.Verdict}
	if s.State != agentdb.Writing {
		p.byHash[s.Hash] = s.ID
	}
	if s.Opened == agentdb.Waiting {
		p.waiting[s.ID] = true
	}
	if tip, ok := p.tips[s.Stream]; ok && tip != s.Parent {
		p.forked[s.Stream] = true
	}
	if tip, ok := p.tips[s.Stream]; !ok || p.sets[tip].seq <= s.Seq {
		p.tips[s.Stream] = s.ID
	}
}

func (p *Profile) loadEpochs(tx *agentdb.Tx) error {
	return tx.EpochKeys(func(scope schema.Scope, number uint32, sealed []byte) error {
		seed, err := p.keys.storage.Open("epoch", scope[:], sealed)
		if err != nil {
			return fmt.Errorf("epoch key: %w", err)
		}
		k, err := seal.EpochFromSeed(seed)
		if err != nil {
			return err
		}
		p.epochs[epochID{scope, number}] = k
		return nil
	})
}

func (p *Profile) loadBundles(tx *agentdb.Tx) error {
	return tx.Bundles(func(name schema.Pack, sealed []byte) error {
		b, err := p.keys.storage.Open("bundle", name[:], sealed)
		if err != nil {
			return fmt.Errorf("form bundle: %w", err)
		}
		if p.bundles[name], err = pack.Decode(b); err != nil {
			return fmt.Errorf("form bundle: %w", err)
		}
		return nil
	})
}

// ReadOnly reports that the disk was full when the profile was opened, and still is as far as is known.
func (p *Profile) ReadOnly() bool { return p.readOnly && p.stale }

// Close locks the profile: what is open is signed, and the store is let go.
func (p *Profile) Close() error {
	if p.ReadOnly() {
		return p.db.Close() // nothing was written; the next process signs what an earlier one left open
	}
	return errors.Join(p.CloseOpenSets(context.Background()), p.db.Close())
}

// Forget drops the session keys that a reader keeps between sittings. It belongs to locking by hand.
func (p *Profile) Forget(ctx context.Context) error {
	return p.db.Update(ctx, (*agentdb.Tx).ForgetSessions)
}

// Log returns the verified ledger; nil before the laptop has seen its organisation's genesis.
func (p *Profile) Log() *ledger.Log { return p.log }

// Self returns this device as the ledger knows it.
func (p *Profile) Self() (*ledger.Device, error) {
	if p.log == nil {
		return nil, ErrNotEnrolled
	}
	d, ok := p.log.State().Device(p.Keys.Device)
	if !ok {
		return nil, ErrNotEnrolled
	}
	return d, nil
}

// TLS returns the key that this device shows to the hub.
func (p *Profile) TLS() key.TLSPrivate { return p.keys.tls }

// SignKey returns the device's signing key.
func (p *Profile) SignKey() key.SignPrivate { return p.keys.sign }

// KEMPublic returns the key to which epochs are wrapped for this device.
func (p *Profile) KEMPublic() key.DeviceKEM { return p.keys.kem.Public() }

// Officer returns the officer's key, if the member is one.
func (p *Profile) Officer() (key.OfficerPrivate, bool) {
	if p.keys.officer == nil {
		return key.OfficerPrivate{}, false
	}
	return *p.keys.officer, true
}

// Now returns the laptop's clock.
func (p *Profile) Now() time.Time { return p.opts.Clock() }

// Rand returns the source of randomness.
func (p *Profile) Rand() io.Reader { return p.opts.Rand }

// History returns how change-sets follow one another, for merging.
func (p *Profile) History() *causal.History { return &p.history }

// Keep stores a small secret of this profile, sealed, under a name; Kept returns it, or nil.
func (p *Profile) Keep(ctx context.Context, name string, secret []byte) error {
	return p.db.Update(ctx, func(tx *agentdb.Tx) error { return p.keep(tx, Secret{name, secret}) })
}

func (p *Profile) keep(tx *agentdb.Tx, s Secret) error {
	sealed, err := p.keys.storage.Seal("kept", []byte(s.Name), s.Value)
	if err != nil {
		return err
	}
	return tx.PutMeta("kept "+s.Name, sealed)
}

// Kept returns what Keep stored, or nil.
func (p *Profile) Kept(ctx context.Context, name string) (secret []byte, err error) {
	err = p.db.Update(ctx, func(tx *agentdb.Tx) error {
		sealed, err := tx.Meta("kept " + name)
		if errors.Is(err, agentdb.ErrNotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		secret, err = p.keys.storage.Open("kept", []byte(name), sealed)
		return err
	})
	return secret, err
}

// Storage seals what a use case wants to keep on this laptop's disk.
func (p *Profile) Storage() *seal.Storage { return p.keys.storage }

// Reads reports whether this device holds the key of a scope's current epoch.
func (p *Profile) Reads(scope schema.Scope) bool {
	if p.log == nil {
		return false
	}
	e, ok := p.log.State().CurrentEpoch(scope)
	if !ok {
		return false
	}
	_, ok = p.epochKey(scope, e)
	return ok
}

// epochKey returns the private key of a linked epoch. One that was made here for an order that somebody else carried out
// is none.
func (p *Profile) epochKey(scope schema.Scope, e ledger.Epoch) (seal.EpochPrivate, bool) {
	k, ok := p.epochs[epochID{scope, e.Number}]
	return k, ok && k.Public() == e.Public
}

// scribe returns the scribe of a bundle, or false while the bundle is not here. The directory has no bundle.
func (p *Profile) scribe(name schema.Pack) (*shorthand.Scribe, bool, error) {
	if s, ok := p.scribes[name]; ok {
		return s, true, nil
	}
	var bundle *pack.Bundle
	if !name.IsZero() {
		var ok bool
		if bundle, ok = p.bundles[name]; !ok {
			return nil, false, nil
		}
	}
	s, err := shorthand.NewScribe(bundle)
	if err != nil {
		return nil, false, err
	}
	p.scribes[name] = s
	return s, true, nil
}

// Bundle returns a form bundle, or false while it is not here.
func (p *Profile) Bundle(name schema.Pack) (*pack.Bundle, bool) {
	b, ok := p.bundles[name]
	return b, ok
}

// PutBundle keeps an encoded form bundle and returns the name that change-sets cite.
func (p *Profile) PutBundle(ctx context.Context, encoded []byte) (schema.Pack, error) {
	b, err := pack.Decode(encoded)
	if err != nil {
		return schema.Pack{}, err
	}
	name := schema.PackOf(b.Hash())
	sealed, err := p.keys.storage.Seal("bundle", name[:], encoded)
	if err != nil {
		return name, err
	}
	if err := p.db.Update(ctx, func(tx *agentdb.Tx) error { return tx.PutBundle(name, sealed) }); err != nil {
		return name, err
	}
	p.bundles[name] = b
	return name, nil
}
