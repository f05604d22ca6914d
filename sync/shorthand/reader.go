package shorthand

import (
	"bytes"
	"errors"
	"fmt"
	"strings"

	"escale/schema"
	"escale/schema/form"
	"escale/sync/causal"
	"escale/sync/merge"
)

// ErrMalformed reports shorthand that no writer with this lexicon writes.
var ErrMalformed = errors.New("malformed shorthand")

// reader reads what a writer wrote.
type reader struct {
	bitReader
	prose string
	today int64
}

// Read returns the payload that was written with the same lexicon. Each payload has one spelling; others are refused.
func (l *Lexicon) Read(head, prose []byte) (*merge.Payload, error) {
	r := &reader{bitReader: bitReader{b: head}, prose: string(prose)}
	p := &merge.Payload{Time: r.time()}
	creates := r.bit()
	i := int(r.bits(width(len(l.forms))))
	if i >= len(l.forms) {
		return nil, fmt.Errorf("%w: form %d of %d", ErrMalformed, i, len(l.forms))
	}
	s := l.forms[i]
	if creates {
		r.header(s, p)
	}
	n := r.count(2, merge.MaxOps)
	p.Ops = make([]merge.Op, 0, min(n, usualOps))
	at := place{}
	for i := 0; i < n && r.err == nil; i++ {
		var o merge.Op
		o, at = r.op(s, at)
		p.Ops = append(p.Ops, o)
	}
	if r.err != nil {
		return nil, fmt.Errorf("%w: %w", ErrMalformed, r.err)
	}
	if again, text, ok := l.Write(p); !ok || !bytes.Equal(again, head) || !bytes.Equal(text, prose) {
		return nil, fmt.Errorf("%w: there is another spelling of it", ErrMalformed)
	}
	return p, nil
}

func (r *reader) time() causal.Time {
	clock := r.bits(clockBits)
	r.today = today(clock)
	return causal.Time(clock<<countBits | uint64(r.count(0, 1<<countBits-1)))
}

func (r *reader) header(s *sheet, p *merge.Payload) {
	p.Form = s.id
	if anchor := r.bit(); !anchor {
		for i := range p.Record {
			p.Record[i] = byte(r.bits(8))
		}
		return
	}
	n := r.count(1, merge.MaxParts)
	for range n {
		i := int(r.bits(width(len(s.compartments))))
		if i >= len(s.compartments) {
			r.err = errShort
			return
		}
		p.Parts = append(p.Parts, schema.Compartment(s.compartments[i]))
	}
}

func (r *reader) op(s *sheet, at place) (merge.Op, place) {
	i := r.field(s, at)
	if r.err != nil {
		return merge.Op{}, at
	}
	var o merge.Op
	if r.bit() {
		o.Kind = merge.OpKind(r.bits(4))
	}
	if i == len(s.fields) {
		o.Path = merge.Exists
		r.reason(&o)
		return o, place{next: i + 1, begun: true}
	}
	e := &s.fields[i]
	instances := r.instances(at.instances, len(e.path)-1)
	o.Path, o.Value = e.at(instances), r.value(e)
	r.reason(&o)
	return o, place{i + 1, true, instances}
}

// field reads which field is meant.
func (r *reader) field(s *sheet, at place) int {
	var i int64
	if at.begun {
		i = int64(at.next) + r.signed(0)
	} else {
		i = int64(r.bits(width(len(s.fields) + 1)))
	}
	if i < 0 || i > int64(len(s.fields)) {
		r.err = errShort
		return 0
	}
	return int(i)
}

func (r *reader) instances(before []string, n int) []string {
	if n == 0 {
		return nil
	}
	out := make([]string, n)
	for i := range out {
		if r.bit() {
			if i >= len(before) {
				r.err = errShort
				return out
			}
			out[i] = before[i]
			continue
		}
		var id strings.Builder
		for range 2 * form.InstanceIDSize {
			id.WriteByte(hexLetters[r.bits(4)])
		}
		out[i] = id.String()
	}
	return out
}

func (r *reader) reason(o *merge.Op) {
	if !r.bit() {
		return
	}
	o.Why = r.text()
	n := r.count(0, merge.MaxLifts)
	for range n {
		var l merge.Lift
		for i := range l.Author {
			l.Author[i] = byte(r.bits(8))
		}
		l.Time = causal.Time(r.bits(64))
		if r.err != nil {
			return
		}
		o.Lifts = append(o.Lifts, l)
	}
}
