package hubsqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"escale/schema"
)

// tx is one transaction on one session; it implements hub.Tx.
type tx struct {
	ctx context.Context
	on  *session
}

func (t *tx) exec(query string, args ...any) error {
	_, err := t.change(query, args...)
	return err
}

func (t *tx) change(query string, args ...any) (sql.Result, error) {
	st, err := t.on.statement(t.ctx, query)
	if err != nil {
		return nil, err
	}
	return st.ExecContext(t.ctx, args...)
}

// insert runs an INSERT and returns the new row's id.
func (t *tx) insert(query string, args ...any) (int64, error) {
	res, err := t.change(query, args...)
	if err != nil {
		return 0, err
	}
	return res.LastInsertId()
}

// rows calls f for each row; f scans it.
func (t *tx) rows(query string, f func(*sql.Rows) error, args ...any) (err error) {
	st, err := t.on.statement(t.ctx, query)
	if err != nil {
		return err
	}
	rows, err := st.QueryContext(t.ctx, args...)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		if err := f(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

// one scans the only row of a query; found is false if there is none.
func (t *tx) one(query string, args []any, into ...any) (found bool, err error) {
	st, err := t.on.statement(t.ctx, query)
	if err != nil {
		return false, err
	}
	err = st.QueryRowContext(t.ctx, args...).Scan(into...)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	return err == nil, err
}

// fixed scans a blob into an identifier, refusing any other length.
type fixed []byte

// Scan copies the column.
func (f fixed) Scan(v any) error {
	b, ok := v.([]byte)
	if !ok || len(b) != len(f) {
		return fmt.Errorf("%w: column of the wrong length", schema.ErrIdentifier)
	}
	copy(f, b)
	return nil
}
