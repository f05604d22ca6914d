package replica

import (
	"bufio"
	"context"
	"fmt"
	"io"

	"escale/schema"
	"escale/sync/wire"
)

// BatchSize is how many bytes one push carries, so that an acknowledgement comes often on a slow line.
const BatchSize = 2 << 20

// push offers what is not known to be at the hub and sends what the hub lacks, from the byte on at which it stopped. It
// returns the scopes in which it offered something.
func (r *Replica) push(ctx context.Context, rep *Report) (map[schema.Scope]bool, error) {
	scopes := map[schema.Scope]bool{}
	unsent, err := r.store.Unsent(ctx)
	if err != nil {
		return nil, err
	}
	for _, o := range unsent {
		scopes[o.Scope] = true
	}
	total := len(unsent)
	for len(unsent) > 0 {
		n := min(len(unsent), wire.MaxRefs/4)
		if err := r.pushSome(ctx, unsent[:n], rep); err != nil {
			return nil, err
		}
		unsent = unsent[n:]
		r.progress(StepPush, total-len(unsent), total)
	}
	return scopes, nil
}

func (r *Replica) pushSome(ctx context.Context, sets []Offer, rep *Report) error {
	offsets, err := r.offsets(ctx, sets, rep)
	if err != nil {
		return err
	}
	var known []schema.Hash
	var batch []loaded
	size := 0
	for i, t := range sets {
		if offsets[i] == wire.Whole {
			known = append(known, t.Set)
			rep.Duplicates++
			continue
		}
		raw, err := r.store.SetBytes(ctx, t.Set)
		if err != nil {
			return err
		}
		batch = append(batch, loaded{wire.Opening{Stream: t.Stream, Seq: t.Seq, Set: t.Set, Total: uint64(len(raw)), Offset: min(offsets[i], uint64(len(raw)-1))}, raw})
		if size += len(raw); size >= BatchSize {
			if err := r.pushBatch(ctx, batch, rep); err != nil {
				return err
			}
			batch, size = nil, 0
		}
	}
	if len(known) > 0 {
		if err := r.store.Sent(ctx, known); err != nil {
			return err
		}
	}
	return r.pushBatch(ctx, batch, rep)
}

func (r *Replica) offsets(ctx context.Context, sets []Offer, rep *Report) ([]uint64, error) {
	rep.RoundTrips++
	ask := wire.Offers{Sets: make([]wire.Tip, len(sets))}
	for i, o := range sets {
		ask.Sets[i] = o.Tip
	}
	reply, err := r.transport.Offsets(ctx, ask)
	if err != nil {
		return nil, fmt.Errorf("ask what the hub has: %w", err)
	}
	if len(reply.Offsets) != len(sets) {
		return nil, fmt.Errorf("%w: %d answers to %d offers", ErrDiverged, len(reply.Offsets), len(sets))
	}
	return reply.Offsets, nil
}

// loaded is a change-set about to be sent.
type loaded struct {
	opening wire.Opening
	raw     []byte
}

func (r *Replica) pushBatch(ctx context.Context, batch []loaded, rep *Report) error {
	if len(batch) == 0 {
		return nil
	}
	rep.RoundTrips++
	reply, err := r.transport.Push(ctx, func(w io.Writer) error {
		buffered := bufio.NewWriterSize(w, 32<<10)
		for i := range batch {
			if err := wire.WriteSet(buffered, batch[i].opening, batch[i].raw); err != nil {
				return err
			}
		}
		return buffered.Flush()
	})
	if err != nil {
		return fmt.Errorf("push: %w", err)
	}
	sent := map[schema.Hash]bool{}
	for i := range batch {
		sent[batch[i].opening.Set] = true
	}
	var done []schema.Hash
	for _, res := range reply.Results {
		if !sent[res.Set] {
			return fmt.Errorf("%w: the hub answers for a change-set that was not sent", ErrDiverged)
		}
		switch res.Status {
		case wire.Accepted:
			rep.Pushed++
			r.taken[res.Set] = true
		case wire.Duplicate:
			rep.Duplicates++
		case wire.Quarantined:
			rep.Quarantined++
			r.taken[res.Set] = true
		case wire.Refused:
			rep.Refused = append(rep.Refused, res)
			rep.catch(fmt.Errorf("%w: %s", ErrRefused, res.Reason))
			continue
		default:
			continue // partial, gap, ledger: the next round sends what is missing
		}
		done = append(done, res.Set)
	}
	return r.store.Sent(ctx, done)
}
