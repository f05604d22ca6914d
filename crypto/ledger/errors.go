package ledger

import (
	"errors"
	"fmt"
)

// Errors on which a caller decides.
var (
	ErrBound        = errors.New("over a bound of the ledger")
	ErrInvalid      = errors.New("not a valid ledger content")
	ErrUnknownKind  = errors.New("unknown kind; a newer program wrote this")
	ErrForeign      = errors.New("of another organisation")
	ErrUnknown      = errors.New("names what the ledger does not hold")
	ErrNotPermitted = errors.New("not permitted by the ledger")
	ErrThreshold    = errors.New("too few officers signed")
	ErrExpired      = errors.New("order has expired")
	ErrLeast        = errors.New("order wants a ledger head that this log does not hold")
	ErrUsed         = errors.New("already used")
	// ErrKnown: the log already holds exactly this entry; nothing to do.
	ErrKnown = errors.New("entry is already linked")
	// ErrNotExtending: the entry does not follow the head; fetch the log and link again.
	ErrNotExtending = errors.New("entry does not follow the ledger's head")
	// ErrRollback: the log is older than, or another than, the one seen before.
	ErrRollback = errors.New("ledger went back")
	// ErrFork: two signed histories of one organisation; see ForkError.
	ErrFork = errors.New("ledger forked")
)

// ForkError proves a fork: two entries that cannot belong to one log.
type ForkError struct {
	Height uint64 // where the histories part at the latest
	Ours   []byte // the entry at Height that this log holds
	Theirs []byte // a validly signed link that contradicts it
}

// Error says where the histories part.
func (e *ForkError) Error() string { return fmt.Sprintf("%v at height %d", ErrFork, e.Height) }

// Unwrap returns ErrFork.
func (e *ForkError) Unwrap() error { return ErrFork }
