package pack

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/klauspost/compress/zstd"

	"escale/schema/canon"
	"escale/schema/form"
)

// Bounds of encoded packs.
const (
	MaxPlain   = 8 << 20  // bytes of a bundle after decompression
	MaxEncoded = 2 << 20  // bytes of an encoded bundle
	MaxFile    = 16 << 20 // bytes of a pack file
	MaxForms   = 200
	MaxBundles = 100
	MaxRows    = 10_000 // of one shared table
)

// Errors of decoding. Both name the check in their text.
var (
	ErrFormat = errors.New("pack: not a valid pack")
	ErrLimit  = errors.New("pack: over a limit")
)

const (
	bundleMagic = "escale bundle 1\n"
	fileMagic   = "escale pack 1\n"
)

// wireBundle is a bundle inside its compression.
type wireBundle struct {
	Name         string            `cbor:"1,keyasint"`
	Version      string            `cbor:"2,keyasint"`
	Definitions  []form.Definition `cbor:"3,keyasint"`
	Tables       Tables            `cbor:"4,keyasint"`
	Dictionaries [][]byte          `cbor:"5,keyasint"`
}

func encode(b *Bundle) ([]byte, error) {
	w := wireBundle{Name: b.Name, Version: b.Version, Tables: b.Tables, Dictionaries: b.dictionaries, Definitions: b.Definitions()}
	plain, err := canon.Encode(w)
	if err != nil {
		return nil, err
	}
	if len(plain) > MaxPlain {
		return nil, fmt.Errorf("%w: bundle of %d bytes, at most %d", ErrLimit, len(plain), MaxPlain)
	}
	z, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1), zstd.WithEncoderLevel(zstd.SpeedBestCompression))
	if err != nil {
		return nil, fmt.Errorf("compress bundle: %w", err)
	}
	encoded := z.EncodeAll(plain, []byte(bundleMagic))
	if err := z.Close(); err != nil {
		return nil, fmt.Errorf("compress bundle: %w", err)
	}
	if len(encoded) > MaxEncoded {
		return nil, fmt.Errorf("%w: encoded bundle of %d bytes, at most %d", ErrLimit, len(encoded), MaxEncoded)
	}
	return encoded, nil
}

// Decode reads an encoded bundle and checks it as completely as Build does. The caller compares its Hash with the ledger's.
func Decode(encoded []byte) (*Bundle, error) {
	plain, err := decompress(encoded)
	if err != nil {
		return nil, err
	}
	var w wireBundle
	if err := canon.Decode(plain, &w); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrFormat, err)
	}
	if err := w.bounds(); err != nil {
		return nil, err
	}
	b := &Bundle{Name: w.Name, Tables: w.Tables, dictionaries: w.Dictionaries, encoded: slices.Clone(encoded)}
	if err := b.compile(w.Definitions); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrFormat, err)
	}
	if b.Version != w.Version {
		return nil, fmt.Errorf("%w: version is not that of its forms", ErrFormat)
	}
	return b, checkDictionaries(b.dictionaries)
}

func decompress(encoded []byte) ([]byte, error) {
	if len(encoded) > MaxEncoded {
		return nil, fmt.Errorf("%w: encoded bundle of %d bytes, at most %d", ErrLimit, len(encoded), MaxEncoded)
	}
	frame, ok := bytes.CutPrefix(encoded, []byte(bundleMagic))
	if !ok {
		return nil, fmt.Errorf("%w: the first bytes are not those of a bundle", ErrFormat)
	}
	z, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(MaxPlain))
	if err != nil {
		return nil, fmt.Errorf("decompress bundle: %w", err)
	}
	defer z.Close()
	plain, err := z.DecodeAll(frame, nil)
	switch {
	case errors.Is(err, zstd.ErrDecoderSizeExceeded) || errors.Is(err, zstd.ErrWindowSizeExceeded):
		return nil, fmt.Errorf("%w: bundle is larger than %d bytes", ErrLimit, MaxPlain)
	case err != nil:
		return nil, fmt.Errorf("%w: %w", ErrFormat, err)
	}
	return plain, nil
}

func (w *wireBundle) bounds() error {
	t := w.Tables
	rows := max(len(t.Compartments), len(t.Roles), len(t.Retention), len(t.Sites), len(t.Merges), len(t.Kinds))
	switch {
	case len(w.Definitions) > MaxForms:
		return fmt.Errorf("%w: %d forms, at most %d", ErrLimit, len(w.Definitions), MaxForms)
	case rows > MaxRows:
		return fmt.Errorf("%w: a table of %d rows, at most %d", ErrLimit, rows, MaxRows)
	case len(w.Dictionaries) > MaxDictionaries || len(slices.Concat(w.Dictionaries...)) > MaxDictionary:
		return fmt.Errorf("%w: %d dictionaries, at most %d of %d bytes", ErrLimit, len(w.Dictionaries), MaxDictionaries, MaxDictionary)
	case !form.ValidChoice(w.Name):
		return fmt.Errorf("%w: name of the bundle", ErrFormat)
	}
	return nil
}

// WriteFile writes all bundles, so that the programs load the pack from one file (*.escalepack).
func (s *Source) WriteFile(w io.Writer) error {
	bundles := map[string][]byte{}
	for name, b := range s.bundles {
		bundles[name] = b.Encode()
	}
	body, err := canon.Encode(bundles)
	if err != nil {
		return err
	}
	if _, err := io.WriteString(w, fileMagic+string(body)); err != nil {
		return fmt.Errorf("write pack: %w", err)
	}
	return nil
}

// ReadFile reads what WriteFile wrote.
func ReadFile(r io.Reader) (*Source, error) {
	data, err := io.ReadAll(io.LimitReader(r, MaxFile+1))
	if err != nil {
		return nil, fmt.Errorf("read pack: %w", err)
	}
	if len(data) > MaxFile {
		return nil, fmt.Errorf("%w: file is larger than %d bytes", ErrLimit, MaxFile)
	}
	body, ok := bytes.CutPrefix(data, []byte(fileMagic))
	if !ok {
		return nil, fmt.Errorf("%w: the first bytes are not those of a pack", ErrFormat)
	}
	var bundles map[string][]byte
	if err := canon.Decode(body, &bundles); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrFormat, err)
	}
	if len(bundles) > MaxBundles {
		return nil, fmt.Errorf("%w: %d bundles, at most %d", ErrLimit, len(bundles), MaxBundles)
	}
	s := &Source{bundles: map[string]*Bundle{}}
	for name, encoded := range bundles {
		b, err := Decode(encoded)
		if err != nil {
			return nil, err
		}
		if b.Name != name {
			return nil, fmt.Errorf("%w: a bundle stands under another name", ErrFormat)
		}
		s.bundles[name] = b
	}
	return s, nil
}
