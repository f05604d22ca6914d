package hubclient

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"escale/crypto/channel"
	"escale/crypto/key"
	"escale/sync/wire"
)

// Sync opens an exchange. The hub's signed time is verified before anything of the reply is believed.
func (c *Client) Sync(ctx context.Context, in wire.SyncAsk) (out wire.SyncReply, err error) {
	before := c.options.Now()
	resp, err := c.call(ctx, wire.PathSync, in, &out)
	if err != nil {
		return wire.SyncReply{}, err
	}
	if err := c.checkTime(resp, &out); err != nil {
		return wire.SyncReply{}, err
	}
	after := c.options.Now()
	middle := before.Add(after.Sub(before) / 2)
	skew := middle.Sub(time.UnixMilli(out.Time))
	c.skew.Store(&skew)
	return out, nil
}

func (c *Client) checkTime(resp *http.Response, r *wire.SyncReply) error {
	hub, err := channel.PeerKey(*resp.TLS)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrProtocol, err)
	}
	msg := wire.TimeMessage(c.options.Org, c.options.Device, r.Time)
	if err := hub.Verify(key.ContextTime, msg, r.TimeSig); err != nil {
		return fmt.Errorf("%w: hub's time: %w", ErrProtocol, err)
	}
	return nil
}

// Skew tells how far this laptop's clock is ahead of the hub's, as of the last Sync; negative if behind. It is for telling
// people, and decides nothing.
func (c *Client) Skew() (time.Duration, bool) {
	s := c.skew.Load()
	if s == nil {
		return 0, false
	}
	return *s, true
}
