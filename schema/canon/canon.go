// Package canon encodes and decodes the one form of CBOR that Escale writes: core deterministic encoding (RFC 8949 §4.2).
//
// Decoding refuses indefinite lengths, duplicate keys, unknown fields, tags, trailing bytes, deep nesting and long arrays.
// Decode also refuses any bytes that it would not have written itself, so that one value has one encoding.
package canon

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/fxamacker/cbor/v2"
)

// ErrFormat reports bytes that are not the deterministic encoding of the wanted type.
var ErrFormat = errors.New("malformed message")

// maxArray bounds the elements of one array.
const maxArray = 1 << 17

// Codec encodes and decodes; it is safe for concurrent use.
type Codec struct {
	enc cbor.EncMode
	dec cbor.DecMode
}

// New returns the codec. It fails only if the CBOR library refuses its own options.
func New() (*Codec, error) {
	encOpts := cbor.CoreDetEncOptions()
	encOpts.BinaryMarshaler = cbor.BinaryMarshalerByteString
	enc, err := encOpts.EncMode()
	if err != nil {
		return nil, fmt.Errorf("CBOR encoder: %w", err)
	}
	dec, err := cbor.DecOptions{
		DupMapKey:         cbor.DupMapKeyEnforcedAPF,
		IndefLength:       cbor.IndefLengthForbidden,
		TagsMd:            cbor.TagsForbidden,
		MaxNestedLevels:   16,
		MaxArrayElements:  maxArray,
		MaxMapPairs:       1 << 14,
		ExtraReturnErrors: cbor.ExtraDecErrorUnknownField,
		UTF8:              cbor.UTF8RejectInvalid,
		IntDec:            cbor.IntDecConvertSignedOrFail,
	}.DecMode()
	if err != nil {
		return nil, fmt.Errorf("CBOR decoder: %w", err)
	}
	return &Codec{enc, dec}, nil
}

// codec is immutable; the options are constants that TestNew proves valid.
var codec = must(New())

func must(c *Codec, err error) *Codec {
	if err != nil {
		panic(err)
	}
	return c
}

// Encode returns the deterministic encoding of v.
func Encode(v any) ([]byte, error) {
	b, err := codec.enc.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("encode %T: %w", v, err)
	}
	return b, nil
}

// DecodeLoose reads one value without asking whether it was written in the deterministic form. It is for bytes whose
// exact hash is checked in another way, and for messages that nobody signs.
func DecodeLoose(b []byte, v any) error {
	if err := codec.dec.Unmarshal(b, v); err != nil {
		return fmt.Errorf("%w: %T: %w", ErrFormat, v, err)
	}
	return nil
}

// Decode reads one value and refuses bytes that Encode would not have written.
func Decode(b []byte, v any) error {
	if err := DecodeLoose(b, v); err != nil {
		return err
	}
	again, err := Encode(v)
	if err != nil {
		return err
	}
	if !bytes.Equal(again, b) {
		return fmt.Errorf("%w: %T is not in its deterministic form", ErrFormat, v)
	}
	return nil
}
