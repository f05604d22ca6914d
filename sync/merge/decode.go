package merge

import (
	"bytes"
	"fmt"

	"escale/schema"
	"escale/schema/canon"
	"escale/sync/causal"
)

// DecodePayload reads what Encode wrote and refuses everything else.
func DecodePayload(b []byte) (*Payload, error) {
	if len(b) > schema.MaxPlain {
		return nil, fmt.Errorf("%w: %d bytes, at most %d", ErrPayload, len(b), schema.MaxPlain)
	}
	var top []any
	if err := canon.DecodeLoose(b, &top); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrPayload, err)
	}
	p, err := readPayload(top)
	if err != nil {
		return nil, err
	}
	again, err := p.Encode()
	if err != nil {
		return nil, err
	}
	if !bytes.Equal(again, b) {
		return nil, fmt.Errorf("%w: not in its deterministic form", ErrPayload)
	}
	return p, nil
}

func readPayload(top []any) (*Payload, error) {
	if len(top) == 0 || len(top) > MaxOps+2 {
		return nil, fmt.Errorf("%w: array of %d", ErrPayload, len(top))
	}
	t, ok := top[0].(int64)
	if !ok || t < 0 {
		return nil, fmt.Errorf("%w: time", ErrPayload)
	}
	p := &Payload{Time: causal.Time(t)}
	rest := top[1:]
	if header, ok := headerOf(rest); ok {
		if !p.readHeader(header) {
			return nil, fmt.Errorf("%w: header", ErrPayload)
		}
		rest = rest[1:]
	}
	if len(rest) > 0 {
		p.Ops = make([]Op, len(rest))
	}
	for i, v := range rest {
		if !p.Ops[i].read(v) {
			return nil, fmt.Errorf("%w: operation %d", ErrPayload, i)
		}
	}
	return p, nil
}

// headerOf tells a header from an operation: it begins with a text.
func headerOf(rest []any) ([]any, bool) {
	if len(rest) == 0 {
		return nil, false
	}
	a, ok := rest[0].([]any)
	if !ok || len(a) != 2 {
		return nil, false
	}
	_, ok = a[0].(string)
	return a, ok
}

func (p *Payload) readHeader(a []any) bool {
	p.Form, _ = a[0].(string)
	switch v := a[1].(type) {
	case []byte:
		return copy(p.Record[:], v) == len(v) && len(v) == len(p.Record) && !p.Record.IsZero()
	case []any:
		parts, ok := texts(v)
		for _, s := range parts {
			p.Parts = append(p.Parts, schema.Compartment(s))
		}
		return ok
	}
	return false
}

func (o *Op) read(v any) bool {
	a, ok := v.([]any)
	if !ok || len(a) < 3 || len(a) > 5 {
		return false
	}
	kind, ok := a[0].(int64)
	if !ok || kind < 0 || kind > int64(Widen) {
		return false
	}
	o.Kind = OpKind(kind)
	if o.Path, ok = a[1].(string); !ok {
		return false
	}
	o.Value = a[2]
	if list, isList := o.Value.([]any); isList {
		if o.Value, ok = texts(list); !ok {
			return false
		}
	}
	if len(a) > 3 {
		o.Why, ok = a[3].(string)
	}
	return ok && (len(a) < 5 || o.readLifts(a[4]))
}

func (o *Op) readLifts(v any) bool {
	a, ok := v.([]any)
	if !ok || len(a) == 0 || len(a)%2 != 0 {
		return false
	}
	o.Lifts = make([]Lift, len(a)/2)
	for i := range o.Lifts {
		author, isBytes := a[2*i].([]byte)
		t, isTime := a[2*i+1].(int64)
		if !isBytes || !isTime || t < 0 || len(author) != len(o.Lifts[i].Author) {
			return false
		}
		copy(o.Lifts[i].Author[:], author)
		o.Lifts[i].Time = causal.Time(t)
	}
	return true
}

func texts(list []any) ([]string, bool) {
	out := make([]string, len(list))
	for i, v := range list {
		s, ok := v.(string)
		if !ok {
			return nil, false
		}
		out[i] = s
	}
	return out, true
}
