package hubsqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"escale/sync/hub"
)

// session is one connection with its prepared statements.
type session struct {
	conn *sql.Conn
	made map[string]*sql.Stmt
}

func newSession(ctx context.Context, db *sql.DB) (*session, error) {
	conn, err := db.Conn(ctx)
	if err != nil {
		return nil, err
	}
	return &session{conn: conn, made: map[string]*sql.Stmt{}}, nil
}

func (s *session) close() error {
	var errs []error
	for _, st := range s.made {
		errs = append(errs, st.Close())
	}
	return errors.Join(append(errs, s.conn.Close())...)
}

// statement prepares a query once. The queries are constants of this package, so there are few.
func (s *session) statement(ctx context.Context, query string) (*sql.Stmt, error) {
	if st, ok := s.made[query]; ok {
		return st, nil
	}
	st, err := s.conn.PrepareContext(ctx, query)
	if err != nil {
		return nil, err
	}
	s.made[query] = st
	return st, nil
}

// transaction ends with a commit, or with a rollback that takes back everything. Once begun it does not heed the
// context: a connection whose statement was interrupted half-way is in no state to be used again.
func (s *session) transaction(ctx context.Context, begin string, f func(hub.Tx) error) (err error) {
	if err := ctx.Err(); err != nil {
		return err
	}
	ctx = context.WithoutCancel(ctx)
	t := &tx{ctx: ctx, on: s}
	if err := t.exec(begin); err != nil {
		return err
	}
	done := false
	defer func() {
		if done {
			return
		}
		if e := t.exec("ROLLBACK"); e != nil && !alreadyBack(e) {
			err = errors.Join(err, e)
		}
	}()
	if err := f(t); err != nil {
		return err
	}
	if err := t.exec("COMMIT"); err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	done = true
	return nil
}

// alreadyBack reports that SQLite itself rolled back, as it does when the disk is full.
func alreadyBack(err error) bool { return strings.Contains(err.Error(), "no transaction is active") }
