package agentdb

import (
	"errors"
	"fmt"

	"escale/schema"
	"escale/sync/causal"
	"escale/sync/wire"
)

// State says how far a change-set has come.
type State int

// The states of a change-set.
const (
	Writing State = 0 // deltas may still join it
	Ready   State = 1 // signed, not known to be at the hub
	AtHub   State = 2
)

// Opened says whether a change-set's deltas were opened.
type Opened int

// What may have happened to the deltas of a change-set.
const (
	Waiting Opened = 0 // a key, a form bundle or a ledger entry is missing
	Done    Opened = 1
	Sealed  Opened = 2 // this laptop may not or can no longer open it
)

// Stream is a row of streams.
type Stream struct {
	ID     causal.Stream
	Name   schema.Stream
	Scope  schema.Scope
	Device schema.Device
	Own    bool
}

// Set is a row of sets.
type Set struct {
	ID      causal.Set
	Stream  causal.Stream
	Seq     uint64
	Parent  causal.Set
	Hash    schema.Hash // zero while open
	State   State
	Opened  Opened
	Height  uint64 // of the ledger head that it cites
	Epoch   uint32 // under which it is sealed
	Deltas  uint32
	Verdict string // why it does not count; empty if it does
}

// Statements of a save, which are prepared once.
const (
	insertSet    = `INSERT INTO sets (stream, seq, parent, hash, state, opened, height, epoch, deltas, verdict) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`
	insertDraft  = `INSERT INTO open_sets (id, draft) VALUES (?, ?)`
	updateDraft  = `UPDATE open_sets SET draft = ? WHERE id = ?`
	insertDelta  = `INSERT INTO open_deltas (set_id, idx, body) VALUES (?, ?, ?)`
	upsertMeta   = `INSERT INTO meta (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value`
	insertBytes  = `INSERT INTO set_bytes (id, raw) VALUES (?, ?)`
	dropBytes    = `DELETE FROM set_bytes WHERE id = ?`
	upsertCursor = `INSERT INTO cursors (scope, number, running) VALUES (?, ?, ?) ON CONFLICT (scope) DO UPDATE SET number = excluded.number, running = excluded.running`

	insertOutgoing = `INSERT INTO outbox (set_id, save, at, urgent) VALUES (?, ?, ?, ?) ON CONFLICT (set_id, save) DO UPDATE SET urgent = max(urgent, excluded.urgent)`
	forgetOutgoing = `DELETE FROM outbox WHERE set_id = ?`
	markAtHub      = `UPDATE sets SET state = 2 WHERE id = ? AND state = 1`
)

var hot = []string{insertSetKeys, insertSet, insertDraft, updateDraft, insertDelta, upsertMeta, insertBytes, dropBytes, upsertCursor, insertOutgoing,
	forgetOutgoing, markAtHub}

// Streams returns every stream.
func (t *Tx) Streams() (out []Stream, err error) {
	err = t.scan(func(scan func(...any) error) error {
		var s Stream
		var name, scope, device []byte
		if err := scan(&s.ID, &name, &scope, &device, &s.Own); err != nil {
			return err
		}
		if err := errors.Join(s.Name.UnmarshalBinary(name), s.Scope.UnmarshalBinary(scope), s.Device.UnmarshalBinary(device)); err != nil {
			return fmt.Errorf("%w: stream %d: %w", ErrDamaged, s.ID, err)
		}
		out = append(out, s)
		return nil
	}, `SELECT id, stream, scope, device, own FROM streams ORDER BY id`)
	return out, err
}

// AddStream stores a stream and returns its number.
func (t *Tx) AddStream(s Stream) (causal.Stream, error) {
	id, err := t.exec(`INSERT INTO streams (stream, scope, device, own) VALUES (?, ?, ?, ?)`, s.Name[:], s.Scope[:], s.Device[:], s.Own)
	return causal.Stream(id), err
}

const setColumns = `SELECT id, stream, seq, parent, hash, state, opened, height, epoch, deltas, verdict FROM sets `

// Sets calls f for each change-set in the order in which they were stored: a predecessor comes first.
func (t *Tx) Sets(f func(Set) error) error { return t.sets(f, setColumns+`ORDER BY id`) }

// WaitingSets calls f for each change-set that could not be opened yet.
func (t *Tx) WaitingSets(f func(Set) error) error {
	return t.sets(f, setColumns+`WHERE opened = 0 AND state <> 0 ORDER BY id`)
}

// OpenSets calls f for each change-set that is still open.
func (t *Tx) OpenSets(f func(Set) error) error {
	return t.sets(f, setColumns+`WHERE state = 0 ORDER BY id`)
}

// UnsentSets calls f for each closed change-set that is not known to be at the hub.
func (t *Tx) UnsentSets(f func(Set) error) error {
	return t.sets(f, setColumns+`WHERE state = 1 ORDER BY id`)
}

func (t *Tx) sets(f func(Set) error, query string, args ...any) error {
	return t.scan(func(scan func(...any) error) error {
		var s Set
		var hash []byte
		if err := scan(&s.ID, &s.Stream, &s.Seq, &s.Parent, &hash, &s.State, &s.Opened, &s.Height, &s.Epoch, &s.Deltas, &s.Verdict); err != nil {
			return err
		}
		if hash != nil {
			if err := s.Hash.UnmarshalBinary(hash); err != nil {
				return fmt.Errorf("%w: change-set %d: %w", ErrDamaged, s.ID, err)
			}
		}
		return f(s)
	}, query, args...)
}

// SetByHash returns a closed change-set, or ErrNotFound.
func (t *Tx) SetByHash(h schema.Hash) (out Set, err error) {
	err = ErrNotFound
	scanErr := t.sets(func(s Set) error { out, err = s, nil; return nil }, setColumns+`WHERE hash = ?`, h[:])
	return out, errors.Join(scanErr, err)
}

// AddSet stores a change-set and returns its number. raw is nil while it is open.
func (t *Tx) AddSet(s Set, raw []byte) (causal.Set, error) {
	var hash any
	if s.State != Writing {
		hash = s.Hash[:]
	}
	id, err := t.exec(insertSet, s.Stream, s.Seq, s.Parent, hash, s.State, s.Opened, s.Height, s.Epoch, s.Deltas, s.Verdict)
	if err != nil {
		return causal.Set(id), err
	}
	if _, err := t.exec(dropBytes, id); err != nil { // what a row left that was lost under this number
		return causal.Set(id), err
	}
	if raw == nil {
		return causal.Set(id), nil
	}
	_, err = t.exec(insertBytes, id, raw)
	return causal.Set(id), err
}

// AddSetAs stores a closed change-set under a number that it had before; zero gives it a new one.
func (t *Tx) AddSetAs(as causal.Set, s Set, raw []byte) (causal.Set, error) {
	id, err := t.AddSet(s, raw)
	if err != nil || as == 0 || as == id {
		return id, err
	}
	for _, query := range []string{`PRAGMA defer_foreign_keys = ON`, `UPDATE sets SET id = ?1 WHERE id = ?2`, `UPDATE set_bytes SET id = ?1 WHERE id = ?2`} {
		if _, err := t.exec(query, as, id); err != nil {
			return as, err
		}
	}
	return as, nil
}

// DropSet frees the number of a change-set that is broken or lost.
func (t *Tx) DropSet(set causal.Set) error {
	if _, err := t.exec(dropBytes, set); err != nil {
		return err
	}
	_, err := t.exec(`DELETE FROM sets WHERE id = ? AND state <> 0`, set)
	return err
}

// ParentOf returns the number of a change-set's predecessor as it is stored, whether that is here or not.
func (t *Tx) ParentOf(set causal.Set) (parent causal.Set, err error) {
	err = t.one(`SELECT parent FROM sets WHERE id = ?`, []any{set}, &parent)
	return parent, err
}

// PutDraft stores the header of an open change-set; first says that it was just added.
func (t *Tx) PutDraft(set causal.Set, draft []byte, first bool) error {
	if first {
		_, err := t.exec(insertDraft, set, draft)
		return err
	}
	_, err := t.exec(updateDraft, draft, set)
	return err
}

// PutDelta stores a delta of an open change-set.
func (t *Tx) PutDelta(set causal.Set, index uint32, body []byte) error {
	_, err := t.exec(insertDelta, set, index, body)
	return err
}

// Draft returns the header and the deltas of an open change-set.
func (t *Tx) Draft(set causal.Set) (draft []byte, deltas [][]byte, err error) {
	if err := t.one(`SELECT draft FROM open_sets WHERE id = ?`, []any{set}, &draft); err != nil {
		return nil, nil, err
	}
	err = t.scan(func(scan func(...any) error) error {
		var b []byte
		if err := scan(&b); err != nil {
			return err
		}
		deltas = append(deltas, b)
		return nil
	}, `SELECT body FROM open_deltas WHERE set_id = ? ORDER BY idx`, set)
	return draft, deltas, err
}

// CloseSet turns an open change-set into a signed one.
func (t *Tx) CloseSet(set causal.Set, hash schema.Hash, deltas uint32, raw []byte) error {
	steps := []struct {
		query string
		args  []any
	}{
		{`UPDATE sets SET hash = ?, state = 1, deltas = ? WHERE id = ? AND state = 0`, []any{hash[:], deltas, set}},
		{insertBytes, []any{set, raw}},
		{`DELETE FROM open_deltas WHERE set_id = ?`, []any{set}},
		{`DELETE FROM open_sets WHERE id = ?`, []any{set}},
	}
	for _, s := range steps {
		if _, err := t.exec(s.query, s.args...); err != nil {
			return err
		}
	}
	return nil
}

// DropOpenSet forgets an open change-set that holds no delta.
func (t *Tx) DropOpenSet(set causal.Set) error {
	if _, err := t.exec(`DELETE FROM open_sets WHERE id = ?`, set); err != nil {
		return err
	}
	if _, err := t.exec(forgetOutgoing, set); err != nil {
		return err
	}
	_, err := t.exec(`DELETE FROM sets WHERE id = ? AND state = 0`, set)
	return err
}

// Raw returns the bytes of a closed change-set.
func (t *Tx) Raw(set causal.Set) (raw []byte, err error) {
	err = t.one(`SELECT raw FROM set_bytes WHERE id = ?`, []any{set}, &raw)
	return raw, err
}

// MarkAtHub notes that the hub acknowledged change-sets.
func (t *Tx) MarkAtHub(set causal.Set) error {
	if _, err := t.exec(markAtHub, set); err != nil {
		return err
	}
	_, err := t.exec(forgetOutgoing, set)
	return err
}

// MarkUnsent makes one change-set wait to be offered again.
func (t *Tx) MarkUnsent(set causal.Set) error {
	_, err := t.exec(`UPDATE sets SET state = 1 WHERE id = ? AND state = 2`, set)
	return err
}

// MarkAllUnsent makes every closed change-set, whoever wrote it, wait to be offered again.
func (t *Tx) MarkAllUnsent() error {
	if _, err := t.exec(`DELETE FROM cursors`); err != nil {
		return err
	}
	_, err := t.exec(`UPDATE sets SET state = 1 WHERE state = 2`)
	return err
}

// MarkScopeUnsent makes a scope's closed change-sets wait to be offered again.
func (t *Tx) MarkScopeUnsent(scope schema.Scope) error {
	_, err := t.exec(`UPDATE sets SET state = 1 WHERE state = 2 AND stream IN (SELECT id FROM streams WHERE scope = ?)`, scope[:])
	return err
}

// MarkOpened notes whether a change-set's deltas were opened.
func (t *Tx) MarkOpened(set causal.Set, o Opened) error {
	_, err := t.exec(`UPDATE sets SET opened = ? WHERE id = ?`, o, set)
	return err
}

// SetVerdict notes why a change-set does not count, or that it does.
func (t *Tx) SetVerdict(set causal.Set, verdict string) error {
	_, err := t.exec(`UPDATE sets SET verdict = ? WHERE id = ?`, verdict, set)
	return err
}

// Cursors returns how far each scope was read.
func (t *Tx) Cursors() (map[schema.Scope]wire.Cursor, error) {
	out := map[schema.Scope]wire.Cursor{}
	err := t.scan(func(scan func(...any) error) error {
		var c wire.Cursor
		var scope, running []byte
		if err := scan(&scope, &c.Number, &running); err != nil {
			return err
		}
		if err := errors.Join(c.Scope.UnmarshalBinary(scope), c.Running.UnmarshalBinary(running)); err != nil {
			return fmt.Errorf("%w: cursor: %w", ErrDamaged, err)
		}
		out[c.Scope] = c
		return nil
	}, `SELECT scope, number, running FROM cursors`)
	return out, err
}

// PutCursor stores how far a scope was read.
func (t *Tx) PutCursor(c wire.Cursor) error {
	_, err := t.exec(upsertCursor, c.Scope[:], c.Number, c.Running[:])
	return err
}
