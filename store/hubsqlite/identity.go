package hubsqlite

import (
	"database/sql"

	"escale/sync/hub"
)

// Identity returns whose hub this is.
func (t *tx) Identity() (id hub.Identity, found bool, err error) {
	found, err = t.one("SELECT org, epoch, judged FROM identity", nil, fixed(id.Org[:]), fixed(id.Epoch[:]), &id.Judged)
	return id, found, err
}

// PutIdentity writes it.
func (t *tx) PutIdentity(id hub.Identity) error {
	return t.exec(`INSERT INTO identity (one, org, epoch, judged) VALUES (1, ?, ?, ?)
		ON CONFLICT (one) DO UPDATE SET org = excluded.org, epoch = excluded.epoch, judged = excluded.judged`,
		id.Org[:], id.Epoch[:], int64(id.Judged))
}

// AddEntry adds a ledger entry. A height that does not follow is refused like one that is taken.
func (t *tx) AddEntry(height uint64, entry []byte) error {
	var next int64
	if _, err := t.one("SELECT coalesce(max(height) + 1, 0) FROM ledger", nil, &next); err != nil {
		return err
	}
	if int64(height) != next {
		return taken("ledger height %d, the next is %d", height, next)
	}
	return t.exec("INSERT INTO ledger (height, entry) VALUES (?, ?)", int64(height), entry)
}

// Entries reads the ledger.
func (t *tx) Entries(from uint64, f func([]byte) error) error {
	return t.rows("SELECT entry FROM ledger WHERE height >= ? ORDER BY height", func(r *sql.Rows) error {
		var b []byte
		if err := r.Scan(&b); err != nil {
			return err
		}
		return f(b)
	}, int64(from))
}
