package vault

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"fmt"

	"golang.org/x/crypto/chacha20poly1305"

	"escale/schema"
	"escale/schema/canon"
)

const (
	magic    = "escale/v1/vault"
	saltSize = 16
	keySize  = chacha20poly1305.KeySize

	// maxFile leaves room for every field around the largest payload.
	maxFile = MaxPayload + 512
)

// file is the vault as it lies on the disk. Sum covers the encoding of the file with an empty Sum.
type file struct {
	Magic      string `cbor:"0,keyasint"`
	Suite      uint16 `cbor:"1,keyasint"`
	Time       uint32 `cbor:"2,keyasint"`
	MemoryKiB  uint32 `cbor:"3,keyasint"`
	Threads    uint8  `cbor:"4,keyasint"`
	Salt       []byte `cbor:"5,keyasint"`
	Commitment []byte `cbor:"6,keyasint"`
	Nonce      []byte `cbor:"7,keyasint"`
	Sealed     []byte `cbor:"8,keyasint"`
	Sum        []byte `cbor:"9,keyasint"`
}

// parse reads a vault and refuses whatever must not reach the key derivation.
func parse(b []byte) (file, error) {
	if len(b) > maxFile {
		return file{}, fmt.Errorf("%w: over %d bytes", ErrDamaged, maxFile)
	}
	var f file
	if err := canon.Decode(b, &f); err != nil {
		return file{}, fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	if f.Magic != magic {
		return file{}, fmt.Errorf("%w: not a vault", ErrDamaged)
	}
	if err := f.checkSum(); err != nil {
		return file{}, err
	}
	if f.Suite != schema.Suite {
		return file{}, fmt.Errorf("%w: %d", ErrSuite, f.Suite)
	}
	if err := f.checkSizes(); err != nil {
		return file{}, err
	}
	return f, f.params().Check()
}

func (f file) checkSizes() error {
	most := MaxPayload + chacha20poly1305.Overhead
	switch {
	case len(f.Salt) != saltSize:
		return fmt.Errorf("%w: salt of %d bytes", ErrDamaged, len(f.Salt))
	case len(f.Commitment) != keySize:
		return fmt.Errorf("%w: commitment of %d bytes", ErrDamaged, len(f.Commitment))
	case len(f.Nonce) != chacha20poly1305.NonceSizeX:
		return fmt.Errorf("%w: nonce of %d bytes", ErrDamaged, len(f.Nonce))
	case len(f.Sealed) < chacha20poly1305.Overhead || len(f.Sealed) > most:
		return fmt.Errorf("%w: sealed part of %d bytes", ErrDamaged, len(f.Sealed))
	}
	return nil
}

func (f file) encode() ([]byte, error) {
	sum, err := f.sum()
	if err != nil {
		return nil, err
	}
	f.Sum = sum
	return canon.Encode(f)
}

func (f file) checkSum() error {
	sum, err := f.sum()
	if err != nil {
		return err
	}
	if !bytes.Equal(sum, f.Sum) {
		return fmt.Errorf("%w: checksum", ErrDamaged)
	}
	return nil
}

func (f file) sum() ([]byte, error) {
	f.Sum = []byte{}
	b, err := canon.Encode(f)
	if err != nil {
		return nil, err
	}
	h := sha256.Sum256(b)
	return h[:16], nil
}

func (f file) params() Params {
	return Params{Time: f.Time, MemoryKiB: f.MemoryKiB, Threads: f.Threads}
}

// bound is what key, commitment and seal are bound to: fixed-width, behind a label.
func (f file) bound(purpose string) []byte {
	b := append([]byte(magic), purpose...)
	b = append(b, 0)
	b = binary.BigEndian.AppendUint16(b, f.Suite)
	b = binary.BigEndian.AppendUint32(b, f.Time)
	b = binary.BigEndian.AppendUint32(b, f.MemoryKiB)
	b = append(b, f.Threads)
	return append(b, f.Salt...)
}
