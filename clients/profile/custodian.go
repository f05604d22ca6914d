package profile

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"

	"escale/crypto/custody"
	"escale/crypto/envelope"
	"escale/crypto/ledger"
	"escale/crypto/seal"
	"escale/schema"
	"escale/schema/canon"
	"escale/sync/wire"
)

// SettingShares names the setting that says which blob holds the sealed shares of the recovery key.
const SettingShares = "custody.shares"

// ErrNoShare reports a device that holds no share of the present recovery key.
var ErrNoShare = errNoShare

// keptShare names the share that a custodian's device holds.
const keptShare = "custody share"

// heldShare is a share with the commitment that tells which recovery key it is of.
type heldShare struct {
	_          struct{} `cbor:",toarray"`
	Commitment schema.Hash
	Share      []byte
}

// SealShares seals the shares of a new recovery key to its custodians; the blob goes beside the ledger.
func SealShares(state *ledger.State, c *ledger.Custody, shares []custody.Share) (blob []byte, setting ledger.Setting, err error) {
	sealed := make([][]byte, len(shares))
	for i, s := range shares {
		dev, ok := state.Device(c.Custodians[i])
		if !ok || dev.RevokedAt != 0 {
			return nil, setting, fmt.Errorf("%w: custodian %v", ErrNotEnrolled, c.Custodians[i])
		}
		b, err := s.Encode()
		if err != nil {
			return nil, setting, err
		}
		if sealed[i], err = seal.SealShare(b, seal.ShareName{Org: state.Org(), Commitment: c.Commitments[i], To: dev.ID}, dev.Keys.KEM); err != nil {
			return nil, setting, err
		}
	}
	if blob, err = canon.Encode(sealed); err != nil {
		return nil, setting, err
	}
	id := envelope.BlobID(blob)
	return blob, ledger.Setting{Key: SettingShares, Text: hex.EncodeToString(id[:])}, nil
}

// sharePlace returns which share of the present recovery key falls to this device.
func (p *Profile) sharePlace() (c ledger.Custody, index int, ok bool) {
	c, ok = p.log.State().Custody()
	if !ok {
		return c, 0, false
	}
	index = slices.Index(c.Custodians, p.Keys.Device)
	return c, index, index >= 0
}

func (x Exchange) awaitsShare() bool {
	c, i, named := x.sharePlace()
	return named && x.share != c.Commitments[i]
}

// keepShare takes this device's share of the recovery key, once an older one is destroyed and that is attested.
func (x Exchange) keepShare(ctx context.Context) (bool, error) {
	held, err := x.heldShare(ctx)
	if err != nil {
		return false, err
	}
	c, i, named := x.sharePlace()
	if held != nil && named && held.Commitment == c.Commitments[i] {
		x.Profile.share = held.Commitment
		return false, nil
	}
	if held != nil {
		return true, x.dropShare(ctx, held.Commitment)
	}
	if !named {
		return false, nil
	}
	return x.takeShare(ctx, &c, i)
}

func (p *Profile) heldShare(ctx context.Context) (*heldShare, error) {
	b, err := p.Kept(ctx, keptShare)
	if err != nil || b == nil {
		return nil, err
	}
	var h heldShare
	return &h, canon.Decode(b, &h)
}

// dropShare forgets a share of an older recovery key and attests that. Its name stays until the attestation is linked, so
// that one that broke off is made up for.
func (x Exchange) dropShare(ctx context.Context, commitment schema.Hash) error {
	if !attested(x.log.State(), x.Keys.Device, commitment) {
		order, err := newestCustody(x.log)
		if err != nil {
			return err
		}
		if err := x.forgetShare(ctx, commitment); err != nil {
			return err
		}
		err = x.link(ctx, ledger.Results{&ledger.Attest{Device: x.Keys.Device, Order: order, Destroyed: []schema.Hash{commitment}}})
		if err != nil {
			return err
		}
	}
	if err := x.Keep(ctx, keptKEMDue, []byte{1}); err != nil { // it had been sealed to the present KEM key
		return err
	}
	return x.forgetKept(ctx, keptShare)
}

// forgetShare empties the share and keeps its name, until the attestation is linked.
func (x Exchange) forgetShare(ctx context.Context, commitment schema.Hash) error {
	b, err := canon.Encode(heldShare{Commitment: commitment, Share: []byte{}})
	if err != nil {
		return err
	}
	if err := x.Keep(ctx, keptShare, b); err != nil {
		return err
	}
	return x.db.Scrub(ctx)
}

// newestCustody returns the order that named the present custodians.
func newestCustody(log *ledger.Log) (out schema.Order, err error) {
	for _, entry := range log.Entries(1) {
		link, _, err := ledger.DecodeLink(entry)
		if err != nil {
			return out, err
		}
		if link.Kind != ledger.PayloadOrder {
			continue
		}
		signed, err := link.Order()
		if err != nil {
			return out, err
		}
		o, err := signed.Content()
		if err != nil {
			return out, err
		}
		if slices.ContainsFunc(o.Bodies, func(b ledger.RawBody) bool { return b.Kind == ledger.KindCustody }) {
			out = o.ID
		}
	}
	return out, nil
}

func (x Exchange) takeShare(ctx context.Context, c *ledger.Custody, i int) (bool, error) {
	s, ok := x.log.State().Setting(SettingShares)
	name, err := hex.DecodeString(s.Text)
	if !ok || err != nil || len(name) != len(schema.Hash{}) {
		return false, fmt.Errorf("%w: the sealed shares", ErrBlob)
	}
	blobs, err := x.fetchBlobs(ctx, wire.BlobNames{Names: []schema.Hash{schema.Hash(name)}})
	if err != nil {
		return false, err
	}
	var sealed [][]byte
	if err := canon.Decode(blobs[0], &sealed); err != nil || i >= len(sealed) {
		return false, fmt.Errorf("%w: the sealed shares", ErrBlob)
	}
	share, err := seal.OpenShare(x.keys.kem, seal.ShareName{Org: x.Keys.Org, Commitment: c.Commitments[i], To: x.Keys.Device}, sealed[i])
	if err != nil {
		return false, err
	}
	got, err := custody.DecodeShare(share)
	if err != nil {
		return false, err
	}
	if err := custody.Check(x.Keys.Org, c, got); err != nil {
		return false, err
	}
	b, err := canon.Encode(heldShare{Commitment: c.Commitments[i], Share: share})
	if err != nil {
		return false, err
	}
	if err := x.Keep(ctx, keptShare, b); err != nil {
		return false, err
	}
	x.Profile.share = c.Commitments[i]
	return true, nil
}

// HoldsShare reports whether this device holds its share of the present recovery key.
func (p *Profile) HoldsShare(ctx context.Context) (bool, error) {
	held, err := p.heldShare(ctx)
	if err != nil || held == nil || p.log == nil {
		return false, err
	}
	c, i, named := p.sharePlace()
	return named && held.Commitment == c.Commitments[i], nil
}

// HandedShare is a share on its way to the device that recovers; only that one opens it.
type HandedShare struct {
	_          struct{} `cbor:",toarray"`
	Commitment schema.Hash
	To         schema.Device
	Sealed     []byte
}

// HandShare seals this custodian's share to the device that is to recover.
func (p *Profile) HandShare(ctx context.Context, to schema.Device) (h HandedShare, err error) {
	holds, err := p.HoldsShare(ctx)
	if err != nil || !holds {
		return h, errors.Join(ErrNoShare, err)
	}
	held, err := p.heldShare(ctx)
	if err != nil {
		return h, err
	}
	dev, ok := p.log.State().Device(to)
	if !ok || dev.RevokedAt != 0 {
		return h, ErrNotEnrolled
	}
	h = HandedShare{Commitment: held.Commitment, To: to}
	h.Sealed, err = seal.SealShare(held.Share, seal.ShareName{Org: p.Keys.Org, Commitment: held.Commitment, To: to}, dev.Keys.KEM)
	return h, err
}

// Recover puts the recovery key together from handed shares and this device's own, opens the epochs for which officers
// ordered this device to wrap keys, and carries the orders out. Neither the recovery key nor an epoch's key is kept.
func (x Exchange) Recover(ctx context.Context, handed []HandedShare) (opened int, err error) {
	c, ok := x.log.State().Custody()
	if !ok {
		return 0, custody.ErrTooFew
	}
	shares, err := x.openShares(ctx, &c, handed)
	if err != nil {
		return 0, err
	}
	priv, err := custody.Combine(x.Keys.Org, &c, shares)
	if err != nil {
		return 0, err
	}
	var borrowed []epochID
	defer func() {
		for _, id := range borrowed {
			delete(x.epochs, id)
		}
	}()
	for _, sc := range x.log.State().Scopes() {
		for _, e := range sc.Epochs {
			id := epochID{sc.ID, e.Number}
			if _, held := x.epochs[id]; held || !x.ordered(&e) {
				continue
			}
			k, err := x.fromCustody(ctx, priv, sc.ID, &e)
			if err != nil {
				return opened, fmt.Errorf("epoch %d of scope %v: %w", e.Number, sc.ID, err)
			}
			x.epochs[id] = k
			borrowed = append(borrowed, id)
			opened++
		}
	}
	_, err = x.execute(ctx)
	return opened, err
}

// ordered reports whether an open epoch waits for this device to wrap its key.
func (x Exchange) ordered(e *ledger.Epoch) bool {
	return e.Status == ledger.Open && slices.ContainsFunc(e.Grants, func(g ledger.EpochGrant) bool { return g.LinkedAt == 0 && g.Executor == x.Keys.Device })
}

func (x Exchange) openShares(ctx context.Context, c *ledger.Custody, handed []HandedShare) (out []custody.Share, err error) {
	if own, err := x.heldShare(ctx); err == nil && own != nil && len(own.Share) > 0 {
		if s, err := custody.DecodeShare(own.Share); err == nil && custody.Check(x.Keys.Org, c, s) == nil {
			out = append(out, s)
		}
	}
	for _, h := range handed {
		i := slices.Index(c.Commitments, h.Commitment)
		if i < 0 {
			return nil, fmt.Errorf("%w: of an older recovery key", custody.ErrShare)
		}
		wrong := &custody.WrongShareError{Custodian: c.Custodians[i], Index: uint(i + 1)}
		b, err := seal.OpenShare(x.keys.kem, seal.ShareName{Org: x.Keys.Org, Commitment: h.Commitment, To: x.Keys.Device}, h.Sealed)
		if err != nil {
			return nil, errors.Join(wrong, err)
		}
		s, err := custody.DecodeShare(b)
		if err != nil {
			return nil, errors.Join(wrong, err)
		}
		out = append(out, s)
	}
	return out, nil
}

// fromCustody opens an epoch's key with the recovery key: from the list of wraps that holds one to it.
func (x Exchange) fromCustody(ctx context.Context, c seal.CustodyPrivate, scope schema.Scope, e *ledger.Epoch) (k seal.EpochPrivate, err error) {
	orders := []schema.Order{e.Order}
	for _, g := range e.Grants {
		orders = append(orders, g.Order)
	}
	name := seal.EpochName{Org: x.Keys.Org, Scope: scope, Number: e.Number}
	failed := error(ErrBlob)
	for _, list := range e.Wraps {
		blobs, err := x.fetchBlobs(ctx, wire.BlobNames{Names: []schema.Hash{list}})
		if err != nil {
			failed = err
			continue
		}
		w, err := ledger.DecodeWrapList(blobs[0])
		if err != nil {
			return k, err
		}
		wrap, ok := w.Wrap(ledger.CustodyGrantee())
		if !ok {
			continue
		}
		if blobs, err = x.fetchBlobs(ctx, wire.BlobNames{Names: []schema.Hash{wrap}}); err != nil {
			return k, err
		}
		for _, o := range orders {
			if k, failed = seal.UnwrapEpochFromCustody(c, name, o, e.Public, blobs[0]); failed == nil {
				return k, nil
			}
		}
	}
	return k, failed
}
