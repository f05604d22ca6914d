package hubclient

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"syscall"

	"escale/crypto/channel"
	"escale/sync/wire"
)

// Errors that callers decide by.
var (
	// ErrUnreachable reports that no complete reply came: try again later, and ask Offsets before pushing again.
	ErrUnreachable = errors.New("the hub was not reached")
	// ErrWrongPin reports that what answers at the address is not the pinned hub: trying again does not help.
	ErrWrongPin = errors.New("what answers is not the hub of this organisation")
	// ErrProtocol reports a reply that is not one, or that is not signed by the hub.
	ErrProtocol = errors.New("the hub's reply is not understood")
)

// Refused is the hub's own refusal.
type Refused struct {
	wire.Problem
	HTTPStatus int
}

// Error returns the stable code and the check or bound that the hub names.
func (r *Refused) Error() string { return "the hub refuses: " + r.Code + ": " + r.Detail }

// Is reports whether target is a refusal with the same code, so that errors.Is(err, &Refused{...}) compares codes.
func (r *Refused) Is(target error) bool {
	if target == wire.ErrMoved {
		return r.Code == wire.CodeMoved
	}
	other, ok := target.(*Refused)
	return ok && other.Code == r.Code
}

// handshakeError sorts a failed handshake: a broken line may heal, a wrong end will not.
func handshakeError(err error) error {
	if brokenLine(err) {
		return fmt.Errorf("%w: handshake: %w", ErrUnreachable, err)
	}
	return fmt.Errorf("%w: %w", ErrWrongPin, err)
}

func brokenLine(err error) bool {
	var alert tls.AlertError
	var record tls.RecordHeaderError
	if errors.Is(err, channel.ErrWrongPin) || errors.Is(err, channel.ErrPeer) || errors.As(err, &alert) || errors.As(err, &record) {
		return false
	}
	var timeout net.Error
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.ErrClosedPipe) ||
		errors.Is(err, net.ErrClosed) || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) ||
		errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE) || errors.As(err, &timeout) && timeout.Timeout()
}

func exchangeError(err error) error {
	if errors.Is(err, ErrWrongPin) || errors.Is(err, ErrUnreachable) {
		return err
	}
	return fmt.Errorf("%w: %w", ErrUnreachable, err)
}
