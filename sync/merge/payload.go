package merge

import (
	"errors"
	"fmt"
	"math"
	"unicode/utf8"

	"escale/schema"
	"escale/schema/canon"
	"escale/sync/causal"
)

// Bounds of a payload.
const (
	MaxOps   = 2000 // operations of one delta
	MaxLifts = 1000 // restrictions that one Widen names
	MaxParts = 16   // parts that an anchor lists
	maxName  = 64   // bytes of the name of a form or a compartment
)

// ErrPayload reports the plaintext of a delta that is malformed or over a bound.
var ErrPayload = errors.New("malformed payload")

// Payload is the plaintext of one delta, before compression.
//
// Only a creating delta has a form. One that creates an anchor lists the parts that the form always makes and has no
// record: its own object is the record. One that creates another part names the record and lists nothing.
type Payload struct {
	Time   causal.Time
	Record schema.Record
	Form   string
	Parts  []schema.Compartment
	Ops    []Op
}

// Encode returns the payload as a deterministic CBOR array: the time, a header if it creates a part, the operations.
//
//	header    [form, record] or [form, [part, …]]
//	operation [kind, path, value], [kind, path, value, why] or [kind, path, value, why, [author, time, author, time, …]]
func (p *Payload) Encode() ([]byte, error) {
	if err := p.check(); err != nil {
		return nil, err
	}
	out := make([]any, 0, len(p.Ops)+2)
	out = append(out, uint64(p.Time))
	if p.Form != "" {
		out = append(out, p.header())
	}
	for i := range p.Ops {
		out = append(out, p.Ops[i].array())
	}
	b, err := canon.Encode(out)
	if err != nil {
		return nil, err
	}
	if len(b) > schema.MaxPlain {
		return nil, fmt.Errorf("%w: %d bytes, at most %d", ErrPayload, len(b), schema.MaxPlain)
	}
	return b, nil
}

func (p *Payload) header() []any {
	if !p.Record.IsZero() {
		return []any{p.Form, p.Record[:]}
	}
	parts := make([]string, len(p.Parts))
	for i, c := range p.Parts {
		parts[i] = string(c)
	}
	return []any{p.Form, parts}
}

func (o *Op) array() []any {
	value := o.Value
	if list, ok := value.([]string); ok && list == nil {
		value = []string{}
	}
	out := append(make([]any, 0, 5), uint8(o.Kind), o.Path, value)
	if o.Why != "" || len(o.Lifts) > 0 {
		out = append(out, o.Why)
	}
	if len(o.Lifts) > 0 {
		lifts := make([]any, 0, 2*len(o.Lifts))
		for _, l := range o.Lifts {
			lifts = append(lifts, l.Author[:], uint64(l.Time))
		}
		out = append(out, lifts)
	}
	return out
}

// check refuses whatever a reader would refuse, so that nothing unreadable is ever sealed.
func (p *Payload) check() error {
	switch {
	case p.Time > math.MaxInt64:
		return fmt.Errorf("%w: time out of range", ErrPayload)
	case len(p.Form) > maxName || !utf8.ValidString(p.Form):
		return fmt.Errorf("%w: name of a form of %d bytes, at most %d", ErrPayload, len(p.Form), maxName)
	case p.Form == "" && (!p.Record.IsZero() || len(p.Parts) > 0):
		return fmt.Errorf("%w: a record or parts without a form", ErrPayload)
	case !p.Record.IsZero() && len(p.Parts) > 0:
		return fmt.Errorf("%w: parts outside the anchor", ErrPayload)
	case p.Form == "" && len(p.Ops) == 0:
		return fmt.Errorf("%w: an edit without operations", ErrPayload)
	case len(p.Ops) > MaxOps:
		return fmt.Errorf("%w: %d operations, at most %d", ErrPayload, len(p.Ops), MaxOps)
	case len(p.Parts) > MaxParts:
		return fmt.Errorf("%w: %d parts, at most %d", ErrPayload, len(p.Parts), MaxParts)
	}
	for i, c := range p.Parts {
		if c == "" || len(c) > maxName || !utf8.ValidString(string(c)) {
			return fmt.Errorf("%w: name of part %d", ErrPayload, i)
		}
	}
	for i := range p.Ops {
		if err := p.Ops[i].check(); err != nil {
			return fmt.Errorf("%w: operation %d: %w", ErrPayload, i, err)
		}
	}
	return nil
}

func (o *Op) check() error {
	switch {
	case o.Kind > Widen:
		return fmt.Errorf("kind %d is unknown", o.Kind)
	case !ValidPath(o.Path):
		return fmt.Errorf("path of %d bytes", len(o.Path))
	case (o.Path == Exists) != (o.Kind == Delete || o.Kind == Restore):
		return fmt.Errorf("kind %d on path %s", o.Kind, o.Path)
	case !o.suits() || !validValue(o.Value):
		return fmt.Errorf("value of %s does not suit kind %d or exceeds %d bytes or %d elements", o.Path, o.Kind, MaxText, MaxList)
	case !validText(o.Why):
		return fmt.Errorf("reason of %d bytes, at most %d", len(o.Why), MaxText)
	case len(o.Lifts) > MaxLifts || len(o.Lifts) > 0 && o.Kind != Widen:
		return fmt.Errorf("kind %d with %d lifts, at most %d", o.Kind, len(o.Lifts), MaxLifts)
	}
	for _, l := range o.Lifts {
		if l.Time > math.MaxInt64 {
			return errors.New("time of a lift out of range")
		}
	}
	return nil
}

// suits reports whether the value has the type that the kind of operation takes.
func (o *Op) suits() bool {
	ok := true
	switch o.Kind {
	case Add, Remove:
		_, ok = o.Value.([]string)
	case Increment:
		_, ok = o.Value.(int64)
	case Append:
		_, ok = o.Value.(string)
	case Delete, Restore:
		ok = o.Value == nil
	}
	return ok
}
