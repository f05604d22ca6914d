package merge

import (
	"escale/schema"
	"escale/sync/causal"
)

// Delta is one opened edit of one part of a record. Merge keeps references to it; it must not be changed afterwards.
type Delta struct {
	Dot     causal.Dot
	Context causal.Context
	Author  schema.Device
	Time    causal.Time
	Ops     []Op
}

// OpKind says what an operation does to the field at its path.
type OpKind uint8

// The operations. Their numbers are part of the format.
const (
	Set       OpKind = 0 // the value replaces what the author had seen
	Add       OpKind = 1 // elements join a set
	Remove    OpKind = 2 // elements leave a set, as far as the author had seen them join
	Increment OpKind = 3 // a whole number is added to a counter
	Append    OpKind = 4 // an entry joins a list
	Delete    OpKind = 5 // the record is to be deleted; the path is Exists
	Restore   OpKind = 6 // the record is to be kept after all; the path is Exists
	Resolve   OpKind = 7 // like Set, and says why: a person chose among siblings
	Widen     OpKind = 8 // like Set, for consent: lifts the restrictions that the author had seen and names them
)

// Exists is the reserved path that deletion writes.
const Exists = "exists"

// Op is one operation. Value is a string, int64, float64, bool, []string, or nil for an emptied field. The operations of
// one delta follow one another: each has seen those before it.
type Op struct {
	Kind  OpKind
	Path  string
	Value any
	Why   string // the author's reason: always for Resolve, if any for the others
	Lifts []Lift // Widen: the restrictions that it lifts
}

// Lift names one restriction that a Widen lifts, in a form that every replica understands.
type Lift struct {
	Author schema.Device
	Time   causal.Time
}
