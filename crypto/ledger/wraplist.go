package ledger

import (
	"bytes"
	"fmt"
	"slices"

	"escale/schema"
	"escale/schema/canon"
)

// CustodyGrantee returns what stands for the custody key in a list of wraps: the zero id, which no device has.
func CustodyGrantee() schema.Device { return schema.Device{} }

// WrapEntry names the wrap of an epoch's private key to one grantee.
type WrapEntry struct {
	_       struct{}      `cbor:",toarray"`
	Grantee schema.Device // zero: the custody key
	Wrap    schema.Hash
}

// WrapList names all wraps of one result, sorted by grantee. Its hash is in the ledger; it and the wraps lie beside it.
type WrapList struct {
	_       struct{} `cbor:",toarray"`
	Scope   schema.Scope
	Number  uint32
	Entries []WrapEntry
}

// NewWrapList sorts the entries.
func NewWrapList(scope schema.Scope, number uint32, entries []WrapEntry) (*WrapList, error) {
	w := &WrapList{Scope: scope, Number: number, Entries: slices.Clone(entries)}
	slices.SortFunc(w.Entries, func(a, b WrapEntry) int { return bytes.Compare(a.Grantee[:], b.Grantee[:]) })
	return w, w.check()
}

func (w *WrapList) check() error {
	if w.Scope.IsZero() || w.Number == 0 || len(w.Entries) == 0 {
		return fmt.Errorf("%w: a list of wraps without scope, number or wrap", ErrInvalid)
	}
	if err := atMost("wraps", len(w.Entries), MaxWraps); err != nil {
		return err
	}
	for i := range w.Entries {
		if w.Entries[i].Wrap.IsZero() {
			return fmt.Errorf("%w: an empty wrap", ErrInvalid)
		}
		if i > 0 && bytes.Compare(w.Entries[i-1].Grantee[:], w.Entries[i].Grantee[:]) >= 0 {
			return fmt.Errorf("%w: wraps not sorted by grantee", ErrInvalid)
		}
	}
	return nil
}

// Encode returns the bytes that lie beside the ledger.
func (w *WrapList) Encode() ([]byte, error) {
	if err := w.check(); err != nil {
		return nil, err
	}
	return canon.Encode(w)
}

// DecodeWrapList reads what Encode wrote.
func DecodeWrapList(b []byte) (*WrapList, error) {
	if err := atMost("bytes of a list of wraps", len(b), schema.MaxLedgerEntry); err != nil {
		return nil, err
	}
	var w WrapList
	if err := canon.Decode(b, &w); err != nil {
		return nil, fmt.Errorf("list of wraps: %w", err)
	}
	return &w, w.check()
}

// Hash returns what the result states.
func (w *WrapList) Hash() (schema.Hash, error) {
	b, err := w.Encode()
	if err != nil {
		return schema.Hash{}, err
	}
	return digest(labelWraps, b), nil
}

// Wrap returns the hash of the wrap for a grantee.
func (w *WrapList) Wrap(grantee schema.Device) (schema.Hash, bool) {
	for _, e := range w.Entries {
		if e.Grantee == grantee {
			return e.Wrap, true
		}
	}
	return schema.Hash{}, false
}

// Covers reports whether the list wraps to exactly these grantees and, if there is a custody key, to it.
func (w *WrapList) Covers(grantees []schema.Device, custody bool) error {
	want := len(grantees)
	if custody {
		want++
		grantees = append(slices.Clip(grantees), CustodyGrantee())
	}
	for _, g := range grantees {
		if _, ok := w.Wrap(g); !ok {
			return fmt.Errorf("%w: no wrap for grantee %s", ErrInvalid, g)
		}
	}
	if len(w.Entries) != want {
		return fmt.Errorf("%w: %d wraps for %d grantees", ErrInvalid, len(w.Entries), want)
	}
	return nil
}
