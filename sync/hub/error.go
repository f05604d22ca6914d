package hub

import (
	"errors"
	"fmt"

	"escale/sync/wire"
)

// Error is a refusal with the code that travels to the client.
type Error struct {
	Code   string // one of wire.Code…
	Detail string
	Head   *wire.Head // where the ledger's head has moved on

	cause error
}

// Error returns code and detail.
func (e *Error) Error() string {
	if e.Detail == "" {
		return e.Code
	}
	return e.Code + ": " + e.Detail
}

// Unwrap returns the cause, or nil.
func (e *Error) Unwrap() error { return e.cause }

// Is reports whether the refusal is one that callers know by name.
func (e *Error) Is(target error) bool { return target == wire.ErrMoved && e.Code == wire.CodeMoved }

// Problem returns what the client is told. The cause stays here.
func (e *Error) Problem() wire.Problem {
	return wire.Problem{Code: e.Code, Detail: e.Detail, Head: e.Head}
}

func refuse(code, format string, args ...any) *Error {
	return &Error{Code: code, Detail: fmt.Sprintf(format, args...)}
}

// refusal gives a failure its code: a typed error stays, a store that is full or cannot be written is named.
func refusal(err error) error {
	var e *Error
	switch {
	case err == nil:
		return nil
	case errors.As(err, &e):
		return err
	case errors.Is(err, ErrFull):
		return &Error{Code: wire.CodeFull, Detail: ErrFull.Error(), cause: err}
	case errors.Is(err, ErrReadOnly):
		return &Error{Code: wire.CodeFull, Detail: ErrReadOnly.Error(), cause: err}
	}
	return &Error{Code: wire.CodeInternal, Detail: "the hub failed, its operator's log says why", cause: err}
}
