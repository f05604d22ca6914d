package seal

import (
	"encoding/binary"

	"github.com/klauspost/compress/zstd"
)

// BombForTest returns a well-formed packed message that decompresses to 64 MiB.
func BombForTest() []byte {
	enc, err := zstd.NewWriter(nil, zstd.WithEncoderCRC(false))
	if err != nil {
		panic(err)
	}
	body := enc.EncodeAll(make([]byte, 64<<20), nil)[len(zstdMagic):]
	out := append(binary.AppendUvarint(nil, uint64(len(body))<<4|compressed<<1), body...)
	return append(out, make([]byte, Padme(len(out))-len(out))...)
}

// At returns the entry with its key as if it stood elsewhere.
func (e *Entry) At(p Place) *Entry {
	c := *e
	c.place = p
	return &c
}
