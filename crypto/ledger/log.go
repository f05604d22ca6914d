package ledger

import (
	"bytes"
	"errors"
	"fmt"

	"escale/schema"
)

// Log is a verified log from genesis to its head. It is not safe for concurrent use; its States are.
type Log struct {
	entries [][]byte
	hashes  []schema.Hash
	heights map[schema.Hash]uint64
	state   *State // changes with each entry
	shown   *State // snapshot of state, or nil
}

// New starts a log from the genesis of the organisation that the caller has pinned.
func New(org schema.Org, genesis []byte) (*Log, error) {
	if OrgOf(genesis) != org {
		return nil, fmt.Errorf("genesis: %w", ErrForeign)
	}
	g, err := DecodeGenesis(genesis)
	if err != nil {
		return nil, err
	}
	l := &Log{heights: map[schema.Hash]uint64{}, state: newState(org, g)}
	if err := g.found(l.state); err != nil {
		return nil, err
	}
	l.keep(HashOf(0, genesis), genesis)
	return l, nil
}

// Replay verifies a whole log, entry 0 first.
func Replay(org schema.Org, entries [][]byte) (*Log, error) {
	if len(entries) == 0 {
		return nil, fmt.Errorf("%w: a log without genesis", ErrInvalid)
	}
	l, err := New(org, entries[0])
	if err != nil {
		return nil, err
	}
	for _, e := range entries[1:] {
		if err := l.Append(e); err != nil {
			return nil, err
		}
	}
	return l, nil
}

func (l *Log) keep(h schema.Hash, entry []byte) {
	height := uint64(len(l.entries))
	l.entries = append(l.entries, bytes.Clone(entry))
	l.hashes = append(l.hashes, h)
	l.heights[h] = height
	l.state.commit(Head{Height: height, Hash: h})
	l.shown = nil
}

// Org returns the organisation.
func (l *Log) Org() schema.Org { return l.state.org }

// Head returns the newest entry's height and hash.
func (l *Log) Head() Head { return l.state.head }

// State returns what the log says at its head. It stays as it is when the log grows.
func (l *Log) State() *State {
	if l.shown == nil {
		l.shown = l.state.clone()
	}
	return l.shown
}

// HashAt returns the hash of the entry at a height.
func (l *Log) HashAt(height uint64) (schema.Hash, bool) {
	if height >= uint64(len(l.hashes)) {
		return schema.Hash{}, false
	}
	return l.hashes[height], true
}

// HeightOf returns the height of the entry with a hash: of a ledger head that a change-set cites.
func (l *Log) HeightOf(h schema.Hash) (uint64, bool) {
	height, ok := l.heights[h]
	return height, ok
}

// Entries returns the entries from a height on; they must not be changed.
func (l *Log) Entries(from uint64) [][]byte {
	if from >= uint64(len(l.entries)) {
		return nil
	}
	return l.entries[from:len(l.entries):len(l.entries)]
}

// Check refuses to go back: seen is the highest head that the caller ever saw, and the log must hold it.
func (l *Log) Check(seen Head) error {
	h, ok := l.HashAt(seen.Height)
	if !ok {
		return fmt.Errorf("%w: height %d was seen, the log ends at %d", ErrRollback, seen.Height, l.Head().Height)
	}
	if h != seen.Hash {
		return fmt.Errorf("%w: another entry was seen at height %d", ErrRollback, seen.Height)
	}
	return nil
}

// Append verifies an entry and adds it. It answers ErrKnown for an entry that it holds, ErrNotExtending for one that
// follows another head: who meant to link must link again. An entry that is refused changes nothing.
func (l *Log) Append(entry []byte) error {
	h, err := l.try(entry)
	if err != nil {
		l.state.drop()
		return err
	}
	l.keep(h, entry)
	return nil
}

// Verify answers what Append would, and adds nothing.
func (l *Log) Verify(entry []byte) error {
	_, err := l.try(entry)
	l.state.drop()
	return err
}

// Follow adds an entry that the hub or a courier shows as linked. One that is held already is no error. One that
// contradicts the log, signed by a device that the log knows, is a ForkError: proof that there are two histories.
func (l *Log) Follow(entry []byte) error {
	err := l.Append(entry)
	switch {
	case errors.Is(err, ErrKnown):
		return nil
	case !errors.Is(err, ErrNotExtending):
		return err
	}
	link, signed, decodeErr := DecodeLink(entry)
	if decodeErr != nil {
		return decodeErr
	}
	d, ok := l.state.devices.get(link.Device)
	if !ok || link.Height > l.Head().Height+1 {
		return err
	}
	if err := signed.verify(l.Org(), d.Keys.Sign); err != nil {
		return err
	}
	at := min(link.Height, l.Head().Height)
	return &ForkError{Height: at, Ours: l.entries[at], Theirs: bytes.Clone(entry)}
}

// try applies an entry to the waiting part of the state.
func (l *Log) try(entry []byte) (schema.Hash, error) {
	h := HashOf(1, entry)
	if _, ok := l.heights[h]; ok || bytes.Equal(entry, l.entries[0]) {
		return h, ErrKnown
	}
	link, signed, err := DecodeLink(entry)
	if err != nil {
		return h, err
	}
	if err := l.follows(link); err != nil {
		return h, err
	}
	d, err := l.state.standing(link.Device)
	if err != nil {
		return h, fmt.Errorf("entry %d: signer: %w", link.Height, err)
	}
	if err := signed.verify(l.Org(), d.Keys.Sign); err != nil {
		return h, fmt.Errorf("entry %d: %w", link.Height, err)
	}
	if err := l.apply(link); err != nil {
		return h, fmt.Errorf("entry %d: %w", link.Height, err)
	}
	return h, nil
}

func (l *Log) follows(link *Link) error {
	head := l.Head()
	switch {
	case link.Org != l.Org():
		return fmt.Errorf("entry: %w", ErrForeign)
	case link.Height != head.Height+1:
		return fmt.Errorf("%w: entry %d after %d", ErrNotExtending, link.Height, head.Height)
	case link.Prev != head.Hash:
		return fmt.Errorf("%w: entry %d names another predecessor", ErrNotExtending, link.Height)
	}
	return nil
}

func (l *Log) apply(link *Link) error {
	e := event{height: link.Height, signer: link.Device, hashAt: l.HashAt}
	switch link.Kind {
	case PayloadOrder:
		return l.applyOrder(link, e)
	case PayloadResults:
		return l.applyResults(link, e)
	}
	return fmt.Errorf("%w: payload %d", ErrUnknownKind, link.Kind)
}

func (l *Log) applyOrder(link *Link, e event) error {
	if !l.state.isOfficersDevice(link.Device) {
		return fmt.Errorf("%w: an order is linked by an officer's device", ErrNotPermitted)
	}
	signed, err := link.Order()
	if err != nil {
		return err
	}
	if err := signed.Verify(l.state); err != nil {
		return err
	}
	o, err := signed.Content()
	if err != nil {
		return err
	}
	if err := l.timely(o, link.Time); err != nil {
		return err
	}
	bodies, err := o.Decode()
	if err != nil {
		return err
	}
	e.order, e.signatures = o.ID, len(signed.Signatures)
	l.state.orders.put(o.ID, e.height)
	for i, b := range bodies {
		if err := b.apply(l.state, e); err != nil {
			return fmt.Errorf("body %d: %w", i, err)
		}
	}
	return nil
}

// timely: used once, not expired by the link's own time, and not before its least head.
func (l *Log) timely(o *Order, unixMilli int64) error {
	if _, used := l.state.orders.get(o.ID); used {
		return fmt.Errorf("%w: order %s", ErrUsed, o.ID)
	}
	if unixMilli/1000 > o.Expires {
		return fmt.Errorf("%w: order %s", ErrExpired, o.ID)
	}
	if h, ok := l.HashAt(o.Least.Height); !ok || h != o.Least.Hash {
		return fmt.Errorf("%w: height %d", ErrLeast, o.Least.Height)
	}
	return nil
}

func (l *Log) applyResults(link *Link, e event) error {
	results, err := link.Results()
	if err != nil {
		return err
	}
	for i, r := range results {
		if err := r.apply(l.state, e); err != nil {
			return fmt.Errorf("result %d: %w", i, err)
		}
	}
	return nil
}
