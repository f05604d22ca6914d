package bare

import (
	"context"
	"database/sql"
	"errors"

	"escale/store/agentdb"
)

// Agent is a laptop's file without a laptop: the same tables and indexes, and nobody who looks at what is written.
type Agent struct {
	*file
	set, bytes, part *sql.Stmt
}

// AgentSet is a change-set and its bytes.
type AgentSet struct {
	agentdb.Set
	Raw []byte
}

// AgentRows are kept in one transaction.
type AgentRows struct {
	Sets  []AgentSet
	Parts []agentdb.Part
}

// OpenAgent makes a laptop's file.
func OpenAgent(ctx context.Context, path string) (*Agent, error) {
	d, err := agentdb.Open(ctx, path) // makes the tables
	if err != nil {
		return nil, err
	}
	if err := d.Close(); err != nil {
		return nil, err
	}
	f, err := open(path, "locking_mode(EXCLUSIVE)", "secure_delete(ON)", "cache_size(-16000)")
	if err != nil {
		return nil, err
	}
	a := &Agent{file: f}
	for _, s := range []struct {
		into  **sql.Stmt
		query string
	}{
		{&a.set, `INSERT INTO sets (id, stream, seq, parent, hash, state, opened, height, epoch, deltas, verdict) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`},
		{&a.bytes, `INSERT INTO set_bytes (id, raw) VALUES (?, ?)`},
		{&a.part, `INSERT INTO parts (object, record, scope, sealed) VALUES (?, ?, ?, ?)`},
	} {
		if *s.into, err = f.prepare(ctx, s.query); err != nil {
			return nil, errors.Join(err, f.Close())
		}
	}
	return a, nil
}

// Add keeps rows in one transaction.
func (a *Agent) Add(ctx context.Context, rows *AgentRows) error {
	return a.in(ctx, func(on func(*sql.Stmt) *sql.Stmt) error {
		set, bytes, part := on(a.set), on(a.bytes), on(a.part)
		for i := range rows.Sets {
			s := &rows.Sets[i]
			if _, err := set.ExecContext(ctx, s.ID, s.Stream, s.Seq, s.Parent, s.Hash[:], s.State, s.Opened, s.Height, s.Epoch, s.Deltas, s.Verdict); err != nil {
				return err
			}
			if _, err := bytes.ExecContext(ctx, s.ID, s.Raw); err != nil {
				return err
			}
		}
		for i := range rows.Parts {
			p := &rows.Parts[i]
			if _, err := part.ExecContext(ctx, p.Object[:], p.Record, p.Scope[:], p.Sealed); err != nil {
				return err
			}
		}
		return nil
	})
}
