package hub

import (
	"context"

	"escale/crypto/ledger"
	"escale/schema"
	"escale/sync/wire"
)

// PutOrder keeps an officers' order that waits for signatures, in place of one of the same id with fewer. The hub cannot
// change it: every signature covers all of it, and it takes effect only when an officer's device links it.
func (h *Hub) PutOrder(ctx context.Context, dev schema.Device, ask wire.PendingOrder) error {
	state, err := h.officer(dev)
	if err != nil {
		return err
	}
	signed, order, err := readOrder(ask.Order)
	if err != nil {
		return err
	}
	for _, s := range signed.Signatures {
		if !state.OfficerStands(s.Officer) {
			return refuse(wire.CodeNotYours, "a signature of somebody who is no officer")
		}
	}
	return refusal(h.store.Update(ctx, func(tx Tx) error {
		waiting, err := tx.Orders()
		if err != nil {
			return err
		}
		for _, b := range waiting {
			if old, o, err := readOrder(b); err == nil && o.ID == order.ID && len(old.Signatures) > len(signed.Signatures) {
				return nil
			}
		}
		if len(waiting) >= wire.MaxPending {
			return refuse(wire.CodeBound, "%d orders wait already, at most %d", len(waiting), wire.MaxPending)
		}
		return tx.PutOrder(order.ID, ask.Order)
	}))
}

// Orders returns to an officer's device the orders that wait, and forgets those that were linked since.
func (h *Hub) Orders(ctx context.Context, dev schema.Device) (wire.PendingOrders, error) {
	out := wire.PendingOrders{Orders: [][]byte{}}
	state, err := h.officer(dev)
	if err != nil {
		return out, err
	}
	var waiting [][]byte
	err = h.store.View(ctx, func(tx Tx) error { waiting, err = tx.Orders(); return err })
	if err != nil {
		return out, refusal(err)
	}
	var done []schema.Order
	for _, b := range waiting {
		_, o, err := readOrder(b)
		if err != nil {
			return out, err
		}
		if _, used := state.OrderUsed(o.ID); used {
			done = append(done, o.ID)
			continue
		}
		out.Orders = append(out.Orders, b)
	}
	if len(done) == 0 {
		return out, nil
	}
	return out, refusal(h.store.Update(ctx, func(tx Tx) error {
		for _, id := range done {
			if err := tx.DropOrder(id); err != nil {
				return err
			}
		}
		return nil
	}))
}

func (h *Hub) officer(dev schema.Device) (*ledger.State, error) {
	state, err := h.member(dev)
	if err != nil {
		return nil, err
	}
	if !state.IsOfficersDevice(dev) {
		return nil, refuse(wire.CodeNotYours, "orders that wait are for officers")
	}
	return state, nil
}

func readOrder(b []byte) (*ledger.SignedOrder, *ledger.Order, error) {
	if len(b) > schema.MaxLedgerEntry {
		return nil, nil, refuse(wire.CodeBound, "order of %d bytes, at most %d", len(b), schema.MaxLedgerEntry)
	}
	signed, err := ledger.DecodeSignedOrder(b)
	if err != nil {
		return nil, nil, &Error{Code: wire.CodeMalformed, Detail: "order", cause: err}
	}
	o, err := signed.Content()
	if err != nil {
		return nil, nil, &Error{Code: wire.CodeMalformed, Detail: "order", cause: err}
	}
	return signed, o, nil
}
