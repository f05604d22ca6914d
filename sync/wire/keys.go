package wire

import "escale/schema"

// PackCheck asks whether a key pack, whose blobs are at the hub, names every older change-set of its scope that counts.
type PackCheck struct {
	_    struct{} `cbor:",toarray"`
	Pack schema.Hash
}

// PackChecked answers it: complete up to a number of the scope's log, and how many change-sets are missing at all.
type PackChecked struct {
	_       struct{} `cbor:",toarray"`
	Number  uint64
	Missing uint64
}

// KeyReport is what the hub knows about keys, for officers: counts and times, its own word for them.
type KeyReport struct {
	_        struct{} `cbor:",toarray"`
	Scopes   []ScopeKeys
	Contacts []DeviceContact
}

// ScopeKeys counts one scope's change-sets under each epoch.
type ScopeKeys struct {
	_      struct{} `cbor:",toarray"`
	Scope  schema.Scope
	Number uint64 // of the newest change-set
	Epochs []EpochCount
}

// EpochCount counts the change-sets under one epoch. Left are those that count and that no key pack to the newest epoch
// carries; LeftObjects their objects, each counted once for each change-set.
type EpochCount struct {
	_           struct{} `cbor:",toarray"`
	Epoch       uint32
	Sets        uint64
	Aside       uint64
	Left        uint64
	LeftObjects uint64
}

// DeviceContact says when a device was last heard from, and up to which ledger height it held what the hub holds, with
// nothing left to send.
type DeviceContact struct {
	_      struct{} `cbor:",toarray"`
	Device schema.Device
	Last   int64 // Unix milliseconds
	Agreed uint64
}
