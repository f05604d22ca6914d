// Package horizon is the statement of what a backup of a hub holds. The hub's program makes it from a backup that it read
// back and verified; an officer signs its digest into the ledger; every laptop then knows which of its change-sets would
// outlive the hub.
//
// A statement is small: for each scope, how many change-sets there are, their running hash, and the name of the list of
// the tips of all branches. Whoever holds change-sets of a scope fetches its list and sees which of them come before a
// tip. The statement has one form only, so that everybody computes the same digest. The package is pure, and knows
// neither contents nor people.
package horizon

import (
	"bytes"
	"errors"
	"fmt"
	"time"

	"escale/crypto/envelope"
	"escale/crypto/ledger"
	"escale/schema"
	"escale/schema/canon"
	"escale/sync/admit"
	"escale/sync/wire"
)

// Bounds of a statement and of the file that carries it.
const (
	MaxScopes = 1 << 16
	MaxFile   = 64 << 20 // bytes
)

// ErrStatement reports bytes that are no statement, or lists that are not those that it names.
var ErrStatement = errors.New("malformed statement of a backup")

// label keeps a statement from being taken for anything else that is hashed.
const label = "escale/v1/backup"

// Statement says what a backup holds.
type Statement struct {
	_        struct{} `cbor:",toarray"`
	Label    string
	Org      schema.Org
	HubEpoch wire.HubEpoch
	Ledger   wire.Head
	Sets     uint64 // change-sets of all scopes
	Scopes   []Scope
}

// Scope is one scope of a backup. They are sorted.
type Scope struct {
	_       struct{} `cbor:",toarray"`
	Scope   schema.Scope
	Number  uint64      // of the newest change-set in the hub's log
	Running schema.Hash // over all of them
	Tips    schema.Hash // name of the list of the tips of all branches, as admit.EncodeCut writes it
}

// File is a statement with the lists that it names, in its order. Lists that the holder does not need are empty.
type File struct {
	_         struct{} `cbor:",toarray"`
	Statement []byte
	Tips      [][]byte
	Time      int64 // when it was read back, Unix seconds; whoever reads it back again signs the same statement
}

// Holding is one scope as a hub holds it.
type Holding struct {
	State wire.ScopeState
	Tips  []wire.Tip
}

// New makes the file of a backup that was read back at a time and holds these scopes, sorted.
func New(s Statement, scopes []Holding, at time.Time) (*File, error) {
	s.Label, s.Scopes, s.Sets = label, []Scope{}, 0
	f := &File{Tips: [][]byte{}, Time: at.Unix()}
	for _, h := range scopes {
		list, name, err := admit.EncodeCut(h.Tips)
		if err != nil {
			return nil, err
		}
		s.Sets += h.State.Number
		s.Scopes = append(s.Scopes, Scope{Scope: h.State.Scope, Number: h.State.Number, Running: h.State.Running, Tips: name})
		f.Tips = append(f.Tips, list)
	}
	if err := s.check(); err != nil {
		return nil, err
	}
	var err error
	f.Statement, err = canon.Encode(s)
	return f, err
}

func (s *Statement) check() error {
	switch {
	case s.Label != label || s.Org.IsZero():
		return fmt.Errorf("%w: label or organisation", ErrStatement)
	case len(s.Scopes) > MaxScopes:
		return fmt.Errorf("%w: %d scopes, at most %d", ErrStatement, len(s.Scopes), MaxScopes)
	}
	sets := uint64(0)
	for i := range s.Scopes {
		if i > 0 && bytes.Compare(s.Scopes[i-1].Scope[:], s.Scopes[i].Scope[:]) >= 0 {
			return fmt.Errorf("%w: scopes are not sorted", ErrStatement)
		}
		sets += s.Scopes[i].Number
	}
	if sets != s.Sets {
		return fmt.Errorf("%w: %d change-sets, its scopes hold %d", ErrStatement, s.Sets, sets)
	}
	return nil
}

// Digest names a statement: it is what an officer signs.
func Digest(statement []byte) schema.Hash { return envelope.BlobID(statement) }

// ParseStatement reads a statement.
func ParseStatement(b []byte) (*Statement, error) {
	if len(b) > schema.MaxBlob {
		return nil, fmt.Errorf("%w: %d bytes, at most %d", ErrStatement, len(b), schema.MaxBlob)
	}
	s := new(Statement)
	if err := canon.Decode(b, s); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrStatement, err)
	}
	return s, s.check()
}

// Encode returns the bytes of the file.
func (f *File) Encode() ([]byte, error) { return canon.Encode(f) }

// ParseFile reads a file with its statement, and checks each list that it brings against its name.
func ParseFile(b []byte) (*File, *Statement, error) {
	if len(b) > MaxFile {
		return nil, nil, fmt.Errorf("%w: %d bytes, at most %d", ErrStatement, len(b), MaxFile)
	}
	f := new(File)
	if err := canon.Decode(b, f); err != nil {
		return nil, nil, fmt.Errorf("%w: %w", ErrStatement, err)
	}
	s, err := ParseStatement(f.Statement)
	if err != nil {
		return nil, nil, err
	}
	if f.Time < 0 {
		return nil, nil, fmt.Errorf("%w: time", ErrStatement)
	}
	if len(f.Tips) != len(s.Scopes) {
		return nil, nil, fmt.Errorf("%w: %d lists for %d scopes", ErrStatement, len(f.Tips), len(s.Scopes))
	}
	for i, list := range f.Tips {
		if len(list) > 0 && envelope.BlobID(list) != s.Scopes[i].Tips {
			return nil, nil, fmt.Errorf("%w: a list is not the one that is named", ErrStatement)
		}
	}
	return f, s, nil
}

// Whole reports whether every list is there.
func (f *File) Whole() bool {
	for _, list := range f.Tips {
		if len(list) == 0 {
			return false
		}
	}
	return true
}

// Result is what an officer's device links: that this backup was read back.
func (f *File) Result(s *Statement) *ledger.Horizon {
	return &ledger.Horizon{HubEpoch: s.HubEpoch, Digest: Digest(f.Statement), Number: s.Sets, Time: f.Time}
}
