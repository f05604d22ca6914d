package agentdb

import (
	"context"
	"database/sql/driver"

	"modernc.org/sqlite"
)

// Limit bounds the file's pages, as a full disk would; 0 lifts the bound.
func (d *DB) Limit(ctx context.Context, pages int) error {
	if pages == 0 {
		pages = 1 << 30
	}
	var now int
	return d.db.QueryRowContext(ctx, "PRAGMA max_page_count = "+itoa(pages)).Scan(&now)
}

// Newer makes the file look as if a later program had written it.
func (d *DB) Newer(ctx context.Context) error {
	_, err := d.db.ExecContext(ctx, "PRAGMA user_version = 9999")
	return err
}

func itoa(n int) string {
	if n < 10 {
		return string(rune('0' + n))
	}
	return itoa(n/10) + itoa(n%10)
}

// Pragma reads a setting of the connection.
func (d *DB) Pragma(ctx context.Context, name string) (v string, err error) {
	err = d.db.QueryRowContext(ctx, "PRAGMA "+name).Scan(&v)
	return v, err
}

// FailCommits lets every commit fail, as a disk does that refuses the last write; off ends it.
func (d *DB) FailCommits(ctx context.Context, on bool) error {
	c, err := d.db.Conn(ctx)
	if err != nil {
		return err
	}
	defer c.Close()
	return c.Raw(func(raw any) error {
		hooks, ok := raw.(sqlite.HookRegisterer)
		if !ok {
			return driver.ErrBadConn
		}
		hooks.RegisterCommitHook(func() int32 {
			if on {
				return 1
			}
			return 0
		})
		return nil
	})
}
