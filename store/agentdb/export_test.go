package agentdb

import "context"

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
