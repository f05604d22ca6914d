package simtest_test

import (
	"bytes"
	"context"
	"errors"
	"io"

	"escale/crypto/key"
	"escale/schema"
	"escale/sync/wire"
)

// errLine is what a laptop gets when the line breaks.
var errLine = errors.New("the line broke")

// trouble is what goes wrong with one call of an exchange.
type trouble string

// The troubles. All but the last three are of the line.
const (
	lostAsk    trouble = "ask lost"
	lostAnswer trouble = "answer lost"
	twice      trouble = "delivered twice"
	cut        trouble = "push cut"
	late       trouble = "push delivered later"
	flipped    trouble = "push with a flipped bit"
	killed     trouble = "laptop killed before the call"
	killedThen trouble = "laptop killed after the call"
	hubKilled  trouble = "hub killed after the call"
)

var troubles = []trouble{lostAsk, lostAnswer, twice, cut, late, flipped, killed, killedThen, hubKilled}

// fault is one trouble of an exchange, at the call of a number. Push troubles wait for the next push.
type fault struct {
	what trouble
	call int
	part float64 // where in a push, from 0 to 1
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
	if f == nil || f.done || n.calls < f.call {
		return ""
	}
	if (f.what == cut || f.what == late || f.what == flipped) && !push {
		return ""
	}
	f.done = true
	return f.what
}

// over makes one call.
func over[T any](n *line, push bool, call func() (T, error)) (out T, err error) {
	var none T
	what := n.due(push)
	if what == killed {
		n.l.image = n.l.copyNow()
		n.down = true
	}
	if n.down || what == lostAsk {
		return none, errLine
	}
	out, err = call()
	switch what {
	case twice:
		out, err = call()
	case lostAnswer:
		return none, errLine
	case killedThen:
		n.l.image = n.l.copyNow()
		n.down = true
		return none, errLine
	case hubKilled:
		n.l.w.crashHub()
		return none, errLine
	}
	return out, err
}

func (n *line) Sync(ctx context.Context, ask wire.SyncAsk) (wire.SyncReply, error) {
	return over(n, false, func() (wire.SyncReply, error) { return n.l.w.hub.Sync(ctx, n.device(), ask) })
}
func (n *line) Ledger(ctx context.Context, ask wire.LedgerRead) (wire.LedgerPage, error) {
	return over(n, false, func() (wire.LedgerPage, error) { return n.l.w.hub.Ledger(ctx, ask) })
}
func (n *line) Append(ctx context.Context, add wire.LedgerAppend) (wire.Head, error) {
	return over(n, false, func() (wire.Head, error) { return n.l.w.hub.Append(ctx, n.device(), add) })
}
func (n *line) Offsets(ctx context.Context, o wire.Offers) (wire.Offsets, error) {
	return over(n, false, func() (wire.Offsets, error) { return n.l.w.hub.Offsets(ctx, n.device(), o) })
}
func (n *line) Pull(ctx context.Context, ask wire.PullAsk) (wire.PullReply, error) {
	return over(n, false, func() (wire.PullReply, error) { return n.l.w.hub.Pull(ctx, n.device(), ask) })
}
func (n *line) Ranges(ctx context.Context, ask wire.RangesAsk) (wire.RangesReply, error) {
	return over(n, false, func() (wire.RangesReply, error) { return n.l.w.hub.Ranges(ctx, n.device(), ask) })
}
func (n *line) Fetch(ctx context.Context, ask wire.FetchAsk) (wire.FetchReply, error) {
	return over(n, false, func() (wire.FetchReply, error) { return n.l.w.hub.Fetch(ctx, n.device(), ask) })
}
func (n *line) PutBlobs(ctx context.Context, b wire.Blobs) error {
	_, err := over(n, false, func() (wire.Empty, error) { return wire.Empty{}, n.l.w.hub.PutBlobs(ctx, n.device(), b) })
	return err
}
func (n *line) CheckPack(ctx context.Context, ask wire.PackCheck) (wire.PackChecked, error) {
	return over(n, false, func() (wire.PackChecked, error) { return n.l.w.hub.CheckPack(ctx, n.device(), ask) })
}

func (n *line) GetBlobs(ctx context.Context, names wire.BlobNames) (wire.Blobs, error) {
	return over(n, false, func() (wire.Blobs, error) { return n.l.w.hub.GetBlobs(ctx, n.device(), names) })
}

// Push writes the body down first, so that any byte of it can be the last one.
func (n *line) Push(ctx context.Context, write func(io.Writer) error) (wire.PushReply, error) {
	var body bytes.Buffer
	if err := write(&body); err != nil {
		return wire.PushReply{}, err
	}
	f := n.fault
	if f == nil || f.done || n.calls+1 < f.call || (f.what != cut && f.what != late && f.what != flipped) {
		return over(n, true, func() (wire.PushReply, error) {
			return n.l.w.hub.Push(ctx, n.device(), bytes.NewReader(body.Bytes()))
		})
	}
	what, at := n.due(true), int(f.part*float64(body.Len()))
	bad := bytes.Clone(body.Bytes())
	switch what {
	case late:
		n.l.w.late = append(n.l.w.late, lateBody{n.device(), bad})
		return wire.PushReply{}, errLine
	case cut:
		bad = bad[:at]
	case flipped:
		bad[at] ^= 1 << (at % 8)
	}
	// What a hub makes of a broken body is its affair; the laptop hears nothing.
	_, err := n.l.w.hub.Push(ctx, n.device(), bytes.NewReader(bad))
	return wire.PushReply{}, errors.Join(errLine, err)
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
