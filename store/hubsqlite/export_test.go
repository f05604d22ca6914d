package hubsqlite

import (
	"context"
	"database/sql/driver"
	"fmt"

	"modernc.org/sqlite"
)

// PragmaForTest reads a setting of the writer's connection.
func (s *Store) PragmaForTest(ctx context.Context, name string) (v string, err error) {
	on := <-s.writer
	defer func() { s.writer <- on }()
	err = on.conn.QueryRowContext(ctx, "PRAGMA "+name).Scan(&v)
	return v, err
}

// LimitForTest lets the file grow by so many pages and no more, as a full disk would.
func (s *Store) LimitForTest(ctx context.Context, pages int) error {
	on := <-s.writer
	defer func() { s.writer <- on }()
	var now int
	if err := on.conn.QueryRowContext(ctx, "PRAGMA page_count").Scan(&now); err != nil {
		return err
	}
	_, err := on.conn.ExecContext(ctx, fmt.Sprintf("PRAGMA max_page_count = %d", now+pages))
	return err
}

// WriteNothingForTest lets the writer's connection write no more.
func (s *Store) WriteNothingForTest(ctx context.Context) error {
	on := <-s.writer
	defer func() { s.writer <- on }()
	_, err := on.conn.ExecContext(ctx, "PRAGMA query_only = ON")
	return err
}

// FailCommitsForTest lets every commit fail, as a disk does that refuses the last write; off ends it.
func (s *Store) FailCommitsForTest(fails bool) error {
	on := <-s.writer
	defer func() { s.writer <- on }()
	return on.conn.Raw(func(raw any) error {
		hooks, ok := raw.(sqlite.HookRegisterer)
		if !ok {
			return driver.ErrBadConn
		}
		hooks.RegisterCommitHook(func() int32 {
			if fails {
				return 1
			}
			return 0
		})
		return nil
	})
}
