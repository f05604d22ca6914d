package simtest_test

import (
	"bytes"
	"context"
	"errors"
	"io"

	"escale/crypto/key"
	"escale/schema"
	"escale/schema/canon"
	"escale/sync/hub"
	"escale/sync/wire"
)

// errLine is what a laptop gets when the line breaks.
var errLine = errors.New("the line broke")

// trouble is what goes wrong with one call of an exchange.
type trouble string

// The troubles of the line, of a push in particular, and of the two programs.
const (
	lostAsk    trouble = "ask lost"
	lostAnswer trouble = "answer lost"
	twice      trouble = "delivered twice"
	late       trouble = "delivered later"
	bentAsk    trouble = "ask with a flipped bit"
	bentAnswer trouble = "answer with a flipped bit"
	cutAnswer  trouble = "answer cut"

	cut     trouble = "push cut"
	flipped trouble = "push with a flipped bit"

	killed     trouble = "laptop killed before the call"
	killedThen trouble = "laptop killed after the call"
	hubKilled  trouble = "hub killed after the call"
)

var troubles = []trouble{lostAsk, lostAnswer, twice, late, bentAsk, bentAnswer, cutAnswer, cut, cut, flipped, killed, killedThen, hubKilled}

// fault is one trouble of an exchange, at the call of a number. Push troubles wait for the next push.
type fault struct {
	what trouble
	call int
	part float64 // where in a message, from 0 to 1
	done bool
}

// line is a hub without a channel: the same calls, as one device.
type line struct {
	l     *laptop
	tls   key.TLSPublic
	calls int
	fault *fault
	down  bool // after a kill
}

func (n *line) device() schema.Device { d, _ := n.l.w.hub.Lookup(n.tls); return d }

// due reports whether the drawn trouble happens in this call.
func (n *line) due(push bool) trouble {
	n.calls++
	f := n.fault
	if f == nil || f.done || n.calls < f.call || (f.what == cut || f.what == flipped) && !push {
		return ""
	}
	f.done = true
	return f.what
}

// over makes one call.
func over[A, T any](n *line, ask A, call func(A) (T, error)) (T, error) {
	return carry(n, n.due(false), ask, call)
}

// carry lets one trouble happen to a call.
func carry[A, T any](n *line, what trouble, ask A, call func(A) (T, error)) (out T, err error) {
	var none T
	if what == killed {
		n.hang()
	}
	switch {
	case n.down || what == lostAsk:
		return none, errLine
	case what == late:
		n.l.w.late = append(n.l.w.late, func() { _, _ = call(ask) })
		return none, errLine
	case what == bentAsk:
		if bad, err := bend(ask, n.fault.part); err == nil {
			_, err = call(bad)
			n.watch(err)
		}
		return none, errLine
	}
	out, err = call(ask)
	if n.watch(err) {
		return none, errLine
	}
	switch what {
	case twice:
		out, err = call(ask)
		n.watch(err)
	case lostAnswer:
		return none, errLine
	case killedThen:
		n.hang()
		return none, errLine
	case hubKilled:
		n.l.w.crashHub(n.l.w.hubDisk.AfterKill())
		return none, errLine
	case bentAnswer, cutAnswer:
		if err == nil {
			return spoil(n, what, out)
		}
	}
	return out, err
}

// hang kills the laptop's process: what it wrote so far is what it goes on from.
func (n *line) hang() {
	n.l.image = n.l.disk.AfterKill()
	n.down = true
}

// watch looks at what a call did to the hub. It reports whether the hub's power went, and has then started it again. A
// refusal without a code that says what to do is a fault of the hub, whatever it was asked.
func (n *line) watch(err error) (gone bool) {
	n.l.w.t.Helper()
	if n.l.w.hubDisk.Dead() {
		n.l.w.cutHub()
		return true
	}
	var refusal *hub.Error
	if err != nil && (!errors.As(err, &refusal) || refusal.Code == wire.CodeInternal) {
		n.l.w.t.Errorf("the hub answers %v: %v", err, errors.Unwrap(err))
	}
	return false
}

// bend flips one bit of a message's bytes and reads them again.
func bend[T any](v T, part float64) (bad T, err error) {
	b, err := canon.Encode(v)
	if err != nil {
		return bad, err
	}
	at := int(part * float64(len(b)))
	b[at] ^= 1 << (at % 8)
	err = canon.Decode(b, &bad)
	return bad, err
}

// spoil hands over an answer that was changed or cut on its way. That an answer says "the same" where the hub said
// otherwise is what the channel's authentication is for: no message inside it could tell.
func spoil[T any](n *line, what trouble, out T) (bad T, err error) {
	if what == bentAnswer {
		bad, err = bend(out, n.fault.part)
		was, _ := any(out).(wire.SyncReply)
		if is, ok := any(bad).(wire.SyncReply); ok && is.Same != was.Same {
			return out, errLine
		}
		return bad, err
	}
	b, err := canon.Encode(out)
	if err != nil {
		return bad, err
	}
	if err = canon.Decode(b[:int(n.fault.part*float64(len(b)))], &bad); err == nil {
		n.l.w.t.Errorf("a cut %T is read as if it were whole", out)
	}
	return bad, err
}

func (n *line) Sync(ctx context.Context, ask wire.SyncAsk) (wire.SyncReply, error) {
	return over(n, ask, func(ask wire.SyncAsk) (wire.SyncReply, error) { return n.l.w.hub.Sync(ctx, n.device(), ask) })
}
func (n *line) Ledger(ctx context.Context, ask wire.LedgerRead) (wire.LedgerPage, error) {
	return over(n, ask, func(ask wire.LedgerRead) (wire.LedgerPage, error) { return n.l.w.hub.Ledger(ctx, ask) })
}
func (n *line) Append(ctx context.Context, add wire.LedgerAppend) (wire.Head, error) {
	return over(n, add, func(add wire.LedgerAppend) (wire.Head, error) { return n.l.w.hub.Append(ctx, n.device(), add) })
}
func (n *line) Offsets(ctx context.Context, o wire.Offers) (wire.Offsets, error) {
	return over(n, o, func(o wire.Offers) (wire.Offsets, error) { return n.l.w.hub.Offsets(ctx, n.device(), o) })
}
func (n *line) Ranges(ctx context.Context, ask wire.RangesAsk) (wire.RangesReply, error) {
	return over(n, ask, func(ask wire.RangesAsk) (wire.RangesReply, error) { return n.l.w.hub.Ranges(ctx, n.device(), ask) })
}
func (n *line) Fetch(ctx context.Context, ask wire.FetchAsk) (wire.FetchReply, error) {
	return over(n, ask, func(ask wire.FetchAsk) (wire.FetchReply, error) {
		reply, err := n.l.w.hub.Fetch(ctx, n.device(), ask)
		if len(reply.Sets) > 0 && n.l.barred(ask.Scope) {
			n.l.w.t.Errorf("the hub gives %s a scope that its role may not read", n.l.name)
		}
		return reply, err
	})
}
func (n *line) PutBlobs(ctx context.Context, b wire.Blobs) error {
	_, err := over(n, b, func(b wire.Blobs) (wire.Empty, error) { return wire.Empty{}, n.l.w.hub.PutBlobs(ctx, n.device(), b) })
	return err
}
func (n *line) Traces(ctx context.Context, ask wire.TraceAsk) (wire.Traces, error) {
	return over(n, ask, func(ask wire.TraceAsk) (wire.Traces, error) { return n.l.w.hub.Traces(ctx, n.device(), ask) })
}

func (n *line) Keys(ctx context.Context) (wire.KeyReport, error) {
	return over(n, wire.Empty{}, func(wire.Empty) (wire.KeyReport, error) { return n.l.w.hub.Keys(ctx, n.device()) })
}

func (n *line) CheckPack(ctx context.Context, ask wire.PackCheck) (wire.PackChecked, error) {
	return over(n, ask, func(ask wire.PackCheck) (wire.PackChecked, error) { return n.l.w.hub.CheckPack(ctx, n.device(), ask) })
}

func (n *line) GetBlobs(ctx context.Context, names wire.BlobNames) (wire.Blobs, error) {
	return over(n, names, func(names wire.BlobNames) (wire.Blobs, error) { return n.l.w.hub.GetBlobs(ctx, n.device(), names) })
}

// Pull also watches that the hub serves nothing beyond the laptop's role.
func (n *line) Pull(ctx context.Context, ask wire.PullAsk) (wire.PullReply, error) {
	return over(n, ask, func(ask wire.PullAsk) (wire.PullReply, error) {
		reply, err := n.l.w.hub.Pull(ctx, n.device(), ask)
		for _, page := range reply.Scopes {
			if n.l.barred(page.Scope) {
				n.l.w.t.Errorf("the hub serves %s a scope that its role may not read", n.l.name)
			}
		}
		return reply, err
	})
}

// Push writes the body down first, so that any byte of it can be the last one. What an answer acknowledges is at the hub
// from then on.
func (n *line) Push(ctx context.Context, write func(io.Writer) error) (wire.PushReply, error) {
	var buffer bytes.Buffer
	if err := write(&buffer); err != nil {
		return wire.PushReply{}, err
	}
	body, what := buffer.Bytes(), n.due(true)
	if what == cut || what == flipped || what == bentAsk {
		return wire.PushReply{}, n.pushBadly(ctx, body, what)
	}
	if what == late {
		n.l.w.pushLate(n.device(), body)
		return wire.PushReply{}, errLine
	}
	reply, err := carry(n, what, body, func(b []byte) (wire.PushReply, error) {
		return n.l.w.hub.Push(ctx, n.device(), bytes.NewReader(b))
	})
	if err == nil && what != bentAnswer {
		for _, r := range reply.Results {
			if r.Status == wire.Accepted || r.Status == wire.Duplicate {
				n.l.w.hubHolds.add(n.l.namesIn(r.Set))
			}
		}
	}
	return reply, err
}

// pushBadly sends a body that is cut or changed. What a hub makes of it is its affair; the laptop hears nothing.
func (n *line) pushBadly(ctx context.Context, body []byte, what trouble) error {
	at := int(n.fault.part * float64(len(body)))
	bad := bytes.Clone(body)
	if what == cut {
		bad = bad[:at]
	} else {
		bad[at] ^= 1 << (at % 8)
	}
	_, err := n.l.w.hub.Push(ctx, n.device(), bytes.NewReader(bad))
	n.watch(err)
	return errLine
}

func (n *line) Found(ctx context.Context, genesis []byte) (wire.Head, error) {
	return n.l.w.hub.Found(ctx, n.tls, genesis)
}
func (n *line) Requests(ctx context.Context) (wire.Requests, error) {
	return n.l.w.hub.Requests(ctx, n.device())
}
func (n *line) PutOrder(ctx context.Context, o wire.PendingOrder) error {
	return n.l.w.hub.PutOrder(ctx, n.device(), o)
}
func (n *line) Orders(ctx context.Context) (wire.PendingOrders, error) {
	return n.l.w.hub.Orders(ctx, n.device())
}
