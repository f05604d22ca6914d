// Package wire holds the messages of the exchange between a laptop and a hub, version 1, and their bounds.
//
// Every message is one CBOR document, save a push, whose body is a row of frames so that the hub can keep what arrived
// when the line broke. Messages carry change-sets and ledger entries as opaque bytes: what is signed is never encoded
// again. The package is pure.
package wire

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"sort"

	"escale/crypto/key"
	"escale/schema"
)

// The routes. All are POST, save the three for operators.
const (
	PathFound      = "/v1/found"      // genesis bytes → Head: the first message that a new hub takes
	PathJoin       = "/v1/join"       // JoinRequest → JoinReply: the one route that takes unknown client keys
	PathRequests   = "/v1/requests"   // → Requests: an officer's device asks who wants to join
	PathPutOrder   = "/v1/orders/put" // PendingOrder → Empty: an officer's order waits for more signatures
	PathOrders     = "/v1/orders"     // → PendingOrders: officers' devices ask what waits
	PathLedger     = "/v1/ledger"     // LedgerRead → LedgerPage
	PathAppend     = "/v1/append"     // LedgerAppend → Head, or 409 with Head when the head has moved on
	PathPutBlobs   = "/v1/blobs/put"  // Blobs → Empty
	PathGetBlobs   = "/v1/blobs/get"  // BlobNames → Blobs (an empty one for each that is not there)
	PathSync       = "/v1/sync"       // SyncAsk → SyncReply
	PathOffsets    = "/v1/offsets"    // Offers → Offsets
	PathPush       = "/v1/push"       // frames → PushReply
	PathPull       = "/v1/pull"       // PullAsk → PullReply
	PathRanges     = "/v1/ranges"     // RangesAsk → RangesReply: where digests differ, find out in what
	PathFetch      = "/v1/fetch"      // FetchAsk → FetchReply: change-sets by name
	PathQuarantine = "/v1/quarantine" // → Quarantine: an officer's device asks what was set aside
	PathCheckPack  = "/v1/keys/check" // PackCheck → PackChecked: is a key pack complete?
	PathKeys       = "/v1/keys"       // → KeyReport: an officer's device asks what is under which epoch
	PathTraces     = "/v1/traces"     // TraceAsk → Traces: an officer's device asks what the hub knows of devices
	PathHealth     = "/healthz"
	PathReady      = "/readyz"
	PathMetrics    = "/metrics"
)

// Bounds of bodies, in bytes, and of counts.
const (
	MaxBody     = 32 << 20 // any request body
	MaxPush     = 8 << 20  // one push body; a client sends several
	MaxJoin     = 8 << 10  // one request to join
	MaxPullPage = 4 << 20  // change-sets in one reply, before encoding
	MaxLedger   = 4 << 20  // ledger entries in one page
	MaxRefs     = 4096     // streams, sets, blobs named in one message
	MaxPending  = 1000     // requests to join that wait
)

// HubEpoch is drawn whenever a hub database is created or restored.
type HubEpoch [8]byte

// Head is the newest entry of a ledger.
type Head struct {
	_      struct{} `cbor:",toarray"`
	Height uint64
	Hash   schema.Hash
}

// Empty is a reply that says nothing.
type Empty struct {
	_ struct{} `cbor:",toarray"`
}

// Problem is the body of every refusal: a stable code, and a sentence that names the bound or the check.
type Problem struct {
	_      struct{} `cbor:",toarray"`
	Code   string
	Detail string
	Head   *Head // where the ledger's head has moved on
}

// ErrMoved is what a refusal with CodeMoved is, on both sides: the ledger's head has moved on, so fetch and link again.
var ErrMoved = errors.New("the ledger's head has moved on")

// Codes of Problem.
const (
	CodeMalformed = "malformed"
	CodeBound     = "bound"
	CodeNotMember = "not_a_member"
	CodeEnded     = "contract_ended"
	CodeNotYours  = "not_permitted"
	CodeMoved     = "head_moved"
	CodeLedger    = "ledger_refused"
	CodeForeign   = "other_organisation"
	CodeNotReady  = "not_ready"
	CodeFull      = "storage_full"
	CodeInternal  = "internal"
)

// JoinRequest carries a request to join, as crypto/invite encoded it.
type JoinRequest struct {
	_       struct{} `cbor:",toarray"`
	Request []byte
}

// JoinReply says whether the device is in the ledger yet.
type JoinReply struct {
	_        struct{} `cbor:",toarray"`
	Enrolled bool
}

// Requests lists requests to join whose device is not enrolled yet.
type Requests struct {
	_        struct{} `cbor:",toarray"`
	Requests [][]byte
}

// PendingOrder is an order that waits for signatures: an encoded ledger.SignedOrder. The hub keeps one for each order id,
// and replaces it by one with more signatures.
type PendingOrder struct {
	_     struct{} `cbor:",toarray"`
	Order []byte
}

// PendingOrders lists the orders that wait and are not linked yet.
type PendingOrders struct {
	_      struct{} `cbor:",toarray"`
	Orders [][]byte
}

// LedgerRead asks for the entries from a height on.
type LedgerRead struct {
	_    struct{} `cbor:",toarray"`
	From uint64
}

// LedgerPage is a run of entries and the hub's head. A page may end before the head.
type LedgerPage struct {
	_       struct{} `cbor:",toarray"`
	Entries [][]byte
	Head    Head
}

// LedgerAppend adds entries after the head that the client knows: compare and swap.
type LedgerAppend struct {
	_       struct{} `cbor:",toarray"`
	After   schema.Hash
	Entries [][]byte
}

// Blobs carries wraps, lists of wraps, and sealed form bundles, each named by envelope.BlobID.
type Blobs struct {
	_     struct{} `cbor:",toarray"`
	Blobs [][]byte
}

// BlobNames asks for blobs.
type BlobNames struct {
	_     struct{} `cbor:",toarray"`
	Names []schema.Hash
}

// SyncAsk opens an exchange: one hash over everything that the device believes the hub to hold (StateHash).
type SyncAsk struct {
	_     struct{} `cbor:",toarray"`
	State schema.Hash
}

// SyncReply answers it. Where Same is true nothing else is to be done, and the lists are empty but for Lacks.
type SyncReply struct {
	_        struct{} `cbor:",toarray"`
	Same     bool
	HubEpoch HubEpoch
	Time     int64         // hub's clock, Unix milliseconds
	TimeSig  key.Signature // by the hub's channel key over TimeMessage, ContextTime
	Head     *Head
	Scopes   []ScopeState
	Own      []Tip // tips of the device's own streams in scopes that it may not read

	// Lacks names blobs that devices asked for and the hub does not hold, also where all else is the same: after a restored
	// backup only who once put them knows them. At most MaxLacks.
	Lacks []schema.Hash
}

// MaxLacks bounds SyncReply.Lacks.
const MaxLacks = 16

// ScopeState is what the hub holds of one scope that the device may read.
type ScopeState struct {
	_       struct{} `cbor:",toarray"`
	Scope   schema.Scope
	Number  uint64      // of the newest change-set; they count 1, 2, 3 … in each scope
	Running schema.Hash // RunningHash over all of them, in the hub's order
	Digest  schema.Hash // Digest over the tips of all branches
}

// Tip is the newest change-set of one branch of a stream.
type Tip struct {
	_      struct{} `cbor:",toarray"`
	Stream schema.Stream
	Seq    uint64
	Set    schema.Hash
}

// Offers names change-sets that the client would push.
type Offers struct {
	_    struct{} `cbor:",toarray"`
	Sets []Tip
}

// Whole is the offset of a change-set that the hub holds entirely.
const Whole = ^uint64(0)

// Offsets says, for each offered change-set, how many of its bytes are durable at the hub.
type Offsets struct {
	_       struct{} `cbor:",toarray"`
	Offsets []uint64
}

// Status says what became of a pushed change-set.
type Status uint8

// What can become of a change-set.
const (
	Accepted    Status = 0 // durable, counts
	Duplicate   Status = 1 // was durable already
	Quarantined Status = 2 // durable, keeps its place, does not count; Reason says why
	Refused     Status = 3 // not kept; Reason names the check
	Partial     Status = 4 // the body ended; Offset bytes are durable
	Gap         Status = 5 // its predecessor is not here: send that first
	NeedLedger  Status = 6 // it cites a ledger head that is not here: send the entries first
)

// PushResult is the answer to one change-set.
type PushResult struct {
	_      struct{} `cbor:",toarray"`
	Set    schema.Hash
	Status Status
	Offset uint64
	Reason string
}

// PushReply answers a push, in the order of its change-sets.
type PushReply struct {
	_       struct{} `cbor:",toarray"`
	Results []PushResult
}

// Cursor is how far a device has read a scope.
type Cursor struct {
	_       struct{} `cbor:",toarray"`
	Scope   schema.Scope
	Number  uint64
	Running schema.Hash
}

// PullAsk asks for what came after the cursors. Own asks for the device's own change-sets whole: its database is new or
// was restored from an older image.
type PullAsk struct {
	_       struct{} `cbor:",toarray"`
	Cursors []Cursor
	Own     bool
}

// PullReply holds, per scope, the change-sets that follow.
type PullReply struct {
	_        struct{} `cbor:",toarray"`
	HubEpoch HubEpoch
	Scopes   []ScopePage
	More     bool // the page was cut; ask again with the new cursors
}

// ScopePage is a run of one scope's log. Reset says that the cursor does not fit this hub's log: read from the start,
// and offer everything again.
type ScopePage struct {
	_     struct{} `cbor:",toarray"`
	Scope schema.Scope
	Reset bool
	Items []Item
}

// Item is one change-set of a log. A device's own come back as hash only.
type Item struct {
	_   struct{} `cbor:",toarray"`
	Set schema.Hash
	Raw []byte
}

// Quarantine lists what was set aside.
type Quarantine struct {
	_    struct{} `cbor:",toarray"`
	Sets []QuarantinedSet
}

// QuarantinedSet is one change-set that does not count.
type QuarantinedSet struct {
	_      struct{} `cbor:",toarray"`
	Set    schema.Hash
	Scope  schema.Scope
	Device schema.Device
	Stream schema.Stream
	Seq    uint64
	Reason string
}

// RunningHash extends the running hash of a scope's log by one change-set.
func RunningHash(before, set schema.Hash) schema.Hash {
	b := make([]byte, 0, 96)
	b = append(b, "escale/v1/running\x00"...)
	b = append(b, before[:]...)
	b = append(b, set[:]...)
	return sha256.Sum256(b)
}

// Digest is the hash over the tips of a scope, in any order, at a ledger head. Two sides that hold the same change-sets,
// and only they, have the same digest.
func Digest(ledger schema.Hash, tips []Tip) (out schema.Hash) {
	sorted := append([]Tip(nil), tips...)
	sort.Slice(sorted, func(i, j int) bool { return lessTip(&sorted[i], &sorted[j]) })
	h := sha256.New()
	h.Write([]byte("escale/v1/digest\x00"))
	h.Write(ledger[:])
	for _, t := range sorted {
		h.Write(t.Stream[:])
		h.Write(binary.BigEndian.AppendUint64(nil, t.Seq))
		h.Write(t.Set[:])
	}
	h.Sum(out[:0])
	return out
}

func lessTip(a, b *Tip) bool {
	if a.Stream != b.Stream {
		return string(a.Stream[:]) < string(b.Stream[:])
	}
	if a.Seq != b.Seq {
		return a.Seq < b.Seq
	}
	return string(a.Set[:]) < string(b.Set[:])
}

// StateHash is one hash over all that a device and the hub must agree on: the no-op of an exchange. Scopes are those
// that the device may read, own the tips of its own streams in scopes that it may only write.
func StateHash(epoch HubEpoch, ledger schema.Hash, scopes []ScopeState, own []Tip) (out schema.Hash) {
	byScope := append([]ScopeState(nil), scopes...)
	sort.Slice(byScope, func(i, j int) bool {
		return string(byScope[i].Scope[:]) < string(byScope[j].Scope[:])
	})
	h := sha256.New()
	h.Write([]byte("escale/v1/state\x00"))
	h.Write(epoch[:])
	h.Write(ledger[:])
	for _, s := range byScope {
		h.Write(s.Scope[:])
		h.Write(binary.BigEndian.AppendUint64(nil, s.Number))
		h.Write(s.Running[:])
		h.Write(s.Digest[:])
	}
	d := Digest(ledger, own)
	h.Write(d[:])
	h.Sum(out[:0])
	return out
}

// TimeMessage is what the hub signs to tell the time: the organisation keeps it from serving elsewhere.
func TimeMessage(org schema.Org, device schema.Device, unixMilli int64) []byte {
	b := append([]byte("escale/v1/hub-time\x00"), org[:]...)
	b = append(b, device[:]...)
	return binary.BigEndian.AppendUint64(b, uint64(unixMilli))
}
