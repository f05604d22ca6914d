package hubhttp

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"
)

var (
	errTooSlow = errors.New("the body moves too slowly")
	errCut     = errors.New("the body broke off")
)

// pace ends a connection on which too little moves. There is no total limit: a slow link is not an attack.
type pace struct {
	conn    *http.ResponseController
	options *Options
	since   time.Time // begin of the window
	moved   int64     // bytes in the window
}

func newPace(w http.ResponseWriter, o *Options) *pace {
	return &pace{conn: http.NewResponseController(w), options: o, since: time.Now()}
}

// next returns the deadline of the next step. Deadlines belong to the machine's own clock, not to Options.Now.
func (p *pace) next() (time.Time, error) {
	now := time.Now()
	if now.Sub(p.since) >= p.options.Window {
		if p.moved < p.options.WindowBytes {
			return now, fmt.Errorf("%w: %d bytes in %v", errTooSlow, p.moved, p.options.Window)
		}
		p.since, p.moved = now, 0
	}
	deadline := now.Add(p.options.Stall)
	if end := p.since.Add(p.options.Window); p.moved < p.options.WindowBytes && end.Before(deadline) {
		deadline = end
	}
	return deadline, nil
}

// body reads a request's body at its pace.
type body struct {
	*pace
	r      io.Reader
	n      int64
	ended  bool  // all of it was read
	failed error // why it ended before its end
}

func (b *body) Read(p []byte) (int, error) {
	if b.failed != nil {
		return 0, b.failed
	}
	n, err := b.read(p)
	b.n += int64(n)
	b.moved += int64(n)
	if err != nil && !errors.Is(err, io.EOF) {
		b.failed = err
	}
	return n, err
}

func (b *body) read(p []byte) (int, error) {
	deadline, err := b.next()
	if err != nil {
		return 0, err
	}
	if err := b.conn.SetReadDeadline(deadline); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return 0, fmt.Errorf("%w: %w", errCut, err)
	}
	n, err := b.r.Read(p)
	var large *http.MaxBytesError
	switch {
	case err == nil || errors.As(err, &large):
		return n, err
	case errors.Is(err, io.EOF):
		return n, b.finish()
	}
	return n, fmt.Errorf("%w: %w", errCut, err)
}

// finish lifts the deadline: the hub may now take its time, and the connection is watched meanwhile.
func (b *body) finish() error {
	b.ended = true
	if err := b.conn.SetReadDeadline(time.Time{}); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return fmt.Errorf("%w: %w", errCut, err)
	}
	return io.EOF
}

// writeStep is how much of a reply is written between two looks at the clock.
const writeStep = 16 << 10

func (p *pace) write(w io.Writer, b []byte) error {
	p.since, p.moved = time.Now(), 0
	for len(b) > 0 {
		deadline, err := p.next()
		if err != nil {
			return err
		}
		if err := p.conn.SetWriteDeadline(deadline); err != nil && !errors.Is(err, http.ErrNotSupported) {
			return fmt.Errorf("%w: %w", errCut, err)
		}
		n, err := w.Write(b[:min(len(b), writeStep)])
		p.moved += int64(n)
		b = b[n:]
		if err != nil {
			return fmt.Errorf("%w: %w", errCut, err)
		}
	}
	return nil
}
