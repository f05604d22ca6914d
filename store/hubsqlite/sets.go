package hubsqlite

import (
	"database/sql"
	"fmt"

	"escale/schema"
	"escale/sync/hub"
	"escale/sync/wire"
)

const setFields = "s.id, s.hash, s.stream, s.branch, s.seq, s.scope, s.number, s.running, s.epoch, s.cited, s.before, s.reason"

func setColumns(r *hub.SetRow) []any {
	return []any{
		&r.ID, fixed(r.Hash[:]), &r.At.Stream, &r.At.Branch, &r.At.Seq, &r.Scope, &r.Number, fixed(r.Running[:]),
		&r.Epoch, &r.Cited, &r.Before, &r.Reason,
	}
}

// FindSet returns a change-set's row.
func (t *tx) FindSet(h schema.Hash) (r hub.SetRow, found bool, err error) {
	found, err = t.one("SELECT "+setFields+" FROM sets s WHERE s.hash = ?", []any{h[:]}, setColumns(&r)...)
	return r, found, err
}

// FindSets returns the rows of those that are here.
func (t *tx) FindSets(names []schema.Hash) (out []hub.SetRow, err error) {
	err = inRuns(len(names), func(from, n int) error {
		args := make([]any, n)
		for i := range args {
			args[i] = names[from+i][:]
		}
		return t.rows("SELECT "+setFields+" FROM sets s WHERE s.hash IN ("+places("?", n)+")", func(rows *sql.Rows) error {
			var r hub.SetRow
			if err := rows.Scan(setColumns(&r)...); err != nil {
				return err
			}
			out = append(out, r)
			return nil
		}, args...)
	})
	return out, err
}

// AddSet keeps a change-set and its bytes.
func (t *tx) AddSet(r hub.SetRow, raw []byte) (int64, error) {
	id, err := t.insert(`INSERT INTO sets (hash, stream, branch, seq, scope, number, running, epoch, cited, before, size, reason)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		r.Hash[:], r.At.Stream, int64(r.At.Branch), int64(r.At.Seq), r.Scope, int64(r.Number), r.Running[:], int64(r.Epoch),
		int64(r.Cited), int64(r.Before), int64(len(raw)), r.Reason)
	if err != nil {
		return 0, err
	}
	return id, t.exec("INSERT INTO set_bytes (id, raw) VALUES (?, ?)", id, raw)
}

// MarkSet changes why a change-set does not count.
func (t *tx) MarkSet(id int64, reason string) error {
	return t.exec("UPDATE sets SET reason = ? WHERE id = ?", reason, id)
}

// ThinSet replaces a change-set's bytes. The old ones are overwritten (secure_delete).
func (t *tx) ThinSet(id int64, raw []byte) error {
	if err := t.exec("UPDATE sets SET size = ? WHERE id = ?", int64(len(raw)), id); err != nil {
		return err
	}
	return t.exec("UPDATE set_bytes SET raw = ? WHERE id = ?", raw, id)
}

// Raw returns a change-set's bytes.
func (t *tx) Raw(id int64) (raw []byte, err error) {
	found, err := t.one("SELECT raw FROM set_bytes WHERE id = ?", []any{id}, &raw)
	if err == nil && !found {
		err = fmt.Errorf("%w: number %d", hub.ErrLost, id)
	}
	return raw, err
}

// Quarantined returns the oldest of what does not count.
func (t *tx) Quarantined(limit int) (out []wire.QuarantinedSet, err error) {
	err = t.rows(`SELECT s.hash, c.scope, m.device, m.stream, s.seq, s.reason FROM sets s
		JOIN scopes c ON c.id = s.scope JOIN streams m ON m.id = s.stream
		WHERE s.reason <> '' ORDER BY s.id LIMIT ?`, func(rows *sql.Rows) error {
		var q wire.QuarantinedSet
		err := rows.Scan(fixed(q.Set[:]), fixed(q.Scope[:]), fixed(q.Device[:]), fixed(q.Stream[:]), &q.Seq, &q.Reason)
		out = append(out, q)
		return err
	}, limit)
	return out, err
}

// CountQuarantined counts what does not count.
func (t *tx) CountQuarantined() (n int64, err error) {
	_, err = t.one("SELECT count(*) FROM sets WHERE reason <> ''", nil, &n)
	return n, err
}

// logPage is how many rows of a log are in memory at once.
const logPage = 128

// Log reads a scope's log page by page, so that f may use the same transaction.
func (t *tx) Log(scope int64, after uint64, f func(hub.LogEntry) (bool, error)) error {
	for {
		page, err := t.logPage(scope, after)
		if err != nil {
			return err
		}
		for _, e := range page {
			more, err := f(e)
			if err != nil || !more {
				return err
			}
			after = e.Number
		}
		if len(page) < logPage {
			return nil
		}
	}
}

func (t *tx) logPage(scope int64, after uint64) (out []hub.LogEntry, err error) {
	err = t.rows("SELECT "+setFields+`, s.size, m.stream, m.device FROM sets s JOIN streams m ON m.id = s.stream
		WHERE s.scope = ? AND s.number > ? ORDER BY s.number LIMIT ?`, func(rows *sql.Rows) error {
		var e hub.LogEntry
		err := rows.Scan(append(setColumns(&e.SetRow), &e.Size, fixed(e.Stream[:]), fixed(e.Device[:]))...)
		out = append(out, e)
		return err
	}, scope, int64(after), logPage)
	return out, err
}

// RunningAt returns the running hash at a number.
func (t *tx) RunningAt(scope int64, number uint64) (h schema.Hash, found bool, err error) {
	found, err = t.one("SELECT running FROM sets WHERE scope = ? AND number = ?", []any{scope, int64(number)}, fixed(h[:]))
	return h, found, err
}
