package hubclient

import (
	"bytes"
	"context"

	"escale/sync/wire"
)

// Found gives a new hub its genesis.
func (c *Client) Found(ctx context.Context, genesis []byte) (out wire.Head, err error) {
	_, err = c.send(ctx, wire.PathFound, bytes.NewReader(genesis), &out)
	return out, err
}

// Join asks to be enrolled, or whether that has happened.
func (c *Client) Join(ctx context.Context, in wire.JoinRequest) (out wire.JoinReply, err error) {
	_, err = c.call(ctx, wire.PathJoin, in, &out)
	return out, err
}

// Requests lists who wants to join.
func (c *Client) Requests(ctx context.Context) (out wire.Requests, err error) {
	_, err = c.call(ctx, wire.PathRequests, nil, &out)
	return out, err
}

// PutOrder leaves an order that waits for officers' signatures.
func (c *Client) PutOrder(ctx context.Context, in wire.PendingOrder) error {
	_, err := c.call(ctx, wire.PathPutOrder, in, new(wire.Empty))
	return err
}

// Orders lists the orders that wait.
func (c *Client) Orders(ctx context.Context) (out wire.PendingOrders, err error) {
	_, err = c.call(ctx, wire.PathOrders, nil, &out)
	return out, err
}

// Ledger reads a page of entries.
func (c *Client) Ledger(ctx context.Context, in wire.LedgerRead) (out wire.LedgerPage, err error) {
	_, err = c.call(ctx, wire.PathLedger, in, &out)
	return out, err
}

// Append adds entries after a known head. Where the head has moved on, the error is a *Refused with CodeMoved and Head.
func (c *Client) Append(ctx context.Context, in wire.LedgerAppend) (out wire.Head, err error) {
	_, err = c.call(ctx, wire.PathAppend, in, &out)
	return out, err
}

// PutBlobs stores wraps and bundles.
func (c *Client) PutBlobs(ctx context.Context, in wire.Blobs) error {
	_, err := c.call(ctx, wire.PathPutBlobs, in, new(wire.Empty))
	return err
}

// GetBlobs fetches them; one that the hub lacks comes back empty.
func (c *Client) GetBlobs(ctx context.Context, in wire.BlobNames) (out wire.Blobs, err error) {
	_, err = c.call(ctx, wire.PathGetBlobs, in, &out)
	return out, err
}

// Offsets asks how much of some change-sets is durable at the hub.
func (c *Client) Offsets(ctx context.Context, in wire.Offers) (out wire.Offsets, err error) {
	_, err = c.call(ctx, wire.PathOffsets, in, &out)
	return out, err
}

// Pull asks for what came after some cursors.
func (c *Client) Pull(ctx context.Context, in wire.PullAsk) (out wire.PullReply, err error) {
	_, err = c.call(ctx, wire.PathPull, in, &out)
	return out, err
}

// Ranges asks what the hub holds of some ranges of a scope.
func (c *Client) Ranges(ctx context.Context, in wire.RangesAsk) (out wire.RangesReply, err error) {
	_, err = c.call(ctx, wire.PathRanges, in, &out)
	return out, err
}

// Fetch asks for change-sets by name.
func (c *Client) Fetch(ctx context.Context, in wire.FetchAsk) (out wire.FetchReply, err error) {
	_, err = c.call(ctx, wire.PathFetch, in, &out)
	return out, err
}

// Quarantined lists what the hub set aside.
func (c *Client) Quarantined(ctx context.Context) (out wire.Quarantine, err error) {
	_, err = c.call(ctx, wire.PathQuarantine, nil, &out)
	return out, err
}

// CheckPack asks whether a key pack that was put is complete.
func (c *Client) CheckPack(ctx context.Context, in wire.PackCheck) (out wire.PackChecked, err error) {
	_, err = c.call(ctx, wire.PathCheckPack, in, &out)
	return out, err
}

// Traces asks what the hub knows of devices.
func (c *Client) Traces(ctx context.Context, in wire.TraceAsk) (out wire.Traces, err error) {
	_, err = c.call(ctx, wire.PathTraces, in, &out)
	return out, err
}

// Keys asks what is under which epoch.
func (c *Client) Keys(ctx context.Context) (out wire.KeyReport, err error) {
	_, err = c.call(ctx, wire.PathKeys, nil, &out)
	return out, err
}
