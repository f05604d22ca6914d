package hubsqlite

import (
	"database/sql"

	"escale/schema"
	"escale/sync/hub"
)

// Hashes reads the names of a scope's change-sets. There is no index by scope and hash: it would cost every push, and only
// a mismatch asks.
func (t *tx) Hashes(scope int64, f func(schema.Hash) error) error {
	return t.rows("SELECT hash FROM sets WHERE scope = ?", func(rows *sql.Rows) error {
		var h schema.Hash
		if err := rows.Scan(fixed(h[:])); err != nil {
			return err
		}
		return f(h)
	}, scope)
}

// Torn compares each scope's counter with its rows, on the index alone.
func (t *tx) Torn() (out []schema.Scope, err error) {
	err = t.rows("SELECT scope FROM scopes c WHERE number <> (SELECT count(*) FROM sets s WHERE s.scope = c.id)", func(rows *sql.Rows) error {
		var s schema.Scope
		err := rows.Scan(fixed(s[:]))
		out = append(out, s)
		return err
	})
	return out, err
}

// Holes walks along the numbers that are there.
func (t *tx) Holes(scope int64, limit int) (out []uint64, err error) {
	next := uint64(1)
	gap := func(upTo uint64) {
		for ; next < upTo && len(out) < limit; next++ {
			out = append(out, next)
		}
	}
	err = t.rows("SELECT number FROM sets WHERE scope = ? ORDER BY number", func(rows *sql.Rows) error {
		var n uint64
		err := rows.Scan(&n)
		gap(n)
		next = n + 1
		return err
	}, scope)
	if err != nil {
		return nil, err
	}
	var last uint64
	if _, err := t.one("SELECT number FROM scopes WHERE id = ?", []any{scope}, &last); err != nil {
		return nil, err
	}
	gap(last + 1)
	return out, nil
}

// SetsAt reads a place of a stream.
func (t *tx) SetsAt(scope, stream int64, seq uint64) (out []hub.SetRow, err error) {
	err = t.rows("SELECT "+setFields+" FROM sets s WHERE s.scope = ? AND s.stream = ? AND s.seq = ?", func(rows *sql.Rows) error {
		var r hub.SetRow
		err := rows.Scan(setColumns(&r)...)
		out = append(out, r)
		return err
	}, scope, stream, int64(seq))
	return out, err
}

// SetAside removes a change-set and what is left of its bytes. Its branch may point at nothing until MendTips.
func (t *tx) SetAside(id int64) error {
	for _, query := range []string{"DELETE FROM dangling WHERE set_id = ?", "DELETE FROM set_bytes WHERE id = ?"} {
		if err := t.exec(query, id); err != nil {
			return err
		}
	}
	if err := t.exec("PRAGMA defer_foreign_keys = ON"); err != nil {
		return err
	}
	return t.exec("DELETE FROM sets WHERE id = ?", id)
}

// MendTips lets each branch of a scope whose tip is lost end with its newest change-set that is here, one that lost all of
// them with the change-set after which it left its parent; a branch of which nothing is left goes, unless a later one has a number after it.
func (t *tx) MendTips(scope int64) error {
	const lost = " WHERE stream IN (SELECT id FROM streams WHERE scope = ?) AND NOT EXISTS (SELECT 1 FROM sets WHERE id = branches.tip)"
	const newest = "(SELECT id FROM sets s WHERE s.scope = ? AND s.stream = branches.stream AND s.branch = branches.number ORDER BY seq DESC LIMIT 1)"
	const fork = "(SELECT id FROM sets s WHERE s.scope = ? AND s.stream = branches.stream AND s.branch = branches.parent AND s.seq = branches.start)"
	if err := t.exec("UPDATE branches SET tip = "+newest+lost+" AND "+newest+" IS NOT NULL", scope, scope, scope); err != nil {
		return err
	}
	if err := t.exec("UPDATE branches SET tip = "+fork+lost+" AND parent <> number AND "+fork+" IS NOT NULL", scope, scope, scope); err != nil {
		return err
	}
	return t.exec("DELETE FROM branches"+lost+` AND NOT EXISTS (SELECT 1 FROM branches b JOIN sets s ON s.id = b.tip
		WHERE b.stream = branches.stream AND b.number > branches.number)`, scope)
}

// DropOrphans removes bytes without a row, so that no new change-set finds its place taken by them.
func (t *tx) DropOrphans() error {
	return t.exec("DELETE FROM set_bytes WHERE id NOT IN (SELECT id FROM sets)")
}

// PutRunning writes a running hash.
func (t *tx) PutRunning(id int64, running schema.Hash) error {
	return t.exec("UPDATE sets SET running = ? WHERE id = ?", running[:], id)
}
