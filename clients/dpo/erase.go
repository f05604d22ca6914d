package dpo

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"escale/crypto/ledger"
	"escale/schema"
	"escale/schema/canon"
)

// Errors of erasure.
var (
	ErrNothingToErase = errors.New("nothing of it is known here, or all of it is erased already")
	ErrNoReader       = errors.New("nobody who may read a scope is left to renew its key: that takes custody")
	ErrNoErasure      = errors.New("the ledger holds no such erasure")
)

// Erasure is an order that erased objects, as the ledger tells.
type Erasure struct {
	Order   schema.Order
	Height  uint64
	Objects []schema.Object
	Scopes  []ErasedScope // whose epochs have to end
}

// ErasedScope is a scope in which something was erased. Everything below epoch Free may open it.
type ErasedScope struct {
	Scope schema.Scope
	Free  uint32
}

// Erase orders that the called records be erased, and in the same order the next epoch of every scope that they lie in:
// what is carried over to it leaves them out. The renewal of the recovery key goes with it where there is one.
func (d *Desk) Erase(ctx context.Context, call Call) error {
	if _, err := d.Sync(ctx); err != nil {
		return err
	}
	state := d.p.Log().State()
	gone := slices.DeleteFunc(call.objects(), func(o schema.Object) bool { _, is := state.Erased(o); return is })
	if len(gone) == 0 {
		return ErrNothingToErase
	}
	plan, err := d.PlanRotation(ctx, call.scopes())
	if err != nil {
		return err
	}
	bodies := []ledger.Body{&ledger.Erase{Objects: gone}}
	for _, r := range plan {
		if r.Why == Ordered { // ordered before the erasure: begun anew, so that the new epoch is free of it
			sc, _ := state.Scope(r.Scope)
			p, _ := sc.Pending()
			r.Voids, r.Why = &p.Order, Rotated
		}
		if r.Why != Rotated {
			return fmt.Errorf("%w: %v", ErrNoReader, r.Scope)
		}
		bodies = append(bodies, &ledger.OpenEpoch{Scope: r.Scope, Number: r.To, Grantees: r.Grantees, Executor: r.Executor, Voids: r.Voids})
	}
	if c, ok := state.Custody(); ok { // the old recovery key may open what an old backup holds
		renewal, err := d.newCustody(ctx, c.Custodians, c.Threshold)
		if err != nil {
			return err
		}
		bodies = append(renewal, bodies...)
	}
	if err := d.keepCall(ctx, call); err != nil {
		return err
	}
	return d.proposeAndSync(ctx, bodies)
}

// keptCalls names what an officer's laptop keeps for certificates: the facts of the calls.
const keptCalls = "erasure calls"

func (d *Desk) keepCall(ctx context.Context, call Call) error {
	calls, err := d.calls(ctx)
	if err != nil {
		return err
	}
	b, err := canon.Encode(Join(calls, call))
	if err != nil {
		return err
	}
	return d.p.Keep(ctx, keptCalls, b)
}

func (d *Desk) calls(ctx context.Context) (c Call, err error) {
	b, err := d.p.Kept(ctx, keptCalls)
	if err != nil || b == nil {
		return c, err
	}
	return c, canon.Decode(b, &c)
}

// Erasures lists the erasures of the ledger, oldest first.
func Erasures(log *ledger.Log) (out []Erasure, err error) {
	state := log.State()
	for i, entry := range log.Entries(1) {
		o, bodies, err := orderOf(entry)
		if err != nil {
			return nil, err
		}
		e := Erasure{Height: uint64(i + 1)}
		for _, b := range bodies {
			switch b := b.(type) {
			case *ledger.Erase:
				e.Order, e.Objects = o.ID, append(e.Objects, b.Objects...)
			case *ledger.OpenEpoch:
				e.Scopes = append(e.Scopes, ErasedScope{b.Scope, b.Number})
			}
		}
		if len(e.Objects) > 0 {
			e.Scopes = freed(state, e)
			out = append(out, e)
		}
	}
	return out, nil
}

// freed corrects the number of the first free epoch: where the ordered one was voided, the number went to a later order.
func freed(state *ledger.State, e Erasure) []ErasedScope {
	for i := range e.Scopes {
		sc, ok := state.Scope(e.Scopes[i].Scope)
		if !ok {
			continue
		}
		for _, ep := range sc.Epochs {
			if ep.LinkedAt != 0 && ep.OrderedAt >= e.Height {
				e.Scopes[i].Free = ep.Number
				break
			}
		}
	}
	return e.Scopes
}

// orderOf returns the order that an entry links, with its bodies; none for results.
func orderOf(entry []byte) (*ledger.Order, []ledger.Body, error) {
	link, _, err := ledger.DecodeLink(entry)
	if err != nil || link.Kind != ledger.PayloadOrder {
		return nil, nil, err
	}
	signed, err := link.Order()
	if err != nil {
		return nil, nil, err
	}
	o, err := signed.Content()
	if err != nil {
		return nil, nil, err
	}
	bodies, err := o.Decode()
	return o, bodies, err
}

// Progress says what carrying on with erasures came to.
type Progress struct {
	Closed    int
	Destroyed int
	Waiting   []Ending // epochs that cannot end yet, and why
}

// CarryOn closes and destroys the epochs that still open what was erased, as far as they can end now: once the new epoch's
// key pack is confirmed by a second reader. It is repeated until nothing waits.
func (d *Desk) CarryOn(ctx context.Context) (out Progress, err error) {
	if _, err := d.Sync(ctx); err != nil {
		return out, err
	}
	free, err := d.unfinished()
	if err != nil || len(free) == 0 {
		return out, err
	}
	closing, err := d.endingsBelow(ctx, free, (*Desk).PlanClose)
	if err != nil {
		return out, err
	}
	if out.Closed = able(closing); out.Closed > 0 {
		if err := d.Close(ctx, closing); err != nil {
			return out, err
		}
	}
	ending, err := d.endingsBelow(ctx, free, (*Desk).PlanDestroy)
	if err != nil {
		return out, err
	}
	if out.Destroyed = able(ending); out.Destroyed > 0 {
		if err := d.Destroy(ctx, ending); err != nil {
			return out, err
		}
	}
	for _, e := range ending {
		if e.Refused != "" {
			out.Waiting = append(out.Waiting, e)
		}
	}
	return out, nil
}

func able(plan []Ending) (n int) {
	for _, e := range plan {
		if e.Refused == "" {
			n++
		}
	}
	return n
}

// unfinished returns the scopes with epochs that may open something erased, and the first epoch that is free of it.
func (d *Desk) unfinished() (map[schema.Scope]uint32, error) {
	all, err := Erasures(d.p.Log())
	if err != nil {
		return nil, err
	}
	state := d.p.Log().State()
	out := map[schema.Scope]uint32{}
	for _, e := range all {
		for _, s := range e.Scopes {
			if len(openBelow(state, s)) > 0 {
				out[s.Scope] = max(out[s.Scope], s.Free)
			}
		}
	}
	return out, nil
}

// openBelow returns the epochs of a scope that are not destroyed and may open what was erased.
func openBelow(state *ledger.State, s ErasedScope) (out []ledger.Epoch) {
	sc, ok := state.Scope(s.Scope)
	if !ok {
		return nil
	}
	for _, e := range sc.Epochs {
		if e.LinkedAt != 0 && e.Number < s.Free && e.DestroyedAt == 0 {
			out = append(out, e)
		}
	}
	return out
}

func (d *Desk) endingsBelow(ctx context.Context, free map[schema.Scope]uint32, plan func(*Desk, context.Context, []schema.Scope) ([]Ending, error)) ([]Ending, error) {
	var scopes []schema.Scope
	for s := range free {
		scopes = append(scopes, s)
	}
	all, err := plan(d, ctx, scopes)
	return slices.DeleteFunc(all, func(e Ending) bool { return e.Number >= free[e.Scope] }), err
}
