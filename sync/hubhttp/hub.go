package hubhttp

import (
	"context"
	"io"

	"escale/crypto/key"
	"escale/schema"
	"escale/sync/hub"
	"escale/sync/wire"
)

// Door is what the hub does about who is who.
type Door interface {
	// Lookup tells which enrolled device shows a channel key.
	Lookup(k key.TLSPublic) (schema.Device, bool)
	// Found takes the genesis of a hub that has none.
	Found(ctx context.Context, k key.TLSPublic, genesis []byte) (wire.Head, error)
	// Join takes a request of a device that is not enrolled yet.
	Join(ctx context.Context, in wire.JoinRequest) (wire.JoinReply, error)
	Requests(ctx context.Context, d schema.Device) (wire.Requests, error)
	Ledger(ctx context.Context, in wire.LedgerRead) (wire.LedgerPage, error)
	Append(ctx context.Context, d schema.Device, in wire.LedgerAppend) (wire.Head, error)
	PutOrder(ctx context.Context, d schema.Device, in wire.PendingOrder) error
	Orders(ctx context.Context, d schema.Device) (wire.PendingOrders, error)
}

// Exchange is what the hub does with change-sets and blobs.
type Exchange interface {
	PutBlobs(ctx context.Context, d schema.Device, in wire.Blobs) error
	GetBlobs(ctx context.Context, d schema.Device, in wire.BlobNames) (wire.Blobs, error)
	Sync(ctx context.Context, d schema.Device, in wire.SyncAsk) (wire.SyncReply, error)
	Offsets(ctx context.Context, d schema.Device, in wire.Offers) (wire.Offsets, error)
	// Push makes every whole frame of body durable, also when body breaks off with io.ErrUnexpectedEOF.
	Push(ctx context.Context, d schema.Device, body io.Reader) (wire.PushReply, error)
	Pull(ctx context.Context, d schema.Device, in wire.PullAsk) (wire.PullReply, error)
	Quarantined(ctx context.Context, d schema.Device) (wire.Quarantine, error)
}

// Keys is what the hub tells about rotation, and about devices that are to lose their keys.
type Keys interface {
	CheckPack(ctx context.Context, d schema.Device, in wire.PackCheck) (wire.PackChecked, error)
	Keys(ctx context.Context, d schema.Device) (wire.KeyReport, error)
	Traces(ctx context.Context, d schema.Device, in wire.TraceAsk) (wire.Traces, error)
}

// Repair is what the hub does where digests differ.
type Repair interface {
	Ranges(ctx context.Context, d schema.Device, in wire.RangesAsk) (wire.RangesReply, error)
	Fetch(ctx context.Context, d schema.Device, in wire.FetchAsk) (wire.FetchReply, error)
}

// Hub is what is served.
type Hub interface {
	Door
	Exchange
	Keys
	Repair
}

// Operated is what an operator is told of a hub.
type Operated interface {
	// Ready returns nil when the hub can take pushes.
	Ready(ctx context.Context) error
	Status(ctx context.Context) (hub.Status, error)
}
