package hub

import (
	"context"
	"errors"

	"escale/schema"
	"escale/sync/admit"
	"escale/sync/wire"
)

// itemCost is what an item costs beside its change-set's bytes, rounded up.
const itemCost = 64

// Pull returns what came after the cursors, as much as one page holds. A cursor that does not fit the scope's log is
// answered from the start, with Reset.
func (h *Hub) Pull(ctx context.Context, dev schema.Device, ask wire.PullAsk) (wire.PullReply, error) {
	state, err := h.member(dev)
	if err != nil {
		return wire.PullReply{}, err
	}
	if len(ask.Cursors) > wire.MaxRefs {
		return wire.PullReply{}, refuse(wire.CodeBound, "%d cursors, at most %d", len(ask.Cursors), wire.MaxRefs)
	}
	readable := map[schema.Scope]bool{}
	for _, s := range admit.Readable(state, dev) {
		readable[s] = true
	}
	p := puller{hub: h, dev: dev, whole: ask.Own, reply: wire.PullReply{HubEpoch: h.id.Epoch, Scopes: []wire.ScopePage{}}}
	for _, c := range ask.Cursors {
		if !readable[c.Scope] {
			return wire.PullReply{}, refuse(wire.CodeNotYours, "scope %s is not granted to this device", c.Scope)
		}
	}
	err = h.store.View(ctx, func(tx Tx) error { return p.read(tx, ask.Cursors) })
	if err == nil && p.lost != 0 {
		err = h.setAside(ctx, p.lostIn, []int64{p.lost})
	}
	return p.reply, refusal(err)
}

type puller struct {
	hub   *Hub
	dev   schema.Device
	whole bool // own change-sets too
	reply wire.PullReply
	used  int

	lost   int64 // a change-set whose bytes are not there
	lostIn schema.Scope
}

func (p *puller) read(tx Tx, cursors []wire.Cursor) error {
	rows, err := rowsByScope(tx)
	if err != nil {
		return err
	}
	for _, c := range cursors {
		row := rows[c.Scope]
		if c.Number == row.Number && c.Running == row.Running {
			continue
		}
		if p.used >= wire.MaxPullPage {
			p.reply.More = true
			return nil
		}
		if err := p.scope(tx, row, c); err != nil {
			return err
		}
	}
	return nil
}

func (p *puller) scope(tx Tx, row ScopeRow, c wire.Cursor) error {
	page := wire.ScopePage{Scope: c.Scope, Items: []wire.Item{}}
	fits, err := cursorFits(tx, row, c)
	if err != nil {
		return err
	}
	after := c.Number
	if !fits {
		p.hub.contacts.mismatch(p.dev)
		page.Reset, after = true, 0
	}
	if row.Number > after {
		err = tx.Log(row.ID, after, func(e LogEntry) (bool, error) {
			if after++; e.Number != after {
				return false, nil // what follows a hole could not be placed by who reads it
			}
			return p.take(tx, &page, e)
		})
	}
	p.reply.Scopes = append(p.reply.Scopes, page)
	return err
}

func cursorFits(tx Tx, row ScopeRow, c wire.Cursor) (bool, error) {
	if c.Number == 0 {
		return c.Running.IsZero(), nil
	}
	if c.Number > row.Number {
		return false, nil
	}
	running, found, err := tx.RunningAt(row.ID, c.Number)
	return found && running == c.Running, err
}

// take adds one change-set to the page; a device's own comes back as its hash, unless it asked for its own work.
func (p *puller) take(tx Tx, page *wire.ScopePage, e LogEntry) (bool, error) {
	own := e.Device == p.dev && !p.whole
	cost := itemCost
	if !own {
		cost += e.Size
	}
	if p.used > 0 && p.used+cost > wire.MaxPullPage {
		p.reply.More = true
		p.used = wire.MaxPullPage
		return false, nil
	}
	p.used += cost
	item := wire.Item{Set: e.Hash, Raw: []byte{}}
	if !own {
		var err error
		item.Raw, err = tx.Raw(e.ID)
		if errors.Is(err, ErrLost) {
			p.lost, p.lostIn = e.ID, page.Scope
			return false, nil
		}
		if err != nil {
			return false, err
		}
	}
	page.Items = append(page.Items, item)
	return true, nil
}

// maxQuarantined bounds one answer; officers decide about the oldest first.
const maxQuarantined = wire.MaxRefs

// Quarantined tells an officer's device what was set aside, oldest first.
func (h *Hub) Quarantined(ctx context.Context, dev schema.Device) (wire.Quarantine, error) {
	state, err := h.member(dev)
	if err != nil {
		return wire.Quarantine{}, err
	}
	if !state.IsOfficersDevice(dev) {
		return wire.Quarantine{}, refuse(wire.CodeNotYours, "what is quarantined is for officers")
	}
	out := wire.Quarantine{Sets: []wire.QuarantinedSet{}}
	err = h.store.View(ctx, func(tx Tx) error {
		sets, err := tx.Quarantined(maxQuarantined)
		out.Sets = append(out.Sets, sets...)
		return err
	})
	return out, refusal(err)
}
