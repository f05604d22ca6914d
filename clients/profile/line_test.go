package profile_test

import (
	"context"
	"io"

	"escale/crypto/key"
	"escale/schema"
	"escale/sync/wire"
)

// line is a hub without a channel: the same calls, as one device. before and after are called around each call with its
// number and name; an error from before keeps the call from happening, one from after loses its answer.
type line struct {
	o             *org
	tls           key.TLSPublic
	calls         int
	before, after func(call int, name string) error
	replies       func(reply any)
}

func (l *line) device() schema.Device { dev, _ := l.o.hub.Lookup(l.tls); return dev }

func over[T any](l *line, name string, call func() (T, error)) (out T, err error) {
	l.calls++
	n := l.calls
	if l.before != nil {
		if err := l.before(n, name); err != nil {
			return out, err
		}
	}
	if out, err = call(); err != nil {
		return out, err
	}
	if l.after != nil {
		if err := l.after(n, name); err != nil {
			var none T
			return none, err
		}
	}
	if l.replies != nil {
		l.replies(&out)
	}
	return out, nil
}

func (l *line) Sync(ctx context.Context, ask wire.SyncAsk) (wire.SyncReply, error) {
	return over(l, "sync", func() (wire.SyncReply, error) { return l.o.hub.Sync(ctx, l.device(), ask) })
}
func (l *line) Ledger(ctx context.Context, ask wire.LedgerRead) (wire.LedgerPage, error) {
	return over(l, "ledger", func() (wire.LedgerPage, error) { return l.o.hub.Ledger(ctx, ask) })
}
func (l *line) Append(ctx context.Context, add wire.LedgerAppend) (wire.Head, error) {
	return over(l, "append", func() (wire.Head, error) { return l.o.hub.Append(ctx, l.device(), add) })
}
func (l *line) Offsets(ctx context.Context, o wire.Offers) (wire.Offsets, error) {
	return over(l, "offsets", func() (wire.Offsets, error) { return l.o.hub.Offsets(ctx, l.device(), o) })
}
func (l *line) Pull(ctx context.Context, ask wire.PullAsk) (wire.PullReply, error) {
	return over(l, "pull", func() (wire.PullReply, error) { return l.o.hub.Pull(ctx, l.device(), ask) })
}
func (l *line) Ranges(ctx context.Context, ask wire.RangesAsk) (wire.RangesReply, error) {
	return over(l, "ranges", func() (wire.RangesReply, error) { return l.o.hub.Ranges(ctx, l.device(), ask) })
}
func (l *line) Fetch(ctx context.Context, ask wire.FetchAsk) (wire.FetchReply, error) {
	return over(l, "fetch", func() (wire.FetchReply, error) { return l.o.hub.Fetch(ctx, l.device(), ask) })
}
func (l *line) PutBlobs(ctx context.Context, b wire.Blobs) error {
	_, err := over(l, "put blobs", func() (wire.Empty, error) { return wire.Empty{}, l.o.hub.PutBlobs(ctx, l.device(), b) })
	return err
}
func (l *line) Traces(ctx context.Context, ask wire.TraceAsk) (wire.Traces, error) {
	return over(l, "traces", func() (wire.Traces, error) { return l.o.hub.Traces(ctx, l.device(), ask) })
}
func (l *line) Keys(ctx context.Context) (wire.KeyReport, error) {
	return over(l, "keys", func() (wire.KeyReport, error) { return l.o.hub.Keys(ctx, l.device()) })
}
func (l *line) CheckPack(ctx context.Context, ask wire.PackCheck) (wire.PackChecked, error) {
	return over(l, "check pack", func() (wire.PackChecked, error) { return l.o.hub.CheckPack(ctx, l.device(), ask) })
}
func (l *line) GetBlobs(ctx context.Context, n wire.BlobNames) (wire.Blobs, error) {
	return over(l, "get blobs", func() (wire.Blobs, error) { return l.o.hub.GetBlobs(ctx, l.device(), n) })
}
func (l *line) Push(ctx context.Context, write func(io.Writer) error) (wire.PushReply, error) {
	return over(l, "push", func() (wire.PushReply, error) {
		r, w := io.Pipe()
		go func() { w.CloseWithError(write(w)) }()
		return l.o.hub.Push(ctx, l.device(), r)
	})
}
func (l *line) Found(ctx context.Context, genesis []byte) (wire.Head, error) {
	return l.o.hub.Found(ctx, l.tls, genesis)
}
func (l *line) Requests(ctx context.Context) (wire.Requests, error) {
	return l.o.hub.Requests(ctx, l.device())
}
func (l *line) PutOrder(ctx context.Context, o wire.PendingOrder) error {
	return l.o.hub.PutOrder(ctx, l.device(), o)
}
func (l *line) Orders(ctx context.Context) (wire.PendingOrders, error) {
	return l.o.hub.Orders(ctx, l.device())
}
