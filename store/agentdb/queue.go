package agentdb

import (
	"errors"

	"escale/sync/causal"
)

// Outgoing is a piece of a save that no hub has acknowledged.
type Outgoing struct {
	Set    causal.Set
	Save   uint64 // the same for all pieces of one save
	At     int64  // Unix milliseconds, coarse
	Urgent int    // the higher, the sooner it leaves
}

// Queue is what waits to be sent.
type Queue struct {
	Saves  int   // own; of work that is offered a second time only the change-sets are counted
	Sets   int   // change-sets, those that are open included
	Bytes  int64 // of them, sealed
	Oldest int64 // Unix milliseconds, coarse; 0 if no own save waits
}

// LastSave returns the highest number of a save that waits.
func (t *Tx) LastSave() (n uint64, err error) {
	err = t.one(`SELECT coalesce(max(save), 0) FROM outbox`, nil, &n)
	return n, err
}

// PutOutgoing notes a piece of a save.
func (t *Tx) PutOutgoing(o Outgoing) error {
	_, err := t.exec(insertOutgoing, o.Set, o.Save, o.At, o.Urgent)
	return err
}

// Urgency returns the highest urgency in each change-set that waits with own saves.
func (t *Tx) Urgency() (map[causal.Set]int, error) {
	out := map[causal.Set]int{}
	err := t.scan(func(scan func(...any) error) error {
		var set causal.Set
		var urgent int
		if err := scan(&set, &urgent); err != nil {
			return err
		}
		out[set] = urgent
		return nil
	}, `SELECT set_id, max(urgent) FROM outbox GROUP BY set_id`)
	return out, err
}

// Queue counts what waits to be sent.
func (t *Tx) Queue() (q Queue, err error) {
	return q, errors.Join(
		t.one(`SELECT count(DISTINCT save), coalesce(min(at), 0) FROM outbox`, nil, &q.Saves, &q.Oldest),
		t.one(`SELECT count(*), coalesce(sum(size), 0) FROM (
		         SELECT length(b.raw) AS size FROM sets s JOIN set_bytes b ON b.id = s.id WHERE s.state = 1
		         UNION ALL SELECT coalesce((SELECT sum(length(d.body)) FROM open_deltas d WHERE d.set_id = s.id), 0) FROM sets s WHERE s.state = 0)`,
			nil, &q.Sets, &q.Bytes))
}

// PutArrival notes the hub's clock for every change-set that is at the hub now and was not noted before.
func (t *Tx) PutArrival(at int64) error {
	_, err := t.exec(`INSERT INTO arrivals (upto, at)
		SELECT upto, ? FROM (SELECT coalesce((SELECT min(id) - 1 FROM sets WHERE state < 2), (SELECT max(id) FROM sets)) AS upto)
		WHERE upto > coalesce((SELECT max(upto) FROM arrivals), 0)`, at)
	return err
}

// Arrival returns the hub's clock when a change-set was known to be at the hub; 0 if it is not yet.
func (t *Tx) Arrival(set causal.Set) (at int64, err error) {
	err = t.one(`SELECT at FROM arrivals WHERE upto >= ? ORDER BY upto LIMIT 1`, []any{set}, &at)
	if errors.Is(err, ErrNotFound) {
		return 0, nil
	}
	return at, err
}
