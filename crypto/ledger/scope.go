package ledger

import (
	"slices"

	"escale/crypto/key"
	"escale/schema"
)

// EpochStatus says how far an epoch has come.
type EpochStatus uint8

// The life of an epoch.
const (
	Ordered   EpochStatus = iota // its executor has not linked it yet
	Open                         // linked
	Closed                       // only ancestors of its cut count
	Destroyed                    // nothing under it counts any more
	Void                         // replaced by another order before it was linked
)

// String names the status.
func (s EpochStatus) String() string {
	return [...]string{"ordered", "open", "closed", "destroyed", "void"}[min(int(s), int(Void))]
}

// Scope is a scope and its epochs in the order in which they were ordered.
type Scope struct {
	ID       schema.Scope
	OpenedAt uint64
	Epochs   []Epoch
}

// Epoch is one generation of a scope's keypair. Heights are 0 until the thing has happened.
type Epoch struct {
	Number      uint32
	Order       schema.Order
	Status      EpochStatus
	Grantees    []schema.Device // of its own order
	Executor    schema.Device
	Grants      []EpochGrant // of later orders
	Public      key.EpochKEM
	Wraps       []schema.Hash  // hashes of the lists of wraps of all linked results
	Packs       []LinkedPack   // that carry older keys over to this epoch
	Confirms    []Confirmation // that this epoch's keys were carried over to a later one
	Cut         schema.Hash
	Unaccounted []schema.Device
	Destroyer   schema.Order // the order that destroyed it
	OrderedAt   uint64
	LinkedAt    uint64
	ClosedAt    uint64
	DestroyedAt uint64
}

// EpochGrant adds readers to an epoch; it holds once it is linked.
type EpochGrant struct {
	Order     schema.Order
	Grantees  []schema.Device
	Executor  schema.Device
	Until     int64 // unix seconds; 0 = standing
	Wraps     schema.Hash
	OrderedAt uint64
	LinkedAt  uint64
}

// LinkedPack is a key pack and who wrote it.
type LinkedPack struct {
	KeyPack
	Device schema.Device
	Height uint64
}

// Confirmation is a confirmed key pack.
type Confirmation struct {
	Confirm
	To     uint32 // the epoch that opens the pack
	Device schema.Device
	Height uint64
}

func (s *Scope) clone() *Scope {
	return &Scope{ID: s.ID, OpenedAt: s.OpenedAt, Epochs: slices.Clone(s.Epochs)}
}

func (s *Scope) linked(number uint32) int {
	return slices.IndexFunc(s.Epochs, func(e Epoch) bool { return e.Number == number && e.LinkedAt != 0 })
}

func (s *Scope) pending() int {
	return slices.IndexFunc(s.Epochs, func(e Epoch) bool { return e.Status == Ordered })
}

// Epoch returns the linked epoch of a number.
func (s *Scope) Epoch(number uint32) (Epoch, bool) {
	i := s.linked(number)
	if i < 0 {
		return Epoch{}, false
	}
	return s.Epochs[i], true
}

// Pending returns the epoch that is ordered and not linked.
func (s *Scope) Pending() (Epoch, bool) {
	i := s.pending()
	if i < 0 {
		return Epoch{}, false
	}
	return s.Epochs[i], true
}

// Current returns the newest linked epoch; none while the scope is closed to writing.
func (s *Scope) Current() (Epoch, bool) { return s.EpochAt(^uint64(0)) }

// EpochAt returns the epoch that was the newest linked one at a height.
func (s *Scope) EpochAt(height uint64) (Epoch, bool) {
	for i := len(s.Epochs) - 1; i >= 0; i-- {
		if at := s.Epochs[i].LinkedAt; at != 0 && at <= height {
			return s.Epochs[i], true
		}
	}
	return Epoch{}, false
}

func (e *Epoch) grant(order schema.Order) int {
	return slices.IndexFunc(e.Grants, func(g EpochGrant) bool { return g.Order == order })
}

// Readers returns the devices with a standing, linked grant, sorted; some may be revoked since.
func (e *Epoch) Readers() []schema.Device {
	out := slices.Clone(e.Grantees)
	for _, g := range e.Grants {
		if g.LinkedAt != 0 && g.Until == 0 {
			out = append(out, g.Grantees...)
		}
	}
	slices.SortFunc(out, compareIDs)
	return slices.Compact(out)
}

func (e *Epoch) confirmed(c Confirm, to uint32) bool {
	return slices.ContainsFunc(e.Confirms, func(k Confirmation) bool { return k.Confirm == c && k.To == to })
}

// Carried returns the newest confirmation that all of an epoch's keys were carried over to the newest epoch: over the cut
// at which it was closed or, while it is open, over any.
func (s *Scope) Carried(number uint32) (Confirmation, bool) {
	cur, ok := s.Current()
	e, known := s.Epoch(number)
	if !ok || !known {
		return Confirmation{}, false
	}
	for i := len(e.Confirms) - 1; i >= 0; i-- {
		c := e.Confirms[i]
		if c.Complete && c.To == cur.Number && (e.ClosedAt == 0 || c.Cut == e.Cut) {
			return c, true
		}
	}
	return Confirmation{}, false
}

// Unconfirmed returns the older epochs, destroyed ones left out, whose keys nobody confirmed to be carried over.
func (s *Scope) Unconfirmed() (out []uint32) {
	cur, _ := s.Current()
	for _, e := range s.Epochs {
		if e.LinkedAt == 0 || e.Number >= cur.Number || e.DestroyedAt != 0 {
			continue
		}
		if _, ok := s.Carried(e.Number); !ok {
			out = append(out, e.Number)
		}
	}
	return out
}
