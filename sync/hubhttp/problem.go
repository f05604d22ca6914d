package hubhttp

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"escale/schema/canon"
	"escale/sync/hub"
	"escale/sync/wire"
)

// refusal is an error that the caller of the hub is told.
type refusal struct{ wire.Problem }

func (r *refusal) Error() string { return r.Code + ": " + r.Detail }

func refuse(code, format string, args ...any) error {
	return &refusal{wire.Problem{Code: code, Detail: fmt.Sprintf(format, args...)}}
}

// aborted is the code, in log and counters only, of an exchange whose caller is gone.
const aborted = "aborted"

// problemOf says what to tell of an error. What is not meant for the caller becomes an internal error without a word
// about what happened inside.
func problemOf(err error) wire.Problem {
	var told *refusal
	var theirs *hub.Error
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &told):
		return told.Problem
	case errors.As(err, &theirs):
		return theirs.Problem()
	case errors.As(err, &large):
		return wire.Problem{Code: wire.CodeBound, Detail: fmt.Sprintf("body of more than %d bytes", large.Limit)}
	case errors.Is(err, errTooSlow), errors.Is(err, errCut), errors.Is(err, context.Canceled):
		return wire.Problem{Code: aborted, Detail: "the line broke"}
	case errors.Is(err, canon.ErrFormat):
		return wire.Problem{Code: wire.CodeMalformed, Detail: "the message is not of the form that this route takes"}
	}
	return wire.Problem{Code: wire.CodeInternal, Detail: "the hub could not do this; its operator is told"}
}

// statusOf maps a code to the nearest word of HTTP.
func statusOf(code string) int {
	switch code {
	case wire.CodeMalformed, wire.CodeForeign, wire.CodeLedger, aborted:
		return http.StatusBadRequest
	case wire.CodeBound:
		return http.StatusRequestEntityTooLarge
	case wire.CodeNotMember:
		return http.StatusUnauthorized
	case wire.CodeNotYours, wire.CodeEnded:
		return http.StatusForbidden
	case wire.CodeMoved:
		return http.StatusConflict
	case wire.CodeFull:
		return http.StatusInsufficientStorage
	case wire.CodeNotReady:
		return http.StatusServiceUnavailable
	}
	return http.StatusInternalServerError
}
