package canary

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/zstd"
)

const longestMagic = 4

// frameKind is a compressed format and how its frames begin.
type frameKind struct {
	name  string
	magic []byte
}

// frameKinds lists zstd, gzip with deflate, and zlib at its four usual levels (HTTP calls the last "deflate").
func frameKinds() []frameKind {
	return []frameKind{
		{"zstd", []byte{0x28, 0xb5, 0x2f, 0xfd}},
		{"gzip", []byte{0x1f, 0x8b, 0x08}},
		{"zlib", []byte{0x78, 0x01}}, {"zlib", []byte{0x78, 0x5e}}, {"zlib", []byte{0x78, 0x9c}}, {"zlib", []byte{0x78, 0xda}},
	}
}

// unpacker opens one frame at a time. Each result is a buffer of its own, because frames lie within frames.
type unpacker struct {
	zstd   *zstd.Decoder
	source *bufio.Reader
	zlib   io.ReadCloser
}

func newUnpacker(options []zstd.DOption) (*unpacker, error) {
	options = append(options, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(MaxUnpacked),
		zstd.WithDecoderMaxMemory(MaxUnpacked), zstd.IgnoreChecksum(true))
	decoder, err := zstd.NewReader(nil, options...)
	if err != nil {
		return nil, fmt.Errorf("canary: zstd: %w", err)
	}
	return &unpacker{zstd: decoder, source: bufio.NewReader(nil)}, nil
}

// open returns what the frame at offset gives, up to MaxUnpacked bytes or the first fault, and whether that is all of it.
func (u *unpacker) open(kind frameKind, r io.ReaderAt, offset, size int64) ([]byte, bool) {
	u.source.Reset(io.NewSectionReader(r, offset, size-offset))
	reader, err := u.reader(kind.name, r, offset, size)
	if err != nil {
		return nil, false
	}
	var out bytes.Buffer
	n, err := io.Copy(&out, io.LimitReader(reader, MaxUnpacked+1))
	return out.Bytes(), err == nil && n <= MaxUnpacked
}

func (u *unpacker) reader(name string, r io.ReaderAt, offset, size int64) (io.Reader, error) {
	switch name {
	case "zstd":
		length := frameLength(r, offset, size)
		if length == unknownLength {
			length = size - offset
		}
		return u.zstd, u.zstd.Reset(io.NewSectionReader(r, offset, length))
	case "gzip":
		reader, err := gzip.NewReader(u.source)
		if err == nil {
			reader.Multistream(false) // further members begin with a magic of their own
		}
		return reader, err
	default:
		return u.inflate()
	}
}

// inflate keeps one zlib reader: its two-byte magics occur by chance, and a new reader for each would cost more than the search.
func (u *unpacker) inflate() (io.Reader, error) {
	if u.zlib == nil {
		reader, err := zlib.NewReader(u.source)
		if err != nil {
			return nil, err
		}
		u.zlib = reader
		return reader, nil
	}
	resetter, ok := u.zlib.(zlib.Resetter)
	if !ok {
		return nil, errors.New("canary: zlib reader cannot be reset")
	}
	return u.zlib, resetter.Reset(u.source, nil)
}

// frameLength walks the blocks of a zstd frame, so that a run of frames is not unpacked again from each of them.
func frameLength(r io.ReaderAt, offset, size int64) int64 {
	var head [zstd.HeaderMaxSize]byte
	n, err := r.ReadAt(head[:min(int64(len(head)), size-offset)], offset)
	if err != nil && !errors.Is(err, io.EOF) {
		return unknownLength
	}
	var header zstd.Header
	if header.Decode(head[:n]) != nil {
		return unknownLength
	}
	at := offset + int64(header.HeaderSize)
	for at+3 <= size {
		var block [4]byte
		if _, err := r.ReadAt(block[:3], at); err != nil && !errors.Is(err, io.EOF) {
			return unknownLength
		}
		v := binary.LittleEndian.Uint32(block[:])
		at += 3 + blockLength(v)
		if v&1 == 0 {
			continue
		}
		if header.HasCheckSum {
			at += 4
		}
		return min(at, size) - offset
	}
	return unknownLength
}

// blockLength reads type and size of a block header: a run of one byte stores that byte once.
func blockLength(header uint32) int64 {
	const run = 1
	if header>>1&3 == run {
		return 1
	}
	return int64(header >> 3)
}
