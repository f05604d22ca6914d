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

var errDone = errors.New("the exchange has ended")

// Push streams what write writes: a row of frames (wire.WriteSet). If write fails, its error is returned; if the line
// breaks, ErrUnreachable, and the hub has kept the frames that reached it whole.
func (c *Client) Push(ctx context.Context, write func(io.Writer) error) (out wire.PushReply, err error) {
	r, w := io.Pipe()
	written := make(chan error, 1)
	go func() {
		buffered := bufio.NewWriterSize(w, 16<<10)
		err := write(buffered)
		if err == nil {
			err = buffered.Flush()
		}
		written <- errors.Join(err, w.CloseWithError(err))
	}()
	sendErr := c.push(ctx, r, &out)
	closeErr := r.CloseWithError(errDone)
	if err := errors.Join(<-written, closeErr); err != nil && !errors.Is(err, errDone) {
		return out, fmt.Errorf("write the push: %w", err)
	}
	return out, sendErr
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
