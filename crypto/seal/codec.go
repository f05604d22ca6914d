package seal

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math/bits"
	"sync"

	"github.com/klauspost/compress/zstd"

	"escale/schema"
)

// ErrBomb reports a delta that would grow past its bound when decompressed.
var ErrBomb = errors.New("sealed part decompresses past its bound")

// padFloor hides the size of short edits.
const padFloor = 64

var zstdMagic = []byte{0x28, 0xb5, 0x2f, 0xfd}

const (
	rawID           = 1 // of the dictionary that has no id of its own
	maxDictionaries = 6
	window          = 128 << 10 // of the encoders
)

// Ways to write the text. Those after compressed use the first, second, … dictionary of the bundle.
const (
	asItIs     = 0
	compressed = 1
)

// Plain is what one delta says, before it is sealed: a head that is brief already, if it could be written in short, and
// text, which is worth compressing.
type Plain struct {
	Short bool
	Head  []byte // empty unless Short
	Text  []byte
}

// Codec compresses and pads a delta before it is sealed. One codec serves one form bundle, whose dictionaries it uses: one
// for each language, of which the one that serves best is taken.
type Codec struct {
	presses []press // the first has no dictionary
}

// press compresses with one dictionary. A quick encoder tells which of the dictionaries serves best; the better one takes
// some megabytes and is made when a text of its language comes first.
type press struct {
	quick  *zstd.Encoder
	better func() (*zstd.Encoder, error)
	dec    *zstd.Decoder
}

// worthwhile is the size of a text from which on the better encoder finds what the quick one does not.
const worthwhile = 64

// NewCodec returns the codec of a form bundle.
func NewCodec(dictionaries ...[]byte) (*Codec, error) {
	if len(dictionaries) > maxDictionaries {
		return nil, fmt.Errorf("%d dictionaries, at most %d", len(dictionaries), maxDictionaries)
	}
	c := &Codec{}
	for _, d := range append([][]byte{nil}, dictionaries...) {
		p, err := newPress(d)
		if err != nil {
			return nil, err
		}
		c.presses = append(c.presses, p)
	}
	return c, nil
}

func newPress(dictionary []byte) (p press, err error) {
	if p.quick, err = encoder(dictionary, zstd.SpeedFastest); err != nil {
		return p, err
	}
	p.better = sync.OnceValues(func() (*zstd.Encoder, error) { return encoder(dictionary, zstd.SpeedBetterCompression) })
	options := []zstd.DOption{zstd.WithDecoderMaxMemory(schema.MaxPlain), zstd.WithDecoderConcurrency(1), zstd.WithDecodeAllCapLimit(false),
		zstd.WithDecoderLowmem(true)}
	switch {
	case trained(dictionary):
		options = append(options, zstd.WithDecoderDicts(dictionary))
	case len(dictionary) > 0:
		options = append(options, zstd.WithDecoderDictRaw(rawID, dictionary))
	}
	if p.dec, err = zstd.NewReader(nil, options...); err != nil {
		return p, fmt.Errorf("decompressor: %w", err)
	}
	return p, nil
}

func encoder(dictionary []byte, level zstd.EncoderLevel) (*zstd.Encoder, error) {
	options := []zstd.EOption{zstd.WithEncoderCRC(false), zstd.WithSingleSegment(true), zstd.WithEncoderConcurrency(1),
		zstd.WithEncoderLevel(level), zstd.WithWindowSize(window), zstd.WithLowerEncoderMem(true)}
	switch {
	case trained(dictionary):
		options = append(options, zstd.WithEncoderDict(dictionary))
	case len(dictionary) > 0:
		options = append(options, zstd.WithEncoderDictRaw(rawID, dictionary))
	}
	enc, err := zstd.NewWriter(nil, options...)
	if err != nil {
		return nil, fmt.Errorf("compressor: %w", err)
	}
	return enc, nil
}

// trained tells a dictionary with tables from plain words.
func trained(dictionary []byte) bool {
	return bytes.HasPrefix(dictionary, []byte{0x37, 0xa4, 0x30, 0xec})
}

// Pack compresses the text if that helps and pads the whole to a Padmé length: at most 12 % more, and few distinct lengths.
// The form is a number, which holds the length of what follows, the way in which the text is written and whether there is a
// head; the length of the head and the head, if there is one; the text; and zeros.
func (c *Codec) Pack(p Plain) ([]byte, error) {
	if size := len(p.Head) + len(p.Text); size > schema.MaxPlain {
		return nil, fmt.Errorf("%w: %d bytes, at most %d", ErrBomb, size, schema.MaxPlain)
	}
	text, way, err := c.compress(p.Text)
	if err != nil {
		return nil, err
	}
	var body []byte
	mark := uint64(way) << 1
	if p.Short {
		mark |= 1
		body = append(binary.AppendUvarint(nil, uint64(len(p.Head))), p.Head...)
	}
	body = append(body, text...)
	out := binary.AppendUvarint(nil, uint64(len(body))<<4|mark)
	out = append(out, body...)
	return append(out, make([]byte, Padme(len(out))-len(out))...), nil
}

// compress finds the dictionary that serves best and returns the text in the shortest way.
func (c *Codec) compress(text []byte) (best []byte, way int, err error) {
	best, way = text, asItIs
	if len(text) == 0 {
		return best, way, nil
	}
	for i, p := range c.presses {
		if z := p.quick.EncodeAll(text, nil); worth(z, best) {
			best, way = z[len(zstdMagic):], compressed+i
		}
	}
	if way == asItIs || len(text) < worthwhile {
		return best, way, nil
	}
	enc, err := c.presses[way-compressed].better()
	if err != nil {
		return nil, 0, err
	}
	if z := enc.EncodeAll(text, nil); worth(z, best) {
		best = z[len(zstdMagic):]
	}
	return best, way, nil
}

func worth(z, best []byte) bool {
	return bytes.HasPrefix(z, zstdMagic) && len(z)-len(zstdMagic) < len(best)
}

// Unpack undoes Pack. Padding that is not zero is refused, so that nothing hides in it.
func (c *Codec) Unpack(b []byte) (Plain, error) {
	mark, n := binary.Uvarint(b)
	if n <= 0 || mark>>4 > uint64(len(b)-n) {
		return Plain{}, fmt.Errorf("%w: padding", ErrDamaged)
	}
	body, rest := b[n:n+int(mark>>4)], b[n+int(mark>>4):]
	for _, x := range rest {
		if x != 0 {
			return Plain{}, fmt.Errorf("%w: padding", ErrDamaged)
		}
	}
	p := Plain{Short: mark&1 == 1}
	if p.Short {
		size, n := binary.Uvarint(body)
		if n <= 0 || size > uint64(len(body)-n) {
			return Plain{}, fmt.Errorf("%w: head", ErrDamaged)
		}
		p.Head, body = body[n:n+int(size)], body[n+int(size):]
	}
	var err error
	p.Text, err = c.decompress(body, int(mark>>1&7))
	return p, err
}

func (c *Codec) decompress(body []byte, way int) ([]byte, error) {
	if way == asItIs {
		return body, nil
	}
	if way-compressed >= len(c.presses) {
		return nil, fmt.Errorf("%w: dictionary %d of %d", ErrDamaged, way-compressed, len(c.presses)-1)
	}
	plain, err := c.presses[way-compressed].dec.DecodeAll(append(append([]byte(nil), zstdMagic...), body...), nil)
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
