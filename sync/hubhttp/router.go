package hubhttp

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"escale/schema/canon"
	"escale/sync/wire"
)

// action answers one caller. Raw is the request's body, save for a route that streams it; a nil reply is Empty.
type action func(ctx context.Context, c *caller, raw []byte) (any, error)

// newRouter gives each route its action. The gate has checked path, caller and bounds before.
func newRouter(h Hub, o *Options, b *budget, known map[string]*route) http.Handler {
	e := echo.New()
	e.HideBanner, e.HidePort = true, true
	e.HTTPErrorHandler = func(err error, c echo.Context) {
		if x, ok := c.Response().Writer.(*exchange); ok {
			x.fail(err)
		}
	}
	for path, act := range actions(h, o) {
		if known[path] == nil {
			continue // never served: the gate does not know it
		}
		e.POST(path, func(c echo.Context) error {
			from, ok := c.Request().Context().Value(callerKey{}).(*caller)
			if !ok || from.route.path != path {
				return errNoRoute // two readings of one path: never true behind the gate
			}
			answer(c, act, b, from)
			return nil
		})
	}
	return e
}

// answer writes the reply through the exchange, which knows how to count and to refuse.
func answer(c echo.Context, act action, b *budget, from *caller) {
	e, ok := c.Response().Writer.(*exchange)
	if !ok {
		c.Response().WriteHeader(http.StatusInternalServerError)
		return
	}
	defer func() { e.making.shrink(0) }()
	v, err := run(c.Request().Context(), e, act, b, from)
	switch {
	case err != nil:
		e.fail(err)
	case v == nil:
		e.reply(http.StatusOK, wire.Empty{})
	default:
		e.reply(http.StatusOK, v)
	}
}

// run reads the body, which may take long, before it reserves room for the reply.
func run(ctx context.Context, e *exchange, act action, b *budget, from *caller) (any, error) {
	if from.route.held > 0 {
		return act(ctx, from, nil)
	}
	raw, err := io.ReadAll(from.body)
	if err != nil {
		return nil, err
	}
	if e.making, err = b.reply(ctx, from.route); err != nil {
		return nil, err
	}
	return act(ctx, from, raw)
}

func actions(h Hub, o *Options) map[string]action {
	return map[string]action{
		wire.PathFound: func(ctx context.Context, c *caller, raw []byte) (any, error) {
			return h.Found(ctx, c.key, raw)
		},
		wire.PathJoin: taking(func(ctx context.Context, c *caller, in *wire.JoinRequest) (any, error) {
			return h.Join(ctx, *in)
		}),
		wire.PathRequests: func(ctx context.Context, c *caller, _ []byte) (any, error) { return h.Requests(ctx, c.device) },
		wire.PathLedger: taking(func(ctx context.Context, c *caller, in *wire.LedgerRead) (any, error) {
			return h.Ledger(ctx, *in)
		}),
		wire.PathAppend: taking(func(ctx context.Context, c *caller, in *wire.LedgerAppend) (any, error) {
			return h.Append(ctx, c.device, *in)
		}),
		wire.PathPutBlobs: taking(func(ctx context.Context, c *caller, in *wire.Blobs) (any, error) {
			return nil, h.PutBlobs(ctx, c.device, *in)
		}),
		wire.PathGetBlobs: taking(func(ctx context.Context, c *caller, in *wire.BlobNames) (any, error) {
			return h.GetBlobs(ctx, c.device, *in)
		}),
		wire.PathSync: taking(func(ctx context.Context, c *caller, in *wire.SyncAsk) (any, error) {
			return h.Sync(ctx, c.device, *in)
		}),
		wire.PathOffsets: taking(func(ctx context.Context, c *caller, in *wire.Offers) (any, error) {
			return h.Offsets(ctx, c.device, *in)
		}),
		wire.PathPush: pushing(h, o),
		wire.PathPull: taking(func(ctx context.Context, c *caller, in *wire.PullAsk) (any, error) {
			r, err := h.Pull(ctx, c.device, *in)
			if err == nil {
				o.Metrics.pulled(r)
			}
			return r, err
		}),
		wire.PathRanges: taking(func(ctx context.Context, c *caller, in *wire.RangesAsk) (any, error) {
			return h.Ranges(ctx, c.device, *in)
		}),
		wire.PathFetch: taking(func(ctx context.Context, c *caller, in *wire.FetchAsk) (any, error) {
			return h.Fetch(ctx, c.device, *in)
		}),
		wire.PathPutOrder: taking(func(ctx context.Context, c *caller, in *wire.PendingOrder) (any, error) {
			return nil, h.PutOrder(ctx, c.device, *in)
		}),
		wire.PathCheckPack: taking(func(ctx context.Context, c *caller, in *wire.PackCheck) (any, error) {
			return h.CheckPack(ctx, c.device, *in)
		}),
		wire.PathTraces: taking(func(ctx context.Context, c *caller, in *wire.TraceAsk) (any, error) {
			return h.Traces(ctx, c.device, *in)
		}),
		wire.PathKeys:       func(ctx context.Context, c *caller, _ []byte) (any, error) { return h.Keys(ctx, c.device) },
		wire.PathOrders:     func(ctx context.Context, c *caller, _ []byte) (any, error) { return h.Orders(ctx, c.device) },
		wire.PathQuarantine: func(ctx context.Context, c *caller, _ []byte) (any, error) { return h.Quarantined(ctx, c.device) },
	}
}

// taking decodes the message first.
func taking[T any](act func(context.Context, *caller, *T) (any, error)) action {
	return func(ctx context.Context, c *caller, raw []byte) (any, error) {
		in := new(T)
		if err := canon.DecodeLoose(raw, in); err != nil {
			return nil, err
		}
		return act(ctx, c, in)
	}
}

// pushing streams the body. When the line breaks, the request ends with it; what came before must still be stored, so the
// hub works under a context that lives on for a bounded while.
func pushing(h Hub, o *Options) action {
	return func(ctx context.Context, c *caller, _ []byte) (any, error) {
		work, cancel := context.WithCancel(context.WithoutCancel(ctx))
		defer cancel()
		stop := context.AfterFunc(ctx, func() {
			timer := time.AfterFunc(o.Settle, cancel)
			context.AfterFunc(work, func() { timer.Stop() })
		})
		defer stop()
		r, err := h.Push(work, c.device, bufio.NewReaderSize(&broken{c.body}, 32<<10))
		if err == nil {
			o.Metrics.pushed(r)
			err = c.body.failed
		}
		return r, err
	}
}

// broken tells the hub of any failure to read in the one way that it knows: the body broke off.
type broken struct{ r io.Reader }

func (b *broken) Read(p []byte) (int, error) {
	n, err := b.r.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return n, err
}
