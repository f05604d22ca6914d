package agentdb

import (
	"escale/schema"
	"escale/sync/causal"
)

// Touching returns the closed change-sets that may hold deltas of an object.
func (t *Tx) Touching(o schema.Object) (out []causal.Set, err error) {
	err = t.scan(func(scan func(...any) error) error {
		var id causal.Set
		err := scan(&id)
		out = append(out, id)
		return err
	}, `SELECT k.id FROM set_keys k JOIN set_bytes b ON b.id = k.id WHERE instr(k.objects, ?) > 0 ORDER BY k.id`, o[:])
	return out, err
}

// ThinSet replaces a change-set's bytes by those of the same one without erased parts. The old ones are overwritten in the
// file; Scrub takes them out of the journal.
func (t *Tx) ThinSet(set causal.Set, raw []byte) error {
	_, err := t.exec(`UPDATE set_bytes SET raw = ? WHERE id = ?`, raw, set)
	return err
}

// DropPart forgets what was opened of an object.
func (t *Tx) DropPart(o schema.Object) error {
	_, err := t.exec(`DELETE FROM parts WHERE object = ?`, o[:])
	return err
}

// DropMeta forgets a value.
func (t *Tx) DropMeta(key string) error {
	_, err := t.exec(`DELETE FROM meta WHERE key = ?`, key)
	return err
}
