package seal

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math/bits"

	"github.com/klauspost/compress/zstd"

	"escale/schema"
)

// ErrBomb reports a delta that would grow past its bound when decompressed.
var ErrBomb = errors.New("sealed part decompresses past its bound")

// padFloor hides the size of short edits.
const padFloor = 64

var zstdMagic = []byte{0x28, 0xb5, 0x2f, 0xfd}

const dictionaryID = 1

// Codec compresses and pads a delta before it is sealed. One codec serves one form bundle, whose dictionary it uses.
type Codec struct {
	enc *zstd.Encoder
	dec *zstd.Decoder
}

// NewCodec returns the codec of a form bundle; the dictionary may be empty.
func NewCodec(dictionary []byte) (*Codec, error) {
	// The best level saves not a byte on payloads of this size, and copies tens of megabytes of tables for each of them.
	eo := []zstd.EOption{zstd.WithEncoderCRC(false), zstd.WithSingleSegment(true), zstd.WithEncoderConcurrency(1),
		zstd.WithEncoderLevel(zstd.SpeedBetterCompression), zstd.WithWindowSize(1 << 20)}
	do := []zstd.DOption{zstd.WithDecoderMaxMemory(schema.MaxPlain), zstd.WithDecoderConcurrency(1), zstd.WithDecodeAllCapLimit(false)}
	switch {
	case bytes.HasPrefix(dictionary, []byte{0x37, 0xa4, 0x30, 0xec}):
		eo, do = append(eo, zstd.WithEncoderDict(dictionary)), append(do, zstd.WithDecoderDicts(dictionary))
	case len(dictionary) > 0:
		eo = append(eo, zstd.WithEncoderDictRaw(dictionaryID, dictionary))
		do = append(do, zstd.WithDecoderDictRaw(dictionaryID, dictionary))
	}
	enc, err := zstd.NewWriter(nil, eo...)
	if err != nil {
		return nil, fmt.Errorf("compressor: %w", err)
	}
	dec, err := zstd.NewReader(nil, do...)
	if err != nil {
		return nil, fmt.Errorf("decompressor: %w", err)
	}
	return &Codec{enc, dec}, nil
}

// Pack compresses plain if that helps and pads it to a Padmé length: at most 12 % more, and few distinct lengths. The
// form is a length whose lowest bit says whether zstd was used, the bytes, and zeros.
func (c *Codec) Pack(plain []byte) ([]byte, error) {
	if len(plain) > schema.MaxPlain {
		return nil, fmt.Errorf("%w: %d bytes, at most %d", ErrBomb, len(plain), schema.MaxPlain)
	}
	body, mark := plain, uint64(0)
	if z := c.enc.EncodeAll(plain, nil); bytes.HasPrefix(z, zstdMagic) && len(z)-len(zstdMagic) < len(plain) {
		body, mark = z[len(zstdMagic):], 1
	}
	out := binary.AppendUvarint(nil, uint64(len(body))<<1|mark)
	out = append(out, body...)
	return append(out, make([]byte, Padme(len(out))-len(out))...), nil
}

// Unpack undoes Pack. Padding that is not zero is refused, so that nothing hides in it.
func (c *Codec) Unpack(b []byte) ([]byte, error) {
	mark, n := binary.Uvarint(b)
	if n <= 0 || mark>>1 > uint64(len(b)-n) {
		return nil, fmt.Errorf("%w: padding", ErrDamaged)
	}
	body, rest := b[n:n+int(mark>>1)], b[n+int(mark>>1):]
	for _, x := range rest {
		if x != 0 {
			return nil, fmt.Errorf("%w: padding", ErrDamaged)
		}
	}
	if mark&1 == 0 {
		return body, nil
	}
	plain, err := c.dec.DecodeAll(append(append([]byte(nil), zstdMagic...), body...), nil)
	switch {
	case errors.Is(err, zstd.ErrDecoderSizeExceeded), errors.Is(err, zstd.ErrWindowSizeExceeded):
		return nil, ErrBomb
	case err != nil:
		return nil, fmt.Errorf("%w: compression: %w", ErrDamaged, err)
	}
	return plain, nil
}

// Padme returns the padded length of n bytes (Nikitin et al., PETS 2019), never below the floor.
func Padme(n int) int {
	if n <= padFloor {
		return padFloor
	}
	e := bits.Len(uint(n)) - 1
	s := bits.Len(uint(e))
	mask := 1<<(e-s) - 1
	return (n + mask) &^ mask
}
