package wire

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"escale/schema"
	"escale/schema/canon"
)

// ErrFrame reports a push body that is not a row of frames.
var ErrFrame = errors.New("malformed frame")

// A frame is a kind, a length of two bytes, and that many bytes, MaxFrame in all at most.
const (
	frameOpen  = 'O' // Opening of a change-set
	frameData  = 'D' // its next bytes
	frameHead  = 3
	maxPayload = schema.MaxFrame - frameHead
)

// Opening says which change-set the data frames that follow belong to, and at which byte they begin.
type Opening struct {
	_      struct{} `cbor:",toarray"`
	Stream schema.Stream
	Seq    uint64
	Set    schema.Hash
	Total  uint64
	Offset uint64
}

// WriteSet writes a change-set from an offset on as frames.
func WriteSet(w io.Writer, o Opening, raw []byte) error {
	b, err := canon.Encode(o)
	if err != nil {
		return err
	}
	if err := writeFrame(w, frameOpen, b); err != nil {
		return err
	}
	for rest := raw[o.Offset:]; len(rest) > 0; {
		n := min(len(rest), maxPayload)
		if err := writeFrame(w, frameData, rest[:n]); err != nil {
			return err
		}
		rest = rest[n:]
	}
	return nil
}

func writeFrame(w io.Writer, kind byte, payload []byte) error {
	head := binary.BigEndian.AppendUint16([]byte{kind}, uint16(len(payload)))
	if _, err := w.Write(append(head, payload...)); err != nil {
		return fmt.Errorf("write frame: %w", err)
	}
	return nil
}

// FrameReader reads frames from a push body.
type FrameReader struct {
	r   io.Reader
	buf [schema.MaxFrame]byte
}

// NewFrameReader reads frames from r, which should be buffered.
func NewFrameReader(r io.Reader) *FrameReader { return &FrameReader{r: r} }

// Next returns the next whole frame: either an Opening, or data that stays valid until the next call. At the end of the
// body it returns io.EOF; where the body breaks off inside a frame, io.ErrUnexpectedEOF.
func (f *FrameReader) Next() (*Opening, []byte, error) {
	if _, err := io.ReadFull(f.r, f.buf[:frameHead]); err != nil {
		return nil, nil, err
	}
	n := int(binary.BigEndian.Uint16(f.buf[1:frameHead]))
	if n == 0 || n > maxPayload {
		return nil, nil, fmt.Errorf("%w: %d bytes, at least 1 and at most %d", ErrFrame, n, maxPayload)
	}
	payload := f.buf[frameHead : frameHead+n]
	if _, err := io.ReadFull(f.r, payload); err != nil {
		if errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		return nil, nil, err
	}
	switch f.buf[0] {
	case frameData:
		return nil, payload, nil
	case frameOpen:
		var o Opening
		if err := canon.Decode(payload, &o); err != nil {
			return nil, nil, err
		}
		if o.Total == 0 || o.Total > schema.MaxChangeSet || o.Offset >= o.Total {
			return nil, nil, fmt.Errorf("%w: change-set of %d bytes from byte %d, at most %d", ErrFrame, o.Total, o.Offset, schema.MaxChangeSet)
		}
		return &o, nil, nil
	}
	return nil, nil, fmt.Errorf("%w: kind %#02x", ErrFrame, f.buf[0])
}
