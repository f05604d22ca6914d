package hubhttp

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"log/slog"
	"net/http"
	"runtime"
	"strconv"
	"time"

	"escale/schema"
	"escale/schema/canon"
	"escale/sync/hub"
	"escale/sync/wire"
)

// errNoRoute is answered without a body: what asks for it does not speak the protocol.
var errNoRoute = errors.New("no such route")

// exchange is one request and its reply, and what is logged and counted of it.
type exchange struct {
	w       http.ResponseWriter
	options *Options
	begun   time.Time
	route   string
	device  schema.Device
	body    *body
	making  *lease // room for the reply; nil where none was reserved
	code    string
	status  int
	sent    int64
	cause   error // logged by type only
}

// Header returns the reply's header.
func (e *exchange) Header() http.Header { return e.w.Header() }

// WriteHeader begins the reply.
func (e *exchange) WriteHeader(status int) { e.status = status; e.w.WriteHeader(status) }

// Write writes a piece of the reply.
func (e *exchange) Write(b []byte) (int, error) {
	n, err := e.w.Write(b)
	e.sent += int64(n)
	return n, err
}

// Unwrap lets the deadlines of the connection be set.
func (e *exchange) Unwrap() http.ResponseWriter { return e.w }

// fail answers with what the caller may know of an error.
func (e *exchange) fail(err error) {
	if errors.Is(err, errNoRoute) {
		e.code = "no_route"
		e.Header().Set("Connection", "close")
		e.WriteHeader(http.StatusNotFound)
		return
	}
	p := problemOf(err)
	if p.Code == wire.CodeInternal {
		e.cause = err
	}
	e.code = p.Code
	if e.body == nil || !e.body.ended {
		// Else the server would wait for the rest of the body before it tells the refusal.
		e.Header().Set("Connection", "close")
	}
	if p.Code == wire.CodeNotReady || p.Code == wire.CodeFull { // nothing is wrong with what was asked: come again
		e.Header().Set("Retry-After", "30")
	}
	e.reply(statusOf(p.Code), p)
}

// reply writes one message.
func (e *exchange) reply(status int, v any) {
	b, err := canon.Encode(v)
	if err != nil {
		e.code, e.cause = wire.CodeInternal, err
		e.WriteHeader(http.StatusInternalServerError)
		return
	}
	e.making.shrink(int64(len(b)))
	h := e.Header()
	h.Set("Content-Type", "application/cbor")
	h.Set("Content-Length", strconv.Itoa(len(b)))
	h.Set("Cache-Control", "no-store")
	h["Date"] = nil // the hub's time is the signed one; 37 bytes less
	e.WriteHeader(status)
	if err := newPace(e.w, e.options).write(e, b); err != nil {
		e.code = aborted
	}
}

// end logs and counts. A panic inside is told as an internal error, with the places in the code and without its value.
func (e *exchange) end() {
	if v := recover(); v != nil {
		e.options.Log.Error("a handler failed", "route", e.route, "at", callers())
		if e.status == 0 {
			e.fail(errPanic)
		}
		e.code = wire.CodeInternal
	}
	if e.code == "" {
		e.code = "ok"
	}
	took := e.options.Now().Sub(e.begun)
	var received int64
	if e.body != nil {
		received = e.body.n
	}
	e.options.Metrics.served(e, received, took)
	attrs := []slog.Attr{
		slog.String("route", e.route), slog.String("code", e.code), slog.Duration("took", took),
		slog.String("device", DeviceCode(e.device)), slog.Int64("received", received), slog.Int64("sent", e.sent),
	}
	level := slog.LevelInfo
	if e.cause != nil {
		level = slog.LevelError
		attrs = append(attrs, slog.String("cause", innermost(e.cause)))
	}
	e.options.Log.LogAttrs(context.Background(), level, "exchange", attrs...)
}

// innermost says what a refusal hides from its caller: the operator needs it, and by rule no error holds what a person
// wrote.
func innermost(err error) string {
	for {
		inner := errors.Unwrap(err)
		if inner == nil {
			return err.Error()
		}
		if _, hides := err.(*hub.Error); !hides {
			return err.Error()
		}
		err = inner
	}
}

var errPanic = errors.New("a handler panicked")

func callers() []string {
	pc := make([]uintptr, 24)
	frames := runtime.CallersFrames(pc[:runtime.Callers(4, pc)])
	var out []string
	for {
		f, more := frames.Next()
		out = append(out, f.Function+":"+strconv.Itoa(f.Line))
		if !more {
			return out
		}
	}
}

// DeviceCode is how a device is named in logs and counters: a short hash of its pseudonym.
func DeviceCode(d schema.Device) string {
	if d.IsZero() {
		return "stranger"
	}
	sum := sha256.Sum256(append([]byte("escale/v1/device-code\x00"), d[:]...))
	return hex.EncodeToString(sum[:4])
}
