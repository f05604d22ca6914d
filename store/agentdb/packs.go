package agentdb

import (
	"context"
	"errors"
	"fmt"

	"escale/schema"
	"escale/sync/causal"
)

// SetKeys is a row of set_keys.
type SetKeys struct {
	Set     causal.Set
	Head    []byte
	Objects []byte
}

// PutSetKeys stores what re-wrapping needs of a closed change-set.
func (t *Tx) PutSetKeys(k SetKeys) error {
	_, err := t.exec(insertSetKeys, k.Set, k.Head, k.Objects)
	return err
}

const insertSetKeys = `INSERT INTO set_keys (id, head, objects) VALUES (?, ?, ?) ON CONFLICT (id) DO UPDATE SET head = excluded.head, objects = excluded.objects`

// SetKeys calls f with what is stored of each of the change-sets, in the order of their numbers.
func (t *Tx) SetKeys(sets []causal.Set, f func(SetKeys) error) error {
	for len(sets) > 0 {
		n := min(len(sets), keysAtOnce)
		args := make([]any, keysAtOnce)
		for i := range args {
			args[i] = sets[min(i, n-1)] // naming one twice finds it once
		}
		err := t.scan(func(scan func(...any) error) error {
			var k SetKeys
			if err := scan(&k.Set, &k.Head, &k.Objects); err != nil {
				return err
			}
			return f(k)
		}, selectSetKeys, args...)
		if err != nil {
			return err
		}
		sets = sets[n:]
	}
	return nil
}

// keysAtOnce is how many change-sets one statement asks for.
const keysAtOnce = 256

const selectSetKeys = `SELECT id, head, objects FROM set_keys WHERE id IN (` + places64 + `,` + places64 + `,` + places64 + `,` + places64 + `) ORDER BY id`

const places64 = `?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?`

// Unkeyed returns up to limit closed change-sets of which nothing is stored in set_keys: an earlier release kept them.
func (t *Tx) Unkeyed(limit int) (out []causal.Set, err error) {
	err = t.scan(func(scan func(...any) error) error {
		var id causal.Set
		err := scan(&id)
		out = append(out, id)
		return err
	}, `SELECT id FROM sets WHERE state <> 0 AND id NOT IN (SELECT id FROM set_keys) ORDER BY id LIMIT ?`, limit)
	return out, err
}

// Pack is a row of packs. Name is zero while it is being written.
type Pack struct {
	ID       int64
	Name     schema.Hash
	Scope    schema.Scope
	Epoch    uint32
	Manifest []byte
	Whole    bool
}

// AddPack stores a pack that is to be written or fetched, and returns its number.
func (t *Tx) AddPack(p Pack) (int64, error) {
	return t.exec(`INSERT INTO packs (name, scope, epoch, manifest, whole) VALUES (?, ?, ?, ?, ?)`, packName(p.Name), p.Scope[:], p.Epoch, p.Manifest, p.Whole)
}

func packName(name schema.Hash) any {
	if name.IsZero() {
		return nil
	}
	return name[:]
}

// FinishPack notes that all of a pack is here, and what it is called.
func (t *Tx) FinishPack(p Pack) error {
	_, err := t.exec(`UPDATE packs SET name = ?, manifest = ?, whole = 1 WHERE id = ?`, packName(p.Name), p.Manifest, p.ID)
	return err
}

// Packs calls f for each pack.
func (t *Tx) Packs(f func(Pack) error) error {
	return t.scan(func(scan func(...any) error) error {
		var p Pack
		var name, scope []byte
		if err := scan(&p.ID, &name, &scope, &p.Epoch, &p.Manifest, &p.Whole); err != nil {
			return err
		}
		err := p.Scope.UnmarshalBinary(scope)
		if name != nil {
			err = errors.Join(err, p.Name.UnmarshalBinary(name))
		}
		if err != nil {
			return fmt.Errorf("%w: key pack: %w", ErrDamaged, err)
		}
		return f(p)
	}, `SELECT id, name, scope, epoch, manifest, whole FROM packs ORDER BY id`)
}

// DropPack forgets a pack and its segments; their pages are overwritten.
func (t *Tx) DropPack(id int64) error {
	for _, query := range []string{`DELETE FROM segments WHERE pack = ?`, `DELETE FROM packs WHERE id = ?`} {
		if _, err := t.exec(query, id); err != nil {
			return err
		}
	}
	return nil
}

// PutSegment stores one segment.
func (t *Tx) PutSegment(pack int64, index uint32, b []byte) error {
	_, err := t.exec(`INSERT INTO segments (pack, idx, bytes) VALUES (?, ?, ?)`, pack, index, b)
	return err
}

// Segments calls f for each segment of a pack that is here, in order.
func (t *Tx) Segments(pack int64, f func(index uint32, b []byte) error) error {
	return t.scan(func(scan func(...any) error) error {
		var index uint32
		var b []byte
		if err := scan(&index, &b); err != nil {
			return err
		}
		return f(index, b)
	}, `SELECT idx, bytes FROM segments WHERE pack = ? ORDER BY idx`, pack)
}

// Segment returns the bytes of a segment, or ErrNotFound.
func (t *Tx) Segment(pack int64, index uint32) (b []byte, err error) {
	err = t.one(`SELECT bytes FROM segments WHERE pack = ? AND idx = ?`, []any{pack, index}, &b)
	return b, err
}

// CountSegments counts the segments of a pack that are here.
func (t *Tx) CountSegments(pack int64) (n uint32, err error) {
	err = t.one(`SELECT count(*) FROM segments WHERE pack = ?`, []any{pack}, &n)
	return n, err
}

// DropEpoch forgets an epoch's key and the keys of own sessions under it. Their bytes are overwritten in the file; Scrub
// takes them out of the journal.
func (t *Tx) DropEpoch(scope schema.Scope, number uint32) error {
	if _, err := t.exec(`DELETE FROM epoch_keys WHERE scope = ? AND number = ?`, scope[:], number); err != nil {
		return err
	}
	_, err := t.exec(`UPDATE sessions SET sealed_key = NULL WHERE scope = ? AND epoch = ? AND sealed_key IS NOT NULL`, scope[:], number)
	return err
}

// Blob returns one kept blob, or ErrNotFound.
func (t *Tx) Blob(id schema.Hash) (b []byte, err error) {
	err = t.one(`SELECT bytes FROM blobs WHERE id = ?`, []any{id[:]}, &b)
	return b, err
}

// DropBlob forgets a kept blob.
func (t *Tx) DropBlob(id schema.Hash) error {
	_, err := t.exec(`DELETE FROM blobs WHERE id = ?`, id[:])
	return err
}

// Scrub folds the journal into the file and empties it, so that what was overwritten in the file is in no journal either.
// What the disk itself keeps of overwritten blocks is out of reach.
func (d *DB) Scrub(ctx context.Context) error {
	var busy, frames, done int
	if err := d.db.QueryRowContext(ctx, `PRAGMA wal_checkpoint(TRUNCATE)`).Scan(&busy, &frames, &done); err != nil {
		return fmt.Errorf("empty the journal: %w", classify(err))
	}
	if busy != 0 {
		return fmt.Errorf("empty the journal: %w", ErrInUse)
	}
	return nil
}
