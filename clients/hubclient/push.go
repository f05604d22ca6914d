package hubclient

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"

	"escale/sync/wire"
)

// whole is the size up to which a push is sent with its length, which costs fewer bytes and may be repeated.
const whole = 64 << 10

var errEnded = errors.New("the exchange has ended")

// Push streams what write writes: a row of frames (wire.WriteSet). If write fails by itself, its error is returned; if the
// line breaks, ErrUnreachable, and the hub has kept the frames that reached it whole: ask Offsets, and go on from there.
func (c *Client) Push(ctx context.Context, write func(io.Writer) error) (out wire.PushReply, err error) {
	r, w := io.Pipe()
	source := &source{PipeWriter: w}
	written := make(chan error, 1)
	go func() { written <- source.run(write) }()
	sendErr := c.push(ctx, r, &out)
	if err := r.CloseWithError(errEnded); err != nil {
		return out, err
	}
	if err := <-written; err != nil && !source.cut {
		return out, fmt.Errorf("write the push: %w", err)
	}
	return out, sendErr
}

// source is the writing end of a push.
type source struct {
	*io.PipeWriter
	cut bool // the exchange ended before the writing did
}

func (s *source) Write(b []byte) (int, error) {
	n, err := s.PipeWriter.Write(b)
	s.cut = s.cut || err != nil
	return n, err
}

func (s *source) run(write func(io.Writer) error) error {
	buffered := bufio.NewWriterSize(s, 16<<10)
	err := write(buffered)
	if err == nil {
		err = buffered.Flush()
	}
	// A source that fails must not look like one that ended.
	if closeErr := s.CloseWithError(sourceError(err)); closeErr != nil {
		return errors.Join(err, closeErr)
	}
	return err
}

var errSource = errors.New("the source of the push failed")

func sourceError(err error) error {
	if err == nil {
		return nil
	}
	return errSource
}

func (c *Client) push(ctx context.Context, r io.Reader, out *wire.PushReply) error {
	head := make([]byte, whole)
	n, err := io.ReadFull(r, head)
	head = head[:n]
	switch {
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		_, err = c.send(ctx, wire.PathPush, bytes.NewReader(head), out)
	case err == nil:
		_, err = c.send(ctx, wire.PathPush, io.MultiReader(bytes.NewReader(head), r), out)
	}
	return err
}
