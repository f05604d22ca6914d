package ledger

import "maps"

// table is a map whose changes wait until they are committed or dropped, so that an entry that fails half-way leaves no
// trace. Values are never changed in place: a changed copy is put.
type table[K comparable, V any] struct {
	kept, waiting map[K]V
}

func newTable[K comparable, V any]() table[K, V] {
	return table[K, V]{kept: map[K]V{}, waiting: map[K]V{}}
}

func (t *table[K, V]) get(k K) (V, bool) {
	if v, ok := t.waiting[k]; ok {
		return v, true
	}
	v, ok := t.kept[k]
	return v, ok
}

func (t *table[K, V]) put(k K, v V) { t.waiting[k] = v }

func (t *table[K, V]) commit() {
	maps.Copy(t.kept, t.waiting)
	t.drop()
}

func (t *table[K, V]) drop() {
	if len(t.waiting) > 0 {
		t.waiting = map[K]V{}
	}
}

// clone copies what is committed.
func (t *table[K, V]) clone() table[K, V] { return table[K, V]{kept: maps.Clone(t.kept)} }

type changeable interface {
	commit()
	drop()
}
