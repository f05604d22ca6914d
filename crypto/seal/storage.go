package seal

import (
	"crypto/hmac"
	"crypto/sha256"
	"fmt"
	"io"

	"golang.org/x/crypto/chacha20poly1305"
)

// Storage seals what lies on a laptop's own disk. Its key lies in the vault.
type Storage struct {
	key  secret
	rand io.Reader
}

// NewStorageKey draws the 32 bytes of a storage key.
func NewStorageKey(rand io.Reader) ([]byte, error) {
	k, err := drawSecret(rand)
	if err != nil {
		return nil, err
	}
	return k.bytes(), nil
}

// NewStorage returns the sealer of a laptop's disk.
func NewStorage(b []byte, rand io.Reader) (*Storage, error) {
	k, err := secretOf(b)
	if err != nil {
		return nil, fmt.Errorf("storage key: %w", err)
	}
	return &Storage{key: k, rand: rand}, nil
}

// Seal seals plain under a purpose and the name of the row that holds it, so that rows cannot be swapped.
func (s *Storage) Seal(purpose string, name, plain []byte) ([]byte, error) {
	once, err := s.Prepare(purpose)
	if err != nil {
		return nil, err
	}
	return once(name, plain)
}

// Prepare draws what one sealing needs, which goes in turn; what it returns seals one row, once, and may run beside others.
func (s *Storage) Prepare(purpose string) (func(name, plain []byte) ([]byte, error), error) {
	nonce := make([]byte, chacha20poly1305.NonceSizeX)
	if _, err := io.ReadFull(s.rand, nonce); err != nil {
		return nil, fmt.Errorf("draw a nonce: %w", err)
	}
	return func(name, plain []byte) ([]byte, error) {
		out, err := s.key.seal(nonce, plain, bind("storage/"+purpose, name))
		return append(nonce, out...), err
	}, nil
}

// Open undoes Seal.
func (s *Storage) Open(purpose string, name, sealed []byte) ([]byte, error) {
	if len(sealed) < chacha20poly1305.NonceSizeX {
		return nil, fmt.Errorf("%w: %d bytes", ErrDamaged, len(sealed))
	}
	n := chacha20poly1305.NonceSizeX
	return s.key.open(sealed[:n], sealed[n:], bind("storage/"+purpose, name))
}

// Name returns what stands for words in clear on the disk: who holds the disk without the key cannot even try guesses.
func (s *Storage) Name(purpose string, words []byte) ([]byte, error) {
	k, err := s.key.derive("storage/name/" + purpose)
	if err != nil {
		return nil, err
	}
	m := hmac.New(sha256.New, k.p[:])
	m.Write(words)
	return m.Sum(nil), nil
}
