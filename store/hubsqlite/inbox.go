package hubsqlite

import (
	"database/sql"
	"fmt"
	"time"

	"escale/schema"
	"escale/sync/hub"
)

func taken(format string, args ...any) error {
	return fmt.Errorf("%w: "+format, append([]any{hub.ErrTaken}, args...)...)
}

// PartialSize returns how many bytes are kept under a key.
func (t *tx) PartialSize(k hub.PartialKey) (n uint64, err error) {
	_, err = t.one("SELECT size FROM partials WHERE hash = ? AND stream = ? AND seq = ?", partialKey(k), &n)
	return n, err
}

func partialKey(k hub.PartialKey) []any { return []any{k.Set[:], k.Stream[:], int64(k.Seq)} }

// Partial returns what is kept under a key.
func (t *tx) Partial(k hub.PartialKey) (data []byte, err error) {
	_, err = t.one("SELECT data FROM partials WHERE hash = ? AND stream = ? AND seq = ?", partialKey(k), &data)
	return data, err
}

// PutPartial replaces what is kept under a key, and makes it the newest.
func (t *tx) PutPartial(k hub.PartialKey, by schema.Device, data []byte) error {
	if err := t.DropPartial(k); err != nil {
		return err
	}
	return t.exec("INSERT INTO partials (hash, stream, seq, device, size, data) VALUES (?, ?, ?, ?, ?, ?)",
		append(partialKey(k), by[:], int64(len(data)), data)...)
}

// DropPartial forgets what is kept under a key.
func (t *tx) DropPartial(k hub.PartialKey) error {
	return t.exec("DELETE FROM partials WHERE hash = ? AND stream = ? AND seq = ?", partialKey(k)...)
}

// PrunePartials forgets a device's oldest.
func (t *tx) PrunePartials(by schema.Device, keep int) error {
	return t.exec(`DELETE FROM partials WHERE device = ? AND id NOT IN
		(SELECT id FROM partials WHERE device = ? ORDER BY id DESC LIMIT ?)`, by[:], by[:], keep)
}

// CountPartials counts them.
func (t *tx) CountPartials() (c hub.PartialCount, err error) {
	_, err = t.one("SELECT count(*), coalesce(sum(size), 0) FROM partials", nil, &c.Sets, &c.Bytes)
	return c, err
}

// PutBlob keeps a blob; one that is here stays.
func (t *tx) PutBlob(name schema.Hash, blob []byte) error {
	return t.exec(`INSERT INTO blobs (name, size, blob) SELECT ?, ?, ? WHERE NOT EXISTS (SELECT 1 FROM dropped WHERE name = ?)
		ON CONFLICT DO NOTHING`, name[:], int64(len(blob)), blob, name[:])
}

// DropBlob forgets a blob and remembers its name, so that it is not taken again. Its pages are overwritten (secure_delete).
func (t *tx) DropBlob(name schema.Hash) error {
	if err := t.exec("DELETE FROM blobs WHERE name = ?", name[:]); err != nil {
		return err
	}
	return t.exec("INSERT INTO dropped (name) VALUES (?) ON CONFLICT DO NOTHING", name[:])
}

// Blob returns a blob.
func (t *tx) Blob(name schema.Hash) (blob []byte, found bool, err error) {
	found, err = t.one("SELECT blob FROM blobs WHERE name = ?", []any{name[:]}, &blob)
	return blob, found, err
}

// BlobSize returns a blob's length.
func (t *tx) BlobSize(name schema.Hash) (n int64, found bool, err error) {
	found, err = t.one("SELECT size FROM blobs WHERE name = ?", []any{name[:]}, &n)
	return n, found, err
}

// PutRequest keeps a request to join; one that is here stays.
func (t *tx) PutRequest(name schema.Hash, request []byte) error {
	return t.exec("INSERT INTO inbox (name, request) VALUES (?, ?) ON CONFLICT DO NOTHING", name[:], request)
}

// Requests returns all requests to join, oldest first.
func (t *tx) Requests() (out [][]byte, err error) {
	err = t.rows("SELECT request FROM inbox ORDER BY id", func(rows *sql.Rows) error {
		var b []byte
		err := rows.Scan(&b)
		out = append(out, b)
		return err
	})
	return out, err
}

// DropRequest forgets a request to join.
func (t *tx) DropRequest(name schema.Hash) error {
	return t.exec("DELETE FROM inbox WHERE name = ?", name[:])
}

// CountRequests counts requests to join.
func (t *tx) CountRequests() (n int, err error) {
	_, err = t.one("SELECT count(*) FROM inbox", nil, &n)
	return n, err
}

// PutOrder keeps an order that waits, in place of what was kept under its id.
func (t *tx) PutOrder(id schema.Order, order []byte) error {
	return t.exec(`INSERT INTO orders (id, signed) VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET signed = excluded.signed`, id[:], order)
}

// Orders returns all orders that wait.
func (t *tx) Orders() (out [][]byte, err error) {
	err = t.rows("SELECT signed FROM orders ORDER BY id", func(rows *sql.Rows) error {
		var b []byte
		err := rows.Scan(&b)
		out = append(out, b)
		return err
	})
	return out, err
}

// DropOrder forgets an order.
func (t *tx) DropOrder(id schema.Order) error {
	return t.exec("DELETE FROM orders WHERE id = ?", id[:])
}

// Contacts returns when each device was last heard of.
func (t *tx) Contacts() (out []hub.Contact, err error) {
	err = t.rows("SELECT device, last, mismatches, agreed, agreed_at, repairs FROM contacts", func(rows *sql.Rows) error {
		var c hub.Contact
		var last, agreed int64
		err := rows.Scan(fixed(c.Device[:]), &last, &c.Mismatches, &c.Agreed, &agreed, &c.Repairs)
		c.Last = time.UnixMilli(last).UTC()
		if agreed != 0 {
			c.AgreedAt = time.UnixMilli(agreed).UTC()
		}
		out = append(out, c)
		return err
	})
	return out, err
}

// PutContact writes one.
func (t *tx) PutContact(c hub.Contact) error {
	agreed := int64(0)
	if !c.AgreedAt.IsZero() {
		agreed = c.AgreedAt.UnixMilli()
	}
	return t.exec(`INSERT INTO contacts (device, last, mismatches, agreed, agreed_at, repairs) VALUES (?, ?, ?, ?, ?, ?)
		ON CONFLICT (device) DO UPDATE SET last = excluded.last, mismatches = excluded.mismatches, agreed = excluded.agreed,
		agreed_at = excluded.agreed_at, repairs = excluded.repairs`,
		c.Device[:], c.Last.UnixMilli(), c.Mismatches, int64(c.Agreed), agreed, c.Repairs)
}
