package hub

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"escale/crypto/key"
	"escale/crypto/ledger"
	"escale/schema"
	"escale/sync/wire"
)

// Found takes the genesis of this hub's organisation from a founding device. Taking the same again changes nothing.
func (h *Hub) Found(ctx context.Context, client key.TLSPublic, genesis []byte) (wire.Head, error) {
	if len(genesis) > schema.MaxLedgerEntry {
		return wire.Head{}, refuse(wire.CodeBound, "genesis of %d bytes, at most %d", len(genesis), schema.MaxLedgerEntry)
	}
	if ledger.OrgOf(genesis) != h.id.Org {
		return wire.Head{}, refuse(wire.CodeForeign, "this hub serves another organisation")
	}
	log, err := ledger.New(h.id.Org, genesis)
	if err != nil {
		return wire.Head{}, &Error{Code: wire.CodeLedger, Detail: err.Error(), cause: err}
	}
	if _, ok := log.State().DeviceByTLS(client); !ok {
		return wire.Head{}, refuse(wire.CodeNotMember, "only a founding device brings the genesis")
	}
	h.writing.Lock()
	defer h.writing.Unlock()
	if state, err := h.state(); err == nil {
		return headOf(state.Head()), nil
	}
	if err := h.store.Update(ctx, func(tx Tx) error { return tx.AddEntry(0, genesis) }); err != nil {
		return wire.Head{}, refusal(err)
	}
	h.mu.Lock()
	h.log = log
	h.mu.Unlock()
	return headOf(log.Head()), nil
}

// Ledger returns entries from a height on, as many as one page holds.
func (h *Hub) Ledger(_ context.Context, ask wire.LedgerRead) (wire.LedgerPage, error) {
	if _, err := h.state(); err != nil {
		return wire.LedgerPage{}, err
	}
	h.mu.RLock()
	defer h.mu.RUnlock()
	page := wire.LedgerPage{Entries: [][]byte{}, Head: headOf(h.log.Head())}
	for size, entries := 0, h.log.Entries(ask.From); len(entries) > 0; entries = entries[1:] {
		if size += len(entries[0]); size > wire.MaxLedger && len(page.Entries) > 0 {
			break
		}
		page.Entries = append(page.Entries, entries[0])
	}
	return page, nil
}

// Append links entries after the head that the client knows. Where the head has moved on, the error has CodeMoved and
// names it: fetch, and link again. All entries are taken or none.
func (h *Hub) Append(ctx context.Context, dev schema.Device, ask wire.LedgerAppend) (wire.Head, error) {
	if _, err := h.member(dev); err != nil {
		return wire.Head{}, err
	}
	if err := boundEntries(ask.Entries); err != nil {
		return wire.Head{}, err
	}
	h.writing.Lock()
	defer h.writing.Unlock()
	head, err := h.link(ctx, ask)
	if err != nil {
		return head, refusal(err)
	}
	return head, refusal(h.catchUpLocked(ctx))
}

func boundEntries(entries [][]byte) error {
	if len(entries) == 0 {
		return refuse(wire.CodeMalformed, "no entries")
	}
	size := 0
	for _, e := range entries {
		size += len(e)
	}
	if len(entries) > wire.MaxRefs || size > wire.MaxLedger {
		return refuse(wire.CodeBound, "%d entries of %d bytes, at most %d of %d", len(entries), size, wire.MaxRefs, wire.MaxLedger)
	}
	return nil
}

// link verifies the entries in a second log before anybody sees them, so that a failure leaves the first as it was.
func (h *Hub) link(ctx context.Context, ask wire.LedgerAppend) (wire.Head, error) {
	h.mu.RLock()
	old := h.log
	h.mu.RUnlock()
	head := headOf(old.Head())
	if ask.After != head.Hash {
		return head, h.moved(old, ask, head)
	}
	for i, e := range ask.Entries {
		if err := h.cutIsHere(ctx, e); err != nil {
			return head, fmt.Errorf("entry %d: %w", i, err)
		}
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if err := appendAll(old, ask.Entries); err != nil {
		return head, h.undo(old, head.Height, ledgerError(err))
	}
	err := h.store.Update(ctx, func(tx Tx) error {
		for i, e := range ask.Entries {
			if err := tx.AddEntry(head.Height+1+uint64(i), e); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return head, h.undo(old, head.Height, err)
	}
	h.log.State()
	return headOf(h.log.Head()), nil
}

// moved answers a client that lost the race; one that merely repeats what is linked already is told the head.
func (h *Hub) moved(log *ledger.Log, ask wire.LedgerAppend, head wire.Head) error {
	if at, ok := log.HeightOf(ask.After); ok {
		have := log.Entries(at + 1)
		if len(have) >= len(ask.Entries) && slices.EqualFunc(have[:len(ask.Entries)], ask.Entries, slices.Equal[[]byte]) {
			return nil
		}
	}
	return &Error{Code: wire.CodeMoved, Detail: "the ledger has moved on: fetch it and link again", Head: &head}
}

func appendAll(log *ledger.Log, entries [][]byte) error {
	for i, e := range entries {
		if err := log.Append(e); err != nil {
			return fmt.Errorf("entry %d: %w", i, err)
		}
	}
	return nil
}

func ledgerError(err error) error {
	code := wire.CodeLedger
	if errors.Is(err, ledger.ErrBound) {
		code = wire.CodeBound
	}
	return &Error{Code: code, Detail: err.Error(), cause: err}
}

// undo brings the log back to a height; h.mu is held.
func (h *Hub) undo(log *ledger.Log, height uint64, cause error) error {
	if log.Head().Height == height {
		return cause
	}
	again, err := ledger.Replay(h.id.Org, log.Entries(0)[:height+1])
	if err != nil {
		return fmt.Errorf("%w; and the ledger cannot be replayed: %w", cause, err)
	}
	again.State()
	h.log = again
	return cause
}

// cutIsHere refuses to close an epoch before the list of what still counts lies beside the ledger: else every
// change-set under it would be set aside.
func (h *Hub) cutIsHere(ctx context.Context, entry []byte) error {
	return eachBody(entry, func(b ledger.Body) error {
		c, ok := b.(*ledger.CloseEpoch)
		if !ok {
			return nil
		}
		return h.store.View(ctx, func(tx Tx) error {
			_, found, err := (&chains{tx: tx}).Cut(c.Cut)
			if err == nil && !found {
				err = refuse(wire.CodeLedger, "the cut %s of a closing epoch is not here: put it first", c.Cut)
			}
			return err
		})
	})
}

// eachBody calls f with each body of the order that an entry above genesis links, if it links one.
func eachBody(entry []byte, f func(ledger.Body) error) error {
	link, _, err := ledger.DecodeLink(entry)
	if err != nil {
		return ledgerError(err)
	}
	if link.Kind != ledger.PayloadOrder {
		return nil
	}
	signed, err := link.Order()
	if err != nil {
		return ledgerError(err)
	}
	o, err := signed.Content()
	if err != nil {
		return ledgerError(err)
	}
	bodies, err := o.Decode()
	if err != nil {
		return ledgerError(err)
	}
	for _, b := range bodies {
		if err := f(b); err != nil {
			return err
		}
	}
	return nil
}
