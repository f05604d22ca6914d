package wire

import "escale/schema"

// TraceAsk asks, for officers, what the hub knows of devices that may have been lost.
type TraceAsk struct {
	_       struct{} `cbor:",toarray"`
	Devices []schema.Device
}

// Traces answers it: the hub's own word, counts and times.
type Traces struct {
	_       struct{} `cbor:",toarray"`
	Devices []DeviceTrace
	Scopes  []ScopeCount // that one of the devices may read or write, sorted
}

// DeviceTrace is what the hub knows of one device.
type DeviceTrace struct {
	_        struct{} `cbor:",toarray"`
	Device   schema.Device
	Last     int64  // Unix milliseconds; 0 = never heard from
	Agreed   uint64 // newest ledger height at which it held what the hub holds, with nothing left to send
	AgreedAt int64  // Unix milliseconds; 0 = never
	Sets     uint64 // change-sets of it that count
	Aside    uint64 // and that do not
	Heads    []Tip  // of each of its streams the last change-set that counts
	Beside   []schema.Hash
}

// ScopeCount is how much lies in a scope. An object is one part of one record.
type ScopeCount struct {
	_       struct{} `cbor:",toarray"`
	Scope   schema.Scope
	Sets    uint64
	Objects uint64
}
