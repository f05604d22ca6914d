package shorthand

import (
	"math"
	"time"

	"escale/schema/form"
	"escale/sync/merge"
)

// Kinds of values that a field of their type would not have, and of those of fields without a type of their own.
const (
	kindNil = iota
	kindText
	kindWhole
	kindReal
	kindFalse
	kindTrue
	kindList
	kinds = 8
)

// value writes a value in the way that its field's type has, or says first what it is.
func (w *writer) value(e *entry, v any) bool {
	if w.usual(e, v) {
		return true
	}
	if e.typed() {
		w.bit(false)
	}
	switch v := v.(type) {
	case nil:
		w.bits(kindNil, 3)
	case string:
		w.bits(kindText, 3)
		w.text(v)
	case int64:
		w.bits(kindWhole, 3)
		w.bits(uint64(v), 64)
	case float64:
		w.bits(kindReal, 3)
		w.bits(math.Float64bits(v), 64)
	case bool:
		w.bits(kindFalse+b2u(v), 3)
	case []string:
		w.bits(kindList, 3)
		w.number(uint64(len(v)), 1)
		for _, s := range v {
			w.text(s)
		}
	default:
		return false
	}
	return true
}

func b2u(b bool) uint64 {
	if b {
		return 1
	}
	return 0
}

// typed says that values of the field have a way of their own, so that a bit tells whether one is written in it.
func (e *entry) typed() bool {
	switch e.typ {
	case form.TypeSelectOne, form.TypeSelectMultiple, form.TypeInteger, form.TypeDate, form.TypeText:
		return true
	}
	return false
}

func (w *writer) usual(e *entry, v any) bool {
	switch v := v.(type) {
	case string:
		return w.usualText(e, v)
	case int64:
		if e.typ != form.TypeInteger || v > 1<<40 || v < -1<<40 {
			return false
		}
		w.bit(true)
		w.signed(v, 3)
		return true
	case []string:
		return w.usualList(e, v)
	}
	return false
}

func (w *writer) usualText(e *entry, v string) bool {
	switch e.typ {
	case form.TypeText:
		w.bit(true)
		w.text(v)
		return true
	case form.TypeSelectOne:
		i, ok := e.byName[v]
		if ok {
			w.bit(true)
			w.bits(uint64(i), width(len(e.choices)))
		}
		return ok
	case form.TypeDate:
		day, ok := dayOf(v)
		if ok {
			w.bit(true)
			w.signed(day-w.today, 4)
		}
		return ok
	}
	return false
}

func (w *writer) usualList(e *entry, v []string) bool {
	if e.typ != form.TypeSelectMultiple {
		return false
	}
	for _, name := range v {
		if _, ok := e.byName[name]; !ok {
			return false
		}
	}
	w.bit(true)
	w.number(uint64(len(v)), 0)
	for _, name := range v {
		w.bits(uint64(e.byName[name]), width(len(e.choices)))
	}
	return true
}

// dayOf numbers the days since 1970 in the one spelling that dates have.
func dayOf(s string) (int64, bool) {
	t, err := time.Parse(time.DateOnly, s)
	if err != nil || t.Format(time.DateOnly) != s {
		return 0, false
	}
	return t.Unix() / secondsPerDay, t.Unix()%secondsPerDay == 0
}

const secondsPerDay = 24 * 60 * 60

func dateOf(day int64) string { return time.Unix(day*secondsPerDay, 0).UTC().Format(time.DateOnly) }

func (r *reader) value(e *entry) any {
	if e.typed() && r.bit() {
		return r.usual(e)
	}
	switch kind := r.bits(3); kind {
	case kindNil:
		return nil
	case kindText:
		return r.text()
	case kindWhole:
		return int64(r.bits(64))
	case kindReal:
		return math.Float64frombits(r.bits(64))
	case kindFalse, kindTrue:
		return kind == kindTrue
	case kindList:
		out := make([]string, r.count(1, merge.MaxList))
		for i := range out {
			out[i] = r.text()
		}
		return out
	}
	r.err = errShort
	return nil
}

func (r *reader) usual(e *entry) any {
	switch e.typ {
	case form.TypeInteger:
		return r.signed(3)
	case form.TypeSelectOne:
		return r.choice(e)
	case form.TypeSelectMultiple:
		out := make([]string, r.count(0, merge.MaxList))
		for i := range out {
			out[i] = r.choice(e)
		}
		return out
	case form.TypeDate:
		return dateOf(r.today + r.signed(4))
	}
	return r.text()
}

func (r *reader) choice(e *entry) string {
	i := int(r.bits(width(len(e.choices))))
	if i >= len(e.choices) {
		r.err = errShort
		return ""
	}
	return e.choices[i]
}
