package agentdb

import (
	"fmt"

	"escale/schema"
)

// PutBlob keeps what this device put beside the ledger.
func (t *Tx) PutBlob(id schema.Hash, b []byte) error {
	_, err := t.exec(`INSERT INTO blobs (id, bytes) VALUES (?, ?) ON CONFLICT (id) DO NOTHING`, id[:], b)
	return err
}

// Blobs returns up to limit kept blobs after an id, in the order of their ids.
func (t *Tx) Blobs(after schema.Hash, limit int) (last schema.Hash, blobs [][]byte, err error) {
	last = after
	err = t.scan(func(scan func(...any) error) error {
		var id, b []byte
		if err := scan(&id, &b); err != nil {
			return err
		}
		if err := last.UnmarshalBinary(id); err != nil {
			return fmt.Errorf("%w: blob: %w", ErrDamaged, err)
		}
		blobs = append(blobs, b)
		return nil
	}, `SELECT id, bytes FROM blobs WHERE id > ? ORDER BY id LIMIT ?`, after[:], limit)
	return last, blobs, err
}
