package hub

import (
	"context"
	"errors"
	"time"

	"escale/schema"
	"escale/sync/changeset"
	"escale/sync/wire"
)

// What a store reports so that the hub can say it plainly.
var (
	ErrFull     = errors.New("no space left for the hub's data")
	ErrReadOnly = errors.New("the hub's data cannot be written")
	ErrLost     = errors.New("bytes of a change-set are missing")
	ErrTaken    = errors.New("place is taken already") // a ledger height, a change-set's number or hash, a branch's place
)

// Store keeps everything that a hub keeps.
type Store interface {
	// View runs f on one consistent state; f must not write.
	View(ctx context.Context, f func(Tx) error) error
	// Update runs f as one transaction: all of it is durable when Update returns nil, and nothing of it otherwise.
	// Updates follow one another.
	Update(ctx context.Context, f func(Tx) error) error
	// Size returns how many bytes the store occupies.
	Size(ctx context.Context) (int64, error)
	// Scrub brings the store to where what was dropped can no longer be read from its files.
	Scrub(ctx context.Context) error
	// Room returns how many bytes it could still take, as far as the disk tells.
	Room(ctx context.Context) (int64, error)
	Close() error
}

// Tx is what a transaction can do.
type Tx interface {
	IdentityStore
	LedgerStore
	ScopeStore
	StreamStore
	SetStore
	LogStore
	LossStore
	FrontierStore
	PartialStore
	BlobStore
	InboxStore
	ContactStore
}

// Identity is whose hub this is, and which life of its database.
type Identity struct {
	Org    schema.Org
	Epoch  wire.HubEpoch
	Judged uint64 // ledger height up to which stored change-sets were judged
}

// IdentityStore keeps one Identity.
type IdentityStore interface {
	Identity() (Identity, bool, error)
	PutIdentity(Identity) error
}

// LedgerStore keeps the entries of the ledger, from height 0 on without gaps.
type LedgerStore interface {
	// AddEntry adds the entry of a height; ErrTaken if there is one.
	AddEntry(height uint64, entry []byte) error
	// Entries calls f with each entry from a height on.
	Entries(from uint64, f func(entry []byte) error) error
}

// ScopeRow is one scope's log.
type ScopeRow struct {
	ID        int64
	Scope     schema.Scope
	Number    uint64      // of its newest change-set
	Running   schema.Hash // over all of them
	Conflicts int64       // cells with siblings that wait for a person

	// Since when there has been a conflict, and a change-set that does not count, without a moment between: Unix milliseconds
	// by the hub's clock, 0 if there is none or its time was not noted.
	ConflictSince, AsideSince int64
}

// date notes since when the scope has had conflicts.
func (r *ScopeRow) date(now int64) {
	switch {
	case r.Conflicts == 0:
		r.ConflictSince = 0
	case r.ConflictSince == 0:
		r.ConflictSince = now
	}
}

// ScopeStore keeps the counters of the scopes.
type ScopeStore interface {
	// LockScope returns a scope's row, made if it is new. Until the transaction ends nobody else numbers in that scope,
	// so that a reader who sees a number sees all below it.
	LockScope(schema.Scope) (ScopeRow, error)
	PutScope(ScopeRow) error
	Scopes() ([]ScopeRow, error)
}

// StreamRow is one stream.
type StreamRow struct {
	ID     int64
	Stream schema.Stream
	Device schema.Device
	Scope  int64
}

// Branch is one line of a stream: it left its parent after the change-set numbered From. The first branch is its own
// parent.
type Branch struct {
	Parent uint32
	From   uint64
	Tip    int64 // change-set
}

// DeviceTip is a tip and its scope.
type DeviceTip struct {
	Scope schema.Scope
	wire.Tip
}

// StreamStore keeps streams and their branches. Branches of a stream count 0, 1, 2 …
type StreamStore interface {
	FindStream(schema.Stream) (StreamRow, bool, error)
	AddStream(StreamRow) (id int64, err error)
	Branches(stream int64) ([]Branch, error)
	PutBranch(stream int64, number uint32, b Branch) error
	// Tips returns the tips of all branches in a scope, those of no device left out.
	Tips(scope int64) ([]wire.Tip, error)
	// TipsOf returns the tips of a device's own streams.
	TipsOf(schema.Device) ([]DeviceTip, error)
}

// At is a change-set's place among all change-sets of its stream.
type At struct {
	Stream int64
	Branch uint32
	Seq    uint64
}

// SetRow is what is kept of a change-set beside its bytes.
type SetRow struct {
	ID      int64
	Hash    schema.Hash
	At      At
	Scope   int64
	Number  uint64 // in its scope's log
	Running schema.Hash
	Epoch   uint32
	Cited   uint64 // height of the ledger head that it cites
	Before  uint64 // height that its predecessor cites; 0 for the first of a stream
	Reason  string // why it does not count; empty if it does
}

// SetStore keeps change-sets.
type SetStore interface {
	FindSet(schema.Hash) (SetRow, bool, error)
	// FindSets returns those of the change-sets that are here, in no order.
	FindSets([]schema.Hash) ([]SetRow, error)
	// AddSet keeps a change-set; ErrTaken if its hash, or its number in the scope, is there.
	AddSet(row SetRow, raw []byte) (id int64, err error)
	// MarkSet changes the reason for which a change-set does not count.
	MarkSet(id int64, reason string) error
	// ThinSet replaces a change-set's bytes by those of the same one without erased parts.
	ThinSet(id int64, raw []byte) error
	Raw(id int64) ([]byte, error) // ErrLost if the bytes are not there
	Quarantined(limit int) ([]wire.QuarantinedSet, error)
	CountQuarantined() (int64, error)
}

// LogEntry is one change-set of a scope's log.
type LogEntry struct {
	SetRow
	Stream schema.Stream
	Device schema.Device
	Size   int
}

// LogStore reads the logs of scopes.
type LogStore interface {
	// Log calls f with the change-sets of a scope after a number, in order, until f returns false.
	Log(scope int64, after uint64, f func(LogEntry) (bool, error)) error
	// RunningAt returns the running hash at a number.
	RunningAt(scope int64, number uint64) (schema.Hash, bool, error)
	// Hashes calls f with each change-set of a scope, in no order.
	Hashes(scope int64, f func(schema.Hash) error) error
}

// LossStore tells what a store lost: rows that somebody or a disk took away.
type LossStore interface {
	// Torn returns the scopes in whose logs numbers are missing.
	Torn() ([]schema.Scope, error)
	// Holes returns the smallest numbers that are missing in a scope's log.
	Holes(scope int64, limit int) ([]uint64, error)
	// SetsAt returns what a scope holds of a stream under a sequence: more than one where the stream has branches.
	SetsAt(scope, stream int64, seq uint64) ([]SetRow, error)
	// SetAside removes a change-set whose bytes are lost, and leaves its number free; MendTips comes after it.
	SetAside(id int64) error
	// MendTips lets the branches of a scope that lost their tip end with what is here of them.
	MendTips(scope int64) error
	// DropOrphans removes bytes that belong to no change-set.
	DropOrphans() error
	// PutRunning changes the running hash of a change-set.
	PutRunning(id int64, running schema.Hash) error
}

// Cell is one field of one object.
type Cell struct {
	Object schema.Object
	Tag    schema.Tag
}

// Dot is one delta that stands in a cell's frontier.
type Dot struct {
	Cell
	Class changeset.Class
	Set   int64
	Index uint32
	At    At // of the set
}

// FrontierStore keeps the frontier of each scope, and heads that were cited before they came.
type FrontierStore interface {
	// Frontier returns the dots of the given cells, in no order.
	Frontier(scope int64, cells []Cell) ([]Dot, error)
	// PutCells replaces what stands in the given cells, each named once, by the given dots, of those cells only.
	PutCells(scope int64, cells []Cell, dots []Dot) error
	// EachDot calls f with all dots of a scope, ordered by cell and inside a cell by set and index.
	EachDot(scope int64, f func(Dot) error) error
	ClearFrontier(scope int64) error
	// AddDangling notes that a change-set cites a head that is not here. Noting it twice is no error.
	AddDangling(head schema.Hash, set int64) error
	// TakeDangling returns and forgets the change-sets that cite a head.
	TakeDangling(head schema.Hash) ([]int64, error)
}

// PartialKey names a change-set that has not arrived whole.
type PartialKey struct {
	Stream schema.Stream
	Seq    uint64
	Set    schema.Hash
}

// PartialCount says how many change-sets are here in part, and their bytes.
type PartialCount struct{ Sets, Bytes int64 }

// PartialStore keeps the beginnings of change-sets.
type PartialStore interface {
	PartialSize(PartialKey) (uint64, error)
	Partial(PartialKey) ([]byte, error)
	// PutPartial replaces what is kept under the key; by is who sent it.
	PutPartial(key PartialKey, by schema.Device, data []byte) error
	DropPartial(PartialKey) error
	// PrunePartials forgets the oldest of what a device sent, save the newest keep.
	PrunePartials(by schema.Device, keep int) error
	CountPartials() (PartialCount, error)
}

// BlobStore keeps sealed blobs by their names.
type BlobStore interface {
	PutBlob(name schema.Hash, blob []byte) error
	Blob(name schema.Hash) ([]byte, bool, error)
	BlobSize(name schema.Hash) (int64, bool, error)
	// DropBlob forgets a blob. From then on PutBlob takes none of that name and says nothing.
	DropBlob(name schema.Hash) error
}

// InboxStore keeps requests to join, and orders that wait for signatures.
type InboxStore interface {
	// PutOrder keeps an order under its id, in place of what was kept under it.
	PutOrder(id schema.Order, order []byte) error
	Orders() ([][]byte, error)
	DropOrder(id schema.Order) error
	PutRequest(name schema.Hash, request []byte) error
	Requests() ([][]byte, error)
	DropRequest(name schema.Hash) error
	CountRequests() (int, error)
}

// Contact is when a device was last heard of, how often its digest differed or its cursor did not fit the log, how many
// change-sets were given back since, either way, and the height of the newest ledger head at which it held the same as the
// hub and had nothing left to send.
type Contact struct {
	Device     schema.Device
	Last       time.Time
	AgreedAt   time.Time // when it last held the same; zero: never
	Mismatches int64
	Agreed     uint64
	Repairs    int64
}

// ContactStore keeps contacts.
type ContactStore interface {
	Contacts() ([]Contact, error)
	PutContact(Contact) error
}
