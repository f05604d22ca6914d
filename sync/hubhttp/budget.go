package hubhttp

import (
	"context"
	"errors"
	"time"

	"golang.org/x/sync/semaphore"

	"escale/sync/wire"
)

// budget bounds the memory of all exchanges together. Bodies that are coming in and replies that are made have a half
// each, taken in that order and never the other way round, so that nobody waits in a circle. A reply is reserved at its
// bound while it is made, which is quick, and at its size while it is sent, which may be slow: so a slow reader of little
// holds up nobody.
type budget struct {
	bodies    *semaphore.Weighted
	replies   *semaphore.Weighted
	strangers *semaphore.Weighted
	half      int64
	wait      time.Duration
}

func newBudget(o *Options) *budget {
	half := o.Memory / 2
	return &budget{
		bodies: semaphore.NewWeighted(half), replies: semaphore.NewWeighted(half),
		strangers: semaphore.NewWeighted(o.Strangers), half: half, wait: o.Wait,
	}
}

// lease is a part of a budget, given back at once or bit by bit. It belongs to one exchange.
type lease struct {
	pool *semaphore.Weighted
	held int64
}

// body reserves what reading a request may hold. Strangers have few places of their own, so that they cannot take those
// of the enrolled.
func (b *budget) body(ctx context.Context, r *route, stranger bool, declared int64) (*lease, error) {
	if stranger {
		return b.acquire(ctx, b.strangers, 1)
	}
	weight := r.held
	if weight == 0 {
		weight = 2 * r.bound // as bytes, and decoded
		if declared >= 0 {
			weight = 2 * declared
		}
	}
	return b.acquire(ctx, b.bodies, weight)
}

// reply reserves what making a reply may hold.
func (b *budget) reply(ctx context.Context, r *route) (*lease, error) {
	return b.acquire(ctx, b.replies, 2*r.reply)
}

func (b *budget) acquire(ctx context.Context, pool *semaphore.Weighted, weight int64) (*lease, error) {
	ctx, cancel := context.WithTimeout(ctx, b.wait)
	defer cancel()
	weight = min(weight, b.half)
	if err := pool.Acquire(ctx, weight); err != nil {
		if errors.Is(err, context.DeadlineExceeded) {
			return nil, refuse(wire.CodeNotReady, "too many exchanges at once; try again")
		}
		return nil, err
	}
	return &lease{pool, weight}, nil
}

func (l *lease) shrink(to int64) {
	if l != nil && to < l.held {
		l.pool.Release(l.held - to)
		l.held = to
	}
}
