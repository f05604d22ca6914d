package hub

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"

	"escale/schema"
	"escale/schema/canon"
	"escale/sync/changeset"
	"escale/sync/wire"
)

// Bounds of one push.
const (
	maxBatch      = 64                       // change-sets of one commit
	maxBatchBytes = 2 * schema.MaxChangeSet  // and their bytes; times the devices that push at once, this is the hub's memory
	maxPartials   = 64                       // change-sets that one device may leave in part
	maxPushed     = wire.MaxRefs             // change-sets of one body
	maxPushBytes  = wire.MaxPush + (1 << 10) // bytes of one body
)

// Reasons of a refusal that are no verdict of package admit.
const (
	reasonHash  = "hash"         // not the change-set that its opening announced
	reasonFrame = "frame"        // more bytes than announced
	reasonChain = "chain"        // its predecessor is of another stream or has another number
	reasonBound = "bound"        // over a bound of a change-set
	reasonForm  = "malformed"    // not a change-set
	reasonParts = "parts"        // parts do not match the signed header
	reasonSig   = "signature"    // does not verify
	reasonOrg   = "other_org"    // of another organisation
	reasonDev   = "unknown_dev"  // its device is not in the ledger
	reasonHoles = "parts_erased" // parts are missing that nobody ordered to erase
)

// Push takes the frames of change-sets, whoever wrote them, and says for each what became of it. What is answered for is
// durable. Where the body breaks off, the bytes that came are durable too. The error is about the body as a whole; what
// was complete before it is kept nevertheless.
func (h *Hub) Push(ctx context.Context, dev schema.Device, body io.Reader) (wire.PushReply, error) {
	if _, err := h.known(dev); err != nil {
		return wire.PushReply{}, err
	}
	// A client that hangs up must not keep what it sent from becoming durable.
	p := &push{hub: h, ctx: context.WithoutCancel(ctx), dev: dev, results: []wire.PushResult{}}
	readErr := p.read(wire.NewFrameReader(bufio.NewReader(&limited{r: body, left: maxPushBytes})))
	if err := p.finish(); err != nil {
		return wire.PushReply{}, refusal(err)
	}
	return wire.PushReply{Results: p.results}, p.bodyError(readErr)
}

// push is one body on its way in.
type push struct {
	hub     *Hub
	ctx     context.Context
	dev     schema.Device
	results []wire.PushResult

	open    *wire.Opening // the change-set whose bytes are coming; nil while bytes are skipped
	resumed bool
	buf     []byte

	batch []*candidate
	bytes int

	writing []*candidate // the batch whose commit runs
	commit  background
}

func (p *push) read(frames *wire.FrameReader) error {
	for {
		opening, data, err := frames.Next()
		switch {
		case err != nil:
			return err
		case opening != nil:
			err = p.begin(opening)
		case p.open != nil:
			err = p.add(data)
		}
		if err != nil {
			return fmt.Errorf("%w: %w", errStore, err)
		}
	}
}

// errStore marks a failure that is the hub's own and not the body's.
var errStore = errors.New("store")

func (p *push) bodyError(err error) error {
	switch {
	case errors.Is(err, errStore):
		return refusal(err)
	case errors.Is(err, errTooLong):
		return refuse(wire.CodeBound, "push of more than %d bytes", wire.MaxPush)
	case errors.Is(err, wire.ErrFrame), errors.Is(err, canon.ErrFormat):
		return &Error{Code: wire.CodeMalformed, Detail: err.Error(), cause: err}
	}
	return nil // the end, or the line broke: the results say how much is durable
}

func (p *push) last() *wire.PushResult { return &p.results[len(p.results)-1] }

// begin starts the next change-set. What of the one before is not complete stays in part.
func (p *push) begin(o *wire.Opening) error {
	if err := p.leave(); err != nil {
		return err
	}
	if len(p.results) >= maxPushed {
		return refuse(wire.CodeBound, "more than %d change-sets in one push", maxPushed)
	}
	p.results = append(p.results, wire.PushResult{Set: o.Set, Status: wire.Partial})
	return p.hub.store.View(p.ctx, func(tx Tx) error { return p.resume(tx, o) })
}

// resume refuses an opening that does not continue what is here.
func (p *push) resume(tx Tx, o *wire.Opening) error {
	if _, found, err := tx.FindSet(o.Set); err != nil || found {
		p.last().Status = wire.Duplicate
		return err
	}
	k := keyOf(o)
	size, err := tx.PartialSize(k)
	if err != nil {
		return err
	}
	p.last().Offset = size
	if o.Offset != size {
		return nil
	}
	// As large as it will be, which the opening's bound limits: what arrives is kept as it lies here.
	p.open, p.resumed, p.buf = o, size > 0, make([]byte, 0, o.Total)
	if size > 0 {
		var begun []byte
		begun, err = tx.Partial(k)
		p.buf = append(p.buf, begun...)
	}
	return err
}

func keyOf(o *wire.Opening) PartialKey { return PartialKey{Stream: o.Stream, Seq: o.Seq, Set: o.Set} }

func (p *push) add(data []byte) error {
	if uint64(len(p.buf)+len(data)) > p.open.Total {
		p.refuse(reasonFrame)
		return nil
	}
	p.buf = append(p.buf, data...)
	if uint64(len(p.buf)) < p.open.Total {
		return nil
	}
	return p.complete()
}

func (p *push) refuse(reason string) {
	r := p.last()
	r.Status, r.Offset, r.Reason = wire.Refused, 0, reason
	p.open = nil
}

// complete checks a whole change-set, outside of any lock, and queues it for the next commit.
func (p *push) complete() error {
	o := p.open
	set, err := changeset.Parse(p.buf)
	if err != nil || set.Hash != o.Set || set.Header.Stream() != o.Stream || set.Header.Seq != o.Seq {
		return p.broken(o, err)
	}
	p.open = nil
	status, reason, facts := p.hub.examine(set)
	if status != wire.Accepted {
		r := p.last()
		r.Status, r.Offset, r.Reason = status, 0, reason
		return p.discard(o)
	}
	p.batch = append(p.batch, newCandidate(len(p.results)-1, set, facts, p.resumed))
	p.bytes += len(set.Raw)
	if len(p.batch) >= maxBatch || p.bytes >= maxBatchBytes {
		return p.flush()
	}
	return nil
}

// broken refuses bytes that are not the announced change-set. If their beginning was somebody's earlier push, that may
// be to blame: it is forgotten, and the whole is asked for again.
func (p *push) broken(o *wire.Opening, err error) error {
	p.refuse(reasonOf(err))
	if p.resumed {
		r := p.last()
		r.Status, r.Reason = wire.Partial, ""
	}
	return p.discard(o)
}

func reasonOf(err error) string {
	switch {
	case errors.Is(err, changeset.ErrBound):
		return reasonBound
	case errors.Is(err, changeset.ErrParts):
		return reasonParts
	case err != nil:
		return reasonForm
	}
	return reasonHash
}

func (p *push) discard(o *wire.Opening) error {
	if !p.resumed {
		return nil
	}
	return p.hub.store.Update(p.ctx, func(tx Tx) error { return tx.DropPartial(keyOf(o)) })
}

// leave makes durable what came of a change-set that is not complete.
func (p *push) leave() error {
	o := p.open
	p.open = nil
	if o == nil || uint64(len(p.buf)) == o.Offset {
		return nil
	}
	p.last().Offset = uint64(len(p.buf))
	return p.hub.store.Update(p.ctx, func(tx Tx) error {
		if err := tx.PutPartial(keyOf(o), p.dev, p.buf); err != nil {
			return err
		}
		return tx.PrunePartials(p.dev, maxPartials)
	})
}

// finish waits for all commits before it keeps what is in part.
func (p *push) finish() error {
	if err := p.flush(); err != nil {
		return err
	}
	if err := p.settled(); err != nil {
		return err
	}
	return p.leave()
}

// flush lets the queued batch become durable while the next is read and checked. At most two are in memory.
func (p *push) flush() error {
	if err := p.settled(); err != nil || len(p.batch) == 0 {
		return err
	}
	p.writing, p.batch, p.bytes = p.batch, nil, 0
	batch := p.writing
	p.commit.start(func() error { return p.hub.commit(p.ctx, batch) })
	return nil
}

// settled waits for the commit that runs, and notes what became of its change-sets.
func (p *push) settled() error {
	if err := p.commit.wait(); err != nil {
		return err
	}
	mended := 0
	for _, c := range p.writing {
		if c.mended {
			mended++
		}
		r := &p.results[c.at]
		r.Status, r.Reason, r.Offset = c.status, c.reason, 0
	}
	p.hub.contacts.repaired(p.dev, mended)
	p.writing = nil
	return nil
}

// limited fails past a number of bytes.
type limited struct {
	r    io.Reader
	left int
}

var errTooLong = errors.New("body over its bound")

func (l *limited) Read(b []byte) (int, error) {
	if l.left <= 0 {
		return 0, errTooLong
	}
	n, err := l.r.Read(b[:min(len(b), l.left)])
	l.left -= n
	return n, err
}
