package agentdb

import (
	"errors"
	"fmt"

	"escale/schema"
)

// Meta returns a value, or ErrNotFound.
func (t *Tx) Meta(key string) (value []byte, err error) {
	err = t.one(`SELECT value FROM meta WHERE key = ?`, []any{key}, &value)
	return value, err
}

// PutMeta stores a value.
func (t *Tx) PutMeta(key string, value []byte) error {
	_, err := t.exec(upsertMeta, key, value)
	return err
}

// Ledger returns all entries in order.
func (t *Tx) Ledger() (out [][]byte, err error) {
	err = t.scan(func(scan func(...any) error) error {
		var height uint64
		var b []byte
		if err := scan(&height, &b); err != nil {
			return err
		}
		if height != uint64(len(out)) {
			return fmt.Errorf("%w: ledger entry %d is missing", ErrDamaged, len(out))
		}
		out = append(out, b)
		return nil
	}, `SELECT height, entry FROM ledger ORDER BY height`)
	return out, err
}

// AddLedger stores one entry.
func (t *Tx) AddLedger(height uint64, entry []byte) error {
	_, err := t.exec(`INSERT INTO ledger (height, entry) VALUES (?, ?)`, height, entry)
	return err
}

// Bundles calls f for each stored form bundle.
func (t *Tx) Bundles(f func(p schema.Pack, sealed []byte) error) error {
	return t.scan(func(scan func(...any) error) error {
		var name, sealed []byte
		var p schema.Pack
		if err := scan(&name, &sealed); err != nil {
			return err
		}
		if err := p.UnmarshalBinary(name); err != nil {
			return fmt.Errorf("%w: bundle: %w", ErrDamaged, err)
		}
		return f(p, sealed)
	}, `SELECT pack, sealed FROM bundles`)
}

// PutBundle stores a form bundle.
func (t *Tx) PutBundle(p schema.Pack, sealed []byte) error {
	_, err := t.exec(`INSERT INTO bundles (pack, sealed) VALUES (?, ?) ON CONFLICT (pack) DO NOTHING`, p[:], sealed)
	return err
}

// EpochKeys calls f for each stored epoch key.
func (t *Tx) EpochKeys(f func(scope schema.Scope, number uint32, sealed []byte) error) error {
	return t.scan(func(scan func(...any) error) error {
		var b, sealed []byte
		var scope schema.Scope
		var number uint32
		if err := scan(&b, &number, &sealed); err != nil {
			return err
		}
		if err := scope.UnmarshalBinary(b); err != nil {
			return fmt.Errorf("%w: epoch key: %w", ErrDamaged, err)
		}
		return f(scope, number, sealed)
	}, `SELECT scope, number, sealed FROM epoch_keys`)
}

// PutEpochKey stores an epoch key.
func (t *Tx) PutEpochKey(scope schema.Scope, number uint32, sealed []byte) error {
	_, err := t.exec(`INSERT INTO epoch_keys (scope, number, sealed) VALUES (?, ?, ?) ON CONFLICT (scope, number) DO UPDATE SET sealed = excluded.sealed`, scope[:], number, sealed)
	return err
}

// Session is a row of sessions.
type Session struct {
	ID        schema.Hash
	Scope     schema.Scope
	Epoch     uint32
	Header    []byte
	SealedKey []byte // own sessions that a reader keeps; else nil
	Made      int64  // Unix seconds
}

// PutSession stores a session header.
func (t *Tx) PutSession(s Session) error {
	_, err := t.exec(`INSERT INTO sessions (id, scope, epoch, header, sealed_key, made) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING`,
		s.ID[:], s.Scope[:], s.Epoch, s.Header, s.SealedKey, s.Made)
	return err
}

// SessionHeader returns the header of a session, or ErrNotFound.
func (t *Tx) SessionHeader(id schema.Hash) (header []byte, err error) {
	err = t.one(`SELECT header FROM sessions WHERE id = ?`, []any{id[:]}, &header)
	return header, err
}

// KeptSession returns the newest own session of a scope's epoch that was made between two moments, or ErrNotFound.
func (t *Tx) KeptSession(scope schema.Scope, epoch uint32, since, until int64) (s Session, err error) {
	var id []byte
	err = t.one(`SELECT id, header, sealed_key, made FROM sessions WHERE scope = ? AND epoch = ? AND made BETWEEN ? AND ? AND sealed_key IS NOT NULL
		ORDER BY made DESC LIMIT 1`, []any{scope[:], epoch, since, until}, &id, &s.Header, &s.SealedKey, &s.Made)
	if err != nil {
		return s, err
	}
	s.Scope, s.Epoch = scope, epoch
	return s, s.ID.UnmarshalBinary(id)
}

// ForgetSessions drops the kept keys of own sessions; the headers stay.
func (t *Tx) ForgetSessions() error {
	_, err := t.exec(`UPDATE sessions SET sealed_key = NULL WHERE sealed_key IS NOT NULL`)
	return err
}

// Part is a row of parts.
type Part struct {
	Object schema.Object
	Record []byte // keyed hash of the record
	Scope  schema.Scope
	Sealed []byte
}

// Part returns what is stored of an object, or ErrNotFound.
func (t *Tx) Part(o schema.Object) (p Part, err error) {
	err = ErrNotFound
	scan := t.parts(func(x Part) error { p, err = x, nil; return nil }, selectParts(1), o[:])
	return p, errors.Join(scan, err)
}

const partColumns = `SELECT object, record, scope, sealed FROM parts `

// Parts calls f for each part, in the order in which they came.
func (t *Tx) Parts(f func(Part) error) error {
	return t.parts(f, partColumns+`ORDER BY id`)
}

// PartsOf calls f for each part of a record.
func (t *Tx) PartsOf(record []byte, f func(Part) error) error {
	return t.parts(f, partColumns+`WHERE record = ? ORDER BY id`, record)
}

// PartsIn calls f for each part in a scope.
func (t *Tx) PartsIn(scope schema.Scope, f func(Part) error) error {
	return t.parts(f, partColumns+`WHERE scope = ? ORDER BY id`, scope[:])
}

func (t *Tx) parts(f func(Part) error, query string, args ...any) error {
	return t.scan(func(scan func(...any) error) error {
		var object, scope []byte
		var p Part
		if err := scan(&object, &p.Record, &scope, &p.Sealed); err != nil {
			return err
		}
		if err := errors.Join(p.Object.UnmarshalBinary(object), p.Scope.UnmarshalBinary(scope)); err != nil {
			return fmt.Errorf("%w: part: %w", ErrDamaged, err)
		}
		return f(p)
	}, query, args...)
}

// Check asks SQLite whether the file is whole.
func (t *Tx) Check() error {
	var said string
	if err := t.one(`PRAGMA quick_check(1)`, nil, &said); err != nil {
		return err
	}
	if said != "ok" {
		return fmt.Errorf("%w: the file's structure is broken", ErrDamaged)
	}
	return nil
}
