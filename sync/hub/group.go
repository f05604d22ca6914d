package hub

import (
	"context"
	"errors"
	"sync"
)

// maxGroup bounds how many change-sets of all devices become durable in one transaction.
const maxGroup = 512

// queue gathers the batches of pushes that come at the same time, so that one wait for the disk serves them all.
type queue struct {
	mu   sync.Mutex
	jobs []*job
}

// job is one batch. Whoever holds the hub's writing lock settles it, be it another push.
type job struct {
	batch   []*candidate
	settled bool
	err     error
}

func (q *queue) add(j *job) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.jobs = append(q.jobs, j)
}

// take removes the oldest jobs, at least one, and not more than one transaction may hold.
func (q *queue) take() []*job {
	q.mu.Lock()
	defer q.mu.Unlock()
	n, sets := 0, 0
	for n < len(q.jobs) && (n == 0 || sets+len(q.jobs[n].batch) <= maxGroup) {
		sets += len(q.jobs[n].batch)
		n++
	}
	out := q.jobs[:n:n]
	q.jobs = q.jobs[n:]
	return out
}

// commit takes the candidates into the store, in their order: their places in the logs, the frontier, and the answers
// become durable together. It returns when they are, whoever wrote them.
func (h *Hub) commit(ctx context.Context, batch []*candidate) error {
	j := &job{batch: batch}
	h.queue.add(j)
	h.writing.Lock()
	defer h.writing.Unlock()
	for !j.settled {
		h.settle(ctx, h.queue.take())
	}
	return j.err
}

// settle writes jobs in one transaction. If that fails, each is tried alone: one must not fail for another's sake. Whatever
// happens, none is left unsettled, for its push would wait for ever.
func (h *Hub) settle(ctx context.Context, jobs []*job) {
	for _, j := range jobs {
		j.settled, j.err = true, errUnsettled
	}
	err := h.write(ctx, jobs...)
	for _, j := range jobs {
		j.err = err
		if err != nil && len(jobs) > 1 {
			j.err = h.write(ctx, j)
		}
	}
}

// errUnsettled is what remains where the writing did not come to its end.
var errUnsettled = errors.New("the commit broke off")

// write takes jobs in as one transaction.
func (h *Hub) write(ctx context.Context, jobs ...*job) error {
	state, err := h.state()
	if err != nil {
		return err
	}
	due := h.contacts.stale(false)
	var t *taker
	err = h.store.Update(ctx, func(tx Tx) error {
		t = newTaker(tx, state, h.opts.Clock().UnixMilli(), h.tears.has)
		for _, j := range jobs {
			for _, c := range j.batch {
				if err := t.take(c); err != nil {
					return err
				}
			}
		}
		if err := t.close(); err != nil {
			return err
		}
		return putContacts(tx, due)
	})
	if err != nil {
		return err
	}
	h.contacts.keptAs(due)
	return h.mended(ctx, t.mended)
}

// background runs work beside its starter, one piece at a time, until one fails. A panic in it comes out where it is
// waited for.
type background struct {
	done     chan struct{} // nil before the first
	err      error
	panicked any
}

func (b *background) start(work func() error) {
	b.done = make(chan struct{})
	go func() {
		defer close(b.done)
		defer func() { b.panicked = recover() }()
		b.err = work()
	}()
}

// wait returns how the newest work ended.
func (b *background) wait() error {
	if b.done == nil {
		return nil
	}
	<-b.done
	if b.panicked != nil {
		panic(b.panicked)
	}
	return b.err
}
