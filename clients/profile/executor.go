package profile

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"escale/crypto/envelope"
	"escale/crypto/ledger"
	"escale/crypto/seal"
	"escale/schema"
	"escale/store/agentdb"
	"escale/sync/wire"
)

// execute carries out the orders that name this device as executor, and links the results in one entry. An order that
// cannot be carried out any more (a grantee was revoked since) waits for officers, and the others go on.
func (x Exchange) execute(ctx context.Context) (bool, error) {
	var results ledger.Results
	var blobs [][]byte
	var failed error
	state := x.log.State()
	for _, s := range state.Scopes() {
		for i := range s.Epochs {
			rs, bs, err := x.executeEpoch(ctx, s.ID, &s.Epochs[i])
			failed = errors.Join(failed, err)
			results, blobs = append(results, rs...), append(blobs, bs...)
		}
		if len(results) >= ledger.MaxResults/8 {
			break
		}
	}
	if len(results) == 0 {
		return false, failed
	}
	if err := x.PutBeside(ctx, blobs); err != nil {
		return false, errors.Join(failed, err)
	}
	return true, errors.Join(failed, x.link(ctx, results))
}

func (x Exchange) executeEpoch(ctx context.Context, scope schema.Scope, e *ledger.Epoch) (rs ledger.Results, blobs [][]byte, failed error) {
	name := seal.EpochName{Org: x.Keys.Org, Scope: scope, Number: e.Number}
	add := func(k seal.EpochPrivate, order schema.Order, grantees []schema.Device, result func(schema.Hash) ledger.Result) {
		list, wraps, err := x.wrap(k, name, order, grantees)
		if err == nil {
			r := result(envelope.BlobID(list))
			if err = x.wouldLink(ledger.Results{r}); err == nil {
				rs, blobs = append(rs, r), append(append(blobs, wraps...), list)
			}
		}
		if err != nil {
			failed = errors.Join(failed, fmt.Errorf("order %v: %w", order, err))
		}
	}
	if e.Status == ledger.Ordered && e.Executor == x.Keys.Device && !x.moot(e.Grantees) {
		k, err := x.epochToBe(ctx, name)
		if err != nil {
			return nil, nil, err
		}
		add(k, e.Order, e.Grantees, func(wraps schema.Hash) ledger.Result {
			return &ledger.EpochResult{Order: e.Order, Scope: scope, Number: e.Number, Public: k.Public(), Wraps: wraps}
		})
		return rs, blobs, failed
	}
	k, held := x.epochKey(scope, *e)
	if !held || e.Status != ledger.Open {
		return nil, nil, nil
	}
	for _, g := range e.Grants {
		if g.LinkedAt == 0 && g.Executor == x.Keys.Device && !x.moot(g.Grantees) {
			add(k, g.Order, g.Grantees, func(wraps schema.Hash) ledger.Result {
				return &ledger.GrantResult{Order: g.Order, Scope: scope, Number: e.Number, Wraps: wraps}
			})
		}
	}
	return rs, blobs, failed
}

// moot reports whether one of an order's grantees was revoked since: the ledger takes no result of it any more, and shows
// officers that it is open.
func (x Exchange) moot(grantees []schema.Device) bool {
	state := x.log.State()
	return slices.ContainsFunc(grantees, func(g schema.Device) bool {
		d, ok := state.Device(g)
		return ok && d.RevokedAt != 0
	})
}

// wouldLink reports whether the ledger would take a result now.
func (x Exchange) wouldLink(payload ledger.Payload) error {
	entry, err := ledger.NewLink(x.log, x.Keys.Device, x.keys.sign, payload, max(x.opts.Clock().UnixMilli(), 1))
	if err != nil {
		return err
	}
	return x.log.Verify(entry)
}

// epochToBe returns the key of an epoch that this device is to make. It is durable before anything of it is published,
// and a second attempt uses the same key.
func (x Exchange) epochToBe(ctx context.Context, name seal.EpochName) (seal.EpochPrivate, error) {
	if k, ok := x.epochs[epochID{name.Scope, name.Number}]; ok {
		return k, nil
	}
	k, err := seal.NewEpoch(x.opts.Rand)
	if err != nil {
		return k, err
	}
	return k, x.update(ctx, func(tx *agentdb.Tx) error { return x.putEpochKey(tx, name, k) })
}

// wrap seals an epoch's key to each grantee and returns the list of the wraps and the wraps.
func (x Exchange) wrap(k seal.EpochPrivate, name seal.EpochName, order schema.Order, grantees []schema.Device) ([]byte, [][]byte, error) {
	state := x.log.State()
	var entries []ledger.WrapEntry
	var wraps [][]byte
	for _, g := range grantees {
		d, ok := state.Device(g)
		if !ok {
			return nil, nil, fmt.Errorf("%w: grantee %v", ErrNotEnrolled, g)
		}
		w, err := seal.WrapEpoch(k, name, order, g, d.Keys.KEM)
		if err != nil {
			return nil, nil, err
		}
		wraps = append(wraps, w)
		entries = append(entries, ledger.WrapEntry{Grantee: g, Wrap: envelope.BlobID(w)})
	}
	if custody, ok := state.CustodyKey(); ok {
		w, err := seal.WrapEpochToCustody(k, name, order, custody)
		if err != nil {
			return nil, nil, err
		}
		wraps = append(wraps, w)
		entries = append(entries, ledger.WrapEntry{Grantee: ledger.CustodyGrantee(), Wrap: envelope.BlobID(w)})
	}
	list, err := ledger.NewWrapList(name.Scope, name.Number, entries)
	if err != nil {
		return nil, nil, err
	}
	b, err := list.Encode()
	return b, wraps, err
}

// maxLinks bounds how often a link is tried while others link too.
const maxLinks = 20

// link puts a payload into the ledger; where another device was faster, it follows what that one linked and links again.
func (x Exchange) link(ctx context.Context, payload ledger.Payload) error {
	for range maxLinks {
		err := x.linkOnce(ctx, payload)
		if !errors.Is(err, wire.ErrMoved) {
			return err
		}
		page, err := x.Blobs.Ledger(ctx, wire.LedgerRead{From: x.log.Head().Height + 1})
		if err != nil {
			return fmt.Errorf("read the ledger: %w", err)
		}
		if err := x.Follow(ctx, page.Entries); err != nil {
			return err
		}
	}
	return fmt.Errorf("link: %w", wire.ErrMoved)
}

// linkOnce signs an entry with this device's key, appends it at the hub, and follows it.
func (x Exchange) linkOnce(ctx context.Context, payload ledger.Payload) error {
	entry, err := ledger.NewLink(x.log, x.Keys.Device, x.keys.sign, payload, max(x.opts.Clock().UnixMilli(), 1))
	if err != nil {
		return err
	}
	if err := x.log.Verify(entry); err != nil {
		return fmt.Errorf("ledger: %w", err)
	}
	if _, err := x.Blobs.Append(ctx, wire.LedgerAppend{After: x.log.Head().Hash, Entries: [][]byte{entry}}); err != nil {
		return fmt.Errorf("link: %w", err)
	}
	return x.Follow(ctx, [][]byte{entry})
}
