package audit

import (
	"fmt"
	"time"
	"unicode/utf8"

	"escale/schema/canon"
)

// Kind says what happened. Numbers are part of the file format: never reused, never changed.
type Kind uint16

// The kinds.
const (
	Opening        Kind = 1  // a record was opened
	Export         Kind = 2  // data left the program
	KeyOperation   Kind = 3  // epoch, wrap, grant, share
	Refusal        Kind = 4  // something was not permitted
	Join           Kind = 5  // this laptop joined, or approved another
	Divergence     Kind = 6  // digests differed after a sync
	Unlock         Kind = 7  // a sitting began
	Lock           Kind = 8  // a sitting ended
	Passphrase     Kind = 9  // the passphrase was changed
	Decision       Kind = 10 // a conflict was resolved
	Order          Kind = 11 // an officer signed
	Erasure        Kind = 12 // a record was erased
	Quarantine     Kind = 13 // something received was set aside
	AccessRequest  Kind = 14 // a person asked what is held about them
	Configuration  Kind = 15 // settings or forms changed
	UnfinishedTail Kind = 16 // written by the log itself
	Repair         Kind = 17 // what was missing here or at the hub was given back
)

// String returns a stable name for machines; kinds of later releases show their number.
func (k Kind) String() string {
	names := [...]string{
		Opening: "opening", Export: "export", KeyOperation: "key_operation", Refusal: "refusal", Join: "join",
		Divergence: "divergence", Unlock: "unlock", Lock: "lock", Passphrase: "passphrase", Decision: "decision",
		Order: "order", Erasure: "erasure", Quarantine: "quarantine", AccessRequest: "access_request",
		Configuration: "configuration", UnfinishedTail: "unfinished_tail",
		Repair: "repair",
	}
	if int(k) < len(names) && names[k] != "" {
		return names[k]
	}
	return fmt.Sprintf("kind_%d", uint16(k))
}

// MarshalText returns the name.
func (k Kind) MarshalText() ([]byte, error) { return []byte(k.String()), nil }

// Bounds of one entry.
const (
	MaxID     = 64   // bytes of a scope or record id
	MaxReason = 4096 // bytes
)

// Entry is one event. Scope and Record are opaque; Reason may name people and is never read outside the seal.
type Entry struct {
	Number uint64 // given by Append
	Time   time.Time
	Kind   Kind
	Scope  []byte
	Record []byte
	Count  uint64 // records or bytes concerned, where that says more than an id
	Reason string
}

// sealedEntry is an entry as it lies inside the seal.
type sealedEntry struct {
	Number uint64 `cbor:"0,keyasint"`
	Milli  int64  `cbor:"1,keyasint"`
	Kind   uint16 `cbor:"2,keyasint"`
	Scope  []byte `cbor:"3,keyasint,omitempty"`
	Record []byte `cbor:"4,keyasint,omitempty"`
	Count  uint64 `cbor:"5,keyasint,omitempty"`
	Reason string `cbor:"6,keyasint,omitempty"`
}

func (e Entry) check() error {
	switch {
	case e.Kind == 0:
		return fmt.Errorf("%w: no kind", ErrEntry)
	case len(e.Scope) > MaxID:
		return fmt.Errorf("%w: scope of %d bytes, at most %d", ErrEntry, len(e.Scope), MaxID)
	case len(e.Record) > MaxID:
		return fmt.Errorf("%w: record of %d bytes, at most %d", ErrEntry, len(e.Record), MaxID)
	case len(e.Reason) > MaxReason:
		return fmt.Errorf("%w: reason of %d bytes, at most %d", ErrEntry, len(e.Reason), MaxReason)
	case !utf8.ValidString(e.Reason):
		return fmt.Errorf("%w: reason is not UTF-8", ErrEntry)
	}
	return nil
}

func (e Entry) encode() ([]byte, error) {
	if err := e.check(); err != nil {
		return nil, err
	}
	return canon.Encode(sealedEntry{
		Number: e.Number, Milli: e.Time.UnixMilli(), Kind: uint16(e.Kind),
		Scope: e.Scope, Record: e.Record, Count: e.Count, Reason: e.Reason,
	})
}

// decodeEntry reads what a seal held and checks that it belongs in this place.
func decodeEntry(plain []byte, number uint64) (Entry, error) {
	var s sealedEntry
	if err := canon.Decode(plain, &s); err != nil {
		return Entry{}, fmt.Errorf("%w: %w", ErrEntry, err)
	}
	if s.Number != number {
		return Entry{}, fmt.Errorf("%w: entry %d in the place of %d", ErrChain, s.Number, number)
	}
	e := Entry{
		Number: s.Number, Time: time.UnixMilli(s.Milli).UTC(), Kind: Kind(s.Kind),
		Scope: s.Scope, Record: s.Record, Count: s.Count, Reason: s.Reason,
	}
	return e, e.check()
}
