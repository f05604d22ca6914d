package hubsqlite

import (
	"database/sql"

	"escale/schema"
	"escale/sync/hub"
	"escale/sync/wire"
)

const selectScope = "SELECT id, scope, number, running, conflicts, conflict_since, aside_since FROM scopes"

func scopeColumns(r *hub.ScopeRow) []any {
	return []any{&r.ID, fixed(r.Scope[:]), &r.Number, fixed(r.Running[:]), &r.Conflicts, &r.ConflictSince, &r.AsideSince}
}

// LockScope returns a scope's row. The one writer is the lock.
func (t *tx) LockScope(s schema.Scope) (r hub.ScopeRow, err error) {
	found, err := t.one(selectScope+" WHERE scope = ?", []any{s[:]}, scopeColumns(&r)...)
	if err != nil || found {
		return r, err
	}
	r = hub.ScopeRow{Scope: s}
	r.ID, err = t.insert("INSERT INTO scopes (scope, number, running, conflicts) VALUES (?, 0, ?, 0)", s[:], r.Running[:])
	return r, err
}

// PutScope writes a scope's counters.
func (t *tx) PutScope(r hub.ScopeRow) error {
	return t.exec("UPDATE scopes SET number = ?, running = ?, conflicts = ?, conflict_since = ?, aside_since = ? WHERE id = ?",
		int64(r.Number), r.Running[:], r.Conflicts, r.ConflictSince, r.AsideSince, r.ID)
}

// Scopes returns all scopes.
func (t *tx) Scopes() (out []hub.ScopeRow, err error) {
	err = t.rows(selectScope, func(rows *sql.Rows) error {
		var r hub.ScopeRow
		if err := rows.Scan(scopeColumns(&r)...); err != nil {
			return err
		}
		out = append(out, r)
		return nil
	})
	return out, err
}

// FindStream returns a stream.
func (t *tx) FindStream(s schema.Stream) (r hub.StreamRow, found bool, err error) {
	r.Stream = s
	found, err = t.one("SELECT id, device, scope FROM streams WHERE stream = ?", []any{s[:]}, &r.ID, fixed(r.Device[:]), &r.Scope)
	return r, found, err
}

// AddStream adds a stream.
func (t *tx) AddStream(r hub.StreamRow) (int64, error) {
	return t.insert("INSERT INTO streams (stream, device, scope) VALUES (?, ?, ?)", r.Stream[:], r.Device[:], r.Scope)
}

// Branches returns the branches of a stream in their order.
func (t *tx) Branches(stream int64) (out []hub.Branch, err error) {
	err = t.rows("SELECT parent, start, tip FROM branches WHERE stream = ? ORDER BY number", func(rows *sql.Rows) error {
		var b hub.Branch
		if err := rows.Scan(&b.Parent, &b.From, &b.Tip); err != nil {
			return err
		}
		out = append(out, b)
		return nil
	}, stream)
	return out, err
}

// PutBranch writes one branch.
func (t *tx) PutBranch(stream int64, number uint32, b hub.Branch) error {
	return t.exec(`INSERT INTO branches (stream, number, parent, start, tip) VALUES (?, ?, ?, ?, ?)
		ON CONFLICT (stream, number) DO UPDATE SET tip = excluded.tip`,
		stream, int64(number), int64(b.Parent), int64(b.From), b.Tip)
}

// Tips returns the tips of a scope.
func (t *tx) Tips(scope int64) (out []wire.Tip, err error) {
	err = t.rows(`SELECT m.stream, s.seq, s.hash FROM streams m
		JOIN branches b ON b.stream = m.id JOIN sets s ON s.id = b.tip WHERE m.scope = ?`, func(rows *sql.Rows) error {
		var x wire.Tip
		if err := rows.Scan(fixed(x.Stream[:]), &x.Seq, fixed(x.Set[:])); err != nil {
			return err
		}
		out = append(out, x)
		return nil
	}, scope)
	return out, err
}

// TipsOf returns the tips of a device's own streams.
func (t *tx) TipsOf(d schema.Device) (out []hub.DeviceTip, err error) {
	err = t.rows(`SELECT c.scope, m.stream, s.seq, s.hash FROM streams m JOIN scopes c ON c.id = m.scope
		JOIN branches b ON b.stream = m.id JOIN sets s ON s.id = b.tip WHERE m.device = ?`, func(rows *sql.Rows) error {
		var x hub.DeviceTip
		if err := rows.Scan(fixed(x.Scope[:]), fixed(x.Stream[:]), &x.Seq, fixed(x.Set[:])); err != nil {
			return err
		}
		out = append(out, x)
		return nil
	}, d[:])
	return out, err
}
