package bare

import (
	"context"
	"database/sql"
	"errors"

	"escale/schema"
	"escale/store/hubsqlite"
)

// Hub is a hub's file without a hub: the same tables and indexes, and nobody who looks at what is written.
type Hub struct {
	*file
	set, bytes, branch, scope, cell *sql.Stmt

	number int64
}

// Set is what a hub's file keeps of one change-set of the only stream of the only scope.
type Set struct {
	Hash    schema.Hash
	Running schema.Hash
	Seq     int64
	Raw     []byte
	Cells   []Cell // of the frontier
}

// Cell is one row of the frontier.
type Cell struct{ Key, Dots []byte }

// OpenHub makes a hub's file with one scope and one stream.
func OpenHub(ctx context.Context, path string) (*Hub, error) {
	s, err := hubsqlite.Open(ctx, path) // makes the tables
	if err != nil {
		return nil, err
	}
	if err := s.Close(); err != nil {
		return nil, err
	}
	f, err := open(path)
	if err != nil {
		return nil, err
	}
	h := &Hub{file: f}
	if err := h.begin(ctx); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return h, nil
}

func (h *Hub) begin(ctx context.Context) error {
	for _, q := range []string{
		"INSERT INTO scopes (id, scope, number, running, conflicts) VALUES (1, zeroblob(16), 0, zeroblob(32), 0)",
		"INSERT INTO streams (id, stream, device, scope) VALUES (1, zeroblob(16), zeroblob(16), 1)",
	} {
		if _, err := h.db.ExecContext(ctx, q); err != nil {
			return err
		}
	}
	for _, s := range []struct {
		into  **sql.Stmt
		query string
	}{
		{&h.set, `INSERT INTO sets (hash, stream, branch, seq, scope, number, epoch, cited, before, size, reason, running)
			VALUES (?, 1, 0, ?, 1, ?, 1, 10, 10, ?, '', ?)`},
		{&h.bytes, "INSERT INTO set_bytes (id, raw) VALUES (?, ?)"},
		{&h.branch, "INSERT INTO branches (stream, number, parent, start, tip) VALUES (1, 0, 0, 0, ?) ON CONFLICT (stream, number) DO UPDATE SET tip = excluded.tip"},
		{&h.scope, "UPDATE scopes SET number = ?, running = ? WHERE id = 1"},
		{&h.cell, "INSERT INTO frontier (scope, cell, dots) VALUES (1, ?, ?) ON CONFLICT (scope, cell) DO UPDATE SET dots = excluded.dots"},
	} {
		st, err := h.prepare(ctx, s.query)
		if err != nil {
			return err
		}
		*s.into = st
	}
	return nil
}

// Add keeps one change-set in one transaction.
func (h *Hub) Add(ctx context.Context, s *Set) error {
	h.number++
	return h.in(ctx, func(on func(*sql.Stmt) *sql.Stmt) error {
		r, err := on(h.set).ExecContext(ctx, s.Hash[:], s.Seq, h.number, len(s.Raw), s.Running[:])
		if err != nil {
			return err
		}
		id, err := r.LastInsertId()
		if err != nil {
			return err
		}
		if _, err := on(h.bytes).ExecContext(ctx, id, s.Raw); err != nil {
			return err
		}
		if _, err := on(h.branch).ExecContext(ctx, id); err != nil {
			return err
		}
		if _, err := on(h.scope).ExecContext(ctx, h.number, s.Running[:]); err != nil {
			return err
		}
		cell := on(h.cell)
		for i := range s.Cells {
			if _, err := cell.ExecContext(ctx, s.Cells[i].Key, s.Cells[i].Dots); err != nil {
				return err
			}
		}
		return nil
	})
}
